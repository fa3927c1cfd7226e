"""Scores of rankings with ties, against every order of the tied frames, scikit-learn, and hand-worked values."""

from itertools import pairwise, permutations
from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, ndcg_score

from gold_set.ranking import METRICS, NOT_RETRIEVED, groups_of, score_ranking

SMALL = [
    ([1, 1, 1], [1, 0, 0]),
    ([1, 2, 2, 2], [0, 1, 0, 1]),
    ([1, 1, 2, 2, 2], [1, 0, 0, 1, 1]),
    ([2, 1, 2, NOT_RETRIEVED, NOT_RETRIEVED, 1], [0, 0, 1, 1, 0, 0]),
    ([1, 1, 1, 1, 2, 2, 2], [1, 1, 1, 0, 1, 0, 1]),
    ([1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1]),
    ([NOT_RETRIEVED] * 5, [0, 1, 0, 0, 1]),
]


def scored(badness, relevant):
    return score_ranking(np.array(badness, dtype=float), np.array(relevant, dtype=bool))


def by_definition(order, depth=10):
    """The five scores of relevances in one order, in plain Python."""
    total = sum(order)
    places = [place for place, hit in enumerate(order, start=1) if hit]
    first = min(5, total)
    return {
        "ndcg": sum(1 / log2(p + 1) for p in places if p <= depth)
        / sum(1 / log2(p + 1) for p in range(1, min(total, depth) + 1)),
        "ap": sum(found / place for found, place in enumerate(places, start=1)) / total,
        "precision": sum(order[:first]) / first,
        "r_precision": sum(order[:total]) / total,
        "mrr": 1 / places[0],
    }


def by_enumeration(badness, relevant):
    """The mean over all orders of all frames that the badness allows."""
    allowed = [
        by_definition([relevant[i] for i in order])
        for order in permutations(range(len(badness)))
        if all(badness[a] <= badness[b] for a, b in pairwise(order))
    ]
    return {name: np.mean([each[name] for each in allowed]) for name in METRICS}


@pytest.mark.parametrize(("badness", "relevant"), SMALL)
def test_the_expectation_is_the_mean_over_every_order_of_the_tied(badness, relevant):
    expected, found = by_enumeration(badness, relevant), scored(badness, relevant)
    assert {name: getattr(found, name) for name in METRICS} == pytest.approx(expected)


RANKINGS = st.lists(st.tuples(st.integers(1, 8), st.booleans()), min_size=2, max_size=60).filter(
    lambda pairs: any(hit for _, hit in pairs)
)


@given(RANKINGS)
def test_ndcg_with_ties_is_that_of_scikit_learn(pairs):
    badness, relevant = zip(*pairs, strict=True)
    assert scored(badness, relevant).ndcg == pytest.approx(
        ndcg_score([relevant], [[-value for value in badness]], k=10, ignore_ties=False)
    )


@given(RANKINGS)
def test_average_precision_without_ties_is_that_of_scikit_learn(pairs):
    relevant = [hit for _, hit in pairs]
    badness = range(len(relevant))
    assert scored(badness, relevant).ap == pytest.approx(
        average_precision_score(relevant, [-value for value in badness])
    )


@given(RANKINGS)
def test_every_score_lies_between_nothing_and_perfect(pairs):
    badness, relevant = zip(*pairs, strict=True)
    found = scored(badness, relevant)
    assert all(0 <= getattr(found, name) <= 1 + 1e-12 for name in METRICS)


def test_a_hand_worked_ranking_without_ties():
    found = scored([1, 2, 3, 4], [0, 1, 0, 1])
    assert found.ap == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert (found.mrr, found.precision, found.r_precision) == (0.5, 0.5, 0.5)
    assert found.ndcg == pytest.approx((1 / log2(3) + 1 / log2(5)) / (1 + 1 / log2(3)))


def test_one_relevant_of_three_tied_is_at_each_place_a_third_of_the_time():
    found = scored([1, 1, 1], [1, 0, 0])
    assert found.mrr == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)
    assert found.ap == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)
    assert found.precision == pytest.approx(1 / 3)


def test_precision_looks_at_five_or_at_all_that_are_relevant():
    assert scored([1, 2, 3], [1, 0, 0]).precision == 1
    assert scored(range(12), [1] * 4 + [0] * 4 + [1] * 4).precision == pytest.approx(4 / 5)


def test_frames_that_were_not_retrieved_are_one_last_tied_group():
    badness = np.array([NOT_RETRIEVED, 1.0, NOT_RETRIEVED])
    assert groups_of(badness, np.array([True, False, False])) == [(1, 0), (2, 1)]
    assert scored(badness, [1, 0, 0]).mrr == pytest.approx((1 / 2 + 1 / 3) / 2)


def test_a_perfect_ranking_is_one_everywhere():
    found = scored([1, 1, 2, 2], [1, 1, 0, 0])
    assert all(getattr(found, name) == pytest.approx(1) for name in METRICS)


def test_nothing_is_measured_without_a_relevant_frame():
    with pytest.raises(ValueError, match="leave the query out"):
        scored([1, 2], [0, 0])
