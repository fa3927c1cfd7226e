"""Whether a thing stands where a question says, or does what it says: yes, no, or unsure.

Every border has a margin: what lies within it is unsure, and so is what the grounding gives no place or speed for.
"""

from collections.abc import Callable, Mapping
from math import hypot

from scenario.answers import Said
from scenario.labels import ROAD_USERS, VEHICLES
from scenario.records import MotionState
from verifier.scouts.rules.claims import Trait, TraitKind
from verifier.scouts.rules.people import CROSSING_MPS, CROSSWALK_M, RUNNING_MPS, Conduct, enters_after
from verifier.scouts.rules.scene import Scene
from verifier.scouts.rules.things import HIDDEN, KERB_M, Thing
from verifier.scouts.rules.traffic import BESIDE_GAP_M, cuts_in
from verifier.scouts.rules.works import Extent, extent

MARGIN_M = 0.3
LANE_GAP_M = 0.8  # a lane is 3.5 m wide and the ego 1.9 m: this much of it is left on either side of the ego
REACH_M = 60.0  # what stands in the lane farther away than this may stand in any lane
BESIDE_M = 2.0  # as far behind the ego's origin as its doors reach
NEAR_M, FAR_M = 17.0, 30.0
VAGUE_M = 4.0  # "near" and "far" have no sharp border
PART = 0.05  # of a distance: what a calibration errs by
ONCOMING_DEG, ALONG_DEG, ACROSS_DEG = 130.0, 50.0, (50.0, 130.0)
STANDING_MPS, MOVING_MPS = 0.3, 0.8
BRISK_MPS = 1.45  # no slower walk is running, no faster one is surely a walk
CROSSWALK_HALF_M = 2.5

_OPPOSITE: Mapping[Said, Said] = {"yes": "no", "no": "yes", "unsure": "unsure"}


def opposite(said: Said) -> Said:
    return _OPPOSITE[said]


def has(thing: Thing, trait: Trait, scene: Scene) -> Said:
    said: Said
    if trait.kind is TraitKind.UNKNOWN:
        return "unsure"
    if trait.metres is not None:
        said = _under(_distance_m(thing), trait.metres, max(0.5, PART * trait.metres))
        said = opposite(said) if trait.kind is TraitKind.BEYOND else said
    else:
        said = _CHECKS[trait.kind](thing, scene)
    return opposite(said) if trait.negated else said


def _under(value: float | None, border: float, margin: float) -> Said:
    """Whether a value is below a border, by more than the margin."""
    if value is None or abs(value - border) <= margin:
        return "unsure"
    return "yes" if value < border else "no"


def _either(*said: Said) -> Said:
    return "yes" if "yes" in said else "unsure" if "unsure" in said else "no"


def _both(*said: Said) -> Said:
    return "no" if "no" in said else "unsure" if "unsure" in said else "yes"


def _distance_m(thing: Thing) -> float | None:
    if thing.near_end_m is None or thing.lateral_m is None:
        return None
    beside_m = max(abs(thing.lateral_m) - thing.half_width_m, 0.0)
    behind_m = max(-(thing.ahead_m or 0.0) - thing.half_length_m, 0.0)
    return hypot(max(thing.near_end_m, behind_m), beside_m)


def _in_lane(thing: Thing, scene: Scene) -> Said:
    """In the ego's lane before it; works that lead traffic out of the lane stand in it, the whole row."""
    closing = (found for found in (scene.works, scene.debris, scene.animals, scene.water))
    if any(thing in found.things and found.extent is Extent.CLOSES for found in closing):
        return "yes"
    if thing.gap_m is None or thing.ahead_m is None:
        return "unsure"
    if thing.ahead_m < -BESIDE_M:
        return "no"
    if extent(thing, scene.situation) is Extent.CLOSES and thing.label not in ROAD_USERS | VEHICLES:
        return "yes"
    inside = _under(thing.gap_m, LANE_GAP_M, MARGIN_M)
    return "unsure" if inside == "yes" and thing.ahead_m > REACH_M else inside


def _on_road(thing: Thing, scene: Scene) -> Said:
    """In the ego's lane, or on the road beside it: a vehicle that drives, someone who walks across."""
    if thing.lateral_m is None:
        return "unsure"
    if (inside := _in_lane(thing, scene)) == "yes":
        return inside
    if thing.label in VEHICLES:
        return "unsure" if thing.stands or abs(thing.lateral_m) > KERB_M * 3 else "yes"
    on_foot = thing.label in ROAD_USERS
    if on_foot and not thing.stands and abs(thing.lateral_m) < KERB_M * 3:
        return "unsure"
    aside = _under(abs(thing.lateral_m) - (0.0 if on_foot else thing.half_width_m), KERB_M, MARGIN_M)
    return "no" if aside == "no" else "unsure"


