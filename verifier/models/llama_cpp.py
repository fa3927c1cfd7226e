"""A GGUF model in this process, by llama.cpp: it thinks if it can, and then answers within the schema's grammar.

This module is light: llama.cpp is imported when the model is first asked.
"""

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from scenario.config import options
from scenario.errors import ConfigError, MissingExtra, ModelUnavailable, WeightsMissing
from scenario.ledger import digest
from scenario.protocols import Deadline
from scenario.records import Record
from scenario.weights import locate
from verifier.models.base import ChatReply, ChatRequest
from verifier.models.turn import Turn

if TYPE_CHECKING:
    from verifier.models.llama_loaded import LoadedModel
    from verifier.models.llama_session import Work

OWNER = "llama_cpp"
NEVER = Deadline()
PACKAGE = "llama-cpp-python"
REPLIES = "llama-reply-1"  # part of the fingerprint: raise it when prompts, grammars or sampling change here


class LlamaSettings(Record):
    """Options of a `llama_cpp` scout or judge. Budgets are in tokens."""

    model: str = Field(min_length=1, description="the GGUF file: a path, or hf:OWNER/REPOSITORY/FILE")
    projector: str | None = Field(None, min_length=1, description="its mmproj file; without one it sees no pictures")
    context_tokens: int = Field(16_384, ge=256)
    answer_tokens: int = Field(1024, ge=1)
    thinking: Literal["none", "tags"] = "none"
    thinking_tokens: int = Field(3000, ge=1)
    think_open: str = Field("<think>", min_length=1)
    think_close: str = Field("</think>", min_length=1)
    image_tokens: int = Field(1536, ge=1, description="for all pictures of a request together")
    pixels_per_token: int = Field(784, ge=1, description="28 × 28, or 32 × 32 for Qwen3-VL")
    temperature: float = Field(0.6, ge=0, le=5)
    top_p: float = Field(0.95, gt=0, le=1)
    top_k: int = Field(20, ge=0, description="0: any number of tokens")
    min_p: float = Field(0.0, ge=0, le=1)
    seed: int = Field(1, ge=0)
    gpu_layers: int = Field(-1, ge=-1, description="-1: all of them")
    threads: int | None = Field(None, ge=1)
    flash_attention: bool | None = Field(None, description="unsaid: where llama.cpp finds it possible")
    keep_prefix: bool = Field(True, description="evaluate what prompts begin with alike once")

    @property
    def thought_budget(self) -> int:
        return self.thinking_tokens if self.thinking == "tags" else 0

    @property
    def image_budget(self) -> int:
        return self.image_tokens if self.projector else 0


def llama_cpp_model(**given: Any) -> "LlamaCppModel":
    """A model with `given` as its options. Raises `ConfigError`. Neither loads nor looks for the file."""
    settings = options(LlamaSettings, OWNER, given)
    spoken_for = settings.image_budget + settings.thought_budget + settings.answer_tokens
    if spoken_for >= settings.context_tokens:
        raise ConfigError(
            f"{OWNER}: {settings.image_budget} tokens for pictures + {settings.thought_budget} for thinking + "
            f"{settings.answer_tokens} for the answer = {spoken_for}, which leaves nothing of context_tokens = "
            f"{settings.context_tokens} for the words of the prompt; raise it, or lower one of the budgets"
        )
    return LlamaCppModel(settings)


class LlamaCppModel:
    """A `ChatModel`. The file is loaded when it is first asked, and again when it is asked after `close`."""

    concurrency = 1  # one context: requests wait for each other

    def __init__(self, settings: LlamaSettings) -> None:
        self._settings = settings
        self._loaded: LoadedModel | None = None
        self._turn = Turn()

    @property
    def name(self) -> str:
        return Path(self._settings.model).stem

    @property
    def fingerprint(self) -> str:
        """Raises `WeightsMissing` where a file is not on this machine, `MissingExtra` without llama-cpp-python."""
        files = [_stamp(self._settings.model)]
        if self._settings.projector:
            files.append(_stamp(self._settings.projector))
        marks = [self._settings.think_open, self._settings.think_close] if self._settings.thought_budget else []
        return f"llama_cpp:{self.name}:{digest(REPLIES, files, marks, dict(self.settings))}"

    @property
    def picture_pixels(self) -> int:
        return self._settings.image_budget * self._settings.pixels_per_token

    @property
    def settings(self) -> Mapping[str, str | int | float]:
        ours = self._settings
        names = ("context_tokens", "answer_tokens", "temperature", "top_p", "top_k", "min_p", "seed")
        return {
            **{name: getattr(ours, name) for name in names},
            "thinking_tokens": ours.thought_budget,
            "image_tokens": ours.image_budget,
            "picture_pixels": self.picture_pixels,
            PACKAGE: _installed(),
        }

    @property
    def work(self) -> "Work | None":
        """What was evaluated since the file was loaded. None while it is not."""
        return self._loaded.work if self._loaded else None

    def complete(self, request: ChatRequest, *, deadline: Deadline) -> ChatReply:
        with self._turn.taken(deadline, f"{self.name} was busy with another request"):
            if self._loaded is None:
                self._loaded = _load(self._settings)
            started = monotonic()
            reply = self._loaded.reply(request, deadline)
        return ChatReply(reply.text, reply.reasoning, reply.usage, monotonic() - started, reply.notes)

    def close(self) -> None:
        with self._turn.taken(NEVER, "closing it"):
            if self._loaded is not None:
                self._loaded.close()
                self._loaded = None


def _load(settings: LlamaSettings) -> "LoadedModel":
    """Raises `MissingExtra`, `WeightsMissing` or `ModelUnavailable`."""
    model, projector = locate(settings.model), locate(settings.projector) if settings.projector else None
    try:
        from verifier.models.llama_loaded import LoadedModel, Manner
        from verifier.models.llama_native import Resources
        from verifier.models.llama_sampling import Sampling
        from verifier.models.thinking import Marks
    except ModuleNotFoundError as error:
        if error.name != "llama_cpp":
            raise
        raise MissingExtra("model", OWNER, "llama") from error
    except (OSError, RuntimeError) as error:  # the shared library of a build for another machine
        raise ModelUnavailable(f"{PACKAGE} is installed but cannot be loaded: {error}") from error
    sampling = Sampling(settings.temperature, settings.top_p, settings.top_k, settings.min_p, settings.seed)
    marks = Marks(settings.think_open, settings.think_close)
    return LoadedModel(
        Resources(
            model,
            projector,
            settings.context_tokens,
            gpu_layers=settings.gpu_layers,
            threads=settings.threads,
            flash_attention=settings.flash_attention,
        ),
        Manner(sampling, settings.answer_tokens, settings.thought_budget, marks, settings.keep_prefix),
    )


def _stamp(reference: str) -> list[str | int]:
    """A model file's name and size: hashing 20 GB would take longer than the first answer."""
    path = locate(reference)
    try:
        return [path.name, path.stat().st_size]
    except OSError as error:
        raise WeightsMissing(reference, f"it cannot be read: {error.strerror}") from error


def _installed() -> str:
    try:
        return version(PACKAGE)
    except PackageNotFoundError as error:
        raise MissingExtra("model", OWNER, "llama") from error
