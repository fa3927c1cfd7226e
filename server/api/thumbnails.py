"""Pictures as the server sends them: whole or scaled to a width, made once, kept in memory up to a bound."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from scenario.assembly import load_frames
from scenario.errors import UnknownToken
from scenario.images import jpeg, read, stamp
from scenario.ledger import Ledger
from scenario.records import Camera, Frame
from server.engine import Engine

KEPT_BYTES = 64 * 2**20
KEPT_FRAMES = 4096
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


class Cameras:
    """The cameras of frames, as the index names them, kept for the frames asked for last.

    A page of hits asks for many pictures, and each would otherwise be a scenario put together from the ledger.
    """

    def __init__(self, engine: Engine, kept: int = KEPT_FRAMES) -> None:
        self._engine, self._size = engine, kept
        self._kept: OrderedDict[tuple[int, str], Frame] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, token: str) -> dict[str, str]:
        """Camera → file. Raises `UnknownToken` and `NoLedger`."""
        frames = self.frames([token])
        if token not in frames:
            raise UnknownToken(token)
        return {name: camera.image for name, camera in frames[token].cameras.items()}

    def frames(self, tokens: Sequence[str]) -> dict[str, Frame]:
        """Token → the frame with its cameras and no more; one that the index does not hold is left out.

        Raises `NoLedger`.
        """
        version = self._engine.table_version
        with self._lock:
            found = {token: self._kept[version, token] for token in tokens if (version, token) in self._kept}
            for token in found:
                self._kept.move_to_end((version, token))
        if missing := [token for token in tokens if token not in found]:
            read = self._read(missing)
            found |= read
            with self._lock:
                self._kept.update(((version, token), frame) for token, frame in read.items())
                while len(self._kept) > self._size:
                    self._kept.popitem(last=False)
        return found

    def _read(self, tokens: Sequence[str]) -> dict[str, Frame]:
        ledger_file = self._engine.workspace.require_ledger("showing pictures")
        keys = self._engine.known_keys(tokens)
        with Ledger(ledger_file, read_only=True) as ledger:
            frames = load_frames(ledger, list(keys.values()))
        return {token: _cameras_of(frame) for token, frame in zip(keys, frames, strict=True)}


def _cameras_of(frame: Frame) -> Frame:
    """What is kept of a frame: not its path, nor how its cameras are mounted."""
    kept = {
        name: Camera(image=camera.image, width_px=camera.width_px, height_px=camera.height_px)
        for name, camera in frame.cameras.items()
    }
    return Frame(token=frame.token, cameras=kept)


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
