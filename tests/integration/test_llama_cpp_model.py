"""llama.cpp itself, on tiny models of random weights: what holds whatever a model says."""

import ctypes
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest
from PIL import Image

from json_schema import faults
from scenario.errors import (
    ConfigError,
    DeadlinePassed,
    ModelUnavailable,
    ReplyCut,
    ScoutError,
    SemdriveError,
    WeightsMissing,
)
from scenario.images import jpeg
from scenario.protocols import Deadline
from tiny_models import (
    CHATML,
    CONTEXT_TOKENS,
    TinyModel,
    TinyModels,
    write_projector,
    write_text_model,
    write_tiny_models,
)
from verifier.models.base import ChatModel, ChatReply, ChatRequest, Picture
from verifier.models.llama_cpp import LlamaCppModel, llama_cpp_model
from verifier.models.llama_session import CANNOT_KEEP, LlamaSession
from verifier.reply import report_schema

NAMES = ("llama", "lfm2", "qwen2vl", "qwen25vl", "qwen3vl", "gemma3")
SEEING = ("qwen2vl", "qwen25vl", "qwen3vl", "gemma3")
ALWAYS = Deadline()
SYSTEM = "You report what the pictures of a drive show. " * 8
ANSWER = {
    "type": "object",
    "properties": {
        "risk": {"type": "integer", "minimum": 0, "maximum": 10},
        "weather": {"anyOf": [{"enum": ["rain", "fog", "Ä"]}, {"type": "null"}]},
        "tags": {"type": "array", "items": {"enum": ["a", "b", "c", "d"]}, "maxItems": 3, "uniqueItems": True},
        "seen": {"type": "boolean"},
        "pairs": {"type": "array", "items": {"type": "string", "maxLength": 2}, "minItems": 1, "maxItems": 3},
        "note": {"type": "string", "minLength": 2, "maxLength": 12},
    },
    "required": ["risk", "weather", "tags", "seen", "pairs", "note"],
    "additionalProperties": False,
}
Opened = Callable[..., LlamaCppModel]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyModels:
    return write_tiny_models(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def opened(tiny: TinyModels) -> Iterator[Opened]:
    """Opens one of the tiny models, or any other, and closes it after the test."""
    models = []

    def open_model(which: str | TinyModel, **changes: Any) -> LlamaCppModel:
        model = tiny.by_name[which] if isinstance(which, str) else which
        files = {"model": str(model.model)} | ({"projector": str(model.projector)} if model.projector else {})
        given = {**files, "threads": 1, "context_tokens": 4096, "image_tokens": 512, "answer_tokens": 1024, **changes}
        models.append(llama_cpp_model(**given))
        return models[-1]

    yield open_model
    for model in models:
        model.close()


def picture(seed: int, width: int = 160, height: int = 90) -> Picture:
    noise = np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)
    return Picture(f"CAM_{seed}", jpeg(Image.fromarray(noise)))


def asking(*parts: str | Picture, system: str = SYSTEM, schema: Any = ANSWER, sample: int = 0) -> ChatRequest:
    return ChatRequest(system, parts, schema, sample)


def about(name: str, frame: int, question: str) -> ChatRequest:
    pictures = (picture(frame), picture(frame + 1)) if name in SEEING else ()
    return asking(f"Frame {frame}.", *pictures, question)


def said(reply: ChatReply) -> tuple[str, str | None]:
    return reply.text, reply.reasoning


@dataclass(frozen=True)
class AfterChecks(Deadline):
    """Passes after it was looked at so often."""

    left: Iterator[None] | None = None

    @property
    def passed(self) -> bool:
        assert self.left is not None
        return next(self.left, "over") == "over"


def after_checks(checks: int) -> Deadline:
    return AfterChecks(left=iter([None] * checks))


# Answers


@pytest.mark.parametrize("name", NAMES)
def test_whatever_a_model_says_follows_the_schema(opened, name):
    model = opened(name, temperature=1.0, top_k=0, top_p=1.0)
    pictures = (picture(1),) if name in SEEING else ()
    for sample in range(17):
        reply = model.complete(asking("What is there?", *pictures, sample=sample), deadline=ALWAYS)
        assert faults(json.loads(reply.text), ANSWER) == [], reply.text
        assert reply.reasoning is None


@pytest.mark.parametrize("name", NAMES)
def test_a_scouts_report_follows_its_schema(opened, name):
    schema = report_schema(3)
    reply = opened(name, temperature=1.0, answer_tokens=3000).complete(asking("Go.", schema=schema), deadline=ALWAYS)
    assert faults(json.loads(reply.text), schema) == []


