"""Weather, time, light and lenses from picture statistics, with and without words."""

from typing import Any

import pytest

from scenario.geometry import STRAIGHT_AHEAD
from scenario.vocabulary import LightingCondition, SensorIntegrity, TimeOfDay, Weather
from verifier.image_stats import ImageStats
from verifier.scouts.rules import surroundings
from verifier.scouts.rules.ego import EgoMotion
from verifier.scouts.rules.lexicon import hints
from verifier.scouts.rules.situation import Situation

BY_DAY: dict[str, float] = {
    "brightness": 0.42,
    "contrast": 0.19,
    "saturation": 0.06,
    "dark_share": 0.01,
    "glare_share": 0.02,
    "sky_brightness": 0.57,
    "road_brightness": 0.42,
    "edge_slope": 0.06,
    "laplacian_variance": 40.0,
    "detail": 2.5,
    "haze": 0.29,
    "soft_share": 0.012,
    "smear": 0.03,
    "mirror": 0.4,
    "warmth": 0.0,
    "blue_sky": 0.0,
    "grey_sky": 0.4,
}


def seen(*cameras: dict[str, float], words: str | None = None) -> Situation:
    """Three cameras of a dry grey day, each with what a test changes."""
    changes = (*cameras, *({},) * 3)[:3]
    pictures = {f"CAM_{number}": ImageStats(**{**BY_DAY, **change}) for number, change in enumerate(changes)}
    return Situation(EgoMotion(STRAIGHT_AHEAD), pictures=pictures, hints=hints(words))


def everywhere(**change: float) -> tuple[dict[str, float], ...]:
    return (change,) * 3


DROPS: dict[str, Any] = {"soft_share": 0.15, "mirror": 0.64}


def test_a_grey_day_is_overcast_and_a_blue_one_clear() -> None:
    assert surroundings.weather(seen(), TimeOfDay.DAY).value is Weather.OVERCAST
    blue = seen(*everywhere(blue_sky=0.2, grey_sky=0.05))
    assert surroundings.weather(blue, TimeOfDay.DAY).value is Weather.CLEAR


def test_drops_on_most_lenses_over_a_mirroring_road_are_rain() -> None:
    wet = seen(*everywhere(**DROPS))
    assert surroundings.weather(wet, TimeOfDay.DAY).value is Weather.RAIN
    assert surroundings.sensor(wet, Weather.RAIN, TimeOfDay.DAY).value is SensorIntegrity.DROPLETS_ON_LENS


def test_soft_clouds_in_one_camera_are_no_rain() -> None:
    assert surroundings.weather(seen(DROPS), TimeOfDay.DAY).value is Weather.OVERCAST


def test_soft_shapes_in_a_colourful_world_are_no_rain() -> None:
    colourful = seen(*everywhere(**DROPS, saturation=0.2))
    assert surroundings.weather(colourful, TimeOfDay.DAY).value is Weather.OVERCAST


def test_a_description_that_names_no_rain_asks_for_more_drops() -> None:
    a_little = everywhere(soft_share=0.05, mirror=0.45)
    assert surroundings.weather(seen(*a_little), TimeOfDay.DAY).value is Weather.RAIN
    silent = seen(*a_little, words="Parked cars, turn left")
    assert surroundings.weather(silent, TimeOfDay.DAY).value is Weather.OVERCAST


def test_a_bright_haze_without_edges_is_fog() -> None:
    foggy = seen(*everywhere(haze=0.47, edge_slope=0.015, soft_share=0.25))
    assert surroundings.weather(foggy, TimeOfDay.DAY).value is Weather.FOG


def test_the_weather_of_a_night_is_not_read_from_pictures() -> None:
    assert surroundings.weather(seen(*everywhere(**DROPS)), TimeOfDay.NIGHT).value is None


@pytest.mark.parametrize(
    ("change", "time"),
    [
        ({}, TimeOfDay.DAY),
        ({"sky_brightness": 0.05, "brightness": 0.13}, TimeOfDay.NIGHT),
        ({"sky_brightness": 0.3, "warmth": 0.11}, TimeOfDay.DAWN_DUSK),
        ({"sky_brightness": 0.25}, TimeOfDay.DAY),  # between high houses
    ],
)
def test_the_sky_says_the_time_of_day(change: dict[str, float], time: TimeOfDay) -> None:
    assert surroundings.time_of_day(seen(*everywhere(**change))).value is time


def test_words_say_the_time_before_pictures_do() -> None:
    assert surroundings.time_of_day(seen(words="Night, parked cars")).value is TimeOfDay.NIGHT


def test_a_black_camera_among_others_fails() -> None:
    black = {"brightness": 0.0, "contrast": 0.0}
    found = surroundings.blind(seen(black), None, TimeOfDay.DAY)
    assert found.value
    assert "CAM_0 shows nothing" in found.because


def test_three_black_cameras_are_no_failure_of_one() -> None:
    assert not surroundings.blind(seen(*everywhere(brightness=0.0, contrast=0.0)), None, TimeOfDay.DAY).value


def test_a_smeared_camera_fails_and_counts_as_dirt() -> None:
    smeared = seen({"smear": 0.4, "laplacian_variance": 6.0})
    assert surroundings.blind(smeared, None, TimeOfDay.DAY).value
    assert surroundings.sensor(smeared, None, TimeOfDay.DAY).value is SensorIntegrity.DIRT_ON_LENS


def test_a_camera_before_a_blank_wall_does_not_fail() -> None:
    assert not surroundings.blind(seen({"laplacian_variance": 6.0, "soft_share": 0.15}), None, TimeOfDay.DAY).value


def test_drops_in_rain_are_no_failure() -> None:
    assert not surroundings.blind(seen({"smear": 0.4, "laplacian_variance": 6.0}), Weather.RAIN, TimeOfDay.DAY).value


def test_a_night_has_street_lights_unless_everything_is_black() -> None:
    lit = surroundings.light(seen(*everywhere(brightness=0.15)), TimeOfDay.NIGHT)
    unlit = surroundings.light(seen(*everywhere(brightness=0.03)), TimeOfDay.NIGHT)
    assert (lit.value, unlit.value) == (LightingCondition.STREETLIGHTS_ONLY, LightingCondition.PITCH_BLACK)
