"""What was detected, as things on the ground: one a real thing, with its place in front of the ego, and a review of
every detection before anything is concluded from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import cos, hypot, radians, sin

from scenario.geometry import EgoPath
from scenario.labels import BARRIERS, LABEL_GROUPS, PERSONS, ROAD_USERS, VEHICLES
from scenario.records import Detection, DetectionReview, Grounding, MotionState, ReviewVerdict
from verifier.scouts.rules.ego import EgoMotion

EGO_HALF_WIDTH_M = 0.95
SAME_PLACE_M = 1.0  # two detections of one kind nearer than this are one thing
FAINT = 0.2  # a detector this unsure has seen nothing
UNSURE = 0.4
HIDDEN = 0.4  # less than this share of it can be seen
KERB_M = 3.2  # from the middle of the ego's lane: a lane is 3 to 3.7 m wide, and beside it runs a gutter

DEBRIS = frozenset(LABEL_GROUPS["debris"])
ANIMALS = frozenset(LABEL_GROUPS["animal"])
CONTROLS = frozenset(LABEL_GROUPS["control"])

# Length, width, height in metres where a detector gives no size; and the heights that such a thing may have.
TYPICAL_SIZE_M: Mapping[str, tuple[float, float, float]] = {
    **dict.fromkeys(ROAD_USERS, (0.6, 0.6, 1.7)),
    **dict.fromkeys(VEHICLES, (4.5, 1.9, 1.6)),
    **dict.fromkeys(("truck", "semi truck", "trailer", "bus", "school bus", "fire truck"), (10.0, 2.6, 3.2)),
    **dict.fromkeys(BARRIERS, (0.5, 0.5, 0.9)),
}
SMALL_THING_M = (0.5, 0.5, 0.5)
HEIGHTS_M: Sequence[tuple[frozenset[str], float, float]] = (
    (PERSONS, 0.5, 2.4),
    (ROAD_USERS - PERSONS, 0.7, 2.6),
    (VEHICLES, 0.7, 5.5),
    (BARRIERS, 0.2, 4.5),
)

RESTING = frozenset({MotionState.STANDING, MotionState.SITTING, MotionState.STOPPED, MotionState.PARKED})
JITTER_MPS = 1.0


@dataclass(frozen=True)
class Thing:
    """A real thing. Places are None where the grounding has none; `lane_*` are against the ego's present heading,
    the others against the path it drove."""

    label: str
    detections: tuple[int, ...]
    ahead_m: float | None = None
    lateral_m: float | None = None
    lane_ahead_m: float | None = None
    lane_lateral_m: float | None = None
    length_m: float = 0.5
    width_m: float = 0.5
    heading_deg: float | None = None
    speed_mps: float | None = None
    lateral_speed_mps: float | None = None
    state: MotionState | None = None
    visibility: float | None = None
    confidence: float | None = None
    cameras: frozenset[str] = field(default_factory=frozenset)

    @property
    def half_width_m(self) -> float:
        """Half of what it covers across the ego path."""
        turned = radians(self.heading_deg or 0.0)
        return (abs(self.length_m * sin(turned)) + abs(self.width_m * cos(turned))) / 2

    @property
    def half_length_m(self) -> float:
        turned = radians(self.heading_deg or 0.0)
        return (abs(self.length_m * cos(turned)) + abs(self.width_m * sin(turned))) / 2

    @property
    def gap_m(self) -> float | None:
        """Free space between it and the side of the ego as it drives by; negative where they would touch."""
        return None if self.lateral_m is None else abs(self.lateral_m) - self.half_width_m - EGO_HALF_WIDTH_M

    @property
    def lane_gap_m(self) -> float | None:
        """As `gap_m`, had the ego gone on straight."""
        if self.lane_lateral_m is None:
            return None
        return abs(self.lane_lateral_m) - self.half_width_m - EGO_HALF_WIDTH_M

    @property
    def near_end_m(self) -> float | None:
        return None if self.ahead_m is None else self.ahead_m - self.half_length_m

    @property
    def stands(self) -> bool:
        """It does not move, as far as the grounding says anything about it."""
        if self.speed_mps is not None and not self.is_said_to_stand:
            return self.speed_mps < 0.5
        return self.state is not None and self.state is not MotionState.MOVING

    @property
    def is_said_to_stand(self) -> bool:
        """An annotator says so, and what speed was derived from its boxes is no more than their jitter."""
        return self.state in RESTING and (self.speed_mps or 0.0) < JITTER_MPS

    @property
    def approach_mps(self) -> float:
        """How fast it comes nearer to the path from its side."""
        if self.lateral_m is None or self.lateral_speed_mps is None or self.is_said_to_stand:
            return 0.0
        return -self.lateral_speed_mps if self.lateral_m > 0 else self.lateral_speed_mps

    def is_ahead(self, far_m: float, near_m: float = 0.0) -> bool:
        return self.ahead_m is not None and near_m < self.ahead_m <= far_m

    @property
    def place(self) -> str:
        """Where it is, in words."""
        if self.ahead_m is None or self.lateral_m is None:
            return "at an unknown distance"
        where = f"{abs(self.ahead_m):.0f} m {'ahead' if self.ahead_m >= 0 else 'behind'}"
        if self.gap_m is not None and self.gap_m < 0 and abs(self.lateral_m) < 0.5:
            return f"in the ego path, {where}"
        return f"{abs(self.lateral_m):.1f} m {'left' if self.lateral_m > 0 else 'right'} of the ego path, {where}"


def review(grounding: Grounding) -> tuple[DetectionReview, ...]:
    """A verdict on every detection, in order."""
    return tuple(_reviewed(index, seen) for index, seen in enumerate(grounding.detections))


def _reviewed(index: int, seen: Detection) -> DetectionReview:
    verdict, reason = _judged(seen)
    return DetectionReview(detection=index, verdict=verdict, reason=reason)


def _judged(seen: Detection) -> tuple[ReviewVerdict, str]:
    thing = _thing(seen, (0,), None)
    if wrong := _implausible(seen):
        return ReviewVerdict.REJECTED, wrong
    if seen.confidence is not None and seen.confidence < FAINT:
        return ReviewVerdict.REJECTED, f"confidence {seen.confidence:.2f} is too low to conclude anything"
    if seen.confidence is not None and seen.confidence < UNSURE:
        return ReviewVerdict.UNCERTAIN, f"confidence {seen.confidence:.2f}; {thing.place}"
    if seen.visibility is not None and seen.visibility < HIDDEN:
        return ReviewVerdict.UNCERTAIN, f"mostly hidden ({seen.visibility:.0%} visible); {thing.place}"
    if seen.lateral_m is None and seen.confidence is None:
        return ReviewVerdict.UNCERTAIN, "counted without a box or a distance"
    return ReviewVerdict.CONFIRMED, _whereabouts(thing)


def _implausible(seen: Detection) -> str | None:
    if seen.size_m is None:
        return None
    height = seen.size_m[2]
    for labels, low, high in HEIGHTS_M:
        if seen.label in labels and not low <= height <= high:
            return f"{height:.1f} m high, which no {seen.label} is"
    return None


def _whereabouts(thing: Thing) -> str:
    if thing.label in PERSONS and thing.lateral_m is not None and abs(thing.lateral_m) > KERB_M:
        return f"on the pavement or verge, {thing.place}"
    return thing.place


def things_of(grounding: Grounding, reviews: Sequence[DetectionReview], motion: EgoMotion) -> tuple[Thing, ...]:
    """The things that were not rejected, each once, nearest first, those without a place last."""
    groups: list[list[int]] = []
    for index, seen in enumerate(grounding.detections):
        if reviews[index].verdict is ReviewVerdict.REJECTED:
            continue
        same = next((group for group in groups if _same(grounding.detections[group[0]], seen)), None)
        if same is None:
            groups.append([index])
        else:
            same.append(index)
    things = [_best(grounding, group, motion.path) for group in groups]
    return tuple(sorted(things, key=lambda thing: (thing.ahead_m is None, abs(thing.ahead_m or 0.0))))


def _same(one: Detection, other: Detection) -> bool:
    """One thing seen by two cameras: the log says so, or the same label stands at the same place."""
    if one.instance is not None or other.instance is not None:
        return one.instance == other.instance
    if one.label != other.label or one.camera == other.camera:
        return False
    if one.ahead_m is None or other.ahead_m is None or one.lateral_m is None or other.lateral_m is None:
        return False
    return hypot(one.ahead_m - other.ahead_m, one.lateral_m - other.lateral_m) < SAME_PLACE_M


def _best(grounding: Grounding, group: Sequence[int], path: EgoPath) -> Thing:
    """The thing as the camera that sees most of it sees it."""
    best = max(group, key=lambda index: (grounding.detections[index].visibility or 0.0, -index))
    thing = _thing(grounding.detections[best], tuple(group), path)
    cameras = frozenset(grounding.detections[index].camera for index in group)
    return replace(thing, cameras=cameras)


def _thing(seen: Detection, detections: tuple[int, ...], path: EgoPath | None) -> Thing:
    length, width, _ = seen.size_m or TYPICAL_SIZE_M.get(seen.label, SMALL_THING_M)
    lane_ahead, lane_lateral = seen.ahead_m, seen.lateral_m
    if path is not None and path.kind == "driven" and seen.path == "driven":
        lane_ahead, lane_lateral = _in_ego_frame(path, seen.ahead_m, seen.lateral_m)
    return Thing(
        label=seen.label,
        detections=detections,
        ahead_m=seen.ahead_m,
        lateral_m=seen.lateral_m,
        lane_ahead_m=lane_ahead,
        lane_lateral_m=lane_lateral,
        length_m=length,
        width_m=width,
        heading_deg=seen.heading_deg,
        speed_mps=seen.speed_mps,
        lateral_speed_mps=seen.lateral_speed_mps,
        state=seen.state,
        visibility=seen.visibility,
        confidence=seen.confidence,
    )


def _in_ego_frame(path: EgoPath, ahead_m: float | None, lateral_m: float | None) -> tuple[float | None, float | None]:
    """The ego-frame place of what lies `ahead_m` along the driven path and `lateral_m` beside it."""
    if ahead_m is None or lateral_m is None:
        return None, None
    left = ahead_m
    for (x, y), (next_x, next_y) in zip(path.points_m, path.points_m[1:], strict=False):
        step = hypot(next_x - x, next_y - y)
        along_x, along_y = (next_x - x) / step, (next_y - y) / step
        last = (next_x, next_y) == path.points_m[-1]
        if left <= step or last:
            return x + left * along_x - lateral_m * along_y, y + left * along_y + lateral_m * along_x
        left -= step
    return None, None
