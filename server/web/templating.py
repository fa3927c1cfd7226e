"""Templates made into answers: everything is escaped, and a name that is not there is a bug."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from scenario.texts import visible
from server.web import cards, frame_views
from server.web.assets import asset

KEPT = "\n\t\u200c\u200d"  # line breaks, and what joins letters and emoji or keeps them apart
TEMPLATES = Path(__file__).with_name("templates")


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        finalize=_shown,
    )
    made.globals.update(signs=cards.SIGNS, asset=asset)
    made.filters.update(ahead=frame_views.ahead, aside=frame_views.aside, moment=frame_views.moment)
    made.filters["spaced"] = lambda text: str(text).replace("_", " ")
    made.filters["exactly"] = escape
    return made


def _shown(value: Any) -> Any:
    """Text as it may be shown: a log's or a model's direction mark would turn the words after it around. What a form
    sends back is written `exactly`."""
    return visible(value, keep=KEPT) if isinstance(value, str) and not isinstance(value, Markup) else value


_ENVIRONMENT = _environment()


def render(name: str, context: Mapping[str, Any], status: int = 200) -> HTMLResponse:
    return HTMLResponse(_ENVIRONMENT.get_template(name).render(**context), status)
