"""An answer on its way out: its frames by rank, in batches, so that a million of them fit in memory."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scenario.assembly import load_scenarios
from scenario.errors import ConfigError, UnknownToken
from scenario.ledger import Ledger
from scenario.records import Scenario
from scenario.workspace import Workspace
from search.corpus import Corpus
from search.fusion import Positions
from search.results import Hit
from search.retrieval import Answered

HITS_AT_ONCE = 1024
SCENARIOS_AT_ONCE = 64  # a scenario as records takes twenty times the memory of its row


@dataclass(frozen=True)
class Exported:
    """One frame: its place in the answer and, where a format needs it, everything that is known about it."""

    hit: Hit
    scenario: Scenario | None = None

    @property
    def known(self) -> Scenario:
        """The scenario of a frame that was read with it."""
        if self.scenario is None:
            raise TypeError("this format reads scenarios, and was given rows without them")
        return self.scenario


Batches = Iterable[Sequence[Exported]]


@dataclass(frozen=True)
class ExportRows:
    """The frames to export, as places in an answer; they are read when they are asked for."""

    places: Positions
    hits_at: Callable[[Sequence[int]], Sequence[Hit]]
    scenarios_at: Callable[[Sequence[int]], Sequence[Scenario]]

    @classmethod
    def of(
        cls,
        corpus: Corpus,
        answered: Answered,
        hits_at: Callable[[Sequence[int]], Sequence[Hit]],
        workspace: Workspace,
        *,
        among: Positions | None,
        limit: int | None,
    ) -> "ExportRows":
        """An answer's frames: those `among` them, the first `limit`."""
        if limit is not None and limit < 1:
            raise ConfigError(f"an export needs limit >= 1, not {limit}; leave it out to export all")
        every = np.arange(len(answered.order))
        places = every if among is None else every[np.isin(answered.order, among)]

        def scenarios_at(chosen: Sequence[int]) -> Sequence[Scenario]:
            rows = rows_at(corpus, answered, chosen, ["scenario_key"])
            with Ledger(workspace.require_ledger("this export"), read_only=True) as ledger:
                return load_scenarios(ledger, [str(row["scenario_key"]) for row in rows])

        return cls(places[:limit], hits_at, scenarios_at)

    def __len__(self) -> int:
        return len(self.places)

    def batches(self, *, scenarios: bool = False) -> Iterator[list[Exported]]:
        """The frames by rank, so many at once as fit; with their scenarios, which needs the ledger (`NoLedger`)."""
        size = SCENARIOS_AT_ONCE if scenarios else HITS_AT_ONCE
        for start in range(0, len(self.places), size):
            chosen = self.places[start : start + size].tolist()
            known = self.scenarios_at(chosen) if scenarios else [None] * len(chosen)
            yield [Exported(*pair) for pair in zip(self.hits_at(chosen), known, strict=True)]


def rows_at(corpus: Corpus, answered: Answered, chosen: Sequence[int], columns: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of the index at places of an answer, in the order given."""
    return corpus.rows(answered.order[list(chosen)], columns)


def positions_of(corpus: Corpus, tokens: Sequence[str]) -> Positions:
    """Where frames stand in the corpus, each once, in the order given. Raises `UnknownToken`."""
    named = list(dict.fromkeys(tokens))
    places = corpus.places(named)
    missing = np.flatnonzero(places < 0)
    if len(missing):
        raise UnknownToken(named[missing[0]])
    return places
