"""Junctions: what controls them, who crosses, and whether they are hard to read."""

from dataclasses import dataclass

from scenario.labels import PERSONS, TRAFFIC_LIGHTS
from scenario.vocabulary import SceneType, TrafficControl
from verifier.scouts.rules.lexicon import WAITS
from verifier.scouts.rules.situation import Situation
from verifier.scouts.rules.things import Thing

CROSSING_DEG = (50.0, 130.0)  # heading across the ego path
CROSSING_REACH_M = 50.0
CROSSING_SIDE_M = 30.0
WALKING_MPS = 0.5
ALONG_M = 12.0  # people walk across within this much of the path's side

CONTROLS = {
    "red light": TrafficControl.RED_LIGHT,
    "stop sign": TrafficControl.STOP_SIGN,
    "yield sign": TrafficControl.YIELD_SIGN,
}


@dataclass(frozen=True)
class Junction:
    """What speaks for a junction ahead. Each part is empty or None where nothing does."""

    controls: tuple[TrafficControl, ...]
    signal: Thing | None
    vehicles: tuple[Thing, ...]
    people: tuple[Thing, ...]
    words: str | None

    @property
    def is_one(self) -> bool:
        """A sign or light alone may stand at a crosswalk; a vehicle that crosses may leave a yard."""
        return bool(self.vehicles and (self.signal or self.words)) or (self.signal is not None and bool(self.words))

    @property
    def is_complex(self) -> bool:
        """A junction where others cross, and more than one kind of thing has to be read at once."""
        parts = bool(self.signal) + bool(self.vehicles) + bool(self.people)
        return self.is_one and bool(self.vehicles) and parts + bool(self.words) >= 3

    @property
    def because(self) -> str:
        parts = [f"a {self.signal.label} {self.signal.place}"] if self.signal else []
        parts += [f"{len(self.vehicles)} vehicles across the path"] if self.vehicles else []
        parts += [f"{len(self.people)} people crossing"] if self.people else []
        parts += [f"the description says {self.words!r}"] if self.words else []
        return ", ".join(parts)


def junction(situation: Situation) -> Junction:
    signal = situation.control(*TRAFFIC_LIGHTS, "stop sign", "yield sign")
    controls = tuple(value for label, value in CONTROLS.items() if situation.control(label))
    if not controls and situation.told_to_wait and situation.hints.says(WAITS, "red"):
        controls = (TrafficControl.RED_LIGHT,)
    return Junction(
        controls,
        signal,
        tuple(thing for thing in situation.vehicles if _crosses(thing)),
        tuple(thing for thing in situation.of(PERSONS) if _walks_across(thing)),
        situation.hints.says("scene_type", SceneType.INTERSECTION),
    )


def _crosses(thing: Thing) -> bool:
    """A vehicle that drives across the ego path, or waits to."""
    if thing.heading_deg is None or thing.lateral_m is None or thing.state == "parked":
        return False
    across = CROSSING_DEG[0] < abs(thing.heading_deg) < CROSSING_DEG[1]
    return across and thing.is_ahead(CROSSING_REACH_M) and abs(thing.lateral_m) < CROSSING_SIDE_M


def _walks_across(thing: Thing) -> bool:
    if thing.lateral_m is None or not thing.is_ahead(CROSSING_REACH_M):
        return False
    return abs(thing.lateral_speed_mps or 0.0) > WALKING_MPS and abs(thing.lateral_m) < ALONG_M