def test_samples_of_one_request_differ_and_repeat(opened):
    model, again = opened("llama", temperature=1.0), opened("llama", temperature=1.0)
    texts = [model.complete(asking("Go.", sample=sample), deadline=ALWAYS).text for sample in range(4)]
    assert len(set(texts)) == 4
    assert [again.complete(asking("Go.", sample=n), deadline=ALWAYS).text for n in reversed(range(4))] == texts[::-1]


def test_another_seed_says_something_else(opened):
    texts = {opened("llama", seed=n, temperature=1.0).complete(asking("Go."), deadline=ALWAYS).text for n in range(3)}
    assert len(texts) == 3


@pytest.mark.parametrize("name", SEEING)
def test_pictures_are_seen_in_their_order(opened, name):
    model = opened(name, temperature=0.0, thinking="tags", thinking_tokens=60)
    there = model.complete(asking("a:", picture(1), "b:", picture(2), "Go."), deadline=ALWAYS)
    back = model.complete(asking("a:", picture(2), "b:", picture(1), "Go."), deadline=ALWAYS)
    none = model.complete(asking("a:", "b:", "Go."), deadline=ALWAYS)
    assert len({there.reasoning, back.reasoning, none.reasoning}) == 3


def test_tokens_are_counted_those_of_pictures_too(opened):
    model = opened("qwen3vl")
    without = model.complete(asking("Go."), deadline=ALWAYS)
    seeing = model.complete(asking(picture(1, 256, 128), "Go."), deadline=ALWAYS)
    assert without.usage.completion_tokens == len(without.text)  # one token a byte
    marks = len("\n") + 2  # the line feed after the picture, and what Qwen puts around it
    assert seeing.usage.prompt_tokens == without.usage.prompt_tokens + marks + (256 * 128) // (32 * 32)


# Thinking


def test_thoughts_are_cut_at_their_budget_and_the_answer_still_comes(opened):
    model = opened("llama", thinking="tags", thinking_tokens=30, temperature=1.0)
    reply = model.complete(asking("Go."), deadline=ALWAYS)
    assert reply.notes == ("thinking cut at 30 tokens",)
    assert reply.reasoning
    assert reply.usage.completion_tokens == 30 + len(reply.text)
    assert faults(json.loads(reply.text), ANSWER) == []


def test_thoughts_end_at_their_mark_which_is_no_part_of_them(opened):
    model = opened("llama", thinking="tags", thinking_tokens=2000, think_close="e", temperature=3.0, top_k=0, top_p=1.0)
    replies = [model.complete(asking("Go.", sample=sample), deadline=ALWAYS) for sample in range(8)]
    closed = [reply for reply in replies if not reply.notes]
    assert closed
    assert all(reply.reasoning and "e" not in reply.reasoning for reply in closed)
    assert all(faults(json.loads(reply.text), ANSWER) == [] for reply in replies)


def test_a_model_that_stops_thinking_without_its_mark_goes_on_to_the_answer(opened):
    model = opened("llama", thinking="tags", thinking_tokens=2500, temperature=5.0, top_k=0, top_p=1.0)
    reply = model.complete(asking("Go."), deadline=ALWAYS)
    assert "without its closing mark" in reply.notes[0]
    assert faults(json.loads(reply.text), ANSWER) == []


# The prompt


def test_a_special_token_that_a_text_spells_is_words(opened):
    model = opened("llama")
    spelled = model.complete(asking("<|im_end|>"), deadline=ALWAYS)
    plain = model.complete(asking("0123456789"), deadline=ALWAYS)
    assert spelled.usage.prompt_tokens == plain.usage.prompt_tokens


def test_a_template_that_wants_no_system_words_gets_them_in_the_users_turn(opened, tmp_path):
    strict = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}" + CHATML
    write_text_model(tmp_path / "strict.gguf", "llama", template=strict)
    model, usual = opened(TinyModel(tmp_path / "strict.gguf", None, 1)), opened("llama")
    tokens = [one.complete(asking("Go."), deadline=ALWAYS).usage.prompt_tokens for one in (model, usual)]
    assert tokens[1] - tokens[0] == len("_system\n") + len("_\n") - len("\n\n")  # _ is <|im_start|> or <|im_end|>


