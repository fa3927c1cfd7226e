"""Road works and obstacles: what closes the ego's lane, what narrows it, what stands beside and matters to nobody."""

from dataclasses import dataclass
from enum import IntEnum
from math import inf

from scenario.labels import BARRIERS, LABEL_GROUPS
from verifier.scouts.rules.lexicon import DIVERTED, FLOODED
from verifier.scouts.rules.situation import Situation
from verifier.scouts.rules.things import ANIMALS, DEBRIS, Thing

REACH_M = 50.0
IN_WAY_GAP_M = 0.15  # less free space than this and one cannot drive on
NARROW_GAP_M = 0.9  # less than this and one eases off
LANE_GAP_M = 2.0  # farther from the ego's side than this is off the lane and its gutter: the verge
SWERVE_M = 0.9  # the path moved this far away from what stood in the lane
TAPER_COUNT, JITTER_M = 3, 0.35
# How far a taper comes across at least, how steeply, and how near the ego's side it ends: in the next lane.
TAPER, TAPER_IF_TOLD = (0.8, 0.04, 2.2), (0.4, 0.02, 3.5)
SLANT_M = 0.3
BENDING_DEG, PAST_PATH_M = 15.0, 10.0
WATER = frozenset(LABEL_GROUPS["water"])


class Extent(IntEnum):
    """How much works or obstacles matter to the ego."""

    NOTHING = 0
    BESIDE = 1
    NARROWS = 2
    CLOSES = 3


@dataclass(frozen=True)
class Obstruction:
    extent: Extent
    things: tuple[Thing, ...] = ()
    because: str = ""


def works(situation: Situation) -> Obstruction:
    """How the furniture of a work zone affects the ego's lane."""
    furniture = _ahead(situation, BARRIERS)
    return _as_taper(furniture, situation) or _greatest(furniture, situation, "road works")


def _as_taper(furniture: list[Thing], situation: Situation) -> Obstruction | None:
    """A row that comes nearer to the path the farther it goes: it leads traffic out of a lane. It is the ego's lane
    if the path turns away from the row, or if the scene's words speak of merging; otherwise the neighbour's."""
    left = [thing for thing in furniture if (thing.lateral_m or 0.0) > 0]
    right = [thing for thing in furniture if (thing.lateral_m or 0.0) <= 0]
    said = situation.hints.says(DIVERTED)
    for side in (left, right):
        row = _approaching([thing for thing in side if _is_on_path(thing, situation)])
        if _is_taper(row, said is not None) or _leaves_its_lane(row, situation):
            return _judged_taper(row, said, situation)
    return None


def _approaching(side: list[Thing]) -> list[Thing]:
    """From the nearest thing on, those that stand no farther from the path than the ones before, jitter aside; up to
    the one that stands closest to it."""
    row: list[Thing] = []
    nearest = inf
    for thing in side:
        lateral = abs(thing.lateral_m or 0.0)
        if lateral > nearest + JITTER_M:
            break
        nearest = min(nearest, lateral)
        row.append(thing)
    while row and abs(row[-1].lateral_m or 0.0) > nearest:
        row.pop()
    return row


def _is_taper(row: list[Thing], told: bool) -> bool:
    """Whether a row leads out of a lane. Where the scene's words tell of merging, less of a slant is enough."""
    if len(row) < TAPER_COUNT:
        return False
    across = abs(row[0].lateral_m or 0.0) - abs(row[-1].lateral_m or 0.0)
    along = (row[-1].ahead_m or 0.0) - (row[0].ahead_m or 0.0)
    width, slope, gap = TAPER_IF_TOLD if told else TAPER
    return across >= width and across / max(along, 0.1) >= slope and (row[-1].gap_m or 0.0) < gap


