"""A real HTTP server on loopback that behaves as model servers do, at their best and at their worst.

    with ModelServer(says('{"ok": true}')) as server:
        model = openai_model(endpoints=[server.endpoint])

It plays its script, one behaviour a chat request, the last one again and again. Questions of the start-up probe are
answered by `Powers` and take nothing from the script.
"""

import json
import socket
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Barrier, BrokenBarrierError, Event, Lock, Thread
from typing import Any, Self

from verifier.models.probe import GREETING

PATIENCE_S = 20.0  # how long a test that went wrong may hang


@dataclass(frozen=True)
class Powers:
    """What the server can do; the probe must find out."""

    formats: tuple[str, ...] = ("json_schema", "json_object")
    refuses_with: int = 400  # for a format it does not know
    refused_keywords: tuple[str, ...] = ()  # of a schema
    ignores_formats: bool = False
    pictures: bool = True
    refuses_pictures_with: int = 400
    drops_pictures: bool = False  # takes them, and the model never sees them
    spells_pictures: bool = False  # takes them, and the model sees their data as text
    reasoning_key: str | None = None
    think_tags: bool = False
    max_model_len: int | None = None
    props_context: int | None = None
    models: tuple[str, ...] = ("tiny",)
    key: str | None = None


class Exchange:
    """One request, and the ways to answer it."""

    def __init__(self, handler: BaseHTTPRequestHandler, body: Mapping[str, Any], server: "ModelServer") -> None:
        self.handler, self.body, self.server = handler, body, server

    def send(self, payload: object, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.send_bytes(json.dumps(payload).encode(), status, headers)

    def send_bytes(self, content: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.begin(status, {"Content-Length": str(len(content)), **(headers or {})})
        self.write(content)

    def begin(self, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.handler.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.handler.send_header(name, value)
        self.handler.end_headers()

    def write(self, content: bytes) -> bool:
        """False when the other side has hung up."""
        try:
            self.handler.wfile.write(content)
            self.handler.wfile.flush()
        except OSError:
            return False
        return True

    def drop(self) -> None:
        """Cut the connection, as a process that dies does."""
        self.handler.close_connection = True
        self.handler.connection.shutdown(socket.SHUT_RDWR)

    def wait_for_hang_up(self) -> bool:
        """Until the client closes its side; False when it does not."""
        self.handler.connection.settimeout(PATIENCE_S)
        try:
            return self.handler.connection.recv(1) == b""
        except ConnectionError:
            return True
        except TimeoutError:
            return False


Behaviour = Callable[[Exchange], None]


def reply(content: str | None, *, finish: str = "stop", usage: Mapping[str, int] | None = None, **more: Any) -> object:
    """A chat completion. `more` goes into the message."""
    message = {"role": "assistant", "content": content, **more}
    choices = [{"index": 0, "message": message, "finish_reason": finish}]
    counts = usage or {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    return {"id": "1", "object": "chat.completion", "model": "tiny", "choices": choices, "usage": counts}


def says(content: str | None, **more: Any) -> Behaviour:
    return lambda exchange: exchange.send(reply(content, **more))


def fails(status: int, message: object = "no", **headers: str) -> Behaviour:
    """An error answer, as OpenAI words them; `Retry_After="3"` becomes a header."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda exchange: exchange.send({"error": {"message": message}}, status, named)


def sends(content: bytes, status: int = 200, **headers: str) -> Behaviour:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda exchange: exchange.send_bytes(content, status, named)


def drops(exchange: Exchange) -> None:
    """No answer, and the connection is gone."""
    exchange.drop()


def drops_half_way(exchange: Exchange) -> None:
    content = json.dumps(reply('{"ok": true}')).encode()
    exchange.begin(headers={"Content-Length": str(len(content))})
    exchange.write(content[: len(content) // 2])
    exchange.drop()


def hangs(exchange: Exchange) -> None:
    """Says nothing until the client goes away."""
    if exchange.wait_for_hang_up():
        exchange.server.hung_up.set()


def drips(exchange: Exchange) -> None:
    """Keep-alive blanks without end, as some gateways send them: no silence is ever long."""
    exchange.begin()
    pause = Event()
    while exchange.write(b" "):
        pause.wait(0.01)
    exchange.server.hung_up.set()


def floods(exchange: Exchange) -> None:
    """A body without end."""
    exchange.begin()
    while exchange.write(b"x" * 65_536):
        pass
    exchange.server.hung_up.set()


def streams(content: str) -> Behaviour:
    """The same answer in small chunks."""

    def behave(exchange: Exchange) -> None:
        exchange.begin(headers={"Transfer-Encoding": "chunked"})
        body = json.dumps(reply(content)).encode()
        for piece in [body[i : i + 7] for i in range(0, len(body), 7)]:
            exchange.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        exchange.write(b"0\r\n\r\n")

    return behave


def holds(until: Event, then: Behaviour) -> Behaviour:
    def behave(exchange: Exchange) -> None:
        until.wait(PATIENCE_S)
        then(exchange)

    return behave


def meets(barrier: Barrier, then: Behaviour) -> Behaviour:
    """Answers only when as many requests as the barrier counts are there at once."""

    def behave(exchange: Exchange) -> None:
        try:
            barrier.wait(PATIENCE_S)
        except BrokenBarrierError:
            exchange.send({"error": "too few came at once"}, 400)
        else:
            then(exchange)

    return behave


def dies(then: Behaviour = drops) -> Behaviour:
    """The server stops listening, and this request is not answered."""

    def behave(exchange: Exchange) -> None:
        exchange.server.die()
        then(exchange)

    return behave


@dataclass
class Seen:
    """What came in: scripted chat requests apart from the probe's questions."""

    chats: list[Mapping[str, Any]] = field(default_factory=list)
    probes: list[Mapping[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)


class ModelServer:
    """A context manager. `most_at_once` counts scripted requests under way together."""

    def __init__(self, *script: Behaviour, powers: Powers = Powers()) -> None:
        self.script: deque[Behaviour] = deque(script or [says('{"ok": true}')])
        self.powers = powers
        self.seen = Seen()
        self.hung_up = Event()
        self.most_at_once = 0
        self._at_once = 0
        self._lock = Lock()
        self._port = 0
        self._http: ThreadingHTTPServer | None = None
        self._thread: Thread | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    def __enter__(self) -> Self:
        self.revive()
        return self

    def __exit__(self, *_: object) -> None:
        self.die()
        if self._thread:
            self._thread.join(PATIENCE_S)

    def revive(self) -> None:
        """Listen, on the same port as before."""
        self._http = _Listener(("127.0.0.1", self._port), self._handler())
        self._port = self._http.server_address[1]
        self._thread = Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def die(self) -> None:
        """Stop listening: whoever connects is refused. Exchanges under way are left to their behaviours."""
        with self._lock:
            http, self._http = self._http, None
        if http is not None:
            http.shutdown()
            http.server_close()

    def script_again(self, behaviours: Iterable[Behaviour]) -> None:
        self.script = deque(behaviours)

    def _play(self, exchange: Exchange) -> None:
        with self._lock:
            self.seen.chats.append(exchange.body)
            behave = self.script.popleft() if len(self.script) > 1 else self.script[0]
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            behave(exchange)
        finally:
            with self._lock:
                self._at_once -= 1

    def _answer(self, handler: BaseHTTPRequestHandler, body: Mapping[str, Any]) -> None:
        exchange = Exchange(handler, body, self)
        self.seen.paths.append(handler.path)
        self.seen.headers.append({name.lower(): value for name, value in handler.headers.items()})
        if self.powers.key and handler.headers.get("Authorization") != f"Bearer {self.powers.key}":
            given = handler.headers.get("Authorization", "none").removeprefix("Bearer ")
            exchange.send({"error": {"message": f"Incorrect API key provided: {given}"}}, 401)
        elif handler.path == "/v1/models":
            more = {"max_model_len": self.powers.max_model_len} if self.powers.max_model_len else {}
            exchange.send({"object": "list", "data": [{"id": name, **more} for name in self.powers.models]})
        elif handler.path == "/props" and self.powers.props_context:
            exchange.send({"default_generation_settings": {"n_ctx": self.powers.props_context}})
        elif handler.path != "/v1/chat/completions":
            exchange.send({"error": "no such page"}, 404)
        elif GREETING in json.dumps(body.get("messages")):
            self.seen.probes.append(body)
            self._greet(exchange)
        else:
            self._play(exchange)

    def _greet(self, exchange: Exchange) -> None:
        """A question of the probe, answered as a model of these powers would."""
        powers = self.powers
        pictured = "image_url" in json.dumps(exchange.body["messages"])
        asked = exchange.body.get("response_format", {})
        kind = asked.get("type")
        usage = {"prompt_tokens": 20 + self._picture_tokens(exchange.body) * pictured, "completion_tokens": 5}
        if pictured and not powers.pictures:
            exchange.send({"error": {"message": "this model sees no images"}}, powers.refuses_pictures_with)
        elif kind and not powers.ignores_formats and kind not in powers.formats:
            exchange.send({"error": {"message": f"unknown response format {kind}"}}, powers.refuses_with)
        elif kind and any(f'"{keyword}"' in json.dumps(asked) for keyword in powers.refused_keywords):
            exchange.send({"error": {"message": "In context=(), a keyword is not permitted"}}, powers.refuses_with)
        elif kind in powers.formats and not powers.ignores_formats:
            exchange.send(reply('{"ok": true, "word": "Hello."}', usage=usage))
        else:
            thoughts = {powers.reasoning_key: "They greet me."} if powers.reasoning_key else {}
            text = "<think>They greet me.</think>Hello!" if powers.think_tags else "Hello!"
            exchange.send(reply(text, usage=usage, **thoughts))

    def _picture_tokens(self, body: Mapping[str, Any]) -> int:
        if self.powers.drops_pictures:
            return 0
        return len(json.dumps(body)) // 4 if self.powers.spells_pictures else 60

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server._answer(self, {})

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                server._answer(self, json.loads(self.rfile.read(length)))

            def log_message(self, *_: object) -> None:
                pass

        return Handler


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """A connection that a test cut is no news."""
