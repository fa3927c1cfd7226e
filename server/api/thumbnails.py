"""Pictures as the server sends them: whole or scaled to a width, made once, kept in memory up to a bound."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256

from scenario.images import jpeg, read, stamp
from server.engine import Engine

KEPT_BYTES = 64 * 2**20
KEPT_FRAMES = 4096
MADE_AT_ONCE = 4  # each holds a whole picture in memory
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
        self._making = threading.BoundedSemaphore(MADE_AT_ONCE)

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
        with self._making:
            made = Picture(_encoded(image, width_px), etag)
        with self._lock:
            if etag not in self._kept:
                self._kept[etag] = made
                self._bytes += len(made.data)
            while self._bytes > self._kept_bytes:
                self._bytes -= len(self._kept.popitem(last=False)[1].data)
        return made


class Cameras:
    """Which file each camera of a frame is, as the index names it, kept for the frames asked for last.

    A page of hits asks for many pictures, and each would otherwise be a scenario put together from the ledger.
    """

    def __init__(self, engine: Engine, kept: int = KEPT_FRAMES) -> None:
        self._engine, self._size = engine, kept
        self._kept: OrderedDict[tuple[int, str], dict[str, str]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, token: str) -> dict[str, str]:
        """Camera → file. Raises what `Engine.show` raises."""
        key = (self._engine.table_version, token)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        frame = self._engine.show(token).frame
        files = {name: camera.image for name, camera in frame.cameras.items()}
        with self._lock:
            self._kept[key] = files
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
        return files


def sized(width_px: int | None) -> int | None:
    """The width that is made for one that is asked for: few sizes, so that a client cannot fill the cache with all."""
    if width_px is None:
        return None
    return next((width for width in WIDTHS_PX if width >= width_px), WIDTHS_PX[-1])


def _encoded(image: str, width_px: int | None) -> bytes:
    picture = read(image, width_px)
    if width_px is not None and width_px < picture.width:
        height_px = max(1, round(picture.height * width_px / picture.width))
        picture = picture.resize((width_px, height_px))
    return jpeg(picture)