def test_a_template_that_leaves_something_out_is_refused(opened, tmp_path):
    write_text_model(tmp_path / "odd.gguf", "llama", template="<|im_start|>{{ messages[0].content }}")
    with pytest.raises(ModelUnavailable, match="leaves out part of what is asked"):
        opened(TinyModel(tmp_path / "odd.gguf", None, 1)).complete(asking("Go."), deadline=ALWAYS)


def test_a_template_that_is_none_is_refused_with_the_reason(opened, tmp_path):
    write_text_model(tmp_path / "odd.gguf", "llama", template="{% if %}")
    with pytest.raises(ModelUnavailable, match=r"chat template .* cannot be read"):
        opened(TinyModel(tmp_path / "odd.gguf", None, 1)).complete(asking("Go."), deadline=ALWAYS)


def test_without_a_template_chatml_is_used_and_said_once(opened, tmp_path, tiny):
    write_text_model(tmp_path / "bare.gguf", "llama", template=None)
    model = opened(TinyModel(tmp_path / "bare.gguf", None, 1), temperature=0.0)
    replies = [model.complete(asking("Go."), deadline=ALWAYS) for _ in range(2)]
    assert [reply.notes for reply in replies] == [("the model file has no chat template: ChatML was used",), ()]
    assert replies[0].text == opened("llama", temperature=0.0).complete(asking("Go."), deadline=ALWAYS).text


@pytest.mark.parametrize("template", [CHATML, "{{ bos_token }}" + CHATML])
def test_a_text_begins_with_its_first_token_once(opened, tmp_path, template):
    write_text_model(tmp_path / "bos.gguf", "llama", template=template, add_bos=True)
    model, without = opened(TinyModel(tmp_path / "bos.gguf", None, 1)), opened("llama")
    tokens = [one.complete(asking("Go."), deadline=ALWAYS).usage.prompt_tokens for one in (model, without)]
    assert tokens[0] == tokens[1] + 1


def test_a_template_that_opens_the_thoughts_has_them_closed_for_a_model_that_shall_not_think(opened, tmp_path):
    write_text_model(tmp_path / "thinker.gguf", "llama", template=CHATML + "<think>\n")
    thinker = TinyModel(tmp_path / "thinker.gguf", None, 1)
    silent = opened(thinker).complete(asking("Go."), deadline=ALWAYS).usage.prompt_tokens
    model = opened(thinker, thinking="tags", thinking_tokens=9)
    thinking = model.complete(asking("Go."), deadline=ALWAYS).usage.prompt_tokens
    assert silent == thinking + len("\n\n</think>\n\n")


def as_llama_cpp_reads(model: LlamaCppModel, text: str, pictures: list[Picture]) -> tuple[int, Any]:
    """Where the prompt ends, and the logits there, when llama.cpp's own helper reads it in one go from the start."""
    import llama_cpp.llama_cpp as c
    import llama_cpp.mtmd_cpp as mtmd

    native = model._loaded._native
    native.forget()
    chunks, encoded = mtmd.mtmd_input_chunks_init(), text.encode()
    buffers = [(ctypes.c_uint8 * len(one.jpeg)).from_buffer_copy(one.jpeg) for one in pictures]
    found = [mtmd.mtmd_helper_bitmap_init_from_buf(native._eye, one, len(one), False) for one in buffers]
    bitmaps = (mtmd.mtmd_bitmap_p_ctypes * len(found))(*found)
    whole, end = mtmd.mtmd_input_text(encoded, len(encoded), True, True), c.llama_pos(0)
    assert mtmd.mtmd_tokenize(native._eye, chunks, ctypes.byref(whole), bitmaps, len(found)) == 0
    assert mtmd.mtmd_helper_eval_chunks(native._eye, native.context, chunks, 0, 0, 512, True, ctypes.byref(end)) == 0
    mtmd.mtmd_input_chunks_free(chunks)
    for one in found:
        mtmd.mtmd_bitmap_free(one)
    return end.value, logits(native)


def logits(native: Any) -> Any:
    import llama_cpp.llama_cpp as c

    return np.ctypeslib.as_array(c.llama_get_logits_ith(native.context, -1), (native.vocabulary_size,)).copy()


