"""Searching by what was verified: states as masks, against the same filters as SQL and against plain Python."""

from functools import partial
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drives import Drives, drive, engine_over, no_embedder, scenario, tokens
from scenario.answers import Verification
from scenario.errors import NoLedger, QueryError, WorkspaceError
from scenario.ledger import Ledger
from scenario.records import Facts
from scenario.workspace import Workspace
from search.chips import read_words
from search.corpus import Corpus
from search.query import parse
from search.query.compile import quote
from search.retrieval import retrieve
from search.selection import Prefilter, Selection
from search.store import Store
from server.engine import Engine

SCENARIOS = drive(90, seed=21)
TOKENS = [one.frame.token for one in SCENARIOS]
RISK = {one.frame.token: one.verdict.facts.risk for one in SCENARIOS}
LANE, WET = "a pedestrian in the lane", "is the road wet?"
EVERYTHING = 10_000


def said(ledger, token, verdict, question=LANE):
    return ledger.append_verification(Verification(token=token, question=question, verdict=verdict))


@pytest.fixture(scope="module")
def drives(tmp_path_factory):
    made = Drives.at(tmp_path_factory.mktemp("states") / "w")
    made.write(SCENARIOS)
    random = Random(5)
    with Ledger(made.workspace.ledger) as ledger:
        for _ in range(150):
            said(ledger, random.choice(TOKENS[:60]), random.choice(["yes", "no", "unsure"]), random.choice([LANE, WET]))
        said(ledger, "of an index long gone", "yes")
    return made


@pytest.fixture(scope="module")
def engine(drives):
    return engine_over(drives)


@pytest.fixture(scope="module")
def latest(drives):
    """(question, token) → its latest verdict, worked out from the list of all."""
    with Ledger(drives.workspace.ledger, read_only=True) as ledger:
        return {(one.question, one.token): one.verdict for one in reversed(ledger.verifications())}


def whole(engine, query, **options):
    return tokens(engine.search(query, limit=EVERYTHING, **options))


# By question


@pytest.mark.parametrize(("field", "verdict"), [("verified", "yes"), ("refuted", "no")])
def test_a_question_finds_the_frames_of_which_its_latest_verdict_says_so(engine, latest, field, verdict):
    for question in (LANE, WET):
        having = {t for t in TOKENS if latest.get((question, t)) == verdict}
        assert having
        assert set(whole(engine, f'{field}:"{question}"')) == having
        assert set(whole(engine, f'-{field}:"{question.upper()}"')) == set(TOKENS) - having
        assert set(whole(engine, f'{field}:"{question}" risk:>=5')) == {t for t in having if (RISK[t] or 0) >= 5}
        assert set(whole(engine, f'{field}:"{question}" OR risk:9')) == having | {t for t in TOKENS if RISK[t] == 9}
        assert engine.facets(f'{field}:"{question}"').matching == len(having)
        assert engine.explain(f'{field}:"{question}" risk:>=5').matching <= len(having)


def test_a_star_asks_whether_any_question_has_that_verdict(engine, latest):
    confirmed = {t for (_, t), verdict in latest.items() if verdict == "yes"} & set(TOKENS)
    assert set(whole(engine, "verified:*")) == confirmed
    assert set(whole(engine, "NOT verified:*")) == set(TOKENS) - confirmed
    assert set(whole(engine, f'verified:"{LANE}","{WET}"')) == confirmed


def test_a_question_that_nobody_asked_is_an_error_with_its_place_and_near_ones(engine):
    with pytest.raises(QueryError) as caught:
        engine.search('risk:4 OR NOT verified:"a pedestrian in the lnae"')
    error = caught.value
    assert error.source[error.start : error.end] == '"a pedestrian in the lnae"'
    assert f'did you mean "{LANE}"?' in str(error)
    with pytest.raises(QueryError, match="asked last: "):
        engine.facets("refuted:unicorns")


def test_before_the_first_question_the_error_says_how_to_ask_one(tmp_path):
    drives = Drives.at(tmp_path / "w")
    drives.write([scenario("a")])
    with pytest.raises(QueryError, match="no question was asked yet; search --verify asks one"):
        Engine(drives.workspace, no_embedder).search('verified:"a bus"')


