"""The seam between what is asked (prompts, schemas) and who answers: in process, or a server."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from scenario.protocols import Deadline
from scenario.records import Usage


@dataclass(frozen=True)
class Picture:
    """One picture on its way to a model: JPEG bytes, and what to call it in the prompt (the camera)."""

    name: str
    jpeg: bytes


@dataclass(frozen=True)
class ChatRequest:
    """One turn. `system` is the same for every frame, so a model may evaluate it once and keep it.

    `schema` is the JSON schema that the answer must follow. A thinking model thinks first, freely and within its own
    budget, and then writes the answer. `sample` counts the answers to one and the same request, from 0: each gets a
    seed of its own, and the same sample of the same request is the same answer wherever the model allows that.
    """

    system: str
    parts: tuple[str | Picture, ...]
    schema: Mapping[str, Any]
    sample: int = 0


@dataclass(frozen=True)
class ChatReply:
    """`text` is JSON that follows the schema. `reasoning` is what the model thought before, apart from the answer."""

    text: str
    reasoning: str | None = None
    usage: Usage | None = None
    latency_s: float | None = None
    notes: tuple[str, ...] = ()


class ChatModel(Protocol):
    """Answers requests. Raises `ModelUnavailable`, `ReplyCut`, `ReplyInvalid` (no answer at all), `DeadlinePassed`, or
    a plain `ScoutError` for a request that is refused; and `ConfigError` (a missing key, `WeightsMissing`,
    `MissingExtra`) when it is first used."""

    @property
    def name(self) -> str:
        """The model, for people: a file or a served model's name."""
        ...

    @property
    def fingerprint(self) -> str:
        """Everything that decides what it answers: the model's file or name, its sampling. Never loads the model."""
        ...

    @property
    def concurrency(self) -> int:
        """How many requests it takes at once, from as many threads."""
        ...

    @property
    def picture_pixels(self) -> int:
        """How many pixels all pictures of one request may have together: its image-token budget, in pixels."""
        ...

    @property
    def settings(self) -> Mapping[str, str | int | float]:
        """The sampling, to be stored with every report: seed, temperature, budgets."""
        ...

    def complete(self, request: ChatRequest, *, deadline: Deadline) -> ChatReply: ...

    def close(self) -> None: ...
