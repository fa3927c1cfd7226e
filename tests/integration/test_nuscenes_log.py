"""The nuScenes reader on whole logs: those that the tests write, the shared frames, and both beside the devkit."""

import os
from pathlib import Path

import numpy as np
import pytest

from indexer.logs.nuscenes import NuScenesLog
from logs import CAMERAS, MadeBox, MadeLog, Table, write_log
from made_log import CAR, PERSON, read
from scenario.errors import ConfigError, LogUnreadable
from scenario.geometry import ego_path_of


def test_a_whole_log_is_read_with_nothing_unreadable(made: MadeLog) -> None:
    log = read(made)
    assert log.unreadable == []
    assert [frame.token for frame in log.frames] == list(made.tokens)
    assert [frame.sequence for frame in log.frames] == list(range(8))
    frame = log.frames[5]
    assert (frame.scene, frame.log, frame.location, frame.description) == (
        *("scene-0001", "made-log", "nowhere", "made scene 1"),
    )
    assert list(frame.cameras) == ["CAM_FRONT_LEFT", "CAM_FRONT", "CAM_FRONT_RIGHT"]
    front = frame.cameras["CAM_FRONT"]
    assert Path(front.image).is_file()
    assert (front.width_px, front.height_px) == (64, 36)


def test_frames_stand_in_the_order_of_the_scene_table_and_of_time_whatever_the_sample_table(made: MadeLog) -> None:
    made.edit("sample", lambda records: records[::-1])
    made.edit("scene", lambda records: records[::-1])
    assert [frame.token for frame in read(made).frames] == [*made.tokens[4:], *made.tokens[:4]]


def test_the_asked_cameras_are_read_in_the_asked_order(tmp_path: Path) -> None:
    made = write_log(tmp_path / "log", cameras=tuple(CAMERAS))
    assert list(read(made).frames[0].cameras) == ["CAM_FRONT_LEFT", "CAM_FRONT", "CAM_FRONT_RIGHT"]
    assert list(read(made, cameras=("CAM_BACK", "CAM_FRONT")).frames[0].cameras) == ["CAM_BACK", "CAM_FRONT"]


def test_the_path_of_a_frame_is_the_later_poses_of_its_own_scene_shared_between_frames(made: MadeLog) -> None:
    first, second, *_, last = read(made).frames[:4]
    assert [round(x) for x, _ in ego_path_of(first).points_m] == [0, 4, 8, 12]
    assert last.ego_path == ()
    assert first.ego_path[1] is second.ego_path[0]
    assert first.ego_path[0] is second.ego_pose


def test_a_path_reaches_ten_seconds_or_eighty_metres(tmp_path: Path) -> None:
    slow = write_log(tmp_path / "slow", frames=30, speed_mps=2.0)
    fast = write_log(tmp_path / "fast", frames=30, speed_mps=19.0)
    assert len(read(slow).frames[0].ego_path) == 20  # 10 s
    assert len(read(fast).frames[0].ego_path) == 8  # 80 m


def test_some_frames_a_scene_are_evenly_spread_and_keep_the_path_of_all(tmp_path: Path) -> None:
    made = write_log(tmp_path / "log", scenes=2, frames=9)
    frames = read(made, per_scene=3).frames
    assert [frame.token for frame in frames] == [made.tokens[place] for place in (1, 4, 7, 10, 13, 16)]
    assert len(frames[0].ego_path) == 7
    assert len(read(made, per_scene=20).frames) == 18


def test_scenes_are_asked_for_by_name(made: MadeLog) -> None:
    assert {frame.scene for frame in read(made, scenes=["scene-0001"]).frames} == {"scene-0001"}
    with pytest.raises(ConfigError, match="no scene named 'scene-001'; did you mean 'scene-0001'"):
        read(made, scenes=["scene-001"])


def test_a_camera_that_the_log_does_not_have_is_refused_with_the_nearest(made: MadeLog) -> None:
    with pytest.raises(ConfigError, match="no camera named 'CAM_FRONTT'; did you mean 'CAM_FRONT'"):
        read(made, cameras=["CAM_FRONTT"])
    with pytest.raises(ConfigError, match="CAM_BACK"):
        read(made, cameras=["CAM_BACK"])


