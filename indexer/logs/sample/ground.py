"""The ground of a picture: every pixel below the horizon is traced to the road and coloured by what lies there.

Edges are smoothed by the pixel's own footprint on the ground, so that lines stay lines far away.
"""

from dataclasses import dataclass

import numpy as np

from indexer.logs.sample.geometry import HEIGHT_PX, WIDTH_PX, View
from indexer.logs.sample.noise import Field, sample, tile
from indexer.logs.sample.script import LANE_M, PARKING_M, Layout, Story

REACH_M = 260.0


@dataclass(frozen=True)
class Ground:
    """Where the pixels of the lower rows meet the ground; all arrays are (rows, 800)."""

    first_row: int
    x: Field  # scene frame
    y: Field
    s: Field  # road coordinates
    d: Field
    fine_s: Field  # how many metres along and across the road a pixel spans
    fine_d: Field
    distance: Field


def traced(view: View, story: Story) -> Ground:
    """Follow every pixel below the horizon to z = 0."""
    rows = np.arange(HEIGHT_PX, dtype=np.float32) + 0.5
    columns = np.arange(WIDTH_PX, dtype=np.float32) + 0.5
    focal, (cu, cv) = view.camera.focal_px, view.camera.centre_px
    axes = view.axes.astype(np.float32)
    u, v = (columns - cu) / focal, (rows - cv) / focal
    down = -(axes[2, 0] * u[None, :] + axes[2, 1] * v[:, None] + axes[2, 2])
    limit = float(view.origin[2]) / REACH_M
    first = int(np.argmax((down > limit).all(axis=1)))
    v, down = v[first:], down[first:]
    height = np.float32(view.origin[2])
    along = height / down
    x = np.float32(view.origin[0]) + along * (axes[0, 0] * u[None, :] + axes[0, 1] * v[:, None] + axes[0, 2])
    y = np.float32(view.origin[1]) + along * (axes[1, 0] * u[None, :] + axes[1, 1] * v[:, None] + axes[1, 2])
    s, d = story.bend.unroll(x, y)
    if story.left_hand:
        d = -d
    fine_s, fine_d = _span(s), _span(d)
    return Ground(first, x, y, s, d, fine_s, fine_d, along)


def _span(values: Field) -> Field:
    """How much a coordinate changes from a pixel to its neighbours, at least a millimetre."""
    across = np.abs(np.diff(values, axis=1, append=values[:, -1:]))
    down = np.abs(np.diff(values, axis=0, append=values[-1:]))
    across[:, -1], down[-1] = across[:, -2], down[-2]
    span: Field = np.maximum(across + down, 1e-3)
    return span


def band(values: Field, low: float, high: float, fine: Field) -> Field:
    """How much of each pixel lies between `low` and `high`, 0 to 1."""
    half = fine * 0.5
    covered = np.minimum(values + half, high) - np.maximum(values - half, low)
    share: Field = np.clip(covered / fine, 0, 1)
    return share


def dashes(values: Field, mark: float, period: float, fine: Field) -> Field:
    """As `band`, for marks of length `mark` every `period` metres; the mean where a pixel spans more."""
    phase = values - np.floor(values / period) * period
    shown = band(phase, 0.0, mark, fine) + band(phase, period, period + mark, fine)
    share: Field = np.where(fine > period * 0.6, np.float32(mark / period), shown)
    return share


class Paintbox:
    """Lays colours over each other, each where a mask is. `rgb` is (3, rows, 800): plane by plane is the fastest."""

    def __init__(self, ground: Ground, rgb: tuple[float, float, float]) -> None:
        self.ground = ground
        self.rgb = np.empty((3, *ground.s.shape), dtype=np.float32)
        self.rgb[:] = np.array(rgb, dtype=np.float32)[:, None, None]

    def lay(self, rgb: tuple[float, float, float], mask: Field) -> None:
        """Only the rows and columns that the mask touches are worked on."""
        rows = np.flatnonzero(mask.max(axis=1))
        columns = np.flatnonzero(mask.max(axis=0))
        if not len(rows) or not len(columns):
            return
        window = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        share = mask[window]
        for plane, value in zip(self.rgb, rgb, strict=True):
            part = plane[window]
            part += (np.float32(value) - part) * share

    def shade(self, factor: Field) -> None:
        """Darker or lighter, by a factor for every pixel."""
        self.rgb *= factor


