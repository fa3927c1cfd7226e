"""What goes over the wire to an OpenAI-compatible server and what comes back: pure functions, no connection."""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from scenario.errors import ReplyCut, ReplyInvalid
from scenario.records import Usage
from verifier.models.base import ChatReply, ChatRequest, Picture
from verifier.models.thinking import Marks

ResponseFormat = Literal["json_schema", "json_schema_basic", "json_object", "none"]

# `uniqueItems` is refused by OpenAI and by the grammars of vLLM, and kept by none; the reader folds what is said twice.
UNSENT = frozenset({"uniqueItems"})
LIMITS = frozenset({"maxLength", "maxItems"})  # which OpenAI's strict mode refuses in part, version by version

REASONING_KEYS = ("reasoning_content", "reasoning")  # llama-server, vLLM, LM Studio; Ollama, OpenRouter
MESSAGE_LENGTH = 300  # characters kept of what a server says
TERMINAL_SEQUENCE = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|.)?", re.DOTALL)


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, whole. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Budget:
    """Tokens a reply may have. `thinking` is 0 for a model that does not think."""

    answer: int
    thinking: int

    @property
    def total(self) -> int:
        return self.answer + self.thinking


class Refused(Exception):
    """A whole answer that is no reply. Stays inside the `openai` back end, which turns it into an error users see."""

    def __init__(self, answer: Answer, secret: str | None = None) -> None:
        self.status = answer.status
        self.rest_s = retry_after_s(answer.headers)
        where = plain(answer.headers.get("location", "")) if 300 <= answer.status < 400 else ""
        said = f"it redirects to {where}, which is not followed" if where else error_message(answer, secret)
        self.reason = f"{answer.status}: {said}"
        super().__init__(self.reason)


# Requests