def test_all_cameras_are_those_of_the_six_that_the_log_has(tmp_path: Path, made: MadeLog) -> None:
    six = write_log(tmp_path / "six", cameras=tuple(CAMERAS))
    assert list(read(six, cameras=["all", "CAM_FRONT"]).frames[0].cameras) == list(CAMERAS)
    assert list(read(made, cameras=["all"]).frames[0].cameras) == list(CAMERAS)[:3]


def test_a_frame_that_stands_twice_in_the_table_is_one_frame_and_said(made: MadeLog) -> None:
    made.edit("sample", lambda records: [*records, records[0]])
    log = read(made)
    assert [frame.token for frame in log.frames] == list(made.tokens)
    assert ["more than once" in str(error) for error in log.unreadable] == [True]


def test_a_camera_matrix_without_an_inverse_is_no_calibration(made: MadeLog) -> None:
    flat = [[100, 100, 5], [100, 100, 5], [0, 0, 1]]
    made.edit("calibrated_sensor", lambda records: [{**record, "camera_intrinsic": flat} for record in records])
    log = read(made)
    assert all(camera.intrinsic is None for camera in log.frames[0].cameras.values())
    assert any("an inverse" in str(error) for error in log.unreadable)


def test_fewer_than_one_frame_a_scene_is_refused(made: MadeLog) -> None:
    with pytest.raises(ConfigError, match="per_scene is 0"):
        read(made, per_scene=0)


def test_a_version_that_is_not_there_is_answered_with_those_that_are(made: MadeLog, tmp_path: Path) -> None:
    with pytest.raises(LogUnreadable, match=r"no version named 'v1.0-mini'; found here: v1.0-made"):
        NuScenesLog.open(made.dataroot, "v1.0-mini")
    with pytest.raises(LogUnreadable, match="no such folder"):
        NuScenesLog.open(tmp_path / "nowhere", "v1.0-mini")
    with pytest.raises(LogUnreadable, match=r"no folder here holds a sample\.json"):
        NuScenesLog.open(made.dataroot / "maps", "v1.0-mini")


# Annotations


def test_a_box_is_told_with_its_category_attributes_level_size_and_track(made: MadeLog) -> None:
    annotations = read(made).annotations(made.tokens[1])
    assert annotations.complete
    assert annotations.notes == ()
    person, car = annotations.boxes
    assert (person.category, person.attributes, person.visibility) == (
        *("human.pedestrian.adult", ("pedestrian.standing",), (0.6, 0.8)),
    )
    assert car.size_m == (4.5, 1.9, 1.6)
    assert car.visibility is None
    assert car.velocity_mps is not None
    assert np.hypot(*car.velocity_mps[:2]) == pytest.approx(np.hypot(6.0, 0.5))
    assert person.instance != car.instance


def test_a_thing_seen_once_has_no_speed(tmp_path: Path) -> None:
    made = write_log(tmp_path / "log", frames=3, boxes=lambda scene, frame: (CAR,) if frame == 1 else ())
    (car,) = read(made).annotations(made.tokens[1]).boxes
    assert car.velocity_mps is None


def test_a_frame_without_boxes_in_an_annotated_scene_is_truly_empty(tmp_path: Path) -> None:
    made = write_log(tmp_path / "log", frames=2, boxes=lambda scene, frame: (CAR,) if frame == 1 else ())
    empty = read(made).annotations(made.tokens[0])
    assert empty.boxes == ()
    assert empty.complete


def test_a_scene_without_any_box_was_not_annotated(tmp_path: Path) -> None:
    made = write_log(tmp_path / "log", scenes=2, frames=2, boxes=lambda scene, frame: (CAR,) if scene == 1 else ())
    log = read(made)
    assert log.unreadable == []
    unknown = log.annotations(made.tokens[0])
    assert not unknown.complete
    assert "not known" in unknown.notes[0]
    assert log.annotations(made.tokens[2]).complete


def test_an_empty_annotation_table_is_no_fault_and_makes_every_frame_unannotated(made: MadeLog) -> None:
    made.edit("sample_annotation", lambda records: [])
    log = read(made)
    assert log.unreadable == []
    assert not any(log.annotations(frame.token).complete for frame in log.frames)


