"""A stand-in for the Hugging Face hub: answers what huggingface_hub asks for one file, and fails where it is told to.

Large files are redirected to a second host, as the hub sends them to its content network.
"""

import hashlib
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType

COMMIT = "1234567890abcdef1234567890abcdef12345678"


@dataclass
class Asked:
    method: str
    path: str
    range: str | None
    authorized: bool


@dataclass
class Failing:
    """What goes wrong. Numbers count down or apply to every body."""

    cut_after_bytes: int | None = None  # the connection closes after so many bytes of each body
    cuts: int = 1  # how many bodies are cut
    body_status: int | None = None  # what every request for a body gets once nothing is left to be cut
    gated: bool = False
    ignores_ranges: bool = False
    short_by: int = 0  # bytes that the bodies lack of what was announced
    flip: bool = False  # one byte of each body is another one
    stall_after_bytes: int | None = None  # each body stops there, with the connection open, until the hub closes


@dataclass
class ModelHub:
    """`files` maps OWNER/REPOSITORY/FILE to content. Use as a context manager; `url` is its address."""

    files: dict[str, bytes]
    failing: Failing = field(default_factory=Failing)
    asked: list[Asked] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "ModelHub":
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def bodies(self) -> list[Asked]:
        """The requests for content, not counting the redirects to it."""
        return [asked for asked in self.asked if asked.method == "GET" and asked.path.startswith("/cdn/")]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def put_in_cache(cache: Path, reference: str, content: bytes, commit: str = COMMIT) -> Path:
    """A file in the layout of the hub's cache, named by the newest commit, as a pull would leave it."""
    owner, repository, file = reference.removeprefix("hf:").split("/", 2)
    folder = cache / f"models--{owner}--{repository}"
    blob, pointer = folder / "blobs" / sha256(content), folder / "snapshots" / commit / file
    for path in (blob, pointer, folder / "refs" / "main"):
        path.parent.mkdir(parents=True, exist_ok=True)
    blob.write_bytes(content)
    pointer.symlink_to(blob)
    (folder / "refs" / "main").write_text(commit, encoding="utf-8")
    return pointer


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, hub: ModelHub) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.hub = hub


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def hub(self) -> ModelHub:
        assert isinstance(self.server, _Server)
        return self.server.hub

    def do_HEAD(self) -> None:
        self._note()
        if self.path.startswith("/cdn/"):
            self._announce(self.hub.files.get(self.path.removeprefix("/cdn/")))
        else:
            self._resolve()

    def _announce(self, content: bytes | None) -> None:
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()

    def do_GET(self) -> None:
        self._note()
        if self.path.startswith("/cdn/"):
            self._body(self.hub.files[self.path.removeprefix("/cdn/")])
        else:
            self._resolve()

    def _note(self) -> None:
        authorized = "Authorization" in self.headers
        self.hub.asked.append(Asked(self.command, self.path, self.headers.get("Range"), authorized))

    def _resolve(self) -> None:
        repository, _, rest = self.path.lstrip("/").partition("/resolve/")
        file = rest.partition("/")[2]
        content = self.hub.files.get(f"{repository}/{file}")
        if self.hub.failing.gated:
            self._answer(403, {"X-Error-Code": "GatedRepo"})
        elif not any(name.startswith(f"{repository}/") for name in self.hub.files):
            self._answer(404, {"X-Error-Code": "RepoNotFound"})
        elif content is None:
            self._answer(404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT})
        else:
            headers = {
                "X-Repo-Commit": COMMIT,
                "X-Linked-Size": str(len(content)),
                "X-Linked-Etag": f'"{sha256(content)}"',
                "Location": f"http://localhost:{self.hub.port}/cdn/{repository}/{file}",
            }
            self._answer(302, headers)

    def _answer(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": "0"}.items():
            self.send_header(name, value)
        self.end_headers()

    def _body(self, content: bytes) -> None:
        failing = self.hub.failing
        cut = failing.cut_after_bytes if failing.cuts > 0 else None
        if cut is None and failing.body_status is not None:
            self._answer(failing.body_status, {})
            return
        begin = 0
        if (asked := self.headers.get("Range")) and not failing.ignores_ranges:
            begin = int(asked.removeprefix("bytes=").partition("-")[0])
        body = content[begin : len(content) - failing.short_by]
        if failing.flip:
            body = bytes([body[0] ^ 1]) + body[1:]
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(body)))
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{begin + len(body) - 1}/{len(content)}")
        self.end_headers()
        if cut is not None:
            failing.cuts -= 1
            body, self.close_connection = body[:cut], True
        self._send(body, failing.stall_after_bytes)

    def _send(self, body: bytes, stall_after_bytes: int | None) -> None:
        try:
            self.wfile.write(body[:stall_after_bytes])
            if stall_after_bytes is not None:
                self.hub.closing.wait(timeout=60)
                self.close_connection = True
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client went away, as a killed one does

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""
