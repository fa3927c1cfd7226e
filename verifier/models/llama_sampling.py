"""Choosing the next token: sampling, and a grammar that what is chosen must follow."""

import ctypes
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import llama_cpp.llama_cpp as c
import numpy as np

from scenario.errors import ConfigError, ReplyInvalid
from verifier.models.llama_native import Native

_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)], align=True)
_NONE = -1
_UINT32 = 0xFFFFFFFF


@dataclass(frozen=True)
class Sampling:
    """How a token is drawn. A temperature of 0 takes the likeliest."""

    temperature: float
    top_p: float
    top_k: int
    min_p: float
    seed: int


class Sampler:
    """Draws tokens one after another, after the model's last evaluation. Close it, or use it as a context manager.

    With a `grammar` (GBNF), what is drawn follows it, and the text ends only where it is whole. The tokens in `banned`
    are never drawn. As llama.cpp does it: the grammar is asked about the drawn token alone, and about the whole
    vocabulary only if that one does not fit, which is rare with a model that knows what is wanted.
    """

    def __init__(
        self, native: Native, sampling: Sampling, *, grammar: str | None = None, banned: Sequence[int] = ()
    ) -> None:
        self._native, self._banned = native, np.asarray(banned, dtype=np.int64)
        self._stack = ExitStack()
        self._chain = c.llama_sampler_chain_init(c.llama_sampler_chain_default_params())
        self._stack.callback(c.llama_sampler_free, self._chain)
        for part in _chain(sampling):
            c.llama_sampler_chain_add(self._chain, part)
        self._grammar = self._read(grammar) if grammar is not None else None
        self._candidates = np.zeros(native.vocabulary_size, dtype=_CANDIDATE)
        self._ids = np.arange(native.vocabulary_size, dtype=np.int32)

    def __enter__(self) -> "Sampler":
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stack.close()

    def draw(self) -> int:
        """The next token, or the one that ends the text. Raises `ReplyInvalid` when no token fits the grammar."""
        token = self._drawn(constrained=False)
        if self._grammar is not None and (token == _NONE or not self._fits(token)):
            token = self._drawn(constrained=True)
        if token == _NONE:
            raise ReplyInvalid("no token of the model's vocabulary can go on with the answer")
        for sampler in filter(None, (self._chain, self._grammar)):
            c.llama_sampler_accept(sampler, token)
        return token

    def _read(self, grammar: str) -> Any:
        read = c.llama_sampler_init_grammar(self._native.vocab, grammar.encode("utf-8"), b"root")
        if not read:
            raise ConfigError(f"llama.cpp cannot read a grammar of {len(grammar)} characters: {grammar[:80]!r}…")
        self._stack.callback(c.llama_sampler_free, read)
        return read

    def _drawn(self, *, constrained: bool) -> int:
        logits = c.llama_get_logits_ith(self._native.context, -1)
        found = self._candidates
        found["id"] = self._ids  # in order again: samplers sort
        found["logit"] = np.ctypeslib.as_array(logits, shape=(len(found),))
        found["logit"][self._banned] = -np.inf
        candidates = _array(found)
        if constrained:
            c.llama_sampler_apply(self._grammar, ctypes.byref(candidates))
        if not np.isfinite(found["logit"]).any():
            return _NONE
        c.llama_sampler_apply(self._chain, ctypes.byref(candidates))
        return int(candidates.data[candidates.selected].id)

    def _fits(self, token: int) -> bool:
        one = np.array([(token, 0.0, 0.0)], dtype=_CANDIDATE)
        candidates = _array(one)
        c.llama_sampler_apply(self._grammar, ctypes.byref(candidates))
        return bool(np.isfinite(one["logit"][0]))


def _chain(sampling: Sampling) -> list[Any]:
    if sampling.temperature <= 0:
        return [c.llama_sampler_init_greedy()]
    return [
        c.llama_sampler_init_top_k(sampling.top_k),
        c.llama_sampler_init_top_p(sampling.top_p, 1),
        c.llama_sampler_init_min_p(sampling.min_p, 1),
        c.llama_sampler_init_temp(sampling.temperature),
        c.llama_sampler_init_dist(sampling.seed & _UINT32),
    ]


def _array(candidates: "np.ndarray[Any, Any]") -> Any:
    """llama.cpp's view of the candidates, which it sorts and cuts in place."""
    data = candidates.ctypes.data_as(c.llama_token_data_p)
    return c.llama_token_data_array(data, len(candidates), _NONE, False)
