"""Where things are: rigid transforms, pictures of points, the ground below a pixel, and places along the ego path.

Metres, radians and pixels. Frames as in nuScenes: the ego frame has x forward, y left, z up and its origin on the
ground below the rear axle; a camera frame has x right, y down, z forward. Quaternions are w, x, y, z. A `Pose` takes
its own frame into the one above: a mounting takes camera to ego, an ego pose takes ego to global.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import atan2, hypot
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from scenario.records import Camera, Frame, Pose, Quaternion

Array = npt.NDArray[np.float64]

STOOD_STILL_M = 2.0  # a path shorter than this has no direction that can be trusted
STEP_M = 0.5  # poses nearer to each other than this differ by jitter, not by driving
FAR_M = 10_000.0  # how far the path is extended at both ends
HORIZON = 1e-3  # a ray that falls less steeply than 1 m in 1 km meets the ground nowhere useful


def rotations(quaternions: npt.ArrayLike) -> Array:
    """The (n, 3, 3) rotations of quaternions (n, 4), which may have any length but zero."""
    given = np.asarray(quaternions, dtype=np.float64).reshape(-1, 4)
    w, x, y, z = (given / np.sqrt((given * given).sum(axis=1, keepdims=True))).T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.array(rows).transpose(2, 0, 1)


def rotation(quaternion: Quaternion) -> Array:
    """The (3, 3) rotation of one quaternion."""
    return np.asarray(rotations(quaternion)[0])


def transform(pose: Pose) -> Array:
    """The (4, 4) matrix of a pose: from its own frame into the one above."""
    matrix = np.eye(4)
    matrix[:3, :3] = rotation(pose.rotation_wxyz)
    matrix[:3, 3] = pose.translation_m
    return matrix


def to_outer(points: npt.ArrayLike, pose: Pose) -> Array:
    """Points (n, 3) of the pose's own frame in the frame above it: camera → ego, ego → global."""
    return np.asarray(points, dtype=np.float64) @ rotation(pose.rotation_wxyz).T + pose.translation_m


def to_inner(points: npt.ArrayLike, pose: Pose) -> Array:
    """Points (n, 3) of the frame above in the pose's own frame: global → ego, ego → camera."""
    return (np.asarray(points, dtype=np.float64) - pose.translation_m) @ rotation(pose.rotation_wxyz)


def to_camera(points_global: npt.ArrayLike, ego_pose: Pose, mounting: Pose) -> Array:
    """Global points (n, 3) in the camera frame of a camera mounted on the ego."""
    return to_inner(to_inner(points_global, ego_pose), mounting)


def project(points_cam: npt.ArrayLike, intrinsic: npt.ArrayLike) -> Array:
    """Pixels (n, 2) of camera points (n, 3), which must lie in front of the camera (z > 0)."""
    image = np.asarray(points_cam, dtype=np.float64) @ np.asarray(intrinsic, dtype=np.float64).T
    return np.asarray(image[:, :2] / image[:, 2:])


def ground_point(pixel: tuple[float, float], camera: Camera) -> tuple[float, float] | None:
    """Where the ray through a pixel meets flat ground, (x, y) in the ego frame.

    None at or above the horizon, and where the camera's calibration is not known.
    """
    if camera.intrinsic is None or camera.mounting is None:
        return None
    ray_cam = np.linalg.solve(np.asarray(camera.intrinsic), np.array([pixel[0], pixel[1], 1.0]))
    ray = rotation(camera.mounting.rotation_wxyz) @ ray_cam
    origin = np.asarray(camera.mounting.translation_m)
    if ray[2] >= -HORIZON * np.linalg.norm(ray):
        return None
    x, y, _ = origin - ray * (origin[2] / ray[2])
    return float(x), float(y)


def yaw(quaternion: Quaternion) -> float:
    """The heading of a rotation's x axis on the ground, in radians, counter-clockwise from the outer x axis."""
    forward = rotation(quaternion)[:, 0]
    return atan2(forward[1], forward[0])


