"""Who may ask: the right host, the token where one is set, no page of another site, no body beyond its bound."""

import hmac
from collections.abc import Callable, Mapping, Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request, cookie_parser
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.api.attempts import Attempts
from server.api.errors import Refused, answer

LoopbackHosts = ("localhost", "127.0.0.1", "[::1]")
COOKIE = "semdrive_token"
LOGIN = "/api/login"
SIGN_IN = "/login"
NEEDED = "TokenNeeded"
BODY_BYTES = 2**20
OPEN_PATHS = frozenset({"/health", LOGIN, SIGN_IN})  # a supervisor asks the first, and it tells nothing
STATIC = "/static/"  # what the sign-in page looks like; every copy of this program has the same
WRITING_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # without any, a form of ours would call its origin null
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-cache",  # what a token guards is for no shared cache; who knows better says so
}


SignIn = Callable[[Scope, Refused], Response]


class Guard:
    """The outermost layer: what it turns away, nothing behind it sees.

    `sign_in` makes the page that a browser gets where a program is told of the token; `attempts` bounds wrong ones.
    """

    def __init__(
        self,
        app: ASGIApp,
        hosts: Sequence[str] = LoopbackHosts,
        token: str | None = None,
        body_bytes: int = BODY_BYTES,
        *,
        attempts: Attempts | None = None,
        sign_in: SignIn | None = None,
    ) -> None:
        self._app, self._token, self._body_bytes = app, token, body_bytes
        self._hosts = frozenset(host.casefold() for host in hosts)
        self._attempts, self._sign_in = attempts or Attempts(), sign_in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            self._check(scope)
            if scope["method"] in WRITING_METHODS:
                receive = await self._whole(scope, receive)
        except Refused as refused:
            await self._turned_away(scope, refused)(scope, receive, hardened)
        else:
            await self._app(scope, receive, hardened)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        _check_host(headers.get("host", ""), self._hosts)
        if self._token is not None and not _is_open(scope["path"]):
            check_token(_given(headers), self._token, self._attempts, client_of(scope))
        if scope["method"] in WRITING_METHODS:
            check_origin(headers)

    def _turned_away(self, scope: Scope, refused: Refused) -> Response:
        about_token = refused.body.error == NEEDED or refused.status == 429
        if self._sign_in and about_token and "text/html" in Headers(scope=scope).get("accept", ""):
            return self._sign_in(scope, refused)
        return answer(refused.status, refused.body, refused.headers)

    async def _whole(self, scope: Scope, receive: Receive) -> Receive:
        """The body, read before the application is asked, and no further than its bound."""
        stated = Headers(scope=scope).get("content-length", "")
        if stated.isdecimal() and int(stated[:20]) > self._body_bytes:
            raise _too_large(self._body_bytes)
        parts, more = bytearray(), True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return _replaying(message, receive)
            parts += message.get("body", b"")
            more = message.get("more_body", False)
            if len(parts) > self._body_bytes:
                raise _too_large(self._body_bytes)
        return _replaying({"type": "http.request", "body": bytes(parts), "more_body": False}, receive)


def _replaying(first: Message, receive: Receive) -> Receive:
    kept = [first]

    async def replay() -> Message:
        return kept.pop() if kept else await receive()

    return replay


def _too_large(bound: int) -> Refused:
    return Refused(413, "BodyTooLarge", f"the body is larger than {bound:,} bytes", hint="send fewer tokens at once")


def _check_host(host: str, allowed: frozenset[str]) -> None:
    """Against DNS rebinding: a page of another site that resolves to here still names itself."""
    name = host.casefold()
    if not name.endswith("]"):
        name = name.rpartition(":")[0] if ":" in name else name
    if name not in allowed:
        shown = ", ".join(sorted(allowed))
        raise Refused(421, "WrongHost", f"this server does not answer to {host!r}", hint=f"it answers to: {shown}")


def _is_open(path: str) -> bool:
    return path in OPEN_PATHS or path.startswith(STATIC)


def client_of(scope: Scope) -> str:
    """The address that a request came from; a proxy on this machine is believed whose it was."""
    return scope["client"][0] if scope.get("client") else ""


def check_token(given: str, token: str, attempts: Attempts, client: str) -> None:
    """Raises `Refused`: 401 for none and for a wrong one, 429 for a client that tried too many."""
    attempts.check(client)
    if not hmac.compare_digest(given.encode("utf-8", "replace"), token.encode()):
        hint = f"send it as `Authorization: Bearer TOKEN`, or sign in at POST {LOGIN}"
        if not given:
            raise Refused(401, NEEDED, "this server needs its token", hint=hint)
        attempts.wrong(client, given)
        raise Refused(401, NEEDED, "wrong token; the server was started with another one", hint=hint)


def _given(headers: Headers) -> str:
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    if scheme.casefold() == "bearer":
        return bearer.strip()
    # Not the standard library's reader, which gives up at the first odd cookie of another server on this host.
    return cookie_parser(headers.get("cookie", "")).get(COOKIE, "")


def check_origin(headers: Headers) -> None:
    """A write, or an export, comes from here or from no page at all."""
    site, origin = headers.get("sec-fetch-site", "none"), headers.get("origin")
    own = {f"{scheme}://{headers.get('host', '')}".casefold() for scheme in ("http", "https")}
    foreign = origin is not None and origin.casefold() not in own
    if site not in ("same-origin", "none") or foreign:
        raise Refused(403, "ForeignPage", "this must come from this server's own page, or from a program")


async def json_only(request: Request) -> None:
    """Of every route: a write comes in a type that no form of another site can send.

    Only POST: no page can send another site PUT, PATCH or DELETE without asking it first, and nobody here says yes.
    """
    if request.method != "POST":
        return
    kind = request.headers.get("content-type", "").partition(";")[0].strip().casefold()
    if kind != "application/json":
        shown = repr(kind) if kind else "no type"
        raise Refused(415, "NotJson", f"the body is sent as {shown}", hint="send Content-Type: application/json")
