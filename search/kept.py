"""What is kept of answers, up to a bound, so that it is not worked out again."""

from collections import OrderedDict
from threading import Lock

import numpy as np
import numpy.typing as npt

KEPT_FILTERS = 64
Bits = npt.NDArray[np.uint8]


class KeptFilters:
    """What passed the filters asked for last, one bit a frame: a page asks for the same ones several times."""

    def __init__(self, kept: int = KEPT_FILTERS) -> None:
        self._size = kept
        self._kept: OrderedDict[str, Bits] = OrderedDict()
        self._lock = Lock()

    def get(self, where: str) -> Bits | None:
        with self._lock:
            if where in self._kept:
                self._kept.move_to_end(where)
            return self._kept.get(where)

    def keep(self, where: str, packed: Bits) -> None:
        with self._lock:
            self._kept[where] = packed
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