def turned(angle_rad: float) -> float:
    """The same angle within (-π, π]."""
    return float(-((-angle_rad + np.pi) % (2 * np.pi) - np.pi))


class Place(NamedTuple):
    """A place seen from the ego path: `ahead_m` along it (negative behind the ego), `lateral_m` across it (left is
    positive), and the heading that the path has there, in radians in the ego frame."""

    ahead_m: float
    lateral_m: float
    heading_rad: float


@dataclass(frozen=True)
class EgoPath:
    """The polyline (n ≥ 2, 2), metres in the ego frame, that the ego drives from its origin on.

    Beyond its last point it goes on straight; behind the ego it comes straight from behind. `driven` is where the ego
    really went afterwards, `straight` is a guess. Where the ego reverses, "ahead" is where it goes: behind its trunk.
    """

    points_m: tuple[tuple[float, float], ...]
    kind: Literal["driven", "straight"]

    def locate(self, x: float, y: float) -> Place:
        """The place of a point of the ego frame: by the nearest point of the path."""
        line = self._extended
        start, step = line[:-1], np.diff(line, axis=0)
        length = np.hypot(step[:, 0], step[:, 1])
        offset = np.array([x, y]) - start
        share = np.clip((offset * step).sum(axis=1) / length**2, 0.0, 1.0)
        gap = offset - share[:, None] * step
        distance = np.hypot(gap[:, 0], gap[:, 1])
        nearest = int(np.argmin(distance))
        along = length[:nearest].sum() + share[nearest] * length[nearest] - FAR_M
        (dx, dy), (gap_x, gap_y) = step[nearest], gap[nearest]
        side = 1.0 if dx * gap_y - dy * gap_x >= 0 else -1.0
        return Place(float(along), float(side * distance[nearest]), atan2(dy, dx))

    def point(self, ahead_m: float, lateral_m: float) -> tuple[float, float]:
        """The point (x, y) of the ego frame at a place: the other way round than `locate`.

        In a bend it is exact as far out as the point's nearest piece of the path is the one it is measured from.
        """
        line = self._extended
        step = np.diff(line, axis=0)
        length = np.hypot(step[:, 0], step[:, 1])
        starts = np.concatenate([[0.0], np.cumsum(length)[:-1]]) - FAR_M
        piece = max(0, int(np.searchsorted(starts, ahead_m, side="right")) - 1)
        along = step[piece] / length[piece]
        x, y = line[piece] + along * (ahead_m - starts[piece]) + np.array([-along[1], along[0]]) * lateral_m
        return float(x), float(y)

    @cached_property
    def _extended(self) -> Array:
        line = np.array(self.points_m)
        first, last = _direction(line[0], line[1]), _direction(line[-2], line[-1])
        return np.vstack([line[0] - FAR_M * first, line, line[-1] + FAR_M * last])


def _direction(start: Array, end: Array) -> Array:
    return np.asarray((end - start) / np.linalg.norm(end - start))


STRAIGHT_AHEAD = EgoPath(((0.0, 0.0), (1.0, 0.0)), "straight")


def ego_path_of(frame: Frame) -> EgoPath:
    """Where the ego drove after this frame; straight ahead where that is not known, or where it hardly moved."""
    if frame.ego_pose is None or not frame.ego_path:
        return STRAIGHT_AHEAD
    future = to_inner([pose.translation_m for pose in frame.ego_path], frame.ego_pose)[:, :2]
    points = _without_jitter([(0.0, 0.0), *((float(x), float(y)) for x, y in future)])
    if sum(_gap(one, two) for one, two in pairwise(points)) < STOOD_STILL_M:
        return STRAIGHT_AHEAD
    return EgoPath(tuple(points), "driven")


def _without_jitter(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Each point that is at least a step away from the one kept before it."""
    kept = [points[0]]
    for point in points[1:]:
        if _gap(kept[-1], point) >= STEP_M:
            kept.append(point)
    return kept


def _gap(one: tuple[float, float], two: tuple[float, float]) -> float:
    return hypot(two[0] - one[0], two[1] - one[1])
