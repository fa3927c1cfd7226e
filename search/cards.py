"""Hits as cards for notebooks: plain HTML with its styles inside, no scripts, every text escaped."""

from html import escape
from typing import TYPE_CHECKING

from scenario.texts import visible
from scenario.vocabulary import RISK_MAX

if TYPE_CHECKING:
    from search.results import Hit, SearchPage

# Colours that stand on light and on dark notebooks; `currentColor` is the notebook's own text.
_CARD = "border:1px solid #8886;border-radius:8px;padding:8px 12px;margin:6px 0;max-width:720px;line-height:1.45"
_TAG = "border:1px solid #8888;border-radius:9px;padding:0 7px;margin-right:4px;white-space:nowrap"
_DIM = "opacity:.7"
_SIGNS = {"yes": ("✓ yes", "#2e9e4f"), "no": ("✗ no", "#d64545"), "unsure": ("? unsure", "#b98900")}


def page_card(page: "SearchPage") -> str:
    """What was asked, how many there are, and a card a hit."""
    shown = f"{page.ranked:,} ranked of {page.matching:,} matching"
    if page.hits:
        shown += f", {page.offset + 1:,}–{page.offset + len(page.hits):,} shown"
    query = f"<b>{_text(page.read_as.query)}</b> " if page.read_as.query else ""
    return f'<div>{query}<span style="{_DIM}">{shown}</span>{"".join(map(hit_card, page.hits))}</div>'


def hit_card(hit: "Hit") -> str:
    """One frame: rank, risk, tags that its verdict holds, what is said of it, and where it comes from."""
    held = [belief for belief in hit.tags if belief.held]
    tags = "".join(
        f'<span style="{_TAG}" title="believed at {belief.probability:.2f}">{_text(belief.tag)}</span>'
        for belief in held
    )
    said = f"<div>{_text(hit.description)}</div>" if hit.description else ""
    places = [hit.scene, hit.location, hit.token]
    from_where = " · ".join(_text(place) for place in places if place)
    objects = f"<div style='{_DIM}'>{_text(', '.join(hit.objects))}</div>" if hit.objects else ""
    return (
        f'<div style="{_CARD}"><div><b>{hit.rank}</b> {_risk(hit.risk)} {tags}{_verdict(hit.verdict)}</div>'
        f'{said}{objects}<div style="{_DIM};font-size:85%">{from_where}</div></div>'
    )


def _risk(risk: int | None) -> str:
    if risk is None:
        return f'<span style="{_DIM}">risk not stated</span>'
    colour = "#d64545" if risk >= 7 else "#b98900" if risk >= 4 else "#2e9e4f"
    filled = (
        f'<span style="display:inline-block;height:8px;width:{100 * risk // RISK_MAX}%;background:{colour}"></span>'
    )
    bar = f'<span style="display:inline-block;width:60px;height:8px;background:#8883">{filled}</span>'
    return f"risk {risk} {bar}"


def _verdict(verdict: str | None) -> str:
    sign, colour = _SIGNS.get(verdict or "", ("", ""))
    return f' <b style="color:{colour}">{sign}</b>' if sign else ""


def _text(text: str) -> str:
    return escape(visible(text, keep="\n\t"))
