"""Everything the rules look at, gathered once: the ego's motion, the things around it, the pictures, the words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean, median

from scenario.labels import ROAD_USERS, VEHICLES
from scenario.records import DetectionReview, Frame, Grounding
from verifier.image_stats import ImageStats
from verifier.scouts.rules.ego import EgoMotion, motion_of
from verifier.scouts.rules.lexicon import EMPTY, NAMES, WAITS, Hints, hints
from verifier.scouts.rules.things import Thing, things_of

CONTROL_REACH_M = 60.0  # a sign or light farther away holds for another junction
CONTROL_SIDE_M = 9.0


@dataclass(frozen=True)
class Situation:
    """A frame as the rules see it. `pictures` is by camera, empty where pictures are not looked at."""

    motion: EgoMotion
    things: tuple[Thing, ...] = ()
    pictures: Mapping[str, ImageStats] = field(default_factory=dict)
    hints: Hints = field(default_factory=lambda: Hints({}))
    complete: bool = True  # whether what is not among the things is not there

    def of(self, labels: frozenset[str]) -> tuple[Thing, ...]:
        return tuple(thing for thing in self.things if thing.label in labels)

    @property
    def road_users(self) -> tuple[Thing, ...]:
        return self.of(ROAD_USERS)

    @property
    def vehicles(self) -> tuple[Thing, ...]:
        return self.of(VEHICLES)

    def control(self, *labels: str) -> Thing | None:
        """The nearest sign or light of these kinds that may hold for the ego."""
        near = (
            thing
            for thing in self.of(frozenset(labels))
            if thing.is_ahead(CONTROL_REACH_M, -2.0) and abs(thing.lateral_m or 0.0) <= CONTROL_SIDE_M
        )
        return next(near, None)

    @property
    def told_to_wait(self) -> str | None:
        """The words by which the ego waits at a signal, where its motion is in keeping with them."""
        waits = self.motion.waits or self.motion.speed_mps is None
        return self.hints.says(WAITS) if waits else None

    def mean(self, statistic: str) -> float:
        """The mean of a picture statistic over the cameras that see anything. Needs at least one picture."""
        return fmean(self._values(statistic))

    def median(self, statistic: str) -> float:
        return median(self._values(statistic))

    def _values(self, statistic: str) -> list[float]:
        seeing = [stats for stats in self.pictures.values() if not stats.is_blank] or [*self.pictures.values()]
        return [getattr(stats, statistic) for stats in seeing]


# nuScenes calls a school bus a bus and a fire truck a truck; the scene's words may know better.
COARSE = {"school bus": "bus", "fire truck": "truck"}


def _named(things: tuple[Thing, ...], said: Hints) -> tuple[Thing, ...]:
    """The nearest thing of a coarse label takes the name that the description has for it, unless one bears it."""
    for name, coarse in COARSE.items():
        known = any(thing.label == name for thing in things)
        nearest = next((thing for thing in things if thing.label == coarse), None)
        if said.says(NAMES, name) and nearest is not None and not known:
            things = tuple(replace(thing, label=name) if thing is nearest else thing for thing in things)
    return things


def situation_of(
    frame: Frame, grounding: Grounding, reviews: Sequence[DetectionReview], pictures: Mapping[str, ImageStats]
) -> Situation:
    motion = motion_of(frame)
    things = _named(things_of(grounding, reviews, motion), hints(frame.description))
    said = hints(frame.description)
    # Where nobody looked for things, the words may still say that there are none.
    complete = bool(grounding.cameras) or (not things and said.says(EMPTY) is not None)
    return Situation(motion, things, pictures, said, complete)