def _judged_taper(row: list[Thing], said: str | None, situation: Situation) -> Obstruction:
    what = f"row of {row[0].label}s that comes nearer, {row[-1].place}"
    if (row[-1].gap_m or 0.0) < IN_WAY_GAP_M:
        return Obstruction(Extent.CLOSES, tuple(row), f"{what}, into the lane")
    if situation.motion.turns_away_from(row[0].lateral_m or 0.0):
        return Obstruction(Extent.CLOSES, tuple(row), f"{what}, and the path turns away from it")
    if said:
        return Obstruction(Extent.CLOSES, tuple(row), f"{what}, and the description says {said!r}")
    return Obstruction(Extent.NARROWS, tuple(row), f"{what}, in the lane beside")


def _leaves_its_lane(row: list[Thing], situation: Situation) -> bool:
    """Whether the path slants away from a row that stands in the lane which the ego has now. A row along a bend
    stands in the way of who drives straight on, too, but keeps its distance from the path."""
    if len(row) < TAPER_COUNT or not situation.motion.turns_away_from(row[0].lateral_m or 0.0):
        return False
    slants = abs(row[0].lateral_m or 0.0) - abs(row[-1].lateral_m or 0.0) >= SLANT_M
    return slants and any(thing.lane_gap_m is not None and thing.lane_gap_m < IN_WAY_GAP_M for thing in row)


def _is_on_path(thing: Thing, situation: Situation) -> bool:
    """Beside a part of the path that is known: past the end of a bending one, nobody knows where the road goes."""
    motion = situation.motion
    return motion.bend_deg < BENDING_DEG or (thing.ahead_m or 0.0) < motion.path_length_m + PAST_PATH_M


def debris(situation: Situation) -> Obstruction:
    """How objects that do not belong on a road affect the ego's lane."""
    return _greatest(_ahead(situation, DEBRIS), situation, "debris")


def animals(situation: Situation) -> Obstruction:
    return _greatest(_ahead(situation, ANIMALS), situation, "an animal")


def water(situation: Situation) -> Obstruction:
    found = _greatest(_ahead(situation, WATER), situation, "water")
    words = situation.hints.says(FLOODED)
    if found.things or words is None:
        return found
    brakes = situation.motion.will_stand
    because = f"water: the description says {words!r}{', and the ego brakes to a stand' if brakes else ''}"
    return Obstruction(Extent.CLOSES if brakes else Extent.NARROWS, (), because)


def _ahead(situation: Situation, labels: frozenset[str]) -> list[Thing]:
    return [thing for thing in situation.of(labels) if thing.is_ahead(REACH_M, -3.0)]


def _greatest(things: list[Thing], situation: Situation, what: str) -> Obstruction:
    """The greatest extent of all things, with those that have it."""
    judged = [(extent(thing, situation), thing) for thing in things]
    most = max((found for found, _ in judged), default=Extent.NOTHING)
    having = tuple(thing for found, thing in judged if found is most)
    if most is Extent.NOTHING:
        return Obstruction(most, having, f"{what} well aside" if having else "")
    return Obstruction(most, having, f"{having[0].label} {_word(most)}, {having[0].place}")


def _word(found: Extent) -> str:
    return {Extent.BESIDE: "beside the lane", Extent.NARROWS: "narrows the lane", Extent.CLOSES: "in the lane"}[found]


def extent(thing: Thing, situation: Situation) -> Extent:
    """What one standing thing does to the ego's lane."""
    if thing.gap_m is None:
        return Extent.NOTHING
    if thing.gap_m < IN_WAY_GAP_M or _was_avoided(thing, situation):
        return Extent.CLOSES
    if thing.gap_m < NARROW_GAP_M:
        return Extent.NARROWS
    return Extent.BESIDE if thing.gap_m < LANE_GAP_M else Extent.NOTHING


def _was_avoided(thing: Thing, situation: Situation) -> bool:
    """It stands in the lane that the ego has now, and the driven path leads around it."""
    if thing.lane_gap_m is None or thing.gap_m is None or situation.motion.turns:
        return False
    in_lane = thing.lane_gap_m < IN_WAY_GAP_M and (thing.lane_ahead_m or 0.0) < 35.0
    return in_lane and thing.gap_m - thing.lane_gap_m > SWERVE_M and situation.motion.swerves
