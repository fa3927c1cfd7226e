"""What makes the scene hard, what the ego must do, what blocks it, and which tags hold."""

from collections.abc import Iterator

from scenario.vocabulary import BlockingFactor, EgoRequiredAction, LeadVehicleBehavior, PrimaryChallenge, Tag
from verifier.scouts.rules.finding import Finding
from verifier.scouts.rules.hazards import needs_hard_braking
from verifier.scouts.rules.people import Conduct
from verifier.scouts.rules.scene import Scene
from verifier.scouts.rules.works import Extent


def tags(scene: Scene) -> Iterator[tuple[Tag, str]]:
    """Every tag that holds, with what it rests on."""
    if scene.works.extent >= Extent.NARROWS:
        yield Tag.CONSTRUCTION, scene.works.because
    if scene.works.extent is Extent.CLOSES:
        yield Tag.LANE_DIVERSION, scene.works.because
    if scene.junction.is_complex:
        yield Tag.INTERSECTION_COMPLEX, scene.junction.because
    if scene.hazard is not None:
        yield Tag.VRU_HAZARD, scene.hazard.because
    if scene.debris.extent >= Extent.BESIDE:
        yield Tag.FOD_DEBRIS, scene.debris.because
    if scene.is_adverse:
        yield Tag.WEATHER_ADVERSE, scene.weather.because
    if scene.special is not None:
        yield Tag.SPECIAL_VEHICLE, f"{scene.special.label} {scene.special.place}"
    if scene.blind.value:
        yield Tag.SENSOR_FAILURE, scene.blind.because


def blocking_factor(scene: Scene) -> Finding[BlockingFactor]:
    hazard = scene.hazard
    if hazard is not None and hazard.conduct in (Conduct.IN_PATH, Conduct.ENTERS):
        return Finding(BlockingFactor.PEDESTRIAN, hazard.because)
    for found, factor in (
        (scene.works, BlockingFactor.CONSTRUCTION_BARRIER),
        (scene.debris, BlockingFactor.DEBRIS),
        (scene.water, BlockingFactor.FLOOD),
    ):
        if found.extent is Extent.CLOSES:
            return Finding(factor, found.because)
    if scene.lead.blocks or scene.lead.is_bus_at_stop:
        return Finding(BlockingFactor.VEHICLE, scene.lead.behavior.because)
    if scene.obstacle is not None:
        return Finding(BlockingFactor.VEHICLE, f"{scene.obstacle.label} {scene.obstacle.place}")
    return Finding(BlockingFactor.NONE, "nothing in the lane")


def required_action(scene: Scene) -> Finding[EgoRequiredAction]:
    """The most urgent thing that the scene asks of the ego."""
    return next(
        found
        for found in (_for_people(scene), _for_obstacles(scene), _for_traffic(scene), _for_conditions(scene))
        if found is not None
    )


def _for_people(scene: Scene) -> Finding[EgoRequiredAction] | None:
    first = scene.people[0] if scene.people else None
    if first is None:
        return None
    match first.conduct:
        case Conduct.IN_PATH | Conduct.ENTERS if needs_hard_braking(first, scene) or scene.situation.motion.brakes_hard:
            return Finding(EgoRequiredAction.EMERGENCY_BRAKE, first.because)
        case Conduct.IN_PATH | Conduct.ENTERS:
            return Finding(EgoRequiredAction.STOP, first.because)
        case Conduct.CROSSES_LEGALLY if scene.ego_is_held:
            return Finding(EgoRequiredAction.STOP, first.because)
        case Conduct.CROSSES_LEGALLY:
            return Finding(EgoRequiredAction.YIELD, first.because)
        case Conduct.RIDES_IN_LANE:
            return Finding(EgoRequiredAction.SLOW_DOWN, first.because)
        case _:
            return None


def _for_obstacles(scene: Scene) -> Finding[EgoRequiredAction] | None:
    if scene.works.extent is Extent.CLOSES:
        return Finding(EgoRequiredAction.LANE_CHANGE, scene.works.because)
    if scene.animals.extent is Extent.CLOSES:
        return Finding(EgoRequiredAction.STOP, scene.animals.because)
    if scene.in_the_way is not None:
        return Finding(EgoRequiredAction.NUDGE_AROUND_STATIC_OBSTACLE, scene.in_the_way.because)
    if scene.lead.blocks:
        return Finding(EgoRequiredAction.NUDGE_AROUND_STATIC_OBSTACLE, scene.lead.behavior.because)
    if scene.obstacle is not None:
        return Finding(EgoRequiredAction.NUDGE_AROUND_STATIC_OBSTACLE, scene.obstacle.place)
    if scene.works.extent is Extent.NARROWS:
        return Finding(EgoRequiredAction.SLOW_DOWN, scene.works.because)
    return None


def _for_traffic(scene: Scene) -> Finding[EgoRequiredAction] | None:
    if "red_light" in scene.junction.controls or scene.situation.motion.stands:
        return Finding(EgoRequiredAction.STOP, "a red light" if scene.junction.controls else "the ego stands")
    if scene.lead.is_bus_at_stop:
        return Finding(EgoRequiredAction.STOP, scene.lead.behavior.because)
    if scene.lead.behavior.value is LeadVehicleBehavior.BRAKING_SUDDENLY:
        return Finding(EgoRequiredAction.EMERGENCY_BRAKE, scene.lead.behavior.because)
    if scene.cuts_in:
        return Finding(EgoRequiredAction.SLOW_DOWN, scene.adjacent.because)
    if scene.lead.behavior.value is LeadVehicleBehavior.TURNING:
        return Finding(EgoRequiredAction.SLOW_DOWN, scene.lead.behavior.because)
    if scene.special is not None:
        return Finding(EgoRequiredAction.SLOW_DOWN, scene.special.place)
    return None


def _for_conditions(scene: Scene) -> Finding[EgoRequiredAction]:
    if any(person.may_hide for person in scene.people) or scene.hidden_place:
        return Finding(EgoRequiredAction.SLOW_DOWN, scene.hidden_place or "someone half hidden close to the path")
    if scene.is_adverse:
        return Finding(EgoRequiredAction.SLOW_DOWN, scene.weather.because)
    return Finding(EgoRequiredAction.LANE_KEEP, "nothing asks for more")


def primary_challenge(scene: Scene) -> Finding[PrimaryChallenge]:
    if hidden := next((person for person in scene.people if person.may_hide), None):
        return Finding(PrimaryChallenge.OCCLUSION_RISK, hidden.because)
    if scene.lead.is_bus_at_stop and scene.people:
        return Finding(PrimaryChallenge.OCCLUSION_RISK, f"people near a bus that stands: {scene.lead.behavior.because}")
    if scene.hidden_place:
        return Finding(PrimaryChallenge.OCCLUSION_RISK, scene.hidden_place)
    if scene.hazard is not None and scene.hazard.conduct >= Conduct.ENTERS:
        return Finding(PrimaryChallenge.PREDICTION_UNCERTAINTY, scene.hazard.because)
    if scene.works.extent is Extent.CLOSES:
        return Finding(PrimaryChallenge.VIOLATION_OF_MAP_TOPOLOGY, scene.works.because)
    if scene.cuts_in:
        return Finding(PrimaryChallenge.RULE_VIOLATION, scene.adjacent.because)
    if scene.is_adverse or scene.is_dark:
        return Finding(PrimaryChallenge.PERCEPTION_DEGRADATION, scene.weather.because or scene.time.because)
    return Finding(PrimaryChallenge.NONE, "nothing is difficult")
