"""What is said when a frame is asked about again: evidence, answers, and the verification they make."""

from typing import Literal

from pydantic import Field

from scenario.records import Facts, Probability, Record, ScoutReport, Usage

Said = Literal["yes", "no", "unsure"]
Outcome = Literal["yes", "no", "unsure", "error"]


class Evidence(Record):
    """What an answer rests on: a camera, perhaps a detection (its position in the grounding), and what is seen."""

    seen: str
    camera: str | None = None
    detection: int | None = None
    scout: str | None = None


class Answer(Record):
    """A scout's, or the judge's, answer to a question. Unsure is not no. `probability` is that of yes."""

    verdict: Said
    probability: Probability | None = None
    evidence: tuple[Evidence, ...] = ()


class Testimony(Record):
    """One scout, asked to look again: its answer to the words (None where no words were asked), and fresh facts.

    The report carries the scout's name, model, usage, latency and notes.
    """

    report: ScoutReport
    answer: Answer | None = None


class FactChange(Record):
    """A field in which the fresh facts differ from the stored ones; None is "not stated", a set is comma-separated."""

    field: str
    stored: str | None
    now: str | None


class ClauseVerdict(Record):
    """One part of what was asked: a clause of the filter in canonical spelling, or the words in quotes."""

    clause: str
    verdict: Said
    because: str | None = None


class Verification(Record):
    """One live look at a frame, asked the user's own question; or, where `who` is named, that person's own verdict.

    `question` is the query in canonical spelling, or the question as it was put. `probability` is that of yes.
    `error` is set where, and only where, the verdict is `error`.
    """

    token: str
    question: str
    verdict: Outcome
    probability: Probability | None = None
    clauses: tuple[ClauseVerdict, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    testimonies: tuple[Testimony, ...] = ()
    facts_now: Facts | None = None
    changes: tuple[FactChange, ...] = ()
    error: str | None = None
    notes: tuple[str, ...] = ()
    models: dict[str, str] = Field(default_factory=dict)  # scout or judge → fingerprint
    usage: Usage | None = None  # of all testimonies together
    model_s: float = 0.0  # what the scouts took, one after the other
    latency_s: float | None = None  # what its looks and the judge took, without the wait between scouts
    complete: bool = True  # no scout failed, or was left out for want of time: asked again, it would be the same
    who: str = ""  # the person whose verdict it is; empty: scouts were asked
    key: str = ""  # hash of frame, question, evidence and models: the same key is the same question asked anew
    id: int | None = None  # its number in the ledger
    created_at: str | None = None
    remembered: bool = False  # answered from the ledger, no model was asked

    @property
    def confidence(self) -> float | None:
        """How probable its own verdict is; None where it came to none."""
        if self.probability is None or self.verdict in ("unsure", "error"):
            return None
        return self.probability if self.verdict == "yes" else 1.0 - self.probability


class Revision(Record):
    """Facts that a person, or `--accept` in their name, put in the place of a verdict's; the next build takes them up.

    `base` is the scenario's key when it was proposed; `verification` the one that saw these facts.
    """

    token: str
    facts: Facts
    base: str
    verification: int
    who: str
    note: str = ""
    id: int | None = None
    created_at: str | None = None
