"""How far two annotators, or two scouts, agree beyond chance."""

from collections import Counter
from collections.abc import Sequence


def cohen_kappa(first: Sequence[object], second: Sequence[object]) -> float | None:
    """Cohen's kappa (1960): (p_o - p_e) / (1 - p_e). None where it is undefined: nothing judged, or both always said
    the same one thing, so that chance alone explains their agreement."""
    if len(first) != len(second):
        raise ValueError(f"{len(first)} judgements beside {len(second)}; they are about the same frames, in one order")
    count = len(first)
    if not count:
        return None
    observed = sum(a == b for a, b in zip(first, second, strict=True)) / count
    ones, others = Counter(first), Counter(second)
    expected = sum(ones[value] * others[value] for value in ones) / count**2
    return None if expected == 1 else (observed - expected) / (1 - expected)


def weighted_kappa(first: Sequence[int], second: Sequence[int]) -> float | None:
    """Cohen's kappa with quadratic weights (1968): a difference counts by its square. None as for `cohen_kappa`."""
    if len(first) != len(second):
        raise ValueError(f"{len(first)} judgements beside {len(second)}; they are about the same frames, in one order")
    count = len(first)
    expected = sum((a - b) ** 2 for a in first for b in second) / count if count else 0
    observed = sum((a - b) ** 2 for a, b in zip(first, second, strict=True))
    return 1 - observed / expected if expected else None
