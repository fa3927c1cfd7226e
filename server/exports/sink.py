"""A file that is written at its end and emptied as it fills: for formats whose libraries write to a file."""

import io
from typing import Any


class Sink(io.RawIOBase):
    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._written = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._written

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        self._written += len(self._parts[-1])
        return len(self._parts[-1])

    def taken(self) -> bytes:
        """What was written since it was last taken."""
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken
