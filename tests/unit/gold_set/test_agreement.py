"""Kappa equals scikit-learn's wherever both are defined, and is None where it says nothing."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from gold_set.agreement import cohen_kappa, weighted_kappa


@pytest.mark.parametrize("seed", range(20))
def test_kappa_is_that_of_scikit_learn(seed):
    dice = np.random.default_rng(seed)
    first = dice.choice(["clear", "rain", "fog"], 40, p=[0.6, 0.3, 0.1]).tolist()
    second = [value if dice.uniform() < 0.6 else str(dice.choice(["clear", "rain", "snow"])) for value in first]
    assert cohen_kappa(first, second) == pytest.approx(cohen_kappa_score(first, second))


@pytest.mark.parametrize("seed", range(20))
def test_weighted_kappa_is_that_of_scikit_learn_with_quadratic_weights(seed):
    dice = np.random.default_rng(seed)
    first = dice.integers(0, 11, 30)
    second = np.clip(first + dice.integers(-3, 4, 30), 0, 10)
    expected = cohen_kappa_score(first, second, labels=list(range(11)), weights="quadratic")
    assert weighted_kappa(first.tolist(), second.tolist()) == pytest.approx(expected)


def test_who_always_agrees_has_kappa_one_and_who_always_differs_minus_one():
    said = [True, False, True, False]
    opposite = [not value for value in said]
    assert (cohen_kappa(said, said), cohen_kappa(said, opposite)) == (1.0, -1.0)


@pytest.mark.parametrize("kappa", [cohen_kappa, weighted_kappa])
def test_kappa_is_undefined_without_judgements_or_with_a_single_category(kappa):
    assert kappa([], []) is None
    assert kappa([3, 3, 3], [3, 3, 3]) is None


@pytest.mark.parametrize("kappa", [cohen_kappa, weighted_kappa])
def test_one_category_on_each_side_but_not_the_same_is_agreement_by_chance(kappa):
    assert kappa([1, 1], [2, 2]) == 0


def test_a_great_difference_in_risk_weighs_more_than_a_small_one():
    truth = [0, 2, 4, 6, 8, 10]
    near, far = [1, 2, 4, 6, 8, 10], [10, 2, 4, 6, 8, 10]
    assert weighted_kappa(truth, near) > 0.9 > weighted_kappa(truth, far)
    assert cohen_kappa(truth, near) == pytest.approx(cohen_kappa(truth, far), abs=0.05)


@pytest.mark.parametrize("kappa", [cohen_kappa, weighted_kappa])
def test_judgements_about_different_frames_are_an_error(kappa):
    with pytest.raises(ValueError, match="2 judgements beside 1"):
        kappa([1, 2], [1])
