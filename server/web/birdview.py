"""A frame from above, as numbers that an SVG only has to write down: the ego, its path, what was detected. Pure.

Pixels of a drawing `WIDTH_PX` × `HEIGHT_PX`, the ego heading up.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import cos, degrees, hypot, radians, sin

from scenario.geometry import EgoPath, ego_path_of
from scenario.records import Detection, Frame
from server.web.room import Room

WIDTH_PX, HEIGHT_PX = 360, 440
LANE_M = 3.5
EGO_FRONT_M, EGO_REAR_M, EGO_WIDTH_M = 3.8, 1.0, 1.9  # from the rear axle, where the ego frame has its origin
NEAREST_M, FARTHEST_M = 24.0, 60.0  # the drawing reaches ahead at least and at most so far
BEHIND_M, FARTHEST_BEHIND_M = 6.0, 20.0
RING_M = 10.0
SMALLEST_M = 0.8  # what is smaller is drawn so large
STEP_M = 2.0  # between points of the drawn path
CHARACTER_PX, LINE_PX, GAP_PX = 6.2, 13.0, 3.0  # of a label; the width is a guess that is wide enough
SPOT_PX = 5.0  # a mark's dot


@dataclass(frozen=True)
class Label:
    x: float
    y: float
    anchor: str  # start or end
    text: str


@dataclass(frozen=True)
class Mark:
    """One thing. Several cameras may have seen it: then it is several detections."""

    numbers: tuple[int, ...]  # the detections' positions
    x: float
    y: float
    length: float  # along its heading; 0 where its size or heading is not known
    width: float
    turn_deg: float  # clockwise, from heading up
    in_path: bool
    label: Label | None
    text: str
    about: str


@dataclass(frozen=True)
class Ring:
    radius: float
    text: str


@dataclass(frozen=True)
class BirdView:
    width: int
    height: int
    x: float  # the ego's origin
    y: float
    ego: tuple[float, float, float, float]  # x, y, width, height
    path: str  # points of a polyline
    lane_width: float
    driven: bool
    rings: tuple[Ring, ...]
    marks: tuple[Mark, ...]
    outside: int  # detections whose place is known and lies beyond the drawing
    unplaced: int  # detections whose place is not known


@dataclass(frozen=True)
class _Placed:
    numbers: tuple[int, ...]
    one: Detection
    x_m: float
    y_m: float
    heading_rad: float  # of the path there


@dataclass(frozen=True)
class _Scale:
    px_per_m: float
    x: float
    y: float

    def at(self, x_m: float, y_m: float) -> tuple[float, float]:
        """Ego metres, x ahead and y left, as pixels."""
        return round(self.x - y_m * self.px_per_m, 1), round(self.y - x_m * self.px_per_m, 1)


def bird_view(frame: Frame, detections: Sequence[Detection], texts: Sequence[str]) -> BirdView | None:
    """The drawing; None where no detection has a place. `texts` say of each detection what a pointer over it shows."""
    path = ego_path_of(frame)
    placed = list(_placed(path, detections))
    if not placed:
        return None
    far_m = min(max([NEAREST_M, *(one.x_m + 3 for one in placed)]), FARTHEST_M)
    behind_m = min(max([BEHIND_M, *(3 - one.x_m for one in placed)]), FARTHEST_BEHIND_M)
    px_per_m = HEIGHT_PX / (far_m + behind_m)
    scale = _Scale(px_per_m, WIDTH_PX / 2, round(far_m * px_per_m, 1))
    inside = [one for one in placed if _inside(scale, one)]
    known = sum(len(one.numbers) for one in placed)
    return BirdView(
        width=WIDTH_PX,
        height=HEIGHT_PX,
        x=scale.x,
        y=scale.y,
        ego=_ego(scale),
        path=_line(path, scale, far_m, behind_m),
        lane_width=round(LANE_M * px_per_m, 1),
        driven=path.kind == "driven",
        rings=tuple(_rings(scale, far_m)),
        marks=tuple(_marks(scale, inside, texts)),
        outside=known - sum(len(one.numbers) for one in inside),
        unplaced=len(detections) - known,
    )


def _placed(path: EgoPath, detections: Sequence[Detection]) -> Iterable[_Placed]:
    """What has a place, each thing once."""
    seen: dict[object, list[int]] = {}
    for number, one in enumerate(detections):
        if one.ahead_m is not None and one.lateral_m is not None:
            seen.setdefault(one.instance or number, []).append(number)
    for numbers in seen.values():
        one = detections[numbers[0]]
        assert one.ahead_m is not None
        assert one.lateral_m is not None
        x_m, y_m = path.point(one.ahead_m, one.lateral_m)
        yield _Placed(tuple(numbers), one, x_m, y_m, path.locate(x_m, y_m).heading_rad)


def _inside(scale: _Scale, one: _Placed) -> bool:
    x, y = scale.at(one.x_m, one.y_m)
    return 0 <= x <= WIDTH_PX and 0 <= y <= HEIGHT_PX


def _ego(scale: _Scale) -> tuple[float, float, float, float]:
    x, y = scale.at(EGO_FRONT_M, EGO_WIDTH_M / 2)
    return x, y, round(EGO_WIDTH_M * scale.px_per_m, 1), round((EGO_FRONT_M + EGO_REAR_M) * scale.px_per_m, 1)


def _line(path: EgoPath, scale: _Scale, far_m: float, behind_m: float) -> str:
    steps = int((far_m + 2 * behind_m) / STEP_M) + 1
    points = (scale.at(*path.point(step * STEP_M - behind_m, 0.0)) for step in range(steps))
    return " ".join(f"{x},{y}" for x, y in points)


def _rings(scale: _Scale, far_m: float) -> Iterable[Ring]:
    step_m = RING_M if far_m <= 4 * RING_M else 2 * RING_M
    for number in range(1, int(far_m / step_m) + 1):
        if scale.y - number * step_m * scale.px_per_m >= LINE_PX:  # its label is not cut
            yield Ring(round(number * step_m * scale.px_per_m, 1), f"{number * step_m:.0f} m")


def _marks(scale: _Scale, placed: Sequence[_Placed], texts: Sequence[str]) -> Iterable[Mark]:
    """What stands in the path first, then the nearest: those get a label while there is room."""
    spots = [scale.at(one.x_m, one.y_m) for one in placed]
    room = Room(WIDTH_PX, HEIGHT_PX, [(x - SPOT_PX, y - SPOT_PX, x + SPOT_PX, y + SPOT_PX) for x, y in spots])
    for one in sorted(placed, key=lambda one: (not in_path(one.one), hypot(one.x_m, one.y_m))):
        x, y = scale.at(one.x_m, one.y_m)
        text = f"{one.numbers[0] + 1} {one.one.label}"
        length, width, turn_deg = _footprint(one, scale.px_per_m)
        yield Mark(
            numbers=one.numbers,
            x=x,
            y=y,
            length=length,
            width=width,
            turn_deg=turn_deg,
            in_path=in_path(one.one),
            label=_label(x, y, _reach(length, width, turn_deg) + GAP_PX, text, room),
            text=text,
            about=texts[one.numbers[0]],
        )


def _reach(length: float, width: float, turn_deg: float) -> float:
    """How far to the side a mark reaches."""
    turn = radians(turn_deg)
    return max(SPOT_PX, abs(sin(turn)) * length / 2 + abs(cos(turn)) * width / 2)


def in_path(one: Detection) -> bool:
    return (one.ahead_m or 0) > 0 and abs(one.lateral_m or 0) <= LANE_M / 2


def _footprint(one: _Placed, px_per_m: float) -> tuple[float, float, float]:
    """Length, width, turn."""
    if one.one.size_m is None or one.one.heading_deg is None:
        return 0.0, 0.0, 0.0
    length_m, width_m, _ = one.one.size_m
    turn_deg = -(one.one.heading_deg + degrees(one.heading_rad))  # to the left is counter-clockwise
    return (
        round(max(length_m, SMALLEST_M) * px_per_m, 1),
        round(max(width_m, SMALLEST_M) * px_per_m, 1),
        round(turn_deg, 1),
    )


def _label(x: float, y: float, gap: float, text: str, room: Room) -> Label | None:
    """Beside its mark where nothing stands yet, on the side with more room first."""
    width = CHARACTER_PX * len(text)
    sides = ("start", "end") if x <= WIDTH_PX / 2 else ("end", "start")
    for anchor in sides:
        left = x + gap if anchor == "start" else x - gap - width
        if room.take((left, y - LINE_PX / 2, left + width, y + LINE_PX / 2)):
            return Label(round(x + (gap if anchor == "start" else -gap), 1), round(y + 4, 1), anchor, text)
    return None
