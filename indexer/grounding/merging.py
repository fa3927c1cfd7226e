"""From what a detector answers to what is there: a threshold for each label, and one box for each thing.

An open-vocabulary detector answers every prompt, so one person comes back as "person", as "pedestrian" and as
"construction worker". Labels that can name one and the same thing form a family; boxes of one family that cover each
other are one thing. Nothing here knows a model or reads a file.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from scenario.labels import LABEL_GROUPS, PERSONS, RIDERS, ROAD_USERS, VEHICLES

Box = tuple[float, float, float, float]  # left, top, right, bottom, in pixels

# What a label's group asks of a detection before it counts. Chosen, not fitted: a person missed costs more than one too
# many, which the scouts review and may reject; common vehicles answer surely, so a low answer is noise; a special
# vehicle or a puddle turns what is said of the whole frame, so those must be surer.
THRESHOLDS: Mapping[str, float] = {
    "person": 0.25,
    "rider": 0.25,
    "vehicle": 0.35,
    "special vehicle": 0.40,
    "work machine": 0.35,
    "work zone": 0.30,
    "debris": 0.30,
    "water": 0.40,
    "animal": 0.35,
    "control": 0.30,
}

# Labels that can name the same thing. A label that is not listed is a family of its own.
FAMILIES: Mapping[str, frozenset[str]] = {
    "person": PERSONS,
    "rider": RIDERS,
    "vehicle": VEHICLES,
    "cone": frozenset({"traffic cone", "orange cone"}),
    "drum": frozenset({"traffic drum", "construction barrel", "orange drum"}),
    "barrier": frozenset({"traffic barrier", "concrete barrier", "jersey barrier"}),
    "fence": frozenset({"construction fence", "safety fence"}),
    "scaffolding": frozenset({"scaffolding", "construction scaffolding"}),
    "light": frozenset({"traffic light", "traffic signal", "red light"}),
    "sign": frozenset(
        {"stop sign", "yield sign", "speed limit sign", "pedestrian crossing sign", "school zone sign"}
        | {"road work sign", "temporary sign"}
    ),
    "debris": frozenset(LABEL_GROUPS["debris"]),
    "animal": frozenset(LABEL_GROUPS["animal"]),
}
FAMILY_OF: Mapping[str, str] = {label: name for name, labels in FAMILIES.items() for label in labels}

_ON_FOOT = frozenset({"person", "pedestrian"})
_CAR_BODIES = frozenset({"car", "suv", "sedan", "coupe", "van"})
_TRUCKS = frozenset({"truck", "semi truck"})
_MACHINES = frozenset({"truck", "construction vehicle"})

# label → the labels of its family that say less: a child is a pedestrian. Synonyms say the same, and stand apart.
SAYS_MORE_THAN: Mapping[str, frozenset[str]] = {
    "pedestrian": frozenset({"person"}),
    **dict.fromkeys(PERSONS - _ON_FOOT, _ON_FOOT),
    **dict.fromkeys(_CAR_BODIES - {"car"}, frozenset({"car"})),
    "pickup truck": frozenset({"car", "truck"}),
    "semi truck": frozenset({"truck"}),
    "school bus": frozenset({"bus"}),
    "police car": _CAR_BODIES,
    "police vehicle": _CAR_BODIES | {"truck", "pickup truck"},
    "ambulance": _CAR_BODIES | _TRUCKS,
    "fire truck": _TRUCKS,
    "construction vehicle": frozenset({"truck"}),
    "cement mixer": _TRUCKS | _MACHINES,
    **dict.fromkeys(("bulldozer", "excavator", "forklift", "road sweeper", "street cleaner"), _MACHINES),
    "concrete barrier": frozenset({"traffic barrier"}),
    "jersey barrier": frozenset({"traffic barrier", "concrete barrier"}),
    "construction scaffolding": frozenset({"scaffolding"}),
    "red light": frozenset({"traffic light", "traffic signal"}),
    **dict.fromkeys(FAMILIES["debris"] - {"debris"}, frozenset({"debris"})),
    **dict.fromkeys(FAMILIES["animal"] - {"animal"}, frozenset({"animal"})),
}

SAME_THING_IOU = 0.6
MARGIN = 0.15  # how much less sure the label that says more may be
ON_THE_CYCLE = 0.8  # the share of a person's box that lies in the box of the rider who that person is
RIDER_HEIGHT = 0.5  # and its least height, of the rider's: a small person behind the wheels is somebody else


@dataclass(frozen=True)
class Seen:
    """One answer of a detector about one picture."""

    label: str
    confidence: float
    box_xyxy_px: Box

    @property
    def rank(self) -> tuple[float, str, Box]:
        """Surest first; ties in an order that does not depend on the detector's."""
        return (-self.confidence, self.label, self.box_xyxy_px)


