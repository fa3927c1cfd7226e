"""Weather, time of day, light, road surface and lenses: from the pictures, and from the scene's own words.

A scene of twenty seconds has one weather and one time of day, so its words may say these; what they do not say, the
pictures do. The limits for drops were set between real daylight pictures with wet and with dry lenses.
"""

from scenario.vocabulary import LightingCondition, RoadSurfaceFriction, SensorIntegrity, TimeOfDay, Weather
from verifier.image_stats import ImageStats
from verifier.scouts.rules.finding import Finding
from verifier.scouts.rules.situation import Situation

NIGHT_SKY = 0.15  # median luminance of the upper rows; by day, trees and walls there still reach 0.3
DUSK_SKY, LOW_SUN_WARMTH = 0.45, 0.05  # a low sun lights everything red, and does not light the sky above
# Soft share × mirror of the middle camera, from which it rains. Of 29 real daylight frames the dry ones reach 0.014
# (three front cameras) or 0.007 (all six), the wet ones begin at 0.040 or 0.022.
WETNESS = 0.0175
WETNESS_AGAINST_SILENCE = 0.03  # who describes a rainy scene says so: where a description does not, more is asked
GREY = 0.10  # median saturation: rain takes the colour out of a scene, a soft blue sky does not
VEIL_CONTRAST = 0.12  # less contrast than this by day: something hangs between the camera and everything
FOG_EDGE_SLOPE = 0.022  # edges fade with distance: hardly a steep slope is left
FOG_HAZE = 0.40  # fog is bright
SOME_BLUE, MUCH_GREY = 0.03, 0.2  # shares of the upper half
GLARE_SHARE = 0.12
PITCH_BLACK = 0.06
BLURRED = 0.6  # of every other camera's sharpness
SMEAR, SMEAR_MORE = 0.18, 2.5  # of the steep slopes, and how much more than in any other camera

WET = (Weather.RAIN, Weather.HEAVY_RAIN)
ADVERSE = (*WET, Weather.SNOW, Weather.FOG)


def time_of_day(situation: Situation) -> Finding[TimeOfDay | None]:
    words = situation.hints.only("time_of_day")
    if words is not None:
        return Finding(TimeOfDay(words), "the scene's description")
    if not situation.pictures:
        return Finding(None, "no picture, and no word about it")
    sky, warmth = situation.median("sky_brightness"), situation.median("warmth")
    seen = f"the upper rows have luminance {sky:.2f}, warmth {warmth:.2f}"
    if sky < NIGHT_SKY:
        return Finding(TimeOfDay.NIGHT, seen)
    low_sun = warmth > LOW_SUN_WARMTH and sky < DUSK_SKY
    return Finding(TimeOfDay.DAWN_DUSK if low_sun else TimeOfDay.DAY, seen)


def weather(situation: Situation, time: TimeOfDay | None) -> Finding[Weather | None]:
    words = situation.hints.only("weather")
    if words is not None:
        return Finding(Weather(words), "the scene's description")
    if not situation.pictures:
        return Finding(None, "no picture, and no word about it")
    if time in (TimeOfDay.NIGHT, TimeOfDay.DAWN_DUSK):
        return Finding(None, "too dark to be read")
    if is_foggy(situation):
        return Finding(Weather.FOG, f"edges fade (slope {situation.mean('edge_slope'):.3f}) in a bright haze")
    if rain := rain_seen(situation):
        return Finding(Weather.RAIN, rain)
    return _sky(situation)


def _sky(situation: Situation) -> Finding[Weather | None]:
    blue, grey = situation.mean("blue_sky"), situation.mean("grey_sky")
    seen = f"{blue:.0%} blue and {grey:.0%} grey in the upper half"
    if blue > SOME_BLUE:
        return Finding(Weather.CLEAR, seen)
    return Finding(Weather.OVERCAST if grey > MUCH_GREY else None, seen)


def is_foggy(situation: Situation) -> bool:
    return situation.mean("haze") > FOG_HAZE and situation.mean("edge_slope") < FOG_EDGE_SLOPE


def rain_seen(situation: Situation) -> str | None:
    """Why the pictures say that it rains; None where they do not. Both ways need a grey world; a veil alone is too
    weak a sign to speak against a description that names no rain."""
    if situation.mean("saturation") > GREY:
        return None
    if drops_seen(situation):
        return f"soft blobs on most lenses and a road that mirrors (wetness {situation.median('wetness'):.3f})"
    if situation.hints.described:
        return None
    contrast = max(stats.contrast for stats in situation.pictures.values())
    veiled = contrast < VEIL_CONTRAST and situation.mean("blue_sky") < SOME_BLUE / 2
    return f"a grey veil (contrast {contrast:.2f} at most)" if veiled else None


