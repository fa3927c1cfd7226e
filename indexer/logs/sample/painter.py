"""Draws meshes far to near with Pillow: no depth buffer, so what hides what is decided here.

Two upright things never touch, so some side of one's footprint parts it from the other: whichever is on the eye's
side of that line hides the other. Faces within one thing are ordered as `mesh` says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

import numpy as np
from PIL import ImageDraw

from indexer.logs.sample.geometry import WIDTH_PX, Array, Spot, View, clipped, turned
from indexer.logs.sample.light import Light
from indexer.logs.sample.mesh import Flags, Indices, Mesh

NEAR_M = 0.35
_CORNERS = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)])
_SIDES = np.array([(1, 0), (0, 1), (-1, 0), (0, -1)])


@dataclass(frozen=True)
class Placed:
    """A mesh in the scene frame: its points (p, 3), the middles (n, 3) and unit normals (n, 3) of its faces."""

    mesh: Mesh
    spot: Spot
    half_m: tuple[float, float]
    base_m: float
    points: Array
    centres: Array
    normals: Array


def place(mesh: Mesh, spot: Spot, half_m: tuple[float, float], base_m: float = 0.0, mirrored: bool = False) -> Placed:
    """Put a mesh down at `spot`; `mirrored` swaps its left and right."""
    flip = -1.0 if mirrored else 1.0
    points = (mesh.points * [1.0, flip, 1.0]) @ turned(spot.heading).T + [spot.x, spot.y, base_m]
    starts, counts = mesh.starts[:-1], np.diff(mesh.starts)
    if not len(starts):
        return Placed(mesh, spot, half_m, base_m, points, points, points)
    centres = np.add.reduceat(points, starts) / counts[:, None]
    third = np.minimum(starts + 2, len(points) - 1)
    crossed = np.cross(points[starts + 1] - points[starts], points[third] - points[starts + 1]) * flip
    normals = crossed / np.maximum(np.linalg.norm(crossed, axis=1, keepdims=True), 1e-9)
    return Placed(mesh, spot, half_m, base_m, points, centres, normals)


@dataclass(frozen=True)
class Face:
    """One thing to draw: x, y, x, y… in pixels of the enlarged picture, and for a limb its two radii."""

    xy: list[float]
    rgb: tuple[int, int, int]
    radii_px: tuple[float, float] | None = None


def paint(draw: ImageDraw.ImageDraw, faces: Sequence[Face]) -> None:
    for face in faces:
        if face.radii_px is None:
            draw.polygon(face.xy, fill=face.rgb)
        else:
            _limb(draw, face.xy, face.radii_px, face.rgb)


def _limb(draw: ImageDraw.ImageDraw, xy: list[float], radii: tuple[float, float], rgb: tuple[int, int, int]) -> None:
    ax, ay, bx, by = xy
    ra, rb = radii
    if max(ra, rb) < 0.8:
        draw.line((ax, ay, bx, by), fill=rgb, width=1)
        return
    length = hypot(bx - ax, by - ay)
    if length > 0.5:
        nx, ny = (ay - by) / length, (bx - ax) / length
        here = (ax + nx * ra, ay + ny * ra, ax - nx * ra, ay - ny * ra)
        there = (bx - nx * rb, by - ny * rb, bx + nx * rb, by + ny * rb)
        draw.polygon((*here, *there), fill=rgb)
        draw.ellipse((bx - rb, by - rb, bx + rb, by + rb), fill=rgb)
    draw.ellipse((ax - ra, ay - ra, ax + ra, ay + ra), fill=rgb)


def faces_of(things: Sequence[Placed], view: View, light: Light, scale: float, reflected: bool = False) -> list[Face]:
    """Everything to draw, far to near. `reflected` turns the world upside down, as a wet road shows it."""
    near = [thing for thing in things if _may_be_seen(thing, view)]
    faces: list[Face] = []
    for index in far_to_near(near, view.origin):
        faces += _faces(near[index], view, light, scale, reflected)
    return faces


def _may_be_seen(thing: Placed, view: View) -> bool:
    reach = float(np.hypot(*thing.half_m)) + 3.0
    x, _, z = view.into_camera(np.array([[thing.spot.x, thing.spot.y, 1.0]]))[0]
    return bool(z > -reach and abs(x) < 0.75 * max(z, 0) + 1.3 * reach)


def far_to_near(things: Sequence[Placed], eye: Array) -> list[int]:
    """An order in which each thing comes after all that it hides."""
    if not things:
        return []
    corners, lines, offsets = _footprints(things)
    # outside[i, j]: (4,) how far the whole of j is beyond each side of i; beyond[i]: how far the eye is
    outside = (np.einsum("isk,jck->ijsc", lines, corners) - offsets[:, None, :, None]).min(axis=3)
    beyond = np.einsum("isk,k->is", lines, eye[:2]) - offsets
    parted = outside > -1e-3
    # A line that parts two things has the eye on one side: what is there hides, and is not hidden.
    in_front = (parted & (beyond > 0)[:, None, :]).any(axis=2)  # [i, j]: j stands on the eye's side of i
    behind = (parted & (beyond <= 0)[:, None, :]).any(axis=2)  # [i, j]: j stands on the far side of i
    hides = behind | in_front.T
    distance = np.array([np.hypot(t.spot.x - eye[0], t.spot.y - eye[1]) for t in things])
    nearer = distance[:, None] < distance[None, :]
    return _sorted((hides & ~hides.T) | (~hides & ~hides.T & nearer), distance)


def _footprints(things: Sequence[Placed]) -> tuple[Array, Array, Array]:
    """Corners (n, 4, 2), side normals (n, 4, 2) and side offsets (n, 4) of the things' footprints."""
    corners, lines, offsets = [], [], []
    for thing in things:
        turn = turned(thing.spot.heading)[:2, :2]
        centre = np.array([thing.spot.x, thing.spot.y])
        half = np.array(thing.half_m)
        corners.append((_CORNERS * half) @ turn.T + centre)
        normals = _SIDES @ turn.T
        lines.append(normals)
        offsets.append(normals @ centre + np.abs(_SIDES) @ half)
    return np.array(corners), np.array(lines), np.array(offsets)


