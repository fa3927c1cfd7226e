"""The real predict path of ultralytics, with a YOLOE of random weights and real photographs."""

import logging
from pathlib import Path

import pytest
import torch

from indexer.grounding.detector import chosen_device, ultralytics_offline
from indexer.grounding.yoloe import YoloeGrounder, yoloe_grounder
from scenario.errors import ConfigError, ImageUnreadable
from scenario.images import read
from scenario.labels import LABELS, ROAD_USERS
from scenario.records import Camera, Frame, Pose
from scenario.registry import GROUNDERS
from yoloe import QUICK, opened


def another(frame, token="other"):
    """The same pictures under the other cameras' names."""
    names = list(frame.cameras)
    return frame.model_copy(
        update={"token": token, "cameras": dict(zip(names, reversed(frame.cameras.values()), strict=True))}
    )


def test_what_is_seen_is_of_our_taxonomy_and_lies_in_its_picture(grounder, frame):
    (grounding,) = grounder.ground([frame])
    assert grounding.backend == "yoloe"
    assert grounding.fingerprint == grounder.fingerprint
    assert grounding.cameras == ("CAM_FRONT", "CAM_FRONT_LEFT")
    assert {detection.camera for detection in grounding.detections} == {"CAM_FRONT", "CAM_FRONT_LEFT"}
    sizes = {name: read(camera.image).size for name, camera in frame.cameras.items()}
    for detection in grounding.detections:
        width, height = sizes[detection.camera]
        left, top, right, bottom = detection.box_xyxy_px
        assert detection.label in LABELS
        assert detection.confidence >= QUICK["threshold"]
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height


def test_detections_stand_in_the_order_of_the_cameras_and_then_surest_first(grounder, frame):
    (grounding,) = grounder.ground([frame])
    order = [(grounding.cameras.index(one.camera), -one.confidence) for one in grounding.detections]
    assert order == sorted(order)


def test_ranges_are_known_where_the_camera_is_calibrated(grounder, frame):
    (grounding,) = grounder.ground([frame])
    ranged = {one.camera for one in grounding.detections if one.range_m is not None}
    assert ranged == {"CAM_FRONT"}
    assert all(one.path == "straight" for one in grounding.detections if one.range_m is not None)


def test_boxes_that_end_below_the_picture_are_noted(grounder, frame):
    (grounding,) = grounder.ground([frame])
    cut = [one for one in grounding.detections if one.range_m is not None and one.box_xyxy_px[3] >= 1078]
    assert cut
    assert grounding.notes == (f"{len(cut)} boxes end at the lower border: they are no farther than their range says",)


def test_a_batch_of_frames_with_several_cameras_equals_one_by_one(fixed, grounder, frame):
    frames = [frame, another(frame), frame.model_copy(update={"token": "again"})]
    together = grounder.ground(frames)
    single = yoloe_grounder(checkpoint=str(fixed), batch_images=1, **QUICK)
    for grounding, alone in zip(together, [single.ground([one])[0] for one in frames], strict=True):
        assert [one.model_dump(exclude={"confidence", "box_xyxy_px"}) for one in grounding.detections] == [
            one.model_dump(exclude={"confidence", "box_xyxy_px"}) for one in alone.detections
        ]
        for one, other in zip(grounding.detections, alone.detections, strict=True):
            assert one.confidence == pytest.approx(other.confidence, abs=2e-4)
            assert one.box_xyxy_px == pytest.approx(other.box_xyxy_px, abs=0.11)
    single.close()


def test_a_frame_without_cameras_is_grounded_nowhere(grounder):
    (grounding,) = grounder.ground([Frame(token="blind")])
    assert (grounding.cameras, grounding.detections) == ((), ())


def test_a_higher_threshold_for_a_group_takes_only_that_group_away(fixed, grounder, frame):
    (before,) = grounder.ground([frame])
    seen = {one.label for one in before.detections}
    strict = yoloe_grounder(checkpoint=str(fixed), thresholds={"person": 1.0, "rider": 1.0}, **QUICK)
    (after,) = strict.ground([frame])
    strict.close()
    left = {one.label for one in after.detections}
    gone = seen - left
    assert gone
    assert gone <= ROAD_USERS
    assert not left & ROAD_USERS


def test_after_close_it_loads_again_and_sees_the_same(grounder, frame):
    before = grounder.ground([frame])
    grounder.close()
    assert grounder.ground([frame]) == before
    grounder.close()
    grounder.close()


