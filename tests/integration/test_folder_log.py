"""Pictures and videos as logs: real files, real PyAV."""

import os
import shutil
import sys
from math import inf, nan
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from indexer.grounding.annotations import AnnotationGrounder
from indexer.logs.folder import FolderLog
from scenario.errors import ConfigError, LogUnreadable
from scenario.images import read


def picture(path: Path, grey: int = 128) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (32, 18), (grey, grey, grey)).save(path)


def video(path: Path, seconds: float = 3.0, fps: int = 10) -> Path:
    """A film that brightens by 2 a picture, so each picture's grey says when it was taken."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(int(seconds * fps)):
            grey = np.full((48, 64, 3), 40 + 2 * number, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        container.mux(stream.encode())
    return path


def images(log: FolderLog) -> list[Path]:
    return [Path(frame.cameras["CAM_FRONT"].image) for frame in log.frames]


def open_log(path: Path, **options: float) -> FolderLog:
    return FolderLog.open(path, frames_dir=path.parent / "cache", **options)


# Folders


def test_pictures_are_frames_in_the_order_that_people_count_in(tmp_path: Path) -> None:
    for name in ("frame_10.jpg", "frame_9.JPG", "frame_2.png", "notes.txt", ".hidden.jpg"):
        if name.endswith("txt"):
            (tmp_path / name).write_text("no picture")
        else:
            picture(tmp_path / name)
    log = open_log(tmp_path)
    assert [path.name for path in images(log)] == ["frame_2.png", "frame_9.JPG", "frame_10.jpg"]
    assert [frame.sequence for frame in log.frames] == [0, 1, 2]
    assert log.unreadable == []


def test_folders_within_are_scenes(tmp_path: Path) -> None:
    for name in ("b/1.jpg", "a2/2.jpg", "a2/1.jpg", "a10/1.jpg", "0.jpg"):
        picture(tmp_path / "drive" / name)
    log = open_log(tmp_path / "drive")
    assert [frame.scene for frame in log.frames] == ["drive", "a2", "a2", "a10", "b"]
    assert {frame.log for frame in log.frames} == {"drive"}


def test_a_pictures_token_is_its_own_wherever_the_folder_lies(tmp_path: Path) -> None:
    for place in ("here", "there"):
        for name in ("1.jpg", "x/1.jpg"):
            picture(tmp_path / place / "drive" / name)
    here, there = (open_log(tmp_path / place / "drive") for place in ("here", "there"))
    assert [frame.token for frame in here.frames] == [frame.token for frame in there.frames]
    assert len({frame.token for frame in here.frames}) == 2


def test_a_folder_knows_its_name_also_from_within(tmp_path: Path) -> None:
    picture(tmp_path / "drive" / "1.jpg")
    (tmp_path / "drive" / "inner").mkdir()
    direct, around = (open_log(tmp_path / "drive" / place) for place in ("", "inner/.."))
    assert around.frames == direct.frames
    assert around.frames[0].log == "drive"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a name cannot be any bytes")
def test_a_picture_whose_name_cannot_be_written_down_is_named_and_left_out(tmp_path: Path) -> None:
    picture(tmp_path / "1.jpg")
    shutil.copy(tmp_path / "1.jpg", os.fsencode(tmp_path) + b"/\xff.jpg")
    log = open_log(tmp_path)
    assert [path.name for path in images(log)] == ["1.jpg"]
    (error,) = log.unreadable
    assert "not UTF-8" in str(error).encode("utf-8").decode()


def test_a_folder_without_pictures_is_refused_and_so_is_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LogUnreadable, match="no picture in this folder"):
        open_log(tmp_path)
    with pytest.raises(LogUnreadable, match="no such file or folder"):
        open_log(tmp_path / "nowhere")
    (tmp_path / "notes.txt").write_text("words")
    with pytest.raises(LogUnreadable, match=r"not a video by its name; give a folder of pictures, or a video .*\.mp4"):
        open_log(tmp_path / "notes.txt")


def test_nothing_is_known_of_what_is_in_a_picture(tmp_path: Path) -> None:
    picture(tmp_path / "1.jpg")
    log = open_log(tmp_path)
    grounding = AnnotationGrounder(log).ground(log.frames)[0]
    assert (grounding.cameras, grounding.detections) == ((), ())
    assert "annotations are not known" in grounding.notes[0]


# Videos


def test_a_video_gives_a_picture_at_each_interval(tmp_path: Path) -> None:
    log = open_log(video(tmp_path / "drive.mp4"), every_s=0.5)
    assert [path.name for path in images(log)] == [f"{ms:010d}.jpg" for ms in (0, 500, 1000, 1500, 2000, 2500)]
    greys = [np.asarray(read(str(path))).mean() for path in images(log)]
    assert greys == [pytest.approx(40 + 10 * number, abs=4) for number in range(6)]
    assert {frame.scene for frame in log.frames} == {"drive"}
    assert log.unreadable == []


def test_an_interval_shorter_than_a_picture_gives_every_picture_once(tmp_path: Path) -> None:
    assert len(open_log(video(tmp_path / "drive.mp4", seconds=1.0), every_s=0.01).frames) == 10


def test_pictures_that_are_there_are_kept_and_missing_ones_made_again(tmp_path: Path) -> None:
    film = video(tmp_path / "drive.mp4")
    first = open_log(film)
    kept, lost = images(first)[0], images(first)[3]
    kept.write_bytes(b"not touched")
    lost.unlink()
    (kept.parent / "whole").unlink()  # as after a run that was killed
    again = open_log(film)
    assert images(again) == images(first)
    assert [frame.token for frame in again.frames] == [frame.token for frame in first.frames]
    assert kept.read_bytes() == b"not touched"
    assert read(str(lost)).size == (64, 48)


def test_a_whole_video_is_not_decoded_twice(tmp_path: Path) -> None:
    film = video(tmp_path / "drive.mp4")
    first = open_log(film)
    images(first)[3].unlink()  # nobody looks for it again
    assert len(open_log(film).frames) == len(first.frames) - 1


def test_another_interval_is_another_set_of_pictures(tmp_path: Path) -> None:
    film = video(tmp_path / "drive.mp4")
    assert [len(open_log(film, every_s=every_s).frames) for every_s in (0.5, 1.0, 0.5)] == [6, 3, 6]


@pytest.mark.parametrize("suffix", ["mkv", "avi"])
def test_a_video_that_breaks_off_gives_the_pictures_before_and_says_where(tmp_path: Path, suffix: str) -> None:
    film = video(tmp_path / f"drive.{suffix}", seconds=10.0)
    whole = film.read_bytes()
    film.write_bytes(whole[: int(len(whole) * 0.7)])
    log = open_log(film)
    assert 0 < len(log.frames) < 20
    (error,) = log.unreadable
    assert str(film) in str(error)
    assert len(open_log(film).unreadable) == 1  # said again, not forgotten


def test_what_only_calls_itself_a_video_is_refused(tmp_path: Path) -> None:
    (tmp_path / "drive.mp4").write_bytes(b"nothing of the kind")
    with pytest.raises(LogUnreadable, match=r"cannot be read beyond 0\.0 s"):
        open_log(tmp_path / "drive.mp4")


@pytest.mark.parametrize("every_s", [0, -1, inf, nan, 1e300])
def test_an_interval_that_is_no_time_is_refused(tmp_path: Path, every_s: float) -> None:
    with pytest.raises(ConfigError, match=r"every_s is .*above 0 and at most a day"):
        open_log(tmp_path, every_s=every_s)


def test_pictures_of_a_video_go_to_the_scratch_folder_where_there_is_one_unless_they_are_there(tmp_path: Path) -> None:
    film, scratch = video(tmp_path / "drive.mp4"), tmp_path / "scratch"
    tried = FolderLog.open(film, frames_dir=tmp_path / "cache", scratch=scratch)
    assert all(path.is_relative_to(scratch) for path in images(tried))
    assert not (tmp_path / "cache").exists()
    kept = open_log(film)
    again = FolderLog.open(film, frames_dir=tmp_path / "cache", scratch=tmp_path / "other")
    assert images(again) == images(kept)
    assert [frame.token for frame in tried.frames] == [frame.token for frame in kept.frames]