def _beside_road(thing: Thing, scene: Scene) -> Said:
    if thing.lateral_m is None or thing.gap_m is None:
        return "unsure"
    if _in_lane(thing, scene) == "yes":
        return "no"
    if thing.label in VEHICLES:
        # One that merely stands may be at the kerb, or wait in the next lane: "parked" alone tells.
        aside = opposite(_under(thing.gap_m, LANE_GAP_M, MARGIN_M))
        stands = _standing(thing, scene)
        return _both(stands, aside, "yes" if thing.state is MotionState.PARKED else "unsure")
    crosses = thing.label in ROAD_USERS and not thing.stands and abs(thing.lateral_speed_mps or 0.0) >= CROSSING_MPS
    if crosses:
        return "unsure"
    if thing.label in ROAD_USERS:
        return opposite(_under(abs(thing.lateral_m), KERB_M, MARGIN_M))
    return opposite(_under(thing.gap_m, LANE_GAP_M, MARGIN_M))  # furniture at the kerb is beside the road, too


def _beside_lane(thing: Thing, scene: Scene) -> Said:
    if thing.gap_m is None:
        return "unsure"
    near = _under(thing.gap_m, BESIDE_GAP_M, 2 * MARGIN_M)
    return _both(opposite(_in_lane(thing, scene)), near)


def _ahead(thing: Thing, scene: Scene) -> Said:
    if thing.ahead_m is None:
        return "unsure"
    before = opposite(_under(thing.ahead_m, 0.0, BESIDE_M))
    beside = abs(thing.lateral_m or 0.0) > max(thing.ahead_m, 10.0)  # in the direction of the doors
    return "unsure" if before == "yes" and beside else before


def _behind(thing: Thing, scene: Scene) -> Said:
    return "unsure" if thing.ahead_m is None else _under(thing.ahead_m, 0.0, BESIDE_M)


def _left(thing: Thing, scene: Scene) -> Said:
    return "unsure" if thing.lateral_m is None else opposite(_under(thing.lateral_m, 0.0, 2 * MARGIN_M))


def _right(thing: Thing, scene: Scene) -> Said:
    return "unsure" if thing.lateral_m is None else _under(thing.lateral_m, 0.0, 2 * MARGIN_M)


def _on_crosswalk(thing: Thing, scene: Scene) -> Said:
    if thing.ahead_m is None:
        return "unsure"
    places = [walk.ahead_m for walk in scene.situation.of(frozenset({"crosswalk"})) if walk.ahead_m is not None]
    away_m = min((abs(place - thing.ahead_m) for place in places), default=None)
    if away_m is None:
        return "unsure"  # few logs say where the crosswalks are
    near: Said = "yes" if away_m <= CROSSWALK_HALF_M else "no" if away_m > CROSSWALK_M else "unsure"
    aside = _beside_road(thing, scene)
    return "no" if near == "no" or (aside == "yes" and thing.stands) else "unsure" if aside == "yes" else near


def _crossing(thing: Thing, scene: Scene) -> Said:
    """It moves across the ego's path, and is near enough to it to be crossing the road."""
    if thing.is_said_to_stand or (thing.stands and thing.lateral_speed_mps is not None):
        return "no"
    if thing.label in VEHICLES:
        if thing.heading_deg is None:
            return "unsure"
        across = ACROSS_DEG[0] < abs(thing.heading_deg) < ACROSS_DEG[1]
        return _both("yes" if across else "no", _moving(thing, scene))
    if thing.lateral_speed_mps is None or thing.lateral_m is None:
        return "unsure"
    moves = opposite(_under(abs(thing.lateral_speed_mps), CROSSING_MPS, 0.1))
    return _both(moves, _ahead(thing, scene), _under(abs(thing.lateral_m), KERB_M * 3, 1.0))


