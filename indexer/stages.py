"""One stage over all frames: find what the ledger has, make the rest batch by batch, record it as it finishes."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from time import perf_counter
from typing import Protocol, TypeVar

from indexer.report import StageCount
from scenario.errors import SemdriveError
from scenario.ledger import Failure, Ledger, Result
from scenario.records import Frame

T = TypeVar("T")


class Progress(Protocol):
    """Told what runs; shows it, or not."""

    def start(self, stage: str, total: int) -> None: ...

    def advance(self, count: int) -> None: ...


class Silent:
    def start(self, stage: str, total: int) -> None: ...

    def advance(self, count: int) -> None: ...


@dataclass(frozen=True)
class Task:
    """A result to have: its key, and the frame it is about."""

    key: str
    frame: Frame


Outcome = bytes | SemdriveError
Make = Callable[[Sequence[Task]], Sequence[Outcome]]


@dataclass
class StageRunner:
    """Runs stages against one ledger, within one run."""

    ledger: Ledger
    run: int
    batch_size: int
    progress: Progress = field(default_factory=Silent)
    dry_run: bool = False
    counts: dict[str, StageCount] = field(default_factory=dict)

    def stage(self, name: str, tasks: Sequence[Task], make: Make) -> dict[str, str]:
        """Token → key of every result that is there afterwards. In a dry run, all are taken to succeed."""
        started = perf_counter()
        self.progress.start(name, len(tasks))
        done: dict[str, str] = {}
        counted: Counter[str] = Counter()
        for batch in batches(tasks, self.batch_size):
            known = self.ledger.known(task.key for task in batch)
            missing = [task for task in batch if task.key not in known]
            lost = set() if self.dry_run else {failure.key for failure in self._make(name, missing, make)}
            done.update({task.frame.token: task.key for task in batch if task.key not in lost})
            counted.update(made=len(missing) - len(lost), failed=len(lost), reused=len(batch) - len(missing))
            self.progress.advance(len(batch))
        self.counts[name] = StageCount(**counted, seconds=perf_counter() - started)
        return done

    def _make(self, name: str, missing: Sequence[Task], make: Make) -> list[Failure]:
        if not missing:
            return []
        results, failures = [], []
        for task, outcome in zip(missing, make(missing), strict=True):
            if isinstance(outcome, bytes):
                results.append(Result(task.key, task.frame.token, outcome))
            else:
                failures.append(Failure.of(outcome, key=task.key, stage=name, token=task.frame.token))
        self.ledger.record(self.run, name, results, failures)
        return failures


def batches(items: Sequence[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def attempt_each(items: Iterable[T], make: Callable[[T], bytes]) -> list[Outcome]:
    """For each item what `make` gives, or the error a user may see that it raised. Bugs are not caught."""
    outcomes: list[Outcome] = []
    for item in items:
        try:
            outcomes.append(make(item))
        except SemdriveError as error:
            outcomes.append(error)
    return outcomes
