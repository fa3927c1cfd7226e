"""The gold verbs over real indexes: the published table, a benchmark, a fit, an index with it."""

import csv
import json

import pytest

from fakes import HashEmbedder
from gold_set.ablation import ablate, best_of_n, compare_rewards
from gold_set.evidence import load_corpus
from gold_set.fit import benchmark_index, fit_beliefs
from gold_set.paper_reward import paper_score
from gold_set.published import GOLD, RUNS, published_table
from gold_set.report import render
from indexer.recorded import index_recorded
from scenario.errors import InputError
from scenario.records import Candidate, Facts, Reason, Reward
from scenario.vocabulary import Tag
from scenario.wire import WireFacts
from scenario.workspace import Workspace

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def runs(released):
    return {"gemma": released / "index_gemma_run.jsonl", "kimi": released / "index_kimi_run_reasoning.jsonl"}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory, runs):
    made = Workspace.create(tmp_path_factory.mktemp("release") / "index")
    index_recorded(runs, made, HashEmbedder())
    return made


@pytest.fixture(scope="module")
def corpus(workspace):
    return load_corpus(workspace)


def test_the_published_table_is_computed_again_in_every_digit(released):
    with (released / "published_results.csv").open() as file:
        published = {row["Method"]: row for row in csv.DictReader(file)}
    rows = published_table("semantic-drive", released.parent, seed=0).rows
    assert len(rows) == 4
    for row in rows:
        theirs = published[row.method]
        assert [repr(row.precision), repr(row.recall), repr(row.f1)] == [
            theirs["Precision"],
            theirs["Recall"],
            theirs["F1-Score"],
        ]
        assert ("" if row.mae_risk is None else repr(row.mae_risk)) == theirs["MAE Risk"]
        assert str(row.samples) == theirs["Samples"]


def test_an_unknown_preset_is_an_error(released):
    with pytest.raises(InputError, match="no preset named 'semantik-drive'; did you mean 'semantic-drive'"):
        published_table("semantik-drive", released.parent, seed=0)


def test_cross_validated_beliefs_rank_better_than_the_defaults_and_the_detector(corpus, released):
    found = benchmark_index(corpus, released / GOLD, cross=True)
    by_name = {method.name: method for method in found.benchmark.methods}
    ours = by_name["fitted beliefs, cross-validated"]
    for name in ("index (verdicts, beliefs)", "detector alone"):
        for place, tag in enumerate(Tag):
            theirs = by_name[name].tags[place].ap
            if ours.tags[place].positives >= 25 and theirs is not None:
                assert ours.tags[place].ap > theirs, (name, tag)
    assert ours.risk_mae < by_name["constant risk"].risk_mae
    page = render(found)
    assert page.count("<svg") == 3
    assert "<script" not in page
    assert render(found) == page


def test_gold_frames_that_the_index_lacks_are_counted_and_named(corpus, released, tmp_path):
    gold = json.loads((released / GOLD).read_text())
    gold["made-up-token"] = next(iter(gold.values())) | {"token": "made-up-token"}
    path = tmp_path / "gold.json"
    path.write_text(json.dumps(gold))
    found = benchmark_index(corpus, path)
    assert found.benchmark.missing == ("made-up-token",)
    assert found.benchmark.frames == 108


def test_a_gold_file_of_another_log_is_an_error(corpus, tmp_path):
    path = tmp_path / "gold.jsonl"
    path.write_text('{"token": "elsewhere", "tags": []}')
    with pytest.raises(InputError, match="right --index"):
        fit_beliefs(corpus, path)


def test_an_index_built_with_a_fit_holds_its_beliefs_and_its_tags(corpus, released, runs, tmp_path):
    fit = fit_beliefs(corpus, released / GOLD)
    assert fit.model_dump_json() == fit_beliefs(corpus, released / GOLD).model_dump_json()
    assert fit.of(Tag.FOD_DEBRIS).note
    few = {name: tmp_path / path.name for name, path in runs.items()}
    for name, path in few.items():
        path.write_text("".join(runs[name].read_text().splitlines(keepends=True)[:300]))
    made = Workspace.create(tmp_path / "fitted")
    summary = index_recorded(few, made, HashEmbedder(), fit=fit)
    assert summary.stages["retag"].made == summary.indexed > 299
    again = index_recorded(few, made, HashEmbedder(), fit=fit)
    assert not again.built
    for scenario in load_corpus(made)[::10]:
        for tag in Tag:
            held = scenario.beliefs.of("tags", tag).probability >= fit.of(tag).threshold
            assert (tag in scenario.verdict.facts.tags) == held
        assert fit.id in scenario.provenance.backends["beliefs"]


def test_a_known_prevalence_moves_the_mean_belief_there(corpus, released, tmp_path):
    fit = fit_beliefs(corpus, released / GOLD, prevalence={Tag.CONSTRUCTION: 0.05})
    plain = fit_beliefs(corpus, released / GOLD)
    assert fit.of(Tag.CONSTRUCTION).weights == plain.of(Tag.CONSTRUCTION).weights
    assert fit.of(Tag.CONSTRUCTION).intercept < plain.of(Tag.CONSTRUCTION).intercept
    with pytest.raises(InputError, match="keeps its default belief"):
        fit_beliefs(corpus, released / GOLD, prevalence={Tag.FOD_DEBRIS: 0.05})


def test_an_ablation_leaves_one_part_out_at_a_time(corpus, released):
    found = ablate(corpus, released / GOLD, ["scout:kimi", "grounding"], seed=0)
    assert [method.name for method in found.methods] == ["everything", "without scout:kimi", "without grounding"]
    with pytest.raises(InputError, match="no part named 'scout:kimmy'; did you mean 'scout:kimi'"):
        ablate(corpus, released / GOLD, ["scout:kimmy"], seed=0)


def test_the_papers_reward_gives_the_released_score_of_every_frame(corpus, released):
    lines = (released / RUNS["Ours: Semantic-Drive (Consensus)"]).read_text().splitlines()
    released_lines = {wire["token"]: wire for wire in map(json.loads, lines)}
    for scenario in corpus:
        wire = released_lines[scenario.frame.token]
        assert paper_score(WireFacts(wire).facts, scenario.grounding).total == wire["judge_score"]


def test_rewards_are_compared_as_judges_and_as_evidence(corpus, released):
    names = [method.name for method in compare_rewards(corpus, released / GOLD, seed=0).methods]
    assert names == ["report picked by ours", "report picked by the paper's", "fit with ours", "fit with the paper's"]


def test_best_of_n_takes_the_highest_reward_among_the_first_n(corpus, released):
    with pytest.raises(InputError, match="more than one candidate"):
        best_of_n(corpus, released / GOLD, seed=0)
    second = [
        Candidate(facts=Facts(tags=(Tag.CONSTRUCTION,)), reward=Reward(reasons=(Reason(points=100, text="sure"),)))
    ]
    several = [
        s.model_copy(update={"verdict": s.verdict.model_copy(update={"candidates": (*s.verdict.candidates, *second)})})
        for s in corpus
    ]
    one, two = best_of_n(several, released / GOLD, seed=0).methods
    assert (one.name, two.name) == ("best of 1", "best of 2")
    assert two.tags[0].counts.recall == 1.0
