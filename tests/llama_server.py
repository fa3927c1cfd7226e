"""llama-cpp-python's own model server, as the tests start it.

with running(tiny.qwen3vl, tmp_path / "log") as server:
    model = openai_model(endpoints=[server.endpoint])
"""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep

import httpx
import pytest

from tiny_models import TinyModel

START_S = 120


class LlamaServer:
    """`python -m llama_cpp.server` in a process of its own, on loopback."""

    def __init__(self, tiny: TinyModel, log: Path, context_tokens: int) -> None:
        self.tiny, self.log, self.context_tokens = tiny, log, context_tokens
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.endpoint = f"http://127.0.0.1:{self.port}/v1"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = {"model": self.tiny.model, "host": "127.0.0.1", "port": self.port, "n_ctx": self.context_tokens}
        options |= {"n_threads": 1, "n_threads_batch": 1, "model_alias": "tiny"}
        if self.tiny.projector:
            options |= {"chat_format": "mtmd", "clip_model_path": self.tiny.projector}
        given = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen([sys.executable, "-m", "llama_cpp.server", *given], stdout=log, stderr=log)
        for _ in range(START_S * 10):
            try:
                if httpx.get(f"{self.endpoint}/models", trust_env=False).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            assert self._process.poll() is None, self.log.read_text(errors="replace")[-2000:]
            sleep(0.1)
        pytest.fail(f"the server did not start: {self.log.read_text(errors='replace')[-2000:]}")

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()


@contextmanager
def running(tiny: TinyModel, log: Path, context_tokens: int = 8192) -> Iterator[LlamaServer]:
    server = LlamaServer(tiny, log, context_tokens)
    try:
        server.start()
        yield server
    finally:
        server.kill()