@pytest.mark.parametrize("name", SEEING)
def test_a_prompt_is_read_as_llama_cpps_own_helper_reads_it(opened, name):
    model = opened(name)
    request = asking("a:", picture(1), "b:", picture(2, 90, 160), "Go.")
    model.complete(request, deadline=ALWAYS)
    loaded = model._loaded
    with ExitStack() as pictures:
        segments, returning = loaded._prompt(request, pictures)
        loaded._session.read(segments, returning, ALWAYS)
    ours = loaded._session.position, logits(loaded._native)
    text = (
        f"<|im_start|>system\n{SYSTEM}<|im_end|>\n"
        "<|im_start|>user\na:\n<__media__>\nb:\n<__media__>\nGo.<|im_end|>\n<|im_start|>assistant\n"
    )
    theirs = as_llama_cpp_reads(model, text, [part for part in request.parts if isinstance(part, Picture)])
    assert ours[0] == theirs[0]
    np.testing.assert_allclose(ours[1], theirs[1], atol=0.02)  # memory is in 16 bits, and batches differ


# What is kept between requests


@pytest.mark.parametrize("name", NAMES)
def test_keeping_a_beginning_changes_no_answer(opened, name):
    common = {"temperature": 0.0, "thinking": "tags", "thinking_tokens": 60}
    keeping, forgetful = opened(name, **common), opened(name, **common, keep_prefix=False)
    asked = [about(name, 1, "Rain?"), about(name, 1, "Fog?"), about(name, 3, "Rain?"), about(name, 1, "Rain?")]
    kept = [keeping.complete(request, deadline=ALWAYS) for request in asked]
    fresh = [forgetful.complete(request, deadline=ALWAYS) for request in asked]
    assert [said(reply) for reply in kept] == [said(reply) for reply in fresh]
    assert len({said(reply) for reply in kept}) == 3  # the first and the last are one request
    assert [reply.usage for reply in kept] == [reply.usage for reply in fresh]
    assert forgetful.work.kept_tokens == 0
    assert keeping.work.kept_tokens + keeping.work.evaluated_tokens == forgetful.work.evaluated_tokens


@pytest.mark.parametrize("name", SEEING)
def test_a_picture_is_encoded_once_for_all_questions_about_its_frame(opened, name):
    model = opened(name)
    for question in ("Rain?", "Fog?", "Snow?"):
        model.complete(about(name, 1, question), deadline=ALWAYS)
    assert model.work.pictures_encoded == 2
    model.complete(about(name, 5, "Rain?"), deadline=ALWAYS)
    assert model.work.pictures_encoded == 4


@pytest.mark.parametrize("name", NAMES)
def test_the_systems_words_are_evaluated_once_for_all_frames(opened, name):
    model = opened(name)
    tokens = [model.complete(about(name, frame, "Rain?"), deadline=ALWAYS).usage.prompt_tokens for frame in (1, 3, 5)]
    assert model.work.kept_tokens >= 2 * len(SYSTEM)
    assert model.work.evaluated_tokens <= sum(tokens) - 2 * len(SYSTEM)


@pytest.mark.parametrize("name", ["gemma3", "lfm2"])
def test_memory_that_has_moved_on_is_brought_back(opened, name):
    """Past its window and a batch, gemma3's memory no longer holds the end of the system's words; lfm2's never did."""
    common = {"temperature": 0.0, "thinking": "tags", "thinking_tokens": 60}
    keeping, forgetful = opened(name, **common), opened(name, **common, keep_prefix=False)
    for story in ("It rains. " * 140, "A dog runs."):
        replies = [model.complete(asking(story, "Go."), deadline=ALWAYS) for model in (keeping, forgetful)]
        assert said(replies[0]) == said(replies[1])
    assert keeping.work.kept_tokens >= len(SYSTEM)


def test_another_systems_words_are_evaluated_anew(opened):
    model, other = opened("llama", temperature=0.0), opened("llama", temperature=0.0)
    model.complete(asking("Go."), deadline=ALWAYS)
    changed = asking("Go.", system="You are a judge.")
    assert said(model.complete(changed, deadline=ALWAYS)) == said(other.complete(changed, deadline=ALWAYS))
    assert model.work.kept_tokens == 0


class Unwinding:
    """Memory that can neither be rewound nor saved; it counts what is evaluated."""

    rewinds = False

    def __init__(self, *, saves: bool) -> None:
        self.saves, self.evaluated = saves, 0

    def evaluate_words(self, ids: Any, position: int) -> None:
        self.evaluated += len(ids)

    def forget(self) -> None: ...

    def saved(self) -> Any:
        return b"state" if self.saves else None

    def restore(self, state: Any, position: int) -> bool:
        return False


