"""HTTP to a model server, one bounded exchange at a time from each of many threads. No other module connects to one.

Each exchange has a connection of its own. A model's answer takes seconds, a connection less than a thousandth of
that; in return an exchange can be cut at any moment by closing its socket, which also tells the server to stop, and
no connection goes stale while a model thinks. Redirects are not followed, and neither proxies nor passwords are taken
from the environment.
"""

import json
import os
import ssl
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from socket import SHUT_RDWR
from threading import Lock, Timer
from typing import Any, Literal

import httpx

from scenario.errors import ConfigError
from scenario.protocols import Deadline
from verifier.models.wire import Answer, plain

MAX_BODY_BYTES = 4 << 20  # an answer of 4,000 tokens is some 20 kB

NEVER = Deadline()
CANCELLED = "the request was cancelled"

Fault = Literal["unreachable", "dropped", "too slow", "too large", "closed", "cancelled"]


class CallFailed(Exception):
    """No whole answer came. Stays inside the `openai` back end, which turns it into an error users see."""

    def __init__(self, fault: Fault, reason: str) -> None:
        super().__init__(reason)
        self.fault, self.reason = fault, reason


def key_in(variable: str | None, environ: Mapping[str, str] = os.environ) -> str | None:
    """The key that an environment variable holds; None where none is named. Raises `ConfigError`."""
    if variable is None:
        return None
    key = environ.get(variable, "").strip()
    if not key:
        raise ConfigError(f"openai: the environment variable {variable!r}, which 'api_key_env' names, is not set")
    if not (key.isascii() and key.isprintable()):
        raise ConfigError(f"openai: the environment variable {variable!r} holds what no key holds: not plain ASCII")
    return key


class Line:
    """The socket of one exchange, so that another thread may cut it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._stream: Any = None  # httpcore's NetworkStream
        self.cut_because: Fault | None = None

    def watch(self, event: str, info: Mapping[str, Any]) -> None:
        """httpx's trace: a new connection, or the TLS connection over it."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            with self._lock:
                self._stream = info["return_value"]
                if self.cut_because:
                    self._shut()

    def cut(self, fault: Fault) -> None:
        with self._lock:
            self.cut_because = self.cut_because or fault
            self._shut()

    def _shut(self) -> None:
        if self._stream is not None:
            with suppress(OSError):  # the other side was faster
                self._stream.get_extra_info("socket").shutdown(SHUT_RDWR)


class Transport:
    """Thread-safe; made when it is first needed, closed once. `close` cuts the exchanges under way."""

    def __init__(self, endpoints: Iterable[str], *, connect_timeout_s: float, key: str | None = None) -> None:
        self._connect_timeout_s = connect_timeout_s
        headers = {"accept-encoding": "identity", "user-agent": "semantic-drive-search"}
        self._client = httpx.Client(
            headers=headers | ({"authorization": f"Bearer {key}"} if key else {}),
            follow_redirects=False,
            trust_env=False,
            verify=_trust(endpoints),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        )
        self._lock = Lock()
        self._lines: set[Line] = set()
        self._closed = False

    def call(
        self,
        method: str,
        url: str,
        body: Mapping[str, Any] | None = None,
        *,
        limit_s: float,
        deadline: Deadline = NEVER,
    ) -> Answer:
        """The whole answer, whatever its status, within `limit_s` from now. Raises `CallFailed`.

        When `deadline` is cancelled, the exchange is cut at once; one that is still connecting, when it is connected.
        """
        line = self._begin()
        clock = Timer(limit_s, partial(line.cut, "too slow"))
        clock.daemon = True
        clock.start()
        try:
            with deadline.telling(partial(line.cut, "cancelled")):
                if line.cut_because == "cancelled":
                    raise CallFailed("cancelled", CANCELLED)
                return self._exchange(line, method, url, body, limit_s)
        except httpx.TransportError as error:
            raise _failed(error, line.cut_because, limit_s) from error
        except (httpx.InvalidURL, UnicodeError) as error:  # a host's name that cannot be one
            raise CallFailed("unreachable", f"no address: {plain(str(error))}") from error
        finally:
            clock.cancel()
            self._end(line)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            lines = list(self._lines)
        for line in lines:
            line.cut("closed")
        if not lines:
            self._client.close()

    def _begin(self) -> Line:
        line = Line()
        with self._lock:
            if self._closed:
                raise CallFailed("closed", "the model was closed")
            self._lines.add(line)
        return line

    def _end(self, line: Line) -> None:
        """The last exchange of a closed transport closes the client: httpx takes no request after that."""
        with self._lock:
            self._lines.discard(line)
            last = self._closed and not self._lines
        if last:
            self._client.close()

    def _exchange(self, line: Line, method: str, url: str, body: Mapping[str, Any] | None, limit_s: float) -> Answer:
        timeout = httpx.Timeout(limit_s, connect=min(self._connect_timeout_s, limit_s))
        content = None if body is None else json.dumps(body).encode("ascii")
        headers = {} if content is None else {"content-type": "application/json"}
        extensions = {"trace": line.watch}
        stream = self._client.stream
        with stream(method, url, content=content, headers=headers, timeout=timeout, extensions=extensions) as response:
            received = bytearray()
            for chunk in response.iter_raw():
                received += chunk
                if len(received) > MAX_BODY_BYTES:
                    raise CallFailed("too large", f"its answer is longer than {MAX_BODY_BYTES >> 20} MiB")
            if line.cut_because:  # where a body ends with its connection, a cut one looks whole
                raise httpx.ReadError("cut")
            return Answer(response.status_code, dict(response.headers.items()), bytes(received))


def _trust(endpoints: Iterable[str]) -> ssl.SSLContext:
    """The machine's authorities; where no endpoint is HTTPS none, since reading them takes a fifth of a second."""
    if any(endpoint.startswith("https:") for endpoint in endpoints):
        return ssl.create_default_context()
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _failed(error: httpx.TransportError, cut_because: Fault | None, limit_s: float) -> CallFailed:
    if cut_because == "closed":
        return CallFailed("closed", "the model was closed while it was asked")
    if cut_because == "cancelled":
        return CallFailed("cancelled", CANCELLED)
    if isinstance(error, httpx.ConnectTimeout):
        return CallFailed("unreachable", "no connection in time")
    if cut_because == "too slow" or isinstance(error, httpx.TimeoutException):
        return CallFailed("too slow", f"no whole answer within {limit_s:.3g} s")
    if isinstance(error, httpx.ConnectError):
        return CallFailed("unreachable", f"no connection: {plain(str(error))}")
    return CallFailed("dropped", f"the connection was lost: {plain(str(error)) or type(error).__name__}")
