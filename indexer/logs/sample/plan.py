"""What a story's author holds in hand: dice, the words for the sides, the weather, and the truth to start from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import pi
from typing import TypeAlias

from indexer.logs.sample.dice import Dice
from indexer.logs.sample.script import (
    FRAMES,
    LANE_M,
    PARKED,
    PARKING_M,
    Cast,
    Layout,
    Story,
    Track,
    Weather,
    drive,
    moving,
    still,
)
from scenario.records import Facts

ONCOMING = pi
Facet: TypeAlias = Mapping[str, object]  # some fields of the Scenario DNA
NOTHING: Facet = {}


@dataclass
class Plan:
    """One scene in the making. `world` names the dice, so that twins that share it share everything drawn from it."""

    seed: int
    world: str
    left_hand: bool = False
    dice: Dice = field(init=False)
    cast: Cast = field(init=False)

    def __post_init__(self) -> None:
        self.dice = Dice(self.seed, self.world)
        self.cast = Cast(self.dice)

    @property
    def left(self) -> str:
        return "right" if self.left_hand else "left"

    @property
    def right(self) -> str:
        return "left" if self.left_hand else "right"

    # Weather

    def daylight(self) -> Weather:
        sky = self.dice.of("sky").choice(("clear", "clear", "overcast"))
        return self._lit(Weather(sky=sky))

    def rain(self, heavy: bool = False, hour: str = "day") -> Weather:
        return self._lit(Weather(hour=hour, sky="overcast", rain=1.0 if heavy else 0.6, wet=1.0, fog_per_m=0.006))

    def hour(self, hour: str) -> Weather:
        return self._lit(Weather(hour=hour))

    def fog(self) -> Weather:
        return self._lit(Weather(sky="overcast", fog_per_m=self.dice.of("fog").between(0.038, 0.052)))

    def _lit(self, weather: Weather) -> Weather:
        dice = self.dice.of("sun")
        low = weather.hour == "dusk"
        height = dice.between(5, 9) if low else dice.between(32, 58)
        azimuth = dice.between(18, 40) * dice.choice((-1, 1)) if low else dice.between(50, 130) * dice.choice((-1, 1))
        return replace(weather, sun_azimuth_deg=azimuth, sun_height_deg=height)

    # The ego

    def ego(self, *speeds_mps: float, shift_m: float = 0.0) -> Track:
        """A track with six speeds; `shift_m` is how far left it has moved at the end, straight ahead again."""
        dice = self.dice.of("ego")
        factor = dice.between(0.95, 1.05)
        offset = dice.between(-0.12, 0.12)
        lateral = [offset + shift_m * _eased((k - 1) / 4) for k in range(FRAMES)]
        return drive([speed * factor for speed in speeds_mps], lateral)

    # Company that changes nothing

    def parked(self, layout: Layout, *gaps: tuple[float, float], share: float = 0.6) -> None:
        """Parked vehicles in the parking strips, none on the right within a gap (s from, s to)."""
        dice = self.dice.of("parked")
        strips = [(layout.parking_right, layout.right_m + PARKING_M / 2, 0.0)]
        strips.append((layout.parking_left, layout.left_m - PARKING_M / 2, ONCOMING))
        for wanted, d, heading in strips:
            for slot in range(-1, 9) if wanted else ():
                s = 6.2 * slot + dice.between(-0.4, 0.4)
                kind, here = dice.choice(("car", "car", "suv", "van")), dice.chance(share)
                free = heading or not any(low < s + 2.7 and s - 2.7 < high for low, high in gaps)
                if here and free:
                    self.cast.add(kind, still(s, d + dice.between(-0.1, 0.1), heading), attributes=PARKED)

    def oncoming(self, layout: Layout, most: int = 2, near_m: float = 30.0) -> None:
        """Vehicles that come the other way, or none."""
        dice = self.dice.of("oncoming")
        count = dice.number(0, most) if layout.oncoming else 0
        d, s = layout.divider_m + LANE_M / 2, dice.between(near_m, near_m + 14)
        for _ in range(count):
            kind = dice.choice(("car", "suv", "car", "van"))
            self.cast.add(kind, moving(s, d + dice.between(-0.2, 0.2), -dice.between(6.5, 8.0), ONCOMING))
            s += dice.between(14, 24)

    # Truth

    def truths(
        self, layout: Layout, weather: Weather, more: Facet = NOTHING, frames: Sequence[Facet] = (), **always: object
    ) -> tuple[Facts, ...]:
        """The truth of six frames: what light and place say, what holds throughout, what each frame adds."""
        each = frames or (NOTHING,) * FRAMES
        return tuple(Facts.model_validate({**ordinary(layout, weather), **more, **always, **facet}) for facet in each)

    def story(self, kind: str, description: str, layout: Layout, weather: Weather, ego: Track, **rest: object) -> Story:
        return Story(
            kind,
            description,
            layout,
            weather,
            ego,
            tuple(self.cast.actors),
            left_hand=self.left_hand,
            world=self.world,
            **rest,  # type: ignore[arg-type]
        )


def _eased(share: float) -> float:
    """0 to 1, slowly at both ends."""
    x = min(1.0, max(0.0, share))
    return x * x * (3 - 2 * x)


def ordinary(layout: Layout, weather: Weather) -> dict[str, object]:
    """The Scenario DNA of a place where nothing happens."""
    precipitation = "rain" if weather.rain < 1 else "heavy_rain"
    air = "fog" if weather.fog_per_m > 0.02 else weather.sky
    night = "streetlights_only" if layout.lamps else "pitch_black"
    return {
        "weather": precipitation if weather.rain else air,
        "time_of_day": {"dusk": "dawn_dusk"}.get(weather.hour, weather.hour),
        "lighting_condition": night if weather.hour == "night" else "nominal",
        "road_surface_friction": "wet" if weather.wet else "dry",
        "sensor_integrity": "droplets_on_lens" if weather.rain else "nominal",
        "scene_type": "rural_road" if layout.town == "country" else "urban_street",
        "lane_configuration": "curve" if layout.bend.curvature else "straight",
        "drivable_area_status": "nominal",
        "vru_status": "none",
        "lead_vehicle_behavior": "none",
        "adjacent_vehicle_behavior": "none",
        "special_agent_class": "none",
        "primary_challenge": "perception_degradation" if weather.rain or air == "fog" else "none",
        "ego_required_action": "lane_keep",
        "blocking_factor": "none",
        "traffic_controls": (),
        "tags": ("weather_adverse",) if weather.rain or air == "fog" else (),
        "risk": 0,
    }