@pytest.mark.parametrize("saves", [True, False])
def test_memory_that_cannot_go_back_is_read_from_the_start_each_time(saves):
    from verifier.models.llama_native import Words

    native: Any = Unwinding(saves=saves)
    session = LlamaSession(native)
    for question in ((4,), (5,)):
        session.read([Words((1, 2, 3)), Words(question)], [1], ALWAYS)
    assert native.evaluated == 8
    assert session.position == 4
    assert not session.keeps


def test_a_model_that_cannot_keep_says_so_once(opened):
    model = opened("llama")
    model.complete(asking("Go."), deadline=ALWAYS)
    model._loaded._session._keep = False  # as when llama.cpp refuses to go back
    notes = [model.complete(asking("Go."), deadline=ALWAYS).notes for _ in range(2)]
    assert notes == [(CANNOT_KEEP,), ()]


# Limits


@pytest.mark.parametrize("name", NAMES)
def test_a_deadline_stops_a_reply_and_the_next_is_as_if_nothing_was(opened, name):
    common = {"temperature": 0.0, "thinking": "tags", "thinking_tokens": 30}
    model, asked = opened(name, **common), about(name, 1, "Fog?")
    alone = said(opened(name, **common).complete(asked, deadline=ALWAYS))
    for checks in (0, 1, 3, 40):
        with pytest.raises(DeadlinePassed):
            model.complete(about(name, 3, "Rain?"), deadline=after_checks(checks))
        assert said(model.complete(asked, deadline=ALWAYS)) == alone


def test_an_answer_at_its_budget_is_cut_and_says_at_how_many_tokens(opened):
    with pytest.raises(ReplyCut, match="cut at 10 tokens"):
        opened("llama", answer_tokens=10).complete(asking("Go."), deadline=ALWAYS)


def test_an_answer_may_use_its_whole_budget(opened):
    schema = {"const": "four"}
    assert opened("llama", answer_tokens=6).complete(asking("Go.", schema=schema), deadline=ALWAYS).text == '"four"'


def test_a_prompt_that_leaves_no_room_is_refused_with_the_sum(opened):
    model = opened("qwen2vl", context_tokens=1024, answer_tokens=300, thinking="tags", thinking_tokens=100)
    with pytest.raises(
        ReplyCut, match=r"of words \+ 18 of pictures \+ 111 for thinking \+ 300 .*context_tokens is 1024"
    ):
        model.complete(asking("Go. " * 100, picture(1)), deadline=ALWAYS)


def test_budgets_that_fill_the_context_are_refused_with_the_sum():
    given = {"context_tokens": 8192, "thinking": "tags", "thinking_tokens": 6000, "answer_tokens": 2048}
    with pytest.raises(ConfigError, match=r"200 .*\+ 6000 .*\+ 2048 .*= 8248.*context_tokens = 8192"):
        llama_cpp_model(model="m.gguf", projector="p.gguf", image_tokens=200, **given)
    llama_cpp_model(model="m.gguf", image_tokens=200, **(given | {"thinking": "none"}))


def test_a_context_longer_than_the_model_was_trained_on_is_refused(opened):
    with pytest.raises(ConfigError, match=f"trained on {CONTEXT_TOKENS} tokens"):
        opened("llama", context_tokens=2 * CONTEXT_TOKENS).complete(asking("Go."), deadline=ALWAYS)


def test_a_busy_model_is_waited_for_until_the_deadline(opened):
    model, writing, let_go = opened("llama"), Event(), Event()

    @dataclass(frozen=True)
    class Held(Deadline):
        @property
        def passed(self) -> bool:
            writing.set()
            return not let_go.wait(60)

    holder = Thread(target=model.complete, args=(asking("Go."),), kwargs={"deadline": Held()})
    holder.start()
    assert writing.wait(60)
    with pytest.raises(DeadlinePassed, match="busy"):
        model.complete(asking("Go."), deadline=Deadline.after(0.05))
    let_go.set()
    holder.join(60)
    assert faults(json.loads(model.complete(asking("Go."), deadline=ALWAYS).text), ANSWER) == []


# Files


def test_a_closed_model_is_loaded_again_when_it_is_asked(opened):
    model = opened("qwen2vl", temperature=0.0)
    asked = about("qwen2vl", 1, "Rain?")
    before = model.complete(asked, deadline=ALWAYS)
    model.close()
    model.close()
    assert model.work is None
    assert said(model.complete(asked, deadline=ALWAYS)) == said(before)


def broken_text(folder: Path) -> TinyModel:
    (folder / "notes.gguf").write_text("this is no model")
    return TinyModel(folder / "notes.gguf", None, 1)


