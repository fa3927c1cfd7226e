"""The MCP server: the engine as tools for agents, over standard input and output or HTTP on this machine.

Tools answer with records as structured content and, for clients that hand on text alone, as compact JSON. An error a
user may see is a tool's error in the words of the command line, so that an agent can read it and correct itself.
"""

import base64
import json
import socket
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from threading import BoundedSemaphore
from typing import Annotated, Any, Literal

from anyio import from_thread, to_thread
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult, ContentBlock, ImageContent, InputRequiredResult, TextContent, ToolAnnotations
from pydantic import Field, ValidationError

from scenario.answers import Outcome, Verification
from scenario.errors import ConfigError, SemdriveError, unknown
from scenario.protocols import Cancel
from search.results import Explanation, FacetCounts, SearchPage
from server import mcp_texts as texts
from server.asking import asked_in
from server.engine import Engine
from server.exports.asking import MOST_FRAMES, Wanted
from server.exports.formats import FormatName
from server.mcp_export import Exports, ExportText
from server.mcp_views import PICTURES, FrameView, Looks, Picture, clean, frame_view, looks, pictures_of, shortened
from verifier.live import Limits
from verifier.verifying import Asked

MOST_HITS = 50
MOST_VERIFIED = 20
MOST_LISTED = 100
MOST_EXPORTED = 1_000
BUDGET_S, MOST_BUDGET_S = 120.0, 900.0
PASSES = 2  # verifications at once: each may hold a model
BACKLOG = 128
LOOPBACK = ("127.0.0.1", "localhost", "::1")
READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
ASKS = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False)

QueryText = Annotated[str, Field(description="Words, filters, or both, as the tool search describes; empty for all.")]
Token = Annotated[str, Field(description="A frame's token, as search gives it.")]
Limit = Annotated[int, Field(ge=1, le=MOST_HITS, description="Hits a page.")]
Offset = Annotated[int, Field(ge=0, description="Hits to skip: offset + limit of the page before.")]
Group = Annotated[Literal["scene"] | None, Field(description="One hit a scene: its best; `also` names the others.")]
Without = Annotated[
    list[str], Field(description="Chips to leave out, by their text, as vru_status:jaywalking.", max_length=50)
]
Rerank = Annotated[bool, Field(description="Confirmed frames first, refuted ones last, by what was verified of it.")]
Cameras = Annotated[
    list[str] | None,
    Field(description="Cameras whose pictures to send; null: the front one; []: none.", max_length=PICTURES),
]
Tokens = Annotated[list[str], Field(description="The frames to look at.", min_length=1, max_length=MOST_VERIFIED)]
Question = Annotated[str, Field(description="What is asked, in plain words that yes or no answers.")]
Where = Annotated[str, Field(description="A filter that must hold in the fresh look, too; no words.")]
Budget = Annotated[float, Field(gt=0, le=MOST_BUDGET_S, description="Seconds for all of it.")]
Fresh = Annotated[bool, Field(description="Ask again what was answered before.")]
OfToken = Annotated[str | None, Field(description="Only of this frame.")]
OfQuestion = Annotated[str | None, Field(description="Only of this question.")]
OfVerdict = Annotated[Outcome | None, Field(description="Only these.")]
Format = Annotated[
    FormatName, Field(description="tokens, jsonl and csv come as text; the others as an address and a command.")
]
Chosen = Annotated[
    list[str] | None,
    Field(description="Only these frames; without a query in this order. null: all.", max_length=MOST_EXPORTED),
]
First = Annotated[int | None, Field(ge=1, le=MOST_FRAMES, description="The first so many; null: all.")]
Newest = Annotated[int, Field(ge=1, le=MOST_LISTED, description="The newest so many.")]


class Tools:
    """What agents may call: each method is a tool, and its arguments are the tool's schema."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._exports = Exports(engine)
        self._passes = BoundedSemaphore(PASSES)

    def search(
        self,
        query: QueryText = "",
        limit: Limit = 10,
        offset: Offset = 0,
        group: Group = None,
        without: Without = [],  # noqa: B006 - the schema shows it, and nobody writes to it
        rerank: Rerank = False,
    ) -> SearchPage:
        return self._engine.search(
            query, limit=limit, offset=offset, group=group, without=tuple(without), rerank=rerank
        )

    def explain(self, query: QueryText, without: Without = []) -> Explanation:  # noqa: B006 - as above
        return self._engine.explain(query, without=tuple(without))

    def facets(self, query: QueryText = "") -> FacetCounts:
        return self._engine.facets(query)

    def get_frame(self, token: Token, cameras: Cameras = None) -> Annotated[CallToolResult, FrameView]:
        scenario = self._engine.show(token)
        pictures, notes = pictures_of(scenario.frame, cameras)
        view = frame_view(scenario, pictures, notes)
        return CallToolResult(
            content=[_image(picture) for picture in pictures], structured_content=view.model_dump(mode="json")
        )

    async def verify(
        self,
        tokens: Tokens,
        context: Context[Any, Any],
        question: Question = "",
        filter: Where = "",
        budget_s: Budget = BUDGET_S,
        fresh: Fresh = False,
    ) -> Looks:
        asked, cancel = asked_in(question, filter), Cancel()

        def tell(seen: Sequence[Verification]) -> None:
            last = seen[-1]
            message = clean(f"{last.token}: {last.verdict}")
            from_thread.run(context.report_progress, len(seen), len(set(tokens)), message)

        work = partial(self._verified, tokens, asked, Limits(top=MOST_VERIFIED, budget_s=budget_s), fresh, cancel, tell)
        try:
            return looks(await to_thread.run_sync(work, abandon_on_cancel=True))
        finally:
            cancel.set()  # whoever leaves early ends the calls under way

    def _verified(
        self,
        tokens: Sequence[str],
        asked: Asked,
        limits: Limits,
        fresh: bool,
        cancel: Cancel,
        tell: Callable[[Sequence[Verification]], None],
    ) -> list[Verification]:
        """The whole pass, in one thread: the ledger's connection is bound to it."""
        if not self._passes.acquire(blocking=False):
            raise SemdriveError(
                f"{PASSES} verifications are under way, which is the most; ask again when one has ended"
            )
        seen: list[Verification] = []
        try:
            with closing(self._engine.verify(tokens, asked, limits=limits, fresh=fresh, cancel=cancel)) as passing:
                for verification in passing:
                    seen.append(verification)
                    tell(seen)
            return seen
        finally:
            self._passes.release()

    def verifications(
        self, token: OfToken = None, question: OfQuestion = None, verdict: OfVerdict = None, limit: Newest = 20
    ) -> Looks:
        return looks(self._engine.verifications(token=token, question=question, verdict=verdict, limit=limit))

    def export(
        self,
        query: QueryText = "",
        format: Format = "tokens",
        tokens: Chosen = None,
        limit: First = None,
        without: Without = [],  # noqa: B006 - as above
        rerank: Rerank = False,
    ) -> ExportText:
        among = None if tokens is None else tuple(tokens)
        return self._exports.text(Wanted(query, format, among, limit, tuple(without), rerank))


