"""What a frame's page shows of its facts, scouts and detections, as records that a template writes down. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from scenario.records import Belief, Detection, DetectionReview, Scenario, ScoutReport
from scenario.vocabulary import SCALAR_FIELDS, SET_FIELDS
from server.web.birdview import in_path
from server.web.cards import FRONT, pictures, step
from server.web.room import Room

LABEL_SHARE = 34  # a label's height is the picture's width by this
CHARACTER_SHARE = 0.58  # of a label's height: how wide a character is, at most
LIKELY = 0.3  # a tag that the judge does not hold is shown from here on
REVIEW_SIGNS = {"confirmed": "✓", "rejected": "✗", "uncertain": "?"}


@dataclass(frozen=True)
class Box:
    number: int  # the detection's position
    x: float
    y: float
    width: float
    height: float
    label: str | None  # where there is room; the others tell theirs to a pointer, and in the list
    label_x: float
    label_y: float
    about: str


@dataclass(frozen=True)
class CameraView:
    """One camera of a frame, with its boxes in pixels of the whole picture."""

    name: str
    url: str
    srcset: str
    width_px: int | None
    height_px: int | None
    label_px: float
    boxes: tuple[Box, ...]
    unboxed: int  # detections that are known without a box


@dataclass(frozen=True)
class Kind:
    """What a camera saw of one label."""

    label: str
    numbers: tuple[int, ...]
    sizes: str  # of those that are known: confidence and how much of the picture
    others: int  # that are only counted


@dataclass(frozen=True)
class Said:
    text: str
    differs: bool  # from what the judge chose


@dataclass(frozen=True)
class FactRow:
    """One thing that can be said of a frame: what was chosen, how probable it is, and what each scout said."""

    name: str
    chosen: str
    probability: float | None
    step: int
    grounded: bool | None
    said: tuple[Said, ...]
    voters: tuple[str, ...]

    @property
    def disputed(self) -> bool:
        return any(one.differs for one in self.said)


@dataclass(frozen=True)
class Review:
    verdict: str
    sign: str
    reason: str | None


@dataclass(frozen=True)
class DetectionRow:
    number: int
    one: Detection
    about: str
    reviews: tuple[Review | None, ...]  # by scout


def about(one: Detection) -> str:
    """A detection in one line."""
    parts = [one.label]
    if one.confidence is not None:
        parts.append(f"confidence {one.confidence:.2f}")
    if one.ahead_m is not None and one.lateral_m is not None:
        parts += [ahead(one.ahead_m), f"{aside(one.lateral_m)} of the path ({one.path or 'straight'})"]
    elif one.range_m is not None:
        parts.append(f"{one.range_m:.0f} m away")
    if one.state is not None:
        parts.append(one.state)
    return ", ".join(parts)


def ahead(metres: float) -> str:
    return f"{abs(metres):.0f} m {'ahead' if metres >= 0 else 'behind'}"


def aside(metres: float) -> str:
    return f"{abs(metres):.1f} m {'left' if metres > 0 else 'right'}"


def moment(at: int | str | None) -> str:
    """A time as people read it, in UTC: of microseconds, or as the ledger writes it."""
    if at is None:
        return ""
    try:
        known = datetime.fromtimestamp(at / 1e6, UTC) if isinstance(at, int) else datetime.fromisoformat(at)
    except (ValueError, OverflowError, OSError):  # a log's clock may count from anywhere
        return str(at)
    return known.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def cameras(scenario: Scenario, detections: Sequence[Detection]) -> list[CameraView]:
    """The frame's pictures, the front ones first and from left to right, with their boxes."""
    made = []
    for one in pictures(scenario.frame):
        numbers = [number for number, seen in enumerate(detections) if seen.camera == one.camera]
        boxes = tuple(_boxes(numbers, detections, one.width_px or 960, one.height_px or 540))
        address = one.url.partition("?")[0]
        made.append(
            CameraView(
                name=one.camera,
                url=f"{address}?width=640",
                srcset=", ".join(f"{address}?width={width} {width}w" for width in (320, 640, 960, 1280)),
                width_px=one.width_px,
                height_px=one.height_px,
                label_px=round((one.width_px or 960) / LABEL_SHARE, 1),
                boxes=boxes,
                unboxed=len(numbers) - len(boxes),
            )
        )
    return made


def _boxes(numbers: Sequence[int], detections: Sequence[Detection], width_px: int, height_px: int) -> list[Box]:
    """The large ones first, so that a small one before them can be pointed at."""
    known = {number: box for number in numbers if (box := detections[number].box_xyxy_px) is not None}
    large = sorted(
        known, key=lambda number: -(known[number][2] - known[number][0]) * (known[number][3] - known[number][1])
    )
    room, size_px = Room(width_px, height_px), width_px / LABEL_SHARE
    places = {}
    for number in sorted(large, key=lambda number: not in_path(detections[number])):  # these are labelled first
        text = f"{number + 1} {detections[number].label}"
        places[number] = _label(known[number], text, size_px, width_px, room)
    return [_box(number, known[number], detections[number], places[number]) for number in large]