def address(text: str) -> str:
    """An endpoint's base address without a slash at its end. Raises `ValueError`."""
    parts = urlsplit(text.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("an endpoint is an address such as http://127.0.0.1:8080/v1")
    _ = parts.port  # which raises for what is no port
    return text.strip().rstrip("/")


def chat_body(
    request: ChatRequest, model: str, kind: ResponseFormat | None, budget: Budget, sampling: Mapping[str, Any]
) -> dict[str, Any]:
    """The JSON of one request. A server that constrains nothing gets the schema in words; without a kind it is left
    out."""
    system = f"{request.system}\n\n{_schema_in_words(request.schema)}" if kind == "none" else request.system
    return {
        **sampling,
        "model": model,
        "messages": [{"role": "system", "content": system}, {"role": "user", "content": _content(request)}],
        "max_tokens": budget.total,
        "stream": False,
        **response_format(kind, request.schema),
    }


def response_format(kind: ResponseFormat | None, schema: Mapping[str, Any]) -> dict[str, Any]:
    if kind in ("json_schema", "json_schema_basic"):
        shown = _without(schema, UNSENT if kind == "json_schema" else UNSENT | LIMITS)
        strict = {"name": "answer", "strict": True, "schema": shown}
        return {"response_format": {"type": "json_schema", "json_schema": strict}}
    if kind == "json_object":  # the way of llama-cpp-python's own server
        return {"response_format": {"type": "json_object", "schema": schema}}
    return {}


def _without(schema: Mapping[str, Any], keywords: frozenset[str]) -> dict[str, Any]:
    """The schema without some keywords, at every depth. A property may be called as a keyword is."""
    kept: dict[str, Any] = {key: value for key, value in schema.items() if key not in keywords}
    if "properties" in kept:
        kept["properties"] = {name: _without(one, keywords) for name, one in kept["properties"].items()}
    if "items" in kept:
        kept["items"] = _without(kept["items"], keywords)
    if "anyOf" in kept:
        kept["anyOf"] = [_without(one, keywords) for one in kept["anyOf"]]
    return kept


def _content(request: ChatRequest) -> str | list[dict[str, Any]]:
    """Plain text where there are no pictures: servers of text models take nothing else."""
    if not any(isinstance(part, Picture) for part in request.parts):
        return "\n".join(part for part in request.parts if isinstance(part, str))
    return [_picture(part) if isinstance(part, Picture) else {"type": "text", "text": part} for part in request.parts]


def _picture(picture: Picture) -> dict[str, Any]:
    data = b64encode(picture.jpeg).decode("ascii")
    return {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{data}"}}


def _schema_in_words(schema: Mapping[str, Any]) -> str:
    text = json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
    return f"Answer with one JSON object, and nothing else, that follows this JSON schema:\n{text}"


# Replies


def read_reply(body: bytes, budget: Budget, marks: Marks) -> ChatReply:
    """The answer and, apart from it, the reasoning. Raises `ReplyCut`, or `ReplyInvalid` where there is no answer."""
    payload = _payload(body)
    choice = _first_choice(payload)
    message = choice.get("message")
    if not isinstance(message, Mapping):
        raise ReplyInvalid(f"the server's reply has no message: {shown(body)}")
    usage = _usage(payload.get("usage"))
    reasoning, text = _apart(message, marks)
    if choice.get("finish_reason") == "length":
        raise ReplyCut(_cut(usage, budget, thinking=not text))
    if not text:
        reason = plain(str(choice.get("finish_reason") or "it does not say why"))
        thought = "it thought, but gave no answer" if reasoning else "it is empty"
        raise ReplyInvalid(f"the reply holds no answer: {thought} (finish reason: {reason})")
    return ChatReply(text=text, reasoning=reasoning, usage=usage)


def reasoning_place(body: bytes, marks: Marks) -> Literal["apart", "in the content"] | None:
    """Where a reply has its thoughts: in a field of their own, between marks, or nowhere. Raises `ReplyInvalid`."""
    message = _first_choice(_payload(body)).get("message")
    if not isinstance(message, Mapping):
        return None
    if _field(message):
        return "apart"
    return "in the content" if marks.open in str(message.get("content")) else None


def prompt_tokens(body: bytes) -> int | None:
    """How long the server says the prompt was. Raises `ReplyInvalid`."""
    usage = _usage(_payload(body).get("usage"))
    return usage.prompt_tokens if usage else None


def _payload(body: bytes) -> Mapping[str, Any]:
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        raise ReplyInvalid(f"the server's reply is not JSON: {shown(body)}") from error
    if not isinstance(payload, Mapping):
        raise ReplyInvalid(f"the server's reply is not a JSON object: {shown(body)}")
    return payload


def _first_choice(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = payload.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], Mapping):
        return choices[0]
    raise ReplyInvalid(f"the server's reply has no choices: {plain(_message_in(payload) or str(payload))}")


def _apart(message: Mapping[str, Any], marks: Marks) -> tuple[str | None, str]:
    """Reasoning and answer. A template may have written the start marker itself: the end marker alone is enough."""
    content = message.get("content")
    text = content if isinstance(content, str) else ""
    thoughts = [field] if (field := _field(message)) else []
    if marks.close in text:
        before, _, text = text.rpartition(marks.close)
        thoughts.append(before.replace(marks.open, "").replace(marks.close, ""))
    elif text.lstrip().startswith(marks.open):  # it never stopped thinking
        thoughts.append(text.replace(marks.open, ""))
        text = ""
    reasoning = "\n".join(thought for thought in map(_readable, thoughts) if thought)
    return reasoning or None, _storable(text).strip()


def _field(message: Mapping[str, Any]) -> str | None:
    found = (message.get(key) for key in REASONING_KEYS)
    return next((value for value in found if isinstance(value, str) and value.strip()), None)


def _usage(raw: object) -> Usage | None:
    if not isinstance(raw, Mapping):
        return None
    prompt, completion = (raw.get(key) for key in ("prompt_tokens", "completion_tokens"))
    return Usage(
        prompt_tokens=prompt if isinstance(prompt, int) else None,
        completion_tokens=completion if isinstance(completion, int) else None,
    )


def _cut(usage: Usage | None, budget: Budget, *, thinking: bool) -> str:
    """Whether the budget was too small, or the server's context, and which number to raise."""
    place = "while it was still thinking" if thinking and budget.thinking else "before it was whole"
    limits = f"answer_tokens {budget.answer} + thinking_tokens {budget.thinking}"
    wrote = usage.completion_tokens if usage else None
    if usage and wrote is not None and wrote < budget.total:
        return (
            f"the reply was cut {place}, after {wrote} of {budget.total} tokens ({limits}): the server's context is "
            f"full ({usage.prompt_tokens} tokens of prompt). Give the server a longer context, or lower image_tokens"
        )
    return f"the reply was cut {place}, after {budget.total} tokens ({limits}). Raise the one that was too small"


# Errors


def error_message(answer: Answer, secret: str | None = None) -> str:
    """What the server says went wrong, as one plain line, without the key it may have echoed."""
    try:
        payload = json.loads(answer.body)
    except (ValueError, RecursionError):
        payload = None
    said = _message_in(payload) if isinstance(payload, Mapping) else None
    text = said or answer.body[: 8 * MESSAGE_LENGTH].decode("utf-8", "replace")
    return plain(text.replace(secret, "[key]") if secret else text) or "no message"


def retry_after_s(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds from the Retry-After header, which holds seconds or a date; None where it says nothing readable."""
    raw = headers.get("retry-after", "").strip()
    if raw.isdecimal() and raw.isascii():
        return float(raw)
    try:
        moment = parsedate_to_datetime(raw)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - (now or datetime.now(UTC))).total_seconds())


def _message_in(payload: Mapping[str, Any]) -> str | None:
    """`{"error": {"message": …}}`, `{"error": …}`, `{"message": …}` or FastAPI's `{"detail": …}`."""
    error = payload.get("error")
    inner = error.get("message") if isinstance(error, Mapping) else error
    found = next((said for said in (inner, payload.get("message"), payload.get("detail")) if said), None)
    return None if found is None else str(found)


def shown(body: bytes) -> str:
    """The beginning of a body, for an error message."""
    return plain(body[: 8 * MESSAGE_LENGTH].decode("utf-8", "replace")) or "it is empty"


def plain(text: str) -> str:
    """One bounded line of what a server wrote, without what could steer a terminal."""
    line = " ".join(_readable(text).split())
    return line if len(line) <= MESSAGE_LENGTH else f"{line[:MESSAGE_LENGTH]}…"


def _readable(text: str) -> str:
    """Printable characters and line breaks only: reasoning is stored, embedded and shown."""
    bare = TERMINAL_SEQUENCE.sub("", _storable(text))
    return "".join(c if c.isprintable() or c in "\n\t" else " " * c.isspace() for c in bare).strip()


def _storable(text: str) -> str:
    """JSON can hold half a surrogate pair, which is no text and could be stored nowhere: it becomes a `?`."""
    return text.encode("utf-8", "replace").decode("utf-8")
