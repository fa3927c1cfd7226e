"""What an index run did: counted, so that nothing is dropped in silence."""

from collections import Counter
from collections.abc import Iterable

from scenario.ledger import Failure, Ledger
from scenario.records import Irregularity, Record, ScoutReport


class StageCount(Record):
    """How many results a stage made anew, found in the ledger, and failed to make; in how many seconds.

    `skipped` failed in an earlier run and was not tried again; `halted` was not tried, as the model was unreachable.
    """

    made: int = 0
    reused: int = 0
    failed: int = 0
    skipped: int = 0
    halted: int = 0
    seconds: float = 0.0


class Estimate(Record):
    """What a stage is still to do: how many calls, and how long they take by `source`; None where nothing is known."""

    stage: str
    calls: int
    seconds: float | None = None
    source: str | None = None  # "earlier run" or "profile"


class FieldIrregularities(Record):
    """Values of one field outside the vocabulary: dropped, or resolved to the one legal value; keys misspelt."""

    outside: int = 0
    resolved: int = 0
    key: int = 0
    examples: tuple[str, ...] = ()


class ScoutSummary(Record):
    scout: str
    reports: int
    absent: int  # frames its run has no line for
    irregular_frames: int
    fields: dict[str, FieldIrregularities]


class FailureView(Record):
    stage: str
    token: str | None
    error: str
    message: str


class OpenFailures(Record):
    """What failed and still stands: as the latest run found it or, where that came to no end, it and those before it
    back to one that did."""

    run: int | None
    finished: bool = True
    failures: tuple[FailureView, ...]


def failure_views(failures: Iterable[Failure]) -> tuple[FailureView, ...]:
    return tuple(
        FailureView(stage=failure.stage, token=failure.token, error=failure.error, message=failure.message)
        for failure in failures
    )


def open_failures(ledger: Ledger) -> OpenFailures:
    runs = ledger.runs()
    if not runs:
        return OpenFailures(run=None, failures=())
    latest = runs[-1]
    since = max((int(run["id"]) for run in runs if run["finished_at"]), default=0)
    return OpenFailures(
        run=int(latest["id"]),
        finished=latest["finished_at"] is not None,
        failures=failure_views(ledger.failures(since=since)),
    )


class RunSummary(Record):
    """The whole run. `built` is False when the index was up to date already, or in a dry run."""

    frames: int
    indexed: int
    dry_run: bool
    built: bool
    table_version: int | None
    dropped: int = 0  # frames that were in the index before, and are not part of this run
    stages: dict[str, StageCount]
    estimates: tuple[Estimate, ...] = ()  # of a dry run
    scouts: tuple[ScoutSummary, ...]
    failures: tuple[FailureView, ...]


EXAMPLES = 3


def summarise_scout(scout: str, reports: Iterable[ScoutReport], absent: int) -> ScoutSummary:
    found: dict[str, list[Irregularity]] = {}
    count = irregular = 0
    for report in reports:
        count += 1
        irregular += bool(report.irregularities)
        for irregularity in report.irregularities:
            found.setdefault(irregularity.field, []).append(irregularity)
    fields = {name: _count(found[name]) for name in sorted(found, key=lambda name: (-len(found[name]), name))}
    return ScoutSummary(scout=scout, reports=count, absent=absent, irregular_frames=irregular, fields=fields)


def _count(found: list[Irregularity]) -> FieldIrregularities:
    kinds = Counter(irregularity.kind for irregularity in found)
    common = Counter(irregularity.raw for irregularity in found).most_common(EXAMPLES)
    return FieldIrregularities(
        outside=kinds["outside"], resolved=kinds["resolved"], key=kinds["key"], examples=tuple(raw for raw, _ in common)
    )
