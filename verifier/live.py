"""The live pass: scouts look at hits again, asked the user's own question, and every verdict streams as it comes.

Scouts take turns over the frames, so that one model at a time need be resident: the first looks at every frame, the
next only where the verdict so far is unsure, contradicts the index, or is not there because a scout failed. A frame
that needs no further scout is told at once. What was told is remembered before: whoever is killed loses nothing that
was seen.
"""

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic, perf_counter
from typing import Literal, Protocol

from scenario.answers import Testimony, Verification
from scenario.errors import ConfigError, ModelUnavailable, SemdriveError
from scenario.ledger import digest
from scenario.parallel import as_finished
from scenario.protocols import Answerer, Cancel, Deadline, Judge
from scenario.records import Scenario
from search.query import format_filter
from verifier.clauses import index_values
from verifier.judges import pooling
from verifier.judges.vote import VoteJudge
from verifier.verifying import Asked, certainty, conclude, index_says

FINGERPRINT = "live-1"  # part of every verification's key: raise it when what is concluded changes
DOWN_AFTER = 3  # failures of an unreachable model in a row, after which the frames to come are not waited for
OUT_OF_TIME = "another scout should have looked, and the time was used up"
Order = Literal["rank", "uncertain"]


@dataclass(frozen=True)
class Limits:
    """What a pass may cost. Raises `ConfigError` for a limit that lets nothing happen.

    `top` frames at most; `budget_s` for the whole pass, of which `frame_s` for one scout's look at one frame;
    `stop_after` that many yeses; `concurrency` looks at once at most, where a scout would take more.
    """

    top: int | None = None
    budget_s: float | None = None
    frame_s: float | None = None
    stop_after: int | None = None
    concurrency: int | None = None
    order: Order = "rank"
    every_scout: bool = False  # ask all scouts about every frame

    def __post_init__(self) -> None:
        for name in ("top", "budget_s", "frame_s", "stop_after", "concurrency"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ConfigError(f"{name} is {value}; a pass needs more than 0, or None for no limit")


class Memory(Protocol):
    """Where verifications are kept: the ledger."""

    def recall(self, key: str) -> Verification | None:
        """The latest verification under the key; never an error, never one that was undone."""
        ...

    def append_verification(self, verification: Verification) -> Verification:
        """Keeps it for good before it returns; gives it its number and time."""
        ...


@dataclass
class _Case:
    """One frame on its way through the scouts."""

    scenario: Scenario
    key: str
    testimonies: list[Testimony] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    model_s: float = 0.0
    told: bool = False


@dataclass(frozen=True)
class _Pass:
    """What holds for all frames of one pass."""

    asked: Asked
    limits: Limits
    memory: Memory | None
    deadline: Deadline
    fresh: bool


class LiveVerifier:
    """Asks scouts again. Safe to share between threads; `close` closes the scouts."""

    def __init__(self, scouts: Sequence[Answerer], judge: Judge | None = None, *, keep_open: bool = False) -> None:
        """`scouts` in the order they are asked. With `keep_open` a scout that waits for its next turn keeps its model;
        otherwise one model at a time is held."""
        if not scouts:
            raise ConfigError("a live pass needs at least one scout that can be asked")
        self._scouts = tuple(scouts)
        self._judge = judge or VoteJudge()
        self._keep_open = keep_open
        self._lock = Lock()
        self._passes: Counter[str] = Counter()  # scout → passes that ask it now

    def verify(
        self,
        scenarios: Sequence[Scenario],
        asked: Asked,
        *,
        limits: Limits | None = None,
        memory: Memory | None = None,
        fresh: bool = False,
        cancel: Cancel | None = None,
    ) -> Generator[Verification, None, None]:
        """A verification for each scenario, best first, in the order in which they come.

        What `memory` holds under the same key is told first, unless `fresh`. A frame that fails is a verdict `error`
        with its reason; one that the budget left out, too. Ends early after `stop_after` yeses, and, without a word,
        when `cancel` is set or the caller leaves. Raises `ConfigError` for what no other frame would escape.
        """
        limits, inner = limits or Limits(), Cancel()
        with (cancel or Cancel()).telling(inner.set):
            at_s = None if limits.budget_s is None else monotonic() + limits.budget_s
            this = _Pass(asked, limits, memory, Deadline(at_s, inner), fresh)
            confirmed = 0
            for verification in self._told(scenarios[: limits.top], this):
                yield verification
                confirmed += verification.verdict == "yes"
                if limits.stop_after is not None and confirmed >= limits.stop_after:
                    return

    def close(self) -> None:
        for scout in self._scouts:
            scout.close()

    def _told(self, scenarios: Sequence[Scenario], this: _Pass) -> Iterator[Verification]:
        cases: list[_Case] = []
        for scenario in scenarios:
            known = self._known(scenario, this)
            if isinstance(known, Verification):
                yield known if known.remembered else self._remembered(known, this)
            else:
                cases.append(known)
        if this.limits.order == "uncertain":
            cases.sort(key=lambda case: certainty(case.scenario, this.asked))
        for number, scout in enumerate(self._scouts):
            left = [case for case in cases if not case.told]
            if not left or this.deadline.cancelled:
                return
            last = number + 1 == len(self._scouts)
            yield from self._turn(scout, left, this, last=last)
        # Only a pass that was cancelled leaves a frame untold.

    def _known(self, scenario: Scenario, this: _Pass) -> Verification | _Case:
        """What can be said without asking anyone, or the case to ask about."""
        case = _Case(scenario, "")
        if not scenario.frame.cameras:
            return self._error(case, this, "no pictures: this frame was indexed without its cameras' pictures")
        case.key = self._key(scenario, this)
        known = this.memory.recall(case.key) if this.memory and not this.fresh else None
        return known or case

    def _turn(self, scout: Answerer, cases: Sequence[_Case], this: _Pass, *, last: bool) -> Iterator[Verification]:
        """One scout over the frames that still need one."""
        down = _Down(scout.name)
        cancel = this.deadline.cancel
        assert cancel is not None  # `verify` makes one
        workers = min(scout.concurrency, this.limits.concurrency or scout.concurrency, len(cases))
        self._enter(scout)
        try:
            work = as_finished(cases, lambda case: self._look(scout, case, this, down), workers, stop=cancel.set)
            with closing(work) as finished:
                for case, _ in finished:
                    if cancel.is_set:
                        return
                    verification = self._verdict(case, this)
                    wanted = not last and self._needs_another(case, verification, this)
                    if not wanted or this.deadline.passed:
                        if wanted and not case.faults:
                            verification = _cut_short(verification)
                        case.told = True
                        yield self._remembered(verification, this)
        finally:
            self._leave(scout)

    def _look(self, scout: Answerer, case: _Case, this: _Pass, down: "_Down") -> None:
        """One scout's look at one frame; what goes wrong is a fault of this frame's."""
        if this.deadline.passed:
            if this.deadline.cancelled:
                return
            case.faults.append(f"{scout.name}: not asked, since the budget of {this.limits.budget_s:g} s was used up")
            return
        if down.reason is not None:
            case.faults.append(f"{scout.name}: not asked, after {DOWN_AFTER} failures in a row: {down.reason}")
            return
        started = perf_counter()
        frame, grounding = case.scenario.frame, case.scenario.grounding
        try:
            testimony = scout.look(frame, grounding, this.asked.words, deadline=self._deadline(this))
        except ConfigError:
            raise
        except SemdriveError as error:
            down.note(error)
            case.faults.append(_fault(scout.name, error))
        else:
            down.note(None)
            case.testimonies.append(testimony)
        case.model_s += perf_counter() - started

    @staticmethod
    def _deadline(this: _Pass) -> Deadline:
        if this.limits.frame_s is None:
            return this.deadline
        at_s = monotonic() + this.limits.frame_s
        whole_s = this.deadline.at_s
        return Deadline(at_s if whole_s is None else min(at_s, whole_s), this.deadline.cancel)

    def _verdict(self, case: _Case, this: _Pass) -> Verification:
        if not case.testimonies:
            return self._error(case, this, "; ".join(case.faults))
        started = perf_counter()
        concluded = conclude(case.scenario, this.asked, case.testimonies, self._judge)
        return concluded.model_copy(
            update={
                "key": case.key,
                "models": self._models(case),
                "notes": (*concluded.notes, *case.faults),
                "complete": not case.faults,
                "model_s": case.model_s,
                "latency_s": case.model_s + perf_counter() - started,
            }
        )

    @staticmethod
    def _error(case: _Case, this: _Pass, reason: str) -> Verification:
        latency_s = case.model_s or None
        return Verification(
            token=case.scenario.frame.token,
            question=this.asked.question,
            verdict="error",
            error=reason,
            key=case.key,
            model_s=case.model_s,
            latency_s=latency_s,
        )

    def _needs_another(self, case: _Case, so_far: Verification, this: _Pass) -> bool:
        if this.limits.every_scout or so_far.verdict in ("error", "unsure"):
            return True
        said = index_says(case.scenario, this.asked)
        return said not in ("unsure", so_far.verdict)

    @staticmethod
    def _remembered(verification: Verification, this: _Pass) -> Verification:
        """Kept before it is told, errors too."""
        return verification if this.memory is None else this.memory.append_verification(verification)

    def _models(self, case: _Case) -> dict[str, str]:
        spoken = {testimony.report.scout for testimony in case.testimonies}
        scouts = {scout.name: scout.asking_fingerprint for scout in self._scouts if scout.name in spoken}
        return {**scouts, "judge": f"{self._judge.name}:{self._judge.fingerprint}:{pooling.FINGERPRINT}"}

    def _key(self, scenario: Scenario, this: _Pass) -> str:
        """Everything that decides the answer: frame and pictures, grounding, question, scouts, judge, policy.

        Of what is stored only what the filter asks of the index itself, as beliefs: other facts decide only whether a
        second scout is asked.
        """
        grounding_key = digest(scenario.grounding.model_dump(mode="json"))
        scouts = [
            (scout.name, scout.asking_fingerprint, _inputs(scout, scenario, grounding_key)) for scout in self._scouts
        ]
        judge = (self._judge.fingerprint, pooling.FINGERPRINT, FINGERPRINT)
        words, clauses = " ".join(this.asked.words.casefold().split()), this.asked.filter
        question = (words, format_filter(clauses) if clauses else "", index_values(clauses, scenario))
        return digest("verify", scenario.frame.token, question, scouts, judge, this.limits.every_scout)

    def _enter(self, scout: Answerer) -> None:
        with self._lock:
            self._passes[scout.name] += 1

    def _leave(self, scout: Answerer) -> None:
        alone = len(self._scouts) == 1
        with self._lock:  # held while it closes: another pass must not enter in between
            self._passes[scout.name] -= 1
            if not self._passes[scout.name] and not alone and not self._keep_open:
                scout.close()


@dataclass
class _Down:
    """Notes when a scout's model cannot be reached several times in a row: waiting for it again would not help."""

    scout: str
    in_a_row: int = 0
    reason: ModelUnavailable | None = None

    def note(self, error: SemdriveError | None) -> None:
        if not isinstance(error, ModelUnavailable):
            self.in_a_row = 0
            return
        self.in_a_row += 1
        if self.in_a_row >= DOWN_AFTER:
            self.reason = error


def _cut_short(verification: Verification) -> Verification:
    notes = (*verification.notes, OUT_OF_TIME)
    return verification.model_copy(update={"complete": False, "notes": notes})


def _fault(scout: str, error: SemdriveError) -> str:
    message = str(error)
    return message if repr(scout) in message else f"{scout}: {message}"


def _inputs(scout: Answerer, scenario: Scenario, grounding_key: str) -> list[str]:
    """What the scout would read; where it cannot, that is told when it is asked."""
    try:
        return list(scout.inputs(scenario.frame, grounding_key))
    except SemdriveError as error:
        return [str(error)]
