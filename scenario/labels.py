"""Detection labels in their groups, and which of them support which tag or value.

A sign is never the thing it speaks of: "pedestrian crossing sign" is no person, "stop sign" no construction.
Labels are therefore matched whole, never by substring.
"""

from collections.abc import Mapping

from scenario.vocabulary import BlockingFactor, SpecialAgentClass, Tag, TrafficControl, VruStatus

LABEL_GROUPS: Mapping[str, tuple[str, ...]] = {
    "person": (
        *("person", "pedestrian", "child", "construction worker", "worker in safety vest", "police officer"),
        *("person in wheelchair", "person with stroller"),
    ),
    "rider": ("cyclist", "bicyclist", "motorcyclist", "scooter rider"),
    "vehicle": (
        *("car", "pickup truck", "suv", "van", "sedan", "coupe", "truck", "semi truck", "trailer"),
        *("cement mixer", "bus"),
    ),
    "special vehicle": ("school bus", "police car", "police vehicle", "ambulance", "fire truck"),
    "work machine": (
        *("construction vehicle", "bulldozer", "excavator", "forklift", "road sweeper", "street cleaner"),
    ),
    "work zone": (
        *("traffic cone", "orange cone", "traffic drum", "construction barrel", "orange drum", "traffic barrier"),
        *("concrete barrier", "jersey barrier", "road work sign", "temporary sign", "construction fence"),
        *("safety fence", "scaffolding", "construction scaffolding"),
    ),
    "debris": (*("debris", "cardboard box", "tire", "plastic bag", "tree branch", "large rock", "mattress", "ladder"),),
    "water": ("puddle",),
    "animal": ("dog", "deer", "animal"),
    "control": (
        *("traffic light", "traffic signal", "red light", "stop sign", "yield sign", "speed limit sign"),
        *("pedestrian crossing sign", "school zone sign", "crosswalk"),
    ),
}
LABELS: tuple[str, ...] = tuple(label for labels in LABEL_GROUPS.values() for label in labels)


def _groups(*names: str) -> frozenset[str]:
    return frozenset(label for name in names for label in LABEL_GROUPS[name])


PERSONS = _groups("person")
RIDERS = _groups("rider")
ROAD_USERS = PERSONS | RIDERS
VEHICLES = _groups("vehicle", "special vehicle", "work machine")
TRAFFIC_LIGHTS = frozenset({"traffic light", "traffic signal", "red light"})
# What stands in a lane to close it; signs announce a work zone, but block nothing.
BARRIERS = _groups("work zone") - {"road work sign", "temporary sign", "scaffolding", "construction scaffolding"}
WORK_MACHINES = _groups("work machine") | {"cement mixer"}

# Tags that a detector can support. A tag that is not listed (weather_adverse, sensor_failure) is about the
# whole picture: no label speaks for or against it.
TAG_LABELS: Mapping[Tag, frozenset[str]] = {
    Tag.CONSTRUCTION: _groups("work zone", "work machine") - {"road sweeper", "street cleaner"}
    | {"cement mixer", "construction worker", "worker in safety vest"},
    Tag.INTERSECTION_COMPLEX: TRAFFIC_LIGHTS | {"stop sign", "yield sign", "crosswalk"},
    Tag.VRU_HAZARD: ROAD_USERS,
    Tag.FOD_DEBRIS: _groups("debris"),
    Tag.SPECIAL_VEHICLE: _groups("special vehicle") | WORK_MACHINES,
    Tag.LANE_DIVERSION: BARRIERS | {"road work sign", "temporary sign"},
}

# Scalar values and traffic controls that a detector can support. A `none` in a field listed here is supported
# by the absence of every label of that field.
VALUE_LABELS: Mapping[str, Mapping[str, frozenset[str]]] = {
    "vru_status": {
        VruStatus.LEGAL_CROSSING: PERSONS,
        VruStatus.JAYWALKING_FAST: PERSONS,
        VruStatus.JAYWALKING_HESITANT: PERSONS,
        VruStatus.ROADSIDE_STATIC: PERSONS,
        VruStatus.CYCLIST_IN_LANE: RIDERS,
    },
    "special_agent_class": {
        SpecialAgentClass.POLICE_CAR: frozenset({"police car", "police vehicle"}),
        SpecialAgentClass.AMBULANCE: frozenset({"ambulance"}),
        SpecialAgentClass.FIRE_TRUCK: frozenset({"fire truck"}),
        SpecialAgentClass.SCHOOL_BUS: frozenset({"school bus"}),
        SpecialAgentClass.CONSTRUCTION_MACHINERY: WORK_MACHINES,
    },
    "blocking_factor": {
        BlockingFactor.CONSTRUCTION_BARRIER: BARRIERS,
        BlockingFactor.PEDESTRIAN: PERSONS,
        BlockingFactor.VEHICLE: VEHICLES,
        BlockingFactor.DEBRIS: _groups("debris"),
        BlockingFactor.FLOOD: _groups("water"),
    },
    "traffic_controls": {
        TrafficControl.GREEN_LIGHT: TRAFFIC_LIGHTS,
        TrafficControl.RED_LIGHT: TRAFFIC_LIGHTS,
        TrafficControl.YELLOW_LIGHT: TRAFFIC_LIGHTS,
        TrafficControl.STOP_SIGN: frozenset({"stop sign"}),
        TrafficControl.YIELD_SIGN: frozenset({"yield sign"}),
        TrafficControl.POLICE_MANUAL: frozenset({"police officer"}),
    },
}