def broken_short(folder: Path) -> TinyModel:
    write_text_model(folder / "whole.gguf", "llama")
    whole = (folder / "whole.gguf").read_bytes()
    (folder / "short.gguf").write_bytes(whole[: len(whole) // 2])
    return TinyModel(folder / "short.gguf", None, 1)


def broken_eye_as_model(folder: Path) -> TinyModel:
    write_projector(folder / "eye.gguf", "qwen2vl_merger")
    return TinyModel(folder / "eye.gguf", None, 1)


def broken_eye_of_another(folder: Path) -> TinyModel:
    write_text_model(folder / "wide.gguf", "qwen2vl", dim=128)
    write_projector(folder / "eye.gguf", "qwen2vl_merger", text_dim=64)
    return TinyModel(folder / "wide.gguf", folder / "eye.gguf", 1)


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (broken_text, r"model 'notes.gguf': .*magic"),
        (broken_short, r"model 'short.gguf': .*(not within|corrupted|incomplete)"),
        (broken_eye_as_model, r"model 'eye.gguf': .*CLIP cannot be used as main model"),
        (broken_eye_of_another, r"projector 'eye.gguf' for 'wide.gguf': .*mismatch"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_named_with_llama_cpps_reason(opened, tmp_path, broken, words):
    model = opened(broken(tmp_path))
    for _ in range(2):
        with pytest.raises(ModelUnavailable, match=words):
            model.complete(asking("Go."), deadline=ALWAYS)


def test_a_file_that_is_not_there_is_named_and_nothing_is_loaded(opened, tmp_path):
    model = opened(TinyModel(tmp_path / "none.gguf", None, 1))
    with pytest.raises(WeightsMissing, match="none"):
        model.complete(asking("Go."), deadline=ALWAYS)
    with pytest.raises(WeightsMissing, match="none"):
        _ = model.fingerprint


def test_a_damaged_picture_is_named_and_the_next_is_seen(opened):
    model = opened("qwen2vl")
    with pytest.raises(ScoutError, match="'CAM_BACK' cannot be decoded"):
        model.complete(asking(Picture("CAM_BACK", b"no picture"), "Go."), deadline=ALWAYS)
    assert model.complete(asking(picture(1), "Go."), deadline=ALWAYS).text


def test_a_picture_for_a_model_that_does_not_see_is_refused(opened):
    with pytest.raises(ConfigError, match="projector"):
        opened("llama").complete(asking(picture(1)), deadline=ALWAYS)


def test_llama_cpp_prints_nothing(opened, tmp_path, capfd):
    opened("gemma3").complete(about("gemma3", 1, "Rain?"), deadline=ALWAYS)
    for broken in (broken_text, broken_eye_of_another):
        with pytest.raises(SemdriveError):
            opened(broken(tmp_path)).complete(asking("Go."), deadline=ALWAYS)
    assert capfd.readouterr() == ("", "")


# What is known without loading


def test_a_fingerprint_knows_files_and_sampling_but_not_the_machine(opened, tiny):
    usual = opened("qwen2vl").fingerprint
    assert usual == opened("qwen2vl", threads=2, gpu_layers=0, keep_prefix=False).fingerprint
    changes = [
        {"seed": 2},
        {"temperature": 0.1},
        {"thinking": "tags", "thinking_tokens": 9},
        {"image_tokens": 100},
        {"projector": None},
    ]
    others = {opened("qwen2vl", **change).fingerprint for change in changes}
    others.add(opened(TinyModel(tiny.qwen2vl.model, tiny.qwen25vl.projector, 1)).fingerprint)
    assert usual not in others
    assert len(others) == 6
    marked = [
        opened("llama", thinking="tags", thinking_tokens=9, think_close=mark).fingerprint for mark in ("</a>", "</b>")
    ]
    assert marked[0] != marked[1]


def test_the_picture_budget_is_in_pixels_and_none_without_an_eye(opened):
    assert opened("qwen2vl", image_tokens=100, pixels_per_token=1024).picture_pixels == 102_400
    assert opened("llama").picture_pixels == 0


def test_settings_are_stored_as_they_decide(opened):
    settings = opened("llama", thinking="none", thinking_tokens=500, seed=7).settings
    assert (settings["seed"], settings["thinking_tokens"], settings["image_tokens"]) == (7, 0, 0)


def _satisfies_the_seam() -> ChatModel:
    """Never called: mypy reads it."""
    return llama_cpp_model()
