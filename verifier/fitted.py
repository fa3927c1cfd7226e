"""Fitted beliefs: a small readable file of weights, and what it says about a frame.

For a tag, P = 1 / (1 + exp(-(intercept + Σ weight · feature))) over `verifier.evidence_features`. Everything that the
file does not cover (tags with too few positives, other fields) keeps its default belief.
"""

from collections.abc import Collection, Mapping, Sequence
from math import exp
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, model_validator

from scenario.errors import ConfigError, InputError, unknown
from scenario.ledger import digest
from scenario.records import Belief, Beliefs, Facts, Grounding, Record, ScoutReport, Verdict
from scenario.vocabulary import RISK_MAX, RISK_MIN, Tag
from verifier.beliefs import believe
from verifier.evidence_features import features_of, mean_risk, names_for

FINGERPRINT = "fitted-1"  # part of every fit's id: raise it when a formula here or a feature changes


class TagFit(Record):
    """The model of one tag. `intercept` None: too few positives, so the default belief stays; `note` says so."""

    tag: Tag
    positives: int
    intercept: float | None = None
    weights: dict[str, float] = Field(default_factory=dict)
    threshold: float = Field(ge=0, le=1)
    note: str | None = None


class RiskFit(Record):
    """Risk = intercept + Σ weight · feature, 0–10; 90 % of held-out errors lay between `low` and `high`."""

    intercept: float
    weights: dict[str, float]
    low: float
    high: float


def token_digest(token: str) -> str:
    return digest(token)[:10]


class FitProvenance(Record):
    gold: str
    gold_digest: str
    frames: int
    missing: int  # gold frames that the index lacks
    weighted: bool  # by inclusion probabilities
    regularisation: float
    prevalence: dict[str, float] = Field(default_factory=dict)
    seen: tuple[str, ...] = ()  # digests of the tokens it was fitted on
    notes: tuple[str, ...] = ()


class BeliefFit(Record):
    """What `semdrive gold fit` writes and `semdrive index --beliefs` reads."""

    format: Literal[1] = 1
    scouts: tuple[str, ...]
    tags: tuple[TagFit, ...]
    risk: RiskFit
    provenance: FitProvenance

    @model_validator(mode="after")
    def _is_whole(self) -> "BeliefFit":
        if sorted(fit.tag for fit in self.tags) != sorted(Tag):
            raise ValueError(f"tags are {', '.join(fit.tag for fit in self.tags)}; each tag stands in a fit once")
        for fit in self.tags:
            _known(f"tags: {fit.tag}", fit.weights, names_for(self.scouts))
        _known("risk", self.risk.weights, RISK_FEATURES)
        return self

    @property
    def id(self) -> str:
        """A hash of everything that decides what it says."""
        return digest(FINGERPRINT, self.model_dump(mode="json", exclude={"provenance"}))

    def of(self, tag: Tag) -> TagFit:
        return next(fit for fit in self.tags if fit.tag == tag)


def _known(where: str, weights: Mapping[str, float], names: Sequence[str]) -> None:
    for name in weights:
        if name not in names:
            raise ValueError(f"{where}: {unknown('feature', name, names)}")


def check_scouts(fit: BeliefFit, scouts: Collection[str]) -> None:
    """Raises `ConfigError` for a fit that knows none of these scouts: it would change nothing, in silence."""
    if not set(fit.scouts) & set(scouts):
        raise ConfigError(
            f"the fit {fit.id[:8]} is for scouts {', '.join(fit.scouts)}, and these are {', '.join(scouts)};"
            " fit beliefs to these: semdrive gold fit"
        )


def read_fit(path: Path) -> BeliefFit:
    """Raises `InputError`, naming the field that does not fit."""
    try:
        return BeliefFit.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the fit {str(path)!r}: {error}; make one with: semdrive gold fit") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise InputError(f"{path}: {where}: {first['msg']}; make a fit with: semdrive gold fit") from error


