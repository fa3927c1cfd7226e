"""Several answers to one question, weighed into one: deterministic, and a sceptic's.

An answer counts by its log-odds, times how well it is supported, times how much sense its scout's own facts make:

- a yes that cites a detection the detector is sure of, or that another scout confirmed, counts in full; one that cites
  no such detection, three quarters; one without any evidence, or whose detections other scouts reject, half. A no
  needs no evidence: there is nothing to point at.
- facts that earn less reward than the best testimony's are less credible: eight points less, half the weight.

The sum is a yes from probability 0.6 on and a no up to 0.4. Between them the scouts do not know, and no tie is broken:
a false alarm costs as much as a miss.
"""

from collections.abc import Sequence
from math import exp, log

from scenario.answers import Answer, Evidence, Said, Testimony
from scenario.records import Grounding, ReviewVerdict
from verifier.evidence import SURE
from verifier.reward import score

FINGERPRINT = "pooling-1"  # part of every verification's key: raise it when a weight changes
SAYS: dict[Said, float] = {"yes": 0.8, "unsure": 0.5, "no": 0.2}  # of an answer that gives no probability
YES_FROM, NO_UP_TO = 0.6, 0.4
SUPPORTED, SEEN_ONLY, UNSUPPORTED = 1.0, 0.75, 0.5
HALVED_BY_POINTS = 8.0
CERTAIN = 0.99  # no answer, and no sum of them, counts as more


def pooled_answer(testimonies: Sequence[Testimony], grounding: Grounding) -> Answer:
    """The answer that the testimonies come to; unsure where none of them answers."""
    heard = [(testimony, testimony.answer) for testimony in testimonies if testimony.answer]
    rewards = [score(testimony.report.facts, grounding).total for testimony, _ in heard]
    log_odds = sum(
        _support(testimony, answer, heard, grounding)
        * 2.0 ** ((reward - max(rewards)) / HALVED_BY_POINTS)
        * _log_odds(answer)
        for (testimony, answer), reward in zip(heard, rewards, strict=True)
    )
    probability = round(_bounded(1.0 / (1.0 + exp(-log_odds))), 6)
    verdict: Said = "yes" if probability >= YES_FROM else "no" if probability <= NO_UP_TO else "unsure"
    return Answer(verdict=verdict, probability=probability, evidence=_evidence(verdict, heard))


def _log_odds(answer: Answer) -> float:
    probability = _bounded(SAYS[answer.verdict] if answer.probability is None else answer.probability)
    return log(probability / (1.0 - probability))


def _bounded(probability: float) -> float:
    return min(max(probability, 1.0 - CERTAIN), CERTAIN)


def _support(
    testimony: Testimony, answer: Answer, heard: Sequence[tuple[Testimony, Answer]], grounding: Grounding
) -> float:
    if answer.verdict != "yes":
        return SUPPORTED
    if not answer.evidence:
        return UNSUPPORTED
    cited = {e.detection for e in answer.evidence if e.detection is not None}
    others = [review for other, _ in heard if other is not testimony for review in other.report.reviews]
    confirmed = {review.detection for review in others if review.verdict is ReviewVerdict.CONFIRMED}
    rejected = {review.detection for review in others if review.verdict is ReviewVerdict.REJECTED} - confirmed
    if cited and cited <= rejected:
        return UNSUPPORTED
    sure = {d for d in cited if d < len(grounding.detections) and (grounding.detections[d].confidence or 0.0) >= SURE}
    return SUPPORTED if (sure | (cited & confirmed)) - rejected else SEEN_ONLY


def _evidence(verdict: Said, heard: Sequence[tuple[Testimony, Answer]]) -> tuple[Evidence, ...]:
    """Of the answers that say what was decided, under the names of their scouts; undecided, of all."""
    return tuple(
        item.model_copy(update={"scout": testimony.report.scout})
        for testimony, answer in heard
        if verdict in (answer.verdict, "unsure")
        for item in answer.evidence
    )
