"""Where things are: poses on the ground, roads that bend, cameras that project.

Scene frame: x along the road, y left, z up, metres; the ego lane's middle is y = 0. A road of constant curvature is
unrolled into road coordinates (s along it, d to its left). Camera frame: x right, y down, z forward.
"""

from dataclasses import dataclass
from math import cos, radians, sin, sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]

WIDTH_PX, HEIGHT_PX = 800, 450


@dataclass(frozen=True)
class Spot:
    """A place on the ground with a heading: metres and radians, heading 0 along x, counter-clockwise."""

    x: float
    y: float
    heading: float = 0.0

    def beside(self, ahead: float, left: float) -> "Spot":
        """The place `ahead` and `left` of this one, in this one's own directions."""
        c, s = cos(self.heading), sin(self.heading)
        return Spot(self.x + c * ahead - s * left, self.y + s * ahead + c * left, self.heading)

    def mirrored(self) -> "Spot":
        return Spot(self.x, -self.y, -self.heading)


@dataclass(frozen=True)
class Bend:
    """A road's constant curvature in 1/m, positive to the left; 0 is straight."""

    curvature: float = 0.0

    def place(self, spot: Spot) -> Spot:
        """Road coordinates (s, d, heading along the road) → scene frame."""
        k = self.curvature
        if k == 0:
            return spot
        radius = 1 / k - spot.y
        angle = k * spot.x
        return Spot(sin(angle) * radius, 1 / k - cos(angle) * radius, spot.heading + angle)

    def unroll(self, x: NDArray[np.float32], y: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Scene frame → road coordinates (s, d), for arrays of any shape."""
        k = self.curvature
        if k == 0:
            return x, y
        side = np.sign(k)
        across, along = side * (1 / k - y), side * x
        s = np.arctan2(along, across) / k
        d = 1 / k - side * np.hypot(x, 1 / k - y)
        return s.astype(np.float32), d.astype(np.float32)


def turned(heading: float) -> Array:
    """(3, 3) rotation about z."""
    c, s = cos(heading), sin(heading)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def quaternion(rotation: Array) -> tuple[float, float, float, float]:
    """(3, 3) rotation → w, x, y, z (Shepperd's method), w not negative."""
    trace = float(np.trace(rotation))
    candidates = [trace, *np.diag(rotation)]
    largest = int(np.argmax(candidates))
    if largest == 0:
        w = sqrt(1 + trace) / 2
        vector = [rotation[2, 1] - rotation[1, 2], rotation[0, 2] - rotation[2, 0], rotation[1, 0] - rotation[0, 1]]
        values = [w, *(float(v) / (4 * w) for v in vector)]
    else:
        i = largest - 1
        j, k = (i + 1) % 3, (i + 2) % 3
        values = [0.0, 0.0, 0.0, 0.0]
        values[1 + i] = sqrt(max(0.0, 1 + rotation[i, i] - rotation[j, j] - rotation[k, k])) / 2
        values[0] = float(rotation[k, j] - rotation[j, k]) / (4 * values[1 + i])
        values[1 + j] = float(rotation[j, i] + rotation[i, j]) / (4 * values[1 + i])
        values[1 + k] = float(rotation[k, i] + rotation[i, k]) / (4 * values[1 + i])
    sign = -1.0 if values[0] < 0 else 1.0
    w, x, y, z = (sign * value for value in values)
    return w, x, y, z


@dataclass(frozen=True)
class CameraModel:
    """A pinhole camera on the vehicle. `mounting` (3, 3) and `position_m` (3,) take camera to ego coordinates."""

    name: str
    focal_px: float
    centre_px: tuple[float, float]
    position_m: Array
    mounting: Array

    @property
    def intrinsic(self) -> list[list[float]]:
        u, v = self.centre_px
        return [[self.focal_px, 0.0, u], [0.0, self.focal_px, v], [0.0, 0.0, 1.0]]

    def seen_from(self, ego: Spot) -> "View":
        """The camera as it looks at the scene when the ego stands at `ego`."""
        body = turned(ego.heading)
        return View(self, np.array([ego.x, ego.y, 0.0]) + body @ self.position_m, body @ self.mounting)


@dataclass(frozen=True)
class View:
    """A camera in the scene: `origin` (3,) and `axes` (3, 3), whose columns are the camera's x, y, z."""

    camera: CameraModel
    origin: Array
    axes: Array

    def into_camera(self, points: Array) -> Array:
        """(n, 3) scene points → (n, 3) camera coordinates."""
        inside: Array = (points - self.origin) @ self.axes
        return inside

    def pixels(self, points: Array, scale: float = 1.0) -> Array:
        """(n, 3) camera coordinates with z > 0 → (n, 2) pixels of a picture enlarged by `scale`."""
        flat: Array = points[:, :2] * (scale * self.camera.focal_px) / points[:, 2:3]
        return flat + scale * np.array(self.camera.centre_px)


def camera_model(name: str, position_m: tuple[float, float, float], yaw_deg: float, pitch_deg: float) -> CameraModel:
    """A camera of the nuScenes vehicle at half its resolution. Yaw is to the left, pitch is downward."""
    yaw, pitch = radians(yaw_deg), radians(pitch_deg)
    forward = np.array([cos(yaw) * cos(pitch), sin(yaw) * cos(pitch), -sin(pitch)])
    right = np.array([sin(yaw), -cos(yaw), 0.0])
    mounting = np.stack([right, np.cross(forward, right), forward], axis=1)
    return CameraModel(name, 633.0, (404.0, 246.0), np.array(position_m), mounting)


def clipped(polygon: Array, near: float) -> Array:
    """(n, 3) camera coordinates → the part of the polygon with z ≥ near (Sutherland and Hodgman), maybe empty."""
    kept: list[Array] = []
    for here, after in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        inside, inside_after = here[2] >= near, after[2] >= near
        if inside:
            kept.append(here)
        if inside != inside_after:
            kept.append(here + (after - here) * ((near - here[2]) / (after[2] - here[2])))
    return np.array(kept).reshape(-1, 3)
