"""A folder of pictures, or a video, as a log: frames in order, one camera, no calibration and no pose.

Folders within the folder are scenes. A video is decoded once, into pictures that later runs find again.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import floor
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.logs.annotations import FrameAnnotations
from scenario.errors import ConfigError, ImageUnreadable, InputError, LogUnreadable
from scenario.images import jpeg, stamp
from scenario.ledger import digest
from scenario.records import Camera, Frame

if TYPE_CHECKING:
    from PIL.Image import Image

CAMERA = "CAM_FRONT"
ROUNDING_S = 0.005  # the picture at 0.4999 s is the one at 0.5 s
LONGEST_S = 86_400.0  # between two frames
BROKEN_OFF_S = 2.0  # how much of its stated length a whole video may lack: sound may go on a little
PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
VIDEOS = frozenset({".mp4", ".mov", ".m4v", ".mkv", ".avi", ".webm", ".mpg", ".mpeg", ".ts"})
DONE = "whole"  # stands beside the pictures of a video that was read to its end


@dataclass(frozen=True)
class FolderLog:
    """The frames of a folder or video in order, and what could not be read of it."""

    frames: Sequence[Frame]
    unreadable: list[InputError] = field(default_factory=list)

    @classmethod
    def open(cls, path: Path, *, frames_dir: Path, every_s: float = 0.5, scratch: Path | None = None) -> "FolderLog":
        """The pictures of a folder, by folder and name; or those of a video, one every `every_s` seconds of it, which
        are kept as JPEG files in `frames_dir`, or in `scratch` if that is given and they are not there yet.
        Raises `LogUnreadable` where there is neither, or nothing in it; `ConfigError`.
        """
        if not 0 < every_s <= LONGEST_S:
            raise ConfigError(f"every_s is {every_s}; it is the time between two frames: above 0 and at most a day")
        # With ".." a folder would not know its own name.
        path = path.resolve() if ".." in path.parts else path.absolute()
        if path.is_dir():
            return _folder_log(path)
        if path.is_file() and path.suffix.casefold() in VIDEOS:
            places = [place.absolute() for place in (frames_dir, scratch) if place]
            return _video_log(path, places, every_s)
        known = ", ".join(sorted(VIDEOS))
        what = "not a video by its name" if path.is_file() else "no such file or folder"
        raise LogUnreadable(str(path), f"{what}; give a folder of pictures, or a video that ends in {known}")

    def annotations(self, token: str) -> FrameAnnotations:
        """Nobody has annotated a folder of pictures."""
        return FrameAnnotations(notes=("annotations are not known: pictures alone have none",))


def _folder_log(folder: Path) -> FolderLog:
    inside = [path.relative_to(folder) for path in folder.rglob("*") if path.suffix.casefold() in PICTURES]
    pictures = sorted((path for path in inside if not _is_hidden(path) and (folder / path).is_file()), key=_natural)
    if not pictures:
        raise LogUnreadable(str(folder), f"no picture in this folder; one ends in {', '.join(sorted(PICTURES))}")
    frames = [
        Frame(
            token=digest("folder", folder.name, path.as_posix()),
            sequence=number,
            scene=path.parent.as_posix() if path.parent.parts else folder.name,
            log=folder.name,
            cameras={CAMERA: Camera(image=str(folder / path))},
        )
        for number, path in enumerate(pictures)
        if _is_text(folder / path)
    ]
    nameless = [folder / path for path in pictures if not _is_text(folder / path)]
    return FolderLog(frames, [ImageUnreadable(_as_text(path), "its name is not UTF-8; rename it") for path in nameless])


def _is_text(path: Path) -> bool:
    """Whether a path can be written down: on Linux a file's name may be any bytes."""
    return str(path) == _as_text(path)


def _as_text(path: Path) -> str:
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _natural(path: Path) -> list[list[tuple[int, int, str]]]:
    """Orders names as people do: frame 2 before frame 10, and what lies in a folder after what lies beside it."""
    return [
        [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", name) if part]
        for name in (path.parent.as_posix().casefold(), path.name.casefold())
    ]


def _video_log(video: Path, places: Sequence[Path], every_s: float) -> FolderLog:
    """The log of a video, its pictures in the first of `places` that has them all, or else in the last.

    One that breaks off gives the frames before, and the error.
    """
    if not _is_text(video):
        raise LogUnreadable(_as_text(video), "its name is not UTF-8; rename it")
    mark = stamp(str(video))
    folders = [place / f"{video.stem}-{mark[:8]}-{round(every_s * 1000)}ms" for place in places]
    folder = next((folder for folder in folders if (folder / DONE).exists()), folders[-1])
    folder.mkdir(parents=True, exist_ok=True)
    broken = None if (folder / DONE).exists() else _decode(video, folder, every_s)
    pictures = sorted(folder.glob("*.jpg"))
    if not pictures:
        raise broken or LogUnreadable(str(video), "the video holds no picture")
    frames = [
        Frame(
            token=digest("video", mark, picture.stem),
            sequence=number,
            scene=video.stem,
            log=video.name,
            cameras={CAMERA: Camera(image=str(picture))},
        )
        for number, picture in enumerate(pictures)
    ]
    return FolderLog(frames, [broken] if broken else [])


def _decode(video: Path, folder: Path, every_s: float) -> LogUnreadable | None:
    """Write a video's pictures, named by their milliseconds; those that are there already stay as they are."""
    from av.error import FFmpegError

    reached_s = 0.0
    try:
        for reached_s, picture in _sampled(video, every_s):
            target = folder / f"{round(reached_s * 1000):010d}.jpg"
            if not target.exists():
                half = target.with_suffix(".part")  # a run that is killed leaves no half picture
                half.write_bytes(jpeg(picture))
                half.replace(target)
    except LogUnreadable as error:
        return error
    except FFmpegError as error:
        reason = f"the video cannot be read beyond {reached_s:.1f} s: {error.strerror or error}"
        return LogUnreadable(str(video), reason)
    (folder / DONE).touch()
    return None


def _sampled(video: Path, every_s: float) -> Iterator[tuple[float, "Image"]]:
    """The first picture of each interval with its time from the start in seconds, decoded one at a time."""
    import av

    with av.open(str(video)) as container:
        if not container.streams.video:
            raise LogUnreadable(str(video), "it holds no moving pictures")
        stream = container.streams.video[0]
        start_s, passed_s, next_s = None, 0.0, 0.0
        for number, picture in enumerate(container.decode(stream)):
            at_s = picture.time if picture.time is not None else number / float(stream.average_rate or 25)
            start_s = at_s if start_s is None else start_s
            passed_s = at_s - start_s
            if passed_s >= next_s - ROUNDING_S:
                yield passed_s, picture.to_image()
                next_s = (floor((passed_s + ROUNDING_S) / every_s) + 1) * every_s
        length_s = (container.duration or 0) / av.time_base
        if passed_s < length_s - BROKEN_OFF_S:
            raise LogUnreadable(str(video), f"it says it is {length_s:.1f} s long and breaks off at {passed_s:.1f} s")
