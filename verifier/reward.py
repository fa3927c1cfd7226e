"""The reward: a pure function of facts and detections that explains every point.

It asks three things. Is what the facts claim *there* (grounding)? Does the ego's action have a *cause*? Do the
fields *agree* with each other? It never pays for a claim that nothing can check, so more tags are not more
points. Points: grounded claim +2, claim with nothing to be seen -2, explained action +2, unexplained stop -5,
other unexplained action -3, contradiction -2.
"""

from collections.abc import Callable, Iterator

from scenario.labels import ROAD_USERS
from scenario.records import Facts, Grounding, Reason, Reward
from scenario.vocabulary import (
    BlockingFactor,
    DrivableAreaStatus,
    EgoRequiredAction,
    LaneConfiguration,
    LeadVehicleBehavior,
    RoadSurfaceFriction,
    SceneType,
    SensorIntegrity,
    SpecialAgentClass,
    Tag,
    TrafficControl,
    VruStatus,
    Weather,
)
from verifier.evidence import describe, grounded, labels_for

GROUNDED, UNSEEN, EXPLAINED, UNEXPLAINED_STOP, UNEXPLAINED, CONTRADICTION = 2.0, -2.0, 2.0, -5.0, -3.0, -2.0

Rule = Callable[[Facts, Grounding], Iterator[Reason]]

_STOPS = {EgoRequiredAction.STOP, EgoRequiredAction.EMERGENCY_BRAKE}
_CONTROLS_THAT_STOP = {
    TrafficControl.RED_LIGHT,
    TrafficControl.YELLOW_LIGHT,
    TrafficControl.STOP_SIGN,
    TrafficControl.YIELD_SIGN,
    TrafficControl.POLICE_MANUAL,
}
_VRU_IN_THE_WAY = {
    VruStatus.LEGAL_CROSSING,
    VruStatus.JAYWALKING_FAST,
    VruStatus.JAYWALKING_HESITANT,
    VruStatus.CYCLIST_IN_LANE,
}
_LEAD_STOPS = {LeadVehicleBehavior.BRAKING_SUDDENLY, LeadVehicleBehavior.STALLED, LeadVehicleBehavior.TURNING}
_ADVERSE_WEATHER = {Weather.RAIN, Weather.HEAVY_RAIN, Weather.SNOW, Weather.FOG}
_ADVERSE_SURFACE = {RoadSurfaceFriction.WET, RoadSurfaceFriction.ICY, RoadSurfaceFriction.SNOWY}
_JUNCTIONS = {
    LaneConfiguration.INTERSECTION_4WAY,
    LaneConfiguration.INTERSECTION_T_JUNCTION,
    LaneConfiguration.ROUNDABOUT,
}


def score(facts: Facts, grounding: Grounding) -> Reward:
    """Every reason that some rule finds, in the order of `RULES`; the total is their sum."""
    return Reward(reasons=tuple(reason for rule in RULES for reason in rule(facts, grounding)))


def claims_are_grounded(facts: Facts, grounding: Grounding) -> Iterator[Reason]:
    """Each claimed tag and agent that a detector can see is there, or is not."""
    claims = [("tags", tag.value) for tag in facts.tags]
    for field in ("vru_status", "special_agent_class", "blocking_factor"):
        value = getattr(facts, field)
        if value is not None and value != "none":
            claims.append((field, value.value))
    for field, value in claims:
        reason = _grounding_of(field, value, grounding)
        if reason is not None:
            yield reason


def _grounding_of(field: str, value: str, grounding: Grounding) -> Reason | None:
    labels = labels_for(field, value)
    if labels is None:
        return None
    name = value if field == "tags" else f"{field} {value}"
    match grounded(field, value, grounding):
        case True:
            seen = describe(grounding.of(labels, 0.01))
            return Reason(points=GROUNDED, text=f"{name} grounded by {seen}")
        case False:
            cameras = len(grounding.cameras)
            return Reason(points=UNSEEN, text=f"{name} claimed, but nothing of the kind was seen in {cameras} cameras")
    return None


