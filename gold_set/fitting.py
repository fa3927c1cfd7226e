"""Fitting beliefs to a gold set of a hundred frames: few parameters, drawn to a prior, monotone.

A tag's model is a logistic regression whose weights are at or above zero and drawn, by a normal prior of standard
deviation 1, to `PRIOR`: what one would believe before any label. So a tag with few positives stays near the prior, and
more evidence never lowers a belief. Risk is a robust ridge regression (a smoothed absolute error), drawn to a constant.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from gold_set.evidence import Evidence, Floats, Ints
from gold_set.labels import GoldLine
from scenario.errors import InputError
from scenario.vocabulary import RISK_MAX, Tag
from verifier.evidence_features import COUNT, DETECTED, LARGE, REWARD, RISK
from verifier.fitted import RISK_FEATURES, BeliefFit, FitProvenance, RiskFit, TagFit

MIN_POSITIVES = 10
REGULARISATION = 1.0
PRIOR = {"vote": 0.8, "implied": 1.0, DETECTED: 0.3, LARGE: 0.1, COUNT: 0.1, RISK: 0.3, REWARD: 0.1}
PRIOR_INTERCEPT, INTERCEPT_PULL = -3.0, 0.02
DEFAULT_THRESHOLD = 0.7  # of a tag that keeps its default belief: all of two scouts, not one and a detection
RISK_PULL = 8.0
RISK_SCALE = np.array([2.0, 0.5, 0.5, *([0.3] * len(Tag))])  # how far each feature of risk usually moves
SHIFTS = (1.0, 0.5, 0.25, 0.125)  # how much rarer a tag may be, in odds, where a fit is used than where it was made


@dataclass(frozen=True)
class Labelled:
    """Gold frames that the evidence holds: rows (m,), tags (m, tags) with NaN where not judged, risk, weights."""

    rows: Ints
    tags: Floats
    risk: Floats
    weights: Floats
    missing: tuple[str, ...]
    blocks: tuple[str, ...]  # (m,) what is held out together: a scene, or thirty rows of the source
    near_cut: npt.NDArray[np.bool_]  # (m,)

    def at(self, places: Ints) -> "Labelled":
        return Labelled(
            self.rows[places],
            self.tags[places],
            self.risk[places],
            self.weights[places],
            self.missing,
            tuple(self.blocks[place] for place in places),
            self.near_cut[places],
        )

    def positives(self, tag: Tag) -> int:
        return int(np.nansum(self.tags[:, [*Tag].index(tag)]))

    def fittable(self) -> frozenset[Tag]:
        """The tags with enough positives; the others keep their default belief."""
        return frozenset(tag for tag in Tag if self.positives(tag) >= MIN_POSITIVES)


def labelled(gold: Sequence[GoldLine], evidence: Evidence) -> Labelled:
    """Raises `InputError` for a gold file that gives inclusion probabilities for some of its frames only."""
    known = set(evidence.tokens)
    here = [line for line in gold if line.token in known]
    unweighted = [line.token for line in here if line.inclusion_probability is None]
    if 0 < len(unweighted) < len(here):
        raise InputError(
            f"{len(unweighted)} of {len(here)} gold frames have no inclusion_probability ({unweighted[0]} …);"
            " give it for all or for none"
        )
    rows = evidence.rows([line.token for line in here])
    weights = np.array([line.weight for line in here])
    return Labelled(
        rows=rows,
        tags=np.array([[np.nan if line.tags is None else float(tag in line.tags) for tag in Tag] for line in here]),
        risk=np.array([np.nan if line.risk is None else float(line.risk) for line in here]),
        weights=weights / weights.mean() if here else weights,
        missing=tuple(line.token for line in gold if line.token not in known),
        blocks=tuple(line.scene or evidence.blocks[row] for line, row in zip(here, rows, strict=True)),
        near_cut=np.array(
            [not line.scene and bool(evidence.near_cut[row]) for line, row in zip(here, rows, strict=True)], dtype=bool
        ),
    )


@dataclass(frozen=True)
class LogisticModel:
    intercept: float
    weights: Floats  # (d,)

    def probabilities(self, features: Floats) -> Floats:
        logits: Floats = features @ self.weights + self.intercept
        return _logistic(logits)


def prior_weights(names: Sequence[str]) -> Floats:
    """(d,) what each feature's weight is drawn to; the prior of votes is shared among the scouts that vote."""
    scouts = max(1, sum(name.startswith("vote:") for name in names))
    kinds = [name.partition(":")[0] for name in names]
    return np.array([PRIOR[kind] / (scouts if kind in ("vote", "implied") else 1) for kind in kinds])


