"""Who is a hazard on foot or on two wheels, and who is merely there."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from scenario.labels import PERSONS
from scenario.vocabulary import VruStatus
from verifier.scouts.rules.ego import EMERGENCY_MPS2, HARD_BRAKING_MPS2
from verifier.scouts.rules.finding import Finding
from verifier.scouts.rules.lexicon import MARKED_CROSSING, RUNS_OUT
from verifier.scouts.rules.situation import Situation
from verifier.scouts.rules.things import HIDDEN, Thing

REACH_M = 55.0  # farther away there is time for everything
BESIDE_M = 2.0  # a person this far behind the ego's origin is beside its doors, no longer ahead
TOUCH_GAP_M = 0.5  # less free space than this is being in the path
RIDER_GAP_M = 1.0  # a rider needs room to sway; overtaking with less is no overtaking
CROSSING_MPS = 0.4  # across the path; slower is swaying where one stands
RUNNING_MPS = 2.1
ENTERS_WITHIN_S = 4.0
MARGIN_S = 1.5  # someone who enters this much after the ego has passed is no hazard
CLOSE_GAP_M = 1.2  # at the kerb, one step from the path
CROSSWALK_M = 6.0  # from its middle; a crosswalk is 3 to 6 m wide and walked a little beside
HIDDEN_REACH_M, LINED_GAP_M = 35.0, 1.6  # parked vehicles along the path
TRAFFIC_MPS = 6.0  # a rider this fast moves with the traffic


class Conduct(IntEnum):
    """What someone does, by how much it matters to the ego."""

    ASIDE = 0
    CLOSE = 1  # at the kerb, going nowhere
    CROSSES_LEGALLY = 2
    RIDES_IN_LANE = 3
    ENTERS = 4
    IN_PATH = 5


@dataclass(frozen=True)
class Person:
    """A road user and what it does; `runs`: across the path, faster than one walks."""

    thing: Thing
    conduct: Conduct
    because: str
    runs: bool = False

    @property
    def is_hazard(self) -> bool:
        return self.conduct >= Conduct.RIDES_IN_LANE

    @property
    def may_hide(self) -> bool:
        """Close to the path, not in it, and mostly hidden from the ego: it may step out unseen."""
        hidden = self.thing.visibility is not None and self.thing.visibility < HIDDEN
        return self.conduct is Conduct.CLOSE and hidden


def people(situation: Situation) -> tuple[Person, ...]:
    """Every road user ahead whose place is known, the one that matters most first; and one who is not seen, but whom
    the ego brakes for."""
    seen = [
        _judged(thing, situation)
        for thing in situation.road_users
        if thing.is_ahead(REACH_M, -BESIDE_M) and thing.lateral_m is not None
    ]
    if unseen := _unseen(situation, seen):
        seen.append(unseen)
    return tuple(sorted(seen, key=_order))


def _order(person: Person) -> tuple[int, float]:
    """What matters most first: of those in the way the nearest ahead, of the others the one closest to the path."""
    place = person.thing.ahead_m if person.is_hazard else abs(person.thing.lateral_m or 0.0)
    return -person.conduct, place or 0.0


def _unseen(situation: Situation, seen: Sequence[Person]) -> Person | None:
    """Whoever the ego brakes for, when nothing in sight explains it and the description says that someone runs out."""
    said = situation.hints.says(RUNS_OUT)
    explained = any(person.is_hazard for person in seen) or any(
        vehicle.gap_m is not None and vehicle.gap_m < TOUCH_GAP_M and vehicle.is_ahead(REACH_M)
        for vehicle in situation.vehicles
    )
    if said is None or explained or situation.motion.braking_mps2 < EMERGENCY_MPS2:
        return None
    label = "child" if situation.hints.says(RUNS_OUT, "child") else "pedestrian"
    because = f"{label} out of sight: the ego brakes hard for nothing visible, and the description says {said!r}"
    return Person(Thing(label, ()), Conduct.ENTERS, because, runs=True)


def hidden_place(situation: Situation) -> str | None:
    """Why someone may come out of a place beside the path that cannot be seen into: parked vehicles line it, and the
    ego is about to brake hard or the description speaks of someone who runs out."""
    lined = [
        vehicle
        for vehicle in situation.vehicles
        if vehicle.stands and vehicle.is_ahead(HIDDEN_REACH_M) and 0 < (vehicle.gap_m or 0.0) < LINED_GAP_M
    ]
    said = situation.hints.says(RUNS_OUT)
    brakes = situation.motion.braking_soon_mps2 >= HARD_BRAKING_MPS2
    if len(lined) < 2 or not (said or brakes) or situation.motion.stands:
        return None
    why = f"the description says {said!r}" if said else "the ego is about to brake hard"
    return f"{len(lined)} vehicles stand close along the path, and {why}"


def _judged(thing: Thing, situation: Situation) -> Person:
    gap = thing.gap_m if thing.gap_m is not None else 99.0
    conduct, because = _conduct(thing, gap, situation)
    if conduct in (Conduct.ENTERS, Conduct.IN_PATH) and (allowed := _allowed(thing, situation)):
        conduct, because = Conduct.CROSSES_LEGALLY, f"{because}; {allowed}"
    return Person(thing, conduct, f"{thing.label} {because}", abs(thing.lateral_speed_mps or 0.0) >= RUNNING_MPS)


def _conduct(thing: Thing, gap_m: float, situation: Situation) -> tuple[Conduct, str]:
    if thing.label not in PERSONS and _rides_along(thing, gap_m):
        if (thing.speed_mps or 0.0) >= TRAFFIC_MPS and thing.label == "motorcyclist":
            return Conduct.ASIDE, f"rides with the traffic, {thing.place}"
        return Conduct.RIDES_IN_LANE, f"rides in the ego lane, {thing.place}"
    if gap_m < TOUCH_GAP_M:
        return Conduct.IN_PATH, thing.place if "path" in thing.place else f"in the path, {thing.place}"
    if seconds := enters_after(thing, gap_m, situation):
        return Conduct.ENTERS, f"comes into the ego path within {seconds:.1f} s, {thing.place}"
    if gap_m < CLOSE_GAP_M:
        return Conduct.CLOSE, f"close beside the path, {thing.place}"
    return Conduct.ASIDE, f"well aside, {thing.place}"


def _rides_along(thing: Thing, gap_m: float) -> bool:
    along = thing.heading_deg is None or abs(thing.heading_deg) < 45
    crossing = abs(thing.lateral_speed_mps or 0.0) > 1.5
    return along and not crossing and gap_m < RIDER_GAP_M


def enters_after(thing: Thing, gap_m: float, situation: Situation) -> float | None:
    """Seconds until it is in the ego path, if it gets there before the ego has long passed; None otherwise."""
    if thing.approach_mps < CROSSING_MPS:
        return None
    seconds = max(gap_m, 0.0) / thing.approach_mps
    speed = situation.motion.assumed_speed_mps
    passes_after = (thing.ahead_m or 0.0) / speed if speed > 0.5 else ENTERS_WITHIN_S
    return seconds if seconds <= min(ENTERS_WITHIN_S, passes_after + MARGIN_S) else None


def _allowed(thing: Thing, situation: Situation) -> str | None:
    """Why it may cross here: a crosswalk, or a signal that holds the ego; seen, or told and in keeping with it."""
    if thing.label not in PERSONS:
        return None
    for crosswalk in situation.of(frozenset({"crosswalk"})):
        if crosswalk.ahead_m is not None and abs(crosswalk.ahead_m - (thing.ahead_m or 0.0)) < CROSSWALK_M:
            return "on a crosswalk"
    if situation.control("red light"):
        return "the light before the ego is red"
    if words := situation.told_to_wait:
        return f"the ego waits, and the description says {words!r}"
    if words := situation.hints.says(MARKED_CROSSING):
        return f"the description says {words!r}" if abs(thing.lateral_speed_mps or 0.0) > CROSSING_MPS else None
    if situation.motion.stands and situation.control("stop sign", "traffic light", "traffic signal"):
        return "the ego waits at a signal"
    return None


def vru_status(seen: Sequence[Person]) -> Finding[VruStatus]:
    """The status of the road user that matters most."""
    if not seen:
        return Finding(VruStatus.NONE, "no person or rider within reach")
    first = seen[0]
    return Finding(_status(first), first.because)


def _status(person: Person) -> VruStatus:
    match person.conduct:
        case Conduct.CROSSES_LEGALLY:
            return VruStatus.LEGAL_CROSSING
        case Conduct.RIDES_IN_LANE:
            return VruStatus.CYCLIST_IN_LANE
        case Conduct.ENTERS | Conduct.IN_PATH:
            return VruStatus.JAYWALKING_FAST if person.runs else VruStatus.JAYWALKING_HESITANT
        case _:
            return VruStatus.ROADSIDE_STATIC