WHITE_LINE = (0.82, 0.82, 0.8)
YELLOW_LINE = (0.84, 0.66, 0.2)


def coloured(ground: Ground, story: Story, grain: int) -> Field:
    """The ground's own colours (rows, 800, 3), before any light falls on it."""
    layout = story.layout
    box = Paintbox(ground, _beyond(layout))
    _texture(box, grain, 0.16 if layout.town != "town" else 0.08)
    road = _road_mask(ground, layout)
    _pavement(box, layout, road, grain)
    _asphalt(box, road, layout, grain)
    _lines(box, layout)
    _crossings(box, layout)
    _waters(box, story, grain)
    return np.ascontiguousarray(np.moveaxis(box.rgb, 0, -1))


def _beyond(layout: Layout) -> tuple[float, float, float]:
    return {"town": (0.5, 0.48, 0.45), "suburb": (0.31, 0.38, 0.19), "country": (0.33, 0.4, 0.2)}[layout.town]


def _texture(box: Paintbox, grain: int, depth: float) -> None:
    """Blotches of two sizes, fading where a pixel spans more than they do."""
    ground = box.ground
    fade = 1 / (1 + (ground.fine_s + ground.fine_d) * 2)
    coarse = sample(tile(grain, 6), ground.s * 1.7, ground.d * 1.7) - 0.5
    fine = sample(tile(grain + 1, 1), ground.s * 14, ground.d * 14) - 0.5
    box.shade(1 + depth * (coarse * 2 + fine * 1.6 * fade))


def _road_mask(ground: Ground, layout: Layout) -> Field:
    road = band(ground.d, layout.right_m, layout.left_m, ground.fine_d)
    if layout.junction_s is not None:
        road = np.maximum(road, band(ground.s, layout.junction_s - 6, layout.junction_s + 6, ground.fine_s))
        corner = 3.0
        for side, edge in ((-1, layout.right_m), (1, layout.left_m)):
            for end in (-1, 1):
                u = np.abs(ground.s - (layout.junction_s + end * (6 + corner)))
                v = np.abs(ground.d - (edge + side * corner))
                square = (u < corner) & (v < corner) & ((ground.d - edge) * side > 0)
                square &= (ground.s - layout.junction_s) * end > 6
                outside = np.clip((np.hypot(u, v) - corner) / ground.fine_s + 0.5, 0, 1)
                road = np.where(square, np.maximum(road, outside), road)
    return road


def _pavement(box: Paintbox, layout: Layout, road: Field, grain: int) -> None:
    """Slabs with joints and a kerb on a street; grass with a worn edge outside."""
    ground = box.ground
    reach = band(ground.d, layout.right_m - layout.verge_m, layout.left_m + layout.verge_m, ground.fine_d)
    if layout.junction_s is not None:
        reach = np.maximum(reach, band(ground.s, layout.junction_s - 9, layout.junction_s + 9, ground.fine_s))
    if layout.verge == "pavement":
        box.lay((0.6, 0.585, 0.56), reach)
        for values, fine, size in ((ground.s, ground.fine_s, 0.9), (ground.d, ground.fine_d, 0.6)):
            joint = dashes(values, 0.025, size, fine) * reach * (fine < 0.3)
            box.lay((0.44, 0.43, 0.41), joint * 0.8)
        tone = sample(tile(grain + 4, 4), ground.s * 1.1, ground.d * 1.1) - 0.5
        box.shade(1 + 0.16 * tone * reach)
        kerb = 0.22
        edges = np.maximum(
            band(ground.d, layout.right_m - kerb, layout.right_m, ground.fine_d),
            band(ground.d, layout.left_m, layout.left_m + kerb, ground.fine_d),
        )
        box.lay((0.72, 0.715, 0.7), edges)
        box.lay((0.5, 0.49, 0.48), dashes(ground.s, 0.03, 1.0, ground.fine_s) * edges * (ground.fine_s < 0.4))
    else:
        box.lay((0.36, 0.43, 0.2), reach)
        tone = sample(tile(grain + 5, 2), ground.s * 3.1, ground.d * 3.1) - 0.5
        box.shade(1 + 0.34 * tone * reach)
        for edge in (layout.right_m, layout.left_m):
            worn = np.clip(1 - np.abs(ground.d - edge) / 0.7, 0, 1) * (0.6 + 0.8 * tone)
            box.lay((0.47, 0.42, 0.33), np.clip(worn, 0, 1))


