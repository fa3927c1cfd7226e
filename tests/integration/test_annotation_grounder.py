"""The log's own boxes as detections, on written logs and on the one real annotated frame."""

from pathlib import Path

import numpy as np
import pytest

from indexer.grounding.annotations import AnnotationGrounder
from indexer.logs.nuscenes import NuScenesLog
from logs import CAMERAS, MadeBox, MadeLog, write_log
from scenario.protocols import Grounder
from scenario.records import Detection, Frame, Grounding, MotionState, SizeClass

REAL = "ca9a282c9e77460f8360f564131a8af5"
CAR = MadeBox("vehicle.car", 25.0, -3.5, (4.5, 1.9, 1.6), attributes=("vehicle.parked",))


def write(folder: Path, *boxes: MadeBox, frames: int = 3, speed_mps: float = 8.0) -> MadeLog:
    return write_log(folder / "log", frames=frames, boxes=boxes, speed_mps=speed_mps, size_px=(640, 360))


def open_log(made: MadeLog) -> NuScenesLog:
    return NuScenesLog.open(made.dataroot, made.version)


def ground(log: NuScenesLog, place: int = 0) -> Grounding:
    grounder: Grounder = AnnotationGrounder(log)
    return grounder.ground([log.frames[place]])[0]


def seen(tmp_path: Path, *boxes: MadeBox, place: int = 0, speed_mps: float = 8.0) -> list[Detection]:
    return list(ground(open_log(write(tmp_path, *boxes, speed_mps=speed_mps)), place).detections)


def only(detections: list[Detection]) -> Detection:
    (detection,) = detections
    return detection


def test_a_thing_is_told_from_where_the_ego_is_now_and_drives(tmp_path: Path) -> None:
    car = only(seen(tmp_path, CAR, place=1))
    assert (car.label, car.camera, car.confidence, car.path) == ("car", "CAM_FRONT", 1.0, "driven")
    assert car.ahead_m == pytest.approx(25 - 4, abs=0.1)
    assert car.lateral_m == pytest.approx(-3.5, abs=0.01)
    assert car.range_m == pytest.approx(np.hypot(21, 3.5), abs=0.1)
    assert car.heading_deg == pytest.approx(0, abs=0.1)
    assert (car.speed_mps, car.state, car.size_m) == (0.0, MotionState.PARKED, (4.5, 1.9, 1.6))


def test_an_ego_that_stands_still_looks_straight_ahead_and_says_so(tmp_path: Path) -> None:
    car = only(seen(tmp_path, CAR, speed_mps=0.0))
    assert car.path == "straight"
    assert (car.ahead_m, car.lateral_m) == (pytest.approx(25), pytest.approx(-3.5))


def test_one_who_comes_toward_us_and_one_who_crosses_are_told_apart(tmp_path: Path) -> None:
    toward = MadeBox("vehicle.car", 30.0, 3.5, (4.5, 1.9, 1.6), heading_deg=180, velocity_mps=(-6.0, 0.0))
    crossing = MadeBox(ahead_m=14.0, left_m=-2.0, heading_deg=90, velocity_mps=(0.0, 1.4))
    person, car = seen(tmp_path, toward, crossing)
    assert car.heading_deg is not None
    assert abs(car.heading_deg) == pytest.approx(180)
    assert (car.speed_mps, car.lateral_speed_mps) == (pytest.approx(6), pytest.approx(0, abs=1e-3))
    assert person.heading_deg == pytest.approx(90)
    assert (person.speed_mps, person.lateral_speed_mps) == (pytest.approx(1.4), pytest.approx(1.4))


def test_detections_are_sorted_by_range_and_a_thing_in_two_cameras_is_one_instance(tmp_path: Path) -> None:
    beside = MadeBox("vehicle.truck", 9.0, 6.0, (9.0, 2.5, 3.5))
    found = seen(tmp_path, CAR, beside)
    assert [(d.label, d.camera) for d in found] == [
        *(("truck", "CAM_FRONT"), ("truck", "CAM_FRONT_LEFT"), ("car", "CAM_FRONT")),
    ]
    assert found[0].instance == found[1].instance
    assert found[0].size_class is SizeClass.LARGE


