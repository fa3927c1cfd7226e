from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from chat import ScriptedChatModel, pictures_of, report_text, saying, text_of
from scenario.errors import ConfigError, ImageUnreadable, ModelUnavailable, ReplyCut, ReplyInvalid, ScoutError
from scenario.protocols import Deadline, Scout
from scenario.records import Camera, Detection, Facts, Frame, Grounding, Pose, ScoutReport, Usage
from verifier.models.base import ChatReply
from verifier.reply import report_schema
from verifier.scouts.vision import VisionOptions, VisionScout, _scout, shares_px

NEVER = Deadline()
GROUNDING = Grounding(
    backend="test",
    fingerprint="test",
    cameras=("CAM_FRONT", "CAM_BACK"),
    detections=(
        Detection(label="car", camera="CAM_FRONT", ahead_m=40, lateral_m=9),
        Detection(label="car", camera="CAM_SIDE"),
        Detection(label="pedestrian", camera="CAM_FRONT", ahead_m=14, lateral_m=0.8, box_xyxy_px=(0, 0, 32, 18)),
    ),
)


def scout(model: ScriptedChatModel, **given_options: Any) -> VisionScout:
    return VisionScout(model, VisionOptions(**{"name": "eyes", **given_options}))


def drawn(folder: Path, *cameras: str, size: tuple[int, int] = (320, 180), **known: Any) -> Frame:
    for camera in cameras:
        Image.new("RGB", size, "grey").save(folder / f"{camera}.jpg")
    return Frame(token="t1", cameras={c: Camera(image=str(folder / f"{c}.jpg")) for c in cameras}, **known)


@pytest.fixture
def frame(tmp_path: Path) -> Frame:
    return drawn(tmp_path, "CAM_BACK", "CAM_FRONT_LEFT", "CAM_FRONT", description="Works, truck")


def sizes_px(model: ScriptedChatModel) -> dict[str, int]:
    opened = {picture.name: Image.open(BytesIO(picture.jpeg)) for picture in pictures_of(model.asked[-1])}
    return {name: image.width * image.height for name, image in opened.items()}


def test_it_satisfies_the_protocol():
    satisfied: Scout = scout(saying())
    assert (satisfied.name, satisfied.concurrency) == ("eyes", 1)


# What it reports


def test_facts_reviews_and_costs_come_from_the_model_s_reply(frame: Frame):
    reply = ChatReply(
        report_text("confirmed", "rejected", weather="rain", risk=5, tags=["vru_hazard"], description="A person."),
        reasoning="I look at the street first",
        usage=Usage(prompt_tokens=3000, completion_tokens=200),
        latency_s=2.5,
        notes=("the thinking was cut",),
    )

    report = scout(saying(reply)).report(frame, GROUNDING, deadline=NEVER)

    assert report == ScoutReport(
        scout="eyes",
        model="scripted-model",
        facts=Facts(weather="rain", risk=5, tags=("vru_hazard",), description="A person."),
        reasoning="I look at the street first",
        reviews=report.reviews,
        usage=Usage(prompt_tokens=3000, completion_tokens=200),
        latency_s=2.5,
        settings={"temperature": 0.7, "seed": 1},
        notes=("the thinking was cut",),
    )
    # The pedestrian is listed first, being nearer to the path; reviews point into the grounding all the same.
    assert [(review.detection, review.verdict) for review in report.reviews] == [(2, "confirmed"), (0, "rejected")]


def test_values_outside_the_vocabulary_are_reported_and_never_facts(frame: Frame):
    report = scout(saying(report_text(weather="drizzle"))).report(
        frame, Grounding(backend="test", fingerprint="test"), deadline=NEVER
    )

    assert report.facts == Facts(description="A street.")
    assert [odd.raw for odd in report.irregularities] == ["drizzle"]


# What it asks


def test_the_system_prompt_is_the_same_for_every_frame(tmp_path: Path, frame: Frame):
    model = saying(report_text("confirmed", "confirmed"), report_text())
    other = drawn(tmp_path, "CAM_FRONT", description="Night")

    scout(model, scene_text=True).report(frame, GROUNDING, deadline=NEVER)
    scout(model, scene_text=True).report(other, Grounding(backend="test", fingerprint="test"), deadline=NEVER)

    assert model.asked[0].system == model.asked[1].system
    assert model.asked[0].parts != model.asked[1].parts


