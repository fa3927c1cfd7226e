"""Samples: their chances are what they say, and estimates from them are right on average."""

from collections import Counter

import numpy as np
import pytest

from gold_set.sampling import Population, Weighing, draw, inclusion_probabilities, mean, ratio, share
from scenario.errors import InputError
from scenario.vocabulary import Tag

METHODS = ("simple", "stratified", "active")
SIZE = 40
TAG = [*Tag].index(Tag.CONSTRUCTION)


@pytest.fixture(scope="module")
def population():
    dice = np.random.default_rng(0)
    return Population.of({f"t{k:03}": dice.beta(0.4, 1.6, len(Tag)) for k in range(200)})


@pytest.fixture(scope="module")
def truth(population):
    """Token → whether construction holds, which is as likely as the belief says."""
    dice = np.random.default_rng(1)
    holds = dice.uniform(size=200) < population.beliefs[:, TAG]
    return dict(zip(population.tokens, holds.astype(float), strict=True))


def samples(population, method, count=600, size=SIZE):
    return [draw(population, method, size, name="s", seed=seed, tag=Tag.CONSTRUCTION) for seed in range(count)]


@pytest.mark.parametrize("method", METHODS)
def test_a_frame_is_drawn_as_often_as_its_inclusion_probability_says(population, method):
    drawn = samples(population, method)
    often = Counter(frame.token for sample in drawn for frame in sample.frames)
    stated = {frame.token: frame.inclusion_probability for sample in drawn for frame in sample.frames}
    assert set(stated) == set(population.tokens)
    assert sum(stated.values()) == pytest.approx(SIZE)
    for token, chance in stated.items():
        assert often[token] / len(drawn) == pytest.approx(chance, abs=4.5 * np.sqrt(chance / len(drawn)) + 1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_a_sample_is_of_the_size_asked_for_without_repeats_and_the_same_under_a_seed(population, method):
    one, other = (draw(population, method, SIZE, name="s", seed=7) for _ in range(2))
    assert one == other
    assert len({frame.token for frame in one.frames}) == SIZE


@pytest.mark.parametrize("method", METHODS)
def test_estimates_are_right_on_average_and_their_intervals_mostly_hold_the_truth(population, truth, method):
    real = np.mean([*truth.values()])
    found = []
    for sample in samples(population, method):
        tokens = [frame.token for frame in sample.frames]
        found.append(share(Weighing.of(sample, tokens), np.array([truth[token] for token in tokens])))
    assert np.mean([estimate.value for estimate in found]) == pytest.approx(real, abs=0.015)
    assert 0.9 < np.mean([estimate.low <= real <= estimate.high for estimate in found]) <= 1.0


def test_an_active_sample_looks_where_beliefs_are_in_doubt(population):
    doubt = dict(zip(population.tokens, population.beliefs[:, TAG], strict=True))
    active, simple = (
        np.mean([doubt[f.token] * (1 - doubt[f.token]) for s in samples(population, method, 50) for f in s.frames])
        for method in ("active", "simple")
    )
    assert active > 1.5 * simple


def test_chances_sum_to_the_size_and_none_is_above_one():
    chances = inclusion_probabilities(np.array([100.0, 1, 1, 1, 1]), 3)
    assert chances == pytest.approx([1, 0.5, 0.5, 0.5, 0.5])


def test_the_mean_of_a_simple_sample_has_the_textbook_variance(population):
    sample = draw(population, "simple", 50, name="s", seed=3)
    tokens = [frame.token for frame in sample.frames]
    values = np.arange(50, dtype=float)
    estimate = mean(Weighing.of(sample, tokens), values)
    error = np.sqrt((1 - 50 / 200) * values.var(ddof=1) / 50)
    assert estimate.value == pytest.approx(values.mean())
    assert estimate.high - estimate.value == pytest.approx(1.959964 * error)


def test_a_corpus_that_is_labelled_whole_has_no_doubt_left(population, truth):
    sample = draw(population, "simple", 200, name="s")
    tokens = [frame.token for frame in sample.frames]
    estimate = share(Weighing.of(sample, tokens), np.array([truth[token] for token in tokens]))
    assert estimate.low == estimate.value == estimate.high == pytest.approx(np.mean([*truth.values()]))


def test_frames_left_unlabelled_are_taken_to_be_like_those_of_their_stratum(population):
    sample = draw(population, "stratified", 60, name="s", tag=Tag.CONSTRUCTION)
    half = [frame.token for frame in sample.frames][::2]
    assert Weighing.of(sample, half).total(np.ones(len(half))) == pytest.approx(200)


def test_nothing_found_is_not_taken_for_nothing_there(population):
    sample = draw(population, "simple", 50, name="s")
    estimate = share(Weighing.of(sample, [frame.token for frame in sample.frames]), np.zeros(50))
    assert (estimate.value, estimate.low) == (0.0, 0.0)
    assert estimate.high > 0.03


def test_a_tag_that_was_right_each_time_may_yet_be_wrong(population):
    sample = draw(population, "simple", 50, name="s")
    right = np.array([1.0] * 10 + [0.0] * 40)
    estimate = ratio(Weighing.of(sample, [frame.token for frame in sample.frames]), right, right)
    assert (estimate.value, estimate.high, estimate.labelled) == (1.0, 1.0, 10)
    assert estimate.low < 0.8


def test_a_ratio_over_the_whole_corpus_is_that_ratio(population):
    sample = draw(population, "simple", 200, name="s")
    weighing = Weighing.of(sample, [frame.token for frame in sample.frames])
    whole = np.array([1.0, 0.0] * 100)
    estimate = ratio(weighing, whole * ([1.0, 0.0, 0.0, 0.0] * 50), whole)
    assert (estimate.value, estimate.low, estimate.high) == (0.5, 0.5, 0.5)
    assert ratio(weighing, np.zeros(200), np.zeros(200)).value is None


@pytest.mark.parametrize(
    ("method", "size", "words"),
    [
        ("random", 10, "no sampling method"),
        ("simple", 0, "--size is 0"),
        ("simple", 201, "200 frames"),
        ("stratified", 2, "strata"),
    ],
)
def test_a_sample_that_cannot_be_drawn_is_an_error(population, method, size, words):
    with pytest.raises(InputError, match=words):
        draw(population, method, size, name="s")


def test_a_stratum_without_any_label_leaves_the_corpus_unknown(population):
    sample = draw(population, "stratified", 60, name="s", tag=Tag.CONSTRUCTION)
    one = sample.frames[0].stratum
    tokens = [frame.token for frame in sample.frames if frame.stratum == one]
    weighing, ones = Weighing.of(sample, tokens), np.ones(len(tokens))
    assert (share(weighing, ones).value, mean(weighing, ones).value, ratio(weighing, ones, ones).value) == (None,) * 3
    assert share(weighing, ones).labelled == len(tokens)


@pytest.fixture(scope="module")
def clear_log():
    """Most frames are believed to be clear, as in a real log, and one in sixteen of those is not."""
    dice = np.random.default_rng(0)
    beliefs = np.where(dice.uniform(size=1000) < 0.93, dice.uniform(0, 0.1, 1000), dice.uniform(0.1, 1, 1000))
    holds = dice.uniform(size=1000) < np.where(beliefs < 0.1, 0.06, beliefs)
    tokens = [f"t{k:04}" for k in range(1000)]
    row = np.zeros(len(Tag))
    rows = {}
    for token, belief in zip(tokens, beliefs, strict=True):
        row[TAG] = belief
        rows[token] = row.copy()
    said = dict(zip(tokens, (beliefs > 0.5).astype(float), strict=True))
    return Population.of(rows), dict(zip(tokens, holds.astype(float), strict=True)), said


@pytest.mark.parametrize("method", METHODS)
def test_intervals_hold_the_truth_though_a_large_stratum_shows_none_of_it(clear_log, method):
    population, truth, said = clear_log
    real = np.mean([*truth.values()])
    found = sum(truth[token] * said[token] for token in truth)
    recall, precision = found / sum(truth.values()), found / sum(said.values())
    held = []
    for sample in samples(population, method, count=150, size=60):
        tokens = [frame.token for frame in sample.frames]
        true, claimed = (np.array([facts[token] for token in tokens]) for facts in (truth, said))
        weighing = Weighing.of(sample, tokens)
        both = true * claimed
        estimates = (share(weighing, true), ratio(weighing, both, claimed), ratio(weighing, both, true, hidden=True))
        held.append([_holds(e, value) for e, value in zip(estimates, (real, precision, recall), strict=True)])
    assert np.nanmean(np.array(held, dtype=float), axis=0).min() >= 0.93


def _holds(estimate, value):
    return np.nan if estimate.low is None else estimate.low <= value + 1e-9 and value <= estimate.high + 1e-9
