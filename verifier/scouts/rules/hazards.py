"""What makes a frame risky: a table of hazards on the scale of `scenario.risk`, and how they make one number.

The risk is that of the greatest hazard. One that the ego must deal with counts one more in the dark, in rain or in
fog; two hazards that each ask for action count one more than the greater. So a risk can always be explained.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from scenario.vocabulary import RISK_MAX, LeadVehicleBehavior, TimeOfDay, Weather
from verifier.scouts.rules.ego import EMERGENCY_MPS2
from verifier.scouts.rules.finding import Finding
from verifier.scouts.rules.people import Conduct, Person
from verifier.scouts.rules.scene import Scene
from verifier.scouts.rules.works import Extent

ASKS_FOR_ACTION = 5  # from this level of the scale on, the ego must do something
CLOSE_M = 3.0  # nearer than this there is nothing left to brake for

# Hazard → its level on the risk scale.
LEVELS = {
    "an empty road": 0,
    "ordinary traffic": 1,
    "people or works that stand well aside": 2,
    "rain": 3,
    "night or dusk": 3,
    "people close to the road": 3,
    "works beside the lane": 3,
    "people cross while the ego waits": 3,
    "heavy rain or fog": 4,
    "a wet night": 4,
    "a complex junction": 4,
    "a special vehicle": 4,
    "a camera that does not see": 4,
    "someone half hidden beside the path": 5,
    "a place that hides people beside the path": 5,
    "the lane narrows": 5,
    "a rider in the lane": 5,
    "the vehicle ahead brakes or turns": 5,
    "a bus at its stop": 5,
    "the lane is closed": 6,
    "the lane is blocked": 6,
    "an object in the lane": 6,
    "a pedestrian crosses where it may": 6,
    "a vehicle cuts in": 6,
    "someone is about to enter the path": 7,
    "someone in the path where it is not expected": 8,
    "a collision unless the ego brakes hard": 9,
}


@dataclass(frozen=True)
class Hazard:
    name: str
    because: str = ""

    @property
    def level(self) -> int:
        return LEVELS[self.name]


def risk(scene: Scene) -> Finding[int]:
    """The risk of a scene, with the hazards that make it."""
    greatest = max(hazards(scene), key=lambda hazard: hazard.level)
    level, because = greatest.level, [f"{greatest.level} for {greatest.name}"]
    worse = _bad_conditions(scene)
    if worse and level >= ASKS_FOR_ACTION:
        level, because = level + 1, [*because, f"1 more for {worse}"]
    return Finding(min(level, RISK_MAX), ", ".join(because))


def hazards(scene: Scene) -> Iterator[Hazard]:
    """Every hazard of a scene, at least one."""
    yield Hazard("ordinary traffic" if scene.situation.vehicles else "an empty road")
    yield from _conditions(scene)
    if scene.hidden_place:
        yield Hazard("a place that hides people beside the path", scene.hidden_place)
    for person in scene.people:
        yield Hazard(_person_hazard(person, scene), person.because)
    yield from _of_lane(scene)
    yield from _of_traffic(scene)


def _conditions(scene: Scene) -> Iterator[Hazard]:
    if scene.weather.value in (Weather.HEAVY_RAIN, Weather.FOG):
        yield Hazard("heavy rain or fog", scene.weather.because)
    elif scene.is_adverse:
        yield Hazard("a wet night" if scene.is_dark else "rain", scene.weather.because)
    if scene.time.value in (TimeOfDay.NIGHT, TimeOfDay.DAWN_DUSK):
        yield Hazard("night or dusk", scene.time.because)
    if scene.blind.value:
        yield Hazard("a camera that does not see", scene.blind.because)


def _person_hazard(person: Person, scene: Scene) -> str:
    match person.conduct:
        case Conduct.IN_PATH | Conduct.ENTERS if needs_hard_braking(person, scene):
            return "a collision unless the ego brakes hard"
        case Conduct.IN_PATH:
            return "someone in the path where it is not expected"
        case Conduct.ENTERS:
            return "someone is about to enter the path"
        case Conduct.RIDES_IN_LANE:
            return "a rider in the lane"
        case Conduct.CROSSES_LEGALLY if scene.ego_is_held:
            return "people cross while the ego waits"
        case Conduct.CROSSES_LEGALLY:
            return "a pedestrian crosses where it may"
        case Conduct.CLOSE if person.may_hide:
            return "someone half hidden beside the path"
        case Conduct.CLOSE:
            return "people close to the road"
        case _:
            return "people or works that stand well aside"


def needs_hard_braking(person: Person, scene: Scene) -> bool:
    """Whether the ego, at its present speed, stops before the person only by braking harder than is comfortable."""
    speed, distance = scene.situation.motion.speed_mps or 0.0, person.thing.near_end_m
    if distance is None:
        return False
    return speed > 2.0 and speed**2 / (2 * max(distance - CLOSE_M, 0.5)) > EMERGENCY_MPS2


def _of_lane(scene: Scene) -> Iterator[Hazard]:
    names = {
        Extent.CLOSES: "the lane is closed",
        Extent.NARROWS: "the lane narrows",
        Extent.BESIDE: "works beside the lane",
        Extent.NOTHING: "people or works that stand well aside",
    }
    if scene.works.things:
        yield Hazard(names[scene.works.extent], scene.works.because)
    for found in (scene.debris, scene.animals, scene.water):
        if found.extent is Extent.CLOSES:
            yield Hazard("an object in the lane", found.because)
        elif found.extent is Extent.NARROWS:
            yield Hazard("the lane narrows", found.because)


def _of_traffic(scene: Scene) -> Iterator[Hazard]:
    if scene.lead.blocks:
        yield Hazard("the lane is blocked", scene.lead.behavior.because)
    elif scene.lead.behavior.value in (LeadVehicleBehavior.BRAKING_SUDDENLY, LeadVehicleBehavior.TURNING):
        yield Hazard("the vehicle ahead brakes or turns", scene.lead.behavior.because)
    if scene.obstacle is not None:
        yield Hazard("the lane narrows", f"{scene.obstacle.label} {scene.obstacle.place}")
    if scene.lead.is_bus_at_stop:
        yield Hazard("a bus at its stop", scene.lead.behavior.because)
    if scene.cuts_in:
        yield Hazard("a vehicle cuts in", scene.adjacent.because)
    if scene.special is not None:
        yield Hazard("a special vehicle", scene.special.place)
    if scene.junction.is_complex:
        yield Hazard("a complex junction", scene.junction.because)


def _bad_conditions(scene: Scene) -> str | None:
    if scene.is_adverse and scene.weather.value is not None:
        return scene.weather.value.replace("_", " ")
    return "the dark" if scene.is_dark else None