def fit_tag(features: Floats, truth: Floats, weights: Floats, prior: Floats, free: Floats) -> LogisticModel:
    """The posterior mode of intercept and weights; `free` (d,) is 0 for a feature that says nothing of this tag."""
    width = features.shape[1]

    def loss(parameters: Floats) -> tuple[float, Floats]:
        intercept, slopes = parameters[0], parameters[1:]
        logits = features @ slopes + intercept
        apart, off = slopes - prior, intercept - PRIOR_INTERCEPT
        value = weights @ (np.logaddexp(0, logits) - truth * logits)
        value += 0.5 * REGULARISATION * apart @ apart + 0.5 * INTERCEPT_PULL * off * off
        residual = weights * (_logistic(logits) - truth)
        gradient = np.concatenate(
            [[residual.sum() + INTERCEPT_PULL * off], features.T @ residual + REGULARISATION * apart]
        )
        return float(value), gradient

    bounds = [(None, None), *((0.0, None if free[k] else 0.0) for k in range(width))]
    start = np.concatenate([[PRIOR_INTERCEPT], prior])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return LogisticModel(float(found.x[0]), np.asarray(found.x[1:]))


@dataclass(frozen=True)
class Model:
    """A fit in numbers: a model a tag (None: the default belief), and risk."""

    tags: dict[Tag, LogisticModel | None]
    risk_intercept: float
    risk_weights: Floats

    def probabilities(self, evidence: Evidence, rows: Ints) -> Floats:
        """(m, tags)"""
        columns = [
            evidence.defaults[rows, place] if model is None else model.probabilities(evidence.features[tag][rows])
            for place, (tag, model) in enumerate(self.tags.items())
        ]
        return np.stack(columns, axis=1)

    def risk(self, evidence: Evidence, rows: Ints) -> Floats:
        """(m,) 0–10"""
        features = np.concatenate([evidence.risk_base[rows], self.probabilities(evidence, rows)], axis=1)
        found: Floats = np.clip(features @ self.risk_weights + self.risk_intercept, 0, RISK_MAX)
        return found


def fit_model(
    evidence: Evidence,
    gold: Labelled,
    *,
    fitted: frozenset[Tag] | None = None,
) -> Model:
    """`fitted`: the tags to fit, where a part of a gold set stands for the whole; by default those with enough
    positives."""
    fitted = gold.fittable() if fitted is None else fitted
    prior = prior_weights(evidence.names)
    tags: dict[Tag, LogisticModel | None] = {}
    for place, tag in enumerate(Tag):
        judged = ~np.isnan(gold.tags[:, place])
        if tag not in fitted:
            tags[tag] = None
            continue
        features = evidence.features[tag][gold.rows[judged]]
        told = evidence.features[tag].any(axis=0)  # no label speaks for the weather: such a feature has no weight
        weights = gold.weights[judged]
        tags[tag] = fit_tag(features, gold.tags[judged, place], weights, prior * told, told.astype(float))
    return with_risk(evidence, gold, tags)


def with_risk(evidence: Evidence, gold: Labelled, tags: dict[Tag, LogisticModel | None]) -> Model:
    """The model of these tags, with the risk fitted to their beliefs."""
    intercept, weights = _fit_risk(evidence, gold, Model(tags, 0.0, np.zeros(len(RISK_FEATURES))))
    return Model(tags, intercept, weights)


