"""One model's memory between requests: what two prompts begin with alike is evaluated once.

A prompt is a row of segments (words up to a boundary, a picture). The longest run of whole segments that is in memory
is kept; the rest is evaluated. Segments are the unit because the sums of a batch depend on its size in the last digit:
with the same batches, a prompt gives the same tokens whether its beginning was kept or not.

Memory that cannot be rewound (sliding windows, recurrent layers) is saved at the boundaries worth coming back to.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from scenario.errors import DeadlinePassed
from scenario.protocols import Deadline
from verifier.models.llama_native import BATCH_TOKENS, Native, Segment, Sight, Words

CANNOT_KEEP = "this model's memory cannot be rewound: every request evaluates its whole prompt"


@dataclass(frozen=True)
class Work:
    """What was done so far, in tokens of prompts and pictures encoded."""

    evaluated_tokens: int = 0
    kept_tokens: int = 0
    pictures_encoded: int = 0

    def __add__(self, more: "Work") -> "Work":
        return Work(
            self.evaluated_tokens + more.evaluated_tokens,
            self.kept_tokens + more.kept_tokens,
            self.pictures_encoded + more.pictures_encoded,
        )


class LlamaSession:
    """A model, and the prompt it last read. `keep=False` reads every prompt from its start."""

    def __init__(self, native: Native, *, keep: bool = True) -> None:
        self.native = native
        self.position = 0  # where the next token goes
        self.work = Work()
        self._keep = keep
        self._known: list[Segment] = []  # in memory, from the start
        self._saved: dict[int, Any] = {}  # how many segments -> the state after them

    @property
    def keeps(self) -> bool:
        """Whether anything is kept. Turns false for good when the model's memory proves unable."""
        return self._keep

    def read(self, segments: Sequence[Segment], returning: Sequence[int], deadline: Deadline) -> None:
        """Have exactly `segments` in memory, and then choose a token.

        `returning`: after how many segments a later prompt is likely to differ. Raises `DeadlinePassed` between two
        batches; what was read by then is kept.
        """
        kept = self._rewind(segments)
        self.work += Work(kept_tokens=sum(segment.tokens for segment in segments[:kept]))
        for segment in segments[kept:]:
            self._evaluate(segment, deadline)
            self._known.append(segment)
            if len(self._known) in returning:
                self._save()

    def write(self, ids: Sequence[int], deadline: Deadline) -> None:
        """Go on with tokens that no later prompt begins with."""
        for batch in _batches(ids):
            _check(deadline)
            self.native.evaluate_words(batch, self.position)
            self.position += len(batch)

    def _evaluate(self, segment: Segment, deadline: Deadline) -> None:
        if isinstance(segment, Words):
            self.write(segment.ids, deadline)
        else:
            _check(deadline)
            self.native.evaluate_sight(segment, self.position)
            self.position += segment.positions
        self.work += Work(evaluated_tokens=segment.tokens, pictures_encoded=int(isinstance(segment, Sight)))

    def _rewind(self, segments: Sequence[Segment]) -> int:
        """Back to the last boundary that `segments` share with what is in memory: how many segments that is.

        Never all of them: the last is read again, so that there is something to choose the next token after.
        """
        pairs = zip(segments[:-1], self._known, strict=False)
        alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs)) if self._keep else 0
        if not self.native.rewinds:
            alike = max((count for count in self._saved if count <= alike), default=0)
        self._know(segments[:alike])  # before memory changes: whatever interrupts it, never more than is there
        if alike and not self._returned(alike):
            self._keep = False
            self._know([])
        if not self._known:
            self.native.forget()
        return len(self._known)

    def _know(self, segments: Sequence[Segment]) -> None:
        self._known = list(segments)
        self._saved = {count: state for count, state in self._saved.items() if count <= len(segments)}
        self.position = sum(segment.positions for segment in segments)

    def _returned(self, segments: int) -> bool:
        if self.native.rewinds:
            return self.native.rewind(self.position)
        return self.native.restore(self._saved[segments], self.position)

    def _save(self) -> None:
        if self._keep and not self.native.rewinds:
            state = self.native.saved()
            if state is None:
                self._keep = False
            else:
                self._saved[len(self._known)] = state


def _batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + BATCH_TOKENS] for start in range(0, len(ids), BATCH_TOKENS))


def _check(deadline: Deadline) -> None:
    if deadline.passed:
        why = "the request was cancelled" if deadline.cancelled else "its reply did not come in time"
        raise DeadlinePassed(f"the model was stopped: {why}")
