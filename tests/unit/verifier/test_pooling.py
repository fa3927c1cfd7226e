"""Several answers weighed into one, sceptically."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenario.answers import Answer, Evidence, Testimony
from scenario.records import Detection, DetectionReview, Facts, Grounding, ScoutReport
from verifier.judges.pooling import CERTAIN, NO_UP_TO, YES_FROM, pooled_answer

GROUNDING = Grounding(
    backend="t",
    fingerprint="t",
    cameras=("CAM_FRONT",),
    detections=(
        Detection(label="person", camera="CAM_FRONT", confidence=0.9),
        Detection(label="person", camera="CAM_FRONT", confidence=0.3),
    ),
)


def says(verdict, probability=None, *, scout="a", cites=(), seen=(), reviews=(), facts=None):
    evidence = (*(Evidence(seen="it", detection=d) for d in cites), *(Evidence(seen=text) for text in seen))
    reviewed = tuple(DetectionReview(detection=d, verdict=v) for d, v in reviews)
    report = ScoutReport(scout=scout, facts=facts or Facts(), reviews=reviewed)
    return Testimony(report=report, answer=Answer(verdict=verdict, probability=probability, evidence=evidence))


def pooled(*testimonies):
    return pooled_answer(testimonies, GROUNDING)


@pytest.mark.parametrize(
    ("verdicts", "verdict"),
    [
        ([], "unsure"),
        (["unsure"], "unsure"),
        (["yes"], "yes"),
        (["no"], "no"),
        (["yes", "yes", "no"], "yes"),
        (["no", "unsure", "unsure"], "no"),
        (["yes", "no"], "unsure"),
    ],
)
def test_answers_add_up(verdicts, verdict):
    assert pooled(*(says(one, seen=["it"]) if one == "yes" else says(one) for one in verdicts)).verdict == verdict


def test_a_guess_without_evidence_is_not_enough():
    assert pooled(says("yes", 0.6)).verdict == "unsure"
    assert pooled(says("yes", 0.95)).verdict == "yes"


def test_evidence_that_the_detector_is_sure_of_weighs_more_than_a_faint_one_and_that_more_than_none():
    sure, faint, seen, bare = (
        pooled(says("yes", 0.9, **cited)).probability
        for cited in ({"cites": [0]}, {"cites": [1]}, {"seen": ["a person"]}, {})
    )

    assert sure > faint == seen > bare > 0.5


def test_a_detection_that_another_scout_rejects_supports_nothing():
    alone = pooled(says("yes", 0.9, cites=[0])).probability
    doubted = pooled(says("yes", 0.9, cites=[0]), says("unsure", 0.5, scout="b", reviews=[(0, "rejected")])).probability
    backed = pooled(says("yes", 0.9, cites=[1]), says("unsure", 0.5, scout="b", reviews=[(1, "confirmed")])).probability

    assert doubted < alone
    assert backed == alone


def test_a_scout_whose_facts_contradict_each_other_counts_less():
    absurd = Facts(tags=("vru_hazard",), vru_status="none", ego_required_action="emergency_brake", risk=0)

    assert pooled(says("yes", 0.8, cites=[0], facts=absurd), says("no", 0.2, scout="b")).verdict == "no"


def test_a_cited_detection_that_does_not_exist_is_no_support():
    assert pooled(says("yes", 0.9, cites=[7])).probability == pooled(says("yes", 0.9, seen=["it"])).probability


def test_the_evidence_of_the_verdict_is_kept_under_its_scouts_name():
    decided = pooled(
        says("yes", seen=["a cone"]), says("no", 0.4, scout="b", seen=["nothing"]), says("yes", scout="c", cites=[0])
    )

    assert [(one.scout, one.seen) for one in decided.evidence] == [("a", "a cone"), ("c", "it")]
    torn = pooled(says("yes", seen=["a cone"]), says("no", scout="b", seen=["nothing"]))
    assert [one.scout for one in torn.evidence] == ["a", "b"]


@given(st.lists(st.tuples(st.sampled_from(["yes", "no", "unsure"]), st.none() | st.floats(0, 1)), max_size=4))
def test_the_verdict_follows_from_the_probability_whatever_the_order(said):
    answers = {pooled_answer(order, GROUNDING) for order in permutations([says(v, p) for v, p in said])}
    probabilities = {answer.probability for answer in answers}

    assert max(probabilities) - min(probabilities) < 1e-5
    for answer in answers:
        assert 1 - CERTAIN - 1e-6 <= answer.probability <= CERTAIN
        assert answer.verdict == (
            "yes" if answer.probability >= YES_FROM else "no" if answer.probability <= NO_UP_TO else "unsure"
        )