def _fit_risk(evidence: Evidence, gold: Labelled, model: Model) -> tuple[float, Floats]:
    judged = ~np.isnan(gold.risk)
    if not judged.any():
        return 0.0, np.array([1.0, *([0.0] * (len(RISK_FEATURES) - 1))])  # the scouts' mean
    rows, truth, weights = gold.rows[judged], gold.risk[judged], gold.weights[judged]
    features = np.concatenate([evidence.risk_base[rows], model.probabilities(evidence, rows)], axis=1)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        off = features @ parameters[1:] + parameters[0] - truth
        bend = np.sqrt(off * off + 0.25)
        scaled = parameters[1:] * RISK_SCALE
        value = weights @ bend + 0.5 * RISK_PULL * scaled @ scaled
        slope = weights * off / bend
        gradient = np.concatenate([[slope.sum()], features.T @ slope + RISK_PULL * scaled * RISK_SCALE])
        return float(value), gradient

    start = np.concatenate([[np.median(truth)], np.zeros(features.shape[1])])
    bounds = [(None, None)] + [(0.0, None)] * features.shape[1]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return float(found.x[0]), np.asarray(found.x[1:])


def _logistic(logits: Floats) -> Floats:
    return np.asarray(np.exp(-np.logaddexp(0, -logits)))


def transfer_threshold(probabilities: Floats, shifts: Sequence[float] = SHIFTS) -> float:
    """The threshold that holds best where tags may be up to eight times rarer than in the gold set.

    `probabilities` (frames, fitted tags) are those of the whole corpus. For each shift of the odds the expected
    micro-F1 of every threshold is computed from the shifted probabilities; the threshold with the smallest worst loss
    against the best one is taken. A gold set that people picked says more of what it holds than of how often it occurs.
    """
    flat = probabilities.ravel()
    thresholds = np.arange(0.05, 0.96, 0.01)
    losses = np.zeros_like(thresholds)
    for shift in shifts:
        odds = shift * flat / np.maximum(1 - flat, 1e-12)
        true = odds / (1 + odds)
        expected = np.array([_expected_f1(true, flat >= threshold) for threshold in thresholds])
        losses = np.maximum(losses, 1 - expected / max(expected.max(), 1e-12))
    return float(round(thresholds[int(np.argmin(losses))], 2))


def _expected_f1(probabilities: Floats, said: Floats) -> float:
    """2 Σ p over those said / (number said + Σ p): the plug-in for F1 where p are the chances of being true."""
    return float(2 * probabilities[said].sum() / max(said.sum() + probabilities.sum(), 1e-12))


def as_fit(
    evidence: Evidence,
    gold: Labelled,
    model: Model,
    thresholds: Mapping[Tag, float],
    interval: tuple[float, float],
    provenance: FitProvenance,
) -> BeliefFit:
    """The model as the readable file; numbers to four digits, which is far below what a hundred labels can tell."""
    tags = tuple(
        _tag_fit(tag, found, gold.positives(tag), thresholds.get(tag, DEFAULT_THRESHOLD), evidence.names)
        for tag, found in model.tags.items()
    )
    risk = RiskFit(
        intercept=round(model.risk_intercept, 4),
        weights={n: round(float(w), 4) for n, w in zip(RISK_FEATURES, model.risk_weights, strict=True) if w > 1e-4},
        low=round(interval[0], 2),
        high=round(interval[1], 2),
    )
    return BeliefFit(scouts=evidence.scouts, tags=tags, risk=risk, provenance=provenance)


def _tag_fit(tag: Tag, model: LogisticModel | None, positives: int, threshold: float, names: Sequence[str]) -> TagFit:
    if model is None:
        note = f"{positives} positives, fewer than {MIN_POSITIVES}: the default belief is kept"
        return TagFit(tag=tag, positives=positives, threshold=threshold, note=note)
    return TagFit(
        tag=tag,
        positives=positives,
        intercept=round(model.intercept, 4),
        weights={n: round(float(w), 4) for n, w in zip(names, model.weights, strict=True) if w > 1e-4},
        threshold=threshold,
    )
