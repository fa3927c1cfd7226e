"""Search, its pages, what a query means, counts, completions."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query

from search.results import Explanation, FacetCounts, SearchPage
from server.api.context import TheEngine
from server.api.errors import responses
from server.api.text import Name, QueryText
from server.suggesting import Suggestions

router = APIRouter(prefix="/api", tags=["search"], responses=responses(409, 503))

Question = Annotated[QueryText, Query(description="Words, a filter, or both, in the query language.")]
Limit = Annotated[int, Query(ge=1, le=1000, description="Hits a page.")]
Offset = Annotated[int, Query(ge=0, le=1_000_000_000, description="Hits to skip.")]
GroupBy = Annotated[Literal["scene"] | None, Query(description="One hit a scene, its best frame.")]
Without = Annotated[
    list[Name], Query(max_length=64, description="Soft chips to leave out, as `field:value`; may be repeated.")
]
Rerank = Annotated[bool, Query(description="Confirmed frames first, refuted ones last.")]


@router.get("/search", summary="Search with words, filters, or both")
def search(
    engine: TheEngine,
    q: Question = "",
    limit: Limit = 10,
    offset: Offset = 0,
    group: GroupBy = None,
    without: Without = [],  # noqa: B006 - FastAPI copies it
    rerank: Rerank = False,
) -> SearchPage:
    """The first page of an answer, and the `search_id` that its other pages come from."""
    return engine.search(q, limit=limit, offset=offset, group=group, without=without, rerank=rerank)


@router.get("/search/{search_id}", summary="Another page of the same answer", responses=responses(410))
def page(
    engine: TheEngine,
    search_id: Annotated[Name, Path(description="As a search answered it.")],
    limit: Limit = 10,
    offset: Offset = 0,
    group: GroupBy = None,
) -> SearchPage:
    """From the ranking that was made before, so that pages never overlap. 410 when it is no longer kept."""
    return engine.page(search_id, limit=limit, offset=offset, group=group)


@router.get("/explain", summary="What a query means")
def explain(engine: TheEngine, q: Question = "", without: Without = []) -> Explanation:  # noqa: B006
    """Its tree, its chips, its compiled filter, and how much each retriever found."""
    return engine.explain(q, without=without)


@router.get("/facets", summary="Counts of every value")
def facets(engine: TheEngine, q: Question = "") -> FacetCounts:
    """Among the frames that pass the query's filter; its words do not narrow them."""
    return engine.facets(q)


@router.get("/suggest", summary="Completions of the word that is being typed")
def suggest(
    engine: TheEngine,
    prefix: Annotated[QueryText, Query(description="The word before the caret, as `wea`, `weather:r`, `-tag:`.")] = "",
    limit: Annotated[int, Query(ge=1, le=100, description="Completions at most.")] = 20,
) -> Suggestions:
    """Fields, values with how many frames have them, tokens."""
    return engine.suggest(prefix, limit=limit)