def test_without_a_ledger_asking_for_a_question_or_a_rerank_is_a_named_error(drives):
    replica = Engine(Workspace.open(drives.workspace.index_uri), no_embedder)
    with pytest.raises(NoLedger, match="verified: needs the ledger"):
        replica.search(f'verified:"{LANE}"')
    with pytest.raises(NoLedger, match="re-ranking needs the ledger"):
        replica.search("risk:4", rerank=True)


# New verdicts and undone ones


def test_what_is_verified_or_undone_is_seen_by_the_next_search(tmp_path):
    drives = Drives.at(tmp_path / "w")
    drives.write([scenario(token, Facts(risk=5)) for token in "abc"])
    engine = Engine(drives.workspace, no_embedder)
    with Ledger(drives.workspace.ledger) as ledger:
        first = said(ledger, "a", "yes")
        assert whole(engine, f'verified:"{LANE}"') == ["a"]
        said(ledger, "b", "yes")
        assert whole(engine, f'verified:"{LANE}"') == ["a", "b"]
        second = said(ledger, "a", "no")
        assert (whole(engine, f'verified:"{LANE}"'), whole(engine, "is:refuted")) == (["b"], ["a"])
        engine.undo_verification(second.id, "Ada")
        assert (whole(engine, f'verified:"{LANE}"'), whole(engine, "is:refuted")) == (["a", "b"], [])
        engine.undo_verification(first.id, "Ada")
        assert (whole(engine, f'verified:"{LANE}"'), whole(engine, "is:unverified")) == (["b"], ["a", "c"])
    drives.write([scenario(token, Facts(risk=5)) for token in "bd"], "another build")
    assert (whole(engine, f'verified:"{LANE}"'), whole(engine, "is:unverified")) == (["b"], ["d"])


# Under words


@settings(max_examples=25, deadline=None)
@given(chosen=st.sets(st.sampled_from(TOKENS), max_size=90), seed=st.integers(0, 3))
@pytest.mark.parametrize("query", ["pedestrian in the road at night", f"similar:{TOKENS[3]}", "truck sort:risk-asc"])
def test_a_mask_ranks_as_the_same_frames_named_in_sql(drives, chosen, seed, query):
    corpus, parsed = Corpus(Store(drives.workspace.index_uri).snapshot()), parse(query)
    by_token = np.array([corpus.token(place) in chosen for place in range(len(corpus))], dtype=np.bool_)
    where = f"token IN ({', '.join(map(quote, sorted(chosen)))})" if chosen else "false"
    vector = drives.embedder.embed([parsed.text])[0] if parsed.text else None
    reading = read_words(parsed.text)
    masked = retrieve(corpus, parsed, reading, Selection(mask=by_token), vector)
    named = retrieve(corpus, parsed, reading, Selection(where), vector)
    assert masked.order.tolist() == named.order.tolist()
    assert masked.matching == named.matching == len(chosen)
    assert masked.scores.tolist() == named.scores.tolist()


@settings(max_examples=40, deadline=None)
@given(chosen=st.sets(st.sampled_from(TOKENS), min_size=1, max_size=90), count=st.integers(1, 30))
@pytest.mark.parametrize("retriever", ["nearest", "matching_words"])
def test_as_many_are_retrieved_as_it_takes_to_have_the_best_that_pass(drives, chosen, count, retriever):
    corpus = Corpus(Store(drives.workspace.index_uri).snapshot())
    mask = np.array([corpus.token(place) in chosen for place in range(len(corpus))], dtype=np.bool_)
    if retriever == "nearest":
        vector = drives.embedder.embed(["a truck at night"])[0]
        retrieve_them = partial(corpus.snapshot.nearest, "description_vector", vector)
    else:
        retrieve_them = partial(corpus.snapshot.matching_words, "a truck at night")
    fetched = Prefilter.of(corpus, Selection(mask=mask), named_up_to=0).first(count, retrieve_them)
    named = Prefilter.of(corpus, Selection(mask=mask)).first(count, retrieve_them)
    assert mask[fetched[0]].all()
    assert len(set(fetched[0].tolist())) == len(fetched[0])
    assert fetched[1].tolist() == pytest.approx(named[1].tolist())  # of tied frames any may stand at the edge


