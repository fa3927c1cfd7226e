"""Fits on made-up evidence: what must hold whatever the labels say."""

from dataclasses import replace

import numpy as np
import pytest

from gold_set.cross import best_threshold, cross_validate, folds_of
from gold_set.evidence import Evidence
from gold_set.fitting import (
    MIN_POSITIVES,
    fit_model,
    fit_tag,
    labelled,
    prior_weights,
    transfer_threshold,
)
from gold_set.labels import GoldLine
from scenario.errors import InputError
from scenario.vocabulary import Tag
from verifier.evidence_features import names_for

SCOUTS = ("one", "two")
NAMES = names_for(SCOUTS)


def evidence(frames=240, seed=0):
    dice = np.random.default_rng(seed)
    features = {tag: dice.uniform(0, 1, (frames, len(NAMES))) for tag in Tag}
    rows = np.arange(frames)
    return Evidence(
        scouts=SCOUTS,
        tokens=tuple(f"t{k}" for k in rows),
        blocks=tuple(f"rows {k // 30}" for k in rows),
        near_cut=np.minimum(rows % 30, 29 - rows % 30) < 3,
        names=NAMES,
        features=features,
        defaults=dice.uniform(0, 1, (frames, len(Tag))),
        risk_base=dice.uniform(0, 1, (frames, 3)) * [10, 1, 1],
    )


def gold_of(found, tag=Tag.CONSTRUCTION, every=2):
    """Labels that the first scout's vote decides."""
    votes = found.features[tag][:, 0]
    return [
        GoldLine(token=token, tags=(tag,) if votes[k] > 0.6 else (), risk=int(votes[k] * 10))
        for k, token in enumerate(found.tokens)
        if k % every == 0
    ]


def test_more_evidence_never_lowers_a_belief():
    found = evidence()
    against = [GoldLine(token=f"t{k}", tags=(Tag.CONSTRUCTION,) if k % 3 == 0 else ()) for k in range(0, 240, 2)]
    model = fit_model(found, labelled(against, found)).tags[Tag.CONSTRUCTION]
    assert (model.weights >= 0).all()


def test_without_a_label_the_weights_are_the_prior():
    prior = prior_weights(NAMES)
    empty = np.zeros((0, len(NAMES)))
    model = fit_tag(empty, np.zeros(0), np.zeros(0), prior, np.ones(len(NAMES)))
    assert model.weights == pytest.approx(prior)


def test_a_tag_with_fewer_than_ten_positives_keeps_its_default_belief():
    found = evidence()
    lines = [GoldLine(token=f"t{k}", tags=(Tag.FOD_DEBRIS,) if k < MIN_POSITIVES - 1 else ()) for k in range(60)]
    model = fit_model(found, labelled(lines, found))
    assert model.tags[Tag.FOD_DEBRIS] is None
    place = [*Tag].index(Tag.FOD_DEBRIS)
    assert np.array_equal(model.probabilities(found, np.arange(240))[:, place], found.defaults[:, place])


def test_frames_that_could_not_be_held_out_are_not_answered():
    found = evidence()
    lines = [line.model_copy(update={"scene": "one"}) for line in gold_of(found)]
    held_out = cross_validate(found, labelled(lines, found))
    assert not held_out.answered.any()
    assert np.isnan(held_out.risk).all()


def test_without_a_stated_risk_there_is_none_to_hold_out():
    found = evidence()
    held_out = cross_validate(found, labelled([x.model_copy(update={"risk": None}) for x in gold_of(found)], found))
    assert held_out.answered.all()
    assert np.isnan(held_out.constant_risk).all()


def test_scenes_of_the_gold_file_are_held_out_whole():
    found = evidence()
    lines = [line.model_copy(update={"scene": f"s{k % 7}"}) for k, line in enumerate(gold_of(found))]
    gold = labelled(lines, found)
    folds = folds_of(found, gold, 5, seed=0)
    assert all(len({f for f, b in zip(folds, gold.blocks, strict=True) if b == name}) == 1 for name in set(gold.blocks))
    assert not gold.near_cut.any()


def test_weights_are_for_all_frames_or_none():
    found = evidence()
    lines = [GoldLine(token="t1", tags=(), inclusion_probability=0.5), GoldLine(token="t2", tags=())]
    with pytest.raises(InputError, match="give it for all or for none"):
        labelled(lines, found)


def test_frames_of_a_block_are_held_out_together():
    found = evidence()
    gold = labelled(gold_of(found), found)
    folds = folds_of(found, gold, 5, seed=0)
    by_block = {}
    for row, fold in zip(gold.rows, folds, strict=True):
        by_block.setdefault(found.blocks[row], set()).add(fold)
    assert all(len(held) == 1 for held in by_block.values())
    assert set(folds) == {0, 1, 2, 3, 4}


def test_the_label_of_a_frame_has_no_part_in_its_own_belief():
    found = evidence()
    lines = gold_of(found)
    gold = labelled(lines, found)
    first = folds_of(found, gold, 5, seed=0) == 0
    tags = gold.tags.copy()
    tags[first, [*Tag].index(Tag.CONSTRUCTION)] = 1 - tags[first, [*Tag].index(Tag.CONSTRUCTION)]
    turned = replace(gold, tags=tags)
    before, after = cross_validate(found, gold), cross_validate(found, turned)
    assert np.array_equal(before.probabilities[first], after.probabilities[first])
    assert np.array_equal(before.said[first], after.said[first])
    assert not np.array_equal(before.probabilities[~first], after.probabilities[~first])


def test_cross_validation_is_the_same_under_a_seed():
    found = evidence()
    gold = labelled(gold_of(found), found)
    one, other = cross_validate(found, gold, seed=4), cross_validate(found, gold, seed=4)
    assert np.array_equal(one.probabilities, other.probabilities)
    assert np.array_equal(one.risk, other.risk)


def test_the_threshold_lies_in_the_middle_of_its_plateau():
    truth = np.array([[1.0], [1.0], [0.0], [0.0]])
    assert best_threshold(np.array([[0.8], [0.8], [0.2], [0.2]]), truth, np.ones(4)) == pytest.approx(0.5, abs=0.03)


def test_a_threshold_for_elsewhere_is_higher_than_the_one_for_here():
    """A tag that may be rarer elsewhere needs a surer belief."""
    beliefs = np.random.default_rng(0).beta(0.5, 1.5, (2000, 3))
    here = [
        2 * beliefs[beliefs >= t].sum() / ((beliefs >= t).sum() + beliefs.sum()) for t in np.arange(0.05, 0.95, 0.01)
    ]
    assert transfer_threshold(beliefs) > 0.05 + 0.01 * int(np.argmax(here))


def test_gold_frames_that_are_not_there_are_named():
    found = evidence()
    assert labelled([GoldLine(token="t1", tags=()), GoldLine(token="gone", tags=())], found).missing == ("gone",)
