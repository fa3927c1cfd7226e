"""What may stand or move in the sample drive: its nuScenes category, its size, and what its attributes speak of."""

from collections.abc import Mapping
from dataclasses import dataclass

Size = tuple[float, float, float]


@dataclass(frozen=True)
class Kind:
    """`size_lwh_m` is length (along the heading), width, height; `family` says which attributes it takes.

    `category` ends in a label of the taxonomy wherever nuScenes' own word does not say enough; `official` is then
    what nuScenes would call it.
    """

    category: str
    size_lwh_m: Size
    family: str | None = None
    official: str | None = None

    @property
    def name(self) -> str:
        """The category's name in the table. The devkit gives up on a name that it has no colour for."""
        return self.official or self.category


KINDS: Mapping[str, Kind] = {
    "car": Kind("vehicle.car", (4.5, 1.85, 1.5), "vehicle"),
    "suv": Kind("vehicle.car", (4.7, 1.95, 1.78), "vehicle"),
    "van": Kind("vehicle.car", (5.4, 2.05, 2.4), "vehicle"),
    "truck": Kind("vehicle.truck", (8.2, 2.5, 3.4), "vehicle"),
    "bus": Kind("vehicle.bus.rigid", (11.2, 2.6, 3.2), "vehicle"),
    "school_bus": Kind("vehicle.bus.school_bus", (10.6, 2.5, 3.1), "vehicle", official="vehicle.bus.rigid"),
    "police_car": Kind("vehicle.emergency.police", (4.8, 1.92, 1.62), "vehicle"),
    "ambulance": Kind("vehicle.emergency.ambulance", (6.2, 2.2, 2.75), "vehicle"),
    "fire_truck": Kind("vehicle.emergency.fire_truck", (8.8, 2.5, 3.3), "vehicle", official="vehicle.truck"),
    "excavator": Kind("vehicle.construction", (7.4, 2.6, 3.1), "vehicle"),
    "adult": Kind("human.pedestrian.adult", (0.65, 0.65, 1.75), "pedestrian"),
    "child": Kind("human.pedestrian.child", (0.5, 0.5, 1.2), "pedestrian"),
    "worker": Kind("human.pedestrian.construction_worker", (0.7, 0.7, 1.82), "pedestrian"),
    "officer": Kind("human.pedestrian.police_officer", (0.65, 0.65, 1.82), "pedestrian"),
    "cyclist": Kind("vehicle.bicycle", (1.75, 0.6, 1.75), "cycle"),
    "dog": Kind("animal.dog", (1.0, 0.35, 0.75), official="animal"),
    "cone": Kind("movable_object.trafficcone", (0.42, 0.42, 0.75)),
    "barrel": Kind("movable_object.construction_barrel", (0.6, 0.6, 1.05), official="movable_object.barrier"),
    "barrier": Kind("movable_object.barrier", (0.55, 2.0, 1.0)),
    "cardboard_box": Kind("movable_object.cardboard_box", (0.75, 0.6, 0.55), official="movable_object.debris"),
    "tire": Kind("movable_object.tire", (0.68, 0.68, 0.24), official="movable_object.debris"),
    "mattress": Kind("movable_object.mattress", (1.9, 1.4, 0.28), official="movable_object.debris"),
    "ladder": Kind("movable_object.ladder", (2.6, 0.5, 0.12), official="movable_object.debris"),
    "tree_branch": Kind("movable_object.tree_branch", (2.2, 1.1, 0.5), official="movable_object.debris"),
    "puddle": Kind("static_object.puddle", (9.0, 4.4, 0.05), official="flat.other"),
    "road_work_sign": Kind("static_object.road_work_sign", (0.1, 0.95, 2.1), official="static.manmade"),
    "stop_sign": Kind("static_object.stop_sign", (0.1, 0.75, 2.8), official="static.manmade"),
    "crossing_sign": Kind("static_object.pedestrian_crossing_sign", (0.1, 0.75, 2.8), official="static.manmade"),
    "speed_limit_sign": Kind("static_object.speed_limit_sign", (0.1, 0.75, 2.8), official="static.manmade"),
    "red_light": Kind("static_object.red_light", (0.35, 0.4, 1.05), official="static.manmade"),
    "green_light": Kind("static_object.traffic_light", (0.35, 0.4, 1.05), official="static.manmade"),
    "crosswalk": Kind("static_object.crosswalk", (3.2, 7.0, 0.03), official="flat.other"),
}

ATTRIBUTES = (
    *("vehicle.moving", "vehicle.stopped", "vehicle.parked"),
    *("pedestrian.moving", "pedestrian.standing", "pedestrian.sitting_lying_down"),
    *("cycle.with_rider", "cycle.without_rider"),
)
