"""How good a ranking with ties is: expected values over every order of the tied frames, in closed form.

Relevance is binary. A ranking is groups of tied frames, best first; frames that were not retrieved are its last group,
so every frame has a place. Formulas after McSherry and Najork, "Computing information retrieval performance measures
efficiently in the presence of tied scores", ECIR 2008. N frames and R relevant ones stand before a group of n frames
of which r are relevant.
"""

from collections.abc import Iterator, Sequence
from math import comb

import numpy as np
import numpy.typing as npt

from scenario.records import Record

DEPTH = 10  # of nDCG
FIRST = 5  # of precision, or all that are relevant where they are fewer
NOT_RETRIEVED = np.inf

Floats = npt.NDArray[np.float64]
Group = tuple[int, int]  # frames that share a place, and how many of them are relevant
METRICS = ("ndcg", "ap", "precision", "r_precision", "mrr")


class RankingScore(Record):
    """Expected nDCG@10, average precision, precision at min(5, R), precision at R, and reciprocal rank; each 0 to 1."""

    ndcg: float
    ap: float
    precision: float
    r_precision: float
    mrr: float


def score_ranking(badness: Floats, relevant: npt.NDArray[np.bool_]) -> RankingScore:
    """Scores frames (n,) by ascending badness: a rank, a distance, or `NOT_RETRIEVED`; equal values are ties.

    Raises `ValueError` without a relevant frame: nothing can be measured there, and 0 would be a claim.
    """
    if not relevant.any():
        raise ValueError("no frame is relevant; leave the query out")
    groups = groups_of(badness, relevant)
    total = int(relevant.sum())
    return RankingScore(
        ndcg=expected_ndcg(groups, DEPTH),
        ap=expected_average_precision(groups),
        precision=expected_precision(groups, min(FIRST, total)),
        r_precision=expected_precision(groups, total),
        mrr=expected_reciprocal_rank(groups),
    )


def groups_of(badness: Floats, relevant: npt.NDArray[np.bool_]) -> list[Group]:
    """The tied groups, best first."""
    _, inverse = np.unique(badness, return_inverse=True)
    sizes, hits = np.bincount(inverse), np.bincount(inverse, weights=relevant)
    return [(int(size), int(hit)) for size, hit in zip(sizes, hits, strict=True)]


def expected_ndcg(groups: Sequence[Group], depth: int) -> float:
    """E[DCG] / ideal DCG: a place holds a relevant frame with probability r / n, at a discount of log2(1 + place).

    The ideal does not depend on the order, so the expectation of the quotient is the quotient of the expectation.
    """
    chances = _chances(groups)[:depth]
    ideal = sum(r for _, r in groups)
    discounts = 1 / np.log2(np.arange(2, depth + 2))
    return float(chances @ discounts[: len(chances)] / discounts[:ideal].sum())


def expected_precision(groups: Sequence[Group], depth: int) -> float:
    return float(_chances(groups)[:depth].sum() / depth)


def expected_average_precision(groups: Sequence[Group]) -> float:
    """(1 / all relevant) · Σ over places j of each group of (r/n) · (R + 1 + (j-1)(r-1)/(n-1)) / (N + j).

    Given that place j holds a relevant frame, each of the j-1 places before it holds one of the r-1 others among n-1.
    """
    total = 0.0
    for n, r, before, relevant_before in _with_before(groups):
        j = np.arange(1, n + 1)
        others = (j - 1) * ((r - 1) / (n - 1)) if n > 1 else np.zeros(1)
        total += float(np.sum(r / n * (relevant_before + 1 + others) / (before + j)))
    return total / sum(r for _, r in groups)


def expected_reciprocal_rank(groups: Sequence[Group]) -> float:
    """Of the first group with a relevant frame: Σ C(n-j, r-1) / C(n, r) / (N + j), the chance that j is its first."""
    n, r, before, _ = next(group for group in _with_before(groups) if group[1])
    return sum(comb(n - j, r - 1) / comb(n, r) / (before + j) for j in range(1, n - r + 2))


def _chances(groups: Sequence[Group]) -> Floats:
    """(n,) the probability that each place holds a relevant frame."""
    return np.repeat([r / n for n, r in groups], [n for n, _ in groups])


def _with_before(groups: Sequence[Group]) -> Iterator[tuple[int, int, int, int]]:
    before = relevant_before = 0
    for n, r in groups:
        yield n, r, before, relevant_before
        before, relevant_before = before + n, relevant_before + r
