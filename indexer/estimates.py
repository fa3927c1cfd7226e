"""How long what is left will take: by what earlier runs took, else by what the profile expects."""

from collections.abc import Iterator, Mapping

from indexer.report import Estimate, StageCount
from scenario.ledger import Ledger


def estimate(counts: Mapping[str, StageCount], ledger: Ledger, expected_s: Mapping[str, float]) -> Iterator[Estimate]:
    """For each stage that has something to do: its calls, and the seconds they take if that is known."""
    measured = _measured(ledger)
    for stage, count in counts.items():
        if not count.made:
            continue
        for source, known in (("earlier run", measured), ("profile", expected_s)):
            if stage in known:
                yield Estimate(stage=stage, calls=count.made, seconds=known[stage] * count.made, source=source)
                break
        else:
            yield Estimate(stage=stage, calls=count.made)


def _measured(ledger: Ledger) -> dict[str, float]:
    """Stage → seconds a call, from the latest finished run that made some results."""
    seconds: dict[str, float] = {}
    for run in ledger.runs():
        for stage, count in ((run["summary"] or {}).get("stages") or {}).items():
            if count["made"]:
                seconds[stage] = count["seconds"] / (count["made"] + count["failed"])
    return seconds