# Re-ranking


@pytest.mark.parametrize("query", ["", "a truck at night", "risk:>=3 sort:risk-asc", f"similar:{TOKENS[2]}"])
@pytest.mark.parametrize("group", [None, "scene"])
def test_confirmed_frames_stand_first_and_refuted_ones_last_else_as_they_were(engine, latest, query, group):
    place = {"yes": 0, "no": 2}
    before = whole(engine, query)
    after = whole(engine, query, rerank=LANE)
    assert after == sorted(before, key=lambda token: place.get(latest.get((LANE, token)), 1))
    assert engine.search(query, rerank=LANE, group=group, limit=3).hits[0].token == after[0]
    assert whole(engine, query) == before


def test_a_rerank_is_by_the_querys_own_question_and_hits_show_its_verdict(engine, latest):
    page = engine.search(f"{LANE} sort:risk-desc", limit=EVERYTHING, rerank=True)
    assert [hit.verdict for hit in page.hits] == [latest.get((LANE, hit.token)) for hit in page.hits]
    groups = [{"yes": 0, "no": 2}.get(hit.verdict, 1) for hit in page.hits]
    assert groups == sorted(groups)
    assert set(groups) == {0, 1, 2}


def test_a_query_that_was_never_asked_is_not_reranked_but_a_name_that_was_not_is_an_error(engine):
    assert whole(engine, "a bus", rerank=True) == whole(engine, "a bus")
    with pytest.raises(QueryError, match="nobody asked 'is there a bus' yet"):
        engine.search("a bus", rerank="is there a bus")


def test_a_reranked_search_does_not_outlive_a_new_verdict(tmp_path):
    drives = Drives.at(tmp_path / "w")
    drives.write([scenario(token, Facts(risk=5)) for token in "abc"])
    engine = Engine(drives.workspace, no_embedder)
    assert whole(engine, "risk:5", rerank=True) == ["a", "b", "c"]
    with Ledger(drives.workspace.ledger) as ledger:
        said(ledger, "c", "yes", "risk:5")
        said(ledger, "a", "no", "risk:5")
    page = engine.search("risk:5", rerank=True)
    assert [(hit.token, hit.verdict) for hit in page.hits] == [("c", "yes"), ("b", None), ("a", "no")]


def test_a_search_that_asks_nothing_of_a_damaged_ledger_goes_on_and_one_that_does_names_it(tmp_path):
    drives = Drives.at(tmp_path / "w")
    drives.write([scenario("a", Facts(risk=5))])
    for file in tmp_path.glob("w/ledger.sqlite*"):
        file.write_bytes(b"no ledger at all" * 64)
    engine = Engine(drives.workspace, no_embedder)
    assert whole(engine, "risk:5") == ["a"]
    for query in ("is:verified", "verified:*", 'refuted:"a bus"'):
        with pytest.raises(WorkspaceError, match="is not a ledger of this version"):
            engine.search(query)


# What makes it fast for a million frames


@pytest.mark.parametrize("column", ["risk", "agreement", "sequence"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_the_kept_order_of_all_frames_is_the_one_that_a_sort_gives(drives, engine, column, direction):
    corpus = Corpus(Store(drives.workspace.index_uri).snapshot())
    order = corpus.order(column, descending=direction == "desc")
    assert [corpus.token(place) for place in order] == whole(engine, f"sort:{column}-{direction}")


@pytest.mark.parametrize("others", [0, 1, 300], ids=["none", "few", "many"])
def test_tokens_are_placed_and_unknown_ones_are_told_apart(drives, others):
    corpus = Corpus(Store(drives.workspace.index_uri).snapshot())
    asked = [*TOKENS[5:40], *(f"it's unknown {number}" for number in range(others)), *TOKENS[:5]]
    places = corpus.places(asked)
    assert [corpus.token(place) if place >= 0 else None for place in places] == [
        token if token in TOKENS else None for token in asked
    ]
    assert corpus.places([]).tolist() == []
