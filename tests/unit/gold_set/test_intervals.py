"""Intervals: what was not seen is not certain."""

import numpy as np
import pytest

from gold_set.intervals import Interval, effective_count, part_of_whole, total_interval, wilson


def test_wilsons_interval_is_the_published_one():
    # Newcombe (1998), table I: 81 of 263, and 0 of 20.
    assert wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0, 0.1611), abs=5e-5)


def test_nothing_found_in_a_stratum_says_as_little_as_its_few_frames():
    chances = np.array([10 / 1000] * 10 + [0.5] * 50)
    strata = ["large"] * 10 + ["small"] * 50
    found = total_interval(chances, strata, np.zeros(60), {"large": 0.0, "small": 0.0})
    assert (found.value, found.low) == (0, 0)
    assert found.high > 1000 * wilson(0, 10)[1]


def test_a_stratum_that_is_known_whole_adds_no_doubt():
    found = total_interval(np.ones(4), ["all"] * 4, np.array([1.0, 0, 0, 1]), {"all": 0.0})
    assert found == Interval(2, 2, 2)


def test_unequal_weights_count_for_fewer_frames():
    assert effective_count(np.ones(10), 0, 0) == pytest.approx(10)
    assert effective_count(np.array([100.0, *[1.0] * 9]), 0, 0) == pytest.approx(109**2 / 10009)


def test_recall_is_uncertain_while_what_was_missed_is():
    low, high = part_of_whole(Interval(50, 40, 60), Interval(0, 0, 200))
    assert high == 1
    assert low == pytest.approx(50 / 250)


def test_what_is_known_of_both_is_known_of_the_share():
    assert part_of_whole(Interval(3, 3, 3), Interval(1, 1, 1)) == (0.75, 0.75)
