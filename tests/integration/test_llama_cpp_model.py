"""llama.cpp itself, on tiny models of random weights: what holds whatever a model says."""

import ctypes
import json
from contextlib import ExitStack
from typing import Any

import numpy as np
import pytest

from json_schema import faults
from llama import ALWAYS, ANSWER, NAMES, SEEING, SYSTEM, asking, picture
from scenario.errors import ModelUnavailable
from tiny_models import CHATML, TinyModel, write_text_model
from verifier.models.base import Picture
from verifier.models.llama_cpp import LlamaCppModel
from verifier.reply import report_schema

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
