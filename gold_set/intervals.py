"""95 % intervals of shares and ratios that stay honest where a stratum shows none of what is counted.

Nothing found among ten frames that stand for nineteen hundred is weak evidence, though its variance is zero. So each
stratum has Wilson's interval (1927), and those are added as squares of their arms: the method of variance estimates
recovery (Zou and Donner, 2008; Yan and Su, 2010, for strata).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Z95 = 1.959964


@dataclass(frozen=True)
class Interval:
    value: float
    low: float
    high: float


def wilson(share: float, count: float) -> tuple[float, float]:
    """Of a share among `count` independent frames; it always holds the share itself."""
    middle = (share + Z95**2 / (2 * count)) / (1 + Z95**2 / count)
    half = Z95 * float(np.sqrt(share * (1 - share) / count + Z95**2 / (4 * count**2))) / (1 + Z95**2 / count)
    return min(share, max(0.0, middle - half)), max(share, min(1.0, middle + half))


def total_interval(chances: Floats, strata: Sequence[str], holds: Floats, variances: dict[str, float]) -> Interval:
    """Of Σ y / π, y being 0 or 1, with the design's variance of each stratum's total; strata known whole are certain.

    All arrays are (m,), over labelled frames.
    """
    value = down = up = 0.0
    for stratum in dict.fromkeys(strata):
        here = np.array([name == stratum for name in strata])
        weights, y = 1 / chances[here], holds[here]
        total, whole = float(weights @ y), float(weights.sum())
        value += total
        if (weights <= 1 + 1e-12).all():
            continue
        low, high = wilson(total / whole, effective_count(weights, total / whole, variances[stratum]))
        down, up = down + (total - whole * low) ** 2, up + (whole * high - total) ** 2
    return Interval(value, max(0.0, value - float(np.sqrt(down))), value + float(np.sqrt(up)))


def effective_count(weights: Floats, share: float, variance: float) -> float:
    """How many frames of a simple sample tell as much (Korn and Graubard, 1998): by the design's variance of the
    total; where that is zero by Kish's (1965) (Σ w)² / Σ w². At most the frames that there are."""
    if variance > 0 and 0 < share < 1:
        return min(float(len(weights)), share * (1 - share) * float(weights.sum()) ** 2 / variance)
    return float(weights.sum() ** 2 / (weights**2).sum())


def part_of_whole(part: Interval, rest: Interval) -> tuple[float, float]:
    """The interval of part / (part + rest), from those of both, taken as independent: low where the part is few and
    the rest many. Both move at once only as squares (Donner and Zou, 2012), here of each one's own effect."""
    middle = _share(part.value, rest.value)
    low = np.hypot(middle - _share(part.low, rest.value), middle - _share(part.value, rest.high))
    high = np.hypot(_share(part.high, rest.value) - middle, _share(part.value, rest.low) - middle)
    return max(0.0, middle - float(low)), min(1.0, middle + float(high))


def _share(part: float, rest: float) -> float:
    return part / (part + rest) if part + rest > 0 else 0.0
