"""The search page."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi import Query as Parameter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from scenario.errors import NoLedger, QueryError
from scenario.records import Frame
from scenario.vocabulary import Tag
from search.query import Query, format_query, parse, question_of
from search.results import Hit, SearchPage
from server.api.context import Serving
from server.api.thumbnails import Cameras
from server.engine import Engine
from server.exports.formats import FORMATS
from server.web import cards, links
from server.web.forms import who_of
from server.web.links import PAGE_SIZE, SearchState
from server.web.templating import render

FACETS = {  # as counted → as asked
    "tags": "tag",
    "weather": "weather",
    "time_of_day": "time_of_day",
    "scene_type": "scene_type",
    "vru_status": "vru_status",
    "blocking_factor": "blocking_factor",
    "ego_required_action": "ego_required_action",
    "traffic_controls": "traffic_controls",
    "objects": "object",
    "location": "location",
    "scene": "scene",
}
TOP_VALUES = 8
MOST_VALUES = 200
Counted = Callable[[str], Mapping[str, Mapping[str, int]]]  # a query → field → value → frames
SORTS = {"rank": None, "risk": "risk", "uncertainty": "risk_spread", "time": "timestamp_us"}


def search_router(engine: Engine) -> APIRouter:
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/")
    def home() -> Response:
        return RedirectResponse("/search")

    @router.get("/search")
    def search(request: Request, serving: Serving, state: State) -> Response:
        try:
            context = engine.of_one_build(lambda: search_context(engine, serving.cameras, state))
            return render("search.html", context | {"who": who_of(request)})
        except QueryError as error:
            return render("search.html", _refused(state, error), 422)

    @router.get("/search.json")
    def search_json(state: State) -> Response:
        return Response(found_by(engine, state).model_dump_json(), media_type="application/json")

    return router


def _state(
    q: str = "",
    offset: Annotated[int, Parameter(ge=0, le=10**9)] = 0,
    group: bool = False,
    rerank: bool = False,
    without: Annotated[list[str] | None, Parameter()] = None,
    more: str = "",
) -> SearchState:
    return SearchState(q.strip(), offset, group, rerank, tuple(without or ()), more)


State = Annotated[SearchState, Depends(_state)]


def found_by(engine: Engine, state: SearchState) -> SearchPage:
    """The page of hits that a state names. Raises `QueryError`."""
    return engine.search(
        state.q,
        limit=PAGE_SIZE,
        offset=state.offset,
        group="scene" if state.group else None,
        without=state.without,
        rerank=state.rerank,
    )


def search_context(engine: Engine, cameras: Cameras, state: SearchState) -> dict[str, Any]:
    """All that the search page shows. Raises `QueryError`."""
    query = parse(state.q)
    found = found_by(engine, state)
    total = found.ranked if found.groups is None else found.groups
    counted: Counted = cache(lambda asked: engine.facets(asked).facets)  # fields that nothing is chosen in ask the same
    return {
        "title": state.q or "all frames",
        "state": state,
        "error": None,
        "page": found,
        "hard": [
            (links.shown(one), state.asking(links.without_clause(query, one)).url()) for one in links.clauses(query)
        ],
        "soft": _soft(found, query, state),
        "facets": _facets(counted, query, state),
        "tag_names": [(number, tag, tag.replace("_", " ")) for number, tag in enumerate(Tag, 1)],
        "formats": sorted(FORMATS.targets),
        "export": SearchState(state.q, rerank=state.rerank, without=state.without).url("/api/export"),
        "risk": _risk(counted, query, state),
        "sorts": [
            (
                name,
                state.asking(links.sorted_by(query, field)).url(),
                (query.sort.field if query.sort else None) == field,
            )
            for name, field in SORTS.items()
            if field or query.text or query.sort
        ],
        "hits": _hits(engine, cameras, found, query, state),
        "previous": state.at(state.offset - PAGE_SIZE).url() if state.offset else None,
        "next": state.at(state.offset + PAGE_SIZE).url() if state.offset + PAGE_SIZE < total else None,
        "group_url": replace(state, group=not state.group, offset=0).url(),
        "rerank_url": replace(state, rerank=not state.rerank, offset=0).url(),
        "asks": bool(question_of(query)),
        "emptied": _emptied(engine, query, state) if not found.ranked else [],
    }


def _refused(state: SearchState, error: QueryError) -> dict[str, Any]:
    marked = (state.q[: error.start], state.q[error.start : error.end] or " ", state.q[error.end :])
    return {"title": "not understood", "state": state, "error": error, "marked": marked, "page": None}


def _soft(found: SearchPage, query: Query, state: SearchState) -> list[tuple[str, str, str, str]]:
    """Chip, the words it was read out of, the page with it as a filter, and the page without it."""
    made = []
    for chip in found.read_as.chips:
        clause = parse(chip.text).filter
        assert clause is not None  # a chip is one filter
        harder = state.asking(links.hardened(query, clause)).url()
        made.append((links.shown(clause), chip.words, harder, state.less(chip.text).url()))
    return made


def _facets(counted: Counted, query: Query, state: SearchState) -> list[dict[str, Any]]:
    """Each field with its values; what is chosen in a field does not narrow that field's own counts."""
    listed = []
    for name, asked in FACETS.items():
        picked = links.chosen(query, asked)
        counts = counted(links.without_field(query, asked) if picked else format_query(query))[name]
        shown = MOST_VALUES if state.more == name else TOP_VALUES
        top = list(counts.items())[:shown]
        top += [(value, counts.get(value, 0)) for value in picked if value not in dict(top)]
        values = [
            (value.replace("_", " "), count, value in picked, state.asking(links.toggled(query, asked, value)).url())
            for value, count in top
        ]
        if values:
            more = max(0, len(counts) - shown)
            at_length = replace(state, more=name).url() if more and shown == TOP_VALUES else None
            listed.append(
                {
                    "name": name.replace("_", " "),
                    "values": values,
                    "more": more,
                    "more_url": at_length,
                    "open": bool(picked) or state.more == name,
                }
            )
    return listed