def test_a_broken_picture_is_named_with_its_frame_and_the_rest_can_be_seen(grounder, frame, tmp_path):
    whole = Path(frame.cameras["CAM_FRONT"].image).read_bytes()
    short = tmp_path / "short.jpg"
    short.write_bytes(whole[: len(whole) // 2])
    broken = Frame(token="broken", cameras={"CAM_FRONT": Camera(image=str(short))})
    with pytest.raises(ImageUnreadable, match=r"short\.jpg") as failure:
        grounder.ground([frame, broken])
    assert failure.value.token == "broken"
    assert grounder.ground([frame])[0].detections


def test_a_missing_picture_is_named_when_its_stamp_is_asked_for(grounder, tmp_path):
    gone = Frame(token="gone", cameras={"CAM_FRONT": Camera(image=str(tmp_path / "gone.jpg"))})
    with pytest.raises(ImageUnreadable, match=r"gone\.jpg"):
        grounder.inputs(gone)


def test_inputs_change_with_the_pictures_and_with_all_that_places_what_is_seen(grounder, frame):
    pose = Pose(translation_m=(1.0, 2.0, 0.0), rotation_wxyz=(1.0, 0.0, 0.0, 0.0))
    lifted = frame.cameras["CAM_FRONT"].model_copy(update={"mounting": pose})
    others = [
        frame.model_copy(update={"ego_pose": pose}),
        frame.model_copy(update={"ego_pose": pose, "ego_path": (pose,)}),
        frame.model_copy(update={"cameras": frame.cameras | {"CAM_FRONT": lifted}}),
        another(frame),
    ]
    keys = [grounder.inputs(one) for one in (frame, *others)]
    assert len(set(keys)) == len(keys)
    assert grounder.inputs(frame.model_copy(update={"token": "same", "description": "other"})) == keys[0]


def test_the_fingerprint_names_what_decides_and_not_where_it_runs(fixed):
    def fingerprint(**options):
        return yoloe_grounder(checkpoint=str(fixed), **options).fingerprint

    assert fingerprint() == fingerprint(device="cpu", batch_images=2)
    changed = [fingerprint(image_size=320), fingerprint(threshold=0.5), fingerprint(thresholds={"debris": 0.1})]
    assert len({fingerprint(), *changed}) == 4
    assert fingerprint().startswith("yoloe:yoloe-tiny.pt:")


def test_a_device_that_is_not_here_or_does_not_exist_is_refused():
    with pytest.raises(ConfigError, match="no device named 'gpu'"):
        chosen_device("gpu")
    absent = "mps" if torch.cuda.is_available() else "cuda:0"
    with pytest.raises(ConfigError, match=f"device '{absent}' is not on this machine"):
        chosen_device(absent)


def test_the_device_is_the_first_gpu_or_else_the_processor():
    assert chosen_device(None) == torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
    assert chosen_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"thresholds": {"persons": 0.5}}, "no label group named 'persons'; did you mean 'person'"),
        ({"threshold": 1.5}, "threshold"),
        ({"image_size": 333}, "image_size"),
        ({"batch": 3}, "no option named 'batch'"),
    ],
)
def test_an_option_that_cannot_be_used_is_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        yoloe_grounder(**options)


def test_when_suppression_runs_out_of_time_the_batch_is_seen_picture_by_picture(fixed, pictures):
    seeing = opened(fixed)
    real, sizes = seeing._model, []

    class OutOfTime:
        """Says what ultralytics says when it leaves the rest of a batch without boxes, and leaves it so."""

        def predict(self, batch, **options):
            sizes.append(len(batch))
            results = real.predict(batch, **options)
            if len(batch) > 1:
                logging.getLogger("ultralytics").warning("NMS time limit 2.100s exceeded")
                results[-1] = results[-1][:0]
            return results

    picture = read(str(pictures["bus"]))
    (alone,) = seeing.see([picture], image_size=320, threshold=0.3)
    seeing._model = OutOfTime()
    assert seeing.see([picture, picture], image_size=320, threshold=0.3) == [alone, alone]
    assert sizes == [2, 1, 1]


def test_the_registry_knows_it(fixed):
    assert isinstance(GROUNDERS.create("yoloe", checkpoint=str(fixed)), YoloeGrounder)


@pytest.mark.shared
def test_real_key_frames_go_through(grounder, released):
    samples = released.parent / "nuscenes_frames" / "samples"
    cameras = {folder.name: sorted(folder.glob("*.jpg"))[0] for folder in sorted(samples.glob("CAM_*"))}
    real = Frame(token="real", cameras={name: Camera(image=str(path)) for name, path in cameras.items()})
    (grounding,) = grounder.ground([real])
    assert grounding.cameras == tuple(cameras)


def test_a_damaged_picture_keeps_its_name_in_a_process_that_has_loaded_the_detector(tmp_path):
    ultralytics_offline()
    (tmp_path / "front.jpg").write_bytes(b"\xff\xd8\xff no picture")

    with pytest.raises(ImageUnreadable, match=r"front\.jpg"):
        read(str(tmp_path / "front.jpg"))
