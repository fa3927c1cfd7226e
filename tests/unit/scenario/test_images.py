"""Pictures that a log names: decoded where a camera wrote them, a named error where anything else did."""

import pytest
from PIL import Image

from scenario import images
from scenario.errors import ImageUnreadable
from scenario.images import read, size_px


@pytest.mark.parametrize("kind", ["EPS", "PCX", "DDS"])
def test_a_file_that_no_camera_writes_is_no_picture_whatever_its_name_says(tmp_path, kind):
    Image.new("RGB", (8, 8)).save(tmp_path / "front.jpg", kind)
    for reading in (read, size_px):
        with pytest.raises(ImageUnreadable, match="not a picture"):
            reading(str(tmp_path / "front.jpg"))


def test_a_picture_beyond_the_bound_is_told_from_its_first_bytes(tmp_path, monkeypatch):
    Image.new("RGB", (64, 32)).save(tmp_path / "front.png")
    monkeypatch.setattr(images, "MOST_PIXELS", 2047)
    with pytest.raises(ImageUnreadable, match="2,048 pixels, of 2,047"):
        read(str(tmp_path / "front.png"))


@pytest.mark.parametrize(("wanted_px", "width_px"), [(None, 800), (100, 100), (320, 400), (500, 800), (4000, 800)])
def test_a_jpeg_is_decoded_no_larger_than_it_must_be_and_never_smaller(tmp_path, wanted_px, width_px):
    Image.effect_noise((800, 450), 60).convert("RGB").save(tmp_path / "front.jpg")
    assert read(str(tmp_path / "front.jpg"), wanted_px).width == width_px


@pytest.mark.parametrize("size", [(900, 1600), (7, 3000), (3000, 7)])
def test_a_reduced_picture_is_as_wide_as_was_asked_whatever_its_shape(tmp_path, size):
    Image.new("RGB", size).save(tmp_path / "front.jpg")
    assert read(str(tmp_path / "front.jpg"), 320).width >= min(320, size[0])
