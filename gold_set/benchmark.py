"""Methods against a gold set: per tag, together, in risk; and how sure each difference is."""

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np
from pydantic import Field

from gold_set.evidence import Floats
from gold_set.labels import GoldLine
from gold_set.methods import Method
from gold_set.metrics import (
    average_precision,
    average_precisions,
    bootstrap_weights,
    interval,
    precision_at,
    precision_at_recall,
    spearman,
)
from gold_set.score import Counts
from scenario.records import Record
from scenario.vocabulary import Tag

PUBLISHED_TAGS = (
    *(Tag.CONSTRUCTION, Tag.WEATHER_ADVERSE, Tag.VRU_HAZARD),
    *(Tag.FOD_DEBRIS, Tag.SPECIAL_VEHICLE, Tag.LANE_DIVERSION),
)
AT = (5, 10, 20)
DRAWS, POINT_DRAWS = 2000, 500


class TagResult(Record):
    """One method on one tag. A value that is None is not measurable: no positives, or nothing ranked."""

    tag: Tag
    judged: int
    positives: int
    counts: Counts | None = None
    ap: float | None = None
    precision_at: dict[int, float | None] = Field(default_factory=dict)

    @property
    def measurable(self) -> bool:
        return self.positives > 0


class MethodResult(Record):
    """`micro` is over the six published tags. Risk is scored where the method states one; `risk_unstated` counts the
    rest, and `risk_mae_zero` takes those as 0, as the publication did."""

    name: str
    samples: int
    notes: tuple[str, ...]
    tags: tuple[TagResult, ...]
    micro: Counts | None
    risk_mae: float | None
    risk_mae_zero: float | None
    risk_unstated: int
    risk_spearman: float | None


class Difference(Record):
    """`first` minus `second` on the frames both answer, with the middle 95 % of a paired bootstrap over frames."""

    metric: str
    first: str
    second: str
    value: float
    low: float
    high: float


class PointCheck(Record):
    """Our precision at the recall that a binary method reaches, beside that method's own precision."""

    tag: Tag
    ranked: str
    binary: str
    recall: float
    its_precision: float
    our_precision: float
    our_ap: float | None
    difference: tuple[float, float] | None  # ours less its: 95 % interval of a paired bootstrap over frames


class Benchmark(Record):
    gold: str
    frames: int
    missing: tuple[str, ...]
    methods: tuple[MethodResult, ...]
    differences: tuple[Difference, ...]
    points: tuple[PointCheck, ...]
    kappas: dict[str, dict[Tag, float | None]] = Field(default_factory=dict)
    seed: int
    notes: tuple[str, ...] = ()


def measure(method: Method, gold: Sequence[GoldLine]) -> MethodResult:
    answered = [line for line in gold if _answers(method, line.token)]
    results = tuple(_tag_result(method, tag, answered) for tag in Tag)
    counted = [result.counts for result in results if result.tag in PUBLISHED_TAGS and result.counts]
    truth, said, unstated = _risks(method, answered)
    has_risk = bool(method.risk)
    return MethodResult(
        name=method.name,
        samples=len(answered),
        notes=method.notes,
        tags=results,
        micro=sum(counted, Counts()) if method.said is not None else None,
        risk_mae=float(np.abs(truth - said).mean()) if len(truth) else None,
        risk_mae_zero=_with_zero(truth, said, unstated) if has_risk else None,
        risk_unstated=len(unstated) if has_risk else 0,
        risk_spearman=spearman(truth, said) if method.ranks_risk else None,
    )


def _answers(method: Method, token: str) -> bool:
    return token in (method.said if method.said is not None else method.risk)


def _risks(method: Method, answered: Sequence[GoldLine]) -> tuple[Floats, Floats, list[float]]:
    judged = [line for line in answered if line.risk is not None]
    stated = [(float(line.risk or 0), method.risk[line.token]) for line in judged if line.token in method.risk]
    unstated = [float(line.risk or 0) for line in judged if line.token not in method.risk]
    pairs = np.array(stated, dtype=float).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1], unstated


def _with_zero(truth: Floats, said: Floats, unstated: Sequence[float]) -> float | None:
    count = len(truth) + len(unstated)
    return float((np.abs(truth - said).sum() + sum(unstated)) / count) if count else None


def _tag_result(method: Method, tag: Tag, answered: Sequence[GoldLine]) -> TagResult:
    judged = [line for line in answered if line.tags is not None]
    truth = np.array([float(tag in (line.tags or ())) for line in judged])
    counts = None
    if method.said is not None:
        said = np.array([float(tag in method.said[line.token]) for line in judged])
        counts = Counts(
            tp=int((truth * said).sum()), fp=int(((1 - truth) * said).sum()), fn=int((truth * (1 - said)).sum())
        )
    ap, at = None, {}
    if tag in method.scores and truth.any():
        scores = np.array([method.scores[tag][line.token] for line in judged])
        ap = average_precision(truth, scores)
        at = {k: precision_at(truth, scores, k) for k in AT}
    return TagResult(tag=tag, judged=len(judged), positives=int(truth.sum()), counts=counts, ap=ap, precision_at=at)


