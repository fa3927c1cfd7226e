"""Numbers about tags and risk, with frames weighted. None: not measurable on this data, which is not zero.

Arrays: `truth` (n,) of 0 and 1, `scores` (n,), `weights` (n,) or, for a bootstrap, (b, n).
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.stats import spearmanr

from gold_set.evidence import Floats


def average_precision(truth: Floats, scores: Floats, weights: Floats | None = None) -> float | None:
    """Σ (R_k - R_(k-1)) · P_k over the distinct scores from the highest down, so tied frames count as one step.
    None without a positive, or where every frame has one score: then nothing was ranked."""
    if not truth.any() or len(np.unique(scores)) < 2:
        return None
    drawn = np.ones((1, len(truth))) if weights is None else np.atleast_2d(weights)
    return float(average_precisions(truth, scores, drawn)[0])


def average_precisions(truth: Floats, scores: Floats, weights: Floats) -> Floats:
    """(b,) one for each row of `weights` (b, n); NaN where a row holds no positive."""
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    true = np.cumsum(weights[:, order] * truth[order], axis=1)[:, ends]
    said = np.cumsum(weights[:, order], axis=1)[:, ends]
    precision = np.divide(true, said, out=np.zeros_like(true), where=said > 0)
    steps = np.diff(true, axis=1, prepend=0.0)
    total = true[:, -1]
    found: Floats = np.divide((steps * precision).sum(axis=1), total, out=np.full(len(total), np.nan), where=total > 0)
    return found


def precision_at(truth: Floats, scores: Floats, k: int) -> float | None:
    """The expected share of true frames among the first k, tied frames in random order. None with fewer than k."""
    if len(truth) < k:
        return None
    edge = np.sort(scores)[::-1][k - 1]
    above, tied = scores > edge, scores == edge
    share = (k - above.sum()) / tied.sum()
    return float((truth[above].sum() + share * truth[tied].sum()) / k)


def precision_at_recall(truth: Floats, scores: Floats, recall: float) -> float | None:
    """The best precision at this recall or a higher one. None without a positive."""
    if not truth.any():
        return None
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    true = np.cumsum(truth[order])[ends]
    reached = true / truth.sum() >= recall - 1e-12
    return float((true / (ends + 1))[reached].max())


def spearman(truth: Floats, said: Floats) -> float | None:
    """Rank correlation; None where either side is constant."""
    if len(truth) < 2 or len(np.unique(truth)) < 2 or len(np.unique(said)) < 2:
        return None
    return float(spearmanr(truth, said).statistic)


def bootstrap_weights(count: int, frames: int, seed: int) -> Floats:
    """(count, frames): how often each frame was drawn, in each of `count` draws of as many frames with replacement."""
    drawn: npt.NDArray[np.int64] = np.random.default_rng(seed).multinomial(
        frames, np.full(frames, 1 / frames), size=count
    )
    return drawn.astype(np.float64)


def interval(values: Sequence[float] | Floats) -> tuple[float, float] | None:
    """The middle 95 % of bootstrap values; None where there are none."""
    given = np.asarray(values, dtype=float)
    kept = given[~np.isnan(given)]
    return (float(np.quantile(kept, 0.025)), float(np.quantile(kept, 0.975))) if len(kept) else None
