"""A model in memory, and one request from its prompt to its answer."""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from scenario.errors import ReplyCut
from scenario.protocols import Deadline
from scenario.records import Usage
from verifier.models.base import ChatReply, ChatRequest, Picture
from verifier.models.chat_template import CHATML, ChatTemplate, Marked, Piece
from verifier.models.grammar import constrain
from verifier.models.llama_native import Native, Resources, Segment, Sight, Words
from verifier.models.llama_sampling import Sampler, Sampling
from verifier.models.llama_session import CANNOT_KEEP, LlamaSession, Work
from verifier.models.thinking import Marks

NO_TEMPLATE = "the model file has no chat template: ChatML was used"


@dataclass(frozen=True)
class Manner:
    """How replies are made: budgets in tokens, and the marks around thoughts."""

    sampling: Sampling
    answer_tokens: int
    thinking_tokens: int  # 0: it does not think
    marks: Marks
    keep_prefix: bool = True


@dataclass(frozen=True)
class _Thoughts:
    text: str | None
    tokens: int
    notes: tuple[str, ...] = ()


class LoadedModel:
    """Answers one request at a time. Raises as `ChatModel` says; what was read before an error is kept."""

    def __init__(self, resources: Resources, manner: Manner) -> None:
        self._native = Native(resources)
        self._manner, self._context_tokens = manner, resources.context_tokens
        self._session = LlamaSession(self._native, keep=manner.keep_prefix)
        template = self._native.template
        self._template = ChatTemplate(template or CHATML, self._native.bos, self._native.eos)
        self._untold = [] if template else [NO_TEMPLATE]

    @property
    def work(self) -> Work:
        return self._session.work

    def close(self) -> None:
        self._native.close()

    def reply(self, request: ChatRequest, deadline: Deadline) -> ChatReply:
        sampling = replace(self._manner.sampling, seed=self._manner.sampling.seed + request.sample)
        grammar = _grammar(json.dumps(request.schema))
        with ExitStack() as pictures:
            segments, returning = self._prompt(request, pictures)
            self._check_room(segments)
            self._session.read(segments, returning, deadline)
        thoughts = self._think(sampling, deadline) if self._manner.thinking_tokens else _Thoughts(None, 0)
        text, tokens = self._answer(sampling, grammar, deadline)
        prompt = sum(segment.tokens for segment in segments)
        usage = Usage(prompt_tokens=prompt, completion_tokens=thoughts.tokens + tokens)
        return ChatReply(text, thoughts.text, usage, notes=(*thoughts.notes, *self._notes()))

    def _notes(self) -> tuple[str, ...]:
        """What is true of the model rather than of a reply: said once."""
        if self._manner.keep_prefix and not self._session.keeps:
            self._untold.append(CANNOT_KEEP)
            self._manner = replace(self._manner, keep_prefix=False)
        told, self._untold = tuple(self._untold), []
        return told

    # The prompt

    def _prompt(self, request: ChatRequest, pictures: ExitStack) -> tuple[list[Segment], list[int]]:
        """The prompt, and after which of its segments others differ: the system's words, and the last picture."""
        thinks = self._manner.thinking_tokens > 0
        shared, own = self._template.pieces(request, self._manner.marks, thinks=thinks)
        seen = max((place for place, piece in enumerate(own, 1) if isinstance(piece, Picture)), default=0)
        segments = self._segments(shared, pictures)
        if segments and isinstance(segments[0], Words):
            segments[0] = Words(self._native.started(segments[0].ids))
        returning = [len(segments)]
        if seen:
            segments += self._segments(own[:seen], pictures)
            returning.append(len(segments))
        return segments + self._segments(own[seen:], pictures), returning

    def _segments(self, pieces: Sequence[Piece], pictures: ExitStack) -> list[Segment]:
        """Neighbouring words are one segment."""
        segments: list[Segment] = []
        for piece in pieces:
            if isinstance(piece, Picture):
                found = self._native.look(piece, pictures)
            else:
                found = [Words(self._native.tokenize(piece, special=isinstance(piece, Marked)))]
            for segment in found:
                if isinstance(segment, Words) and segments and isinstance(segments[-1], Words):
                    segments[-1] = Words(segments[-1].ids + segment.ids)
                elif segment.tokens:
                    segments.append(segment)
        return segments

    def _check_room(self, segments: Sequence[Segment]) -> None:
        pictures = sum(segment.tokens for segment in segments if isinstance(segment, Sight))
        words = sum(segment.tokens for segment in segments) - pictures
        thinking, answer = self._manner.thinking_tokens, self._manner.answer_tokens
        bridge = len(self._bridge(closed=False)) if thinking else 0
        total = words + pictures + thinking + bridge + answer
        if total > self._context_tokens:
            raise ReplyCut(
                f"the reply would be cut: {words} tokens of words + {pictures} of pictures + {thinking + bridge} for "
                f"thinking + {answer} for the answer = {total}, and context_tokens is {self._context_tokens}; "
                f"raise it, or lower thinking_tokens, answer_tokens or image_tokens"
            )

    # The reply

    def _think(self, sampling: Sampling, deadline: Deadline) -> _Thoughts:
        """Free text up to the closing mark, or to the budget: then the mark is written for the model."""
        budget, close = self._manner.thinking_tokens, self._manner.marks.close.encode("utf-8")
        written, tokens, closed, note = bytearray(), 0, False, f"thinking cut at {budget} tokens"
        with Sampler(self._native, sampling) as sampler:
            while tokens < budget and not closed:
                token = sampler.draw()
                if self._native.ends(token):
                    note = f"thinking ended after {tokens} tokens without its closing mark"
                    break
                piece = self._native.piece(token)
                written += piece
                tokens += 1
                self._session.write([token], deadline)
                closed = close in written[-len(piece) - len(close) :]
        self._session.write(self._bridge(closed=closed), deadline)
        text = self._manner.marks.reasoning(written.decode("utf-8", "replace"))
        return _Thoughts(text, tokens, () if closed else (note,))

    def _bridge(self, *, closed: bool) -> tuple[int, ...]:
        """What stands between thoughts and answer."""
        return self._native.tokenize("\n\n" if closed else f"\n{self._manner.marks.close}\n\n", special=True)

    def _answer(self, sampling: Sampling, grammar: str, deadline: Deadline) -> tuple[str, int]:
        written, budget = bytearray(), self._manner.answer_tokens
        with Sampler(self._native, sampling, grammar=grammar, banned=self._unwritable) as sampler:
            for tokens in range(budget + 1):
                token = sampler.draw()
                if self._native.ends(token):
                    return written.decode("utf-8"), tokens
                if tokens < budget:
                    written += self._native.piece(token)
                    self._session.write([token], deadline)
        raise ReplyCut(f"the answer was cut at {budget} tokens, before it was whole; raise answer_tokens")

    @cached_property
    def _unwritable(self) -> list[int]:
        return self._native.unwritable()


@lru_cache(maxsize=64)
def _grammar(schema: str) -> str:
    return constrain(json.loads(schema))
