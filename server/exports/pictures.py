"""Pictures of a frame on their way out: by what the index says of a token, under names that no archive can misread."""

import re
from pathlib import Path, PurePath

from scenario.errors import ImageUnreadable
from scenario.images import size_px
from scenario.ledger import digest
from scenario.records import Camera

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,5}")
LONGEST = 80


def safe(name: str) -> str:
    """`name` as part of a path on any system; one that had to be changed ends in a digest, so that no two meet."""
    kept = _UNSAFE.sub("_", name)[:LONGEST]
    return kept if kept == name else f"{kept}-{digest(name)[:8]}"


def picture_name(token: str, camera: str, image: str) -> str:
    """`TOKEN/CAMERA.jpg`, from parts that are file names and nothing more."""
    suffix = PurePath(image).suffix
    return f"{safe(token)}/{safe(camera)}{suffix.lower() if _SUFFIX.fullmatch(suffix) else ''}"


def picture_bytes(image: str) -> bytes | None:
    """The file as it is; None where it cannot be read, or is no picture: an index that names other files of this
    machine, whoever made it, gets none of them out."""
    try:
        size_px(image)
        return Path(image).read_bytes()
    except (ImageUnreadable, OSError, ValueError):
        return None


def picture_size_px(camera: Camera) -> tuple[int, int] | None:
    """Width and height, from the log or else from the picture's first bytes; None where neither says."""
    if camera.width_px and camera.height_px:
        return camera.width_px, camera.height_px
    try:
        return size_px(camera.image)
    except ImageUnreadable:
        return None
