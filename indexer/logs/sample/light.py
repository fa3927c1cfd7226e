"""What lights a scene: sun and sky, street lamps, the ego's own head lamps; and the haze in between."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians, sin

import numpy as np

from indexer.logs.sample.geometry import Array, Spot
from indexer.logs.sample.script import Weather

Rgb = tuple[float, float, float]


@dataclass(frozen=True)
class Palette:
    """Colours of one kind of light, 0 to 1: what the sun adds, what the sky gives everywhere, and the sky itself."""

    sun: Rgb
    ambient: Rgb
    zenith: Rgb
    horizon: Rgb
    haze_per_m: float
    clouds: float
    cloud: Rgb


CLEAR = Palette(
    (0.66, 0.6, 0.49), (0.56, 0.6, 0.67), (0.27, 0.47, 0.76), (0.74, 0.83, 0.9), 0.0016, 0.45, (0.97, 0.97, 0.97)
)
OVERCAST = Palette(
    (0.16, 0.16, 0.16), (0.72, 0.74, 0.77), (0.58, 0.61, 0.65), (0.8, 0.81, 0.82), 0.003, 0.8, (0.86, 0.87, 0.88)
)
DUSK = Palette(
    (0.74, 0.42, 0.2), (0.38, 0.35, 0.43), (0.19, 0.23, 0.42), (0.98, 0.6, 0.34), 0.003, 0.5, (0.88, 0.48, 0.4)
)
NIGHT = Palette(
    (0.0, 0.0, 0.0), (0.075, 0.085, 0.125), (0.012, 0.018, 0.045), (0.07, 0.07, 0.1), 0.003, 0.3, (0.09, 0.085, 0.11)
)
RAIN = Palette(
    (0.03, 0.03, 0.03), (0.6, 0.62, 0.64), (0.44, 0.46, 0.48), (0.66, 0.67, 0.68), 0.008, 0.6, (0.56, 0.57, 0.58)
)
RAIN_NIGHT = Palette(
    (0.0, 0.0, 0.0), (0.07, 0.075, 0.1), (0.03, 0.033, 0.045), (0.1, 0.1, 0.115), 0.008, 0.3, (0.1, 0.09, 0.1)
)
FOG = Palette((0.04, 0.04, 0.04), (0.66, 0.68, 0.7), (0.74, 0.76, 0.78), (0.78, 0.8, 0.81), 0.045, 0.0, (0.8, 0.8, 0.8))

LAMP_RGB = np.array([1.0, 0.78, 0.46])
BEAM_RGB = np.array([1.0, 0.96, 0.86])


@dataclass(frozen=True)
class Light:
    """The light of one picture, in the scene frame."""

    palette: Palette
    sun: Array  # (3,) towards it
    night: bool
    dim: bool  # lamps are lit
    haze_per_m: float
    wet: float
    rain: float
    lamps: Array  # (n, 2) places under the street lamps
    ego: Spot

    @property
    def haze(self) -> Array:
        return np.array(self.palette.horizon)

    def falls_on(self, points: Array, normals: Array) -> Array:
        """(n, 3) light that reaches faces at `points` (n, 3) with unit `normals` (n, 3)."""
        up = normals[:, 2:3]
        light: Array = np.array(self.palette.ambient) * (0.82 + 0.24 * up)
        light = light + np.array(self.palette.sun) * np.clip(normals @ self.sun, 0, None)[:, None]
        if self.night:
            light = light + self.beam(points, normals)[:, None] * BEAM_RGB
        if self.dim and len(self.lamps):
            weight = 0.8 if self.night else 0.16
            light = light + weight * self.pools(points[:, :2])[:, None] * LAMP_RGB * (0.65 + 0.35 * up)
        return light

    def beam(self, points: Array, normals: Array) -> Array:
        """(n,) what the head lamps give a face: bright ahead and low, cut off above."""
        to = points - np.array([self.ego.x, self.ego.y, 0.65])
        ahead, left = self.in_ego(points[:, 0], points[:, 1])
        distance = np.maximum(np.hypot(ahead, left), 1.0)
        facing = np.clip(-(normals * to).sum(axis=1) / distance, 0.12, 1.0)
        height = np.clip(1.35 - 0.32 * np.maximum(points[:, 2] - 0.6, 0), 0.12, 1.0)
        shone: Array = self.cone(ahead, left) * facing * height * 1.5
        return shone

    def cone(self, ahead: Array, left: Array) -> Array:
        """The pattern of low beams on the ground, for coordinates from the ego's rear axle; arrays of any shape."""
        forward = np.maximum(ahead - 3.2, 0.01)
        spread = np.exp(-((left / (1.4 + 0.27 * forward)) ** 2))
        reach = np.exp(-((forward / 30.0) ** 1.6)) * np.clip(forward / 3.0, 0, 1)
        pattern: Array = spread * reach * (ahead > 3.2)
        return pattern

    def pools(self, places: Array) -> Array:
        """(n,) the light under the street lamps at `places` (n, 2)."""
        away = ((places[:, None, :] - self.lamps) ** 2).sum(axis=2)
        total: Array = np.exp(-away / 46.0).sum(axis=1)
        return total

    def in_ego(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Scene coordinates as metres ahead and to the left of the ego's rear axle."""
        c, s = cos(self.ego.heading), sin(self.ego.heading)
        dx, dy = x - self.ego.x, y - self.ego.y
        return dx * c + dy * s, dy * c - dx * s

    def through_air(self, rgb: Array, distance: Array) -> Array:
        """(n, 3) colours as they arrive from `distance` (n,)."""
        clear = np.exp(-self.haze_per_m * distance)[:, None]
        arrived: Array = rgb * clear + self.haze * (1 - clear)
        return arrived


def light_of(weather: Weather, lamps: Sequence[Spot], ego: Spot, mirrored: bool) -> Light:
    night, dusk = weather.hour == "night", weather.hour == "dusk"
    palette = CLEAR if weather.sky == "clear" else OVERCAST
    if night:
        palette = RAIN_NIGHT if weather.rain else NIGHT
    elif dusk:
        palette = DUSK
    elif weather.rain:
        palette = RAIN
    elif weather.fog_per_m > 0.02:
        palette = FOG
    azimuth = radians(-weather.sun_azimuth_deg if mirrored else weather.sun_azimuth_deg)
    height = radians(weather.sun_height_deg)
    sun = np.array([cos(azimuth) * cos(height), sin(azimuth) * cos(height), sin(height)])
    haze = max(palette.haze_per_m, weather.fog_per_m) * (1.6 if weather.rain == 1 else 1.0)
    places = np.array([(lamp.x, lamp.y) for lamp in lamps]).reshape(-1, 2)
    return Light(palette, sun, night, night or dusk, haze, weather.wet, weather.rain, places, ego)
