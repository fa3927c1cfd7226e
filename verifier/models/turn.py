"""What one thread at a time may do, and others wait for: until a deadline, or until they are told to stop."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition
from time import monotonic

from scenario.errors import DeadlinePassed
from scenario.protocols import Deadline


class Turn:
    """A lock whose waiters can be cancelled. Not re-entrant. `clock` is injected by tests."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._changed = Condition()
        self._taken = False

    @contextmanager
    def taken(self, deadline: Deadline, doing: str) -> Iterator[None]:
        """Raises `DeadlinePassed`, with what was being done meanwhile (`doing`: "tiny was busy")."""
        self._take(deadline, doing)
        try:
            yield
        finally:
            with self._changed:
                self._taken = False
                self._changed.notify()

    def _take(self, deadline: Deadline, doing: str) -> None:
        with deadline.telling(self._wake), self._changed:
            while self._taken:
                if deadline.cancelled:
                    raise DeadlinePassed(f"{doing} until the request was cancelled")
                left_s = None if deadline.at_s is None else deadline.at_s - self._clock()
                if left_s is not None and left_s <= 0:
                    raise DeadlinePassed(f"{doing} until the deadline")
                self._changed.wait(left_s)
            self._taken = True

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()
