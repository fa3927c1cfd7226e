"""Pictures as a model is shown them, kept for a while: several questions about one frame decode and scale it once."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from scenario.errors import ImageUnreadable
from verifier.models.base import Picture

MOST_BYTES = 32 << 20  # some eighty frames, at a budget of 1,500 image tokens


@dataclass(frozen=True)
class Prepared:
    """A frame's pictures as they are sent, and how large each was, width and height, before it was scaled."""

    pictures: tuple[Picture, ...]
    sizes_px: Mapping[str, tuple[int, int]]

    @property
    def size_bytes(self) -> int:
        return sum(len(picture.jpeg) for picture in self.pictures)


class PreparedPictures:
    """Thread-safe. Of callers with one key, the first prepares and the others wait for it; errors are not kept."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._lock = Lock()
        self._kept: OrderedDict[Hashable, Future[Prepared]] = OrderedDict()  # the longest unused first
        self._bytes = 0

    @property
    def size_bytes(self) -> int:
        """Of all that is kept."""
        return self._bytes

    def of(self, images: Mapping[str, str], budget_px: int, prepare: Callable[[], Prepared]) -> Prepared:
        """What `prepare` makes of the files `images` (camera → path). Raises what it raises, and `ImageUnreadable`
        for a file that is not there."""
        key = (budget_px, *((camera, image, *_changed(image)) for camera, image in images.items()))
        mine: Future[Prepared] = Future()
        with self._lock:
            kept = self._kept.setdefault(key, mine)
            self._kept.move_to_end(key)
        if kept is not mine:
            return kept.result()
        try:
            made = prepare()
        except BaseException as error:  # whoever waits for it must not wait for ever
            with self._lock:
                self._drop(key, mine)
            mine.set_exception(error)
            raise
        with self._lock:
            mine.set_result(made)
            if self._kept.get(key) is mine:
                self._bytes += made.size_bytes
            self._make_room()
        return made

    def clear(self) -> None:
        """Forget all. What is being prepared still reaches those who wait for it."""
        with self._lock:
            self._kept.clear()
            self._bytes = 0

    def _drop(self, key: Hashable, mine: "Future[Prepared]") -> None:
        if self._kept.get(key) is mine:
            del self._kept[key]

    def _make_room(self) -> None:
        for key in [key for key, kept in self._kept.items() if kept.done()]:
            if self._bytes <= self._most_bytes:
                return
            self._bytes -= self._kept.pop(key).result().size_bytes


def _changed(image: str) -> tuple[int, int]:
    """What tells a file from another that has taken its name: its size in bytes, and when it was written."""
    try:
        stat = Path(image).stat()
    except OSError as error:
        raise ImageUnreadable(image, error.strerror or str(error)) from error
    return stat.st_size, stat.st_mtime_ns
