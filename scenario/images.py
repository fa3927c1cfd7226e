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
MOST_PIXELS = 100_000_000  # more is no camera's, and would fill the memory of a server that is asked for a few
# What cameras write. Pillow knows many more: some rarely used decoders, and one that starts another program.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "PPM", "JPEG2000")


def stamp(image: str) -> str:
    """What a result's key keeps of a picture: name and size in bytes. Raises `ImageUnreadable` where there is none.

    Not its content, which for a whole log is as much as the log, nor its time, which a copy changes: a log's
    pictures never change under their names.
    """
    try:
        return digest(Path(image).name, Path(image).stat().st_size)
    except OSError as error:
        raise ImageUnreadable(image, error.strerror or str(error)) from error


def read(image: str, width_px: int | None = None) -> "Image":
    """The decoded picture, RGB. Raises `ImageUnreadable`, also where the file is cut short.

    Whoever needs no more than `width_px` of its width says so: a JPEG is then decoded at a fraction of its size, never
    below that, which takes a fraction of the time and the memory.
    """
    with _opened(image) as picture:
        if width_px is not None and width_px < picture.width:
            picture.draft("RGB", (width_px, max(1, picture.height * width_px // picture.width)))
        return picture.convert("RGB")


def size_px(image: str) -> tuple[int, int]:
    """Width and height, from the file's first bytes. Raises `ImageUnreadable`."""
    with _opened(image) as picture:
        return picture.width, picture.height


@contextmanager
def _opened(image: str) -> Iterator["Image"]:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(image, formats=FORMATS) as picture:
            pixels = picture.width * picture.height
            if pixels > MOST_PIXELS:
                raise ImageUnreadable(image, f"it has {pixels:,} pixels, of {MOST_PIXELS:,} that are decoded")
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
