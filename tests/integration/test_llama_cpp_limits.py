"""The limits of llama.cpp on tiny models of random weights: deadlines, budgets, files that cannot be used."""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import pytest

from json_schema import faults
from llama import ALWAYS, ANSWER, NAMES, about, asking, picture, said
from scenario.errors import (
    ConfigError,
    DeadlinePassed,
    ModelUnavailable,
    ReplyCut,
    ScoutError,
    SemdriveError,
    WeightsMissing,
)
from scenario.protocols import Deadline
from tiny_models import CONTEXT_TOKENS, TinyModel, write_projector, write_text_model
from verifier.models.base import ChatModel, Picture
from verifier.models.llama_cpp import llama_cpp_model
from verifier.models.llama_native import Native, Resources, Sight

MEMORY = Path("/proc/self/statm")


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


@pytest.mark.skipif(not MEMORY.exists(), reason="only Linux says how much memory this process holds")
def test_a_picture_takes_no_memory_that_grows_with_its_square(tiny):
    """Without flash attention 1,600 × 900 pixels, 5,600 patches, take 125 MB for each head that attends to them."""
    native = Native(Resources(tiny.qwen3vl.model, tiny.qwen3vl.projector, CONTEXT_TOKENS, threads=2))
    with ExitStack() as until:
        (sight,) = (found for found in native.look(picture(1, 1600, 900), until) if isinstance(found, Sight))
        before = held_bytes()
        native.evaluate_sight(sight, 0)
        taken = held_bytes() - before
    native.close()
    assert taken < 125e6


def held_bytes() -> int:
    return int(MEMORY.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
