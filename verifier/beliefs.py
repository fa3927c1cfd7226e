"""Beliefs: a probability for every value, before anything was fitted.

A vote share is smoothed (Jeffreys: half a vote for and against; for a field of K values, half a vote spread over
them) and then moved by the grounding: its odds are doubled where the detector supports the value and halved where
it looked and saw nothing of the kind. Scalar fields sum to one.
"""

from collections.abc import Sequence
from statistics import fmean, pstdev

from scenario.records import Belief, Beliefs, Grounding, ScoutReport
from scenario.vocabulary import SCALAR_FIELDS, SET_FIELDS, Field
from verifier.evidence import grounded

PRIOR_VOTES = 0.5
GROUNDING_ODDS = 2.0
FINGERPRINT = "beliefs-1"  # part of every belief's key: raise it when a formula here changes


def believe(grounding: Grounding, reports: Sequence[ScoutReport]) -> Beliefs:
    risks = [report.facts.risk for report in reports if report.facts.risk is not None]
    return Beliefs(
        values=(
            *(belief for field in SCALAR_FIELDS for belief in _scalar(field, grounding, reports)),
            *(belief for field in SET_FIELDS for belief in _set(field, grounding, reports)),
        ),
        risk_mean=fmean(risks) if risks else None,
        risk_spread=pstdev(risks) if len(risks) > 1 else None,
    )


def _set(field: Field, grounding: Grounding, reports: Sequence[ScoutReport]) -> list[Belief]:
    return [_member(field.name, value, grounding, reports) for value in field.values]


def _member(field: str, value: str, grounding: Grounding, reports: Sequence[ScoutReport]) -> Belief:
    voters = tuple(report.scout for report in reports if value in getattr(report.facts, field))
    support = grounded(field, value, grounding)
    votes_for = (len(voters) + PRIOR_VOTES) * _factor(support)
    votes_against = len(reports) - len(voters) + PRIOR_VOTES
    probability = votes_for / (votes_for + votes_against)
    return Belief(field=field, value=value, probability=probability, voters=voters, grounded=support)


def _scalar(field: Field, grounding: Grounding, reports: Sequence[ScoutReport]) -> list[Belief]:
    voters = {
        value: tuple(report.scout for report in reports if getattr(report.facts, field.name) == value)
        for value in field.values
    }
    support = {value: grounded(field.name, value, grounding) for value in field.values}
    prior = PRIOR_VOTES / len(field.values)
    weights = {value: (len(voters[value]) + prior) * _factor(support[value]) for value in field.values}
    total = sum(weights.values())
    return [
        Belief(
            field=field.name,
            value=value,
            probability=weights[value] / total,
            voters=voters[value],
            grounded=support[value],
        )
        for value in field.values
    ]


def _factor(support: bool | None) -> float:
    return {True: GROUNDING_ODDS, False: 1 / GROUNDING_ODDS, None: 1.0}[support]
