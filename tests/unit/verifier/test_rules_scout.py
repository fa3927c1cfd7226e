"""The scout as a whole: what it reviews, reads, keeps to itself, and refuses."""

from math import cos, radians, sin
from pathlib import Path

import pytest
from PIL import Image

from rules_cases import LEVEL, STEP_S, facts_of, grounding, moment, report_on, thing
from scenario.errors import ConfigError, DeadlinePassed, ImageUnreadable
from scenario.protocols import Deadline, Scout
from scenario.records import Camera, Frame, Grounding, MotionState, Pose, ReviewVerdict
from scenario.vocabulary import LaneConfiguration, RoadSurfaceFriction, Tag, TimeOfDay, Weather
from verifier.scouts.rules import rules_scout
from verifier.scouts.rules.ego import motion_of
from verifier.scouts.rules.lexicon import hints


def test_it_is_a_scout() -> None:
    scout: Scout = rules_scout()
    assert (scout.name, scout.fingerprint) == ("rules", "rules-1")


def test_an_unknown_option_is_refused_with_a_hint() -> None:
    with pytest.raises(ConfigError, match="did you mean 'pictures'"):
        rules_scout(picture=False)


def test_every_detection_is_reviewed_with_a_reason() -> None:
    report = report_on(
        thing("pedestrian", 20, -4.2),
        thing("car", 30, 0.2, confidence=0.1),
        thing("car", 30, 0.2, confidence=0.3),
        thing("pedestrian", 12, 2.0, visibility=0.1),
        thing("pedestrian", 12, 2.0, size_m=(1.0, 1.0, 4.0)),
    )
    verdicts = [review.verdict for review in report.reviews]
    confirmed, rejected, uncertain = ReviewVerdict.CONFIRMED, ReviewVerdict.REJECTED, ReviewVerdict.UNCERTAIN
    assert verdicts == [confirmed, rejected, uncertain, uncertain, rejected]
    assert report.reviews[0].reason == "on the pavement or verge, 4.2 m right of the ego path, 20 m ahead"


def test_a_rejected_detection_takes_no_part() -> None:
    assert facts_of(thing("pedestrian", 20, 0.0, confidence=0.1)).risk == 0


def test_one_thing_in_two_cameras_counts_once() -> None:
    cone = thing("traffic cone", 20, 0.0)
    both = (cone, cone.model_copy(update={"camera": "CAM_FRONT_LEFT"}))
    assert facts_of(*both).tags == facts_of(cone).tags


def test_where_not_everything_was_looked_at_absence_is_not_stated() -> None:
    nobody_looked = Grounding(backend="hand", fingerprint="hand-made")
    facts = rules_scout().report(moment(), nobody_looked, deadline=Deadline()).facts
    assert (facts.risk, facts.vru_status, facts.blocking_factor, facts.lead_vehicle_behavior) == (None,) * 4


def test_what_is_there_is_stated_though_not_everything_was_looked_at() -> None:
    partly = grounding(thing("pedestrian", 20, 0.0)).model_copy(update={"cameras": ()})
    facts = rules_scout().report(moment(), partly, deadline=Deadline()).facts
    assert (facts.risk, facts.tags) == (8, (Tag.VRU_HAZARD,))


def test_without_pictures_and_words_the_weather_is_not_known() -> None:
    facts = facts_of()
    assert (facts.weather, facts.time_of_day, facts.sensor_integrity) == (None, None, None)


@pytest.mark.parametrize(
    ("description", "weather"),
    [
        ("Rain, wait at intersection", Weather.RAIN),
        ("heavy rain, wipers on", Weather.HEAVY_RAIN),
        ("Rain or fog", None),
        ("After rain, parked cars", None),
        ("No rain", None),
        ("Training vehicle ahead", None),
        ("Dense fog, truck", Weather.FOG),
        (None, None),
    ],
)
def test_words_say_the_weather_of_a_scene(description: str | None, weather: Weather | None) -> None:
    assert facts_of(frame=moment(description=description)).weather == weather


def test_after_rain_the_road_is_wet_and_nothing_falls() -> None:
    facts = facts_of(frame=moment(description="After rain, parked cars"))
    assert (facts.weather, facts.road_surface_friction) == (None, RoadSurfaceFriction.WET)


def test_words_never_place_anyone_in_the_road() -> None:
    facts = facts_of(frame=moment(description="Pedestrian crossing, jaywalker, construction, debris in lane"))
    assert facts.tags == ()


def test_a_word_in_a_longer_word_is_not_that_word() -> None:
    assert hints("Brainstorm at the terrain park").says("weather", "rain") is None


