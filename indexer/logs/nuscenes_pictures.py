"""The key-frame pictures of a nuScenes-format log: who took them, with which calibration, and where the ego was."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from indexer.logs.nuscenes_tables import CalibrationRow, EgoPoseRow, Matrix3, SampleDataRow, SensorRow, Tables
from scenario.errors import ConfigError, ImageUnreadable, unknown
from scenario.records import Camera, Pose

STANDARD_CAMERAS = (
    *("CAM_FRONT_LEFT", "CAM_FRONT", "CAM_FRONT_RIGHT"),
    *("CAM_BACK_LEFT", "CAM_BACK", "CAM_BACK_RIGHT"),
)


ALL = "all"


class _Calibration(NamedTuple):
    channel: str | None
    mounting: Pose
    intrinsic: Matrix3 | None


class _Shot(NamedTuple):
    filename: str
    width_px: int | None
    height_px: int | None
    calibration_token: str
    pose_token: str


class Pictures:
    """The pictures of the asked cameras. Raises `ConfigError` for a camera that the log does not have."""

    def __init__(self, tables: Tables, dataroot: Path, cameras: Sequence[str]) -> None:
        self._tables, self._dataroot = tables, dataroot
        sensors = {row.token: row for row in tables.rows("sensor", SensorRow)}
        known = {row.channel for row in sensors.values() if row.modality == "camera"}
        if "sensor" in tables.damaged or not known:
            known.update(STANDARD_CAMERAS)
        self.cameras = _every(known) if ALL in cameras else tuple(cameras)
        for camera in self.cameras:
            if camera not in known:
                raise ConfigError(unknown("camera", camera, known))
        self._calibrations = {
            row.token: _Calibration(
                sensors[row.sensor_token].channel if row.sensor_token in sensors else None,
                Pose(translation_m=row.translation, rotation_wxyz=row.rotation),
                row.camera_intrinsic,
            )
            for row in tables.rows("calibrated_sensor", CalibrationRow)
        }
        self._shots: dict[str, dict[str, _Shot]] = {}
        self.poses: dict[str, dict[str, Pose]] = {}  # sample token → camera → where the ego was at its picture

    def read(self, tokens: Collection[str]) -> None:
        """Read the records and ego poses of these samples. Raises `LogUnreadable` where there is no record at all."""
        wanted, shots = frozenset(tokens), defaultdict[str, dict[str, _Shot]](dict)
        for row in self._tables.rows("sample_data", SampleDataRow):
            if row.is_key_frame and row.sample_token in wanted:
                camera = self._camera_of(row)
                if camera in self.cameras:
                    shot = _Shot(row.filename, row.width, row.height, row.calibrated_sensor_token, row.ego_pose_token)
                    shots[row.sample_token][camera] = shot
        self._tables.stop_without("sample_data")
        self._shots = dict(shots)
        self.poses = self._read_poses()

    def _camera_of(self, row: SampleDataRow) -> str:
        """The camera by its calibration; where that leads nowhere, by the folder its pictures lie in."""
        calibration = self._calibrations.get(row.calibrated_sensor_token)
        return (calibration and calibration.channel) or PurePosixPath(row.filename).parent.name

    def _read_poses(self) -> dict[str, dict[str, Pose]]:
        needed = {shot.pose_token for shots in self._shots.values() for shot in shots.values()}
        there = {
            row.token: Pose(translation_m=row.translation, rotation_wxyz=row.rotation, timestamp_us=row.timestamp)
            for row in self._tables.rows("ego_pose", EgoPoseRow)
            if row.token in needed
        }
        return {
            token: {camera: there[shot.pose_token] for camera, shot in shots.items() if shot.pose_token in there}
            for token, shots in self._shots.items()
        }

    def of(self, token: str) -> dict[str, Camera]:
        """The cameras of a sample that have a picture, in the order asked for. What is missing is noted; where that is
        everything, once: the frame is then left out."""
        shots = {name: shot for name in self.cameras if (shot := self._shots.get(token, {}).get(name))}
        cameras = {name: self._camera(shot) for name, shot in shots.items() if self._has_picture(shot)}
        left_out = "" if cameras else ", and is left out"
        self._note("sample_data", token, "record of", [name for name in self.cameras if name not in shots], left_out)
        self._note_pictures(token, {name: shot for name, shot in shots.items() if name not in cameras}, left_out)
        poses = self.poses.get(token, {})
        self._note("ego_pose", token, "ego pose for", [name for name in cameras if name not in poses])
        uncalibrated = [name for name, camera in cameras.items() if not (camera.intrinsic and camera.mounting)]
        self._note("calibrated_sensor", token, "calibration of", uncalibrated)
        return cameras

    def _has_picture(self, shot: _Shot) -> bool:
        inside = PurePosixPath(shot.filename)
        return not inside.is_absolute() and ".." not in inside.parts and (self._dataroot / inside).is_file()

    def _camera(self, shot: _Shot) -> Camera:
        calibration = self._calibrations.get(shot.calibration_token)
        return Camera(
            image=str(self._dataroot / shot.filename),
            width_px=shot.width_px,
            height_px=shot.height_px,
            intrinsic=calibration and calibration.intrinsic,
            mounting=calibration and calibration.mounting,
        )

    def _note(self, table: str, token: str, what: str, names: Sequence[str], left_out: str = "") -> None:
        if names and not self._tables.gone(table):
            self._tables.fault(table, f"frame {token} has no {what} {', '.join(names)}{left_out}", token)

    def _note_pictures(self, token: str, missing: Mapping[str, _Shot], left_out: str) -> None:
        """One fault a picture; one in all where the frame is left out, as most are where only a part of a log is."""
        groups = [[name] for name in missing] if not left_out else [list(missing)] if missing else []
        for names in groups:
            path = str(self._dataroot / missing[names[0]].filename)
            reason = f"frame {token} has no picture of {', '.join(names)} in the log's folder{left_out}"
            self._tables.faults.append(ImageUnreadable(path, reason, token))


def _every(known: Collection[str]) -> tuple[str, ...]:
    """Those of the six cameras that a log has; one with cameras of other names: all that it has."""
    return tuple(name for name in STANDARD_CAMERAS if name in known) or tuple(sorted(known))


def reference_pose(poses: Mapping[str, Pose], cameras: Sequence[str]) -> Pose | None:
    """Where a frame's ego is: at the front camera's picture, or else at the first camera's that has a pose."""
    return next((poses[name] for name in ("CAM_FRONT", *cameras) if name in poses), None)
