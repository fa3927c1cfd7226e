"""What a model server can do, found by asking it: tiny real requests, each to the endpoint that was named.

Nothing is believed because a server accepted it. A schema counts as taken when an answer follows it that nobody would
give unasked, and a picture when the prompt's length shows it.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from time import perf_counter
from typing import Any, Literal

from scenario.errors import ConfigError, ReplyInvalid
from scenario.images import jpeg
from scenario.protocols import Deadline
from scenario.records import Record
from verifier.models.base import ChatRequest, Picture
from verifier.models.thinking import Marks
from verifier.models.transport import NEVER, CallFailed, Transport, key_in
from verifier.models.wire import (
    Answer,
    Budget,
    Refused,
    ResponseFormat,
    address,
    chat_body,
    plain,
    prompt_tokens,
    reasoning_place,
)

Call = Callable[[str, str, Mapping[str, Any] | None], Answer]  # method, path below the endpoint, body

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {"ok": {"type": "boolean"}, "word": {"type": "string", "maxLength": 8}},  # a limit, as ours have
    "required": ["ok", "word"],
    "additionalProperties": False,
}
GREETING = "Say hello."  # whose answer follows the schema only if the server makes it
MARKS = Marks()
SAMPLING = {"temperature": 0.0}
SHORT, LONGER = Budget(answer=1, thinking=0), Budget(answer=64, thinking=0)
UNWELL = frozenset({401, 403, 404, 408, 429, 502, 503, 504})  # says nothing about what was asked for
PICTURE_SIDE_PX = 64  # some encoders refuse less than 28
PROPERTIES = "/../props"  # beside the folder /v1 of the API, as llama-server has it
FORMATS: tuple[ResponseFormat, ...] = ("json_schema", "json_schema_basic", "json_object")


class EndpointReport(Record):
    """What one endpoint can do. None: not found out. `error` says what stopped the probe."""

    endpoint: str
    reachable: bool
    error: str | None = None
    models: tuple[str, ...] = ()
    model: str | None = None  # the one that was asked
    response_format: ResponseFormat | None = None
    pictures: bool | None = None
    reasoning: Literal["apart", "in the content", "none seen"] | None = None
    context_tokens: int | None = None
    latency_s: float | None = None  # of a request for one token

    @property
    def usable(self) -> bool:
        """Whether scouts can use it. A judge, who reads only, needs no pictures."""
        return self.reachable and self.error is None and self.pictures is not False

    def lines(self) -> list[str]:
        """For people: one line for each thing found, the endpoint first."""
        return [self.endpoint, *(f"  {name:<14}{text}" for name, text in self._findings())]

    def _findings(self) -> Iterator[tuple[str, str]]:
        yield "reachable", "yes" if self.reachable else "no"
        if self.error:
            yield "problem", self.error
        if self.models:
            yield "models", ", ".join(self.models[:8]) + (f" and {len(self.models) - 8} more" * (len(self.models) > 8))
        if self.model:
            yield "asked", self.model
        if self.latency_s is not None:
            yield "one token", f"{self.latency_s:.2f} s"
        if self.response_format:
            yield "answer format", FORMAT_TEXTS[self.response_format]
        if self.pictures is not None:
            yield "pictures", "yes" if self.pictures else "no: it can judge, but not scout"
        if self.reasoning:
            yield "reasoning", self.reasoning
        if self.context_tokens:
            yield "context", f"{self.context_tokens:,} tokens"


FORMAT_TEXTS: Mapping[ResponseFormat, str] = {
    "json_schema": "json_schema: answers follow the schema",
    "json_schema_basic": "json_schema without limits of length: answers follow it so far",
    "json_object": "json_object with a schema: answers follow the schema",
    "none": "not constrained: the schema stands in the prompt, and answers may break it",
}


def probe(
    endpoint: str,
    *,
    model: str | None = None,
    api_key_env: str | None = None,
    connect_timeout_s: float = 5.0,
    timeout_s: float = 60.0,
    marks: Marks = MARKS,
    clock: Callable[[], float] = perf_counter,
) -> EndpointReport:
    """Ask one endpoint what it can do, in some nine small requests. Raises `ConfigError` for what is no address, or
    where the key is not set."""
    try:
        endpoint = address(endpoint)
    except ValueError as error:
        raise ConfigError(f"openai: endpoint {endpoint!r}: {error}") from error
    key = key_in(api_key_env)
    transport = Transport([endpoint], connect_timeout_s=connect_timeout_s, key=key)
    found: dict[str, Any] = {"endpoint": endpoint, "reachable": False}
    try:
        for name, value in _found(caller(transport, endpoint, timeout_s), model, marks, clock, key):
            found |= {name: value, "reachable": True}
    except CallFailed as failed:
        found["error"] = failed.reason
    except Refused as refused:
        found |= {"reachable": True, "error": refused.reason}
    except (ReplyInvalid, ConfigError) as invalid:
        found |= {"reachable": True, "error": str(invalid)}
    finally:
        transport.close()
    return EndpointReport(**found)


def caller(transport: Transport, endpoint: str, limit_s: float, deadline: Deadline = NEVER) -> Call:
    """Calls of at most `limit_s` each, which are cut when `deadline` is cancelled."""

    def call(method: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        return transport.call(method, endpoint + path, body, limit_s=limit_s, deadline=deadline)

    return call


def only_model(call: Call, key: str | None = None) -> str:
    """The name of the one model that the server lists. Raises `ConfigError` when it lists none or several."""
    names = [name for name, _ in _listed(call, key)]
    if len(names) != 1:
        listed = f"{len(names)} models ({', '.join(names[:8])})" if names else "no model"
        raise ConfigError(f"openai: the server lists {listed}; name one with the option 'model'")
    return names[0]


def response_format(call: Call, model: str, key: str | None = None) -> ResponseFormat:
    """The strictest way in which the server holds a model to a schema. Raises `Refused` when it is not well."""
    answers = []
    for kind in FORMATS:
        answer = _said(call, model, kind, LONGER)
        if answer.status in UNWELL:
            raise Refused(answer, key)
        if answer.status == 200 and _follows(answer.body):
            return kind
        answers.append(answer)
    if all(answer.status >= 500 for answer in answers):  # because of the format, or whatever it is asked?
        _well(_said(call, model, None, SHORT), key)
    return "none"


def _found(
    call: Call, model: str | None, marks: Marks, clock: Callable[[], float], key: str | None
) -> Iterator[tuple[str, Any]]:
    """Findings by name, as they come."""
    listed = _listed(call, key)
    yield "models", tuple(name for name, _ in listed)
    asked = model or only_model(call, key)
    yield "model", asked
    begun_s = clock()
    _well(_said(call, asked, None, SHORT), key)
    yield "latency_s", clock() - begun_s
    greeting = _well(_said(call, asked, None, LONGER), key)
    yield "reasoning", reasoning_place(greeting.body, marks) or "none seen"
    yield "response_format", response_format(call, asked, key)
    yield "pictures", _takes_pictures(call, asked, prompt_tokens(greeting.body), key)
    yield "context_tokens", _context(call, dict(listed).get(asked, {}))


def _listed(call: Call, key: str | None) -> list[tuple[str, Mapping[str, Any]]]:
    """Names of the served models, each with what else the server says about it."""
    data = _json(_well(call("GET", "/models", None), key).body).get("data")
    entries = [entry for entry in data if isinstance(entry, Mapping)] if isinstance(data, list) else []
    return [(plain(entry["id"]), entry) for entry in entries if isinstance(entry.get("id"), str)]


def _said(call: Call, model: str, kind: ResponseFormat | None, budget: Budget, *pictures: Picture) -> Answer:
    request = ChatRequest(system="You are a helpful assistant.", parts=(*pictures, GREETING), schema=SCHEMA)
    return call("POST", "/chat/completions", chat_body(request, model, kind, budget, SAMPLING))


def _well(answer: Answer, key: str | None) -> Answer:
    if answer.status != 200:
        raise Refused(answer, key)
    return answer


def _follows(body: bytes) -> bool:
    """Whether an answer keeps to the schema. One that was cut is only begun: then no other beginning may be seen."""
    choices = _json(body).get("choices")
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], Mapping) else {}
    message = choice.get("message")
    content = message.get("content") if isinstance(message, Mapping) else None
    text = content.strip() if isinstance(content, str) else ""
    if choice.get("finish_reason") == "length":
        return text.startswith("{") or not text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    if not isinstance(value, dict) or value.keys() != set(SCHEMA["required"]):
        return False
    return isinstance(value["ok"], bool) and isinstance(value["word"], str)


def _takes_pictures(call: Call, model: str, tokens_without: int | None, key: str | None) -> bool:
    """Some servers take a picture and drop it, and some spell it out as text: seen, it makes the prompt longer, and
    by as much as any other picture of its size, however long its file is."""
    counts = []
    for picture in _pictures():
        answer = _said(call, model, None, SHORT, picture)
        if answer.status in UNWELL:
            raise Refused(answer, key)
        if answer.status != 200:
            return False
        counts.append(prompt_tokens(answer.body))
    plain_one, busy_one = counts
    if plain_one is None or busy_one is None or tokens_without is None:
        return True  # as far as the server says
    return tokens_without < plain_one == busy_one


def _context(call: Call, listed: Mapping[str, Any]) -> int | None:
    """vLLM lists it beside the model's name; llama-server tells what one slot has in its properties."""
    said = listed.get("max_model_len")
    if not isinstance(said, int):
        answer = call("GET", PROPERTIES, None)
        generation = _json(answer.body).get("default_generation_settings") if answer.status == 200 else None
        said = generation.get("n_ctx") if isinstance(generation, Mapping) else None
    return said if isinstance(said, int) and said > 0 else None  # a router of models says 0


def _json(body: bytes) -> Mapping[str, Any]:
    """The object in a body; an empty one where there is none."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, Mapping) else {}


def _pictures() -> tuple[Picture, Picture]:
    """Two of one size, one with much more to say."""
    from PIL import Image

    size = (PICTURE_SIDE_PX, PICTURE_SIDE_PX)
    busy = Image.radial_gradient("L").resize(size).convert("RGB")
    return Picture("plain", jpeg(Image.new("RGB", size, "grey"))), Picture("busy", jpeg(busy))
