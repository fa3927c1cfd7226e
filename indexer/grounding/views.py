"""3D boxes in a camera's picture: where each stands, and how much of it the nearer ones leave to be seen."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from scenario.geometry import Array, project, rotation, to_camera
from scenario.records import Pose

Flags = npt.NDArray[np.bool_]

NEAR_M = 0.1  # what is nearer to the camera than this has no place in its picture
MIN_SIDE_PX = 3.0  # a smaller box shows nothing that could be recognised
RAYS = 8  # across each box, and as many down
TOUCHING_M = 0.1  # a box whose face is this little nearer stands beside, not before
CORNERS = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
EDGES = np.array(
    [(one, two) for one in range(8) for two in range(one + 1, 8) if (CORNERS[one] != CORNERS[two]).sum() == 1]
)
STEPS = (np.arange(RAYS) + 0.5) / RAYS
ACROSS, DOWN = (grid.ravel() for grid in np.meshgrid(STEPS, STEPS))  # shares of an outline's width and height


@dataclass(frozen=True)
class Viewpoint:
    """A camera at the moment of its picture. `intrinsic` (3, 3) in pixels."""

    ego_pose: Pose
    mounting: Pose
    intrinsic: Array
    width_px: int
    height_px: int


@dataclass(frozen=True)
class Solids:
    """n boxes in the global frame."""

    middle_m: Array  # (n, 3)
    size_m: Array  # (n, 3): along its own axes x (length), y (width), z (height)
    turn: Array  # (n, 3, 3): from its own axes
    hides: Flags  # (n,): whether what stands behind it cannot be seen

    @cached_property
    def corners_m(self) -> Array:
        """(n, 8, 3)"""
        turned = (CORNERS * self.size_m[:, None]) @ self.turn.transpose(0, 2, 1)
        return np.asarray(turned + self.middle_m[:, None])


@dataclass(frozen=True)
class View:
    """Where a box is in a picture, cut at its border, and the share of it there that nothing nearer hides."""

    box_xyxy_px: tuple[float, float, float, float]
    visibility: float


def views(solids: Solids, seen_from: Viewpoint) -> dict[int, View]:
    """The boxes that are in the picture, by their position in `solids`.

    Left out are those behind the camera or around it, outside the picture and too small in it. One that is hidden
    altogether has visibility 0.
    """
    outlines = outlines_px(solids, seen_from)
    sides = outlines[:, 2:] - outlines[:, :2]
    there = np.flatnonzero(sides.min(axis=1) >= MIN_SIDE_PX)
    eye, turn = _eye(seen_from)
    to_ray = turn @ np.linalg.inv(seen_from.intrinsic)
    found = {}
    for number in there.tolist():
        left, top, right, bottom = outlines[number].tolist()
        meets = (outlines[there, 0] < right) & (outlines[there, 2] > left)
        meets &= (outlines[there, 1] < bottom) & (outlines[there, 3] > top)
        visibility = _share_seen(solids, number, there[meets], eye, _rays(outlines[number], to_ray))
        if visibility is not None:
            found[number] = View((left, top, right, bottom), visibility)
    return found


def outlines_px(solids: Solids, seen_from: Viewpoint) -> Array:
    """The rectangle x, y, x, y around each box in the picture (n, 4): of what is before the camera, cut at the border.

    One without width and height where the box is not in the picture.
    """
    corners = solids.corners_m.reshape(-1, 3)
    points = to_camera(corners, seen_from.ego_pose, seen_from.mounting).reshape(-1, 8, 3)
    before = points[:, :, 2] >= NEAR_M
    outlines = np.zeros((len(points), 4))
    whole = before.all(axis=1)
    if whole.any():
        outlines[whole] = _around(points[whole], seen_from.intrinsic)
    for number in np.flatnonzero(before.any(axis=1) & ~whole):
        outlines[number] = _around(_cut_at_the_camera(points[number])[None], seen_from.intrinsic)[0]
    border = np.array([seen_from.width_px, seen_from.height_px] * 2)
    return np.clip(outlines, 0, border)


def _around(points_cam: Array, intrinsic: Array) -> Array:
    """The rectangles (n, 4) around points (n, m, 3) in the picture."""
    pixels = project(points_cam.reshape(-1, 3), intrinsic).reshape(*points_cam.shape[:2], 2)
    return np.concatenate([pixels.min(axis=1), pixels.max(axis=1)], axis=1)


def _cut_at_the_camera(corners_cam: Array) -> Array:
    """The corners (m, 3) of what of a box (8, 3) is beyond the near plane: its own, and where edges cross the plane."""
    depth = corners_cam[:, 2]
    one, two = EDGES[(depth[EDGES[:, 0]] >= NEAR_M) != (depth[EDGES[:, 1]] >= NEAR_M)].T
    share = ((NEAR_M - depth[one]) / (depth[two] - depth[one]))[:, None]
    crossings = corners_cam[one] + share * (corners_cam[two] - corners_cam[one])
    return np.concatenate([corners_cam[depth >= NEAR_M], crossings])


def _eye(seen_from: Viewpoint) -> tuple[Array, Array]:
    """Where the camera is (3,), and its rotation (3, 3), in the global frame."""
    ego = rotation(seen_from.ego_pose.rotation_wxyz)
    place = ego @ np.asarray(seen_from.mounting.translation_m) + seen_from.ego_pose.translation_m
    return place, ego @ rotation(seen_from.mounting.rotation_wxyz)


def _rays(outline_px: Array, to_ray: Array) -> Array:
    """Unit rays (RAYS², 3), in the global frame, through a grid over an outline; `to_ray` (3, 3) is pixel to ray."""
    left, top, right, bottom = outline_px
    pixels = np.stack([left + ACROSS * (right - left), top + DOWN * (bottom - top), np.ones(RAYS**2)])
    rays = (to_ray @ pixels).T
    return np.asarray(rays / np.sqrt((rays * rays).sum(axis=1, keepdims=True)))


def _share_seen(solids: Solids, number: int, near: npt.NDArray[np.intp], eye: Array, rays: Array) -> float | None:
    """Of the rays that meet a box, the share that meets no other before it. `near` are it and those that may hide it.

    None for a box that the camera is inside of; such a one hides nothing. A box too thin for the grid counts as seen.
    """
    entries = _entries_m(solids.middle_m[near], solids.size_m[near], solids.turn[near], eye, rays)
    own = entries[near == number][0]
    if (own <= 0).any():
        return None
    met = np.isfinite(own)
    if not met.any():
        return 1.0
    hiding = (solids.hides[near] & (near != number))[:, None] & (entries > 0) & (entries < own - TOUCHING_M)
    return float(1 - hiding[:, met].any(axis=0).mean())


def _entries_m(middle_m: Array, size_m: Array, turn: Array, eye: Array, rays: Array) -> Array:
    """How far along each ray (r, 3) it enters each box: (n, r). Infinite where it misses, at most 0 from inside.

    The slab method: a ray is in the box while it is between all three pairs of faces.
    """
    start = (eye - middle_m)[:, None] @ turn  # (n, 1, 3), in the box's own axes
    along = rays @ turn
    along[np.abs(along) < 1e-12] = 1e-12
    one, two = (-size_m[:, None] / 2 - start) / along, (size_m[:, None] / 2 - start) / along
    enter, leave = np.minimum(one, two), np.maximum(one, two)
    last_in = np.maximum(np.maximum(enter[..., 0], enter[..., 1]), enter[..., 2])
    first_out = np.minimum(np.minimum(leave[..., 0], leave[..., 1]), leave[..., 2])
    return np.where((last_in <= first_out) & (first_out > 0), last_in, np.inf)