def test_an_unknown_token_has_no_annotations(made: MadeLog) -> None:
    assert not read(made).annotations("nonsense").complete


# Beside the devkit


def beside_the_devkit(dataroot: Path, version: str) -> None:
    """Calibration, places, sizes, categories, attributes and speeds are the devkit's, box by box."""
    from nuscenes.nuscenes import NuScenes

    theirs, ours = NuScenes(version, str(dataroot), verbose=False), NuScenesLog.open(dataroot, version)
    assert len(ours.frames) == len(theirs.sample)
    for frame in ours.frames:
        sample = theirs.get("sample", frame.token)
        boxes = {box.instance: box for box in ours.annotations(frame.token).boxes}
        assert len(boxes) == len(sample["anns"])
        for token in sample["anns"]:
            record, box = theirs.get("sample_annotation", token), theirs.get_box(token)
            mine = boxes[record["instance_token"]]
            assert mine.category == record["category_name"]
            assert mine.attributes == tuple(theirs.get("attribute", t)["name"] for t in record["attribute_tokens"])
            assert mine.translation_m == pytest.approx(box.center)
            assert mine.size_m == pytest.approx((box.wlh[1], box.wlh[0], box.wlh[2]))
            assert mine.rotation_wxyz == pytest.approx(box.orientation.elements)
            speed = mine.velocity_mps or (np.nan, np.nan, np.nan)
            assert speed == pytest.approx(theirs.box_velocity(token), nan_ok=True, abs=1e-4)
        for name, camera in frame.cameras.items():
            path, _, intrinsic = theirs.get_sample_data(sample["data"][name])
            assert camera.image == path
            assert np.asarray(camera.intrinsic) == pytest.approx(intrinsic)


def test_a_made_log_is_read_as_the_devkit_reads_it(tmp_path: Path) -> None:
    away = MadeBox("vehicle.truck", 30.0, 2.0, (8.0, 2.5, 3.0), heading_deg=170.0, velocity_mps=(-9.0, 0.0))
    boxes = (PERSON, CAR, away)
    made = write_log(
        tmp_path / "log", scenes=2, frames=5, boxes=lambda scene, frame: boxes[: 1 + (frame + scene) % len(boxes)]
    )
    beside_the_devkit(made.dataroot, made.version)


@pytest.mark.shared
def test_the_shared_frames_are_read_as_the_devkit_reads_them(real_frames: Path) -> None:
    beside_the_devkit(real_frames, "v1.0-frames")


@pytest.mark.shared
def test_the_shared_frames_are_all_read_and_only_the_annotated_scene_counts_as_annotated(real_frames: Path) -> None:
    log = NuScenesLog.open(real_frames, "v1.0-frames", cameras=tuple(CAMERAS))
    assert log.unreadable == []
    assert len(log.frames) == 29
    assert all(len(frame.cameras) == 6 for frame in log.frames)
    complete = [frame.scene for frame in log.frames if log.annotations(frame.token).complete]
    assert complete == ["scene-0061"]
    assert os.path.isabs(log.frames[0].cameras["CAM_FRONT"].image)


def test_an_official_split_is_those_of_its_scenes_that_the_log_has(made: MadeLog) -> None:
    def as_in_mini(records: Table) -> Table:
        return [{**record, "name": name} for record, name in zip(records, ("scene-0103", "scene-0061"), strict=True)]

    made.edit("scene", as_in_mini)

    assert {frame.scene for frame in read(made, split="mini_val").frames} == {"scene-0103"}
    with pytest.raises(ConfigError, match="did you mean 'mini_val'"):
        read(made, split="mini_vall")
    with pytest.raises(ConfigError, match="none of the log's 2 scenes is in the official split 'test'"):
        read(made, split="test")


def test_a_finer_name_in_the_description_of_a_category_is_what_a_thing_is(made: MadeLog) -> None:
    def described(records: Table) -> Table:
        words = {"human.pedestrian.adult": "Adult subcategory.", "vehicle.car": "vehicle.bus.school_bus"}
        return [{**record, "description": words[record["name"]]} for record in records]

    made.edit("category", described)
    boxes = read(made).annotations(made.tokens[0]).boxes

    assert [box.category for box in boxes] == ["human.pedestrian.adult", "vehicle.bus.school_bus"]
