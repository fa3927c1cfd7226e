"""What a card and a frame page show, as records that a template only has to write down. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from scenario.records import Detection, Facts, Frame, Scenario
from scenario.vocabulary import SCALAR_FIELDS, SET_FIELDS
from search.results import Hit

FRONT = ("CAM_FRONT_LEFT", "CAM_FRONT", "CAM_FRONT_RIGHT")
STEPS = 20  # of a bar: its width is a class, since the page allows no inline style
SIGNS = {"yes": "✓ confirmed", "no": "✗ refuted", "unsure": "? unsure"}


@dataclass(frozen=True)
class Picture:
    """One camera of a frame, with its boxes in pixels of the whole picture."""

    camera: str
    url: str
    width_px: int | None
    height_px: int | None
    boxes: tuple["Box", ...] = ()


@dataclass(frozen=True)
class Box:
    number: int  # the detection's position
    label: str
    x: float
    y: float
    width: float
    height: float
    about: str  # label, confidence, range, offset


@dataclass(frozen=True)
class Row:
    """One field, side by side."""

    field: str
    said: tuple[str, ...]  # by scout
    judge: str
    belief: float | None
    agreed: bool


def step(share: float) -> int:
    """The class of a bar, 0 to `STEPS`."""
    return round(min(max(share, 0.0), 1.0) * STEPS)


def marked(text: str | None, words: str) -> Markup:
    """The text with the query's words marked; everything else escaped."""
    wanted = sorted(set(re.findall(r"\w{4,}", words.casefold())), key=len, reverse=True)
    if not text or not wanted:
        return escape(text or "")
    pattern = re.compile(rf"\b({'|'.join(map(re.escape, wanted))})\w{{0,3}}\b", re.IGNORECASE)
    parts, at = [], 0
    for found in pattern.finditer(text):
        parts += [escape(text[at : found.start()]), Markup("<mark>") + escape(found[0]) + Markup("</mark>")]
        at = found.end()
    return Markup("").join([*parts, escape(text[at:])])


def why(hit: Hit) -> str:
    parts = [f"{name} #{rank:g}" for name, rank in hit.why.items()]
    if hit.agreement is not None:
        parts.append(f"scouts agree on {hit.agreement:.0%}")
    return " · ".join(parts)


def pictures(frame: Frame, detections: Sequence[Detection] = (), width: int = 320) -> list[Picture]:
    """The frame's cameras, the front ones first and from left to right."""
    order = [*[name for name in FRONT if name in frame.cameras], *sorted(set(frame.cameras) - set(FRONT))]
    return [
        Picture(
            camera=name,
            url=f"/api/frames/{frame.token}/images/{name}?width={width}",
            width_px=frame.cameras[name].width_px,
            height_px=frame.cameras[name].height_px,
            boxes=tuple(_boxes(name, detections)),
        )
        for name in order
    ]


def _boxes(camera: str, detections: Sequence[Detection]) -> Iterable[Box]:
    for number, one in enumerate(detections):
        if one.camera == camera and one.box_xyxy_px is not None:
            x0, y0, x1, y1 = one.box_xyxy_px
            yield Box(number, one.label, x0, y0, x1 - x0, y1 - y0, about(one))


def about(one: Detection) -> str:
    parts = [one.label]
    if one.confidence is not None and one.confidence < 1:
        parts.append(f"confidence {one.confidence:.2f}")
    if one.ahead_m is not None and one.lateral_m is not None:
        parts.append(f"{abs(one.ahead_m):.0f} m {'ahead' if one.ahead_m >= 0 else 'behind'}")
        parts.append(f"{abs(one.lateral_m):.1f} m {'left' if one.lateral_m > 0 else 'right'} of the path")
    elif one.range_m is not None:
        parts.append(f"{one.range_m:.0f} m away")
    return ", ".join(parts)


def side_by_side(scenario: Scenario) -> list[Row]:
    """Every field as each scout said it, and the judge; and the risk."""
    facts = [report.facts for report in scenario.reports]
    judge = scenario.verdict.facts
    rows = []
    for field in (*SCALAR_FIELDS, *SET_FIELDS):
        said = tuple(_said(one, field.name) for one in facts)
        chosen = _said(judge, field.name)
        value = getattr(judge, field.name)
        belief = scenario.beliefs.of(field.name, value).probability if value and not field.many else None
        rows.append(Row(field.name, said, chosen, belief, len(set(said)) <= 1))
    risks = tuple(_said(one, "risk") for one in facts)
    return [*rows, Row("risk", risks, _said(judge, "risk"), None, len(set(risks)) <= 1)]


def _said(facts: Facts, name: str) -> str:
    value = getattr(facts, name)
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return "—" if value is None else str(value)


def bars(counts: Mapping[str, int]) -> list[tuple[int, int, int]]:
    """A histogram's bars: risk, count, height in `STEPS`; anything there at all is seen."""
    most = max(counts.values(), default=0) or 1
    return [(int(risk), count, max(step(count / most), 1 if count else 0)) for risk, count in counts.items()]
