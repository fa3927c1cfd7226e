"""What a nuScenes category and its attributes are in the detection taxonomy."""

from collections.abc import Collection, Mapping

from indexer.logs.annotations import AnnotatedBox
from scenario.labels import LABELS
from scenario.records import MotionState

# Where the last part of the category is not itself the label.
CATEGORY_LABELS: Mapping[str, str] = {
    "human.pedestrian.adult": "pedestrian",
    "human.pedestrian.wheelchair": "person in wheelchair",
    "human.pedestrian.stroller": "person with stroller",
    "human.pedestrian.personal_mobility": "scooter rider",
    "vehicle.bus.bendy": "bus",
    "vehicle.bus.rigid": "bus",
    "vehicle.construction": "construction vehicle",
    "vehicle.emergency.police": "police car",
    "movable_object.barrier": "traffic barrier",
    "movable_object.trafficcone": "traffic cone",
}
RIDDEN: Mapping[str, str] = {"vehicle.bicycle": "cyclist", "vehicle.motorcycle": "motorcyclist"}
RIDDEN_FROM_MPS = 1.0  # without a word about its rider, a bicycle that moves this fast has one
SEEN_THROUGH = frozenset({"static_object.bicycle_rack"})  # boxes around mostly air hide nothing
STATES: Mapping[str, MotionState] = {
    "moving": MotionState.MOVING,
    "stopped": MotionState.STOPPED,
    "parked": MotionState.PARKED,
    "standing": MotionState.STANDING,
    "sitting_lying_down": MotionState.SITTING,
}


def label_of(box: AnnotatedBox, speed_mps: float | None) -> str | None:
    """The label of an annotated box; None for what the taxonomy has no word for, as a bicycle without a rider."""
    if box.category in RIDDEN:
        return RIDDEN[box.category] if _is_ridden(box.attributes, speed_mps) else None
    if box.category in CATEGORY_LABELS:
        return CATEGORY_LABELS[box.category]
    last = box.category.rpartition(".")[2].replace("_", " ")
    if last in LABELS:
        return last
    return "bus" if box.category.startswith("vehicle.bus.") else None


def _is_ridden(attributes: Collection[str], speed_mps: float | None) -> bool:
    if "cycle.with_rider" in attributes or "cycle.without_rider" in attributes:
        return "cycle.with_rider" in attributes
    return speed_mps is not None and speed_mps >= RIDDEN_FROM_MPS


def state_of(attributes: Collection[str]) -> MotionState | None:
    """What the annotators say a thing is doing, from "vehicle.parked" and the like."""
    said = (STATES.get(attribute.rpartition(".")[2]) for attribute in attributes)
    return next((state for state in said if state), None)
