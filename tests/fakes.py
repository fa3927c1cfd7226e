"""Hand-written doubles; each satisfies a protocol of `scenario.protocols` in full, so mypy checks them too."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np

from scenario.answers import Answer, Testimony
from scenario.errors import EmbeddingError, InputError, ReportMissing, SemdriveError
from scenario.protocols import Answerer, Deadline, Embedder, Grounder, Judge, Scout, Vectors
from scenario.records import Facts, Frame, Grounding, ScoutReport


@dataclass
class HashEmbedder:
    """A bag of words: each word has a direction of its own, made from its hash, so shared words mean near vectors."""

    fingerprint: str = "hash-embedder"
    dim: int = 32
    seen: list[str] = field(default_factory=list)  # every text that was embedded, in order

    def embed(self, texts: Sequence[str]) -> Vectors:
        if any(not text.strip() for text in texts):
            raise EmbeddingError("an empty text has no direction; leave its vector out instead")
        self.seen.extend(texts)
        rows = np.zeros((len(texts), self.dim), dtype=np.float32)
        for place, text in enumerate(texts):
            direction = sum(self._direction(word) for word in sorted(text.casefold().split()))
            rows[place] = direction / np.linalg.norm(direction)
        return rows

    def _direction(self, word: str) -> Vectors:
        seed = int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "little")
        return np.random.default_rng(seed).standard_normal(self.dim).astype(np.float32)


@dataclass
class ScriptedGrounder:
    """Says what it was told about each token; an error is raised, and a frame it was told nothing about is clear."""

    by_token: dict[str, Grounding | InputError] = field(default_factory=dict)
    fingerprint: str = "scripted-grounder"
    closed: int = 0

    def inputs(self, frame: Frame) -> tuple[str, ...]:
        return (frame.token,)

    def ground(self, frames: Sequence[Frame]) -> list[Grounding]:
        return [self._ground(frame) for frame in frames]

    def close(self) -> None:
        self.closed += 1

    def _ground(self, frame: Frame) -> Grounding:
        said = self.by_token.get(frame.token, Grounding(backend="scripted", fingerprint=self.fingerprint))
        if isinstance(said, SemdriveError):
            raise said
        return said


@dataclass
class ScriptedScout:
    """Reports the facts it was told about each token; an error is raised, an unlisted token is not reported on."""

    name: str = "scripted"
    by_token: dict[str, Facts | SemdriveError] = field(default_factory=dict)
    fingerprint: str = "scripted-scout"
    asked: list[str] = field(default_factory=list)  # the tokens it reported on, in order
    concurrency: int = 1
    closed: int = 0

    def close(self) -> None:
        self.closed += 1

    def inputs(self, frame: Frame, grounding_key: str) -> tuple[str, ...]:
        if frame.token not in self.by_token:
            raise ReportMissing(self.name, frame.token)
        return (frame.token,)

    def report(self, frame: Frame, grounding: Grounding, *, deadline: Deadline) -> ScoutReport:
        self.inputs(frame, "")
        self.asked.append(frame.token)
        said = self.by_token[frame.token]
        if isinstance(said, SemdriveError):
            raise said
        return ScoutReport(scout=self.name, facts=said)


@dataclass
class ScriptedAnswerer(ScriptedScout):
    """Also answers: what it was told about each token; `hold` is called in the middle of each look."""

    answers: dict[str, Answer] = field(default_factory=dict)
    hold: Callable[[Frame, Deadline], None] = lambda frame, deadline: None
    asking_fingerprint: str = "scripted-answers"

    def inputs(self, frame: Frame, grounding_key: str) -> tuple[str, ...]:
        return (*super().inputs(frame, grounding_key), grounding_key)

    def look(self, frame: Frame, grounding: Grounding, question: str, *, deadline: Deadline) -> Testimony:
        self.hold(frame, deadline)
        report = self.report(frame, grounding, deadline=deadline)
        answer = self.answers.get(frame.token, Answer(verdict="unsure"))
        return Testimony(report=report, answer=answer if question else None)


@dataclass
class ScriptedJudge:
    """Proposes what it was told, frame by frame; without a script, the facts of the first report."""

    proposals: deque[list[Facts]] = field(default_factory=deque)
    answer: Answer = field(default_factory=lambda: Answer(verdict="unsure"))
    name: str = "scripted"
    fingerprint: str = "scripted-judge"
    concurrency: int = 1
    closed: int = 0

    def close(self) -> None:
        self.closed += 1

    def propose(self, grounding: Grounding, reports: Sequence[ScoutReport]) -> list[Facts]:
        return self.proposals.popleft() if self.proposals else [reports[0].facts]

    def decide(self, question: str, testimonies: Sequence[Testimony], grounding: Grounding) -> Answer:
        return self.answer


def _doubles_are_complete() -> tuple[Embedder, Grounder, Scout, Answerer, Judge]:
    """Never called: mypy reads it, and fails where a protocol and its double part."""
    return HashEmbedder(), ScriptedGrounder(), ScriptedScout(), ScriptedAnswerer(), ScriptedJudge()