def _risk(counted: Counted, query: Query, state: SearchState) -> dict[str, Any]:
    """The histogram of risk over everything but the risk itself, and the range that is chosen."""
    counts = counted(links.without_field(query, "risk"))["risk"]
    low, high = links.risk_range(query) or (0, 10)
    bars = [
        {
            "risk": risk,
            "count": count,
            "height": height,
            "inside": low <= risk <= high,
            "url": state.asking(links.with_risk(query, risk, 10)).url(),
        }
        for risk, count, height in cards.bars(counts)
    ]
    template, range_text = links.risk_template(query)
    return {
        "bars": bars,
        "low": low,
        "high": high,
        "all": state.asking(links.with_risk(query, 0, 10)).url(),
        "template": template,
        "range": range_text,
    }


def _hits(
    engine: Engine, cameras: Cameras, found: SearchPage, query: Query, state: SearchState
) -> list[dict[str, Any]]:
    known, spoken = _frames(cameras, found.hits), _tag_words(engine, found.hits)
    return [
        {
            "hit": hit,
            "url": f"/frame/{quote(hit.token, safe='')}",
            "text": cards.marked(hit.description, query.text),
            "scene_url": hit.scene and replace(state.asking(links.in_scene(query, hit.scene)), group=False).url(),
            "why": cards.why(hit),
            "verdict": cards.SIGNS.get(hit.verdict or ""),
            "tags": [(t.tag.replace("_", " "), t.probability, cards.step(t.probability)) for t in hit.tags if t.held],
            "risk_step": None if hit.risk is None else cards.step(hit.risk / 10),
            "said": [(tag.replace("_", " "), holds) for tag, holds in spoken.get(hit.token, {}).items()],
            "pictures": cards.pictures(known[hit.token]) if hit.token in known else [],
        }
        for hit in found.hits
    ]


def _frames(cameras: Cameras, hits: tuple[Hit, ...]) -> Mapping[str, Frame]:
    """A replica without a ledger has no cameras to show."""
    try:
        return cameras.frames([hit.token for hit in hits])
    except NoLedger:
        return {}


def _tag_words(engine: Engine, hits: tuple[Hit, ...]) -> Mapping[str, Mapping[Tag, bool]]:
    """What people said of the hits' tags, which the index has with its next build."""
    try:
        return engine.tag_words([hit.token for hit in hits])
    except NoLedger:
        return {}


def _emptied(engine: Engine, query: Query, state: SearchState) -> list[tuple[str, int, str]]:
    """Which clause empties the answer: each with what the query without it would find."""
    left = []
    for clause in links.clauses(query):
        without = links.without_clause(query, clause)
        if count := engine.facets(without).matching:
            left.append((links.shown(clause), count, state.asking(without).url()))
    return left