def _asphalt(box: Paintbox, road: Field, layout: Layout, grain: int) -> None:
    """Grey with grain, patches, darker wheel tracks, cracks and manholes."""
    ground = box.ground
    s, d = ground.s, ground.d
    box.lay((0.345, 0.345, 0.35), road)
    fade = 1 / (1 + 3 * (ground.fine_s + ground.fine_d))
    grains = (sample(tile(grain + 2, 1), s * 22, d * 22) - 0.5) * fade
    patches = sample(tile(grain + 3, 7), s * 0.9, d * 1.8) - 0.5
    lane = d - np.floor(d / LANE_M + 0.5) * LANE_M
    tracks = np.clip(1.2 - np.abs(np.abs(lane) - 0.85) / 0.45, 0, 1) - np.clip(0.5 - np.abs(lane) / 0.6, 0, 1)
    worn = 1 + road * (0.22 * grains + 0.16 * patches - 0.055 * tracks)
    box.shade(worn)
    # A crack is where a smooth field passes through its middle value.
    field = sample(tile(grain + 6, 9), s * 1.3, d * 1.3)
    crack = np.clip(1 - np.abs(field - 0.5) / (0.0025 + 0.02 * ground.fine_s), 0, 1) * road * (patches > 0.03)
    box.lay((0.22, 0.22, 0.225), crack * 0.55 * fade)
    for n, side in enumerate((0.7, -0.4)):
        away = np.hypot(s - (9.0 + 31 * n + grain % 23), d - (side + LANE_M * (n % 2)))
        box.lay((0.245, 0.24, 0.235), band(away, -0.1, 0.33, ground.fine_s) * 0.8)
        box.lay((0.33, 0.325, 0.32), band(away, 0.24, 0.28, ground.fine_s) * 0.6)
    gutter = np.clip(1 - np.minimum(np.abs(d - layout.right_m), np.abs(d - layout.left_m)) / 0.4, 0, 1)
    box.lay((0.25, 0.245, 0.24), gutter * road * 0.5)


def _lines(box: Paintbox, layout: Layout) -> None:
    """Lane lines, the line between the directions, edge lines, parking bays, the stop line."""
    ground = box.ground
    s, d, fs, fd = ground.s, ground.d, ground.fine_s, ground.fine_d
    free = _open_road(ground, layout)
    worn = 0.82 + 0.36 * (sample(tile(3, 1), s * 9, d * 9) - 0.5)
    dashed = dashes(s + 2.0, 3.0, 9.0, fs)

    def along(
        at: float, mask: Field | float, rgb: tuple[float, float, float] = WHITE_LINE, width: float = 0.13
    ) -> None:
        box.lay(rgb, band(d, at - width / 2, at + width / 2, fd) * mask * free * worn)

    for lane in range(layout.same):
        along(LANE_M * (0.5 + lane), dashed)
    if layout.oncoming and layout.same:
        along(layout.divider_m - 0.12, 1.0, YELLOW_LINE)
        along(layout.divider_m + 0.12, 1.0, YELLOW_LINE)
    elif layout.oncoming:
        along(layout.divider_m, dashed)
    for lane in range(1, layout.oncoming):
        along(layout.divider_m + LANE_M * lane, dashed)
    if layout.verge == "grass":
        along(-LANE_M / 2 - 0.05, 1.0)
        along(layout.divider_m + LANE_M * layout.oncoming + 0.05, 1.0)
    for wanted, inner, outer in (
        (layout.parking_right, layout.right_m + PARKING_M, layout.right_m),
        (layout.parking_left, layout.left_m - PARKING_M, layout.left_m),
    ):
        if wanted:
            along(inner, dashes(s, 0.9, 1.8, fs), width=0.1)
            bay = band(d, min(inner, outer), max(inner, outer), fd) * dashes(s, 0.1, 6.2, fs)
            box.lay(WHITE_LINE, bay * free * worn * 0.9)


