"""The `openai` chat model against a real HTTP server that behaves as servers do, well and badly.

Rests last no time here (`jitter` 0), and nothing looks at the clock: what must wait is held by an event.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any

import pytest

from model_server import (
    ModelServer,
    Powers,
    drips,
    drops,
    drops_half_way,
    fails,
    floods,
    hangs,
    says,
    sends,
    streams,
)
from openai_client import GOOD, NEVER, SCHEMA, model, request
from scenario.errors import (
    ConfigError,
    DeadlinePassed,
    ModelUnavailable,
    ReplyCut,
    ReplyInvalid,
    ScoutError,
    SemdriveError,
)
from scenario.protocols import Deadline
from verifier.models.base import ChatReply, ChatRequest


def asked_once(server: ModelServer, **settings: Any) -> ChatReply:
    with model(server, **settings) as one:
        return one.complete(request(), deadline=NEVER)


def error_of(server: ModelServer, **settings: Any) -> SemdriveError:
    with pytest.raises(SemdriveError) as caught:
        asked_once(server, **settings)
    return caught.value


# Asking


def test_a_request_and_its_reply_go_over_the_wire_whole() -> None:
    with ModelServer(says(GOOD, reasoning_content="A street.")) as server:
        reply = asked_once(server, model="tiny", seed=3, temperature=0.5)
    sent = server.seen.chats[0]
    assert (reply.text, reply.reasoning, reply.notes) == (GOOD, "A street.", ())
    assert reply.usage is not None
    assert reply.usage.completion_tokens == 10
    assert reply.latency_s is not None
    assert (sent["model"], sent["seed"], sent["temperature"], sent["max_tokens"]) == ("tiny", 3, 0.5, 5048)
    assert sent["response_format"]["json_schema"]["schema"] == SCHEMA
    assert [part["type"] for part in sent["messages"][1]["content"]] == ["text", "image_url", "text"]


def test_each_sample_of_a_request_has_a_seed_of_its_own() -> None:
    with ModelServer() as server, model(server, seed=3) as one:
        for sample in (0, 1, 5):
            one.complete(request(sample), deadline=NEVER)
    assert [sent["seed"] for sent in server.seen.chats] == [3, 4, 8]


def test_a_reply_in_small_pieces_is_one_reply() -> None:
    with ModelServer(streams(GOOD)) as server:
        assert asked_once(server).text == GOOD


def test_text_outside_ascii_arrives() -> None:
    with ModelServer(says('{"ort": "Straße 道 🚧"}')) as server, model(server) as one:
        reply = one.complete(ChatRequest("Sieh hin: ü \ud800", ("道",), SCHEMA), deadline=NEVER)
    assert reply.text == '{"ort": "Straße 道 🚧"}'
    assert server.seen.chats[0]["messages"][1]["content"] == "道"


def test_the_one_served_model_needs_no_name_and_the_reply_notes_it() -> None:
    with ModelServer(powers=Powers(models=("qwen.gguf",))) as server:
        assert asked_once(server).notes == ("the server calls its model 'qwen.gguf'",)
    assert server.seen.chats[0]["model"] == "qwen.gguf"


@pytest.mark.parametrize("models", [(), ("a", "b")])
def test_without_a_name_a_server_of_no_or_many_models_is_a_setting_to_mend(models: tuple[str, ...]) -> None:
    with ModelServer(powers=Powers(models=models)) as server:
        error = error_of(server)
    assert isinstance(error, ConfigError)
    assert "name one with the option 'model'" in str(error)


# The answer's format


@pytest.mark.parametrize(
    ("powers", "kind"),
    [
        (Powers(), "json_schema"),
        (Powers(formats=("json_object",)), "json_object"),
        (Powers(formats=("json_object",), refuses_with=500), "json_object"),  # llama-cpp-python's server
        (Powers(formats=(), refuses_with=500), None),
        (Powers(ignores_formats=True), None),
    ],
)
def test_a_server_is_asked_once_how_it_can_be_held_to_a_schema(powers: Powers, kind: str | None) -> None:
    with ModelServer(powers=powers) as server, model(server, model="tiny") as one:
        replies = [one.complete(request(), deadline=NEVER) for _ in range(3)]
        asked = len(server.seen.probes)
    assert [sent.get("response_format", {}).get("type") for sent in server.seen.chats] == [kind] * 3
    assert asked <= 4
    told = "the server does not hold the model to the schema" in replies[0].notes
    assert told == (kind is None)
    assert ('"boolean"' in server.seen.chats[0]["messages"][0]["content"]) == (kind is None)


def test_many_threads_ask_once_what_a_server_can_do() -> None:
    with ModelServer() as server, model(server, model="tiny", concurrency=4) as one, ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: one.complete(request(), deadline=NEVER), range(8)))
    assert len(server.seen.probes) == 1


@pytest.mark.parametrize(
    ("settings", "kind"), [({"response_format": "json_object"}, "json_object"), ({"thinking": "tags"}, None)]
)
def test_a_format_that_is_set_is_not_asked_about(settings: Mapping[str, str], kind: str | None) -> None:
    with ModelServer() as server:
        asked_once(server, model="tiny", **settings)
    assert server.seen.probes == []
    assert server.seen.chats[0].get("response_format", {}).get("type") == kind


# Trouble


@pytest.mark.parametrize(
    "trouble", [fails(500), fails(503), fails(429, Retry_After="0"), fails(408), fails(409), drops, drops_half_way]
)
def test_a_passing_trouble_is_tried_again(trouble: Any) -> None:
    with ModelServer(trouble, trouble, says(GOOD)) as server:
        assert asked_once(server).text == GOOD
    assert len(server.seen.chats) == 3


def test_tries_are_bounded() -> None:
    with ModelServer(fails(500, "the model crashed")) as server:
        error = error_of(server, retries=2)
    assert type(error) is ScoutError  # of this request: others may do well
    assert "3 times; the last: 500: the model crashed" in str(error)
    assert len(server.seen.chats) == 3


def test_a_server_that_stays_overloaded_is_unavailable() -> None:
    with ModelServer(fails(503, "loading model")) as server:
        error = error_of(server, retries=2)
    assert isinstance(error, ModelUnavailable)
    assert f"{server.endpoint}: 503: loading model" in str(error)


def test_a_pause_that_the_server_asks_for_beyond_the_deadline_is_not_waited_for() -> None:
    with (
        ModelServer(fails(429, "slow down", Retry_After="50")) as server,
        model(server) as one,
        pytest.raises(ModelUnavailable, match="429: slow down"),
    ):
        one.complete(request(), deadline=Deadline(monotonic() + 40))
    assert len(server.seen.chats) == 1


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (400, "request (9000 tokens) exceeds the context (8192)"),
        (500, "Prompt exceeds n_ctx: 9000 > 8192"),  # llama-cpp-python's server
    ],
)
def test_a_refused_request_is_not_repeated_and_says_why(status: int, reason: str) -> None:
    with ModelServer(fails(status, reason)) as server:
        error = error_of(server)
    assert isinstance(error, ScoutError)
    assert f"refused the request: {status}: {reason}" in str(error)
    assert len(server.seen.chats) == 1


def test_hostile_words_of_a_server_are_made_plain() -> None:
    with ModelServer(fails(400, "\x1b[2J\x1b[31mpwned\x07\n" + "A" * 1_000_000)) as server:
        text = str(error_of(server))
    assert "pwned" in text
    assert text.isprintable()
    assert len(text) < 500


def test_a_wrong_key_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_MODEL_KEY", "sk-wrong-1")
    with ModelServer(powers=Powers(key="sk-right-1")) as server:
        error = error_of(server, model="tiny", api_key_env="TEST_MODEL_KEY")
    assert isinstance(error, ModelUnavailable)
    assert "401: Incorrect API key provided: [key]" in str(error)
    assert "'api_key_env'" in str(error)
    assert len(server.seen.paths) == 1  # it was not tried again


def test_the_key_goes_with_each_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_MODEL_KEY", "sk-right-1")
    with ModelServer(powers=Powers(key="sk-right-1")) as server:
        assert asked_once(server, api_key_env="TEST_MODEL_KEY").text == GOOD


def test_a_key_that_is_not_set_is_a_setting_to_mend() -> None:
    with ModelServer() as server:
        assert isinstance(error_of(server, api_key_env="NO_SUCH_VARIABLE_HERE"), ConfigError)
    assert server.seen.paths == []


def test_a_redirect_is_not_followed() -> None:
    with ModelServer() as other, ModelServer(sends(b"", 307, Location=other.endpoint)) as server:
        error = error_of(server)
    assert isinstance(error, ModelUnavailable)
    assert f"redirects to {other.endpoint}" in str(error)
    assert other.seen.paths == []


@pytest.mark.parametrize(
    ("behaviour", "kind", "said"),
    [
        (sends(b"<html>hello</html>"), ReplyInvalid, "not JSON"),
        (sends(b""), ReplyInvalid, "empty"),
        (sends(b"{}", Content_Encoding="gzip"), ReplyInvalid, "no choices"),  # nothing is unpacked
        (says(""), ReplyInvalid, "holds no answer"),
        (says('{"o', finish="length"), ReplyCut, "answer_tokens 2048"),
        (floods, ReplyInvalid, "longer than 4 MiB"),
    ],
)
def test_an_answer_that_is_no_reply_is_named_and_not_repeated(behaviour: Any, kind: type[Exception], said: str) -> None:
    with ModelServer(behaviour) as server:
        error = error_of(server)
    assert type(error) is kind
    assert said in str(error)
    assert len(server.seen.chats) == 1


# Time


@pytest.mark.parametrize("behaviour", [hangs, drips])
def test_a_deadline_ends_a_request_and_its_connection(behaviour: Any) -> None:
    with ModelServer(behaviour) as server, model(server, model="tiny", response_format="json_schema") as one:
        with pytest.raises(DeadlinePassed, match="deadline"):
            one.complete(request(), deadline=Deadline.after(0.3))
        assert server.hung_up.wait(20)  # the server knows, and may stop
    assert len(server.seen.chats) == 1


@pytest.mark.parametrize("behaviour", [hangs, drips])
def test_an_answer_that_takes_too_long_is_not_asked_for_again(behaviour: Any) -> None:
    with ModelServer(behaviour) as server:
        error = error_of(server, timeout_s=0.3)
        assert server.hung_up.wait(20)
    assert isinstance(error, DeadlinePassed)
    assert "timeout_s" in str(error)
    assert len(server.seen.chats) == 1


def test_nothing_is_sent_after_the_deadline() -> None:
    with ModelServer() as server, model(server) as one, pytest.raises(DeadlinePassed):
        one.complete(request(), deadline=Deadline(monotonic() - 1))
    assert server.seen.paths == []


def test_closing_ends_the_requests_under_way_and_the_model_can_be_used_again() -> None:
    with (
        ModelServer(hangs, says(GOOD)) as server,
        model(server, concurrency=1) as one,
        ThreadPoolExecutor(2) as threads,
    ):
        first = threads.submit(one.complete, request(), deadline=NEVER)
        while not server.seen.chats:
            assert not first.done()
        second = threads.submit(one.complete, request(), deadline=NEVER)  # waits for the first
        one.close()
        for ended in (first, second):
            assert isinstance(ended.exception(20), ModelUnavailable)
        assert server.hung_up.wait(20)
        assert one.complete(request(), deadline=NEVER).text == GOOD