def test_the_turn_holds_detections_and_then_the_pictures_front_first(frame: Frame):
    model = saying(report_text("confirmed", "confirmed"))

    scout(model).report(frame, GROUNDING, deadline=NEVER)

    assert text_of(model.asked[0]).splitlines() == [
        "The detector claims:",
        "d1 pedestrian, CAM_FRONT, at x 0-10%, y 0-10%, 14 m ahead, 0.8 m left of the ego path",
        "d2 car, CAM_FRONT, 40 m ahead, 9.0 m left of the ego path",
        *("CAM_FRONT:", "<CAM_FRONT>", "CAM_FRONT_LEFT:", "<CAM_FRONT_LEFT>", "CAM_BACK:", "<CAM_BACK>"),
        "Review d1 to d2 against the pictures, then state the facts.",
    ]
    assert model.asked[0].schema == report_schema(2)


def test_the_scene_s_description_is_shown_only_when_asked_for(frame: Frame):
    model = saying(report_text("confirmed", "confirmed"))

    scout(model).report(frame, GROUNDING, deadline=NEVER)
    scout(model, scene_text=True).report(frame, GROUNDING, deadline=NEVER)

    assert ["Works, truck" in text_of(request) for request in model.asked] == [False, True]


def test_it_may_be_shown_some_cameras_only(frame: Frame):
    model = saying(report_text("confirmed", "confirmed"))

    scout(model, cameras=("CAM_FRONT",)).report(frame, GROUNDING, deadline=NEVER)

    assert [picture.name for picture in pictures_of(model.asked[0])] == ["CAM_FRONT"]


def test_no_more_detections_are_reviewed_than_allowed(frame: Frame):
    model = saying(report_text("confirmed"))

    report = scout(model, max_detections=1).report(frame, GROUNDING, deadline=NEVER)

    assert [review.detection for review in report.reviews] == [2]
    assert "1 more, of less importance, are left out: 1 car." in text_of(model.asked[0])


# Pictures


def test_all_pictures_together_fit_the_model_s_budget_and_the_front_one_is_the_largest(frame: Frame):
    model = saying(report_text("confirmed", "confirmed"), picture_pixels=40_000)

    scout(model).report(frame, GROUNDING, deadline=NEVER)

    sizes = sizes_px(model)
    assert 36_000 < sum(sizes.values()) <= 40_000
    assert sizes["CAM_FRONT"] > 1.8 * sizes["CAM_BACK"]


def test_pictures_that_fit_are_sent_as_they_are(frame: Frame):
    model = saying(report_text("confirmed", "confirmed"), picture_pixels=1_000_000)

    scout(model).report(frame, GROUNDING, deadline=NEVER)

    assert {*sizes_px(model).values()} == {320 * 180}


@settings(deadline=None)
@given(st.lists(st.integers(1, 2_000_000), min_size=1, max_size=6), st.integers(100, 4_000_000))
def test_shares_never_exceed_the_budget_nor_a_picture(sizes: list[int], budget: int):
    named = {f"camera {place}": size for place, size in enumerate(sizes)}

    shares = shares_px(named, budget)

    assert sum(shares.values()) <= budget
    assert all(shares[name] <= size for name, size in named.items())
    assert sum(shares.values()) >= min(budget, sum(sizes)) - len(sizes)


def test_what_a_small_picture_leaves_over_goes_to_the_others():
    assert shares_px({"front": 1000, "left": 10, "right": 1000}, 310) == {"left": 10, "front": 200, "right": 100}


# What can go wrong


def test_a_frame_without_pictures_is_refused_with_what_to_do():
    with pytest.raises(ScoutError, match=r"scout 'eyes': frame t1 has no pictures .*index it from the log"):
        scout(saying()).report(Frame(token="t1"), GROUNDING, deadline=NEVER)


def test_a_frame_without_the_cameras_that_are_asked_for_is_refused(frame: Frame):
    with pytest.raises(ScoutError, match=r"no pictures of CAM_REAR \(its cameras: CAM_BACK"):
        scout(saying(), cameras=("CAM_REAR",)).report(frame, GROUNDING, deadline=NEVER)


def test_a_damaged_picture_fails_the_frame_by_name(frame: Frame):
    Path(frame.cameras["CAM_FRONT"].image).write_bytes(b"no picture")

    with pytest.raises(ImageUnreadable, match=r"CAM_FRONT\.jpg"):
        scout(saying()).report(frame, GROUNDING, deadline=NEVER)


def test_an_invalid_reply_is_asked_for_once_more_with_another_seed(frame: Frame):
    bad = ChatReply("no JSON", usage=Usage(prompt_tokens=10, completion_tokens=4), latency_s=1.0)
    good = ChatReply(
        report_text("confirmed", "confirmed"), usage=Usage(prompt_tokens=10, completion_tokens=None), latency_s=2.0
    )
    model = saying(bad, good)

    report = scout(model).report(frame, GROUNDING, deadline=NEVER)

    assert [request.sample for request in model.asked] == [0, 1]
    assert len(report.notes) == 1
    assert report.notes[0].startswith("asked again, since the first reply was invalid: the reply is not the JSON")
    assert (report.usage, report.latency_s) == (Usage(prompt_tokens=20, completion_tokens=4), 3.0)


