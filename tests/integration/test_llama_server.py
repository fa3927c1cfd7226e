"""The `openai` chat model against llama-cpp-python's own server, with tiny models of random weights.

Such a model knows nothing: that its answers follow the schema shows that the server was spoken to in its own way.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from llama_server import running
from scenario.errors import ModelUnavailable, ReplyCut, ScoutError
from scenario.images import jpeg
from scenario.protocols import Deadline
from tiny_models import TinyModels
from verifier.models.base import ChatRequest, Picture
from verifier.models.openai import openai_model
from verifier.models.probe import probe
from verifier.reply import judgement_schema, read_judgement, read_report, report_schema

NEVER = Deadline()


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


def test_a_prompt_that_is_longer_than_the_context_is_refused_at_once(seeing: str) -> None:
    model = openai_model(endpoints=[seeing], thinking="none")
    request = ChatRequest("You look at roads. " * 2000, ("front:", picture(), "What is there?"), report_schema(0))
    with pytest.raises(ScoutError, match="refused the request: 500: Prompt exceeds n_ctx"):
        model.complete(request, deadline=NEVER)


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