def _open_road(ground: Ground, layout: Layout) -> Field:
    """Where lines along the road are not interrupted by a junction or a crossing."""
    free = np.ones_like(ground.s)
    if layout.junction_s is not None:
        free = free - band(ground.s, layout.junction_s - 13.2, layout.junction_s + 13.2, ground.fine_s)
    if layout.crossing_s is not None:
        free = free * (1 - band(ground.s, layout.crossing_s - 1.9, layout.crossing_s + 1.9, ground.fine_s))
    return free


def _crossings(box: Paintbox, layout: Layout) -> None:
    ground = box.ground
    s, d, fs, fd = ground.s, ground.d, ground.fine_s, ground.fine_d
    worn = 0.85 + 0.3 * (sample(tile(3, 1), s * 9, d * 9) - 0.5)
    across = band(d, layout.right_m + 0.2, layout.left_m - 0.2, fd)
    stripes = dashes(d, 0.5, 1.0, fd) * across
    places = [layout.crossing_s] if layout.crossing_s is not None else []
    if layout.junction_s is not None:
        places.append(layout.junction_s + 11.0)
        outside = band(s, layout.junction_s - 5.8, layout.junction_s + 5.8, fs)
        for edge in (layout.right_m - 5.0, layout.left_m + 2.2):
            box.lay(WHITE_LINE, dashes(s, 0.5, 1.0, fs) * outside * band(d, edge, edge + 2.8, fd) * worn)
        middle = band(s, layout.junction_s - 0.07, layout.junction_s + 0.07, fs)
        beyond = 1 - band(d, layout.right_m - 6, layout.left_m + 6, fd)
        box.lay(YELLOW_LINE, middle * beyond)
    for place in places:
        box.lay(WHITE_LINE, stripes * band(s, place - 1.6, place + 1.6, fs) * worn)
    if layout.stop_line_s is not None:
        own = band(d, -LANE_M / 2, layout.divider_m - 0.1, fd)
        box.lay(WHITE_LINE, own * band(s, layout.stop_line_s - 0.2, layout.stop_line_s + 0.2, fs) * worn)


def water(ground: Ground, story: Story, grain: int) -> Field:
    """How deep water stands, 0 to 1 (rows, 800): the film and pools of rain, and the puddles of the story."""
    s, d = ground.s, ground.d
    film = sample(tile(grain + 8, 8), s * 0.8, d * 1.6)
    standing = np.clip((film - 0.5) * 5, 0, 1) * story.weather.wet * 0.55 + 0.25 * story.weather.wet
    for actor in story.actors:
        if actor.kind == "puddle":
            length, width, _ = actor.size
            spot = actor.track[0]
            away = np.hypot((s - spot.x) / (length / 2), (d - spot.y) / (width / 2))
            edge = away + 0.5 * (sample(tile(grain + 9, 8), s * 3, d * 3) - 0.5)
            standing = np.maximum(standing, np.clip((1.0 - edge) * 6, 0, 1))
    return standing.astype(np.float32)


def _waters(box: Paintbox, story: Story, grain: int) -> None:
    """Wet ground is darker; deep water is brown."""
    if not story.weather.wet and not any(actor.kind == "puddle" for actor in story.actors):
        return
    depth = water(box.ground, story, grain)
    box.shade(1 - 0.38 * story.weather.wet * np.minimum(depth + 0.5, 1))
    box.lay((0.3, 0.27, 0.22), np.clip((depth - 0.8) * 5, 0, 0.6))
