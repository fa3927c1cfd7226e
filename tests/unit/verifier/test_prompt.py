from typing import Any

import pytest

from scenario.labels import LABELS
from scenario.records import Detection, Frame, Grounding, MotionState, Pose, ReviewVerdict
from scenario.risk import RISK_LEVELS
from scenario.vocabulary import FIELDS
from verifier.judges.llm import judge_system_prompt
from verifier.models.base import Picture
from verifier.prompt import (
    context_lines,
    detection_text,
    ego_speed_mps,
    inventory_lines,
    most_relevant,
    report_parts,
    scout_system_prompt,
)

PROMPTS = pytest.mark.parametrize("prompt", [scout_system_prompt(), judge_system_prompt()], ids=["scout", "judge"])


def detection(label: str = "car", camera: str = "CAM_FRONT", **known: Any) -> Detection:
    return Detection(label=label, camera=camera, **known)


def grounding(*detections: Detection, notes: tuple[str, ...] = ()) -> Grounding:
    cameras = ("CAM_FRONT", "CAM_FRONT_LEFT")
    return Grounding(backend="test", fingerprint="test", cameras=cameras, detections=detections, notes=notes)


def listed(found: Grounding, most: int = 24) -> list[str]:
    return inventory_lines(found, most_relevant(found, most))


def pose(x_m: float, timestamp_us: int | None) -> Pose:
    return Pose(translation_m=(x_m, 0, 0), rotation_wxyz=(1, 0, 0, 0), timestamp_us=timestamp_us)


# The system prompt


@PROMPTS
def test_every_field_and_value_is_there_exactly_as_it_is_spelled(prompt: str):
    lines = [line.strip() for line in prompt.splitlines()]

    for field in FIELDS.values():
        start = next(place for place, line in enumerate(lines) if line.startswith(f'"{field.wire_key}" '))
        below = lines[start + 1 : start + 1 + len(field.values)]
        assert below == [f"{term.value}: {term.meaning}" for term in field.terms]


@PROMPTS
def test_the_scale_of_risk_is_there_in_full(prompt: str):
    for level, meaning in RISK_LEVELS:
        assert f"    {level}: {meaning}\n" in prompt


@PROMPTS
@pytest.mark.parametrize(
    "rule",
    [
        "A sign is not the thing it speaks of",
        "Visible is not hazardous",
        "Do not raise it to be on the safe side",
        "Write null where",
        "is a witness",
    ],
)
def test_the_skeptic_s_rules_are_there(prompt: str, rule: str):
    assert rule in prompt


@PROMPTS
def test_nobody_is_told_to_trust_the_detector_or_to_err_high(prompt: str):
    for phrase in ("trust ground", "trust the detect", "ground truth", "err on", "higher risk", "when in doubt"):
        assert phrase not in prompt.casefold()


def test_the_verdicts_of_a_review_are_explained():
    for verdict in ReviewVerdict:
        assert f"- {verdict.value}: " in scout_system_prompt()


@PROMPTS
def test_a_context_of_8192_tokens_keeps_room_for_pictures_and_reply(prompt: str):
    assert len(prompt.split()) * 1.3 < 2500


# Detections in words


def test_a_pedestrian_is_told_by_distance_side_and_motion():
    walking = detection(
        "pedestrian", ahead_m=14.2, lateral_m=0.8, range_m=14.3, speed_mps=1.2, lateral_speed_mps=-1.2, state="moving"
    )

    assert detection_text(walking) == (
        "pedestrian, CAM_FRONT, 14 m ahead, 0.8 m left of the ego path, moving 1.2 m/s to the right, towards the path"
    )


