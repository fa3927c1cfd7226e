"""Pictures prepared once for all that is asked about a frame, and forgotten in time."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event

import pytest
from PIL import Image

from chat import asked_text, pictures_of, saying
from scenario.errors import ImageUnreadable
from scenario.protocols import Deadline
from scenario.records import Camera, Frame, Grounding
from verifier.models.base import Picture
from verifier.scouts.prepared import Prepared, PreparedPictures
from verifier.scouts.vision import VisionOptions, VisionScout

NOTHING = Grounding(backend="test", fingerprint="test")


def made(size_bytes: int = 10) -> Prepared:
    return Prepared((Picture("CAM_FRONT", bytes(size_bytes)),), {"CAM_FRONT": (4, 4)})


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], dict[str, str]]:
    def write(name: str) -> dict[str, str]:
        (tmp_path / name).write_bytes(name.encode())
        return {"CAM_FRONT": str(tmp_path / name)}

    return write


def test_what_was_prepared_is_not_prepared_again(written):
    pictures, image = PreparedPictures(), written("a")

    first = pictures.of(image, 100, made)

    assert pictures.of(image, 100, lambda: pytest.fail("prepared again")) is first
    assert pictures.size_bytes == 10


def test_another_budget_or_another_file_under_the_name_is_prepared_anew(written):
    pictures, image = PreparedPictures(), written("a")
    first = pictures.of(image, 100, made)

    assert pictures.of(image, 200, made) is not first
    os.utime(image["CAM_FRONT"], ns=(5, 5))
    assert pictures.of(image, 100, made) is not first


def test_of_many_who_ask_at_once_one_prepares(written):
    pictures, image = PreparedPictures(), written("a")
    began, go_on, calls = Event(), Event(), []

    def slowly() -> Prepared:
        calls.append(1)
        began.set()
        go_on.wait(20)
        return made()

    with ThreadPoolExecutor(8) as threads:
        first = threads.submit(pictures.of, image, 100, slowly)
        began.wait(20)
        others = [threads.submit(pictures.of, image, 100, slowly) for _ in range(7)]
        go_on.set()
        assert {id(one.result()) for one in (first, *others)} == {id(first.result())}
    assert len(calls) == 1


def test_frames_are_prepared_at_the_same_time(written):
    pictures, together = PreparedPictures(), Barrier(2)

    def meeting() -> Prepared:
        together.wait(20)  # breaks unless two are here at once
        return made()

    with ThreadPoolExecutor(2) as threads:
        both = [threads.submit(pictures.of, written(name), 100, meeting) for name in "ab"]
        assert len([one.result() for one in both]) == 2


def test_no_more_is_kept_than_allowed_and_the_longest_unused_goes_first(written):
    pictures = PreparedPictures(most_bytes=25)
    a, b, c = (written(name) for name in "abc")
    kept = pictures.of(a, 100, made)
    pictures.of(b, 100, made)
    pictures.of(a, 100, made)
    pictures.of(c, 100, made)

    assert pictures.size_bytes == 20
    assert pictures.of(a, 100, made) is kept
    again = made()
    assert pictures.of(b, 100, lambda: again) is again


def test_what_is_larger_than_all_that_may_be_kept_is_told_and_not_kept(written):
    pictures = PreparedPictures(most_bytes=5)

    assert pictures.of(written("a"), 100, made).size_bytes == 10
    assert pictures.size_bytes == 0


def test_an_error_reaches_all_who_wait_and_is_not_kept(written):
    pictures, image = PreparedPictures(), written("a")

    def failing() -> Prepared:
        raise ImageUnreadable("a", "cut short")

    with pytest.raises(ImageUnreadable, match="cut short"):
        pictures.of(image, 100, failing)
    assert pictures.of(image, 100, made).size_bytes == 10


def test_a_picture_that_is_gone_is_named():
    with pytest.raises(ImageUnreadable, match=r"gone\.jpg"):
        PreparedPictures().of({"CAM_FRONT": "gone.jpg"}, 100, made)


def test_what_is_prepared_while_all_is_forgotten_is_not_counted(written):
    pictures = PreparedPictures()

    def forgetting() -> Prepared:
        pictures.clear()
        return made()

    assert pictures.of(written("a"), 100, forgetting).size_bytes == 10
    assert pictures.size_bytes == 0


def test_several_questions_about_a_frame_send_the_same_bytes_and_decode_once(tmp_path: Path):
    image = tmp_path / "front.jpg"
    Image.new("RGB", (640, 360), "grey").save(image)
    frame = Frame(token="t", cameras={"CAM_FRONT": Camera(image=str(image))})
    model = saying(asked_text(says="no"))
    eyes = VisionScout(model, VisionOptions(name="eyes"))

    for question in ("a barrel", "a truck"):
        eyes.look(frame, NOTHING, question, deadline=Deadline())

    first, second = (pictures_of(request)[0] for request in model.asked)
    assert first is second  # prepared again, it would be equal and another
    assert eyes.prepared.size_bytes == len(first.jpeg)
    eyes.close()
    assert eyes.prepared.size_bytes == 0
