"""What a story is made of: a place, a light, an ego, actors with their tracks, and the truth of every key frame.

A script is written for traffic that keeps to the right; for a place that keeps to the left the whole of it is
mirrored at the end, the words "left" and "right" included.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from indexer.logs.sample.catalogue import KINDS, Size
from indexer.logs.sample.dice import Dice
from indexer.logs.sample.geometry import Bend, Spot
from scenario.records import Facts

FRAMES = 6
STEP_S = 0.5
LANE_M = 3.5
STRAIGHT = Bend()
PARKING_M = 2.3
Rgb = tuple[int, int, int]
Track = tuple[Spot, ...]


@dataclass(frozen=True)
class Layout:
    """A street in road coordinates: the ego lane is |d| ≤ 1.75, other lanes lie left of it, then parking and verge."""

    same: int = 0  # further lanes of the ego's direction
    oncoming: int = 1
    parking_right: bool = False
    parking_left: bool = False
    verge: str = "pavement"  # or "grass"
    verge_m: float = 3.2
    town: str = "town"  # or "suburb", "country"
    bend: Bend = STRAIGHT
    junction_s: float | None = None  # the middle of a crossing road
    crossing_s: float | None = None  # the middle of a marked crossing
    stop_line_s: float | None = None
    lamps: bool = True

    @property
    def right_m(self) -> float:
        """The right kerb."""
        return -LANE_M / 2 - (PARKING_M if self.parking_right else 0.25)

    @property
    def divider_m(self) -> float:
        """The line between the directions."""
        return LANE_M * (0.5 + self.same)

    @property
    def left_m(self) -> float:
        """The left kerb."""
        return self.divider_m + LANE_M * self.oncoming + (PARKING_M if self.parking_left else 0.25)


@dataclass(frozen=True)
class Actor:
    """One thing with its place at every key frame, in road coordinates, and how it looks."""

    name: str
    kind: str
    track: Track
    attributes: tuple[str, ...] = ()  # one a key frame, or none
    rgb: Rgb = (128, 128, 128)
    look: int = 0  # chooses between the variants of its kind
    signals: tuple[str, ...] = ()  # brake, hazard, beacon
    base_m: float = 0.0
    size_lwh_m: Size | None = None
    stands: tuple[bool, ...] = ()  # at which key frames a person or rider does not move

    @property
    def size(self) -> Size:
        return self.size_lwh_m or KINDS[self.kind].size_lwh_m


@dataclass(frozen=True)
class Weather:
    """What is in the air and on the road, for the light and for the lens."""

    hour: str = "day"  # dusk, night
    sky: str = "clear"  # overcast
    rain: float = 0.0  # 0 none, 0.6 rain, 1 heavy
    fog_per_m: float = 0.0
    wet: float = 0.0
    sun_azimuth_deg: float = 60.0
    sun_height_deg: float = 45.0


@dataclass(frozen=True)
class Story:
    """A scene as it is told. `ego` is in road coordinates; `truths` has one entry a key frame."""

    kind: str
    description: str
    layout: Layout
    weather: Weather
    ego: Track
    actors: tuple[Actor, ...]
    truths: tuple[Facts, ...]
    left_hand: bool = False
    fault: tuple[str, str] | None = None  # a camera, and what is wrong with it: "black" or "dirt"
    world: str = ""  # what the scenery is drawn from: twins share it

    @property
    def bend(self) -> Bend:
        curvature = self.layout.bend.curvature
        return Bend(-curvature) if self.left_hand else Bend(curvature)

    def place(self, spot: Spot) -> Spot:
        """Road coordinates of the script → scene frame, mirrored where traffic keeps to the left."""
        return self.bend.place(spot.mirrored() if self.left_hand else spot)


@dataclass
class Cast:
    """Collects actors while a story is written, each under a name of its own."""

    dice: Dice
    actors: list[Actor] = field(default_factory=list)

    def add(self, kind: str, track: Track, **details: object) -> Actor:
        name = f"{kind}-{sum(actor.kind == kind for actor in self.actors)}"
        dice = self.dice.of("look", name)
        rgb = dice.choice(PAINTS if KINDS[kind].family == "vehicle" else CLOTHES)
        stands = _stands(track)
        words = _attributes(KINDS[kind].family, stands)
        actor = Actor(name, kind, track, words, rgb, dice.number(0, 999), stands=stands)
        actor = replace(actor, **details)  # type: ignore[arg-type]
        self.actors.append(actor)
        return actor


PAINTS: tuple[Rgb, ...] = (
    *((236, 238, 240), (188, 192, 197), (92, 97, 104), (34, 36, 40), (150, 24, 28)),
    *((28, 62, 120), (64, 88, 72), (196, 182, 150), (112, 44, 40), (70, 120, 160), (205, 205, 200)),
)
CLOTHES: tuple[Rgb, ...] = (
    *((190, 44, 48), (52, 92, 160), (226, 218, 204), (70, 124, 84), (222, 158, 46)),
    *((132, 92, 152), (104, 160, 200), (176, 128, 98), (216, 96, 60)),
)


def _stands(track: Track) -> tuple[bool, ...]:
    """Whether a thing stands at each key frame: it moves when it is elsewhere half a second later or was before."""
    steps = [abs(b.x - a.x) + abs(b.y - a.y) > 0.2 for a, b in pairwise(track)]
    return tuple(not (steps[min(k, len(steps) - 1)]) for k in range(len(track)))


def _attributes(family: str | None, stands: Sequence[bool]) -> tuple[str, ...]:
    words = {
        "vehicle": ("vehicle.stopped", "vehicle.moving"),
        "pedestrian": ("pedestrian.standing", "pedestrian.moving"),
        "cycle": ("cycle.with_rider", "cycle.with_rider"),
    }
    return () if family is None else tuple(words[family][0 if still else 1] for still in stands)


PARKED = ("vehicle.parked",) * FRAMES


def still(s: float, d: float, heading: float = 0.0) -> Track:
    return (Spot(s, d, heading),) * FRAMES


def moving(s: float, d: float, speed: float, heading: float = 0.0, drift: float = 0.0) -> Track:
    """A steady track: `speed` in m/s along the road, negative for oncoming, `drift` to the left."""
    return tuple(Spot(s + speed * STEP_S * k, d + drift * STEP_S * k, heading) for k in range(FRAMES))


def drive(speeds_mps: Sequence[float], lateral_m: Sequence[float] = (0.0,) * FRAMES) -> Track:
    """The ego's track from its speed at every key frame (constant acceleration between) and its offset to the lane."""
    s = [0.0]
    for before, after in pairwise(speeds_mps):
        s.append(s[-1] + (before + after) / 2 * STEP_S)
    headings = [
        (lateral_m[min(k + 1, FRAMES - 1)] - lateral_m[max(k - 1, 0)])
        / max(s[min(k + 1, FRAMES - 1)] - s[max(k - 1, 0)], 0.5)
        for k in range(FRAMES)
    ]
    return tuple(Spot(s[k], lateral_m[k], headings[k]) for k in range(FRAMES))
