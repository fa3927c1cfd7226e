"""Asking again: verdicts as server-sent events. Closing the connection ends the calls under way."""

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Generator
from contextlib import closing
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from scenario.answers import Verification
from scenario.errors import SemdriveError
from scenario.protocols import Cancel
from scenario.records import Record
from server.api.context import Services, Serving
from server.api.errors import FAULT, Refused, body_of, responses
from server.api.text import Name, QueryText
from server.asking import asked_in
from server.engine import Engine
from verifier.live import Limits
from verifier.verifying import Asked

PING_S = 2.0  # so often an idle stream says that it lives, and looks whether anyone listens
router = APIRouter(prefix="/api", tags=["verify"], responses=responses(404, 409, 410, 413, 415, 429, 503))
EVENT = {  # of each event, as readers of OpenAPI take the schema of a stream
    "type": "object",
    "properties": {
        "event": {"type": "string", "enum": ["verification", "summary", "error"]},
        "data": {"type": "string", "description": "JSON: a Verification, a Summary, or an ErrorBody"},
    },
    "required": ["event", "data"],
}
EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"text/event-stream": {"schema": EVENT}},
        "description": "Events `verification`, each a Verification as JSON; at the end `summary`, or `error`",
    }
}


class VerifyRequest(Record):
    """Which frames, by `tokens` or as the first of a search; what is asked; what it may cost."""

    tokens: Annotated[tuple[Name, ...], Field(max_length=1000, description="frames by their tokens")] = ()
    search_id: Annotated[Name | None, Field(description="or the first hits of a search that was made")] = None
    top: Annotated[int, Field(strict=True, ge=1, le=1000, description="so many of them")] = 10
    query: Annotated[
        QueryText | None, Field(description="a query of which words and filter must hold; a search's own by default")
    ] = None
    question: Annotated[QueryText | None, Field(description="or a question in plain words")] = None
    filter: Annotated[QueryText | None, Field(description="a filter that must hold beside the question")] = None
    budget_s: Annotated[float | None, Field(strict=True, gt=0, le=86_400, description="seconds for all of it")] = None
    stop_after: Annotated[
        int | None, Field(strict=True, ge=1, le=1000, description="stop after so many confirmed frames")
    ] = None
    order: Annotated[
        Literal["rank", "uncertain"], Field(description="which frames first: as given, or uncertain to the index")
    ] = "rank"
    every_scout: Annotated[bool, Field(strict=True, description="ask all scouts about all frames")] = False
    fresh: Annotated[bool, Field(strict=True, description="ask again what the ledger could answer")] = False


class Summary(Record):
    """How a pass ended."""

    verifications: int
    verdicts: dict[str, int]
    remembered: int  # answered from the ledger
    model_s: float  # what the scouts took, one after the other


class _Pass:
    """One live pass in a thread of its own, and the events it makes."""

    def __init__(self, services: Services, passing: Generator[Verification, None, None], cancel: Cancel) -> None:
        self._services, self._passing, self.cancel = services, passing, cancel
        self._loop = asyncio.get_running_loop()
        self._events: asyncio.Queue[str | None] = asyncio.Queue()

    def start(self) -> None:
        threading.Thread(target=self._run, name="verify-pass", daemon=True).start()

    def _run(self) -> None:
        try:
            for event in _events_of(self._services, self._passing):
                self._put(event)
        finally:
            self._services.passes.leave()
            self._put(None)

    def _put(self, event: str | None) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._events.put_nowait, event)

    async def events(self, request: Request) -> AsyncIterator[str]:
        yield ": the scouts look\n\n"  # so that the reader sees the answer begin
        while True:
            try:
                event = await asyncio.wait_for(self._events.get(), PING_S)
            except TimeoutError:
                if await request.is_disconnected():
                    return
                event = ": still looking\n\n"
            if event is None:
                return
            yield event


class _Stream(StreamingResponse):
    """Events of a pass, which is cancelled when nobody reads them any more, however that comes."""

    media_type = "text/event-stream"

    def __init__(self, passing: _Pass, request: Request) -> None:
        self._passing = passing
        super().__init__(passing.events(request), headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._passing.cancel.set()


@router.post("/verify", summary="Have scouts look again", response_class=StreamingResponse, responses=EVENTS)
async def verify(request: Request, serving: Serving, body: VerifyRequest) -> StreamingResponse:
    """One event a verdict, as they come, each kept in the ledger before. Close the connection to stop."""
    client, cancel = request.client.host if request.client else "", Cancel()
    serving.passes.enter(client)
    try:
        passing = _Pass(serving, await run_in_threadpool(_passing, serving.engine, body, cancel), cancel)
    except BaseException:
        serving.passes.leave()
        raise
    passing.start()
    return _Stream(passing, request)


def _passing(engine: Engine, body: VerifyRequest, cancel: Cancel) -> Generator[Verification, None, None]:
    if bool(body.tokens) == (body.search_id is not None):
        raise Refused(400, "RequestInvalid", "name the frames once: by `tokens`, or by `search_id` and `top`")
    tokens, query = list(body.tokens), body.query
    if body.search_id is not None:
        page = engine.page(body.search_id, limit=body.top)
        tokens = [hit.token for hit in page.hits]
        query = page.read_as.query if query is None and not (body.question or body.filter) else query
    limits = Limits(budget_s=body.budget_s, stop_after=body.stop_after, order=body.order, every_scout=body.every_scout)
    return engine.verify(tokens, _asked(query, body), limits=limits, fresh=body.fresh, cancel=cancel)


def _asked(query: str | None, body: VerifyRequest) -> str | Asked:
    if query is None:
        return asked_in(body.question, body.filter)
    if body.question or body.filter:
        raise Refused(400, "RequestInvalid", "ask once: a `query`, or a `question` and a `filter`")
    return query


def _events_of(services: Services, passing: Generator[Verification, None, None]) -> Generator[str, None, None]:
    """Each verification, and how it ended."""
    counted: Counter[str] = Counter()
    remembered, model_s = 0, 0.0
    try:
        with closing(passing):
            for one in passing:
                counted[one.verdict] += 1
                services.metrics.verdicts.labels(one.verdict).inc()
                remembered += one.remembered
                model_s += 0.0 if one.remembered else one.model_s
                yield _event("verification", one)
    except SemdriveError as error:
        yield _event("error", body_of(error))
    except Exception:  # a bug of any kind: the status was sent long ago, so the client is told here; it stays a bug
        yield _event("error", FAULT)
        raise
    else:
        done = Summary(verifications=counted.total(), verdicts=dict(counted), remembered=remembered, model_s=model_s)
        yield _event("summary", done)


def _event(name: str, record: Record) -> str:
    return f"event: {name}\ndata: {record.model_dump_json()}\n\n"  # JSON holds no line break of its own