def test_a_person_behind_a_van_is_seen_only_when_it_steps_out(tmp_path: Path) -> None:
    van = MadeBox("vehicle.car", 12.0, -3.5, (5.0, 2.0, 2.2))
    child = MadeBox("human.pedestrian.child", 16.0, -4.2, (0.5, 0.5, 1.2), velocity_mps=(0.0, 2.5))
    log = open_log(write(tmp_path, van, child, speed_mps=0.0))
    shares = [[d.visibility for d in ground(log, place).detections if d.label == "child"] for place in range(3)]
    assert shares[0] == []
    assert shares[2] == [1.0]


@pytest.mark.parametrize(("level", "visibility"), [("v0-40", 0.4), ("v40-60", 0.6), ("v80-100", 1.0), (None, 1.0)])
def test_the_logs_word_on_visibility_bounds_ours(tmp_path: Path, level: str | None, visibility: float) -> None:
    assert only(seen(tmp_path, MadeBox(ahead_m=12.0, level=level))).visibility == visibility


def test_the_logs_word_raises_what_boxes_half_cover_but_not_what_they_hide(tmp_path: Path) -> None:
    def shares(fence_left_m: float) -> dict[str, float | None]:
        fence = MadeBox("movable_object.barrier", 10.0, fence_left_m, (0.5, 3.0, 2.5))
        person = MadeBox(ahead_m=20.0, level="v80-100")
        folder = tmp_path / f"{fence_left_m}"
        return {d.label: d.visibility for d in seen(folder, fence, person, speed_mps=0.0)}

    assert shares(1.5) == {"traffic barrier": 1.0, "pedestrian": 0.8}
    assert shares(0.0) == {"traffic barrier": 1.0}


def test_what_has_no_label_is_no_detection_but_hides_what_is_behind_it(tmp_path: Path) -> None:
    skip = MadeBox("movable_object.pushable_pullable", 10.0, 0.0, (1.0, 3.0, 2.5))
    assert seen(tmp_path, skip, MadeBox(ahead_m=20.0)) == []


def test_every_camera_that_was_looked_at_is_named_also_a_clear_one(tmp_path: Path) -> None:
    grounding = ground(open_log(write(tmp_path, CAR)))
    assert grounding.cameras == ("CAM_FRONT_LEFT", "CAM_FRONT", "CAM_FRONT_RIGHT")
    assert "[CAM_FRONT_RIGHT]: Clear" in grounding.inventory()
    assert grounding.notes == ()


def test_where_nothing_was_annotated_no_camera_counts_as_looked_at(tmp_path: Path) -> None:
    grounding = ground(open_log(write(tmp_path)))
    assert (grounding.cameras, grounding.detections) == ((), ())
    assert "not known" in grounding.notes[0]


def test_of_incomplete_annotations_the_boxes_are_told_and_no_camera_counts_as_looked_at(tmp_path: Path) -> None:
    made = write(tmp_path, CAR, MadeBox(ahead_m=14.0))
    made.cut("sample_annotation", 0.9)
    grounding = ground(open_log(made))
    assert grounding.cameras == ()
    assert {detection.label for detection in grounding.detections} == {"car", "pedestrian"}
    assert "incomplete" in grounding.notes[0]


def test_a_camera_without_calibration_is_named_and_not_looked_at(tmp_path: Path) -> None:
    made = write(tmp_path, CAR)
    made.edit("calibrated_sensor", lambda records: records[1:])
    grounding = ground(open_log(made))
    assert grounding.cameras == ("CAM_FRONT", "CAM_FRONT_RIGHT")
    assert grounding.notes == ("not looked at for want of calibration or pose: CAM_FRONT_LEFT",)


