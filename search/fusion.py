"""Reciprocal rank fusion. Pure: rankings in, one ranking out.

score(frame) = sum over the rankings that hold it of 1 / (60 + rank), ranks from 1 (Cormack, Clarke and Büttcher,
SIGIR 2009). Ties are broken by token, so pages are stable.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

K = 60
POOL = 1000  # frames that each retriever contributes, whatever the page size

Positions = npt.NDArray[np.int64]  # of frames in the corpus
Ranks = npt.NDArray[np.float64]  # from 1; tied frames may share a mean rank


@dataclass(frozen=True)
class Ranking:
    """Frames with their ranks, best first."""

    positions: Positions
    ranks: Ranks

    def __len__(self) -> int:
        return len(self.positions)


EMPTY = Ranking(np.zeros(0, dtype=np.int64), np.zeros(0))


def ordered(positions: Positions, badness: npt.NDArray[np.float64], token_rank: Positions) -> Ranking:
    """A ranking by ascending badness (a distance, a negated score), ties by token; each frame has a rank of its own."""
    order = np.lexsort((token_rank[positions], badness))
    return Ranking(positions[order], np.arange(1, len(positions) + 1, dtype=np.float64))


def tied(positions: Positions, scores: npt.NDArray[np.float64], token_rank: Positions, pool: int = POOL) -> Ranking:
    """A ranking by descending score in which equal scores share their mean rank.

    At least `pool` frames where there are as many; a tie that crosses the edge is taken whole, never cut.
    """
    if len(positions) == 0:
        return EMPTY
    order = np.lexsort((token_rank[positions], -scores))
    positions, scores = positions[order], scores[order]
    _, first, counts = np.unique(-scores, return_index=True, return_counts=True)
    ranks = np.repeat(first + (counts + 1) / 2, counts)
    if len(positions) > pool:
        size = int(np.searchsorted(-scores, -scores[pool - 1], side="right"))
        positions, ranks = positions[:size], ranks[:size]
    return Ranking(positions, ranks)


def fuse(rankings: Mapping[str, Ranking], token_rank: Positions) -> tuple[Positions, npt.NDArray[np.float64]]:
    """The union of the rankings, best first, and each frame's score."""
    held = [ranking for ranking in rankings.values() if len(ranking)]
    if not held:
        return EMPTY.positions, EMPTY.ranks
    positions, index = np.unique(np.concatenate([ranking.positions for ranking in held]), return_inverse=True)
    shares = np.concatenate([1.0 / (K + ranking.ranks) for ranking in held])
    scores = np.bincount(index, weights=shares, minlength=len(positions))
    # Sums of the same shares in another order may differ in the last bit; that is no difference in rank.
    order = np.lexsort((token_rank[positions], -np.round(scores, 12)))
    return positions[order].astype(np.int64), scores[order]
