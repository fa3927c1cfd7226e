"""One person that a detector calls three things is one person; two persons are two."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indexer.grounding.merging import (
    FAMILIES,
    FAMILY_OF,
    MARGIN,
    SAME_THING_IOU,
    SAYS_MORE_THAN,
    THRESHOLDS,
    Seen,
    label_thresholds,
    merged,
    overlap,
    passing,
)
from scenario.labels import LABEL_GROUPS, LABELS, PERSONS, RIDERS

BOX = (100.0, 100.0, 200.0, 300.0)
NEARLY = (104.0, 102.0, 203.0, 300.0)
ELSEWHERE = (400.0, 100.0, 500.0, 300.0)


def labels(seen):
    return [one.label for one in seen]


def test_a_pedestrian_who_is_also_a_construction_worker_is_one_detection():
    both = [Seen("pedestrian", 0.7, BOX), Seen("construction worker", 0.6, NEARLY)]
    assert merged(both) == [Seen("construction worker", 0.7, BOX)]


def test_the_label_that_says_more_wins_only_when_it_is_almost_as_sure():
    unsure = Seen("construction worker", 0.7 - MARGIN - 0.01, NEARLY)
    assert merged([Seen("pedestrian", 0.7, BOX), unsure]) == [Seen("pedestrian", 0.7, BOX)]


def test_the_label_that_says_most_is_found_through_the_one_between():
    three = [Seen("person", 0.8, BOX), Seen("pedestrian", 0.75, NEARLY), Seen("child", 0.7, BOX)]
    assert labels(merged(three)) == ["child"]


def test_between_synonyms_the_surer_one_names_the_thing():
    assert labels(merged([Seen("cyclist", 0.5, BOX), Seen("bicyclist", 0.55, NEARLY)])) == ["bicyclist"]


def test_two_persons_beside_each_other_stay_two():
    assert len(merged([Seen("person", 0.7, BOX), Seen("person", 0.7, ELSEWHERE)])) == 2


def test_things_of_two_families_stay_two_even_in_one_place():
    assert len(merged([Seen("person", 0.7, BOX), Seen("car", 0.7, BOX)])) == 2
    assert len(merged([Seen("traffic cone", 0.7, BOX), Seen("traffic drum", 0.7, BOX)])) == 2


def test_a_pedestrian_crossing_sign_is_not_merged_with_the_pedestrian_before_it():
    assert len(merged([Seen("pedestrian crossing sign", 0.6, BOX), Seen("pedestrian", 0.6, BOX)])) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("car", "suv"),
        ("truck", "fire truck"),
        ("bus", "school bus"),
        ("car", "police car"),
        ("traffic light", "red light"),
        ("traffic barrier", "jersey barrier"),
        ("scaffolding", "construction scaffolding"),
        ("debris", "mattress"),
        ("animal", "deer"),
    ],
)
def test_the_kind_of_a_thing_names_it(one, other):
    assert labels(merged([Seen(one, 0.6, BOX), Seen(other, 0.55, NEARLY)])) == [other]


def test_a_car_is_not_a_truck_because_trucks_are_rarer():
    assert labels(merged([Seen("car", 0.6, BOX), Seen("truck", 0.55, NEARLY)])) == ["car"]


CYCLIST = (90.0, 100.0, 230.0, 320.0)


def test_the_person_on_a_cycle_is_no_second_road_user():
    assert merged([Seen("cyclist", 0.6, CYCLIST), Seen("person", 0.7, BOX)]) == [Seen("cyclist", 0.6, CYCLIST)]


def test_a_person_much_surer_than_the_rider_around_them_is_on_foot():
    assert merged([Seen("cyclist", 0.3, CYCLIST), Seen("person", 0.9, BOX)]) == [Seen("person", 0.9, BOX)]


def test_a_small_person_far_behind_a_rider_stays():
    behind = Seen("pedestrian", 0.6, (150.0, 150.0, 170.0, 200.0))
    assert behind in merged([Seen("cyclist", 0.6, CYCLIST), behind])


def test_a_person_beside_a_rider_stays():
    beside = Seen("pedestrian", 0.6, (200.0, 100.0, 280.0, 300.0))
    assert beside in merged([Seen("cyclist", 0.6, CYCLIST), beside])


def test_a_rider_in_a_car_shaped_box_does_not_take_the_car_along():
    assert len(merged([Seen("cyclist", 0.6, CYCLIST), Seen("car", 0.9, BOX)])) == 2


def test_each_group_asks_for_its_own_confidence():
    thresholds = label_thresholds()
    seen = [Seen("person", 0.3, BOX), Seen("puddle", 0.3, BOX), Seen("person", 0.2, BOX)]
    assert passing(seen, thresholds) == [Seen("person", 0.3, BOX)]


def test_one_threshold_replaces_the_table_and_a_group_s_own_replaces_both():
    thresholds = label_thresholds(0.5, {"debris": 0.1})
    assert (thresholds["car"], thresholds["person"], thresholds["mattress"]) == (0.5, 0.5, 0.1)


def test_every_group_has_a_threshold():
    assert set(THRESHOLDS) == set(LABEL_GROUPS)


def test_every_label_of_a_family_is_in_the_taxonomy_and_in_no_other_family():
    assert sum(len(members) for members in FAMILIES.values()) == len(FAMILY_OF)
    assert set(FAMILY_OF) <= set(LABELS)


def test_what_says_more_is_of_the_same_family_and_never_the_other_way_round():
    for label, less in SAYS_MORE_THAN.items():
        assert {FAMILY_OF[other] for other in less} == {FAMILY_OF[label]}
        assert not any(label in SAYS_MORE_THAN.get(other, ()) for other in less)


@pytest.mark.parametrize(
    ("other", "expected"),
    [(BOX, 1.0), (ELSEWHERE, 0.0), ((150.0, 100.0, 250.0, 300.0), 1 / 3), ((200.0, 300.0, 300.0, 400.0), 0.0)],
)
def test_overlap_is_the_shared_part_of_both(other, expected):
    assert overlap(BOX, other) == pytest.approx(expected)


def test_boxes_without_area_overlap_nothing():
    assert overlap((5.0, 5.0, 5.0, 9.0), (5.0, 5.0, 5.0, 9.0)) == 0.0


# Crowded on purpose: a few labels on a small grid, so that most boxes meet.
edges = st.integers(0, 12).map(lambda step: step * 10.0)
boxes = st.tuples(edges, edges, edges, edges).map(
    lambda box: (min(box[0], box[2]), min(box[1], box[3]), max(box[0], box[2]) + 10.0, max(box[1], box[3]) + 10.0)
)
confidences = st.integers(20, 100).map(lambda percent: percent / 100)
some_labels = st.sampled_from(
    ["person", "pedestrian", "child", "cyclist", "scooter rider", "car", "truck", "fire truck", "puddle", "stop sign"]
)
answers = st.lists(st.builds(Seen, some_labels, confidences, boxes), max_size=14)


@given(answers)
def test_merging_again_changes_nothing(seen):
    once = merged(seen)
    assert merged(once) == once


@given(answers.flatmap(lambda seen: st.tuples(st.just(seen), st.permutations(seen))))
@example(([Seen("car", 0.5, BOX), Seen("truck", 0.5, BOX)], [Seen("truck", 0.5, BOX), Seen("car", 0.5, BOX)]))
def test_the_order_of_the_answers_does_not_matter(both):
    seen, shuffled = both
    assert merged(seen) == merged(shuffled)


@given(answers)
def test_there_are_never_more_things_than_answers(seen):
    assert len(merged(seen)) <= len(seen)


@given(answers)
def test_every_thing_is_where_an_answer_of_its_family_was_and_as_sure_as_it(seen):
    for thing in merged(seen):
        family = FAMILY_OF.get(thing.label, thing.label)
        assert any(
            (one.box_xyxy_px, one.confidence) == (thing.box_xyxy_px, thing.confidence)
            and FAMILY_OF.get(one.label, one.label) == family
            for one in seen
        )
        assert thing.label in labels(seen)


@given(answers)
def test_no_family_is_lost_but_persons_to_riders_and_riders_to_persons(seen):
    def families(some):
        return {FAMILY_OF.get(one.label, one.label) for one in some}

    lost = families(seen) - families(merged(seen))
    assert lost <= {"person", "rider"}
    assert len(lost) < 2
    assert not lost or families(seen) >= {"person", "rider"}


@given(answers)
def test_what_is_left_of_one_family_does_not_overlap(seen):
    left = merged(seen)
    for place, one in enumerate(left):
        for other in left[place + 1 :]:
            same = FAMILY_OF.get(one.label, one.label) == FAMILY_OF.get(other.label, other.label)
            assert not (same and overlap(one.box_xyxy_px, other.box_xyxy_px) >= SAME_THING_IOU)


@given(answers)
def test_the_surest_person_or_rider_is_never_lost(seen):
    users = [one for one in seen if one.label in PERSONS | RIDERS]
    if users:
        surest = max(one.confidence for one in users)
        left = [one for one in merged(seen) if one.label in PERSONS | RIDERS]
        assert max(one.confidence for one in left) >= surest - MARGIN