def test_without_any_pose_nothing_is_looked_at(tmp_path: Path) -> None:
    made = write(tmp_path, CAR)
    made.table("ego_pose").unlink()
    grounding = ground(open_log(made))
    assert (grounding.cameras, grounding.detections) == ((), ())


def test_the_inputs_change_with_what_is_read_and_with_nothing_else(tmp_path: Path) -> None:
    made = write(tmp_path, CAR)

    def inputs() -> list[tuple[str, ...]]:
        log = open_log(made)
        return [AnnotationGrounder(log).inputs(frame) for frame in log.frames]

    before = inputs()
    assert len(set(before)) == 3
    made.edit("sample_annotation", lambda rs: [rs[0] | {"size": [2.0, 4.5, 1.6]}, *rs[1:]])
    after = inputs()
    assert after[0] != before[0]
    assert after[1:] == before[1:]
    made.picture(made.tokens[0], "CAM_FRONT").write_bytes(b"")
    made.edit("sample", lambda rs: [r | {"note": "nobody reads this"} for r in rs])
    assert inputs() == after
    made.edit("ego_pose", lambda rs: [*rs[:-2], rs[-2] | {"translation": [0.0, 0.0, 0.0]}, rs[-1]])
    assert all(one != two for one, two in zip(inputs(), after, strict=True))  # the last pose is on every path


# The real frame


@pytest.fixture(scope="session")
def real(released: Path) -> tuple[NuScenesLog, Frame]:
    log = NuScenesLog.open(released.parent / "nuscenes_frames", "v1.0-frames", cameras=tuple(CAMERAS))
    return log, next(frame for frame in log.frames if frame.token == REAL)


@pytest.mark.shared
def test_the_real_frame_has_its_barriers_truck_and_pedestrians_where_they_are(real: tuple[NuScenesLog, Frame]) -> None:
    log, frame = real
    front = [d for d in AnnotationGrounder(log).ground([frame])[0].detections if d.camera == "CAM_FRONT"]
    truck = next(d for d in front if d.label == "truck")
    assert truck.ahead_m == pytest.approx(16.5, abs=0.5)  # parked on the left, as the picture shows
    assert truck.lateral_m == pytest.approx(4.5, abs=0.5)
    assert truck.size_class is SizeClass.LARGE
    beside_it = next(d for d in front if d.label == "pedestrian")
    assert beside_it.range_m == pytest.approx(18.3, abs=0.5)
    assert beside_it.lateral_m == pytest.approx(2.6, abs=0.3)
    barriers = [d for d in front if d.label == "traffic barrier"]
    assert len(barriers) > 10
    assert all(d.lateral_m is not None and -11 < d.lateral_m < -6 for d in barriers)  # a row along the right
    assert {d.path for d in front} == {"straight"}


@pytest.mark.shared
def test_on_the_real_frame_our_boxes_are_the_devkits(real: tuple[NuScenesLog, Frame], released: Path) -> None:
    from nuscenes.nuscenes import NuScenes
    from nuscenes.utils.geometry_utils import BoxVisibility, view_points

    log, frame = real
    theirs = NuScenes("v1.0-frames", str(released.parent / "nuscenes_frames"), verbose=False)
    ours = {(d.camera, d.instance): d for d in AnnotationGrounder(log).ground([frame])[0].detections}
    compared = 0
    for camera, data in theirs.get("sample", REAL)["data"].items():
        _, boxes, intrinsic = theirs.get_sample_data(data, box_vis_level=BoxVisibility.ALL)
        for box in boxes:
            mine = ours.get((camera, theirs.get("sample_annotation", box.token)["instance_token"]))
            if mine is None:
                continue
            pixels = view_points(box.corners(), intrinsic, normalize=True)[:2]
            assert mine.box_xyxy_px == pytest.approx([*pixels.min(axis=1), *pixels.max(axis=1)], abs=0.01)
            compared += 1
    assert compared > 40
