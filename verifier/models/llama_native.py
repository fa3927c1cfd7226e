"""llama.cpp through the C functions that llama-cpp-python binds: a model, its context, its eye. The only user of both.

llama-cpp-python's own `Llama` starts every request from nothing, counts a picture's tokens where positions are meant,
and turns the process's output off while it loads; so this goes one floor deeper.
"""

import ctypes
import hashlib
import os
import weakref
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as c
import llama_cpp.mtmd_cpp as mtmd

from scenario.errors import ConfigError, ModelUnavailable, ScoutError
from verifier.models.base import Picture

BATCH_TOKENS = 512
SEQUENCE = 0  # the only one: one request at a time
_ALL_LAYERS = 0x7FFFFFFF
_ERROR, _CONTINUED = 4, 5  # of ggml's log levels
_log: deque[str] = deque(maxlen=6)  # llama.cpp has one log a process
_in_error = False


@dataclass(frozen=True)
class Resources:
    """Which files, and how much of the machine. `threads=None` is half of its processors, all of them for prompts."""

    model: Path
    projector: Path | None
    context_tokens: int
    gpu_layers: int = -1
    threads: int | None = None
    flash_attention: bool | None = None


@dataclass(frozen=True)
class Words:
    """Tokens to be evaluated together."""

    ids: tuple[int, ...]

    @property
    def tokens(self) -> int:
        return len(self.ids)

    @property
    def positions(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Sight:
    """One picture, or one tile of it. Its positions may be fewer than its tokens: rows and columns count at once."""

    digest: str
    tile: int
    tokens: int
    positions: int
    chunk: Any = field(compare=False, repr=False)


Segment = Words | Sight


@c.llama_log_callback  # type: ignore[untyped-decorator]
def _keep_errors(level: int, text: bytes, _data: Any) -> None:
    global _in_error  # noqa: PLW0603  a continued line belongs to the one before, whichever that was
    line = text.decode("utf-8", "replace")
    if level == _ERROR:
        _log.append(line.strip())
    elif level == _CONTINUED and _in_error and _log:
        _log[-1] += line.rstrip()
    _in_error = level == _ERROR or (level == _CONTINUED and _in_error)


def _said() -> str:
    """What llama.cpp last complained about."""
    return "; ".join(line for line in _log if line) or "llama.cpp gives no reason"


class Native:
    """A loaded model. Raises `ModelUnavailable`, with llama.cpp's own words, when one cannot be loaded.

    Positions count from 0 and are the caller's to keep: where a segment starts is where the one before it ended.
    """

    def __init__(self, resources: Resources) -> None:
        self._stack = ExitStack()
        self._finalizer = weakref.finalize(self, self._stack.close)  # llama.cpp must be freed before the process ends
        try:
            self._load(resources)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._finalizer()

    def _load(self, resources: Resources) -> None:
        for silence in (c.llama_log_set, mtmd.mtmd_log_set, mtmd.mtmd_helper_log_set):
            silence(_keep_errors, ctypes.c_void_p(0))
        _log.clear()
        c.llama_backend_init()
        self._model = self._opened_model(resources)
        self.vocab = c.llama_model_get_vocab(self._model)
        self.context = self._opened_context(resources)
        self._memory = c.llama_get_memory(self.context)
        self._batch = c.llama_batch_init(BATCH_TOKENS, 0, 1)
        self._stack.callback(c.llama_batch_free, self._batch)
        self._eye = self._opened_eye(resources) if resources.projector else None
        self.vocabulary_size = int(c.llama_vocab_n_tokens(self.vocab))

    def _opened_model(self, resources: Resources) -> Any:
        params = c.llama_model_default_params()
        params.n_gpu_layers = _ALL_LAYERS if resources.gpu_layers < 0 else resources.gpu_layers
        model = c.llama_model_load_from_file(os.fsencode(resources.model), params)
        if not model:
            raise ModelUnavailable(f"llama.cpp cannot load the model {resources.model.name!r}: {_said()}")
        self._stack.callback(c.llama_model_free, model)
        trained = int(c.llama_model_n_ctx_train(model))
        if resources.context_tokens > trained:
            raise ConfigError(
                f"the model {resources.model.name!r} was trained on {trained} tokens; "
                f"context_tokens is {resources.context_tokens}, lower it"
            )
        return model

    def _opened_context(self, resources: Resources) -> Any:
        params, threads = c.llama_context_default_params(), _threads(resources)
        params.n_ctx = resources.context_tokens
        params.n_batch = params.n_ubatch = BATCH_TOKENS
        params.n_threads, params.n_threads_batch = threads, resources.threads or os.cpu_count() or threads
        params.flash_attn_type = _flash(resources)
        params.swa_full = False  # sliding windows as small as they are: a 27B model's would not fit beside it
        context = c.llama_init_from_model(self._model, params)
        if not context:
            raise ModelUnavailable(
                f"llama.cpp cannot hold {resources.context_tokens} tokens of context for {resources.model.name!r}, "
                f"lower context_tokens or gpu_layers: {_said()}"
            )
        self._stack.callback(c.llama_free, context)
        return context

    def _opened_eye(self, resources: Resources) -> Any:
        params, path = mtmd.mtmd_context_params_default(), resources.projector
        assert path is not None
        params.use_gpu = resources.gpu_layers != 0
        params.print_timings = False
        params.n_threads = resources.threads or os.cpu_count() or 1
        params.flash_attn_type = _flash(resources)  # without, a picture of 1,600 × 900 takes 1.9 GiB of buffers
        eye = mtmd.mtmd_init_from_file(os.fsencode(path), self._model, params)
        if not eye:
            raise ModelUnavailable(
                f"llama.cpp cannot load the projector {path.name!r} for {resources.model.name!r}: {_said()}"
            )
        self._stack.callback(mtmd.mtmd_free, eye)
        if not mtmd.mtmd_support_vision(eye):
            raise ModelUnavailable(f"the projector {path.name!r} is not one for pictures")
        return eye

    # Words

    @property
    def template(self) -> str | None:
        text: bytes | None = c.llama_model_chat_template(self._model, None)
        return text.decode("utf-8", "replace") if text else None

    @property
    def bos(self) -> str:
        return self._spelled(c.llama_vocab_bos(self.vocab))

    @property
    def eos(self) -> str:
        return self._spelled(c.llama_vocab_eos(self.vocab))

    def _spelled(self, token: int) -> str:
        return "" if token < 0 else self.piece(token).decode("utf-8", "replace")

    def tokenize(self, text: str, *, special: bool) -> tuple[int, ...]:
        """`special`: whether a special token that is spelled out is meant."""
        encoded = text.encode("utf-8", "replace")
        room = len(encoded) + 2  # a token is one byte at least; SentencePiece puts a blank before
        ids = (c.llama_token * room)()
        count = c.llama_tokenize(self.vocab, encoded, len(encoded), ids, room, False, special)
        if count < 0:
            raise ScoutError(f"llama.cpp cannot split {len(encoded)} bytes of text into tokens")
        return tuple(ids[:count])

    def started(self, ids: tuple[int, ...]) -> tuple[int, ...]:
        """A prompt's first tokens, with the one that begins every text where the model wants it, once."""
        bos = int(c.llama_vocab_bos(self.vocab))
        wanted = bool(c.llama_vocab_get_add_bos(self.vocab)) and bos >= 0 and ids[:1] != (bos,)
        return (bos, *ids) if wanted else ids

    def piece(self, token: int) -> bytes:
        """What a token writes; a special one its name."""
        room = 64
        while True:
            buffer = ctypes.create_string_buffer(room)
            size = int(c.llama_token_to_piece(self.vocab, token, buffer, room, 0, True))
            if size >= 0:
                return buffer.raw[:size]
            room = -size

    def ends(self, token: int) -> bool:
        return bool(c.llama_vocab_is_eog(self.vocab, token))

    def unwritable(self) -> list[int]:
        """Tokens that an answer must not hold: control tokens, and parts of a character.

        Half a character would have to be completed, and a model may not; what has a token of its own can be written.
        """
        return [
            token
            for token in range(self.vocabulary_size)
            if not self.ends(token) and (c.llama_vocab_is_control(self.vocab, token) or not _whole(self.piece(token)))
        ]

    # Pictures

    def look(self, picture: Picture, until: ExitStack) -> list[Segment]:
        """The picture as segments, not encoded yet: its tiles, and the marks that its model puts around them.

        They live until `until` is closed. Raises `ScoutError` for a damaged picture, `ConfigError` without a projector.
        """
        if self._eye is None:
            raise ConfigError("a picture needs a model that sees: name its projector (option 'projector')")
        _log.clear()
        buffer = (ctypes.c_uint8 * len(picture.jpeg)).from_buffer_copy(picture.jpeg)
        bitmap = mtmd.mtmd_helper_bitmap_init_from_buf(self._eye, buffer, len(picture.jpeg), False)
        if not bitmap:
            raise ScoutError(f"picture {picture.name!r} cannot be decoded: {_said()}")
        with ExitStack() as stack:
            stack.callback(mtmd.mtmd_bitmap_free, bitmap)
            chunks = mtmd.mtmd_input_chunks_init()
            until.callback(mtmd.mtmd_input_chunks_free, chunks)
            marker = mtmd.mtmd_default_marker()
            text = mtmd.mtmd_input_text(marker, len(marker), False, True)
            code = mtmd.mtmd_tokenize(self._eye, chunks, ctypes.byref(text), (mtmd.mtmd_bitmap_p_ctypes * 1)(bitmap), 1)
            if code:
                raise ScoutError(f"picture {picture.name!r} cannot be prepared (code {code}): {_said()}")
        digest = hashlib.blake2b(picture.jpeg, digest_size=16).hexdigest()
        found = (mtmd.mtmd_input_chunks_get(chunks, n) for n in range(mtmd.mtmd_input_chunks_size(chunks)))
        return [self._segment(chunk, digest, tile) for tile, chunk in enumerate(found)]

    def _segment(self, chunk: Any, digest: str, tile: int) -> Segment:
        if mtmd.mtmd_input_chunk_get_type(chunk) == mtmd.MTMD_INPUT_CHUNK_TYPE_TEXT:
            size = ctypes.c_size_t()
            ids = mtmd.mtmd_input_chunk_get_tokens_text(chunk, ctypes.byref(size))
            return Words(tuple(ids[n] for n in range(size.value)))
        tokens = int(mtmd.mtmd_input_chunk_get_n_tokens(chunk))
        if tokens > BATCH_TOKENS and mtmd.mtmd_decode_use_non_causal(self._eye, chunk):
            raise ScoutError(f"this model takes a picture at once, and {tokens} tokens are more than {BATCH_TOKENS}")
        return Sight(digest, tile, tokens, int(mtmd.mtmd_input_chunk_get_n_pos(chunk)), chunk)

    # Evaluating

    def evaluate_words(self, ids: Sequence[int], position: int) -> None:
        """At most `BATCH_TOKENS` tokens from `position` on. Afterwards the next token can be chosen."""
        batch = self._batch
        batch.n_tokens = len(ids)
        for place, token in enumerate(ids):
            batch.token[place], batch.pos[place] = token, position + place
            batch.n_seq_id[place], batch.seq_id[place][0] = 1, SEQUENCE
            batch.logits[place] = place == len(ids) - 1
        _log.clear()
        if code := c.llama_decode(self.context, batch):
            raise ScoutError(f"llama.cpp could not evaluate {len(ids)} tokens at {position} (code {code}): {_said()}")

    def evaluate_sight(self, sight: Sight, position: int) -> None:
        """Encodes a picture and evaluates its tokens."""
        _log.clear()
        end = c.llama_pos(0)
        code = mtmd.mtmd_helper_eval_chunk_single(
            self._eye, self.context, sight.chunk, position, SEQUENCE, BATCH_TOKENS, False, ctypes.byref(end)
        )
        if code or end.value != position + sight.positions:
            raise ScoutError(f"llama.cpp could not encode a picture (code {code}): {_said()}")

    # Memory

    @property
    def rewinds(self) -> bool:
        """Whether memory is one entry a token. A sliding window or a recurrent state forgets what was before."""
        forgets = c.llama_model_is_recurrent(self._model) or c.llama_model_is_hybrid(self._model)
        return not forgets and int(c.llama_model_n_swa(self._model)) == 0

    def forget(self) -> None:
        c.llama_memory_clear(self._memory, True)

    def rewind(self, position: int) -> bool:
        """Forget everything from `position` on. False where memory cannot do that."""
        return bool(c.llama_memory_seq_rm(self._memory, SEQUENCE, position, -1))

    def saved(self) -> Any:
        """What `rewind` alone cannot bring back, as it is now. None where llama.cpp cannot save it."""
        flags = c.LLAMA_STATE_SEQ_FLAGS_PARTIAL_ONLY
        size = int(c.llama_state_seq_get_size_ext(self.context, SEQUENCE, flags))
        state = (ctypes.c_uint8 * size)()
        written = c.llama_state_seq_get_data_ext(self.context, state, size, SEQUENCE, flags)
        return state if size and written == size else None

    def restore(self, state: Any, position: int) -> bool:
        """Back to how it was at `position`, when `state` was saved. False where that fails; then all is forgotten."""
        flags = c.LLAMA_STATE_SEQ_FLAGS_PARTIAL_ONLY
        read = c.llama_state_seq_set_data_ext(self.context, state, len(state), SEQUENCE, flags)
        if read == len(state) and self.rewind(position):
            return True
        self.forget()
        return False


def _threads(resources: Resources) -> int:
    return resources.threads or max((os.cpu_count() or 1) // 2, 1)


def _flash(resources: Resources) -> int:
    if resources.flash_attention is None:
        return int(c.LLAMA_FLASH_ATTN_TYPE_AUTO)
    return int(c.LLAMA_FLASH_ATTN_TYPE_ENABLED if resources.flash_attention else c.LLAMA_FLASH_ATTN_TYPE_DISABLED)


def _whole(piece: bytes) -> bool:
    try:
        piece.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return bool(piece)
