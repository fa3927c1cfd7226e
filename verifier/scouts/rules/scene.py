"""What the rules found in a frame, group by group: the ground on which tags, action and risk stand."""

from dataclasses import dataclass

from scenario.vocabulary import (
    AdjacentVehicleBehavior,
    LightingCondition,
    RoadSurfaceFriction,
    SensorIntegrity,
    TimeOfDay,
    TrafficControl,
    Weather,
)
from verifier.scouts.rules import surroundings, traffic, works
from verifier.scouts.rules.finding import Finding
from verifier.scouts.rules.junction import Junction, junction
from verifier.scouts.rules.people import Conduct, Person, hidden_place, people
from verifier.scouts.rules.situation import Situation
from verifier.scouts.rules.things import Thing
from verifier.scouts.rules.traffic import Lead
from verifier.scouts.rules.works import Extent, Obstruction


@dataclass(frozen=True)
class Scene:
    situation: Situation
    weather: Finding[Weather | None]
    time: Finding[TimeOfDay | None]
    light: Finding[LightingCondition | None]
    friction: Finding[RoadSurfaceFriction | None]
    sensor: Finding[SensorIntegrity | None]
    blind: Finding[bool]  # a camera does not see as it should
    people: tuple[Person, ...]
    lead: Lead
    adjacent: Finding[AdjacentVehicleBehavior]
    special: Thing | None
    obstacle: Thing | None  # a vehicle that stands partly in the lane
    junction: Junction
    hidden_place: str | None  # why someone may come out of a place that cannot be seen into
    works: Obstruction
    debris: Obstruction
    animals: Obstruction
    water: Obstruction

    @property
    def is_adverse(self) -> bool:
        return self.weather.value in surroundings.ADVERSE

    @property
    def is_dark(self) -> bool:
        return self.time.value is TimeOfDay.NIGHT

    @property
    def in_the_way(self) -> Obstruction | None:
        """What stands in the lane and is neither a person nor a vehicle."""
        found = (self.works, self.debris, self.animals, self.water)
        return next((one for one in found if one.extent is Extent.CLOSES), None)

    @property
    def hazard(self) -> Person | None:
        """The person or rider who is a hazard, if anyone is."""
        return next((person for person in self.people if self._is_hazard(person)), None)

    def _is_hazard(self, person: Person) -> bool:
        crosses = person.conduct is Conduct.CROSSES_LEGALLY
        return person.is_hazard or (crosses and not self.ego_is_held)

    @property
    def ego_is_held(self) -> bool:
        """The ego stands, or a red light holds it: whoever crosses before it does so in peace."""
        motion = self.situation.motion
        return motion.stands or TrafficControl.RED_LIGHT in self.junction.controls or bool(self.situation.told_to_wait)

    @property
    def cuts_in(self) -> bool:
        return self.adjacent.value is AdjacentVehicleBehavior.CUTTING_IN_AGGRESSIVE


def scene_of(situation: Situation) -> Scene:
    time = surroundings.time_of_day(situation)
    weather = surroundings.weather(situation, time.value)
    return Scene(
        situation=situation,
        weather=weather,
        time=time,
        light=surroundings.light(situation, time.value),
        friction=surroundings.friction(situation, weather.value),
        sensor=surroundings.sensor(situation, weather.value, time.value),
        blind=surroundings.blind(situation, weather.value, time.value),
        people=people(situation),
        hidden_place=hidden_place(situation),
        lead=traffic.lead(situation),
        adjacent=traffic.adjacent(situation),
        special=traffic.special(situation),
        obstacle=traffic.obstacle(situation),
        junction=junction(situation),
        works=works.works(situation),
        debris=works.debris(situation),
        animals=works.animals(situation),
        water=works.water(situation),
    )
