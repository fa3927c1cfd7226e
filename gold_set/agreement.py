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