def label_thresholds(one: float | None = None, groups: Mapping[str, float] | None = None) -> dict[str, float]:
    """Label → threshold: the group's in `groups`, else `one` for all, else the table's."""
    chosen = {group: THRESHOLDS[group] if one is None else one for group in LABEL_GROUPS} | dict(groups or {})
    return {label: chosen[group] for group, labels in LABEL_GROUPS.items() for label in labels}


def passing(seen: Iterable[Seen], thresholds: Mapping[str, float]) -> list[Seen]:
    return [one for one in seen if one.confidence >= thresholds[one.label]]


def merged(seen: Iterable[Seen], iou: float = SAME_THING_IOU) -> list[Seen]:
    """One `Seen` for each thing in a picture, surest first; the order of `seen` does not matter.

    A thing keeps the box and the confidence of its surest answer. Its label is that answer's, or one that says more
    and is almost as sure. Merging again changes nothing.
    """
    things: list[list[Seen]] = []
    for one in sorted(seen, key=lambda answer: answer.rank):
        same = (thing for thing in things if _same(thing[0], one, iou))
        if (thing := next(same, None)) is not None:
            thing.append(one)
        else:
            things.append([one])
    singled = [Seen(_label(thing), thing[0].confidence, thing[0].box_xyxy_px) for thing in things]
    return sorted(_riders_without_their_persons(singled), key=lambda answer: answer.rank)


def _same(one: Seen, other: Seen, iou: float) -> bool:
    family = FAMILY_OF.get(one.label, one.label) == FAMILY_OF.get(other.label, other.label)
    return family and overlap(one.box_xyxy_px, other.box_xyxy_px) >= iou


def _label(thing: Sequence[Seen]) -> str:
    """What to call a thing, given its answers, surest first."""
    chosen = thing[0].label
    for answer in thing:
        near = answer.confidence >= thing[0].confidence - MARGIN
        if near and chosen in SAYS_MORE_THAN.get(answer.label, ()):
            chosen = answer.label
    return chosen


def _riders_without_their_persons(seen: Sequence[Seen]) -> list[Seen]:
    """A cyclist is not a pedestrian too: one of both goes, the rider only if the person is much surer."""
    persons = [one for one in seen if one.label in PERSONS]
    riders = [
        rider
        for rider in seen
        if rider.label in RIDERS
        and all(rider.confidence >= person.confidence - MARGIN for person in persons if _rides(person, rider))
    ]
    return [
        one
        for one in seen
        if one in riders
        or (one.label in PERSONS and not any(_rides(one, rider) for rider in riders))
        or one.label not in ROAD_USERS
    ]


def _rides(person: Seen, rider: Seen) -> bool:
    """Whether the person's box is that of the rider without the cycle."""
    inside = area(shared(person.box_xyxy_px, rider.box_xyxy_px))
    tall = _height(person.box_xyxy_px) >= RIDER_HEIGHT * _height(rider.box_xyxy_px)
    return tall and inside > 0 and inside >= ON_THE_CYCLE * area(person.box_xyxy_px)


def shared(one: Box, other: Box) -> Box:
    """The box that both cover; without area where there is none."""
    left, top = max(one[0], other[0]), max(one[1], other[1])
    return (left, top, max(left, min(one[2], other[2])), max(top, min(one[3], other[3])))


def overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    both = area(shared(one, other))
    union = area(one) + area(other) - both
    return both / union if union > 0 else 0.0


def area(box: Box) -> float:
    return (box[2] - box[0]) * _height(box)


def _height(box: Box) -> float:
    return box[3] - box[1]
