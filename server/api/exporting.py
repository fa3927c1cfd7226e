"""Exports over HTTP: a file that is made while it is sent, never held whole."""

import logging
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.types import Message, Receive, Scope, Send

from scenario.records import Record
from server.api.context import Services, Serving
from server.api.errors import responses
from server.api.guard import check_origin
from server.api.searching import Question, Rerank, Without
from server.api.text import Name, QueryText
from server.exports.asking import MOST_FRAMES, Begun, Wanted, begin
from server.exports.formats import FORMATS, FormatName

LOG = logging.getLogger(__name__)
MOST_TOKENS, MOST_TOKENS_IN_A_URL = 50_000, 1_000
KINDS = ("text/plain", "text/csv", "application/x-ndjson", "application/vnd.apache.parquet", "application/zip")
FILE = {"schema": {"type": "string", "format": "binary"}}
FRAMES = {"schema": {"type": "integer"}, "description": "how many frames it will hold"}
FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {**dict.fromkeys(KINDS, FILE), "application/json": {"schema": {}}},
        "description": "The file, as an attachment",
        "headers": {"Semdrive-Frames": FRAMES},
    }
}


async def _own_page(request: Request) -> None:
    """An export costs minutes, so no page of another site may begin one by naming its address."""
    check_origin(request.headers)


router = APIRouter(
    prefix="/api/export",
    tags=["export"],
    dependencies=[Depends(_own_page)],
    responses=responses(404, 409, 429, 503),
)


class FormatEntry(Record):
    """One form that frames can go out in."""

    name: FormatName
    about: str
    media_type: str
    suffix: Annotated[str, Field(description="of the file's name, with its dot")]
    ledger: Annotated[bool, Field(description="whether it needs the ledger: 409 where the index has none")]
    pictures: Annotated[bool, Field(description="whether it brings the pictures along")]


class ExportRequest(Record):
    """Which frames, and in which form."""

    query: Annotated[QueryText, Field(description="words, a filter, or both; empty: all frames")] = ""
    format: FormatName = "jsonl"
    tokens: Annotated[
        tuple[Name, ...] | None,
        Field(max_length=MOST_TOKENS, description="only these: of the answer, or without a query in the order given"),
    ] = None
    limit: Annotated[int | None, Field(strict=True, ge=1, le=MOST_FRAMES, description="the first so many")] = None
    without: Annotated[tuple[Name, ...], Field(max_length=64, description="soft chips to leave out")] = ()
    rerank: Annotated[bool, Field(strict=True, description="confirmed frames first, refuted ones last")] = False

    @property
    def wanted(self) -> Wanted:
        return Wanted(self.query, self.format, self.tokens, self.limit, self.without, self.rerank)


@router.get("/formats", summary="The forms that frames can go out in")
async def formats() -> list[FormatEntry]:
    known = {name: FORMATS.create(name) for name in FORMATS.targets}
    return [
        FormatEntry.model_validate(
            {
                "name": name,
                "about": one.about,
                "media_type": one.media_type,
                "suffix": one.suffix,
                "ledger": one.reads == "scenarios",
                "pictures": one.pictures,
            }
        )
        for name, one in known.items()
    ]


@router.get("", summary="The frames of an answer as a file", response_class=StreamingResponse, responses=FILES)
async def export(
    request: Request,
    serving: Serving,
    q: Question = "",
    format: Annotated[FormatName, Query(description="As `/api/export/formats` lists them.")] = "jsonl",
    tokens: Annotated[
        list[Name] | None,
        Query(max_length=MOST_TOKENS_IN_A_URL, description="Only these frames; may be repeated. Many: by POST."),
    ] = None,
    limit: Annotated[int | None, Query(ge=1, le=MOST_FRAMES, description="The first so many; all without.")] = None,
    without: Without = [],  # noqa: B006 - FastAPI copies it
    rerank: Rerank = False,
) -> StreamingResponse:
    """Made while it is sent, best frame first. What is wrong with the request is an ordinary error; what goes wrong
    later breaks the connection off, so that half a file does not look like a whole one."""
    among = None if tokens is None else tuple(tokens)
    return await attachment(request, serving, Wanted(q, format, among, limit, tuple(without), rerank))


@router.post(
    "", summary="The same, for many tokens", response_class=StreamingResponse, responses=FILES | responses(413, 415)
)
async def export_of(request: Request, serving: Serving, body: ExportRequest) -> StreamingResponse:
    """As the GET, with what is asked for as JSON."""
    return await attachment(request, serving, body.wanted)


async def attachment(request: Request, services: Services, wanted: Wanted) -> StreamingResponse:
    """The answer to a request for an export. Raises `Refused` where too many are under way, and what `begin` raises."""
    services.exports.enter(request.client.host if request.client else "")
    try:
        return _Attachment(await run_in_threadpool(begin, services.engine, wanted), wanted, services)
    except BaseException:
        services.exports.leave()
        raise


class _Attachment(StreamingResponse):
    """A file on its way. However the sending ends, the reading ends, and its place is free again."""

    def __init__(self, begun: Begun, wanted: Wanted, services: Services) -> None:
        self._begun, self._wanted, self._services = begun, wanted, services
        headers = {
            "Content-Disposition": f'attachment; filename="{wanted.file_name}"',
            "Semdrive-Frames": str(begun.frames),
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
        }
        super().__init__(begun.pieces, headers=headers, media_type=begun.format.media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def in_time(message: Message) -> None:
            with anyio.fail_after(self._services.stalled_s):
                await send(message)

        try:
            await super().__call__(scope, receive, in_time)
        except Exception as error:
            LOG.error("an export as %s broke off: %s: %r", self._wanted.format, type(error).__name__, str(error))
            raise  # the server closes the connection without an end
        finally:
            try:
                with anyio.CancelScope(shield=True):
                    await run_in_threadpool(self._begun.pieces.close)
            finally:
                self._services.exports.leave()
