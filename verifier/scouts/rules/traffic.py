"""Vehicles: the one ahead in the lane, those beside it, and special ones that matter."""

from dataclasses import dataclass

from scenario.labels import WORK_MACHINES
from scenario.records import MotionState
from scenario.vocabulary import AdjacentVehicleBehavior, LeadVehicleBehavior, SpecialAgentClass
from verifier.scouts.rules.ego import HARD_BRAKING_MPS2
from verifier.scouts.rules.finding import Finding
from verifier.scouts.rules.situation import Situation
from verifier.scouts.rules.things import Thing

LEAD_REACH_M = 50.0
LEAD_GAP_M = 0.2  # a vehicle that overlaps the path, or all but
QUEUE_M = 25.0  # a vehicle that stands this near before another stands for the same reason
TURNING_DEG = (20.0, 65.0)
BUSES = frozenset({"bus", "school bus"})
HEADWAY_S = 2.5
BESIDE_GAP_M = 3.5  # the neighbouring lane
CUT_IN_MPS, CUT_IN_S = 0.5, 3.0
DRIFT_MPS = 0.25
MATTERS_AHEAD_M, MATTERS_BEHIND_M, MATTERS_GAP_M = 45.0, 15.0, 5.0
MATTERS_DRIVING_M = 70.0  # what drives towards the ego is here within seconds
SWERVED_DEG = 3.0
PARTLY_IN_LANE_M = 0.6  # less free space beside something that stands there, and one moves aside for it
MACHINE_GAP_M = 2.5  # a machine works about its place, and its driver looks elsewhere

SPECIAL_CLASSES = {
    **dict.fromkeys(("police car", "police vehicle"), SpecialAgentClass.POLICE_CAR),
    "ambulance": SpecialAgentClass.AMBULANCE,
    "fire truck": SpecialAgentClass.FIRE_TRUCK,
    "school bus": SpecialAgentClass.SCHOOL_BUS,
    **dict.fromkeys(WORK_MACHINES, SpecialAgentClass.CONSTRUCTION_MACHINERY),
}
SPECIAL = frozenset(SPECIAL_CLASSES)


@dataclass(frozen=True)
class Lead:
    """The vehicle ahead in the lane, what it does, and whether it blocks the lane for good."""

    thing: Thing | None
    behavior: Finding[LeadVehicleBehavior]
    blocks: bool = False
    is_bus_at_stop: bool = False  # people get on and off; nobody can see what comes out before it


def lead(situation: Situation) -> Lead:
    ahead = [thing for thing in situation.vehicles if _is_in_lane(thing)]
    if not ahead:
        return Lead(None, Finding(LeadVehicleBehavior.NONE, "no vehicle ahead in the lane"))
    first = ahead[0]
    at_stop = first.stands and first.label in BUSES and first.state is not MotionState.PARKED
    blocks = not at_stop and _blocks(first, ahead, situation)
    return Lead(first, _lead_behavior(first, blocks, situation), blocks, at_stop)


def _is_in_lane(thing: Thing) -> bool:
    if not thing.is_ahead(LEAD_REACH_M, 1.0) or thing.gap_m is None:
        return False
    other_way = thing.heading_deg is not None and abs(thing.heading_deg) > TURNING_DEG[1] and not thing.stands
    return thing.gap_m < LEAD_GAP_M and not other_way


def _blocks(thing: Thing, ahead: list[Thing], situation: Situation) -> bool:
    """It stands in the lane, and neither a queue nor a signal says why."""
    if not thing.stands:
        return False
    queue = any(
        other is not thing and 0 < (other.ahead_m or 0.0) - (thing.ahead_m or 0.0) < QUEUE_M and other.stands
        for other in ahead
    )
    signal = situation.control("red light", "traffic light", "traffic signal", "stop sign", "yield sign")
    return not queue and signal is None


def _lead_behavior(thing: Thing, blocks: bool, situation: Situation) -> Finding[LeadVehicleBehavior]:
    motion = situation.motion
    heading = abs(thing.heading_deg or 0.0)
    if blocks:
        return Finding(
            LeadVehicleBehavior.STALLED, f"{thing.label} stands in the lane for no visible reason, {thing.place}"
        )
    if TURNING_DEG[0] < heading < TURNING_DEG[1] and not thing.stands:
        return Finding(LeadVehicleBehavior.TURNING, f"{thing.label} heads {heading:.0f}° off the path, {thing.place}")
    headway = (thing.near_end_m or 0.0) / max(motion.assumed_speed_mps, 0.5)
    if motion.braking_mps2 >= HARD_BRAKING_MPS2 and headway < HEADWAY_S:
        return Finding(
            LeadVehicleBehavior.BRAKING_SUDDENLY,
            f"the ego brakes with {motion.braking_mps2:.1f} m/s² behind a {thing.label}, {thing.place}",
        )
    return Finding(LeadVehicleBehavior.NOMINAL, f"{thing.label} {thing.place}")


