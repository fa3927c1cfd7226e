"""An answer on its way out: its frames by rank, in batches, so that a million of them fit in memory."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Literal

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

TOKENS_AT_ONCE = 16_384
HITS_AT_ONCE = 1024
SCENARIOS_AT_ONCE = 64  # a scenario as records takes twenty times the memory of its row
Reads = Literal["tokens", "hits", "scenarios"]  # what a format needs of each frame; each holds the one before


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


@dataclass(frozen=True)
class Batch:
    """Frames that are read together, by rank: their tokens and, where a format needs them, hits and scenarios."""

    tokens: Sequence[str]
    hits: Sequence[Hit] | None = None
    scenarios: Sequence[Scenario] | None = None

    def __len__(self) -> int:
        return len(self.tokens)

    def __iter__(self) -> Iterator[Exported]:
        if self.hits is None:
            raise TypeError("this format reads hits, and was given tokens alone")
        known: Iterable[Scenario | None] = repeat(None) if self.scenarios is None else self.scenarios
        return map(Exported, self.hits, known)


Batches = Iterable[Batch]


@dataclass(frozen=True)
class ExportRows:
    """The frames to export, as places in an answer; they are read when they are asked for."""

    places: Positions
    tokens_at: Callable[[Positions], Sequence[str]]
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

        def tokens_at(chosen: Positions) -> Sequence[str]:
            return corpus.tokens(answered.order[chosen])

        return cls(places[:limit], tokens_at, hits_at, scenarios_at)

    def __len__(self) -> int:
        return len(self.places)

    def batches(self, reads: Reads = "hits") -> Iterator[Batch]:
        """The frames by rank, so many at once as fit. Tokens alone are in memory, so no row is read for them;
        scenarios need the ledger (`NoLedger`)."""
        size = {"tokens": TOKENS_AT_ONCE, "hits": HITS_AT_ONCE, "scenarios": SCENARIOS_AT_ONCE}[reads]
        for start in range(0, len(self.places), size):
            places = self.places[start : start + size]
            chosen = places.tolist()
            yield Batch(
                self.tokens_at(places),
                None if reads == "tokens" else self.hits_at(chosen),
                self.scenarios_at(chosen) if reads == "scenarios" else None,
            )


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
