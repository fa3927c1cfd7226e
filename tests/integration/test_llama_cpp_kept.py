"""What llama.cpp keeps between requests: beginnings that are evaluated once and change no answer."""

from typing import Any

import pytest

from llama import ALWAYS, NAMES, SEEING, SYSTEM, about, asking, said
from verifier.models.llama_session import CANNOT_KEEP, LlamaSession


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
