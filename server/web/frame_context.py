"""All that a frame's page shows, read from the engine."""

from typing import Any, Literal
from urllib.parse import quote, urlencode

from scenario.errors import NoLedger, QueryError
from scenario.ledger import Ledger
from scenario.records import Scenario
from search.query import OneOf, Query, Sort, format_query
from search.results import Hit
from server.engine import Engine
from server.web import cards, frame_views
from server.web.birdview import bird_view
from server.web.links import SearchState
from server.web.timeline import FRAMES, Timeline, timeline, window

SIMILAR = 6
VERIFICATIONS = 20


def frame_url(token: str, q: str = "") -> str:
    path = f"/frame/{quote(token, safe='')}"
    return f"{path}?{urlencode({'q': q})}" if q else path


def frame_context(engine: Engine, token: str, q: str) -> dict[str, Any]:
    """Raises `UnknownToken` and `NoLedger`."""
    scenario = engine.show(token)
    frame, verdict, detections = scenario.frame, scenario.verdict, scenario.grounding.detections
    facts, unstated = frame_views.fact_rows(scenario)
    listed = frame_views.detection_rows(scenario)
    return {
        "title": f"{frame.scene or 'frame'} {'' if frame.sequence is None else frame.sequence}".strip(),
        "state": SearchState(q),
        "scenario": scenario,
        "forms": {name: _form_url(token, name, q) for name in ("ask", "undo", "accept")},
        "timeline": _timeline(engine, token, q),
        "cameras": frame_views.cameras(scenario, detections),
        "inventory": frame_views.inventory(scenario),
        "bird": bird_view(frame, detections, [f"{row.number + 1}: {row.about}" for row in listed]),
        "facts": facts,
        "unstated": unstated,
        "tags": frame_views.tag_bars(scenario),
        "risk_step": None if verdict.facts.risk is None else cards.step(verdict.facts.risk / 10),
        "detections": listed,
        "listed": _says_more(scenario),
        "reviewed": any(report.reviews for report in scenario.reports),
        "review_counts": [frame_views.review_counts(report) for report in scenario.reports],
        "other_candidates": [one for place, one in enumerate(verdict.candidates) if place != verdict.chosen],
        "verifications": engine.verifications(token=token, limit=VERIFICATIONS, undone=True),
        "counted": {one.id for one in engine.verifications(token=token, limit=VERIFICATIONS)},
        "proposals": engine.proposals([token]),
        "reviews": list(reversed(engine.reviews([token]))),
        "similar": _similar(engine, token, frame.scene_key),
        "similar_url": SearchState(format_query(Query(similar=token))).url(),
        **_history(engine, token),
        "table_version": engine.table_version,
    }


def _says_more(scenario: Scenario) -> bool:
    """Whether a list of the detections says more than the inventory that stands where there are no pictures."""
    placed = any(one.range_m is not None or one.ahead_m is not None for one in scenario.grounding.detections)
    return placed or bool(scenario.frame.cameras) or any(report.reviews for report in scenario.reports)


def _form_url(token: str, action: str, q: str) -> str:
    tail = f"?{urlencode({'q': q})}" if q else ""
    return f"/frame/{quote(token, safe='')}/{action}{tail}"


def _timeline(engine: Engine, token: str, q: str) -> Timeline | None:
    """The frames of the scene in the order they were driven, and what the verdicts say of them."""
    scene = engine.neighbours(token)
    if len(scene.frames) < 2:
        return None
    hits: tuple[Hit, ...] = ()
    if scene.scene:
        asked = Query(OneOf("scene", (scene.scene,)), sort=Sort("sequence", descending=False))
        hits = _hits(engine, asked, limit=FRAMES, offset=window(scene))
    return timeline(scene, {hit.token: hit for hit in hits}, lambda other: frame_url(other, q))


def _hits(
    engine: Engine, query: Query, *, limit: int, offset: int = 0, group: Literal["scene"] | None = None
) -> tuple[Hit, ...]:
    """None where a log gave a scene or a frame a name that no query can hold: its page shows all the rest."""
    try:
        return engine.search(format_query(query), limit=limit, offset=offset, group=group).hits
    except QueryError:
        return ()


def _similar(engine: Engine, token: str, scene_key: str) -> list[dict[str, Any]]:
    """The frame of each other scene that is most like this one, with a picture where there is one."""
    near = _hits(engine, Query(similar=token), limit=SIMILAR + 1, group="scene")
    found = [hit for hit in near if hit.scene_key != scene_key][:SIMILAR]
    pictures = _front_pictures(engine, [hit.token for hit in found])
    return [
        {
            "hit": hit,
            "url": frame_url(hit.token),
            "name": f"{hit.scene or ''} {'' if hit.sequence is None else hit.sequence}".strip() or hit.token,
            "picture": pictures.get(hit.token),
            "tags": [one.tag.replace("_", " ") for one in hit.tags if one.held],
            "risk_step": None if hit.risk is None else cards.step(hit.risk / 10),
        }
        for hit in found
    ]


def _front_pictures(engine: Engine, tokens: list[str]) -> dict[str, str]:
    try:
        known = engine.scenarios(tokens)
    except NoLedger:
        return {}
    return {one.frame.token: front for one in known if (front := _front(one))}


def _front(scenario: Scenario) -> str | None:
    shown = cards.pictures(scenario.frame)
    return next((one.url for one in shown if one.camera == "CAM_FRONT"), shown[0].url if shown else None)


def _history(engine: Engine, token: str) -> dict[str, Any]:
    """The ledger's last run, and what failed of this frame and was not answered since."""
    with Ledger(engine.workspace.require_ledger("showing a frame"), read_only=True) as ledger:
        runs = ledger.runs()
        failures = [one for one in ledger.failures() if one.token == token]
    return {"run": runs[-1] if runs else None, "failures": failures}
