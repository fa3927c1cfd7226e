"""Names to back ends. Listing a name costs nothing; only `create` imports it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Generic, TypeVar, cast

from scenario.errors import MissingExtra, UnknownBackend
from scenario.protocols import Answerer, Embedder, Grounder, Judge

T = TypeVar("T")
OUR_ROOMS = frozenset({"scenario", "search", "verifier", "indexer", "gold_set", "server", "semdrive"})


@dataclass(frozen=True)
class Registry(Generic[T]):
    kind: str
    targets: Mapping[str, str]  # name -> "module:factory"
    extras: Mapping[str, str] = field(default_factory=dict)  # name -> pip extra

    def create(self, name: str, /, **options: Any) -> T:
        """The back end `name`. Raises `UnknownBackend`, or `MissingExtra` when its package is not installed."""
        if name not in self.targets:
            raise UnknownBackend(self.kind, name, self.targets)
        module, _, factory = self.targets[name].partition(":")
        try:
            return cast("T", getattr(import_module(module), factory)(**options))
        except ModuleNotFoundError as error:
            if name not in self.extras or (error.name or "").partition(".")[0] in OUR_ROOMS:
                raise  # a bug of ours, not a missing extra
            raise MissingExtra(self.kind, name, self.extras[name]) from error


GROUNDERS: Registry[Grounder] = Registry(
    "grounder",
    {
        "annotations": "indexer.grounding.annotations:AnnotationGrounder",
        "yoloe": "indexer.grounding.yoloe:yoloe_grounder",
    },
    {"yoloe": "vision"},
)
SCOUTS: Registry[Answerer] = Registry(
    "scout",
    {
        "rules": "verifier.scouts.rules:rules_scout",
        "llama_cpp": "verifier.scouts.vision:llama_cpp_scout",
        "openai": "verifier.scouts.vision:openai_scout",
    },
    {"llama_cpp": "llama"},
)
JUDGES: Registry[Judge] = Registry(
    "judge", {"vote": "verifier.judges.vote:vote_judge", "llm": "verifier.judges.llm:llm_judge"}, {"llm": "llama"}
)
EMBEDDERS: Registry[Embedder] = Registry("embedder", {"sentence_transformers": "search.embedding:SentenceEmbedder"})
