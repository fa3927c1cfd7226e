"""The `openai` chat model: any server that speaks OpenAI's chat completions, or several that serve the same model.

llama-server, llama-cpp-python's server, vLLM, LM Studio, Ollama. Each endpoint is asked once how it can be held to a
schema; requests go to the least busy one, and those that fail for the server's sake go on to the next.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import inf
from random import random
from threading import Condition, Lock
from time import monotonic
from typing import Any, Literal, NoReturn

from pydantic import Field, field_validator

from scenario.config import options as validated
from scenario.errors import ConfigError, DeadlinePassed, ModelUnavailable, ReplyInvalid, ScoutError
from scenario.ledger import digest
from scenario.protocols import Deadline
from scenario.records import Record
from verifier.models.base import ChatReply, ChatRequest
from verifier.models.pool import Failure, Lease, Pool, Wait
from verifier.models.probe import EndpointReport, caller, only_model, probe, response_format
from verifier.models.thinking import Marks
from verifier.models.transport import CallFailed, Transport, key_in
from verifier.models.turn import Turn
from verifier.models.wire import Budget, Refused, ResponseFormat, address, chat_body, read_reply

OWNER = "openai"
LONGEST_S = 86_400.0  # a day: "no limit" is a number too large for a clock
OUT = frozenset({301, 302, 303, 307, 308, 401, 403, 404})  # asking this endpoint again is of no use
AGAIN = frozenset({408, 409, 429})  # and every 5xx
OVERLOADED = frozenset({429, 502, 503, 504})  # the server's state; other 5xx may be this request's fault
# llama-cpp-python's server says it of a prompt with pictures with status 500, as if another try could help.
TOO_LONG = re.compile(r"\bexceeds? (n_ctx|(the )?(available )?context)\b", re.IGNORECASE)


class OpenAISettings(Record):
    """What a profile may say."""

    endpoints: tuple[str, ...] = Field(min_length=1, description="addresses such as http://127.0.0.1:8080/v1")
    model: str | None = Field(None, min_length=1, description="the served name; not needed where only one is served")
    api_key_env: str | None = Field(None, description="the environment variable that holds the key")
    timeout_s: float = Field(300, gt=0, le=LONGEST_S, description="for one whole answer")
    connect_timeout_s: float = Field(5, gt=0, le=LONGEST_S)
    retries: int = Field(4, ge=0, le=100)
    backoff_s: float = Field(0.5, ge=0, le=60, description="the first pause of an endpoint that failed, at most")
    concurrency: int = Field(4, ge=1, le=1024, description="requests at once, for each endpoint")
    answer_tokens: int = Field(2048, ge=1)
    thinking_tokens: int = Field(3000, ge=0)
    thinking: Literal["auto", "none", "tags"] = "auto"
    think_open: str = Field("<think>", min_length=1)
    think_close: str = Field("</think>", min_length=1)
    temperature: float = Field(0.6, ge=0, le=5)
    top_p: float = Field(0.95, gt=0, le=1)
    seed: int = Field(0, ge=0)
    image_tokens: int = Field(1536, ge=1, description="for all pictures of a request")
    pixels_per_token: int = Field(784, ge=1, description="28 × 28 for Qwen's encoders")
    response_format: Literal["auto", "json_schema", "json_schema_basic", "json_object", "none"] = "auto"
    extra: dict[str, Any] = Field(default_factory=dict, description="more to send with each request")

    @field_validator("endpoints")
    @classmethod
    def _addresses(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        endpoints = tuple(address(text) for text in given)
        if len(set(endpoints)) < len(endpoints):
            raise ValueError("an endpoint stands there twice; 'concurrency' says how many requests each takes at once")
        return endpoints

    @field_validator("extra")
    @classmethod
    def _can_be_sent(cls, given: dict[str, Any]) -> dict[str, Any]:
        try:
            json.dumps(given, allow_nan=False)
        except (TypeError, ValueError) as error:  # a date of TOML, or its nan and inf
            raise ValueError(f"JSON cannot say it: {error}") from error
        return given

    @property
    def budget(self) -> Budget:
        return Budget(self.answer_tokens, 0 if self.thinking == "none" else self.thinking_tokens)

    @property
    def marks(self) -> Marks:
        return Marks(self.think_open, self.think_close)


@dataclass
class Traits:
    """What is known of one endpoint. Found out in turn, so that many threads ask once."""

    turn: Turn
    model: str | None = None
    kind: ResponseFormat | None = None


@dataclass(frozen=True)
class Session:
    """From the first request to `close`."""

    transport: Transport
    pool: Pool
    key: str | None
    traits: Mapping[str, Traits]


def openai_settings(**options: Any) -> OpenAISettings:
    """Raises `ConfigError`, which repeats neither a key nor a password that stands where none may."""
    variable = options.get("api_key_env")
    if isinstance(variable, str) and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", variable):
        _refuse_secret("'api_key_env' takes the name of an environment variable, never the key itself")
    if "@" in str(options.get("endpoints")):
        _refuse_secret("'endpoints' takes no passwords; name the variable that holds the key with 'api_key_env'")
    return validated(OpenAISettings, OWNER, options)


def openai_model(**options: Any) -> "OpenAIModel":
    """Raises `ConfigError`. Nothing is asked before the first request."""
    return OpenAIModel(openai_settings(**options))


def openai_reports(settings: OpenAISettings) -> list[EndpointReport]:
    """What each endpoint of a profile can do, found by asking it. Raises `ConfigError` where the key is not set."""
    return [
        probe(
            endpoint,
            model=settings.model,
            api_key_env=settings.api_key_env,
            connect_timeout_s=settings.connect_timeout_s,
            timeout_s=settings.timeout_s,
            marks=settings.marks,
        )
        for endpoint in settings.endpoints
    ]


class OpenAIModel:
    """A `ChatModel` over HTTP; thread-safe. `jitter`, `clock` and `wait` are injected by tests."""

    def __init__(
        self,
        settings: OpenAISettings,
        *,
        jitter: Callable[[], float] = random,
        clock: Callable[[], float] = monotonic,
        wait: Wait = Condition.wait,
    ) -> None:
        self._settings = settings
        self._jitter, self._clock, self._wait = jitter, clock, wait
        self._lock = Lock()
        self._session: Session | None = None

    @property
    def name(self) -> str:
        return self._settings.model or "the served model"

    @property
    def fingerprint(self) -> str:
        """Of the model, what it is asked for and how; not of the endpoints, for a model is the same on every host.

        Where no model is named, one that is served in place of another is taken for the same.
        """
        ours = self._settings
        formed = [ours.response_format, ours.thinking, ours.think_open, ours.think_close, self.picture_pixels]
        return digest(OWNER, ours.model, self._sampling(0), ours.budget.answer, ours.budget.thinking, *formed)

    @property
    def concurrency(self) -> int:
        return self._settings.concurrency * len(self._settings.endpoints)

    @property
    def picture_pixels(self) -> int:
        return self._settings.image_tokens * self._settings.pixels_per_token

    @property
    def settings(self) -> Mapping[str, str | int | float]:
        ours = self._settings
        names = ("temperature", "top_p", "seed", "image_tokens", "thinking", "response_format")
        budget = {"answer_tokens": ours.budget.answer, "thinking_tokens": ours.budget.thinking}
        return {name: getattr(ours, name) for name in names} | budget

    def complete(self, request: ChatRequest, *, deadline: Deadline) -> ChatReply:
        """Raises `ModelUnavailable`, `ReplyCut`, `ReplyInvalid`, `DeadlinePassed`; `ScoutError` for a request that the
        server refuses, which it would refuse again; `ConfigError` without a key or a model's name that it needs."""
        session = self._open()
        attempts = max(self._settings.retries + 1, len(self._settings.endpoints))
        last: CallFailed | Refused | None = None
        for _ in range(attempts):
            lease = session.pool.take(deadline)
            failure: Failure | None = None
            answered = True
            try:
                return self._ask(session, lease, request, deadline)
            except DeadlinePassed:
                answered = False
                raise
            except CallFailed as failed:
                failure, last = _failure_of_call(failed), failed
                _raise_if_final(lease, failed)
            except Refused as refused:
                failure, last = _failure_of_answer(refused), refused
                if failure is None:
                    raise ScoutError(f"{lease.endpoint} refused the request: {refused.reason}") from refused
            finally:
                session.pool.give_back(lease, failure, answered=answered)
        if isinstance(last, Refused) and last.status not in OVERLOADED | OUT:
            raise ScoutError(f"the server failed to answer, {attempts} times; the last: {last.reason}") from last
        raise session.pool.unavailable() from last

    def close(self) -> None:
        """Requests under way end with `ModelUnavailable`; a later one opens what it needs again."""
        with self._lock:
            session, self._session = self._session, None
        if session is not None:
            session.pool.close()
            session.transport.close()

    def _open(self) -> Session:
        ours = self._settings
        with self._lock:
            if self._session is None:
                key = key_in(ours.api_key_env)
                pool = Pool(
                    ours.endpoints,
                    concurrency=ours.concurrency,
                    backoff_s=ours.backoff_s,
                    clock=self._clock,
                    wait=self._wait,
                    jitter=self._jitter,
                )
                transport = Transport(ours.endpoints, connect_timeout_s=ours.connect_timeout_s, key=key)
                traits = {endpoint: Traits(Turn(self._clock)) for endpoint in ours.endpoints}
                self._session = Session(transport, pool, key, traits)
            return self._session

    def _ask(self, session: Session, lease: Lease, request: ChatRequest, deadline: Deadline) -> ChatReply:
        """One attempt. Raises `CallFailed` and `Refused` besides what `complete` raises."""
        try:
            model, kind = self._traits(session, lease.endpoint, deadline)
            body = chat_body(request, model, kind, self._settings.budget, self._sampling(request.sample))
            begun_s = self._clock()
            call = caller(session.transport, lease.endpoint, self._limit_s(deadline), deadline)
            answer = call("POST", "/chat/completions", body)
        except CallFailed as failed:
            if failed.fault == "cancelled":
                raise DeadlinePassed(f"{lease.endpoint} had not answered when the request was cancelled") from failed
            if failed.fault == "too slow" and deadline.at_s is not None and self._clock() >= deadline.at_s:
                raise DeadlinePassed(f"{lease.endpoint} had not answered when the deadline passed") from failed
            raise
        if answer.status != 200:
            raise Refused(answer, session.key)
        reply = read_reply(answer.body, self._settings.budget, self._settings.marks)
        return replace(reply, latency_s=self._clock() - begun_s, notes=self._notes(model, kind))

    def _traits(self, session: Session, endpoint: str, deadline: Deadline) -> tuple[str, ResponseFormat]:
        """The model's name and the answer's format at an endpoint, asking it where the settings do not say."""
        traits = session.traits[endpoint]
        with traits.turn.taken(deadline, f"{endpoint} was asked what it can do"):
            call = caller(session.transport, endpoint, self._limit_s(deadline), deadline)
            if traits.model is None:
                traits.model = self._settings.model or only_model(call, session.key)
            if traits.kind is None:
                traits.kind = self._format() or response_format(call, traits.model, session.key)
            return traits.model, traits.kind

    def _format(self) -> ResponseFormat | None:
        """The format that the settings decide. A model that thinks in its content could not, held to a schema."""
        if self._settings.response_format == "auto":
            return "none" if self._settings.thinking == "tags" else None
        return self._settings.response_format

    def _sampling(self, sample: int) -> dict[str, Any]:
        ours = self._settings
        return {**ours.extra, "temperature": ours.temperature, "top_p": ours.top_p, "seed": ours.seed + sample}

    def _notes(self, model: str, kind: ResponseFormat) -> tuple[str, ...]:
        found = () if self._settings.model else (f"the server calls its model {model!r}",)
        return (*found, "the server does not hold the model to the schema") if kind == "none" else found

    def _limit_s(self, deadline: Deadline) -> float:
        return max(0.001, min(self._settings.timeout_s, self._left_s(deadline)))

    def _left_s(self, deadline: Deadline) -> float:
        return inf if deadline.at_s is None else deadline.at_s - self._clock()


def _failure_of_call(failed: CallFailed) -> Failure | None:
    """What the pool learns about an endpoint from a call without an answer."""
    return None if failed.fault in ("too large", "closed") else Failure(failed.reason)


def _failure_of_answer(refused: Refused) -> Failure | None:
    """What the pool learns from an answer that is no reply; None where only the request is at fault."""
    if refused.status in OUT:
        return Failure(f"{refused.reason}{_hint(refused.status)}", out=True)
    if TOO_LONG.search(refused.reason):
        return None
    if refused.status in AGAIN or refused.status >= 500:
        return Failure(refused.reason, rest_s=refused.rest_s)
    return None


def _hint(status: int) -> str:
    if status in (401, 403):
        return " ('api_key_env' names the environment variable that holds the key)"
    return " (does the address end in /v1, and is 'model' the served name?)" if status == 404 else ""


def _raise_if_final(lease: Lease, failed: CallFailed) -> None:
    """A request that was too slow would be so again, and would cost as much again."""
    if failed.fault == "closed":
        raise ModelUnavailable(failed.reason) from failed
    if failed.fault == "too slow":
        raise DeadlinePassed(f"{lease.endpoint}: {failed.reason} (timeout_s)") from failed
    if failed.fault == "too large":
        raise ReplyInvalid(f"{lease.endpoint}: {failed.reason}") from failed


def _refuse_secret(rule: str) -> NoReturn:
    raise ConfigError(f"{OWNER}: option {rule}")  # which is not repeated here
