"""What was detected in a frame, where it stands, and what the scouts say of it."""

from collections.abc import Mapping, Sequence

from rich.table import Table
from rich.text import Text

from scenario.records import Detection, ReviewVerdict, Scenario
from semdrive.text import Terminal, plain, share

console = Terminal()
MARKS = {ReviewVerdict.CONFIRMED: "✓", ReviewVerdict.REJECTED: "✗", ReviewVerdict.UNCERTAIN: "?"}
LISTED = 40


def print_detections(scenario: Scenario) -> None:
    """With ranges, one line a detection, nearest first; without, one line a camera."""
    grounding = scenario.grounding
    ranged = any(detection.range_m is not None for detection in grounding.detections)
    console.print(_ranged_table(scenario) if ranged else _camera_table(scenario))
    if ranged and len(grounding.detections) > LISTED:
        console.print(f"… and {len(grounding.detections) - LISTED} more, in --json", style="dim")
    clear = [camera for camera in grounding.cameras if not any(d.camera == camera for d in grounding.detections)]
    if ranged and clear:
        console.print(f"clear: {', '.join(clear)}", style="dim")


def _camera_table(scenario: Scenario) -> Table:
    grounding = scenario.grounding
    table = _table(scenario, "camera", "seen")
    cameras = dict.fromkeys((*grounding.cameras, *(detection.camera for detection in grounding.detections)))
    for camera in cameras:
        seen = [_in_words(detection) for detection in grounding.detections if detection.camera == camera]
        table.add_row(Text(plain(camera)), Text(", ".join(seen) or "clear"))
    if not cameras:
        table.add_row("none", "no camera was looked at")
    return table


def _in_words(detection: Detection) -> str:
    details = [share(detection.confidence)] if detection.confidence is not None else ["no confidence"]
    return f"{detection.label} ({', '.join([*details, *filter(None, [detection.size_class])])})"


def _ranged_table(scenario: Scenario) -> Table:
    table = _table(scenario, "seen", "camera", "range", "offset from the ego path", "moves", "sure", "reviews")
    detections = scenario.grounding.detections
    reviews = _reviews(scenario)
    order = sorted(range(len(detections)), key=lambda i: _distance(detections[i]))
    for place in order[:LISTED]:
        detection = detections[place]
        table.add_row(
            Text(detection.label),
            Text(plain(detection.camera)),
            "" if detection.range_m is None else f"{detection.range_m:.0f} m",
            offset(detection),
            _motion(detection),
            "" if detection.confidence is None else share(detection.confidence),
            Text(plain(" ".join(reviews.get(place, ())))),
        )
    return table


def _table(scenario: Scenario, *columns: str) -> Table:
    title = f"Detections ({plain(scenario.grounding.backend)})"
    return Table(*columns, title=title, title_justify="left", title_style="bold")


def _distance(detection: Detection) -> float:
    return float("inf") if detection.range_m is None else detection.range_m


def offset(detection: Detection) -> str:
    """Where it stands against the ego path: "0.8 m left (driven)"."""
    if detection.lateral_m is None:
        return ""
    side = "left" if detection.lateral_m > 0 else "right"
    behind = ", behind" if detection.ahead_m is not None and detection.ahead_m < 0 else ""
    return f"{abs(detection.lateral_m):.1f} m {side} ({detection.path}){behind}"


def _motion(detection: Detection) -> str:
    speed = f"{detection.speed_mps:.1f} m/s" if detection.speed_mps is not None and detection.speed_mps >= 0.1 else ""
    return " ".join(filter(None, [detection.state, speed]))


def _reviews(scenario: Scenario) -> Mapping[int, Sequence[str]]:
    """By detection: each scout's mark, with its name where there are several scouts."""
    marks: dict[int, list[str]] = {}
    for report in scenario.reports:
        for review in report.reviews:
            name = f"{report.scout} " if len(scenario.reports) > 1 else ""
            marks.setdefault(review.detection, []).append(f"{name}{MARKS[review.verdict]}")
    return marks
