"""Nested cross-validation over contiguous blocks: every number about a frame comes from a model that never saw it,
nor its neighbours; thresholds are chosen inside the folds."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gold_set.evidence import Evidence, Floats, Ints
from gold_set.fitting import DEFAULT_THRESHOLD, Labelled, fit_model
from scenario.vocabulary import Tag

FOLDS, INNER_FOLDS = 5, 4
THRESHOLDS = np.arange(0.1, 0.91, 0.02)


@dataclass(frozen=True)
class HeldOut:
    """For every labelled frame (m): beliefs (m, tags), what was said (m, tags), risk, and the fold it lay in.

    A frame of which nothing could be held out (no labels in the other folds) is not `answered`; a risk is NaN where the
    other folds state none.
    """

    probabilities: Floats
    said: Floats
    risk: Floats
    constant_risk: Floats  # the median of the training folds: the guess to beat
    folds: Ints
    answered: npt.NDArray[np.bool_]


def folds_of(evidence: Evidence, gold: Labelled, count: int, seed: int) -> Ints:
    """(m,) a fold a labelled frame; frames of one block share it. Blocks are dealt out in an order the seed decides."""
    blocks = gold.blocks
    names = list(dict.fromkeys(blocks))
    order = np.random.default_rng(seed).permutation(len(names))
    fold = {names[int(block)]: place % count for place, block in enumerate(order)}
    return np.array([fold[block] for block in blocks], dtype=np.int64)


def cross_validate(
    evidence: Evidence,
    gold: Labelled,
    *,
    seed: int = 0,
) -> HeldOut:
    folds = folds_of(evidence, gold, FOLDS, seed)
    fittable = gold.fittable()  # of the whole: a fold with nine of eleven positives is fitted as the whole would be
    fitted = np.array([tag in fittable for tag in Tag])
    size = (len(gold.rows), len(Tag))
    probabilities, said = np.zeros(size), np.zeros(size, dtype=bool)
    risk, constant = np.full(size[0], np.nan), np.full(size[0], np.nan)
    answered = np.zeros(size[0], dtype=bool)
    for fold in range(FOLDS):
        test = np.flatnonzero(folds == fold)
        train = gold.at(np.flatnonzero((folds != fold) & ~gold.near_cut))
        if not len(test) or not len(train.rows):
            continue
        model = fit_model(evidence, train, fitted=fittable)
        probabilities[test] = model.probabilities(evidence, gold.rows[test])
        answered[test] = True
        if np.isfinite(train.risk).any():
            risk[test] = model.risk(evidence, gold.rows[test])
            constant[test] = np.nanmedian(train.risk)
        threshold = _inner_threshold(evidence, train, seed + 1 + fold, fittable)
        said[test] = probabilities[test] >= np.where(fitted, threshold, DEFAULT_THRESHOLD)
    return HeldOut(probabilities, said, risk, constant, folds, answered)


def _inner_threshold(evidence: Evidence, train: Labelled, seed: int, fittable: frozenset[Tag]) -> float:
    """The one threshold, for all fitted tags, that gives held-out training frames the best micro-F1."""
    fitted = [place for place, tag in enumerate(Tag) if tag in fittable]
    if not fitted:
        return DEFAULT_THRESHOLD
    folds = folds_of(evidence, train, INNER_FOLDS, seed)
    probabilities = np.zeros((len(train.rows), len(fitted)))
    for fold in range(INNER_FOLDS):
        test = np.flatnonzero(folds == fold)
        rest = train.at(np.flatnonzero(folds != fold))
        if len(test) and len(rest.rows):
            model = fit_model(evidence, rest, fitted=fittable)
            probabilities[test] = model.probabilities(evidence, train.rows[test])[:, fitted]
    return best_threshold(probabilities, train.tags[:, fitted], train.weights)


def best_threshold(probabilities: Floats, truth: Floats, weights: Floats) -> float:
    """The middle of the longest row of thresholds whose micro-F1 is within .01 of the best: an edge is luck."""
    judged = ~np.isnan(truth)
    true = np.nan_to_num(truth) * weights[:, None]
    scores = []
    for threshold in THRESHOLDS:
        said = (probabilities >= threshold) & judged
        found = (said * weights[:, None]).sum() + true.sum()
        scores.append(2 * (said * true).sum() / found if found else 0.0)
    best = np.flatnonzero(np.array(scores) >= max(scores) - 0.01)
    rows = np.split(best, np.flatnonzero(np.diff(best) > 1) + 1)
    return float(np.median(THRESHOLDS[max(rows, key=len)]))