def _area(box: Sequence[float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _box(number: int, box: Sequence[float], one: Detection, label: tuple[str, float, float] | None) -> Box:
    x0, y0, x1, y1 = box
    text, x, y = label or (None, 0.0, 0.0)
    size = {"x": x0, "y": y0, "width": round(x1 - x0, 1), "height": round(y1 - y0, 1)}
    return Box(number=number, **size, label=text, label_x=x, label_y=y, about=f"{number + 1}: {about(one)}")


def _label(
    box: Sequence[float], text: str, size_px: float, width_px: int, room: Room
) -> tuple[str, float, float] | None:
    """The text, and where its line begins: over the box, else below it, else nowhere."""
    wide_px = CHARACTER_SHARE * size_px * len(text)
    x = max(0.0, min(box[0], width_px - wide_px))
    for base in (box[1] - size_px / 4, box[3] + size_px):
        if room.take((x, base - size_px, x + wide_px, base + size_px / 4)):
            return text, round(x, 1), round(base, 1)
    return None


def inventory(scenario: Scenario) -> list[tuple[str, list[Kind]]]:
    """What was detected, by camera, for a frame without pictures; a camera that was clear has nothing."""
    seen = list(enumerate(scenario.grounding.detections))
    named = list(dict.fromkeys([*scenario.grounding.cameras, *(one.camera for _, one in seen)]))
    order = [*[name for name in FRONT if name in named], *[name for name in named if name not in FRONT]]
    return [(name, list(_kinds([one for one in seen if one[1].camera == name]))) for name in order]


def _kinds(seen: Sequence[tuple[int, Detection]]) -> Iterable[Kind]:
    for label in dict.fromkeys(one.label for _, one in seen):
        alike = [(number, one) for number, one in seen if one.label == label]
        sure = sorted((one for _, one in alike if one.confidence is not None), key=lambda one: -(one.confidence or 0))
        sizes = ", ".join(
            f"{one.confidence:.2f}{f' {one.size_class.lower()}' if one.size_class else ''}" for one in sure
        )
        yield Kind(label, tuple(number for number, _ in alike), sizes, len(alike) - len(sure))


def fact_rows(scenario: Scenario) -> tuple[list[FactRow], list[str]]:
    """What anybody stated, side by side; and the names of the fields that nobody did."""
    rows, unstated = [], []
    for field in SCALAR_FIELDS:
        row = _scalar(scenario, field.name)
        if row.chosen == "—" and all(one.text == "—" for one in row.said):
            unstated.append(field.name.replace("_", " "))
        else:
            rows.append(row)
    for field in SET_FIELDS:
        rows += _set(scenario, field.name, field.values)
    return [_risk(scenario), *rows], unstated


def _risk(scenario: Scenario) -> FactRow:
    """Scouts' risks differ by nature: two points apart is a disagreement."""
    risk, beliefs = scenario.verdict.facts.risk, scenario.beliefs
    said = tuple(
        Said(_text(one), risk is not None and one is not None and abs(one - risk) >= 2)
        for one in (report.facts.risk for report in scenario.reports)
    )
    mean = "" if beliefs.risk_mean is None or len(said) < 2 else f", mean {beliefs.risk_mean:.1f}"
    spread = "" if not beliefs.risk_spread else f" ± {beliefs.risk_spread:.1f}"
    between = "" if beliefs.risk_low is None else f", 90 % in {beliefs.risk_low:.1f} to {beliefs.risk_high:.1f}"
    return FactRow("risk", f"{_text(risk)}{mean}{spread}{between}", None, 0, None, said, ())


def _scalar(scenario: Scenario, name: str) -> FactRow:
    value = getattr(scenario.verdict.facts, name)
    values = [getattr(report.facts, name) for report in scenario.reports]
    belief = scenario.beliefs.of(name, value) if value else None
    said = tuple(Said(_text(one), one is not None and one != value) for one in values)
    return _row(name, _text(value), belief, said)


def _set(scenario: Scenario, name: str, values: Iterable[str]) -> Iterable[FactRow]:
    """A row for each member that anybody named."""
    held = getattr(scenario.verdict.facts, name)
    named = [getattr(report.facts, name) for report in scenario.reports]
    for value in values:
        if value in held or any(value in one for one in named):
            said = tuple(Said("yes" if value in one else "no", (value in one) != (value in held)) for one in named)
            chosen = "yes" if value in held else "no"
            yield _row(value, chosen, scenario.beliefs.of(name, value), said)


def _row(name: str, chosen: str, belief: Belief | None, said: tuple[Said, ...]) -> FactRow:
    spaced = name.replace("_", " ")
    if belief is None:
        return FactRow(spaced, chosen, None, 0, None, said, ())
    probability = belief.probability
    return FactRow(spaced, chosen, probability, step(probability), belief.grounded, said, belief.voters)


def _text(value: object) -> str:
    return "—" if value is None else str(value).replace("_", " ")


def detection_rows(scenario: Scenario) -> list[DetectionRow]:
    reviews = [{one.detection: one for one in report.reviews} for report in scenario.reports]
    return [
        DetectionRow(number, one, about(one), tuple(_review(known.get(number)) for known in reviews))
        for number, one in enumerate(scenario.grounding.detections)
    ]


def _review(review: DetectionReview | None) -> Review | None:
    return None if review is None else Review(review.verdict, REVIEW_SIGNS[review.verdict], review.reason)


def review_counts(report: ScoutReport) -> str:
    """How a scout's word on the detections came out; nothing where it gave none."""
    counts = {verdict: sum(one.verdict == verdict for one in report.reviews) for verdict in REVIEW_SIGNS}
    return ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)


def tag_bars(scenario: Scenario) -> list[tuple[str, bool, float, int]]:
    """Tags that the judge holds, and those that are still likely: name, held, probability, step of the bar."""
    held = scenario.verdict.facts.tags
    beliefs = [one for one in scenario.beliefs.values if one.field == "tags"]
    shown = [one for one in beliefs if one.value in held or one.probability >= LIKELY]
    return [
        (one.value.replace("_", " "), one.value in held, one.probability, step(one.probability))
        for one in sorted(shown, key=lambda one: (one.value not in held, -one.probability))
    ]