@pytest.mark.parametrize(
    ("known", "says"),
    [
        ({"ahead_m": 3.04, "lateral_m": -2.5}, "3.0 m ahead, 2.5 m right of the ego path"),
        ({"ahead_m": 20, "lateral_m": 0.1}, "20 m ahead, on the ego path"),
        ({"ahead_m": -6, "lateral_m": 3}, "6.0 m behind, 3.0 m left of the ego path"),
        ({"range_m": 31}, "31 m away"),
        ({"state": MotionState.PARKED, "speed_mps": 0.0}, "parked"),
        ({"speed_mps": 0.1}, "not moving"),
        ({"speed_mps": 9.0, "lateral_speed_mps": 0.1, "heading_deg": 175}, "moving 9.0 m/s, oncoming"),
        ({"speed_mps": 9.0, "lateral_speed_mps": 0.1, "heading_deg": 3}, "moving 9.0 m/s"),
        (
            {"speed_mps": 5.0, "lateral_speed_mps": 5.0, "lateral_m": 6, "ahead_m": 9, "heading_deg": 90},
            "9.0 m ahead, 6.0 m left of the ego path, moving 5.0 m/s to the left, away from the path, "
            "headed across to the left",
        ),
        ({"speed_mps": 3.0, "lateral_speed_mps": -1.0}, "moving 3.0 m/s, 1.0 m/s of it to the right"),
        ({"visibility": 0.4, "confidence": 0.83}, "40% of it visible, detector's confidence 0.83"),
        ({"lateral_speed_mps": 0.8}, "moving 0.8 m/s to the left"),
    ],
)
def test_what_is_known_is_said_and_nothing_else(known: dict[str, Any], says: str):
    assert detection_text(detection(**known)) == f"car, CAM_FRONT, {says}"


def test_a_detection_of_which_nothing_more_is_known_is_label_and_camera():
    assert detection_text(detection("puddle")) == "puddle, CAM_FRONT"


def test_a_box_is_told_in_per_cent_which_scaling_does_not_change():
    boxed = detection(box_xyxy_px=(-10, 90, 400, 450))

    assert detection_text(boxed, (1600, 900)) == "car, CAM_FRONT, at x 0-25%, y 10-50%"


@pytest.mark.parametrize("label", LABELS)
def test_every_label_of_the_taxonomy_is_said_whole(label: str):
    assert detection_text(detection(label)) == f"{label}, CAM_FRONT"


# Which detections


def test_what_is_near_the_path_and_near_the_ego_comes_first():
    found = grounding(
        detection("car", ahead_m=10, lateral_m=12),
        detection("car", ahead_m=-15, lateral_m=0),
        detection("car", ahead_m=12, lateral_m=0),
        detection("pedestrian", ahead_m=14, lateral_m=0.5),
        detection("traffic cone", ahead_m=70, lateral_m=0.5),
        detection("car"),
    )

    assert most_relevant(found, 6).listed == (3, 2, 4, 0, 5, 1)


def test_at_most_so_many_are_listed_and_the_rest_is_counted():
    found = grounding(*(detection("car", ahead_m=5 + n, lateral_m=0) for n in range(30)), detection("van", range_m=900))

    lines = listed(found, 24)

    assert [line.split()[0] for line in lines[1:-1]] == [f"d{n}" for n in range(1, 25)]
    assert lines[-1] == "7 more, of less importance, are left out: 6 car, 1 van."


def test_what_is_not_listed_is_not_said_to_be_absent():
    found = grounding(detection("car"), detection("car"))

    assert listed(found, 0) == ["2 detections are not listed: 2 car."]


def test_a_row_of_barriers_does_not_crowd_out_a_truck():
    row = [detection("traffic barrier", ahead_m=10 + 2 * n, lateral_m=-7) for n in range(30)]
    found = grounding(*row, detection("truck", ahead_m=17, lateral_m=4.5))

    assert 30 in most_relevant(found, 8).listed


def test_a_second_sight_of_one_thing_comes_after_things_not_yet_listed():
    found = grounding(
        detection(ahead_m=10, lateral_m=0, instance="a"),
        detection(camera="CAM_FRONT_LEFT", ahead_m=10, lateral_m=0, instance="a"),
        detection("van", ahead_m=20, lateral_m=0, instance="b"),
    )

    assert most_relevant(found, 3).listed == (0, 2, 1)


def test_what_is_certain_and_in_full_view_needs_no_words():
    assert detection_text(detection(visibility=0.8, confidence=1.0)) == "car, CAM_FRONT"


