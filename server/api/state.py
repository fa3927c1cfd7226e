"""How the server is, and what it serves."""

from contextlib import suppress
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field

from scenario.errors import SemdriveError
from scenario.records import Record
from server.api.context import Serving, TheEngine
from server.api.errors import responses

router = APIRouter(tags=["state"], responses=responses())
TEXT = {"text/plain": {"schema": {"type": "string"}}}
METRICS: dict[int | str, dict[str, Any]] = {200: {"content": TEXT, "description": "Prometheus text"}}


class IndexEntry(Record):
    """One index of the table."""

    name: str
    kind: str
    unindexed_rows: int | None  # rows that are found by reading them
    distance: str | None  # of a vector index


class Stats(Record):
    """Size, version and indexes of what is published."""

    frames: int
    table_version: int
    embedder: str
    indexes: tuple[IndexEntry, ...]


class Health(Record):
    status: Literal["alive"] = "alive"


class Ready(Record):
    status: Literal["ready"] = "ready"
    frames: Annotated[int, Field(description="in the published index")]


@router.get("/api/stats", summary="Size, version and indexes", responses=responses(503))
def stats(engine: TheEngine) -> Stats:
    return Stats.model_validate(engine.stats())


@router.get("/health", summary="Is the process alive?")
async def health() -> Health:
    """Asks nothing of the index. Needs no token."""
    return Health()


@router.get("/ready", summary="Can it answer a search?", responses=responses(503))
def ready(engine: TheEngine) -> Ready:
    """Opens the published index, so the first search after it is fast. 503 while there is none."""
    return Ready(frames=engine.stats()["frames"])


@router.get("/metrics", summary="Prometheus metrics", response_class=Response, responses=METRICS)
def metrics(serving: Serving) -> Response:
    with suppress(SemdriveError):  # no index is no reason to be silent about the rest
        serving.metrics.frames.set(serving.engine.stats()["frames"])
    serving.metrics.passes.set(serving.passes.running)
    serving.metrics.exports.set(serving.exports.running)
    return Response(serving.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
