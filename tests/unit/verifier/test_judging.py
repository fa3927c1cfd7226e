from collections import deque

import pytest

from fakes import ScriptedJudge
from samples import looked, said
from scenario.records import Facts
from verifier.judging import decide, scout_agreement

CONSTRUCTION = Facts(tags=("construction",))
DEBRIS = Facts(tags=("fod_debris",))


def test_the_candidate_with_the_highest_reward_is_chosen():
    verdict = decide(ScriptedJudge(deque([[DEBRIS, CONSTRUCTION]])), looked("jersey barrier"), said(DEBRIS))

    assert verdict.facts == CONSTRUCTION
    assert verdict.reward.total == 2
    assert [candidate.reward.total for candidate in verdict.candidates] == [-2, 2]


def test_the_first_candidate_is_chosen_on_a_tie():
    verdict = decide(ScriptedJudge(deque([[DEBRIS, Facts(tags=("vru_hazard",))]])), looked("car"), said(DEBRIS))

    assert verdict.facts == DEBRIS


def test_a_verdict_names_its_judge():
    assert decide(ScriptedJudge(), looked(), said(DEBRIS)).judge == "scripted"


def test_one_scout_agrees_with_nobody():
    assert scout_agreement(said(DEBRIS)) is None


def test_agreement_is_the_mean_over_all_pairs_of_scouts():
    alike, other = Facts(weather="fog"), Facts(weather="rain")

    assert scout_agreement(said(alike, alike)) == 1
    assert scout_agreement(said(alike, alike, other)) == pytest.approx((1 + 2 / 3 + 2 / 3) / 3)