def adjacent(situation: Situation) -> Finding[AdjacentVehicleBehavior]:
    """The most telling behaviour of the vehicles beside the lane."""
    beside = [thing for thing in situation.vehicles if _is_beside(thing)]
    for thing in situation.vehicles:
        if cuts_in(thing, situation):
            return Finding(
                AdjacentVehicleBehavior.CUTTING_IN_AGGRESSIVE,
                f"{thing.label} moves over with {thing.approach_mps:.1f} m/s, {thing.place}",
            )
    for thing in beside:
        if thing.approach_mps >= DRIFT_MPS:
            return Finding(AdjacentVehicleBehavior.DRIFTING, f"{thing.label} drifts towards the lane, {thing.place}")
    moving = [thing for thing in beside if not thing.stands]
    if moving:
        return Finding(AdjacentVehicleBehavior.NOMINAL, f"{moving[0].label} {moving[0].place}")
    return Finding(AdjacentVehicleBehavior.NONE, "no vehicle drives beside the lane")


def _is_beside(thing: Thing) -> bool:
    return (
        thing.gap_m is not None
        and -0.3 <= thing.gap_m < BESIDE_GAP_M
        and thing.is_ahead(30.0, -10.0)
        and _drives_same_way(thing)
    )


def cuts_in(thing: Thing, situation: Situation) -> bool:
    """A vehicle that moves over into the path, or has half done so, close before the ego."""
    if thing.gap_m is None or thing.near_end_m is None or not _drives_same_way(thing):
        return False
    close = 0 < thing.near_end_m < HEADWAY_S * max(situation.motion.assumed_speed_mps, 4.0)
    soon = thing.approach_mps >= CUT_IN_MPS and thing.gap_m / thing.approach_mps < CUT_IN_S
    return close and soon and thing.gap_m < BESIDE_GAP_M


def _drives_same_way(thing: Thing) -> bool:
    return thing.heading_deg is None or abs(thing.heading_deg) < 60


def obstacle(situation: Situation) -> Thing | None:
    """The nearest vehicle that stands partly in the lane, so that the ego moves aside for it."""
    return next((thing for thing in situation.vehicles if _stands_partly_in_lane(thing, situation)), None)


def _stands_partly_in_lane(thing: Thing, situation: Situation) -> bool:
    """It stands close to the path, or where the ego would have met it straight on.

    In a bend, too, one would meet what is parked beside the road straight on; but that stands along the path.
    """
    if thing.gap_m is None or not thing.stands or not thing.is_ahead(LEAD_REACH_M, 1.0):
        return False
    slanted = SWERVED_DEG < abs(thing.heading_deg or 0.0) % 180 < 180 - SWERVED_DEG
    avoided = slanted and situation.motion.turns_away_from(thing.lateral_m or 0.0)
    met = thing.lane_gap_m is not None and thing.lane_gap_m < 0
    return LEAD_GAP_M <= thing.gap_m < PARTLY_IN_LANE_M or (avoided and met)


def special(situation: Situation) -> Thing | None:
    """The nearest special vehicle that matters to the ego."""
    return next((thing for thing in situation.of(SPECIAL) if _matters(thing)), None)


def _matters(thing: Thing) -> bool:
    if thing.gap_m is None or not thing.is_ahead(_reach_m(thing), -MATTERS_BEHIND_M):
        return False
    return thing.gap_m < (MACHINE_GAP_M if thing.label in WORK_MACHINES else MATTERS_GAP_M)


def _reach_m(thing: Thing) -> float:
    return MATTERS_AHEAD_M if thing.stands else MATTERS_DRIVING_M


def special_class(situation: Situation, which: Thing | None) -> Finding[SpecialAgentClass]:
    if which is not None:
        return Finding(SPECIAL_CLASSES[which.label], f"{which.label} {which.place}")
    far = next(iter(situation.of(SPECIAL)), None)
    why = f"{far.label} does not matter, {far.place}" if far else "no special vehicle"
    return Finding(SpecialAgentClass.NONE, why)
