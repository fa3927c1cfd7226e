"""Labels: blind, compared, merged, and out again as a gold file."""

import pytest
from sklearn.metrics import cohen_kappa_score

from gold_set.agreement import cohen_kappa, weighted_kappa
from gold_set.curation import agreement, blind_task, estimates, gold_text, merged, next_token, sample_named
from gold_set.labels import read_gold
from scenario.curation import Label, Sample, SampledFrame
from scenario.errors import InputError
from scenario.records import Camera, Facts, Frame
from scenario.vocabulary import Tag

SAMPLE = Sample(
    name="first",
    method="simple",
    seed=0,
    population=8,
    frames=tuple(SampledFrame(token=token, inclusion_probability=0.5, stratum="all") for token in "abcd"),
)


def label(token, annotator="ann", **said):
    return Label(token=token, annotator=annotator, sample="first", **said)


def test_kappa_is_scikit_learns():
    first, second = [0, 1, 1, 2, 2, 5, 0], [0, 1, 2, 2, 1, 3, 0]
    assert cohen_kappa(first, second) == pytest.approx(cohen_kappa_score(first, second))
    # scikit-learn weighs the places of the values that occur; ours, the values.
    assert weighted_kappa([0, 1, 1, 2], [0, 2, 1, 1]) == pytest.approx(
        cohen_kappa_score([0, 1, 1, 2], [0, 2, 1, 1], weights="quadratic")
    )


def test_kappa_is_undefined_where_chance_explains_everything():
    assert cohen_kappa([True, True], [True, True]) is None
    assert cohen_kappa([], []) is None
    assert weighted_kappa([3, 3], [3, 3]) is None


def test_judgements_of_different_frames_are_refused():
    with pytest.raises(ValueError, match="2 judgements beside 1"):
        cohen_kappa([1, 2], [1])


def test_a_blind_task_holds_pictures_and_nothing_that_was_said():
    frame = Frame(
        token="b",
        scene="scene-0001",
        description="a child runs out",
        location="boston",
        cameras={"CAM_FRONT": Camera(image="front.jpg")},
    )
    task = blind_task(SAMPLE, frame, "ann", 1)
    assert task.model_dump() == {
        "sample": "first",
        "annotator": "ann",
        "token": "b",
        "place": 2,
        "frames": 4,
        "done": 1,
        "pictures": {"CAM_FRONT": "front.jpg"},
    }


def test_skipped_and_unsure_frames_count_as_answered_by_that_annotator_alone():
    labels = [label("a", status="skipped"), label("b", status="unsure"), label("c", annotator="bob", tags=())]
    assert next_token(SAMPLE, labels, "ann") == ("c", 2)
    assert next_token(SAMPLE, [label(token, tags=()) for token in "abcd"], "ann") == (None, 4)


def test_agreement_is_over_the_frames_that_both_judged():
    first = [label("a", tags=(Tag.CONSTRUCTION,), risk=3), label("b", tags=(), risk=5), label("c", tags=())]
    second = [label(t.token, "bob", tags=t.tags, risk=t.risk) for t in first[:2]]
    found = agreement(first, second)
    on = {field.field: field for field in found.fields}
    assert found.frames == 2
    assert (on["tag construction"].same, on["tag construction"].kappa) == (2, 1.0)
    assert (on["risk (quadratic)"].frames, on["risk (quadratic)"].kappa) == (2, 1.0)
    assert on["weather"].frames == 0
    with pytest.raises(InputError, match="no labelled frame in common"):
        agreement(first, [label("z", "bob", tags=())])


def test_merging_keeps_what_is_agreed_and_leaves_the_rest_unstated_or_to_one():
    one = label("a", scalars={"weather": "rain"}, tags=(Tag.CONSTRUCTION,), risk=4)
    other = label("a", "bob", scalars={"weather": "rain"}, tags=(), risk=4)
    (both,) = merged([one, other])
    assert (both.annotator, both.scalars, both.tags, both.risk) == ("ann+bob", {"weather": "rain"}, None, 4)
    (preferring,) = merged([one, other], prefer="bob")
    assert preferring.tags == ()


def test_labels_come_out_as_a_gold_file_with_their_chances(tmp_path):
    labels = [
        label("a", scalars={"weather": "rain"}, controls=(), tags=(Tag.CONSTRUCTION,), risk=4),
        label("b", status="unsure"),
        Label(token="z", annotator="ann", tags=()),
    ]
    path = tmp_path / "gold.jsonl"
    path.write_text(gold_text(labels, [SAMPLE]))
    first, last = read_gold(path)
    assert (first.token, first.scalars, first.tags, first.risk) == ("a", {"weather": "rain"}, (Tag.CONSTRUCTION,), 4)
    assert (first.inclusion_probability, first.annotator, first.controls) == (0.5, "ann", ())
    assert (last.token, last.inclusion_probability) == ("z", None)


def test_estimates_speak_of_the_corpus_and_of_the_verdicts():
    labels = [label(t, tags=(Tag.CONSTRUCTION,) if t in "ab" else (), risk=k) for k, t in enumerate("abcd")]
    verdicts = {t: Facts(tags=(Tag.CONSTRUCTION,)) for t in "ac"}
    found = estimates(SAMPLE, labels, verdicts)
    construction = found.prevalence[Tag.CONSTRUCTION]
    assert construction.value == 0.5
    assert construction.low < 0.5 < construction.high
    assert (found.precision[Tag.CONSTRUCTION].value, found.recall[Tag.CONSTRUCTION].value) == (0.5, 0.5)
    assert found.precision[Tag.VRU_HAZARD].value is None
    assert (found.risk.value, found.labelled, found.missing) == (1.5, 4, 0)


def test_a_sample_without_labels_says_how_to_begin():
    with pytest.raises(InputError, match="semdrive gold next --sample first"):
        estimates(SAMPLE, [], {})


def test_an_unknown_sample_is_an_error():
    with pytest.raises(InputError, match="did you mean 'first'"):
        sample_named([SAMPLE], "frist")
    with pytest.raises(InputError, match="none was drawn yet"):
        sample_named([], "first")
