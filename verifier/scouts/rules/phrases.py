"""The words of questions, each phrase with what it means. Labels and vocabulary bring their own words; here stand
only those that people say besides."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from scenario.labels import BARRIERS, LABEL_GROUPS, PERSONS, RIDERS, ROAD_USERS, TRAFFIC_LIGHTS, VEHICLES, WORK_MACHINES
from scenario.vocabulary import FIELDS, GROUPS, Term
from verifier.scouts.rules.claims import TraitKind
from verifier.scouts.rules.lexicon import OWN_WORDS

MOVERS = ROAD_USERS | VEHICLES | frozenset(LABEL_GROUPS["animal"])
OBSTACLES = MOVERS | BARRIERS | frozenset(LABEL_GROUPS["debris"])
SIGNS = frozenset(label for labels in LABEL_GROUPS.values() for label in labels if label.endswith(" sign"))
_DEBRIS, _ANIMALS = frozenset(LABEL_GROUPS["debris"]), frozenset(LABEL_GROUPS["animal"])
_POLICE = frozenset({"police car", "police vehicle"})
_CARS = frozenset({"car", "suv", "sedan", "coupe", "van", "pickup truck"}) | _POLICE
_TRUCKS = frozenset({"truck", "semi truck", "trailer", "cement mixer", "fire truck", "pickup truck"})
_BARRELS = frozenset({"construction barrel", "orange drum", "traffic drum"})
_CONES = frozenset({"traffic cone", "orange cone"})
_HARD_BARRIERS = BARRIERS - _CONES - _BARRELS

# What people call things; a label that is not listed means itself. A person is whatever its label says it does.
NAMES: Mapping[frozenset[str], tuple[str, ...]] = {
    PERSONS: (
        *("person", "people", "pedestrian", "pedestrians", "persons", "somebody", "someone", "anybody", "anyone"),
        *("human", "walker", "ped", "peds", "passer by", "passers by"),
    ),
    frozenset({"child"}): ("child", "children", "kid", "kids", "schoolchild", "schoolchildren"),
    RIDERS: ("rider", "two wheeler"),
    frozenset({"cyclist", "bicyclist"}): ("cyclist", "bicyclist", "bicycle", "bike", "biker"),
    frozenset({"motorcyclist"}): ("motorcyclist", "motorcycle", "motorbike"),
    frozenset({"scooter rider"}): ("scooter", "scooter rider"),
    ROAD_USERS: ("vru", "vulnerable road user", "road user"),
    VEHICLES: ("vehicle", "traffic", "lead vehicle"),
    _CARS: ("car", "cars"),
    _TRUCKS: ("truck", "lorry", "lorries"),
    frozenset({"bus", "school bus"}): ("bus", "coach"),
    _POLICE: ("police car", "police vehicle", "patrol car", "cop car", "police cruiser"),
    _POLICE | {"police officer"}: ("police",),
    frozenset({"police officer"}): ("police officer", "policeman", "officer", "traffic warden"),
    frozenset({"fire truck"}): ("fire truck", "fire engine"),
    _POLICE | {"ambulance", "fire truck"}: ("emergency vehicle",),
    WORK_MACHINES: ("construction vehicle", "construction machine", "construction machinery", "digger", "work machine"),
    frozenset({"construction worker", "worker in safety vest"}): ("worker", "construction worker", "road worker"),
    frozenset({"person in wheelchair"}): ("wheelchair", "wheelchair user", "person in wheelchair"),
    frozenset({"person with stroller"}): ("stroller", "pram", "person with stroller"),
    BARRIERS: ("construction furniture", "work zone furniture"),
    _HARD_BARRIERS: ("barrier", "construction barrier", "barricade", "roadblock"),
    _BARRELS: ("barrel", "drum", "construction barrel", "orange barrel", "traffic barrel", "orange drum"),
    _CONES: ("cone", "traffic cone", "orange cone", "pylon"),
    _DEBRIS: ("debris", "object", "foreign object", "fallen cargo", "lost cargo", "rubbish", "trash"),
    frozenset({"cardboard box"}): ("box", "cardboard box", "carton"),
    frozenset({"tire"}): ("tire", "tyre"),
    frozenset({"tree branch"}): ("branch", "tree branch"),
    frozenset({"puddle"}): ("puddle", "water"),
    _ANIMALS: ("animal",),
    SIGNS: ("sign", "road sign"),
    TRAFFIC_LIGHTS: ("traffic light", "traffic signal", "light signal"),
    frozenset({"crosswalk"}): ("crosswalk", "zebra crossing", "marked crossing"),
    OBSTACLES: ("obstacle", "obstruction", "something", "anything"),
}
# Names that say more than any label does: whether it is a man is not known.
VAGUE_NAMES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("man", "men", "woman", "women", "lady", "ladies", "guy", "old person", "elderly person"), PERSONS),
    **dict.fromkeys(("boy", "girl", "toddler"), frozenset({"child"})),
}
NEGATIVE_NAMES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("nobody", "no one", "noone"), PERSONS),
    **dict.fromkeys(("nothing",), OBSTACLES),
    **dict.fromkeys(("empty street", "empty road", "empty lane", "deserted street", "deserted road"), MOVERS),
}

# What some people would call by a name and others would not.
PERHAPS: Mapping[str, frozenset[str]] = {"object": BARRIERS}
# What a coarse label may be in truth: some logs and detectors have no finer one, and none tells drums from cones well.
MAY_BE: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(_CONES, _BARRELS),
    **dict.fromkeys(_BARRELS, _CONES),
    "traffic barrier": _HARD_BARRIERS,
    "debris": _DEBRIS,
    "animal": _ANIMALS,
    "bus": frozenset({"school bus"}),
    "truck": _TRUCKS - {"pickup truck"},
    "car": _CARS - _POLICE - {"pickup truck"},
    "construction vehicle": WORK_MACHINES,
}
# What annotators tell apart, but a detector with many names for one thing may not.
DETECTED_MAY_BE: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("person", "pedestrian"), PERSONS),
    **dict.fromkeys(("cyclist", "bicyclist", "motorcyclist", "scooter rider"), RIDERS),
    "car": _CARS,
}

_LANES = ("lane", "ego lane", "ego path", "path", "way", "driving lane", "travel lane", "ego vehicle path")
_OURS = ("the", "our", "my", "its", "")
_ROADS = ("road", "street", "roadway", "carriageway")
_SIDES = ("pavement", "sidewalk", "roadside", "verge", "curb", "kerb", "shoulder", "side of the road", "footpath")


def _in(prepositions: tuple[str, ...], places: tuple[str, ...]) -> tuple[str, ...]:
    phrases = (f"{at} {whose} {place}" for at in prepositions for whose in _OURS for place in places)
    return tuple(" ".join(phrase.split()) for phrase in phrases)


_BEFORE_SIDE = ("from the", "from", "from our", "turning", "turns", "turn", "to turn", "turning to the", "in the")
# Sides that are no place beside the ego: where something came from or turns to, and which lane of several.
_NO_PLACES = (
    *(f"{words} {side}" for side in ("left", "right") for words in _BEFORE_SIDE),
    *(f"{side} {noun}" for side in ("left", "right", "in the left", "in the right") for noun in ("lane", "turn")),
    *("from behind", "from ahead", "from the front"),
)
TRAITS: Mapping[TraitKind, tuple[str, ...]] = {
    TraitKind.IN_LANE: (
        *_in(("in", "into", "on", "inside", "within"), _LANES),
        *_in(
            ("block", "blocks", "blocking", "close", "closes", "closing", "obstructing", "obstructs"), _LANES + _ROADS
        ),
        *_in(("blocked by", "closed by", "obstructed by"), ("",)),
        *("lane is blocked by", "lane blocked by", "lane is closed by", "road blocked by", "road is blocked by"),
        *("lane closed by", "road closed by", "road is closed by"),
        *("in lane", "in path", "in our way", "in the way", "in front of our bumper", "blocking"),
    ),
    TraitKind.ON_ROAD: (*_in(("in", "on", "in the middle of"), _ROADS), "on road", "in road", "in the middle of road"),
    TraitKind.BESIDE_ROAD: (
        *_in(("on", "at", "along", "near"), _SIDES),
        *_in(("beside", "next to", "alongside", "by", "off"), _ROADS),
        *("roadside", "well aside", "aside"),
    ),
    TraitKind.BESIDE_LANE: (*_in(("beside", "next to", "alongside", "outside", "outside of"), _LANES), "beside us"),
    TraitKind.AHEAD: (
        *("ahead", "ahead of us", "ahead of the ego", "in front", "in front of us", "in front of the ego"),
        *("in front of the car", "in front of me", "before us", "up front", "straight ahead", "ahead of me", "lead"),
    ),
    TraitKind.BEHIND: ("behind", "behind us", "behind the ego", "in the back", "at the rear", "following us"),
    TraitKind.LEFT: ("on the left", "to the left", "left side", "on the left side", "at left", "on our left", "left"),
    TraitKind.RIGHT: (
        *("on the right", "to the right", "right side", "on the right side", "at right", "on our right", "right"),
    ),
    TraitKind.NEAR: ("near", "nearby", "close", "close by", "near us", "close to us", "close to the ego", "very close"),
    TraitKind.FAR: ("far", "far away", "distant", "in the distance", "far ahead"),
    TraitKind.ON_CROSSWALK: tuple(
        " ".join(f"{at} {article} {what}".split())
        for at in ("on", "at", "using", "in")
        for article in ("a", "the", "")
        for what in ("crosswalk", "zebra crossing", "marked crossing", "pedestrian crossing", "zebra")
    ),
    TraitKind.CROSSING: (
        *("crossing", "crosses", "cross", "crossing the road", "crossing the street", "crosses the road"),
        *(
            "crossing the lane",
            "crossing our lane",
            "crossing our path",
            "crossing the path",
            "crossing in front of us",
        ),
        *("walking across", "walks across", "walking across the road", "cross the road", "cross the street"),
        *("crosses the street", "crosses the lane", "crossing the ego lane", "crossing the ego path"),
    ),
    TraitKind.ENTERING: (
        *_in(
            (
                *("stepping into", "steps into", "stepping onto", "steps onto", "entering", "enters", "walking into"),
                *("walks into", "moving into", "coming into", "comes into", "stepping on"),
            ),
            _LANES + _ROADS,
        ),
        *("stepping out", "steps out", "coming out", "comes out"),
    ),
    TraitKind.ONCOMING: (
        "oncoming",
        "coming towards us",
        "coming toward us",
        "approaching",
        "approaches",
        "coming at us",
    ),
    TraitKind.MOVING: ("moving", "driving", "drives", "in motion", "moves", "riding", "rides", "rolling"),
    TraitKind.STANDING: (
        *("standing", "stands", "stopped", "stationary", "waiting", "waits", "standing still", "not moving", "wait"),
        *("idle", "static"),
    ),
    TraitKind.LYING: ("lying", "lies", "sitting", "sits"),
    TraitKind.PARKED: ("parked", "parking"),
    TraitKind.WALKING: ("walking", "walks"),
    TraitKind.CUTTING_IN: (
        *("cutting in", "cuts in", "cut in", "cutting into the lane", "cutting into our lane", "cuts into our lane"),
        *("merging into our lane", "cuts in close", "cutting in front of us", "cuts us off", "cutting us off"),
    ),
    TraitKind.UNKNOWN: _NO_PLACES,
    TraitKind.HIDDEN: ("hidden", "half hidden", "occluded", "partly hidden", "partially hidden", "partially occluded"),
}
# Running into the road is two things at once.
_RUNS = ("running", "runs", "dashing", "dashes", "darting", "darts", "sprinting")
DOUBLE_TRAITS: Mapping[tuple[TraitKind, ...], tuple[str, ...]] = {
    (TraitKind.RUNNING,): _RUNS,
    (TraitKind.RUNNING, TraitKind.ENTERING): (
        *_in(tuple(f"{runs} {to}" for runs in _RUNS for to in ("into", "onto", "in")), _LANES + _ROADS),
        *(f"{runs} out" for runs in _RUNS),
        *(f"{runs} into traffic" for runs in _RUNS),
    ),
    (TraitKind.RUNNING, TraitKind.CROSSING): tuple(
        f"{runs} across{end}" for runs in _RUNS for end in ("", " the road")
    ),
    (TraitKind.IN_LANE, TraitKind.AHEAD): ("ahead in the lane", "ahead in our lane", "directly ahead", "right ahead"),
}

# Fields whose values are read from the report; things in the road are read from geometry instead, since "cyclist"
# alone does not mean that one is in the lane.
_FACT_FIELDS = frozenset(FIELDS) - {"blocking_factor", "special_agent_class"}
_NOT_FACTS = frozenset(
    {
        *("no pedestrians", "cyclist", "bicyclist", "cyclist in the lane", "cyclist in lane", "bicycle in the lane"),
        *("debris", "fod", "foreign object", "fallen cargo", "emergency vehicle", "emergency vehicles", "stop sign"),
        *(
            "pedestrian on the sidewalk",
            "person on the sidewalk",
            "roadside pedestrian",
            "pedestrian crossing the street",
        ),
        *("vulnerable road user", "vru", "occluded", "cut in", "cuts in", "cutting in", "running across"),
        *("stepping into the lane", "stepping into the road", "child running", "waiting at the curb", "yield sign"),
        *("give way sign", "no special vehicle", "nothing blocking", "hidden behind", "drifting", "no lead vehicle"),
        *("no adjacent vehicle", "no challenge"),
    }
)
_MORE_FACTS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("time_of_day", "night"): ("dark", "in the dark", "nightfall", "nocturnal"),
    ("time_of_day", "day"): ("day", "day time"),
    ("weather", "clear"): ("good weather", "dry weather"),
    ("weather", "heavy_rain"): ("raining hard", "raining heavily", "heavily raining", "pouring"),
    ("road_surface_friction", "dry"): ("dry",),
    ("road_surface_friction", "wet"): ("wet",),
    ("blocking_factor", "flood"): ("flood", "flooded", "flooding", "standing water", "deep water", "flooded lane"),
    ("blocking_factor", "construction_barrier"): ("blocked by construction", "blocked by roadworks"),
    ("drivable_area_status", "restricted_by_static_obstacle"): (
        *("blocked", "closed", "lane closure", "lane is closed", "lane is blocked", "road closed", "road blocked"),
        *("road closure", "blocked road", "closed road", "obstructed"),
    ),
    ("drivable_area_status", "blocked_by_dynamic_object"): (
        *("blocked", "lane is blocked", "road blocked", "blocked road", "lane blocked", "blocked lane", "obstructed"),
        *("closed", "lane closed", "closed lane", "lane is closed"),
    ),
    ("tags", "construction"): ("works", "construction works"),
    ("traffic_controls", "police_manual"): ("directing traffic", "police officer directing traffic"),
    ("traffic_controls", "red_light"): ("light is red", "traffic light is red", "traffic light red", "lights are red"),
    ("traffic_controls", "green_light"): ("light is green", "traffic light is green", "traffic light green"),
    ("traffic_controls", "yellow_light"): ("light is yellow", "traffic light is yellow", "traffic light yellow"),
    ("ego_required_action", "emergency_brake"): ("hard braking", "braking hard", "full braking"),
    ("ego_required_action", "yield"): ("giving way", "yielding"),
    ("ego_required_action", "nudge_around_static_obstacle"): ("swerving", "going around", "driving around"),
    ("sensor_integrity", "dirt_on_lens"): ("dirt on a camera", "dirt on the camera", "dirty camera", "dirt on a lens"),
    ("tags", "sensor_failure"): ("black picture", "black camera", "blind camera", "camera black", "blind"),
}
# What is said of one value holds of those that are more of the same.
_IMPLIED: Mapping[tuple[str, str], tuple[str, ...]] = {("weather", "rain"): ("heavy_rain",)}

# Words without content of their own. A preposition between two things is no filler: it relates them.
FILLERS = frozenset(
    {
        *("situation", "situations", "scenario", "scenarios"),
        *("a", "an", "the", "is", "are", "was", "were", "be", "being", "there", "here", "do", "does", "did"),
        *("has", "have", "having", "can", "could", "you", "we", "us", "i", "me", "see", "seen", "show"),
        *("shown", "find", "any", "some", "of", "in", "at", "on", "to", "by", "into", "onto", "from", "for"),
        *("our", "my", "its", "it", "this", "that", "these", "those", "which", "who", "whose", "frame"),
        *("frames", "scene", "scenes", "picture", "image", "images", "video", "clip", "clips", "ego", "please"),
        *("tell", "whether", "if", "where", "while", "when", "during", "as", "lane", "lanes", "road", "roads"),
        *("street", "streets", "path", "way", "weather", "conditions", "condition", "time", "now", "currently"),
        *(
            "visible",
            "present",
            "view",
            "camera",
            "cameras",
            "them",
            "they",
            "their",
            "situation",
            "situations",
            "scenario",
            "scenarios",
            "surface",
            "moment",
        ),
        *("case"),
    }
)


@dataclass(frozen=True)
class Thing:
    name: str
    labels: frozenset[str]
    none: bool = False  # "nobody"
    says_more: bool = False  # than a label can
    perhaps: frozenset[str] = frozenset()  # labels that some would call so


@dataclass(frozen=True)
class Traits:
    kinds: tuple[TraitKind, ...]


@dataclass(frozen=True)
class Fact:
    meant: tuple[tuple[str, str], ...]


Meaning = Thing | Traits | Fact


@cache
def phrases() -> tuple[Mapping[tuple[str, ...], Meaning], int]:
    """Every phrase with what it means, and the number of words of the longest. Things come before facts."""
    found: dict[tuple[str, ...], Meaning] = {}
    for words, meaning in (*_things(), *_traits(), *_facts()):
        if words:
            found.setdefault(tuple(words.split()), meaning)
    return found, max(map(len, found))


def _things() -> Iterator[tuple[str, Meaning]]:
    for name, labels in NEGATIVE_NAMES.items():
        yield name, Thing(name, labels, none=True)
    for name, labels in VAGUE_NAMES.items():
        yield from _plurals(name, Thing(name, labels, says_more=True))
    for labels, names in NAMES.items():
        for name in names:
            yield from _plurals(name, Thing(names[0], labels, perhaps=PERHAPS.get(name, frozenset())))
    for label in sorted(label for labels in LABEL_GROUPS.values() for label in labels):
        if label != "red light":  # a light's colour is a fact about the junction
            yield from _plurals(label, Thing(label, frozenset({label})))


def _plurals(name: str, meaning: Meaning) -> Iterator[tuple[str, Meaning]]:
    yield name, meaning
    yield f"{name}{'es' if name.endswith(('s', 'x', 'ch')) else 's'}", meaning


def _traits() -> Iterator[tuple[str, Meaning]]:
    for kind, spoken in TRAITS.items():
        yield from ((words, Traits((kind,))) for words in spoken)
    for kinds, spoken in DOUBLE_TRAITS.items():
        yield from ((words, Traits(kinds)) for words in spoken)


def _facts() -> Iterator[tuple[str, Meaning]]:
    meant: dict[str, list[tuple[str, str]]] = {}
    for words, field, value in (*_of_fields(), *_of_groups(), *_more()):
        folded = " ".join(words.replace("-", " ").casefold().split())
        for spoken in (folded, f"{folded}s"):
            meant.setdefault(spoken, []).append((field, value))
    for words, pairs in meant.items():
        implied = [(field, more) for field, value in pairs for more in _IMPLIED.get((field, value), ())]
        yield words, Fact(tuple(dict.fromkeys((*pairs, *implied))))


def _of_fields() -> Iterator[tuple[str, str, str]]:
    for name in sorted(_FACT_FIELDS):
        for term in FIELDS[name].terms:
            # That it rains makes the road wet, but who asks for rain asks about the weather.
            own = OWN_WORDS.get(name, {}).get(term.value, ()) if name != "road_surface_friction" else ()
            yield from ((words, name, term.value) for words in (*_said(term), *own) if words not in _NOT_FACTS)


def _said(term: Term) -> Iterator[str]:
    """A value's words, and its own name where that is a phrase."""
    yield from term.words
    name = term.value.replace("_", " ")
    if " " in name:
        yield name


def _of_groups() -> Iterator[tuple[str, str, str]]:
    for group in GROUPS:
        for words in group.words:
            if words not in _NOT_FACTS:
                yield from ((words, group.field, value) for value in group.values)


def _more() -> Iterator[tuple[str, str, str]]:
    for (field, value), spoken in _MORE_FACTS.items():
        yield from ((words, field, value) for words in spoken)
