"""One stage over all frames: find what the ledger has, make the rest, record each result as it finishes."""

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from time import monotonic, perf_counter
from typing import Protocol, TypeVar

from indexer.report import StageCount
from scenario.errors import ConfigError, ModelUnavailable, SemdriveError
from scenario.ledger import Failure, Ledger, Result, digest
from scenario.parallel import as_finished
from scenario.records import Frame

T = TypeVar("T")
FLUSH_EVERY_S = 1.0  # what a kill may cost of finished work
HALT_AFTER = 5  # failures of an unreachable model in a row, after which the frames to come are not tried


class Progress(Protocol):
    """Told what runs; shows it, or not."""

    def start(self, stage: str, total: int) -> None: ...

    def advance(self, count: int) -> None: ...


class Silent:
    def start(self, stage: str, total: int) -> None: ...

    def advance(self, count: int) -> None: ...


@dataclass(frozen=True)
class Task:
    """A result to have: its key, and the frame it is about. `error` says why it cannot even be begun."""

    key: str
    frame: Frame
    error: SemdriveError | None = None


Outcome = bytes | SemdriveError
Makes = Generator[tuple[Task, Outcome], None, None]  # in any order, each as soon as it is there
Make = Callable[[Sequence[Task]], Makes]


@dataclass
class StageRunner:
    """Runs stages against one ledger, within one run.

    `retry_failed` tries again what failed in an earlier run; otherwise that is skipped, and counted.
    """

    ledger: Ledger
    run: int
    batch_size: int
    progress: Progress = field(default_factory=Silent)
    dry_run: bool = False
    retry_failed: bool = True
    counts: dict[str, StageCount] = field(default_factory=dict)

    def stage(self, name: str, tasks: Iterable[Task], make: Make, total: int | None = None) -> dict[str, str]:
        """Token → key of every result that is there afterwards. In a dry run, all are taken to succeed.

        `tasks` may be drawn one by one, and are not kept; then `total` says how many to expect. After `HALT_AFTER`
        failures of an unreachable model in a row, the frames to come are left for another run.
        """
        started = perf_counter()
        self.progress.start(name, total if total is not None else len(tasks) if isinstance(tasks, Sequence) else 0)
        done: dict[str, str] = {}
        counted: Counter[str] = Counter()
        breaker = _Breaker()
        for batch in batches(tasks, self.batch_size):
            known = self.ledger.known(task.key for task in batch)
            given_up = self._given_up(name, [task.key for task in batch if task.key not in known])
            missing = [task for task in batch if task.key not in known and task.key not in given_up]
            self._advance(len(batch) - len(missing))
            made = {task.key for task in missing} if self.dry_run else self._make(name, missing, make, breaker, counted)
            done.update({task.frame.token: task.key for task in batch if task.key in known or task.key in made})
            counted.update(made=len(made), reused=len(known), skipped=len(given_up))
        if breaker.reason is not None:
            self._record_halt(name, breaker.reason, counted["halted"])
        self.counts[name] = StageCount(**counted, seconds=perf_counter() - started)
        return done

    def _advance(self, count: int) -> None:
        if count:
            self.progress.advance(count)

    def _given_up(self, name: str, keys: Sequence[str]) -> set[str]:
        """Those of `keys` that failed before; noted again, so that a run's failures are all that stand in its way."""
        failed = {} if self.retry_failed else self.ledger.failed(keys)
        if failed and not self.dry_run:
            self.ledger.record(self.run, name, [], failed.values())
        return set(failed)

    def _make(
        self, name: str, missing: Sequence[Task], make: Make, breaker: "_Breaker", counted: Counter[str]
    ) -> set[str]:
        """The keys of what was made of `missing`; failures are recorded and counted."""
        writer = _Writer(self.ledger, self.run, name, self.progress)
        ready = [task for task in missing if task.error is None]
        tried = 0
        with writer:
            for task in missing:
                if task.error is not None:
                    writer.add(task, task.error)
            if ready and breaker.reason is None:
                with closing(make(ready)) as outcomes:
                    for task, outcome in outcomes:
                        tried += 1
                        writer.add(task, outcome)
                        if breaker.trips(outcome):
                            break
        left = len(ready) - tried
        if left and breaker.reason is None:
            raise ValueError(f"stage {name!r} lost {left} of {len(ready)} frames")
        self._advance(left)
        counted.update(failed=writer.failed, halted=left)
        return writer.made

    def _record_halt(self, name: str, reason: ModelUnavailable, left: int) -> None:
        error = ModelUnavailable(f"{left:,} frames were not tried, after {HALT_AFTER} failures in a row: {reason}")
        failure = Failure.of(error, key=digest("halt", name, self.run), stage=name, token=None)
        self.ledger.record(self.run, name, [], [failure])


@dataclass
class _Breaker:
    """Trips when a model is unreachable several times in a row: asking it about a million frames would not help."""

    in_a_row: int = 0
    reason: ModelUnavailable | None = None

    def trips(self, outcome: Outcome) -> bool:
        unavailable = _unavailable(outcome)
        if unavailable is None:
            self.in_a_row = 0
            return False
        self.in_a_row += 1
        if self.in_a_row >= HALT_AFTER:
            self.reason = unavailable
        return self.reason is not None


def _unavailable(outcome: Outcome) -> ModelUnavailable | None:
    """That a model was unreachable, also where a judge says so in words of its own."""
    if isinstance(outcome, ModelUnavailable):
        return outcome
    cause = outcome.__cause__ if isinstance(outcome, SemdriveError) else None
    return cause if isinstance(cause, ModelUnavailable) else None


@dataclass
class _Writer:
    """Records outcomes as they come: when a second has passed since the last time, and whatever ends the stage."""

    ledger: Ledger
    run: int
    stage: str
    progress: Progress
    made: set[str] = field(default_factory=set)
    failed: int = 0
    _results: list[Result] = field(default_factory=list)
    _failures: list[Failure] = field(default_factory=list)
    _flushed: float = field(default_factory=monotonic)

    def add(self, task: Task, outcome: Outcome) -> None:
        if isinstance(outcome, bytes):
            self._results.append(Result(task.key, task.frame.token, outcome))
        else:
            self._failures.append(Failure.of(outcome, key=task.key, stage=self.stage, token=task.frame.token))
        if monotonic() - self._flushed >= FLUSH_EVERY_S:
            self.flush()

    def flush(self) -> None:
        results, failures = self._results, self._failures
        if results or failures:
            self.ledger.record(self.run, self.stage, results, failures)
            self._results, self._failures = [], []  # only now: Ctrl-C in between must not lose them
            self.progress.advance(len(results) + len(failures))
        self.made.update(result.key for result in results)
        self.failed += len(failures)
        self._flushed = monotonic()

    def __enter__(self) -> "_Writer":
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()  # also on Ctrl-C: what was made was paid for


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def attempt(task: Task, make: Callable[[Task], bytes]) -> Outcome:
    """What `make` gives, or the error a user may see that it raised.

    Bugs are not caught; nor is a `ConfigError`, which no other frame would escape.
    """
    try:
        return make(task)
    except ConfigError:
        raise
    except SemdriveError as error:
        return error


def attempt_each(tasks: Sequence[Task], make: Callable[[Task], bytes], workers: int = 1) -> Makes:
    """Each task with its outcome as it finishes; with `workers` above one, that many at once, from as many threads.

    Nothing waits for the calls under way: after Ctrl-C, closing the back end ends them.
    """
    yield from as_finished(tasks, lambda task: attempt(task, make), workers)
