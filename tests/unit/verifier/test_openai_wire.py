"""What is sent to a server and how its answers are read."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from scenario.errors import ReplyCut, ReplyInvalid
from verifier.models.base import ChatRequest, Picture
from verifier.models.thinking import Marks
from verifier.models.wire import (
    Answer,
    Budget,
    Refused,
    chat_body,
    error_message,
    plain,
    read_reply,
    retry_after_s,
)
from verifier.reply import report_schema

SCHEMA = {"type": "object", "properties": {"ok": {"type": "boolean"}}}
BUDGET = Budget(answer=10, thinking=30)
KIMI = Marks("◁think▷", "◁/think▷")


def request(*parts: str | Picture) -> ChatRequest:
    return ChatRequest(system="You look.", parts=parts, schema=SCHEMA)


def body(content: object, finish: str | None = "stop", usage: object = None, **message: Any) -> bytes:
    choice = {"message": {"role": "assistant", "content": content, **message}, "finish_reason": finish}
    return json.dumps({"choices": [choice], "usage": usage}).encode()


# Requests


def test_pictures_go_as_data_between_the_texts() -> None:
    sent = chat_body(request("front:", Picture("CAM_FRONT", b"\xff\xd8"), "What?"), "m", "json_schema", BUDGET, {})
    system, user = sent["messages"]
    assert system == {"role": "system", "content": "You look."}
    assert user["content"] == [
        {"type": "text", "text": "front:"},
        {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,/9g="}},
        {"type": "text", "text": "What?"},
    ]


def test_without_pictures_the_content_is_plain_text_for_servers_of_text_models() -> None:
    sent = chat_body(request("one", "two"), "m", "json_schema", BUDGET, {})
    assert sent["messages"][1]["content"] == "one\ntwo"


def test_the_tokens_asked_for_are_those_of_thinking_and_answer_together() -> None:
    assert chat_body(request("?"), "m", "json_schema", BUDGET, {})["max_tokens"] == 40


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        ("json_schema", {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA}}),
        ("json_object", {"type": "json_object", "schema": SCHEMA}),
        ("none", None),
    ],
)
def test_each_server_is_asked_for_the_schema_in_its_own_way(kind: Any, sent: object) -> None:
    made = chat_body(request("?"), "m", kind, BUDGET, {})
    assert made.get("response_format") == sent
    assert ('"boolean"' in made["messages"][0]["content"]) == (kind == "none")  # the model is told, if not held


def keywords(schema: Any) -> set[str]:
    """Every keyword in a schema; the names of its properties are none."""
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]
    inner += [schema["items"]] if "items" in schema else []
    return set(schema).union(*map(keywords, inner))


@pytest.mark.parametrize(
    ("kind", "limits"), [("json_schema", {"maxLength", "maxItems"}), ("json_schema_basic", set[str]())]
)
def test_the_schema_holds_only_what_servers_take(kind: Any, limits: set[str]) -> None:
    asked = ChatRequest("You look.", ("?",), report_schema(2))
    sent = chat_body(asked, "m", kind, BUDGET, {})["response_format"]["json_schema"]["schema"]
    basic = {"type", "properties", "required", "additionalProperties", "enum", "items", "anyOf"}
    assert keywords(sent) == basic | limits
    assert list(sent["properties"]) == list(asked.schema["properties"])
    assert "uniqueItems" in keywords(asked.schema)  # our own copy is left as it was


def test_a_property_that_is_called_as_a_keyword_is_kept() -> None:
    schema = {"type": "object", "properties": {"maxItems": {"type": "integer"}}}
    sent = chat_body(ChatRequest("", ("?",), schema), "m", "json_schema_basic", BUDGET, {})
    assert sent["response_format"]["json_schema"]["schema"] == schema


def test_settings_of_the_profile_do_not_replace_the_request() -> None:
    made = chat_body(request("?"), "m", "json_schema", BUDGET, {"model": "x", "messages": [], "top_k": 20})
    assert (made["model"], made["top_k"], len(made["messages"])) == ("m", 20, 2)


# Replies


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning"])
def test_reasoning_in_a_field_of_its_own_is_kept_apart(key: str) -> None:
    reply = read_reply(body('{"ok": true}', **{key: "I see\na car."}), BUDGET, Marks())
    assert (reply.text, reply.reasoning) == ('{"ok": true}', "I see\na car.")


@pytest.mark.parametrize(
    ("content", "marks"),
    [
        ('<think>I see {"a": 1}</think>\n\n{"ok": true}', Marks()),
        ('I see {"a": 1}\n</think>{"ok": true}', Marks()),  # the chat template wrote the opening mark
        ('\n<think>I see {"a": 1}</think></think>{"ok": true}', Marks()),
        ('◁think▷I see {"a": 1}◁/think▷{"ok": true}', KIMI),
    ],
)
def test_reasoning_between_marks_is_kept_apart(content: str, marks: Marks) -> None:
    reply = read_reply(body(content), BUDGET, marks)
    assert (reply.text, reply.reasoning) == ('{"ok": true}', 'I see {"a": 1}')


def test_no_reasoning_is_none_and_not_an_empty_text() -> None:
    for empty in (None, "", " \n"):
        assert read_reply(body("{}", reasoning_content=empty), BUDGET, Marks()).reasoning is None


def test_usage_is_read_where_the_server_tells_it() -> None:
    usage = read_reply(body("{}", usage={"prompt_tokens": 5, "completion_tokens": "?"}), BUDGET, Marks()).usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens) == (5, None)
    assert read_reply(body("{}"), BUDGET, Marks()).usage is None


def test_a_reply_that_used_up_its_budget_says_which_numbers_to_raise() -> None:
    cut = body('{"ok": t', "length", {"prompt_tokens": 5, "completion_tokens": 40})
    with pytest.raises(ReplyCut, match=r"after 40 tokens \(answer_tokens 10 \+ thinking_tokens 30\)"):
        read_reply(cut, BUDGET, Marks())


def test_a_reply_cut_by_the_servers_context_says_so() -> None:
    cut = body('{"ok": t', "length", {"prompt_tokens": 8000, "completion_tokens": 20})
    with pytest.raises(ReplyCut, match=r"20 of 40 tokens .*context is full \(8000 tokens of prompt\)"):
        read_reply(cut, BUDGET, Marks())


@pytest.mark.parametrize(
    "message", [{"content": "<think>On and on"}, {"content": "", "reasoning_content": "On and on"}]
)
def test_a_reply_cut_while_thinking_says_so(message: dict[str, Any]) -> None:
    content = message.pop("content")
    with pytest.raises(ReplyCut, match="while it was still thinking"):
        read_reply(body(content, "length", **message), BUDGET, Marks())


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "is not JSON: it is empty"),
        (b"<html>Bad gateway</html>", "is not JSON: <html>Bad gateway"),
        (b"\xff\xfe", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[1]", "is not a JSON object"),
        (b'{"error": {"message": "out of memory"}}', "has no choices: out of memory"),
        (b'{"choices": []}', "has no choices"),
        (b'{"choices": [{"text": "{}"}]}', "has no message"),
        (body(None), "it is empty"),
        (body("  ", "content_filter"), "content_filter"),
        (body("", reasoning_content="hm"), "it thought, but gave no answer"),
        (body("<think>hm</think>"), "it thought, but gave no answer"),
    ],
)
def test_what_is_no_reply_is_named(raw: bytes, said: str) -> None:
    with pytest.raises(ReplyInvalid) as caught:
        read_reply(raw, BUDGET, Marks())
    assert said in str(caught.value)
    assert len(str(caught.value)) < 400


def test_half_a_surrogate_pair_becomes_text_that_can_be_stored() -> None:
    raw = b'{"choices": [{"message": {"content": "{\\ud800}", "reasoning": "a\\udfff"}, "finish_reason": "stop"}]}'
    reply = read_reply(raw, BUDGET, Marks())
    assert (reply.text, reply.reasoning) == ("{?}", "a?")


def test_reasoning_cannot_steer_a_terminal() -> None:
    reply = read_reply(body("{}", reasoning_content="\x1b[2J\x1b]0;title\x07a\u202eb\x00\r\nc"), BUDGET, Marks())
    assert reply.reasoning == "ab \nc"


# Errors


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b'{"error": {"message": "context too long", "type": "x"}}', "context too long"),
        (b'{"error": "no such model"}', "no such model"),
        (b'{"object": "error", "message": "bad"}', "bad"),
        (b'{"detail": "Not Found"}', "Not Found"),
        (b"Service Unavailable\n", "Service Unavailable"),
        (b"", "no message"),
        (b"\x1b[31mred\x1b[0m \x1b]8;;http://evil\x07link\x07", "red link"),
    ],
)
def test_the_servers_own_message_is_shown_as_plain_text(raw: bytes, said: str) -> None:
    assert error_message(Answer(500, {}, raw)) == said


def test_a_huge_message_is_trimmed() -> None:
    assert len(error_message(Answer(500, {}, b"x" * 1_000_000))) <= 301
    assert len(error_message(Answer(500, {}, json.dumps({"error": "y" * 1_000_000}).encode()))) <= 301
    assert len(plain("z " * 1_000_000)) <= 301


def test_a_key_that_the_server_echoes_is_not_shown() -> None:
    refused = Refused(Answer(401, {}, b'{"error": {"message": "Incorrect API key: sk-secret"}}'), "sk-secret")
    assert refused.reason == "401: Incorrect API key: [key]"


def test_a_redirect_says_where_to() -> None:
    refused = Refused(Answer(302, {"location": "https://elsewhere/v1"}, b""))
    assert refused.reason == "302: it redirects to https://elsewhere/v1, which is not followed"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("3", 3.0),
        ("Sun, 01 Nov 2026 12:00:30 GMT", 30.0),
        ("Sun, 01 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-1", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    assert retry_after_s({"retry-after": value}, datetime(2026, 11, 1, 12, tzinfo=UTC)) == seconds
