"""The page of one frame."""

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from scenario.errors import UnknownToken
from scenario.records import Scenario
from server.engine import Engine
from server.web import cards
from server.web.links import SearchState
from server.web.templating import render


def frame_router(engine: Engine) -> APIRouter:
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/frame/{token}.json")
    def frame_json(token: str) -> Response:
        return Response(engine.show(token).model_dump_json(), media_type="application/json")

    @router.get("/frame/{token}")
    def frame(token: str, q: str = "") -> Response:
        try:
            return render("frame.html", frame_context(engine, token, q))
        except UnknownToken as error:
            return render("error.html", {"title": "No such frame", "message": str(error), "state": SearchState()}, 404)

    return router


def frame_context(engine: Engine, token: str, q: str) -> dict[str, Any]:
    """All that a frame's page shows. Raises `UnknownToken`."""
    scenario = engine.show(token)
    frame, verdict = scenario.frame, scenario.verdict
    return {
        "title": frame.scene or token,
        "state": SearchState(q),
        "scenario": scenario,
        "pictures": cards.pictures(frame, scenario.grounding.detections, width=960),
        "rows": cards.side_by_side(scenario),
        "tags": _tags(scenario),
        "risk_step": None if verdict.facts.risk is None else cards.step(verdict.facts.risk / 10),
        "timeline": _timeline(engine, scenario, q),
        "verifications": engine.verifications(token=token, limit=20),
        "similar": SearchState(f"similar:{token}").url(),
        "detections": [(n, one, cards.about(one)) for n, one in enumerate(scenario.grounding.detections)],
    }


def _tags(scenario: Scenario) -> list[tuple[str, bool, float, int]]:
    beliefs = [one for one in scenario.beliefs.values if one.field == "tags"]
    held = scenario.verdict.facts.tags
    return [
        (one.value.replace("_", " "), one.value in held, one.probability, cards.step(one.probability))
        for one in sorted(beliefs, key=lambda one: (one.value not in held, -one.probability))
    ]


def _timeline(engine: Engine, scenario: Scenario, q: str) -> dict[str, Any] | None:
    """The frames of the scene in order, with their risks, and those before and after this one."""
    scene = scenario.frame.scene
    if not scene:
        return None
    escaped = scene.replace("\\", "\\\\").replace('"', '\\"')
    page = engine.search(f'scene:"{escaped}" sort:sequence-asc', limit=400)
    tokens = [hit.token for hit in page.hits]
    if scenario.frame.token not in tokens or len(tokens) < 2:
        return None
    here = tokens.index(scenario.frame.token)
    tail = f"?{SearchState(q).url('').lstrip('?')}" if q else ""
    width = max(len(tokens) - 1, 1)
    points = [
        {
            "x": round(1000 * place / width, 1),
            "y": round(100 - 10 * (hit.risk or 0), 1),
            "risk": hit.risk,
            "url": f"/frame/{quote(hit.token, safe='')}{tail}",
            "here": place == here,
        }
        for place, hit in enumerate(page.hits)
    ]
    return {
        "points": points,
        "line": " ".join(f"{point['x']},{point['y']}" for point in points if point["risk"] is not None),
        "previous": points[here - 1]["url"] if here else None,
        "next": points[here + 1]["url"] if here + 1 < len(points) else None,
        "number": here + 1,
        "count": len(points),
    }