def test_a_model_that_gives_no_answer_at_all_is_asked_once_more(frame: Frame):
    model = saying(ReplyInvalid("an empty answer"), report_text("confirmed", "confirmed"))

    assert "an empty answer" in scout(model).report(frame, GROUNDING, deadline=NEVER).notes[0]


def test_a_second_invalid_reply_fails_the_frame(frame: Frame):
    model = saying("garbage")

    with pytest.raises(ReplyInvalid, match=r"no object in 'garbage' \(asked 2 times\)"):
        scout(model).report(frame, GROUNDING, deadline=NEVER)
    assert len(model.asked) == 2


@pytest.mark.parametrize("error", [ReplyCut("cut at 512 tokens"), ModelUnavailable("no server")])
def test_what_another_seed_cannot_mend_is_not_asked_again(frame: Frame, error: ScoutError):
    model = saying(error)

    with pytest.raises(type(error)):
        scout(model).report(frame, GROUNDING, deadline=NEVER)
    assert len(model.asked) == 1


def test_closing_it_closes_its_model():
    model = saying()

    scout(model).close()

    assert model.closed == 1


# Keys


def test_the_key_of_a_report_holds_grounding_and_pictures(frame: Frame, tmp_path: Path):
    eyes = scout(saying())
    before = eyes.inputs(frame, "g1")

    assert before[0] == "g1"
    Image.new("RGB", (640, 360)).save(tmp_path / "CAM_FRONT.jpg")
    assert eyes.inputs(frame, "g1") != before


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        ({"description": "another"}, False),
        ({"scene": "renamed"}, False),
        ({"timestamp_us": 5}, False),
        ({"ego_path": (Pose(translation_m=(9, 0, 0), rotation_wxyz=(1, 0, 0, 0), timestamp_us=1_000_000),)}, True),
    ],
)
def test_the_key_changes_with_what_is_shown_and_with_nothing_else(frame: Frame, change: dict[str, Any], counts: bool):
    here = Pose(translation_m=(0, 0, 0), rotation_wxyz=(1, 0, 0, 0), timestamp_us=500_000)
    frame = frame.model_copy(update={"ego_pose": here})
    eyes = scout(saying())

    assert (eyes.inputs(frame.model_copy(update=change), "g") != eyes.inputs(frame, "g")) == counts


def test_the_description_is_in_the_key_where_it_is_shown(frame: Frame):
    eyes = scout(saying(), scene_text=True)

    assert eyes.inputs(frame.model_copy(update={"description": "new"}), "g") != eyes.inputs(frame, "g")


def test_a_frame_whose_pictures_are_not_there_fails_before_it_is_asked_about(frame: Frame):
    eyes = scout(saying())
    Path(frame.cameras["CAM_FRONT"].image).unlink()

    with pytest.raises(ImageUnreadable, match=r"CAM_FRONT\.jpg"):
        eyes.inputs(frame, "g")
    with pytest.raises(ScoutError, match="has no pictures"):
        eyes.inputs(Frame(token="t1"), "g")


def test_the_fingerprint_knows_the_model_and_the_options_and_not_the_name():
    eyes = scout(saying())

    assert eyes.fingerprint == scout(saying(), name="other").fingerprint
    assert eyes.fingerprint != scout(saying(fingerprint="scripted-model-2")).fingerprint
    assert len({scout(saying(), **o).fingerprint for o in ({}, {"scene_text": True}, {"max_detections": 9})}) == 3


# Factories


@pytest.mark.parametrize("options", [{"max_detections": 1000}, {"cameras": 5}, {"name": ""}])
def test_an_option_that_cannot_be_used_is_named(options: dict[str, Any]):
    with pytest.raises(ConfigError, match=f"option '{next(iter(options))}'"):
        _scout("llama_cpp", saying, options)


def test_options_are_parted_between_the_scout_and_its_model():
    made = _scout("llama_cpp", saying, {"name": "qwen", "cameras": ["CAM_FRONT"], "picture_pixels": 5})

    assert (made.name, made.options.cameras, made.model.picture_pixels) == ("qwen", ("CAM_FRONT",), 5)


def test_a_model_that_sees_no_pictures_is_no_scout():
    with pytest.raises(ConfigError, match=r"scout 'qwen': the model 'scripted-model' sees no pictures.*projector"):
        _scout("llama_cpp", saying, {"name": "qwen", "picture_pixels": 0})
