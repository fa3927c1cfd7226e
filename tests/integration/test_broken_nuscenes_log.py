"""The nuScenes reader on logs that the tests break: each fault is named, and the rest is read."""

from collections.abc import Callable

import pytest

from indexer.logs.nuscenes import NuScenesLog
from logs import MadeLog, Table
from made_log import read
from scenario.errors import ImageUnreadable, LogUnreadable


def said(log: NuScenesLog) -> str:
    return "\n".join(str(error) for error in log.unreadable)


def without(key: str, value: str) -> Callable[[Table], Table]:
    return lambda records: [record for record in records if record[key] != value]


def test_an_annotation_table_cut_short_keeps_what_comes_before_and_is_incomplete_everywhere(made: MadeLog) -> None:
    made.cut("sample_annotation", 0.5)
    log = read(made)
    assert len(log.frames) == 8
    (error,) = log.unreadable
    assert "sample_annotation.json: cut short or damaged after" in str(error)
    known = [log.annotations(token) for token in made.tokens]
    assert 0 < sum(len(annotations.boxes) for annotations in known) < 16
    assert not any(annotations.complete for annotations in known)
    assert all("incomplete" in annotations.notes[0] for annotations in known)


@pytest.mark.parametrize("content", [b"", b"{}", b"<html>", b"[1, 2]", b'[{"token": "\xff"}]', None])
@pytest.mark.parametrize(
    "table",
    [
        *("attribute", "calibrated_sensor", "category", "ego_pose", "instance", "log", "map"),
        *("sample_annotation", "sensor", "visibility"),
    ],
)
def test_a_table_that_cannot_be_read_is_named_once_and_the_rest_goes_on(
    made: MadeLog, table: str, content: bytes | None
) -> None:
    if content is None:
        made.table(table).unlink()
    else:
        made.table(table).write_bytes(content)
    log = read(made)
    assert len(log.frames) == 8
    assert all(len(frame.cameras) == 3 for frame in log.frames)
    assert len(log.unreadable) == 1
    assert f"{table}.json" in said(log)


@pytest.mark.parametrize("table", ["scene", "sample", "sample_data"])
def test_without_scenes_samples_or_pictures_there_is_no_log(made: MadeLog, table: str) -> None:
    made.table(table).write_text("[{]")
    with pytest.raises(LogUnreadable, match=rf"{table}\.json: cut short or damaged after 0 records"):
        read(made)
    made.table(table).write_text("[]")
    with pytest.raises(LogUnreadable, match=rf"{table}\.json: this table is empty"):
        read(made)


def test_a_picture_record_lost_to_a_cut_is_named_by_frame_and_camera(made: MadeLog) -> None:
    made.edit("sample_data", lambda records: records)
    made.cut("sample_data", 0.55)
    log = read(made)
    whole = [frame for frame in log.frames if len(frame.cameras) == 3]
    assert 0 < len(whole) < 8
    assert "sample_data.json: cut short" in str(log.unreadable[0])
    lost = [error for error in log.unreadable if isinstance(error, LogUnreadable) and error.token]
    assert {error.token for error in lost} == set(made.tokens) - {frame.token for frame in whole}
    assert any("CAM_FRONT" in str(error) and "left out" in str(error) for error in lost)


def test_a_pose_lost_to_a_cut_is_named_and_costs_no_picture(made: MadeLog) -> None:
    made.cut("ego_pose", 0.5)
    log = read(made)
    assert all(len(frame.cameras) == 3 for frame in log.frames)
    assert log.frames[0].ego_pose is not None
    assert log.frames[-1].ego_pose is None
    assert f"frame {made.tokens[-1]} has no ego pose for CAM_FRONT_LEFT, CAM_FRONT, CAM_FRONT_RIGHT" in said(log)


def test_a_camera_without_a_record_is_named_and_the_others_stay(made: MadeLog) -> None:
    lost = made.records("sample_data")[1]["token"]
    made.edit("sample_data", without("token", lost))
    log = read(made)
    assert list(log.frames[0].cameras) == ["CAM_FRONT_LEFT", "CAM_FRONT_RIGHT"]
    (error,) = log.unreadable
    assert isinstance(error, LogUnreadable)
    assert error.token == made.tokens[0]
    assert f"frame {made.tokens[0]} has no record of CAM_FRONT" in str(error)