def stopping_has_a_cause(facts: Facts, _: Grounding) -> Iterator[Reason]:
    """A stop needs a blocker, a control, a road user or a vehicle ahead; waiting at a red light is no fault."""
    action = facts.ego_required_action
    if action not in _STOPS:
        return
    cause = _cause_to_stop(facts)
    if cause:
        yield Reason(points=EXPLAINED, text=f"{action} explained by {cause}")
    elif facts.drivable_area_status is not DrivableAreaStatus.BLOCKED_BY_DYNAMIC_OBJECT:
        yield Reason(points=UNEXPLAINED_STOP, text=f"{action} without a blocker, a control or a road user in the way")


def _cause_to_stop(facts: Facts) -> str | None:
    if facts.blocking_factor not in (None, BlockingFactor.NONE):
        return str(facts.blocking_factor)
    for control in facts.traffic_controls:
        if control in _CONTROLS_THAT_STOP:
            return str(control)
    if facts.vru_status in _VRU_IN_THE_WAY:
        return str(facts.vru_status)
    if facts.lead_vehicle_behavior in _LEAD_STOPS:
        return f"a lead vehicle {facts.lead_vehicle_behavior}"
    return None


def nudging_has_an_obstacle(facts: Facts, _: Grounding) -> Iterator[Reason]:
    if facts.ego_required_action is not EgoRequiredAction.NUDGE_AROUND_STATIC_OBSTACLE:
        return
    if facts.blocking_factor not in (None, BlockingFactor.NONE, BlockingFactor.PEDESTRIAN):
        yield Reason(points=EXPLAINED, text=f"nudge explained by {facts.blocking_factor}")
    elif facts.drivable_area_status is DrivableAreaStatus.RESTRICTED_BY_STATIC_OBSTACLE:
        yield Reason(points=EXPLAINED, text="nudge explained by a restricted drivable area")
    else:
        yield Reason(points=UNEXPLAINED, text="nudge around an obstacle, but no obstacle is stated")


def yielding_has_a_counterpart(facts: Facts, grounding: Grounding) -> Iterator[Reason]:
    if facts.ego_required_action is not EgoRequiredAction.YIELD or _cause_to_stop(facts):
        return
    nobody = not grounding.sees(ROAD_USERS) and facts.adjacent_vehicle_behavior in (None, "none")
    if grounding.cameras and nobody and facts.lead_vehicle_behavior in (None, LeadVehicleBehavior.NONE):
        yield Reason(points=UNEXPLAINED, text="yield, but there is nobody to yield to")


def tags_agree_with_fields(facts: Facts, _: Grounding) -> Iterator[Reason]:
    """A tag and the field it summarises must not deny each other. A field that is not stated denies nothing."""
    denied = {
        Tag.WEATHER_ADVERSE: facts.weather not in {None, *_ADVERSE_WEATHER}
        and facts.road_surface_friction not in {None, *_ADVERSE_SURFACE},
        Tag.SENSOR_FAILURE: facts.sensor_integrity is SensorIntegrity.NOMINAL,
        Tag.SPECIAL_VEHICLE: facts.special_agent_class is SpecialAgentClass.NONE,
        Tag.VRU_HAZARD: facts.vru_status is VruStatus.NONE,
        Tag.INTERSECTION_COMPLEX: facts.scene_type not in (None, SceneType.INTERSECTION)
        and facts.lane_configuration not in {None, *_JUNCTIONS}
        and not facts.traffic_controls,
    }
    for tag in facts.tags:
        if denied.get(tag):
            yield Reason(points=CONTRADICTION, text=f"{tag} is tagged, but the facts deny it")


def risk_agrees_with_action(facts: Facts, _: Grounding) -> Iterator[Reason]:
    if facts.risk is None or facts.ego_required_action is None:
        return
    calm = facts.ego_required_action is EgoRequiredAction.LANE_KEEP and not _cause_to_stop(facts)
    if facts.risk >= 7 and calm:
        yield Reason(points=CONTRADICTION, text=f"risk {facts.risk}, though nothing keeps the ego from going on")
    if facts.risk <= 2 and facts.ego_required_action is EgoRequiredAction.EMERGENCY_BRAKE:
        yield Reason(points=CONTRADICTION, text=f"risk {facts.risk} beside an emergency brake")


RULES: tuple[Rule, ...] = (
    claims_are_grounded,
    stopping_has_a_cause,
    nudging_has_an_obstacle,
    yielding_has_a_counterpart,
    tags_agree_with_fields,
    risk_agrees_with_action,
)
FINGERPRINT = "reward-1"  # part of every verdict's key: raise it when a rule or a point changes