def point_checks(ranked: Method, binary: Sequence[Method], gold: Sequence[GoldLine], seed: int) -> list[PointCheck]:
    """The ranking's precision where it reaches each binary method's recall, on the frames that both answer."""
    checks = []
    for method in binary:
        shared = [line for line in gold if _answers(method, line.token) and line.token in (ranked.said or {})]
        for tag in Tag:
            counts = _tag_result(method, tag, shared).counts
            if counts is None or not counts.tp or counts.precision is None or counts.recall is None:
                continue
            judged = [line for line in shared if line.tags is not None]
            truth = np.array([float(tag in (line.tags or ())) for line in judged])
            scores = np.array([ranked.scores[tag][line.token] for line in judged])
            ours = precision_at_recall(truth, scores, counts.recall)
            if ours is not None:
                checks.append(
                    PointCheck(
                        tag=tag,
                        ranked=ranked.name,
                        binary=method.name,
                        recall=counts.recall,
                        its_precision=counts.precision,
                        our_precision=ours,
                        our_ap=average_precision(truth, scores),
                        difference=_point_interval(truth, scores, _said(method, tag, judged), seed),
                    )
                )
    return checks


def _said(method: Method, tag: Tag, judged: Sequence[GoldLine]) -> Floats:
    return np.array([float(tag in (method.said or {})[line.token]) for line in judged])


def _point_interval(truth: Floats, scores: Floats, said: Floats, seed: int) -> tuple[float, float] | None:
    """Of our precision at a binary method's recall less its own, both taken anew from each draw of the frames."""
    drawn = np.random.default_rng(seed).integers(0, len(truth), (POINT_DRAWS, len(truth)))
    found = []
    for rows in drawn:
        right, claimed, true = (truth[rows] * said[rows]).sum(), said[rows].sum(), truth[rows].sum()
        ours = precision_at_recall(truth[rows], scores[rows], right / true) if right else None
        if ours is not None:
            found.append(ours - right / claimed)
    return interval(found)


def differences(methods: Sequence[Method], gold: Sequence[GoldLine], seed: int) -> list[Difference]:
    """Every pair of methods: micro-F1, risk MAE, and the AP of each tag that both rank."""
    found = []
    for first, second in combinations(methods, 2):
        shared = [line for line in gold if _answers(first, line.token) and _answers(second, line.token)]
        if shared:
            drawn = bootstrap_weights(DRAWS, len(shared), seed)
            for metric, of in _metrics(first, second, shared):
                found.append(_difference(metric, first, second, of, drawn))
    return [difference for difference in found if difference is not None]


Statistic = Callable[[Method, Floats], Floats]


def _metrics(first: Method, second: Method, shared: Sequence[GoldLine]) -> list[tuple[str, Statistic]]:
    metrics: list[tuple[str, Statistic]] = []
    tagged = [k for k, line in enumerate(shared) if line.tags is not None]
    if first.said is not None and second.said is not None and tagged:
        metrics.append(("micro F1", lambda m, w: _f1s(m, [shared[k] for k in tagged], w[:, tagged])))
    risked = [
        k
        for k, line in enumerate(shared)
        if line.risk is not None and line.token in first.risk and line.token in second.risk
    ]
    if risked:
        metrics.append(("risk MAE", lambda m, w: _maes(m, [shared[k] for k in risked], w[:, risked])))
    for tag in Tag:
        if tag in first.scores and tag in second.scores and any(tag in (shared[k].tags or ()) for k in tagged):
            metrics.append((f"AP {tag}", _ap_of(tag, shared, tagged)))
    return metrics


def _ap_of(tag: Tag, shared: Sequence[GoldLine], tagged: Sequence[int]) -> Statistic:
    lines = [shared[k] for k in tagged]
    truth = np.array([float(tag in (line.tags or ())) for line in lines])

    def of(method: Method, weights: Floats) -> Floats:
        scores = np.array([method.scores[tag][line.token] for line in lines])
        return average_precisions(truth, scores, weights[:, tagged])

    return of


def _f1s(method: Method, lines: Sequence[GoldLine], weights: Floats) -> Floats:
    said = method.said or {}
    true = np.array([[float(tag in (line.tags or ())) for tag in PUBLISHED_TAGS] for line in lines])
    claimed = np.array([[float(tag in said[line.token]) for tag in PUBLISHED_TAGS] for line in lines])
    both, either = weights @ (true * claimed).sum(axis=1), weights @ (true + claimed).sum(axis=1)
    found: Floats = np.divide(2 * both, either, out=np.full(len(weights), np.nan), where=either > 0)
    return found


def _maes(method: Method, lines: Sequence[GoldLine], weights: Floats) -> Floats:
    errors = np.array([abs(method.risk[line.token] - float(line.risk or 0)) for line in lines])
    total = weights.sum(axis=1)
    found: Floats = np.divide(weights @ errors, total, out=np.full(len(weights), np.nan), where=total > 0)
    return found


def _difference(metric: str, first: Method, second: Method, of: Statistic, drawn: Floats) -> Difference | None:
    once = np.ones((1, drawn.shape[1]))
    value = float((of(first, once) - of(second, once))[0])
    between = interval(of(first, drawn) - of(second, drawn))
    if between is None or np.isnan(value):
        return None
    return Difference(metric=metric, first=first.name, second=second.name, value=value, low=between[0], high=between[1])