def test_a_picture_that_is_not_there_is_named_and_the_others_stay(made: MadeLog) -> None:
    made.picture(made.tokens[2], "CAM_FRONT").unlink()
    log = read(made)
    assert list(log.frames[2].cameras) == ["CAM_FRONT_LEFT", "CAM_FRONT_RIGHT"]
    (error,) = log.unreadable
    assert isinstance(error, ImageUnreadable)
    assert error.token == made.tokens[2]
    assert error.path == str(made.picture(made.tokens[2], "CAM_FRONT"))


def test_a_frame_without_any_picture_is_named_once_and_left_out_and_its_place_stays_empty(made: MadeLog) -> None:
    for camera in ("CAM_FRONT_LEFT", "CAM_FRONT", "CAM_FRONT_RIGHT"):
        made.picture(made.tokens[2], camera).unlink()
    log = read(made)
    assert [frame.sequence for frame in log.frames] == [0, 1, 3, 4, 5, 6, 7]
    (error,) = log.unreadable
    assert "left out" in str(error)
    assert len(log.frames[0].ego_path) == 3  # its pose is still known


def test_a_picture_outside_the_log_is_not_read(made: MadeLog) -> None:
    def point_elsewhere(records: Table) -> Table:
        return [records[0] | {"filename": "../outside.jpg"}, records[1] | {"filename": "/etc/hostname"}, *records[2:]]

    (made.dataroot.parent / "outside.jpg").write_bytes(b"")
    made.edit("sample_data", point_elsewhere)
    log = read(made)
    assert list(log.frames[0].cameras) == ["CAM_FRONT_RIGHT"]
    assert len(log.unreadable) == 2


def test_a_missing_map_is_a_named_failure_of_the_log(made: MadeLog) -> None:
    (made.dataroot / "maps" / "blank.png").unlink()
    log = read(made)
    assert len(log.frames) == 8
    assert "blank.png: the log names this map" in said(log)


@pytest.mark.parametrize(
    ("table", "field", "named"),
    [
        ("scene", "log_token", "scene 'scene-0000' is of log"),
        ("sample", "scene_token", "which is not in the scene table"),
        ("sample_data", "ego_pose_token", "has no ego pose for CAM_FRONT_LEFT"),
        ("sample_data", "calibrated_sensor_token", "has no calibration of CAM_FRONT_LEFT"),
        ("sample_annotation", "sample_token", "1 annotations are of samples that are not in the log"),
        ("sample_annotation", "instance_token", "1 annotations are of no known instance or category"),
        ("instance", "category_token", "1 annotations are of no known instance or category"),
    ],
)
def test_a_token_that_leads_nowhere_is_named(made: MadeLog, table: str, field: str, named: str) -> None:
    made.edit(table, lambda records: [records[0] | {field: "nowhere"}, *records[1:]])
    log = read(made)
    assert named in said(log)
    assert len(log.frames) == 8
    assert all(len(frame.cameras) == 3 for frame in log.frames)


def test_a_frame_of_whose_boxes_one_was_left_out_is_incomplete(made: MadeLog) -> None:
    made.edit("sample_annotation", lambda records: [records[0] | {"instance_token": "nowhere"}, *records[1:]])
    log = read(made)
    assert not log.annotations(made.tokens[0]).complete
    assert len(log.annotations(made.tokens[0]).boxes) == 1
    assert log.annotations(made.tokens[1]).complete


@pytest.mark.parametrize(
    ("table", "change", "what"),
    [
        ("sample_annotation", {"rotation": [0, 0, 0, 0]}, "'rotation'"),
        ("sample_annotation", {"size": [1, -2, 1]}, "'size.1'"),
        ("sample_annotation", {"translation": None}, "'translation'"),
        ("ego_pose", {"translation": [1, 2]}, "'translation.2' is missing"),
        ("calibrated_sensor", {"camera_intrinsic": [[1]]}, "'camera_intrinsic.0.1' is missing"),
        ("calibrated_sensor", {"camera_intrinsic": [[0.0] * 3] * 3}, "'camera_intrinsic': Value error, a camera has"),
    ],
)
def test_a_record_that_makes_no_sense_is_left_out_and_named(
    made: MadeLog, table: str, change: dict[str, object], what: str
) -> None:
    made.edit(table, lambda records: [records[0] | change, *records[1:]])
    log = read(made)
    assert f"{table}.json: 1 of" in said(log)
    assert what in said(log)
    assert len(log.frames) == 8


def test_a_record_without_a_field_is_left_out_and_named(made: MadeLog) -> None:
    made.edit("sample", lambda records: [{"token": "t"}, *records[1:]])
    log = read(made)
    assert "the first is record 1: 'timestamp' is missing" in said(log)
    assert len(log.frames) == 7
