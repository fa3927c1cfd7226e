"""The engine over a small index, against answers worked out in plain Python."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from drives import Drives, drive, engine_over, no_embedder, tokens
from fakes import HashEmbedder
from scenario.errors import IndexMismatch, QueryError, SearchExpired, SemdriveError
from scenario.vocabulary import SCALAR_FIELDS
from search.chips import read_words
from search.query import parse
from search.query.evaluate import evaluate
from search.schema import batch, schema
from server.engine import KEPT_SEARCHES, Engine

SCENARIOS = drive(90, seed=11)
FRAME = SCENARIOS[4].frame.token
EVERYTHING = 10_000
FILTERS = (
    *("", "risk:>=4", "construction", "construction OR vru_hazard", "NOT weather:rain", "-tag:construction,vru_hazard"),
    *("risk:*", "NOT risk:*", "scene:scene-0003", "-scene:*", "p(construction):>=0.5 agreement:0.25", "object:person"),
    *('"in the road" -"stop sign"', "risk:4..6 OR (tag:* weather:wet)", f"token:{FRAME}", "token:nowhere"),
)
SORTS = ("", "sort:risk-asc", "sort:risk-desc", "sort:agreement-asc", "sort:sequence-desc", "sort:token-desc")
SORTED = tuple(f"({query}) {sort}" if query else sort for query in FILTERS for sort in SORTS)
RANKED = (
    *("pedestrian in the road at night", "construction risk:>=2", 'ambulance "wet road"', "cyclist sort:risk-asc"),
    *("truck (risk:1 OR risk:8)", f"similar:{FRAME}", f"similar:{FRAME} truck risk:>=2", "jaywalker sort:token-desc"),
    *("-", "the", "😀", "!!!", "日本", "12:30", "\u200b", "c++ 'quoted", "nothing_like_it risk:0"),
)


@pytest.fixture(scope="module")
def drives(tmp_path_factory):
    made = Drives.at(tmp_path_factory.mktemp("engine") / "w")
    made.write(SCENARIOS)
    return made


@pytest.fixture(scope="module")
def engine(drives):
    return engine_over(drives)


@pytest.fixture(scope="module")
def rows(drives):
    """The rows of the index as they were written, by token."""
    written = batch([drives.row(one) for one in SCENARIOS], 1, schema(drives.embedder.dim)).to_pylist()
    return {row["token"]: row for row in written}


def whole(engine, query, **options):
    return engine.search(query, limit=EVERYTHING, **options)


def passing(rows, query):
    node = parse(query).filter
    return [row for row in rows.values() if node is None or evaluate(node, row)]


# Filters and orders


@pytest.mark.parametrize("query", FILTERS)
def test_a_filter_finds_every_frame_that_passes_and_the_total_is_exact(engine, rows, query):
    page = whole(engine, query)
    assert sorted(tokens(page)) == sorted(row["token"] for row in passing(rows, query))
    assert page.ranked == page.matching == len(page.hits)
    assert all(hit.score is None and hit.why == {} for hit in page.hits)


def test_without_an_order_risk_descends_then_tokens_ascend_and_no_risk_is_last(engine, rows):
    expected = sorted(rows.values(), key=lambda row: (row["risk"] is None, -(row["risk"] or 0), row["token"]))
    assert tokens(whole(engine, "")) == [row["token"] for row in expected]


@pytest.mark.parametrize("field", ["risk", "agreement", "risk_mean", "sequence", "p(construction)"])
@pytest.mark.parametrize("sign", [1, -1], ids=["asc", "desc"])
def test_a_sort_orders_and_what_is_not_stated_is_last_either_way(engine, rows, field, sign):
    column = {"p(construction)": "p_tags_construction"}.get(field, field)
    expected = sorted(rows.values(), key=lambda row: (row[column] is None, sign * (row[column] or 0), row["token"]))
    direction = "asc" if sign == 1 else "desc"
    assert tokens(whole(engine, f"sort:{field}-{direction}")) == [row["token"] for row in expected]


def test_tokens_sort_both_ways(engine, rows):
    assert tokens(whole(engine, "sort:token-asc")) == sorted(rows)
    assert tokens(whole(engine, "sort:token-desc")) == sorted(rows, reverse=True)


def test_a_sort_beside_words_orders_what_was_ranked(engine, rows):
    ranked = tokens(whole(engine, "pedestrian at night"))
    place = {token: number for number, token in enumerate(ranked)}
    expected = sorted(ranked, key=lambda t: (rows[t]["risk"] is None, rows[t]["risk"], place[t]))
    assert tokens(whole(engine, "pedestrian at night sort:risk-asc")) == expected


def test_neither_a_filter_nor_a_similar_frame_asks_for_the_embedder(drives):
    engine = Engine(drives.workspace, no_embedder)
    for query in (*FILTERS, *SORTED, f"similar:{FRAME}"):
        engine.search(query, group="scene")
        engine.facets(query)
        engine.explain(query)
    assert engine.stats()["frames"] == len(SCENARIOS)


def test_an_embedder_of_another_length_is_a_mismatch(drives):
    engine = Engine(drives.workspace, lambda fingerprint: HashEmbedder(dim=16))
    with pytest.raises(IndexMismatch, match="32 dimensions"):
        engine.search("pedestrian")


# Pages


@settings(max_examples=60, deadline=None)
@given(
    query=st.sampled_from(RANKED + FILTERS + SORTED),
    size=st.integers(5, 120),
    group=st.sampled_from([None, "scene"]),
)
@example(query="pedestrian at night", size=1, group=None)
@example(query="risk:>=4", size=1, group="scene")
def test_pages_are_disjoint_complete_and_independent_of_their_size(engine, query, size, group):
    first = engine.search(query, limit=size, group=group)
    count = first.ranked if group is None else first.groups
    pages = [engine.page(first.search_id, limit=size, offset=offset, group=group) for offset in range(0, count, size)]
    paged = [hit for page in pages for hit in page.hits]
    assert paged == list(whole(engine, query, group=group).hits)
    assert len({hit.token for hit in paged}) == len(paged) == count
    if group is None:
        assert [hit.rank for hit in paged] == list(range(1, count + 1))


@pytest.mark.parametrize("query", RANKED)
def test_another_engine_gives_the_same_ranking(engine, drives, query):
    assert whole(engine_over(drives), query).hits == whole(engine, query).hits


def test_threads_that_share_an_engine_get_the_same_answers(drives, engine):
    shared = engine_over(drives)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda query: (query, whole(shared, query).hits), RANKED * 3))
    assert all(hits == whole(engine, query).hits for query, hits in found)


def test_a_page_beyond_the_end_is_empty(engine):
    page = engine.search("risk:>=4", offset=EVERYTHING)
    assert page.hits == ()
    assert page.ranked > 0


@pytest.mark.parametrize("options", [{"limit": 0}, {"limit": -1}, {"offset": -1}])
def test_a_page_of_no_size_or_before_the_start_is_refused(engine, options):
    with pytest.raises(SemdriveError, match="limit >= 1 and offset >= 0"):
        engine.search("", **options)


def test_a_search_that_is_no_longer_kept_has_expired(drives):
    engine = engine_over(drives)
    first = engine.search("risk:0")
    for number in range(KEPT_SEARCHES):
        assert engine.page(first.search_id).hits == first.hits
        engine.search(f"sequence:{number}")
    with pytest.raises(SearchExpired, match="run the query again"):
        engine.page(first.search_id)


def test_an_unknown_search_has_expired(engine):
    with pytest.raises(SearchExpired):
        engine.page("nothing")


def test_two_spellings_of_a_query_are_one_search(engine):
    assert engine.search("risk>=4 AND construction").search_id == engine.search("risk≥4 tag:construction").search_id


# Ranking


@pytest.mark.parametrize("query", RANKED)
def test_words_rank_only_frames_that_pass_the_filter(engine, rows, query):
    page = whole(engine, query)
    allowed = {row["token"] for row in passing(rows, query)}
    assert set(tokens(page)) <= allowed
    assert page.matching == len(allowed)
    assert page.ranked == len(page.hits)


@pytest.mark.parametrize("query", [query for query in RANKED if "sort:" not in query])
def test_a_score_is_the_sum_of_reciprocal_ranks_and_ties_go_by_token(engine, query):
    hits = whole(engine, query).hits
    for hit in hits:
        assert hit.why
        assert hit.score == pytest.approx(sum(1 / (60 + rank) for rank in hit.why.values()))
    assert list(hits) == sorted(hits, key=lambda hit: (-round(hit.score, 12), hit.token))


def test_the_dense_ranking_is_by_the_nearer_of_the_two_texts(engine, rows, drives):
    text = "cyclist beside the curb"
    (vector,) = drives.embedder.embed([text])
    distance = {}
    for token, row in rows.items():
        stored = [row[name] for name in ("description_vector", "reasoning_vector") if row[name] is not None]
        if stored:
            distance[token] = min(1 - float(np.dot(one, vector)) for one in stored)
    ranked = sorted((hit for hit in whole(engine, text).hits if "dense" in hit.why), key=lambda hit: hit.why["dense"])
    assert sorted(hit.token for hit in ranked) == sorted(distance)
    assert [hit.why["dense"] for hit in ranked] == list(range(1, len(ranked) + 1))
    assert np.allclose([distance[hit.token] for hit in ranked], sorted(distance.values()), atol=1e-5)


def test_words_are_ranked_by_the_frames_that_hold_them(engine, rows):
    held = {token for token, row in rows.items() if "ambulance" in row["text_folded"]}
    found = {hit.token for hit in whole(engine, "ambulance").hits if "bm25" in hit.why}
    assert found == held


def mean_log_odds(rows, chips):
    """Token → the mean over the chips of log-odds above the corpus base rate."""
    total = np.zeros(len(rows))
    for chip in chips:
        stored = [sum(np.float64(row[column]) for column in chip.columns) for row in rows.values()]
        probability = np.clip(stored, 1e-6, 1 - 1e-6)
        base = probability.mean()
        total += np.log(probability / (1 - probability)) - np.log(base / (1 - base))
    return dict(zip(rows, np.round(total / len(chips), 9), strict=True))


@pytest.mark.parametrize(
    "text", ["roadworks", "jaywalker at night", "wet road in heavy rain", "bad weather, broken camera"]
)
def test_the_belief_ranking_is_by_log_odds_above_the_base_rate_with_shared_mean_ranks(engine, rows, text):
    chips = read_words(text).chips
    above = {token: score for token, score in mean_log_odds(rows, chips).items() if score > 0}
    better, equal = Counter(), Counter(above.values())
    for score in equal:
        better[score] = sum(count for other, count in equal.items() if other > score)
    expected = {token: better[score] + (equal[score] + 1) / 2 for token, score in above.items()}
    found = {hit.token: hit.why["belief"] for hit in whole(engine, text).hits if "belief" in hit.why}
    assert chips
    assert found == expected


def test_the_base_rate_belongs_to_the_corpus_and_not_to_the_filter(engine):
    every = {hit.token: hit.why.get("belief") for hit in whole(engine, "roadworks").hits}
    some = [hit for hit in whole(engine, "roadworks risk:>=5").hits if "belief" in hit.why]
    assert some
    assert all(every[hit.token] is not None for hit in some)


def test_words_without_a_chip_have_no_belief_ranking(engine):
    assert "belief" not in engine.explain("truck").retrievers
    assert engine.explain("roadworks").retrievers.keys() == {"dense", "bm25", "belief"}


def test_similar_ranks_the_other_frames_by_the_nearer_of_the_two_texts(engine, rows):
    columns = ("description_vector", "reasoning_vector")
    chosen = next(row for row in rows.values() if all(row[name] is not None for name in columns))
    distance = {}
    for token, row in rows.items():
        near = [1 - float(np.dot(row[name], chosen[name])) for name in columns if row[name] is not None]
        if near and token != chosen["token"]:
            distance[token] = min(near)
    found = tokens(whole(engine, f"similar:{chosen['token']}"))
    assert sorted(found) == sorted(distance)
    assert np.allclose([distance[token] for token in found], sorted(distance.values()), atol=1e-5)


def test_a_frame_without_text_has_no_neighbours(engine, rows):
    silent = next(token for token, row in rows.items() if not row["description"] and not row["reasoning"])
    page = engine.search(f"similar:{silent}")
    assert (page.ranked, page.matching) == (0, len(rows))


@pytest.mark.parametrize(
    "query",
    ["similar:nope", "risk:4 similar:nope", "similar:nope risk:4", '"similar:x" similar:nope', 'similar:"no pe" x'],
)
def test_similar_to_an_unknown_frame_is_an_error_with_its_place(engine, query):
    with pytest.raises(QueryError, match="no frame with token") as caught:
        engine.search(query)
    pointed = query[caught.value.start : caught.value.end]
    assert pointed in ("similar:nope", "nope", 'similar:"no pe"', '"no pe"')


# What the words were read as


def test_chips_are_shown_and_without_removes_them(engine):
    shown = engine.search("jaywalker at night").read_as
    assert [(chip.text, chip.words) for chip in shown.chips] == [
        ("vru_status:jaywalking", "jaywalker"),
        ("time_of_day:night", "night"),
    ]
    less = engine.search("jaywalker at night", without=["time_of_day:night"])
    assert [chip.text for chip in less.read_as.chips] == ["vru_status:jaywalking"]
    assert less.search_id != engine.search("jaywalker at night").search_id
    none = whole(engine, "jaywalker at night", without=["time_of_day:night", "vru_status:jaywalking"])
    assert all("belief" not in hit.why for hit in none.hits)


def test_a_correction_is_told_and_searched(engine):
    page = engine.search("ambulanse")
    assert [(fix.wrong, fix.right) for fix in page.read_as.corrections] == [("ambulanse", "ambulance")]
    assert page.hits[0].token == engine.search("ambulance").hits[0].token


def test_the_canonical_query_is_told(engine):
    told = engine.search("risk≥4 construction sort:risk-asc").read_as
    assert (told.query, told.filter, told.text, told.sort) == (
        *("risk:>=4 sort:risk-asc construction", "risk:>=4", "construction", "risk-asc"),
    )


@pytest.mark.parametrize("query", [*FILTERS, *RANKED])
def test_an_explanation_counts_as_the_search_does(engine, query):
    explained, page = engine.explain(query), whole(engine, query)
    assert (explained.matching, explained.ranked, explained.read_as) == (page.matching, page.ranked, page.read_as)
    assert explained.total == len(SCENARIOS)


# Scenes


@pytest.mark.parametrize("query", ["", "risk:>=4", "pedestrian at night", f"similar:{FRAME}"])
def test_grouped_by_scene_every_frame_is_a_head_or_beside_one(engine, rows, query):
    scenes = {}
    for token in tokens(whole(engine, query)):
        scenes.setdefault(rows[token]["scene_key"], []).append(token)
    page = whole(engine, query, group="scene")
    assert [[hit.token, *hit.also] for hit in page.hits] == list(scenes.values())
    assert page.groups == len(scenes)


def test_a_frame_without_a_scene_is_a_scene_of_its_own(engine, rows):
    heads = {hit.token: hit for hit in whole(engine, "", group="scene").hits}
    alone = [token for token, row in rows.items() if row["scene"] is None]
    assert alone
    assert all(heads[token].also == () for token in alone)


def test_a_hit_tells_what_the_index_holds(engine, rows):
    risks = [row["risk"] for row in rows.values() if row["risk"] is not None]
    for hit in whole(engine, "").hits:
        row = rows[hit.token]
        assert hit.facts == {field.name: row[field.name] for field in SCALAR_FIELDS}
        assert (hit.risk, hit.scene, hit.description) == (row["risk"], row["scene"], row["description"])
        assert {belief.tag for belief in hit.tags if belief.held} == set(row["tags"])
        assert all(belief.probability == row[f"p_tags_{belief.tag}"] for belief in hit.tags)
        if hit.risk is None:
            assert hit.risk_percentile is None
        else:
            lower = sum(risk < hit.risk for risk in risks) + sum(risk == hit.risk for risk in risks) / 2
            assert hit.risk_percentile == pytest.approx(100 * lower / len(risks))


# Facets


@pytest.mark.parametrize("query", [*FILTERS, "pedestrian at night risk:>=4"])
def test_facets_count_what_passes_the_filter(engine, rows, query):
    chosen = passing(rows, query)
    counted = engine.facets(query)
    assert (counted.matching, counted.total) == (len(chosen), len(rows))
    risks = Counter(str(row["risk"]) for row in chosen if row["risk"] is not None)
    assert {value: count for value, count in counted.facets["risk"].items() if count} == risks
    for name in ("tags", "traffic_controls", "objects"):
        assert counted.facets[name] == Counter(value for row in chosen for value in row[name]), name
    for name in [*(field.name for field in SCALAR_FIELDS), "scene", "location"]:
        assert counted.facets[name] == Counter(row[name] for row in chosen if row[name] is not None), name
