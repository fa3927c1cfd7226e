"""Pictures as the server sends them: whole or scaled to a width, made once, kept in memory up to a bound."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256

from scenario.images import jpeg, read, stamp

KEPT_BYTES = 64 * 2**20
WIDTHS_PX = (160, 320, 640, 960, 1280, 1920)


@dataclass(frozen=True)
class Picture:
    data: bytes  # JPEG
    etag: str


class Thumbnails:
    """A bounded cache of JPEGs. Safe to share between threads."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._kept_bytes, self._bytes = kept_bytes, 0
        self._kept: OrderedDict[str, Picture] = OrderedDict()
        self._lock = threading.Lock()

    @staticmethod
    def etag(image: str, width_px: int | None) -> str:
        """Known without decoding. Raises `ImageUnreadable` where there is no picture."""
        return f'"{sha256(f"{image} {stamp(image)} {width_px}".encode()).hexdigest()[:32]}"'

    def picture(self, image: str, width_px: int | None) -> Picture:
        """The picture, never enlarged. Raises `ImageUnreadable`."""
        etag = self.etag(image, width_px)
        with self._lock:
            if etag in self._kept:
                self._kept.move_to_end(etag)
                return self._kept[etag]
        made = Picture(_encoded(image, width_px), etag)
        with self._lock:
            if etag not in self._kept:
                self._kept[etag] = made
                self._bytes += len(made.data)
            while self._bytes > self._kept_bytes:
                self._bytes -= len(self._kept.popitem(last=False)[1].data)
        return made


def sized(width_px: int | None) -> int | None:
    """The width that is made for one that is asked for: few sizes, so that a client cannot fill the cache with all."""
    if width_px is None:
        return None
    return next((width for width in WIDTHS_PX if width >= width_px), WIDTHS_PX[-1])


def _encoded(image: str, width_px: int | None) -> bytes:
    picture = read(image)
    if width_px is not None and width_px < picture.width:
        height_px = max(1, round(picture.height * width_px / picture.width))
        picture = picture.resize((width_px, height_px))
    return jpeg(picture)
