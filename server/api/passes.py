"""How many live passes or exports may run at once, and how often one client may begin one."""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from time import monotonic

from server.api.errors import Refused

AT_ONCE = 2
PER_MINUTE = 30
WINDOW_S = 60.0
CLIENTS_KEPT = 1024
BUSY_RETRY_S = 5


class Passes:
    """Bounds what costs minutes: live passes, exports. Safe to share between threads."""

    def __init__(
        self,
        at_once: int = AT_ONCE,
        per_minute: int = PER_MINUTE,
        clock: Callable[[], float] = monotonic,
        *,
        what: str = "live passes",
    ) -> None:
        self._at_once, self._per_minute, self._clock, self._what = at_once, per_minute, clock, what
        self._running = 0
        self._begun: OrderedDict[str, deque[float]] = OrderedDict()  # client → when it began its latest passes
        self._lock = threading.Lock()

    @property
    def running(self) -> int:
        return self._running

    def enter(self, client: str) -> None:
        """Take a place; `leave` gives it back. Raises `Refused`: 429 for a hasty client, 503 where all are taken."""
        with self._lock:
            now, begun = self._clock(), self._begun.setdefault(client, deque())
            self._begun.move_to_end(client)
            while len(self._begun) > CLIENTS_KEPT:
                self._begun.popitem(last=False)
            while begun and now - begun[0] >= WINDOW_S:
                begun.popleft()
            if len(begun) >= self._per_minute:
                wait_s = int(WINDOW_S - (now - begun[0])) + 1
                message = f"you began {len(begun)} {self._what} within a minute, of {self._per_minute} allowed"
                raise Refused(429, "TooManyRequests", message, hint=f"wait {wait_s} s", retry_after_s=wait_s)
            if self._running >= self._at_once:
                message = f"{self._running} {self._what} are under way, of {self._at_once} allowed at once"
                raise Refused(503, "Busy", message, hint="try again when one has ended", retry_after_s=BUSY_RETRY_S)
            begun.append(now)
            self._running += 1

    def leave(self) -> None:
        with self._lock:
            self._running -= 1
