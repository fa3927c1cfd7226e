"""Our numbers against scikit-learn's, and against cases worked by hand."""

from itertools import pairwise, permutations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from gold_set.metrics import (
    average_precision,
    average_precisions,
    bootstrap_weights,
    interval,
    precision_at,
    precision_at_recall,
    spearman,
)


def array(*values):
    return np.array(values, dtype=float)


@pytest.mark.parametrize("seed", range(20))
def test_average_precision_is_scikit_learns_with_ties_and_weights(seed):
    dice = np.random.default_rng(seed)
    truth, scores = dice.integers(0, 2, 30).astype(float), dice.integers(0, 6, 30) / 6
    weights = dice.integers(0, 4, (3, 30)).astype(float)
    truth[0] = weights[:, 0] = 1
    assert average_precision(truth, scores) == pytest.approx(average_precision_score(truth, scores))
    expected = [average_precision_score(truth, scores, sample_weight=row) for row in weights]
    assert average_precisions(truth, scores, weights) == pytest.approx(expected)


def test_without_a_positive_or_without_a_ranking_nothing_is_measured():
    assert average_precision(array(0, 0), array(0.1, 0.9)) is None
    assert average_precision(array(0, 1), array(0.5, 0.5)) is None


def test_precision_at_k_is_the_mean_over_every_order_of_tied_frames():
    truth, scores = array(1, 0, 1, 0, 0), array(0.9, 0.5, 0.5, 0.5, 0.1)
    for k in (1, 2, 3, 4, 5):
        orders = [o for o in permutations(range(5)) if all(scores[a] >= scores[b] for a, b in pairwise(o))]
        expected = np.mean([truth[list(order[:k])].mean() for order in orders])
        assert precision_at(truth, scores, k) == pytest.approx(expected)
    assert precision_at(truth, scores, 6) is None


def test_precision_at_a_recall_is_the_best_from_there_on():
    truth, scores = array(1, 0, 1, 1), array(4, 3, 2, 1)
    assert precision_at_recall(truth, scores, 0.3) == 1.0
    assert precision_at_recall(truth, scores, 0.5) == pytest.approx(3 / 4)
    assert precision_at_recall(array(0, 0), array(1, 2), 0.5) is None


def test_a_constant_has_no_rank_correlation():
    assert spearman(array(1, 2, 3), array(4, 4, 4)) is None
    assert spearman(array(1, 2, 3), array(1, 5, 9)) == pytest.approx(1.0)


def test_a_bootstrap_draws_as_many_frames_as_there_are_and_the_same_under_a_seed():
    drawn = bootstrap_weights(50, 7, seed=3)
    assert drawn.shape == (50, 7)
    assert set(drawn.sum(axis=1)) == {7.0}
    assert np.array_equal(drawn, bootstrap_weights(50, 7, seed=3))


def test_an_interval_leaves_out_draws_that_could_not_be_measured():
    assert interval(array(np.nan, 1, 1)) == (1.0, 1.0)
    assert interval(array(np.nan)) is None
