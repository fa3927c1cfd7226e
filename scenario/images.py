"""A camera's picture: read whole, scaled to a budget, or known by its stamp. Pillow is imported when one is opened."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING

from scenario.errors import ImageUnreadable
from scenario.ledger import digest

if TYPE_CHECKING:
    from PIL.Image import Image

JPEG_QUALITY = 90


def stamp(image: str) -> str:
    """What a result's key keeps of a picture: name and size in bytes. Raises `ImageUnreadable` where there is none.

    Not its content, which for a whole log is as much as the log, nor its time, which a copy changes: a log's
    pictures never change under their names.
    """
    try:
        return digest(Path(image).name, Path(image).stat().st_size)
    except OSError as error:
        raise ImageUnreadable(image, error.strerror or str(error)) from error


def read(image: str) -> "Image":
    """The decoded picture, RGB. Raises `ImageUnreadable`, also where the file is cut short."""
    with _opened(image) as picture:
        return picture.convert("RGB")


def size_px(image: str) -> tuple[int, int]:
    """Width and height, from the file's first bytes. Raises `ImageUnreadable`."""
    with _opened(image) as picture:
        return picture.width, picture.height


@contextmanager
def _opened(image: str) -> Iterator["Image"]:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(image) as picture:
            yield picture
    except UnidentifiedImageError as error:
        raise ImageUnreadable(image, "not a picture of a format that is known here") from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ImageUnreadable(image, str(error)) from error


def scaled(picture: "Image", pixels: int) -> "Image":
    """The picture with at most `pixels` pixels and the same proportions; never enlarged."""
    factor = sqrt(pixels / (picture.width * picture.height))
    if factor >= 1:
        return picture
    return picture.resize((max(1, int(picture.width * factor)), max(1, int(picture.height * factor))))


def jpeg(picture: "Image") -> bytes:
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()