def _entering(thing: Thing, scene: Scene) -> Said:
    """It comes into the lane: it is on its way there, or is in it and moves across."""
    if thing.is_said_to_stand or (thing.stands and thing.lateral_speed_mps is not None):
        return "no"
    if thing.gap_m is None or thing.lateral_speed_mps is None:
        return "unsure"
    conduct = _conduct(thing, scene)
    if conduct is Conduct.ENTERS or enters_after(thing, thing.gap_m, scene.situation):
        return "yes"
    moves = opposite(_under(abs(thing.lateral_speed_mps), CROSSING_MPS, 0.1))
    return _both(moves, _either(_in_lane(thing, scene), "unsure" if thing.approach_mps > 0 else "no"))


def _conduct(thing: Thing, scene: Scene) -> Conduct | None:
    return next((person.conduct for person in scene.people if person.thing is thing), None)


def _oncoming(thing: Thing, scene: Scene) -> Said:
    if thing.heading_deg is None:
        return "unsure"
    facing = opposite(_under(abs(thing.heading_deg), ONCOMING_DEG, 10.0))
    return _both(facing, _moving(thing, scene), _ahead(thing, scene))


def _moving(thing: Thing, scene: Scene) -> Said:
    if thing.is_said_to_stand:
        return "no"
    if thing.speed_mps is not None:
        return opposite(_under(thing.speed_mps, (STANDING_MPS + MOVING_MPS) / 2, (MOVING_MPS - STANDING_MPS) / 2))
    return "unsure" if thing.state is None else "yes" if thing.state is MotionState.MOVING else "no"


def _standing(thing: Thing, scene: Scene) -> Said:
    return opposite(_moving(thing, scene))


def _lying(thing: Thing, scene: Scene) -> Said:
    """Annotators have one word for people who sit or lie. Of things that lie only their standing still is known."""
    if thing.label not in ROAD_USERS or _moving(thing, scene) == "yes":
        return _standing(thing, scene)
    if thing.state is None:
        return "unsure"
    return "yes" if thing.state is MotionState.SITTING else "no"


def _parked(thing: Thing, scene: Scene) -> Said:
    """It stands for good: an annotator says so. One that merely stands may wait in traffic."""
    if thing.state is MotionState.PARKED:
        return _standing(thing, scene)
    if thing.state is not None:
        return "no"
    return "no" if _standing(thing, scene) == "no" else "unsure"


def _running(thing: Thing, scene: Scene) -> Said:
    if thing.is_said_to_stand:
        return "no"
    if thing.speed_mps is None:
        return "unsure"
    return "yes" if thing.speed_mps >= RUNNING_MPS else "unsure" if thing.speed_mps > BRISK_MPS else "no"


def _walking(thing: Thing, scene: Scene) -> Said:
    return _both(_moving(thing, scene), opposite(_running(thing, scene)))


def _cutting_in(thing: Thing, scene: Scene) -> Said:
    if thing.label not in VEHICLES:
        return "unsure"
    if cuts_in(thing, scene.situation):
        return "yes"
    known = thing.gap_m is not None and (thing.lateral_speed_mps is not None or thing.stands)
    return "no" if known else "unsure"


def _near(thing: Thing, scene: Scene) -> Said:
    return _under(_distance_m(thing), NEAR_M, VAGUE_M)


def _far(thing: Thing, scene: Scene) -> Said:
    return opposite(_under(_distance_m(thing), FAR_M, VAGUE_M))


def _hidden(thing: Thing, scene: Scene) -> Said:
    return "unsure" if thing.visibility is None else _under(thing.visibility, HIDDEN + 0.1, 0.1)


_CHECKS: Mapping[TraitKind, Callable[[Thing, Scene], Said]] = {
    TraitKind.IN_LANE: _in_lane,
    TraitKind.ON_ROAD: _on_road,
    TraitKind.BESIDE_ROAD: _beside_road,
    TraitKind.BESIDE_LANE: _beside_lane,
    TraitKind.AHEAD: _ahead,
    TraitKind.BEHIND: _behind,
    TraitKind.LEFT: _left,
    TraitKind.RIGHT: _right,
    TraitKind.NEAR: _near,
    TraitKind.FAR: _far,
    TraitKind.ON_CROSSWALK: _on_crosswalk,
    TraitKind.CROSSING: _crossing,
    TraitKind.ENTERING: _entering,
    TraitKind.ONCOMING: _oncoming,
    TraitKind.MOVING: _moving,
    TraitKind.STANDING: _standing,
    TraitKind.LYING: _lying,
    TraitKind.PARKED: _parked,
    TraitKind.RUNNING: _running,
    TraitKind.WALKING: _walking,
    TraitKind.CUTTING_IN: _cutting_in,
    TraitKind.HIDDEN: _hidden,
}
