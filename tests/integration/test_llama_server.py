"""The `openai` chat model against llama-cpp-python's own server, with tiny models of random weights.

Such a model knows nothing: that its answers follow the schema shows that the server was spoken to in its own way.
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
from PIL import Image

from scenario.errors import ModelUnavailable, ReplyCut
from scenario.images import jpeg
from scenario.protocols import Deadline
from tiny_models import TinyModel, TinyModels
from verifier.models.base import ChatRequest, Picture
from verifier.models.openai import openai_model
from verifier.models.probe import probe
from verifier.reply import judgement_schema, read_judgement, read_report, report_schema

NEVER = Deadline()
START_S = 120


class LlamaServer:
    """`python -m llama_cpp.server` in a process of its own, on loopback."""

    def __init__(self, tiny: TinyModel, log: Path) -> None:
        self.tiny, self.log = tiny, log
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.endpoint = f"http://127.0.0.1:{self.port}/v1"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = {"model": self.tiny.model, "host": "127.0.0.1", "port": self.port, "n_ctx": 8192, "n_threads": 1}
        options |= {"n_threads_batch": 1, "model_alias": "tiny"}
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
def running(tiny: TinyModel, log: Path) -> Iterator[LlamaServer]:
    server = LlamaServer(tiny, log)
    try:
        server.start()
        yield server
    finally:
        server.kill()


@pytest.fixture(scope="module")
def seeing(tiny: TinyModels, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The endpoint of a vision model."""
    with running(tiny.qwen3vl, tmp_path_factory.mktemp("server") / "log") as server:
        yield server.endpoint


def picture(colour: str = "blue") -> Picture:
    return Picture("CAM_FRONT", jpeg(Image.new("RGB", (448, 252), colour)))


def scout_request(sample: int = 0) -> ChatRequest:
    return ChatRequest("You look at roads.", ("front:", picture(), "What is there?"), report_schema(2), sample)


def test_the_probe_finds_what_the_server_can_do(seeing: str) -> None:
    found = probe(seeing)
    assert found.error is None
    assert (found.models, found.response_format, found.pictures) == (("tiny",), "json_object", True)


def test_the_probe_sees_that_a_text_model_gets_no_pictures(tiny: TinyModels, tmp_path: Path) -> None:
    with running(tiny.llama, tmp_path / "log") as server:
        found = probe(server.endpoint)
    assert (found.error, found.response_format, found.pictures) == (None, "json_object", False)


def test_a_report_follows_the_schema_for_every_sample(seeing: str) -> None:
    model = openai_model(endpoints=[seeing], thinking="none", answer_tokens=4000)
    for sample in range(3):
        reply = model.complete(scout_request(sample), deadline=NEVER)
        report = read_report(reply.text, [0, 1])
        assert len(report.reviews) == 2
        assert report.irregularities == ()
        assert reply.usage is not None
        assert reply.usage.prompt_tokens is not None
        assert reply.usage.prompt_tokens > 112  # the picture alone
    model.close()


def test_a_judgement_follows_the_schema(seeing: str) -> None:
    model = openai_model(endpoints=[seeing], thinking="none", answer_tokens=4000)
    reply = model.complete(ChatRequest("You judge.", ("Two scouts say…",), judgement_schema()), deadline=NEVER)
    assert read_judgement(reply.text).irregularities == ()
    model.close()


def test_a_reply_that_is_too_long_is_cut_and_says_so(seeing: str) -> None:
    model = openai_model(endpoints=[seeing], thinking="none", answer_tokens=30)
    with pytest.raises(ReplyCut, match=r"after 30 tokens \(answer_tokens 30"):
        model.complete(scout_request(), deadline=NEVER)
    model.close()


def test_a_server_that_is_killed_is_named_and_used_again_when_it_is_back(tiny: TinyModels, tmp_path: Path) -> None:
    with running(tiny.qwen3vl, tmp_path / "log") as server:
        model = openai_model(endpoints=[server.endpoint], thinking="none", answer_tokens=4000, backoff_s=0, retries=2)
        assert read_report(model.complete(scout_request(), deadline=NEVER).text, [0, 1])
        server.kill()
        with pytest.raises(ModelUnavailable, match=f"{server.endpoint}: no connection"):
            model.complete(scout_request(), deadline=NEVER)
        server.start()
        assert read_report(model.complete(scout_request(), deadline=NEVER).text, [0, 1])
        model.close()
