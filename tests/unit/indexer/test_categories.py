import pytest

from indexer.grounding.categories import CATEGORY_LABELS, RIDDEN, label_of, state_of
from indexer.logs.annotations import AnnotatedBox
from scenario.labels import LABELS
from scenario.records import MotionState


def box(category: str, *attributes: str) -> AnnotatedBox:
    return AnnotatedBox(category, "i", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (1.0, 0.0, 0.0, 0.0), attributes)


@pytest.mark.parametrize(
    ("category", "label"),
    [
        ("human.pedestrian.adult", "pedestrian"),
        ("human.pedestrian.child", "child"),
        ("human.pedestrian.construction_worker", "construction worker"),
        ("human.pedestrian.police_officer", "police officer"),
        ("human.pedestrian.wheelchair", "person in wheelchair"),
        ("human.pedestrian.stroller", "person with stroller"),
        ("human.pedestrian.personal_mobility", "scooter rider"),
        ("vehicle.car", "car"),
        ("vehicle.truck", "truck"),
        ("vehicle.trailer", "trailer"),
        ("vehicle.bus.bendy", "bus"),
        ("vehicle.bus.rigid", "bus"),
        ("vehicle.bus.school_bus", "school bus"),
        ("vehicle.construction", "construction vehicle"),
        ("vehicle.emergency.ambulance", "ambulance"),
        ("vehicle.emergency.police", "police car"),
        ("movable_object.barrier", "traffic barrier"),
        ("movable_object.trafficcone", "traffic cone"),
        ("movable_object.debris", "debris"),
        ("animal", "animal"),
        ("movable_object.construction_barrel", "construction barrel"),
        ("static_object.red_light", "red light"),
        ("movable_object.mattress", "mattress"),
    ],
)
def test_a_category_has_its_label(category: str, label: str) -> None:
    assert label_of(box(category), None) == label


@pytest.mark.parametrize("category", ["movable_object.pushable_pullable", "static_object.bicycle_rack", "noise", ""])
def test_what_the_taxonomy_has_no_word_for_has_no_label(category: str) -> None:
    assert label_of(box(category), None) is None


@pytest.mark.parametrize(
    ("category", "label"), [("vehicle.bicycle", "cyclist"), ("vehicle.motorcycle", "motorcyclist")]
)
def test_a_cycle_is_its_rider_or_nothing(category: str, label: str) -> None:
    assert label_of(box(category, "cycle.with_rider"), 0.0) == label
    assert label_of(box(category, "cycle.without_rider"), 5.0) is None
    assert label_of(box(category), 5.0) == label  # nothing is said of a rider, but it rides
    assert label_of(box(category), 0.2) is None
    assert label_of(box(category), None) is None


def test_every_label_is_in_the_taxonomy() -> None:
    assert {*CATEGORY_LABELS.values(), *RIDDEN.values()} <= set(LABELS)


@pytest.mark.parametrize(
    ("attributes", "state"),
    [
        (("vehicle.parked",), MotionState.PARKED),
        (("cycle.with_rider", "vehicle.stopped"), MotionState.STOPPED),
        (("pedestrian.sitting_lying_down",), MotionState.SITTING),
        (("pedestrian.standing",), MotionState.STANDING),
        (("pedestrian.moving",), MotionState.MOVING),
        (("cycle.with_rider",), None),
        ((), None),
    ],
)
def test_an_attribute_says_what_a_thing_is_doing(attributes: tuple[str, ...], state: MotionState | None) -> None:
    assert state_of(attributes) == state
