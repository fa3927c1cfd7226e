"""Every seam. A new back end is one file that satisfies one of these, and one line in the registry."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

import numpy as np
import numpy.typing as npt

from scenario.records import Answer, Facts, Frame, Grounding, ScoutReport

Vectors = npt.NDArray[np.float32]  # (n, dim), unit rows


@dataclass(frozen=True)
class Deadline:
    """A moment, on the monotonic clock, after which work should stop; `at_s=None` never comes."""

    at_s: float | None = None

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        return cls(monotonic() + seconds)

    @property
    def passed(self) -> bool:
        return self.at_s is not None and monotonic() >= self.at_s


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


class Answerer(Protocol):
    """Answers a question about a frame. Raises `ScoutError`."""

    def answer(self, frame: Frame, grounding: Grounding, question: str, *, deadline: Deadline) -> Answer: ...


class Judge(Closable, Protocol):
    """Reads; never sees pixels. Raises `JudgeError` where it cannot propose; the scouts then vote."""

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str: ...

    @property
    def concurrency(self) -> int: ...

    def propose(self, grounding: Grounding, reports: Sequence[ScoutReport]) -> list[Facts]: ...

    def decide(self, question: str, answers: Sequence[Answer], grounding: Grounding) -> Answer: ...


class Embedder(Protocol):
    """Texts to unit vectors. `fingerprint` names the model: vectors of two fingerprints are never compared."""

    @property
    def fingerprint(self) -> str: ...

    @property
    def dim(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> Vectors: ...
