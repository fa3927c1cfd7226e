"""Vision scouts and the judge on real llama.cpp, and a scout over a real HTTP server.

The models' weights are random: they know nothing and still answer within the vocabulary. What they say is only ever
held to be a valid reply.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from chat import report_text
from model_server import ModelServer, says
from samples import looked
from scenario.errors import ConfigError, ReplyCut, WeightsMissing
from scenario.protocols import Deadline
from scenario.records import Camera, Detection, Facts, Frame, Grounding, ScoutReport, Usage
from scenario.registry import JUDGES, SCOUTS
from tiny_models import TinyModel, TinyModels
from verifier.judges.llm import LlmJudge
from verifier.judging import decide
from verifier.prompt import scout_system_prompt
from verifier.scouts.vision import VisionScout

# A tiny model's tokenizer knows bytes only, so prompts and replies have several times the tokens of a real one's.
BUDGETS = {
    "context_tokens": 24_000,
    "answer_tokens": 4000,
    "image_tokens": 96,
    "threads": 1,
    "gpu_layers": 0,
    "temperature": 1.0,
}
GROUNDING = Grounding(
    backend="test",
    fingerprint="test",
    cameras=("CAM_FRONT", "CAM_FRONT_LEFT"),
    detections=(
        Detection(label="car", camera="CAM_FRONT", ahead_m=40, lateral_m=9, confidence=0.8),
        Detection(label="pedestrian", camera="CAM_FRONT", ahead_m=14, lateral_m=0.8, box_xyxy_px=(40, 40, 60, 90)),
    ),
)
Make = Callable[..., VisionScout]


@pytest.fixture
def make() -> Iterator[Make]:
    """Scouts of tiny models, closed after the test."""
    made: list[VisionScout] = []

    def make_scout(model: TinyModel, **options: Any) -> VisionScout:
        files = {"model": str(model.model), "projector": str(model.projector)}
        scout = SCOUTS.create(
            "llama_cpp", **{**BUDGETS, **files, "pixels_per_token": model.pixels_per_token, "name": "tiny", **options}
        )
        assert isinstance(scout, VisionScout)
        made.append(scout)
        return scout

    yield make_scout
    for scout in made:
        scout.close()


@pytest.fixture(scope="module")
def frame(tmp_path_factory: pytest.TempPathFactory) -> Frame:
    folder = tmp_path_factory.mktemp("pictures")
    for place, name in enumerate(("CAM_FRONT", "CAM_FRONT_LEFT")):
        picture = Image.new("RGB", (160, 90), (90, 100, 110))
        ImageDraw.Draw(picture).rectangle((40 + 30 * place, 40, 60 + 30 * place, 89), fill=(200, 40, 40))
        picture.save(folder / f"{name}.jpg")
    return Frame(
        token="t1",
        cameras={name: Camera(image=str(folder / f"{name}.jpg")) for name in ("CAM_FRONT", "CAM_FRONT_LEFT")},
    )


@pytest.mark.parametrize("architecture", ["qwen3vl", "gemma3"])
def test_a_real_model_that_knows_nothing_still_answers_within_the_vocabulary(
    architecture: str, tiny: TinyModels, frame: Frame, make: Make
):
    # On a processor, flash attention takes a tiny qwen3vl more than twice as long.
    scout = make(tiny.by_name[architecture], flash_attention=False)

    report = scout.report(frame, GROUNDING, deadline=Deadline.after(120))

    assert report.irregularities == ()
    assert [review.detection for review in report.reviews] == [1, 0]  # the nearer one was listed first
    assert report.notes == ()
    assert report.usage is not None
    assert report.usage.completion_tokens
    assert report.settings["temperature"] == 1.0


def test_the_same_frame_gets_the_same_report_again(tiny: TinyModels, frame: Frame, make: Make):
    first, second = (
        make(tiny.gemma3).report(frame, GROUNDING, deadline=Deadline.after(120)).model_copy(update={"latency_s": None})
        for _ in range(2)
    )

    assert first == second


def test_another_seed_is_another_scout(tiny: TinyModels, frame: Frame, make: Make):
    scouts = [make(tiny.gemma3, seed=seed) for seed in (1, 2)]

    reports = [scout.report(frame, GROUNDING, deadline=Deadline.after(120)) for scout in scouts]

    assert scouts[0].fingerprint != scouts[1].fingerprint
    assert reports[0].facts != reports[1].facts


def test_thinking_is_kept_apart_from_the_answer(tiny: TinyModels, frame: Frame, make: Make):
    report = make(tiny.gemma3, thinking="tags", thinking_tokens=64).report(
        frame, GROUNDING, deadline=Deadline.after(120)
    )

    assert report.reasoning
    assert report.irregularities == ()


def test_the_system_prompt_is_evaluated_once_for_all_frames(tiny: TinyModels, frame: Frame, make: Make):
    scout = make(tiny.gemma3)
    model: Any = scout.model
    scout.report(frame, GROUNDING, deadline=Deadline.after(120))
    kept_before = model.work.kept_tokens

    scout.report(frame.model_copy(update={"token": "t2"}), looked("puddle"), deadline=Deadline.after(120))

    bytes_of_prompt = len(scout_system_prompt().encode())
    assert kept_before == 0
    assert model.work.kept_tokens > 0.9 * bytes_of_prompt  # a tiny model's token is a byte, or one pair of them


def test_an_answer_that_does_not_fit_its_budget_is_a_named_failure(tiny: TinyModels, frame: Frame, make: Make):
    with pytest.raises(ReplyCut):
        make(tiny.gemma3, answer_tokens=100).report(frame, GROUNDING, deadline=Deadline.after(120))


def test_a_model_that_is_not_there_is_named_when_it_is_asked_for(make: Make, tmp_path: Path):
    scout = make(TinyModel(tmp_path / "lost.gguf", tmp_path / "mmproj.gguf", 784))

    with pytest.raises(WeightsMissing, match=r"lost\.gguf"):
        _ = scout.fingerprint


def test_a_model_without_eyes_is_no_scout(tiny: TinyModels):
    with pytest.raises(ConfigError, match="sees no pictures"):
        SCOUTS.create("llama_cpp", model=str(tiny.llama.model))


def test_a_real_judge_that_knows_nothing_does_no_worse_than_the_vote(tiny: TinyModels):
    judge = JUDGES.create("llm", candidates=2, model=str(tiny.gemma3.model), **BUDGETS)
    assert isinstance(judge, LlmJudge)
    reports = [ScoutReport(scout=name, facts=Facts(weather="rain", tags=("construction",), risk=5)) for name in "ab"]

    verdict = decide(judge, looked("construction barrel"), reports)
    judge.close()

    assert (verdict.judge, len(verdict.candidates)) == ("llm", 3)
    vote = verdict.candidates[-1]
    assert vote.facts.tags == ("construction",)
    assert verdict.reward.total >= vote.reward.total


def test_a_server_that_ignores_the_schema_is_read_after_a_second_try(frame: Frame):
    fenced = f"Sure!\n```json\n{report_text('confirmed', 'uncertain', weather='fog', risk=3)}\n```"
    with ModelServer(says("I am only a language model."), says(fenced, reasoning_content="Hm.")) as server:
        scout = SCOUTS.create("openai", name="remote", endpoints=[server.endpoint], model="tiny", scene_text=True)
        report = scout.report(frame, GROUNDING, deadline=Deadline.after(60))
        scout.close()

    assert (report.scout, report.facts.weather, report.facts.risk, report.reasoning) == ("remote", "fog", 3, "Hm.")
    assert [review.verdict for review in report.reviews] == ["confirmed", "uncertain"]
    assert report.usage == Usage(prompt_tokens=200, completion_tokens=20)
    assert "asked again" in report.notes[-1]