def _image(picture: Picture) -> ImageContent:
    return ImageContent(type="image", data=base64.b64encode(picture.jpeg).decode(), mime_type="image/jpeg")


class _Server(MCPServer[Any]):
    """The SDK's server, with our words for errors, and clean, compact answers."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        known = {tool.name: tool.input_schema["properties"] for tool in await self.list_tools()}
        if name not in known:
            return _refused(unknown("tool", name, known))
        for argument in arguments:  # the SDK would drop them silently
            if argument not in known[name]:
                return _refused(unknown(f"argument of {name}", argument, known[name]))
        try:
            result = await super().call_tool(name, arguments, context)
        except ToolError as error:
            if isinstance(error.__cause__, SemdriveError):
                return _refused(str(error.__cause__))
            if isinstance(error.__cause__, ValidationError):
                return _refused(_misfits(error.__cause__))
            raise
        # An export is bounded as a whole, and a part of its one text would be of no use.
        return _tidied(result, short=name != "export") if isinstance(result, CallToolResult) else result


def _refused(message: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=shortened(clean(message)))], is_error=True)


def _misfits(error: ValidationError) -> str:
    """What is wrong with the arguments: which, its value, and what is allowed."""
    lines = []
    for one in error.errors(include_url=False):
        place = ".".join(str(part) for part in one["loc"])
        given = "" if one["type"] == "missing" else f" is {one['input']!r:.60}"
        lines.append(f"{place}{given}: {one['msg'][:1].lower()}{one['msg'][1:]}")
    return "\n".join(lines)


def _tidied(result: CallToolResult, *, short: bool) -> CallToolResult:
    """The structured content cleaned, and once more as text, without what is not stated."""
    if result.structured_content is None:
        return result
    content = clean(result.structured_content)
    content = shortened(content) if short else content
    text = json.dumps(_stated(content), ensure_ascii=False, separators=(",", ":"))
    blocks: list[ContentBlock] = [block for block in result.content if not isinstance(block, TextContent)]
    return CallToolResult(content=[TextContent(type="text", text=text), *blocks], structured_content=content)


def _stated(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _stated(one) for key, one in value.items() if one is not None}
    return [_stated(one) for one in value] if isinstance(value, list) else value


def create_mcp(engine: Engine, version: str = "") -> MCPServer[Any]:
    """The server over an engine; `run("stdio")` serves it, or `serve_http`."""
    server = _Server("semdrive", instructions=texts.instructions(), version=version, log_level="WARNING")
    tools = Tools(engine)
    server.add_tool(tools.search, description=texts.search_text(), annotations=READS)
    server.add_tool(tools.explain, description=texts.EXPLAIN, annotations=READS)
    server.add_tool(tools.facets, description=texts.FACETS, annotations=READS)
    server.add_tool(tools.get_frame, description=texts.GET_FRAME, annotations=READS)
    server.add_tool(tools.verify, description=texts.VERIFY, annotations=ASKS)
    server.add_tool(tools.verifications, description=texts.VERIFICATIONS, annotations=READS)
    server.add_tool(tools.export, description=texts.export_text(), annotations=READS)
    return server


def serve_http(server: MCPServer[Any], host: str, port: int, told: Callable[[str], None]) -> None:
    """Serve streamable HTTP until interrupted; `told` gets the address once it is bound. Port 0 takes a free one.

    Raises `ConfigError` for an address that is not this machine's loopback, or that is taken.
    """
    import uvicorn

    if host not in LOOPBACK:
        raise ConfigError(f"--host {host!r} is open to others, and the MCP server asks nobody for a password; {_HOSTS}")
    with _bound(host, port) as listening:
        shown = f"[{host}]" if ":" in host else host
        told(f"http://{shown}:{listening.getsockname()[1]}/mcp")
        app = server.streamable_http_app(host=host)
        uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=3)).run(sockets=[listening])


_HOSTS = f"allowed: {', '.join(LOOPBACK)}"


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
        )  # connections inherit it; asyncio sets none here
        listening.bind((host, port))
        listening.listen(BACKLOG)  # before the address is told: a client may come at once
    except (OSError, OverflowError) as error:
        listening.close()
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"cannot listen on {host}:{port}: {reason}; name another --port") from error
    return listening
