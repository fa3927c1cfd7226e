"""The scene of a frame as a time line: its risk as a line, and what happens in it as bands under the line. Pure.

Places are percentages of the width, so that nothing is distorted and no width needs to be known; heights are pixels.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from scenario.vocabulary import RISK_MAX, EgoRequiredAction, VruStatus
from search.results import Hit
from server.neighbours import Neighbours, SceneFrame

FRAMES = 200  # of a longer scene, those around the frame
TOP_PX, BOTTOM_PX = 6, 58
EVENTS = ("vru_status", "ego_required_action")  # fields whose value is an event while it stays
QUIET = frozenset({VruStatus.NONE, EgoRequiredAction.LANE_KEEP})  # nothing happens while it is that


@dataclass(frozen=True)
class Point:
    token: str
    x: float
    y: float
    left: float
    width: float
    risk: int | None
    about: str
    url: str
    here: bool


@dataclass(frozen=True)
class Band:
    """A run of frames in which something holds."""

    text: str
    x: float
    width: float
    about: str
    url: str  # of its first frame
    here: bool  # the frame of the page is one of them


@dataclass(frozen=True)
class Lane:
    """What holds, and the bands in which it does."""

    name: str
    bands: tuple[Band, ...]


@dataclass(frozen=True)
class Timeline:
    points: tuple[Point, ...]
    lines: tuple[tuple[float, float, float, float], ...]  # x1, y1, x2, y2 between points whose risks are stated
    lanes: tuple[Lane, ...]
    here: float
    previous: str | None
    next: str | None
    number: int
    count: int
    first: int  # the numbers of the frames that are shown
    last: int


def timeline(scene: Neighbours, hits: Mapping[str, Hit], url: Callable[[str], str]) -> Timeline | None:
    """None for a frame that is alone. `hits` hold facts of the scene's frames; what is not among them has only tags."""
    if len(scene.frames) < 2:
        return None
    start = window(scene)
    frames = scene.frames[start : start + FRAMES]
    points = tuple(_points(frames, scene.token, start, url))
    return Timeline(
        points=points,
        lines=tuple(_lines(points)),
        lanes=tuple(_lanes(frames, hits, points, start)),
        here=points[scene.place - start].x,
        previous=url(scene.previous) if scene.previous else None,
        next=url(scene.next) if scene.next else None,
        number=scene.place + 1,
        count=len(scene.frames),
        first=start + 1,
        last=start + len(frames),
    )


def window(scene: Neighbours) -> int:
    """The place of the first frame that is shown."""
    return max(0, min(scene.place - FRAMES // 2, len(scene.frames) - FRAMES))


def _points(frames: Sequence[SceneFrame], here: str, start: int, url: Callable[[str], str]) -> Iterable[Point]:
    width = 100 / len(frames)
    for place, frame in enumerate(frames):
        height = BOTTOM_PX - (BOTTOM_PX - TOP_PX) * (frame.risk or 0) / RISK_MAX
        risk = "risk not stated" if frame.risk is None else f"risk {frame.risk}"
        yield Point(
            token=frame.token,
            x=round((place + 0.5) * width, 3),
            y=round(height, 1),
            left=round(place * width, 3),
            width=round(width, 3),
            risk=frame.risk,
            about=f"frame {start + place + 1}, {risk}",
            url=url(frame.token),
            here=frame.token == here,
        )


def _lines(points: Sequence[Point]) -> Iterable[tuple[float, float, float, float]]:
    stated = [point for point in points if point.risk is not None]
    return ((one.x, one.y, two.x, two.y) for one, two in pairwise(stated))


def _lanes(
    frames: Sequence[SceneFrame], hits: Mapping[str, Hit], points: Sequence[Point], start: int
) -> Iterable[Lane]:
    for tag in dict.fromkeys(tag for frame in frames for tag in frame.tags):
        held = [tag if tag in frame.tags else None for frame in frames]
        yield Lane(_spaced(tag), tuple(_bands(held, points, start, lambda _: "")))
    for field in EVENTS:
        values = [_value(hits.get(frame.token), field) for frame in frames]
        if bands := tuple(_bands(values, points, start, _spaced)):
            yield Lane(_spaced(field), bands)


def _value(hit: Hit | None, field: str) -> str | None:
    value = hit.facts[field] if hit else None
    return None if value in QUIET else value


def _bands(
    values: Sequence[str | None], points: Sequence[Point], start: int, text: Callable[[str], str]
) -> Iterable[Band]:
    place = 0
    for value, run in groupby(values):
        count = sum(1 for _ in run)
        first, last = points[place], points[place + count - 1]
        if value is not None:
            yield Band(
                text=text(value),
                x=first.left,
                width=round(last.left + last.width - first.left, 3),
                about=f"{_spaced(value)}, {_numbers(start + place + 1, count)}",
                url=first.url,
                here=any(point.here for point in points[place : place + count]),
            )
        place += count


def _numbers(first: int, count: int) -> str:
    return f"frame {first}" if count == 1 else f"frames {first} to {first + count - 1}"


def _spaced(text: str) -> str:
    return text.replace("_", " ")
