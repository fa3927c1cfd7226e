"""Templates made into answers: everything is escaped, and a name that is not there is a bug."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from server.web import cards, frame_views
from server.web.assets import asset

TEMPLATES = Path(__file__).with_name("templates")


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(default=True), undefined=StrictUndefined
    )
    made.globals.update(signs=cards.SIGNS, asset=asset)
    made.filters.update(ahead=frame_views.ahead, aside=frame_views.aside, moment=frame_views.moment)
    made.filters["spaced"] = lambda text: str(text).replace("_", " ")
    return made


_ENVIRONMENT = _environment()


def render(name: str, context: Mapping[str, Any], status: int = 200) -> HTMLResponse:
    return HTMLResponse(_ENVIRONMENT.get_template(name).render(**context), status)
