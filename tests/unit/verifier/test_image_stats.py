"""Picture statistics on pictures that are drawn here, each with one property and its opposite."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from verifier.image_stats import WIDTH_PX, Array, ImageStats, box, measure, mirror, statistics, without_edges


def flat(value: float, height: int = 90, width: int = 160) -> Array:
    return np.full((height, width, 3), value, dtype=np.float32)


def boards(seed: int = 1) -> Image.Image:
    """A picture full of sharp edges: rectangles of every grey."""
    rng = np.random.default_rng(seed)
    picture = Image.new("RGB", (400, 225))
    for _ in range(150):
        x, y = int(rng.integers(0, 380)), int(rng.integers(0, 205))
        grey = int(rng.integers(30, 220))
        picture.paste((grey, grey, grey), (x, y, x + int(rng.integers(8, 60)), y + int(rng.integers(8, 60))))
    return picture


def test_a_black_picture_is_black_and_blank() -> None:
    stats = statistics(flat(0.0))
    assert stats.is_black
    assert stats.is_blank
    assert stats.dark_share == 1.0


def test_a_night_with_a_lamp_is_not_black() -> None:
    night = flat(0.01)
    night[20:40, 60:90] = 0.9
    assert not statistics(night).is_black


def test_brightness_glare_and_colours_are_measured() -> None:
    white = statistics(flat(1.0))
    assert (white.brightness, white.glare_share, white.saturation) == (pytest.approx(1.0), 1.0, 0.0)
    red = flat(0.2)
    red[:, :, 0] = 0.8
    stats = statistics(red)
    assert stats.saturation > 0.6
    assert stats.warmth == pytest.approx(0.6, abs=1e-4)


def test_a_blue_sky_is_blue_and_a_cloudy_one_grey() -> None:
    blue, grey = flat(0.3), flat(0.3)
    blue[:45] = (0.4, 0.5, 0.8)
    grey[:45] = (0.7, 0.7, 0.7)
    assert (statistics(blue).blue_sky, statistics(blue).grey_sky) == (1.0, 0.0)
    assert (statistics(grey).blue_sky, statistics(grey).grey_sky) == (0.0, 1.0)


def test_blur_takes_detail_away() -> None:
    sharp, blurred = measure(boards()), measure(boards().filter(ImageFilter.GaussianBlur(4)))
    assert blurred.laplacian_variance < 0.1 * sharp.laplacian_variance
    assert blurred.edge_slope < sharp.edge_slope


def test_soft_blobs_before_a_sharp_picture_are_found() -> None:
    picture = boards()
    drops = picture.copy()
    blurred = picture.filter(ImageFilter.GaussianBlur(9))
    mask = Image.new("L", picture.size, 0)
    for x, y in ((80, 60), (200, 120), (320, 70), (130, 170)):
        mask.paste(255, (x - 45, y - 45, x + 45, y + 45))
    drops.paste(blurred, mask=mask.filter(ImageFilter.GaussianBlur(8)))
    assert measure(drops).soft_share > 3 * measure(picture).soft_share + 0.05


def test_a_picture_without_slopes_has_no_soft_share() -> None:
    assert without_edges(flat(0.5)[:, :, 0]) == (0.0, 0.0)


def test_a_smear_takes_the_edges_even_from_strong_contrasts() -> None:
    assert measure(boards().filter(ImageFilter.GaussianBlur(7))).smear > 5 * measure(boards()).smear + 0.1


def test_reflections_that_hang_down_make_a_mirror() -> None:
    across = np.tile(np.sin(np.arange(160) / 5) * 0.2 + 0.5, (60, 1)).astype(np.float32)
    assert mirror(across) > 10 * mirror(np.ascontiguousarray(across.T))


def test_a_white_veil_lifts_the_haze() -> None:
    clear = np.asarray(boards(), dtype=np.float32) / 255
    veiled = (clear * 0.3 + 0.6).astype(np.float32)
    assert statistics(veiled).haze > statistics(clear).haze + 0.3
    assert statistics(veiled).contrast < statistics(clear).contrast


def test_a_box_is_the_mean_of_its_square() -> None:
    values = np.random.default_rng(0).random((20, 30)).astype(np.float32)
    assert box(values, 2)[10, 15] == pytest.approx(values[8:13, 13:18].mean(), abs=1e-6)


@pytest.mark.parametrize("size", [(1600, 900), (800, 450), (400, 225)])
def test_a_picture_of_any_size_is_measured_at_one_width(size: tuple[int, int]) -> None:
    one, other = measure(boards().resize(size)), measure(boards())
    assert one.brightness == pytest.approx(other.brightness, abs=0.01)


def test_a_small_picture_is_measured_as_it_is() -> None:
    assert isinstance(measure(Image.new("RGB", (WIDTH_PX // 8, 24), "grey")), ImageStats)