def _sorted(hides: Flags, distance: Array) -> list[int]:
    """Topological order of `hides[i, j]` (i hides j, so j is drawn first); a ring is cut at its farthest member."""
    n = len(distance)
    np.fill_diagonal(hides, False)
    waiting = hides.sum(axis=1).astype(int)  # how many must be drawn before i
    left = np.ones(n, dtype=bool)
    order: list[int] = []
    for _ in range(n):
        ready = left & (waiting <= 0)
        pool = ready if ready.any() else left
        pick = int(np.argmax(np.where(pool, distance, -1.0)))
        order.append(pick)
        left[pick] = False
        waiting -= hides[:, pick]
    return order


def _faces(thing: Placed, view: View, light: Light, scale: float, reflected: bool) -> list[Face]:
    mesh, centres = thing.mesh, thing.centres
    if not len(centres):
        return []
    eye = view.origin * [1, 1, -1] if reflected else view.origin
    to_eye = eye - centres
    distance = np.sqrt((to_eye**2).sum(axis=1))
    seen = ~mesh.sided | ((thing.normals * to_eye).sum(axis=1) > 0)
    if not seen.any():
        return []
    normals = _rounded(thing, to_eye, distance)
    rgb = _colours(mesh, centres, normals, distance, light)
    inside = view.into_camera(thing.points * [1, 1, -1] if reflected else thing.points)
    return _projected(mesh, inside, rgb, _order(mesh, distance, seen), view, scale)


def _rounded(thing: Placed, to_eye: Array, distance: Array) -> Array:
    """(n, 3) unit normals: a limb has none of its own; it looks at the eye and a little up."""
    flat = thing.mesh.radii[:, 0] == 0
    if flat.all():
        return thing.normals
    towards = to_eye / np.maximum(distance, 1e-6)[:, None] + [0.0, 0.0, 0.45]
    towards /= np.sqrt((towards**2).sum(axis=1, keepdims=True))
    mixed: Array = np.where(flat[:, None], thing.normals, towards)
    return mixed


def _colours(mesh: Mesh, centres: Array, normals: Array, distance: Array, light: Light) -> list[tuple[int, int, int]]:
    glow = mesh.glow[:, None]
    reached = light.falls_on(centres, normals) * (1.0 - np.minimum(glow, 1.0)) + glow
    lit: Array = np.multiply(mesh.rgb, reached)
    through: Array = distance * (1.0 - 0.55 * np.minimum(mesh.glow, 1.0))
    arrived = light.through_air(lit, through)
    values = np.clip(arrived * 255, 0, 255).astype(int)
    return [(r, g, b) for r, g, b in values.tolist()]


def _order(mesh: Mesh, distance: Array, seen: Flags) -> Indices:
    """Indices of the faces that are seen, far to near."""
    count = int(mesh.part.max()) + 1
    sums = np.bincount(mesh.part, weights=distance, minlength=count)
    parts = sums / np.maximum(np.bincount(mesh.part, minlength=count), 1)
    order: Indices = np.lexsort((-distance, mesh.level, -parts[mesh.part], mesh.rank))
    shown: Indices = order[seen[order]]
    return shown


def _projected(
    mesh: Mesh, inside: Array, rgb: list[tuple[int, int, int]], order: Indices, view: View, scale: float
) -> list[Face]:
    """The faces in this order as pixels; what lies behind the camera is cut off, what misses the picture left out."""
    depth, starts = inside[:, 2], mesh.starts[:-1]
    safe = np.maximum(depth, NEAR_M)
    pixels = view.pixels(np.column_stack([inside[:, :2], safe]), scale)
    near, far = np.minimum.reduceat(depth, starts), np.maximum.reduceat(depth, starts)
    radii = mesh.radii * (scale * view.camera.focal_px) / np.stack([safe[starts], safe[mesh.starts[1:] - 1]], axis=1)
    wide = radii.max(axis=1)
    left, right = np.minimum.reduceat(pixels[:, 0], starts) - wide, np.maximum.reduceat(pixels[:, 0], starts) + wide
    shown = (far > NEAR_M) & ((near <= NEAR_M) | ((right > 0) & (left < scale * WIDTH_PX)))
    flat, bounds, whole, sizes = pixels.ravel().tolist(), mesh.starts.tolist(), (near > NEAR_M).tolist(), radii.tolist()
    faces = []
    for i in order[shown[order]].tolist():
        start, end = bounds[i], bounds[i + 1]
        round_ = sizes[i][0] > 0
        if whole[i]:
            size = (sizes[i][0], sizes[i][1]) if round_ else None
            faces.append(Face(flat[2 * start : 2 * end], rgb[i], size))
        elif not round_:
            cut = clipped(inside[start:end], NEAR_M)
            if len(cut) > 2:
                faces.append(Face(view.pixels(cut, scale).ravel().tolist(), rgb[i]))
    return faces