def believe_fitted(fit: BeliefFit, grounding: Grounding, reports: Sequence[ScoutReport]) -> Beliefs:
    """The default beliefs, with the tags and the risk that the fit covers in their place.

    A frame on which none of the fit's scouts reported keeps its defaults.
    """
    default = believe(grounding, reports)
    if not any(report.scout in fit.scouts for report in reports):
        return default
    probabilities = tag_probabilities(fit, default, grounding, reports)
    values = tuple(_moved(belief, probabilities) for belief in default.values)
    risk = fitted_risk(fit, probabilities, reports)
    return Beliefs(
        values=values,
        risk_mean=risk,
        risk_spread=default.risk_spread,
        risk_low=max(float(RISK_MIN), risk + fit.risk.low),
        risk_high=min(float(RISK_MAX), risk + fit.risk.high),
    )


def _moved(belief: Belief, probabilities: Mapping[Tag, float]) -> Belief:
    if belief.field != "tags":
        return belief
    return belief.model_copy(update={"probability": probabilities[Tag(belief.value)]})


def tag_probabilities(
    fit: BeliefFit, default: Beliefs, grounding: Grounding, reports: Sequence[ScoutReport]
) -> dict[Tag, float]:
    names, told = names_for(fit.scouts), features_of(grounding, reports, fit.scouts)
    found: dict[Tag, float] = {}
    for tag in Tag:
        model = fit.of(tag)
        if model.intercept is None:
            found[tag] = default.of("tags", tag).probability
            continue
        features = dict(zip(names, told[tag], strict=True))
        found[tag] = logistic(
            model.intercept + sum(weight * features.get(name, 0.0) for name, weight in model.weights.items())
        )
    return found


def logistic(logit: float) -> float:
    return 1 / (1 + exp(-logit)) if logit >= 0 else 1 - 1 / (1 + exp(logit))


RISK_FEATURES = ("scouts", "acts", "blocked", *(f"p:{tag}" for tag in Tag))


def risk_features(
    probabilities: Mapping[Tag, float], reports: Sequence[ScoutReport], scouts: Sequence[str]
) -> tuple[float, ...]:
    """In the order of `RISK_FEATURES`: the scouts' mean risk (0–10), the share of scouts that ask for an action, or
    state a blocker (0–1), and the belief in each tag (0–1)."""
    facts = [report.facts for report in reports if report.scout in scouts]
    count = max(1, len(facts))
    acts = sum(said.ego_required_action not in (None, "lane_keep") for said in facts) / count
    blocked = sum(said.blocking_factor not in (None, "none") for said in facts) / count
    return (mean_risk(facts), acts, blocked, *(probabilities[tag] for tag in Tag))


def fitted_risk(fit: BeliefFit, probabilities: Mapping[Tag, float], reports: Sequence[ScoutReport]) -> float:
    features = dict(zip(RISK_FEATURES, risk_features(probabilities, reports, fit.scouts), strict=True))
    value = fit.risk.intercept + sum(weight * features[name] for name, weight in fit.risk.weights.items())
    return max(0.0, min(float(RISK_MAX), value))


def retag(fit: BeliefFit, verdict: Verdict, beliefs: Beliefs) -> Verdict:
    """The verdict with the tags and the risk that the fit recommends; its note names the fit. Beliefs that the fit
    did not touch, since none of its scouts reported, leave the verdict as it is."""
    if beliefs.risk_low is None:
        return verdict
    tags = tuple(tag for tag in Tag if beliefs.of("tags", tag).probability >= fit.of(tag).threshold)
    risk = None if beliefs.risk_mean is None else int(beliefs.risk_mean + 0.5)
    candidates = tuple(
        candidate.model_copy(update={"facts": _with(candidate.facts, tags, risk)})
        if place == verdict.chosen
        else candidate
        for place, candidate in enumerate(verdict.candidates)
    )
    notes = (*verdict.notes, f"tags and risk by the fitted beliefs {fit.id}")
    return verdict.model_copy(update={"candidates": candidates, "notes": notes})


def _with(facts: Facts, tags: tuple[Tag, ...], risk: int | None) -> Facts:
    return facts.model_copy(update={"tags": tags, "risk": risk})