def curve(turn_deg: float) -> Frame:
    """An ego that drives 8 m/s on an arc that turns by this much in two seconds."""
    steps, x, y = 4, 0.0, 0.0
    poses = [Pose(translation_m=(0, 0, 0), rotation_wxyz=LEVEL, timestamp_us=0)]
    for number in range(1, steps + 1):
        heading = radians(turn_deg) * number / steps
        x, y = x + 8 * STEP_S * cos(heading), y + 8 * STEP_S * sin(heading)
        turned = (cos(heading / 2), 0.0, 0.0, sin(heading / 2))
        poses.append(Pose(translation_m=(x, y, 0), rotation_wxyz=turned, timestamp_us=int(number * STEP_S * 1e6)))
    return Frame(token="curve", ego_pose=poses[0], ego_path=tuple(poses[1:]))


@pytest.mark.parametrize(
    ("turn_deg", "lane"), [(0.5, LaneConfiguration.STRAIGHT), (20.0, LaneConfiguration.CURVE), (2.2, None)]
)
def test_the_driven_path_says_how_the_lane_goes_on(turn_deg: float, lane: LaneConfiguration | None) -> None:
    assert facts_of(frame=curve(turn_deg)).lane_configuration == lane


def test_speed_braking_and_standing_come_from_the_poses() -> None:
    braking = motion_of(moment((8.0, 5.0, 1.0, 0.0)))
    assert (braking.speed_mps, braking.braking_mps2, braking.braking_soon_mps2) == (8.0, 6.0, 8.0)
    assert braking.will_stand
    assert motion_of(moment((0.0, 0.0))).stands


def test_without_poses_the_speed_is_not_known() -> None:
    motion = motion_of(Frame(token="alone"))
    assert motion.speed_mps is None
    assert not motion.stands


def test_its_inputs_change_with_what_it_reads(tmp_path: Path) -> None:
    scout, frame = rules_scout(), moment()
    picture = tmp_path / "front.png"
    Image.new("RGB", (40, 24), "grey").save(picture)
    with_picture = frame.model_copy(update={"cameras": {"CAM_FRONT": Camera(image=str(picture))}})
    keys = {
        scout.inputs(frame, "one"),
        scout.inputs(frame, "two"),
        scout.inputs(moment(description="Rain"), "one"),
        scout.inputs(moment((3.0, 3.0)), "one"),
        scout.inputs(with_picture, "one"),
    }
    assert len(keys) == 5
    assert scout.inputs(frame, "one") == scout.inputs(moment(), "one")
    assert rules_scout(pictures=False).inputs(with_picture, "one") == scout.inputs(frame, "one")


def test_a_picture_that_is_missing_is_a_named_failure(tmp_path: Path) -> None:
    frame = moment().model_copy(update={"cameras": {"CAM_FRONT": Camera(image=str(tmp_path / "gone.jpg"))}})
    with pytest.raises(ImageUnreadable, match=r"gone\.jpg"):
        rules_scout().report(frame, grounding(), deadline=Deadline())


def test_it_stops_at_its_deadline(tmp_path: Path) -> None:
    frame = moment().model_copy(update={"cameras": {"CAM_FRONT": Camera(image="never read")}})
    with pytest.raises(DeadlinePassed, match="CAM_FRONT"):
        rules_scout().report(frame, grounding(), deadline=Deadline(at_s=0.0))


def test_night_words_make_a_night() -> None:
    facts = facts_of(thing("car", 20, -2.9, state=MotionState.PARKED), frame=moment(description="Night, parked cars"))
    assert (facts.time_of_day, facts.risk) == (TimeOfDay.NIGHT, 3)


def test_a_path_that_swerves_around_something_shows_that_it_stood_in_the_lane() -> None:
    places = [(0.0, 0.0, 0.0), (5.0, 0.6, 12.0), (10.0, 2.2, 14.0), (15.0, 3.0, 4.0), (20.0, 3.1, 0.0)]
    poses = [
        Pose(
            translation_m=(x, y, 0.0),
            rotation_wxyz=(cos(radians(turn) / 2), 0.0, 0.0, sin(radians(turn) / 2)),
            timestamp_us=int(number * STEP_S * 1e6),
        )
        for number, (x, y, turn) in enumerate(places)
    ]
    frame = Frame(token="swerve", ego_pose=poses[0], ego_path=tuple(poses[1:]))
    beside_the_path = thing("debris", 18, -3.0, path="driven")  # straight on, it would have been in the way
    facts = facts_of(beside_the_path, frame=frame)
    assert facts.tags == (Tag.FOD_DEBRIS,)
    assert facts.risk == 6
