"""Every seam. A new back end is one file that satisfies one of these, and one line in the registry."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from threading import Event, Lock
from time import monotonic
from typing import Protocol

import numpy as np
import numpy.typing as npt

from scenario.answers import Answer, Testimony
from scenario.records import Facts, Frame, Grounding, ScoutReport

Vectors = npt.NDArray[np.float32]  # (n, dim), unit rows


class Cancel:
    """A wish to stop, set once and from any thread. Whoever waits for something else asks to be told."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._set = Event()
        self._callbacks: dict[object, Callable[[], None]] = {}

    @property
    def is_set(self) -> bool:
        return self._set.is_set()

    def set(self) -> None:
        with self._lock:
            self._set.set()
            waiting = list(self._callbacks.values())
            self._callbacks.clear()
        for callback in waiting:
            callback()

    @contextmanager
    def telling(self, callback: Callable[[], None]) -> Iterator[None]:
        """Within it, `callback` is called when the wish is set, at once where it is set already; at most once."""
        ticket = object()
        with self._lock:
            already = self._set.is_set()
            if not already:
                self._callbacks[ticket] = callback
        if already:
            callback()
        try:
            yield
        finally:
            with self._lock:
                self._callbacks.pop(ticket, None)


@dataclass(frozen=True)
class Deadline:
    """A moment, on the monotonic clock, after which work should stop; `at_s=None` never comes. It may be cancelled."""

    at_s: float | None = None
    cancel: Cancel | None = None

    @classmethod
    def after(cls, seconds: float, cancel: Cancel | None = None) -> "Deadline":
        return cls(monotonic() + seconds, cancel)

    @property
    def passed(self) -> bool:
        return self.cancelled or (self.at_s is not None and monotonic() >= self.at_s)

    @property
    def cancelled(self) -> bool:
        return self.cancel is not None and self.cancel.is_set

    def telling(self, callback: Callable[[], None]) -> AbstractContextManager[None]:
        """As `Cancel.telling`; nothing is told where nothing can be cancelled."""
        return nullcontext() if self.cancel is None else self.cancel.telling(callback)


class Closable(Protocol):
    """A back end that may hold a model or a file. The pipeline closes each after its stage, so that one at a time is
    resident; one that is used again opens what it needs again."""

    def close(self) -> None: ...


class Grounder(Closable, Protocol):
    """Sees what is there. Raises `InputError` for a frame it cannot read."""

    @property
    def fingerprint(self) -> str: ...

    def inputs(self, frame: Frame) -> tuple[str, ...]:
        """Digests of what it reads of this frame: with the fingerprint, they are the result's key."""
        ...

    def ground(self, frames: Sequence[Frame]) -> list[Grounding]: ...


class Scout(Closable, Protocol):
    """Reports facts about a frame. Raises `ScoutError`, or `InputError` for an input it cannot read."""

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str: ...

    @property
    def concurrency(self) -> int:
        """How many frames it may be asked about at once, from as many threads."""
        ...

    def inputs(self, frame: Frame, grounding_key: str) -> tuple[str, ...]:
        """Digests of what it reads for this frame, the grounding's key if it reads that.

        Raises `ReportMissing` where it has nothing to say, `ScoutError` or `InputError` where it cannot look.
        """
        ...

    def report(self, frame: Frame, grounding: Grounding, *, deadline: Deadline) -> ScoutReport: ...


class Answerer(Scout, Protocol):
    """A scout that can be asked: it looks again, answers a question, and reports facts afresh."""

    @property
    def asking_fingerprint(self) -> str:
        """Everything but the frame and the question that decides what `look` says: model, prompts, schema."""
        ...

    def look(self, frame: Frame, grounding: Grounding, question: str, *, deadline: Deadline) -> Testimony:
        """Raises as `report` does. With an empty question only facts are asked for, and the answer is None."""
        ...


class Judge(Closable, Protocol):
    """Reads; never sees pixels. Raises `JudgeError` where it cannot propose; the scouts then vote."""

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str: ...

    @property
    def concurrency(self) -> int: ...

    def propose(self, grounding: Grounding, reports: Sequence[ScoutReport]) -> list[Facts]: ...

    def decide(self, question: str, testimonies: Sequence[Testimony], grounding: Grounding) -> Answer:
        """What the testimonies that answer come to; without one that does, unsure."""
        ...


class Embedder(Protocol):
    """Texts to unit vectors. `fingerprint` names the model: vectors of two fingerprints are never compared."""

    @property
    def fingerprint(self) -> str: ...

    @property
    def dim(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> Vectors: ...