def drops_seen(situation: Situation) -> bool:
    """Drops on most lenses, over a road that mirrors: a bank of clouds is soft, too, but in one camera."""
    limit = WETNESS_AGAINST_SILENCE if situation.hints.described and not _told_wet(situation) else WETNESS
    return situation.median("wetness") > limit and not is_foggy(situation)


def _told_wet(situation: Situation) -> bool:
    return situation.hints.says("weather", *WET) is not None


def friction(situation: Situation, falling: Weather | None) -> Finding[RoadSurfaceFriction | None]:
    words = situation.hints.only("road_surface_friction")
    if words is not None:
        return Finding(RoadSurfaceFriction(words), "the scene's description")
    if falling in WET:
        return Finding(RoadSurfaceFriction.WET, "rain falls")
    if falling is Weather.SNOW:
        return Finding(RoadSurfaceFriction.SNOWY, "snow falls")
    return Finding(RoadSurfaceFriction.DRY if situation.pictures or falling else None, "nothing falls")


def light(situation: Situation, time: TimeOfDay | None) -> Finding[LightingCondition | None]:
    words = situation.hints.only("lighting_condition")
    if words is not None:
        return Finding(LightingCondition(words), "the scene's description")
    if time is None:
        return Finding(None)
    if time is TimeOfDay.NIGHT:
        black = bool(situation.pictures) and situation.mean("brightness") < PITCH_BLACK
        kind = LightingCondition.PITCH_BLACK if black else LightingCondition.STREETLIGHTS_ONLY
        return Finding(kind, "night")
    glare = situation.median("glare_share") if situation.pictures else 0.0
    return Finding(
        LightingCondition.GLARE_HIGH if glare > GLARE_SHARE else LightingCondition.NOMINAL, f"glare {glare:.2f}"
    )


def sensor(situation: Situation, falling: Weather | None, time: TimeOfDay | None) -> Finding[SensorIntegrity | None]:
    if not situation.pictures:
        return Finding(None, "no picture")
    if falling in WET:
        drops = drops_seen(situation)
        why = "soft blobs before the lenses" if drops else "drops, if any, are too small to be seen"
        return Finding(SensorIntegrity.DROPLETS_ON_LENS if drops else None, why)
    if smeared := smeared_camera(situation, falling, time):
        return Finding(SensorIntegrity.DIRT_ON_LENS, f"{smeared} sees far less than the others")
    return Finding(SensorIntegrity.NOMINAL, "the pictures are sharp")


def blind(situation: Situation, falling: Weather | None, time: TimeOfDay | None) -> Finding[bool]:
    """Whether a camera does not see as it should: black or of one colour while others see, or smeared all over."""
    for camera, stats in situation.pictures.items():
        if (stats.is_black or stats.is_blank) and _others_see(camera, situation):
            return Finding(
                True, f"{camera} shows nothing (brightness {stats.brightness:.2f}, contrast {stats.contrast:.2f})"
            )
    smeared = smeared_camera(situation, falling, time)
    return Finding(smeared is not None, f"{smeared} sees far less than the others" if smeared else "")


def _others_see(camera: str, situation: Situation) -> bool:
    others = [stats for name, stats in situation.pictures.items() if name != camera]
    return any(not other.is_blank for other in others)


def smeared_camera(situation: Situation, falling: Weather | None, time: TimeOfDay | None) -> str | None:
    """The camera whose strong contrasts have lost their edges, when no other's have: dirt, or a fogged lens.

    Only by day and in clear air: rain, fog and the dark take edges, too, and not from all cameras alike.
    """
    if falling in ADVERSE or time in (TimeOfDay.NIGHT, TimeOfDay.DAWN_DUSK):
        return None
    for camera, stats in situation.pictures.items():
        others = [other for name, other in situation.pictures.items() if name != camera and not other.is_blank]
        if len(others) >= 2 and not stats.is_blank and all(_is_smeared(stats, other) for other in others):
            return camera
    return None


def _is_smeared(stats: ImageStats, other: ImageStats) -> bool:
    blurred = stats.laplacian_variance < BLURRED * other.laplacian_variance
    return blurred and stats.smear > max(SMEAR, SMEAR_MORE * other.smear)
