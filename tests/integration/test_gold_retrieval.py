"""The retrieval benchmark over real indexes: small ones where the answer is known, and the released run."""

import json

import numpy as np
import pytest

from drives import Drives, scenario
from fakes import HashEmbedder
from gold_set.labels import GoldLine, read_gold
from gold_set.queries import BenchmarkQuery, read_queries
from gold_set.ranking import METRICS, NOT_RETRIEVED, RankingScore
from gold_set.retrieval import SYSTEMS, QueryScore, compare, measure_retrieval, rankings, released_gold
from indexer.recorded import index_recorded
from samples import MADE_UP_SCOUTS, made_up_token
from scenario.errors import InputError
from scenario.records import Facts
from scenario.workspace import Workspace
from search.chips import read_words
from search.corpus import Corpus
from search.store import Store
from shell import semdrive

SAID = {
    "a": ("rain over the city", 0.9),
    "b": ("rain over the bridge", 0.8),
    "c": ("a sunny street", 0.1),
    "d": ("a sunny square", 0.1),
    "e": ("a sunny square", 0.1),
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Five frames: two said to be rainy, two with one text, all believed accordingly."""
    drives = Drives.at(tmp_path_factory.mktemp("retrieval") / "w")
    drives.write(
        [
            scenario(
                token, Facts(description=said), probabilities={("weather", "rain"): p, ("weather", "clear"): 1 - p}
            )
            for token, (said, p) in SAID.items()
        ]
    )
    return Corpus(Store(drives.workspace.index_uri).snapshot())


def gold(**weather):
    return [GoldLine(token=token, scalars={"weather": value} if value else {}) for token, value in weather.items()]


def query(text, relevant, where="any", name="q"):
    return BenchmarkQuery(id=name, text=text, relevant=relevant, covers=(), where=where)


RAIN = query("rain", "weather:rain")
ALL = gold(a="rain", b="rain", c="clear", d="clear", e="clear")


def measure(corpus, gold, *queries, **options):
    return measure_retrieval(corpus, HashEmbedder(), gold, queries, **options)


def test_every_system_finds_what_all_say_plainly(corpus):
    report = measure(corpus, ALL, RAIN)
    (only,) = report.queries
    assert set(only.scores) == set(SYSTEMS)
    assert (only.judged, only.relevant, only.chips) == (5, 2, ("weather:rain",))
    assert {system: score.ap for system, score in only.scores.items() if system != "chance"} == pytest.approx(
        dict.fromkeys(("dense", "bm25", "belief", "fused"), 1)
    )
    assert only.scores["chance"].precision == pytest.approx(2 / 5)


def test_frames_with_one_text_share_a_place_whatever_their_tokens(corpus):
    report = measure(corpus, gold(d="clear", e="rain"), query("sunny square", "weather:rain"))
    (only,) = report.queries
    assert {name: only.scores[name].mrr for name in ("dense", "bm25")} == {"dense": 0.75, "bm25": 0.75}


def test_a_frame_that_is_not_labelled_stands_in_no_ranking(corpus):
    report = measure(corpus, gold(b="rain", c="clear"), query("rain over the city", "weather:rain"))
    (only,) = report.queries  # unlabelled frame a is nearer, and takes no place
    assert (report.labelled, report.indexed, only.judged) == (2, 5, 2)
    assert only.scores["dense"].mrr == 1


def test_a_query_without_a_relevant_or_another_judged_frame_is_listed_not_scored(corpus):
    queries = [
        query("snow", "weather:snow", name="none"),
        query("any sky", "weather:*", name="all"),
        query("night", "time_of_day:night", name="unsaid"),
    ]
    report = measure(corpus, ALL, *queries)
    why = {each.id: each.why for each in report.not_measurable}
    assert report.queries == ()
    assert why == {
        "none": "no judged frame is relevant",
        "all": "every judged frame is relevant",
        "unsaid": "no frame is judged",
    }
    assert {means.mean for means in report.own.values()} == {None}


def test_belief_ranks_nothing_without_chips_and_has_a_count_of_its_own(corpus):
    report = measure(corpus, ALL, RAIN, query("over the city", "weather:rain", name="no chips"))
    assert {system: means.queries for system, means in report.own.items()} == {
        **dict.fromkeys(SYSTEMS, 2),
        "belief": 1,
    }
    assert {means.queries for means in report.common.values()} == {1}
    assert {each.other: each.queries for each in report.comparisons} == {
        "chance": 2,
        "dense": 2,
        "bm25": 2,
        "belief": 1,
    }


def test_gold_frames_that_the_index_lacks_are_named(corpus):
    report = measure(corpus, [*ALL, *gold(nowhere="rain")], RAIN)
    assert (report.missing, report.gold, report.labelled) == (("nowhere",), 6, 5)


def test_spatial_queries_run_where_frames_have_scenes_or_when_asked(corpus):
    ahead = query("rain ahead", "weather:rain", where="sample", name="ahead")
    without, with_ = measure(corpus, ALL, RAIN, ahead), measure(corpus, ALL, RAIN, ahead, spatial=True)
    assert (without.spatial, without.left_out, len(without.queries)) == (False, 1, 1)
    assert (with_.spatial, with_.left_out, len(with_.queries)) == (True, 0, 2)


def test_what_a_system_does_not_retrieve_has_no_rank(corpus):
    found = rankings(corpus, HashEmbedder(), "rain", read_words("rain"))
    not_retrieved = {corpus.token(int(at)) for at in np.flatnonzero(found["bm25"] == NOT_RETRIEVED)}
    assert not_retrieved == {"c", "d", "e"}


def at(name, fused, dense):
    def score(value):
        return RankingScore(**dict.fromkeys(METRICS, value))

    return QueryScore(
        id=name, text="", chips=(), judged=2, relevant=1, scores={"fused": score(fused), "dense": score(dense)}
    )


def test_a_constant_gap_has_an_interval_of_no_width():
    compared = compare([at("a", 0.9, 0.5), at("b", 0.6, 0.2), at("c", 0.5, 0.1)], "dense", seed=0)
    gap = compared.differences["ap"]
    assert (gap.mean, gap.low, gap.high) == pytest.approx((0.4, 0.4, 0.4))


def test_intervals_repeat_with_their_seed_and_hold_the_mean():
    scores = [at(str(n), value, 0.5) for n, value in enumerate((0.1, 0.4, 0.8, 0.9, 1.0))]
    once, again = compare(scores, "dense", seed=3), compare(scores, "dense", seed=3)
    gap = once.differences["ndcg"]
    assert once == again
    assert gap.low < gap.mean < gap.high


def test_one_query_has_no_interval():
    gap = compare([at("a", 0.9, 0.5)], "dense", seed=0).differences["ap"]
    assert (gap.low, gap.high) == (None, None)


def test_progress_counts_queries(corpus):
    seen = []
    measure(corpus, ALL, RAIN, on_query=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 1)]


def test_without_a_released_gold_set_the_remedy_is_named(tmp_path):
    with pytest.raises(InputError, match="--gold FILE"):
        released_gold(tmp_path)


@pytest.fixture(scope="module")
def made_up(tmp_path_factory):
    """The made-up run, indexed from the command line with the real embedder."""
    workspace = tmp_path_factory.mktemp("made-up") / "workspace"
    scouts = [f"--scout={name}={path}" for name, path in MADE_UP_SCOUTS.items()]
    indexed = semdrive("index", "recorded", *scouts, "--index", str(workspace))
    assert workspace.is_dir(), indexed.stderr
    return workspace


def test_the_command_prints_systems_intervals_and_what_is_not_measurable(made_up, tmp_path):
    truth, asked = tmp_path / "gold.jsonl", tmp_path / "queries.jsonl"
    weather = {1: "rain", 2: "clear", 3: "rain", 4: "clear", 99: "rain"}
    lines = [json.dumps({"token": made_up_token(n), "weather": value}) for n, value in weather.items()]
    truth.write_text("\n".join(lines), encoding="utf-8")
    asked.write_text(
        "\n".join(
            json.dumps({"id": name, "text": text, "relevant": relevant, "covers": ["weather"], "where": "any"})
            for name, text, relevant in (("wet", "it is raining", "weather:rain"), ("snowy", "snow", "weather:snow"))
        )
    )
    flags = ("--index", str(made_up), "--gold", str(truth), "--queries", str(asked))
    shown, told = semdrive("gold", "retrieval", *flags, "--per-query"), semdrive("gold", "retrieval", *flags, "--json")

    assert shown.returncode == 0, shown.stderr
    assert "it is raining" in shown.stdout
    assert "no judged frame is relevant: snowy" in shown.stdout
    assert "1 gold frames are not in the index" in shown.stdout
    report = json.loads(told.stdout)
    assert report["labelled"] == 4
    assert [each["id"] for each in report["queries"]] == ["wet"]


@pytest.mark.shared
def test_every_released_gold_frame_is_indexed_and_most_queries_are_measured(released, tmp_path):
    workspace = Workspace.create(tmp_path / "workspace")
    files = {"gemma": "index_gemma_run.jsonl", "kimi": "index_kimi_run_reasoning.jsonl"}
    index_recorded({name: released / file for name, file in files.items()}, workspace, HashEmbedder())
    corpus = Corpus(Store(workspace.index_uri).snapshot())
    truth = read_gold(released_gold(released.parent))

    report = measure(corpus, truth, *read_queries())

    assert (report.missing, report.labelled, report.indexed) == ((), len(truth), 2550)
    assert not report.spatial
    assert len(report.queries) + len(report.not_measurable) + report.left_out == len(read_queries())
    assert len(report.queries) >= 40
