"""The Scenario DNA: every value a frame's facts may take, what it means, and the words people use for it.

One vocabulary for everything: the records, the JSON schema that constrains decoding, the prompt, the query
language, the facets and the web page derive from these enums. `none` is a value only where it is listed;
"not stated" is `None` in a record and NULL in the index.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Term(StrEnum):
    """One vocabulary value: `value`, a one-line `meaning`, and the `words` that imply it in a plain-language query."""

    meaning: str
    words: tuple[str, ...]

    def __new__(cls, value: str, meaning: str = "", *words: str) -> "Term":
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        member.words = words
        return member


class Weather(Term):
    CLEAR = "clear", "open sky, nothing falling", "sunny", "clear sky", "clear weather"
    OVERCAST = "overcast", "closed cloud cover, nothing falling", "overcast", "cloudy", "grey sky", "gray sky"
    RAIN = "rain", "rain is falling", "rain", "raining", "rainy", "drizzle"
    HEAVY_RAIN = "heavy_rain", "rain that limits the view", "heavy rain", "downpour", "pouring rain", "rainstorm"
    SNOW = "snow", "snow is falling or has fallen", "snow", "snowing", "snowfall", "blizzard"
    FOG = "fog", "fog or mist limits the view", "fog", "foggy", "mist", "misty", "haze"


class TimeOfDay(Term):
    DAY = "day", "daylight", "daytime", "daylight", "by day"
    NIGHT = "night", "the sun is down", "night", "nighttime", "night time", "after dark"
    DAWN_DUSK = "dawn_dusk", "the sun is near the horizon", "dawn", "dusk", "twilight", "sunrise", "sunset", "evening"


class LightingCondition(Term):
    NOMINAL = "nominal", "nothing about the light is difficult", "good light", "normal lighting"
    GLARE_HIGH = "glare_high", "strong glare from the sun or lamps", "glare", "blinding sun", "dazzling"
    SHADOW_CONTRAST = "shadow_contrast", "hard shadows beside bright areas", "hard shadows", "strong shadows", "shadows"
    PITCH_BLACK = "pitch_black", "no light but the vehicle's own", "pitch black", "unlit", "pitch dark"
    STREETLIGHTS_ONLY = "streetlights_only", "only street lamps light the scene", "streetlights", "street lights"


class RoadSurfaceFriction(Term):
    DRY = "dry", "dry surface", "dry road", "dry surface"
    WET = "wet", "wet surface", "wet road", "wet surface", "wet street", "wet pavement", "slippery"
    ICY = "icy", "ice on the surface", "icy", "ice on the road", "black ice"
    SNOWY = "snowy", "snow on the surface", "snowy road", "snow covered"
    MUDDY = "muddy", "mud on the surface", "mud", "muddy"
    GRAVEL = "gravel", "loose surface", "gravel", "unpaved", "dirt road"


class SensorIntegrity(Term):
    NOMINAL = "nominal", "the cameras see normally", "clean lens"
    LENS_FLARE = "lens_flare", "flare from a light inside the lens", "lens flare", "flare"
    DROPLETS_ON_LENS = "droplets_on_lens", "water drops on the lens", "droplets", "drops on the lens", "raindrops"
    DIRT_ON_LENS = "dirt_on_lens", "dirt on the lens", "dirty lens", "dirt on the lens", "smudge"
    MOTION_BLUR = "motion_blur", "the picture is smeared by motion", "motion blur", "blurry", "blurred"
    SUN_GLARE = "sun_glare", "the sun saturates the picture", "sun glare", "low sun", "sun in the camera"


class SceneType(Term):
    URBAN_STREET = "urban_street", "a street in a town", "urban street", "city street", "downtown"
    HIGHWAY = "highway", "a fast road with separated directions", "highway", "motorway", "freeway"
    INTERSECTION = "intersection", "roads crossing", "intersection", "crossroads", "junction"
    HIGHWAY_RAMP = "highway_ramp", "a way on or off a highway", "on ramp", "off ramp", "ramp", "slip road"
    PARKING_LOT = "parking_lot", "a place for parked vehicles", "parking lot", "car park", "parking garage"
    CONSTRUCTION_ZONE = "construction_zone", "a road work site", "construction zone", "work zone", "construction site"
    RURAL_ROAD = "rural_road", "a road outside towns", "rural road", "country road", "countryside"


class LaneConfiguration(Term):
    STRAIGHT = "straight", "the lane goes straight", "straight road", "straight lane"
    CURVE = "curve", "the lane bends", "curve", "bend", "curved road", "winding"
    MERGE_LEFT = "merge_left", "the lane merges to the left", "merge left", "merging left"
    MERGE_RIGHT = "merge_right", "the lane merges to the right", "merge right", "merging right"
    ROUNDABOUT = "roundabout", "traffic circles an island", "roundabout", "traffic circle"
    INTERSECTION_4WAY = "intersection_4way", "four arms meet", "four way", "4 way", "four way intersection"
    INTERSECTION_T_JUNCTION = "intersection_t_junction", "three arms meet", "t junction", "t intersection"


class DrivableAreaStatus(Term):
    NOMINAL = "nominal", "the lane is free", "free lane", "open lane"
    RESTRICTED_BY_STATIC_OBSTACLE = (
        "restricted_by_static_obstacle",
        "something that stands there narrows the lane",
        *("lane closed", "closed lane", "lane blocked", "blocked lane", "narrowed lane", "static obstacle"),
    )
    BLOCKED_BY_DYNAMIC_OBJECT = (
        "blocked_by_dynamic_object",
        "something that moves blocks the lane",
        *("blocked by a vehicle", "blocked by traffic", "dynamic object"),
    )


class TrafficControl(Term):
    GREEN_LIGHT = "green_light", "a green light holds for the ego lane", "green light", "green traffic light"
    RED_LIGHT = "red_light", "a red light holds for the ego lane", "red light", "red traffic light"
    YELLOW_LIGHT = "yellow_light", "a yellow light holds for the ego lane", "yellow light", "amber light"
    STOP_SIGN = "stop_sign", "a stop sign holds for the ego lane", "stop sign"
    YIELD_SIGN = "yield_sign", "a yield sign holds for the ego lane", "yield sign", "give way sign"
    POLICE_MANUAL = "police_manual", "a person directs the traffic", "police directing traffic", "hand signals"


class VruStatus(Term):
    NONE = "none", "no vulnerable road user matters", "no pedestrians"
    LEGAL_CROSSING = (
        "legal_crossing",
        "crossing where it is allowed",
        "legal crossing",
        "pedestrian crossing the street",
    )
    JAYWALKING_FAST = "jaywalking_fast", "crossing fast where it is not expected", "running across", "darting out"
    JAYWALKING_HESITANT = (
        "jaywalking_hesitant",
        "about to cross, or stopping, where it is not expected",
        *("hesitant pedestrian", "hesitating pedestrian", "about to cross"),
    )
    ROADSIDE_STATIC = (
        "roadside_static",
        "standing or walking beside the road",
        *("pedestrian on the sidewalk", "person on the sidewalk", "waiting at the curb", "roadside pedestrian"),
    )
    CYCLIST_IN_LANE = (
        "cyclist_in_lane",
        "a rider in the ego lane",
        *("cyclist in the lane", "cyclist in lane", "bicycle in the lane", "cyclist", "bicyclist"),
    )


class LeadVehicleBehavior(Term):
    NONE = "none", "no vehicle ahead in the lane", "no lead vehicle"
    NOMINAL = "nominal", "a vehicle ahead drives as expected", "following traffic"
    BRAKING_SUDDENLY = (
        "braking_suddenly",
        "the vehicle ahead brakes hard",
        "braking suddenly",
        "sudden braking",
        "brakes hard",
    )
    STALLED = "stalled", "the vehicle ahead stands without reason", "stalled vehicle", "stalled", "broken down"
    TURNING = "turning", "the vehicle ahead turns off", "turning vehicle", "vehicle turning"


class AdjacentVehicleBehavior(Term):
    NONE = "none", "no vehicle beside", "no adjacent vehicle"
    NOMINAL = "nominal", "vehicles beside drive as expected", "normal adjacent traffic"
    CUTTING_IN_AGGRESSIVE = "cutting_in_aggressive", "a vehicle forces its way in", "cut in", "cutting in", "cuts in"
    DRIFTING = "drifting", "a vehicle leaves its lane slowly", "drifting"
    TAILGATING = "tailgating", "a vehicle follows too closely", "tailgating", "tailgater"


class SpecialAgentClass(Term):
    NONE = "none", "no special vehicle", "no special vehicle"
    POLICE_CAR = "police_car", "a police vehicle", "police car", "police vehicle", "patrol car", "police"
    AMBULANCE = "ambulance", "an ambulance", "ambulance"
    FIRE_TRUCK = "fire_truck", "a fire engine", "fire truck", "fire engine"
    SCHOOL_BUS = "school_bus", "a school bus", "school bus"
    CONSTRUCTION_MACHINERY = (
        "construction_machinery",
        "a machine at work",
        *("construction machinery", "excavator", "bulldozer", "forklift", "digger", "construction vehicle"),
    )


class PrimaryChallenge(Term):
    NONE = "none", "nothing is difficult", "no challenge"
    OCCLUSION_RISK = (
        "occlusion_risk",
        "something may come out of a hidden place",
        "occlusion",
        "occluded",
        "hidden behind",
    )
    PREDICTION_UNCERTAINTY = (
        "prediction_uncertainty",
        "what another will do is unclear",
        "unpredictable",
        "uncertain intent",
    )
    VIOLATION_OF_MAP_TOPOLOGY = (
        "violation_of_map_topology",
        "the road is not as the map says",
        *("map mismatch", "map change", "road layout changed"),
    )
    PERCEPTION_DEGRADATION = (
        "perception_degradation",
        "the cameras see badly",
        *("poor visibility", "low visibility", "reduced visibility", "degraded perception"),
    )
    RULE_VIOLATION = (
        "rule_violation",
        "another breaks a rule",
        "rule violation",
        "breaking the rules",
        "running a red light",
    )


class EgoRequiredAction(Term):
    LANE_KEEP = "lane_keep", "go on in the lane", "keep the lane", "lane keeping"
    SLOW_DOWN = "slow_down", "reduce speed", "slow down", "slowing down"
    STOP = "stop", "come to a stop", "must stop", "has to stop"
    NUDGE_AROUND_STATIC_OBSTACLE = (
        "nudge_around_static_obstacle",
        "move aside within or just over the lane",
        *("nudge around", "go around", "nudge", "swerve around"),
    )
    YIELD = "yield", "let another go first", "yield", "give way"
    EMERGENCY_BRAKE = (
        "emergency_brake",
        "brake as hard as possible",
        "emergency brake",
        "emergency braking",
        "hard brake",
    )
    LANE_CHANGE = "lane_change", "change to another lane", "lane change", "change lanes"
    UNPROTECTED_TURN = (
        "unprotected_turn",
        "turn across traffic without a signal of its own",
        "unprotected turn",
        "unprotected left",
    )


class BlockingFactor(Term):
    NONE = "none", "nothing blocks the way", "nothing blocking"
    CONSTRUCTION_BARRIER = (
        "construction_barrier",
        "work-zone furniture blocks the way",
        *("construction barrier", "barriers block", "barrels block", "cones block", "blocked by barriers"),
    )
    PEDESTRIAN = (
        "pedestrian",
        "a person blocks the way",
        *(
            "pedestrian in the lane",
            "person in the road",
            "pedestrian in the road",
            "person in the lane",
            "pedestrian ahead",
        ),
    )
    VEHICLE = "vehicle", "a vehicle blocks the way", "vehicle blocking", "double parked", "blocked by a truck"
    DEBRIS = "debris", "something lies in the way", "debris in the lane", "debris on the road", "object on the road"
    FLOOD = "flood", "water covers the way", "flood", "flooded", "flooding", "standing water"


class Tag(Term):
    CONSTRUCTION = "construction", "road works matter", "construction", "roadworks", "road works", "road work"
    INTERSECTION_COMPLEX = (
        "intersection_complex",
        "a junction that is hard to read",
        "complex intersection",
        "busy intersection",
    )
    VRU_HAZARD = (
        "vru_hazard",
        "a person or rider is a hazard",
        *("vulnerable road user", "vru", "stepping into the lane", "stepping into the road", "child running"),
    )
    FOD_DEBRIS = (
        "fod_debris",
        "an object that does not belong on the road",
        "debris",
        "fod",
        "foreign object",
        "fallen cargo",
    )
    WEATHER_ADVERSE = "weather_adverse", "the weather is a hazard", "bad weather", "adverse weather", "storm"
    SPECIAL_VEHICLE = (
        "special_vehicle",
        "a special vehicle matters",
        "special vehicle",
        "emergency vehicle",
        "emergency vehicles",
    )
    LANE_DIVERSION = (
        "lane_diversion",
        "the lane is led another way",
        "lane diversion",
        "detour",
        "diverted",
        "diversion",
    )
    SENSOR_FAILURE = (
        "sensor_failure",
        "a sensor does not see as it should",
        "sensor failure",
        "camera failure",
        "broken camera",
    )


@dataclass(frozen=True)
class Field:
    """One field of the Scenario DNA: its name, the wire section it is read from, its terms, one value or a set."""

    name: str
    section: str | None
    wire_key: str
    terms: type[Term]
    many: bool = False

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(term.value for term in self.terms)


def _scalars(section: str, **terms: type[Term]) -> list[Field]:
    return [Field(name, section, name, terms[name]) for name in terms]


SCALAR_FIELDS: tuple[Field, ...] = (
    *_scalars(
        "odd_attributes",
        weather=Weather,
        time_of_day=TimeOfDay,
        lighting_condition=LightingCondition,
        road_surface_friction=RoadSurfaceFriction,
        sensor_integrity=SensorIntegrity,
    ),
    *_scalars(
        "road_topology",
        scene_type=SceneType,
        lane_configuration=LaneConfiguration,
        drivable_area_status=DrivableAreaStatus,
    ),
    *_scalars(
        "key_interacting_agents",
        vru_status=VruStatus,
        lead_vehicle_behavior=LeadVehicleBehavior,
        adjacent_vehicle_behavior=AdjacentVehicleBehavior,
        special_agent_class=SpecialAgentClass,
    ),
    *_scalars(
        "scenario_criticality",
        primary_challenge=PrimaryChallenge,
        ego_required_action=EgoRequiredAction,
        blocking_factor=BlockingFactor,
    ),
)
SET_FIELDS: tuple[Field, ...] = (
    Field("traffic_controls", "road_topology", "traffic_controls", TrafficControl, many=True),
    Field("tags", None, "wod_e2e_tags", Tag, many=True),
)
FIELDS: Mapping[str, Field] = {field.name: field for field in (*SCALAR_FIELDS, *SET_FIELDS)}

RISK_MIN, RISK_MAX = 0, 10


@dataclass(frozen=True)
class Group:
    """A name for several values of one field, usable in queries (`vru_status:jaywalking`) and as a soft chip."""

    field: str
    name: str
    values: tuple[str, ...]
    words: tuple[str, ...] = ()


GROUPS: tuple[Group, ...] = (
    Group(
        "vru_status",
        "jaywalking",
        (VruStatus.JAYWALKING_FAST, VruStatus.JAYWALKING_HESITANT),
        ("jaywalker", "jaywalking", "jaywalk", "stepping into the lane", "stepping into the road"),
    ),
    Group("weather", "wet", (Weather.RAIN, Weather.HEAVY_RAIN), ("wet weather",)),
    Group("weather", "adverse", (Weather.RAIN, Weather.HEAVY_RAIN, Weather.SNOW, Weather.FOG), ("inclement weather",)),
)


def expand(field: str, name: str) -> tuple[str, ...]:
    """The values that `name` stands for in `field`: a group's members, or the value itself."""
    for group in GROUPS:
        if (group.field, group.name) == (field, name):
            return tuple(str(value) for value in group.values)
    return (name,)


def allowed_names(field: str) -> tuple[str, ...]:
    """Every value and group name that a query may write after `field:`."""
    groups = tuple(group.name for group in GROUPS if group.field == field)
    return (*FIELDS[field].values, *groups)
