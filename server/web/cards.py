"""What a card shows, as records that a template only has to write down. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup, escape

from scenario.records import Frame
from scenario.texts import visible
from search.results import Hit
from server.api.frames import image_url

FRONT = ("CAM_FRONT_LEFT", "CAM_FRONT", "CAM_FRONT_RIGHT")
STEPS = 20  # of a bar: its width is a class, since the page allows no inline style
SIGNS = {"yes": "✓ confirmed", "no": "✗ refuted", "unsure": "? unsure"}


@dataclass(frozen=True)
class Picture:
    """One camera of a frame."""

    camera: str
    url: str
    width_px: int | None
    height_px: int | None


def step(share: float) -> int:
    """The class of a bar, 0 to `STEPS`."""
    return round(min(max(share, 0.0), 1.0) * STEPS)


def marked(text: str | None, words: str) -> Markup:
    """The text with the query's words marked; everything else escaped, and freed of what nobody sees."""
    text = visible(text or "", keep="\n\t")
    wanted = sorted(set(re.findall(r"\w{4,}", words.casefold())), key=len, reverse=True)
    if not text or not wanted:
        return escape(text)
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


def pictures(frame: Frame, width: int = 320) -> list[Picture]:
    """The frame's cameras, the front ones first and from left to right."""
    order = [*[name for name in FRONT if name in frame.cameras], *sorted(set(frame.cameras) - set(FRONT))]
    return [
        Picture(
            camera=name,
            url=f"{image_url(frame.token, name)}?width={width}",
            width_px=frame.cameras[name].width_px,
            height_px=frame.cameras[name].height_px,
        )
        for name in order
    ]


def bars(counts: Mapping[str, int]) -> list[tuple[int, int, int]]:
    """A histogram's bars: risk, count, height in `STEPS`; anything there at all is seen."""
    most = max(counts.values(), default=0) or 1
    return [(int(risk), count, max(step(count / most), 1 if count else 0)) for risk, count in counts.items()]
