"""Reciprocal rank fusion, worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.fusion import EMPTY, POOL, K, Ranking, fuse, ordered, tied

IN_ORDER = np.arange(10)
REVERSED = IN_ORDER[::-1]


def ranking(*positions):
    return Ranking(np.array(positions), np.arange(1, len(positions) + 1, dtype=np.float64))


def test_the_constants_are_those_of_the_design():
    assert (K, POOL) == (60, 1000)


def test_a_frame_scores_by_the_sum_of_its_reciprocal_ranks():
    order, scores = fuse({"dense": ranking(0, 1, 2), "bm25": ranking(1, 3)}, IN_ORDER)
    assert order.tolist() == [1, 0, 3, 2]
    assert scores.tolist() == pytest.approx([1 / 62 + 1 / 61, 1 / 61, 1 / 62, 1 / 63])


def test_equal_scores_are_ordered_by_token():
    rankings = {"dense": ranking(4, 5), "bm25": ranking(7, 6)}
    assert fuse(rankings, IN_ORDER)[0].tolist() == [4, 7, 5, 6]
    assert fuse(rankings, REVERSED)[0].tolist() == [7, 4, 6, 5]


def test_shares_that_sum_in_another_order_are_still_a_tie():
    rankings = {"a": ranking(0, 1, 2), "b": ranking(1, 2, 0), "c": ranking(2, 0, 1)}
    assert fuse(rankings, IN_ORDER)[0].tolist() == [0, 1, 2]
    assert fuse(rankings, REVERSED)[0].tolist() == [2, 1, 0]


def test_shared_mean_ranks_count_as_they_are():
    order, scores = fuse({"belief": Ranking(np.array([0, 1]), np.array([1.5, 1.5]))}, IN_ORDER)
    assert order.tolist() == [0, 1]
    assert scores.tolist() == pytest.approx([1 / 61.5] * 2)


def test_nothing_fused_is_nothing():
    for rankings in ({}, {"dense": EMPTY}, {"dense": EMPTY, "bm25": EMPTY}):
        order, scores = fuse(rankings, IN_ORDER)
        assert len(order) == len(scores) == 0


def test_an_empty_ranking_changes_nothing():
    alone = fuse({"dense": ranking(3, 1)}, IN_ORDER)
    beside = fuse({"dense": ranking(3, 1), "bm25": EMPTY}, IN_ORDER)
    assert beside[0].tolist() == alone[0].tolist() == [3, 1]


@given(st.lists(st.permutations(range(10)), min_size=2, max_size=4), st.permutations(range(10)))
def test_the_order_of_the_retrievers_does_not_matter(permutations, tokens):
    rankings = {str(number): ranking(*order[:6]) for number, order in enumerate(permutations)}
    backwards = dict(reversed(rankings.items()))
    assert fuse(rankings, np.array(tokens))[0].tolist() == fuse(backwards, np.array(tokens))[0].tolist()


def test_ordered_ranks_by_ascending_badness_and_then_by_token():
    found = ordered(np.array([2, 5, 7, 9]), np.array([0.3, 0.1, 0.3, 0.2]), REVERSED)
    assert found.positions.tolist() == [5, 9, 7, 2]
    assert found.ranks.tolist() == [1, 2, 3, 4]


def test_tied_frames_share_their_mean_rank():
    found = tied(np.array([0, 1, 2, 3, 4]), np.array([3.0, 1.0, 3.0, 2.0, 3.0]), IN_ORDER)
    assert found.positions.tolist() == [0, 2, 4, 3, 1]
    assert found.ranks.tolist() == [2, 2, 2, 4, 5]


@pytest.mark.parametrize(
    ("pool", "kept"), [(1, [0, 2]), (2, [0, 2]), (3, [0, 2, 3]), (4, [0, 2, 3, 1]), (9, [0, 2, 3, 1])]
)
def test_a_tie_is_never_cut_by_the_edge_of_the_pool(pool, kept):
    found = tied(np.array([0, 1, 2, 3]), np.array([3.0, 1.0, 3.0, 2.0]), IN_ORDER, pool)
    assert found.positions.tolist() == kept
    assert found.ranks.tolist() == [1.5, 1.5, 3, 4][: len(kept)]


def test_a_tie_of_everything_is_kept_whole():
    found = tied(IN_ORDER, np.ones(10), IN_ORDER, pool=3)
    assert found.ranks.tolist() == [5.5] * 10


def test_no_frames_tied_are_no_frames():
    assert len(tied(np.zeros(0, dtype=np.int64), np.zeros(0), IN_ORDER)) == 0