def test_equal_detections_keep_their_order():
    assert most_relevant(grounding(*[detection() for _ in range(4)]), 3) == ((0, 1, 2), (3,))


def test_detections_of_a_camera_that_is_not_shown_are_not_to_be_reviewed():
    found = grounding(detection(), detection(camera="CAM_BACK"))

    assert most_relevant(found, 24, {"CAM_FRONT"}) == ((0,), ())


def test_one_thing_in_two_cameras_is_named_as_one():
    lines = listed(grounding(detection(instance="a"), detection(camera="CAM_FRONT_LEFT", instance="a"), detection()))

    assert lines[1:] == ["d1 car, CAM_FRONT", "d2 car, CAM_FRONT", "d3 car, CAM_FRONT_LEFT, the same thing as d1"]


def test_a_grounding_that_looked_nowhere_is_no_empty_road():
    nowhere = Grounding(backend="test", fingerprint="test")

    assert listed(nowhere) == ["No detector has looked at this moment."]
    assert "does not mean that nothing is there" in listed(grounding())[0]


def test_detections_of_a_grounder_that_vouches_for_no_camera_are_told_as_a_part():
    partly = Grounding(backend="test", fingerprint="test", detections=(detection(),), notes=("in part",))

    assert listed(partly) == [
        "About the detector: in part",
        "The detector, which did not see all, claims:",
        "d1 car, CAM_FRONT",
    ]


def test_which_path_distances_are_measured_to_is_said_and_what_the_grounder_notes():
    straight = grounding(detection(path="straight"), notes=("annotations are incomplete",))

    assert listed(straight)[:2] == [
        "About the detector: annotations are incomplete",
        "The ego path is taken as straight ahead: where the ego really drives next is not known.",
    ]
    assert "where the ego drove" in listed(grounding(detection(path="driven")))[0]


# The frame


def test_the_ego_s_speed_comes_from_its_next_pose():
    frame = Frame(token="t", ego_pose=pose(10, 1_000_000), ego_path=(pose(14, 1_500_000), pose(99, 2_000_000)))

    assert ego_speed_mps(frame) == pytest.approx(8)
    assert context_lines(frame, scene_text=False) == ["The ego vehicle drives at 8.0 m/s (29 km/h)."]


@pytest.mark.parametrize(
    "frame",
    [
        Frame(token="t"),
        Frame(token="t", ego_pose=pose(0, 1)),
        Frame(token="t", ego_pose=pose(0, None), ego_path=(pose(1, 2),)),
        Frame(token="t", ego_pose=pose(0, 1), ego_path=(pose(1, None),)),
        Frame(token="t", ego_pose=pose(0, 5), ego_path=(pose(1, 5),)),
    ],
)
def test_a_speed_that_is_not_known_is_not_said(frame: Frame):
    assert context_lines(frame, scene_text=True) == []


def test_the_scene_s_description_is_a_weak_hint_where_it_is_asked_for():
    frame = Frame(token="t", description="Construction,\nparked truck")

    assert context_lines(frame, scene_text=False) == []
    assert context_lines(frame, scene_text=True)[0].startswith("A weak hint: the log describes the whole scene")
    assert '"Construction, parked truck"' in context_lines(frame, scene_text=True)[0]


def test_each_picture_follows_the_name_of_its_camera():
    front, left = Picture("CAM_FRONT", b"f"), Picture("CAM_FRONT_LEFT", b"l")

    parts = report_parts(["context"], ["d1 car", "d2 van"], [front, left], 2)

    assert parts == (
        *("context\nd1 car\nd2 van", "CAM_FRONT:", front, "CAM_FRONT_LEFT:", left),
        "Review d1 to d2 against the pictures, then state the facts.",
    )


@pytest.mark.parametrize(("count", "task"), [(0, "State the facts."), (1, "Review d1 against the pictures, then")])
def test_the_task_names_what_there_is_to_review(count: int, task: str):
    assert str(report_parts([], [], [], count)[-1]).startswith(task)
