"""A compiled filter selects in LanceDB exactly the rows that `evaluate` selects in plain Python."""

from functools import partial

import numpy as np
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from rows import row, rows_at_random, table_of, text_columns
from search.corpus import Corpus
from search.query import Not, OneOf, Phrase, Stated, parse
from search.query.evaluate import evaluate
from search.query.parser import MAX_DEPTH
from search.selection import select
from strategies import HOSTILE_PHRASES, Literals, filters_over, phrases_of

ROWS = rows_at_random(300, seed=20)
LITERALS = Literals(ROWS)
STATES = {
    ("is", "verified"): {"t1", "t5", "t7"},
    ("is", "refuted"): {"t2", "it's"},
    ("verified", None): {"t1", "t2", "t5", "t7", "t9"},
    ("refuted", None): {"t2", "t3"},
    ("verified", "is it there?"): {"t1", "t9"},
}


@pytest.fixture(scope="module", params=["indexed", "flat"])
def snapshot(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    return table_of(str(folder), ROWS, indexed=request.param == "indexed")


def selected(snapshot, node):
    """Tokens that the filter selects in LanceDB."""
    corpus = Corpus(snapshot)
    selection = select(corpus, node, partial(in_state, corpus))
    counted = selection.count(corpus)  # before: afterwards it would count what was kept
    positions = selection.positions(corpus).tolist()
    assert counted == selection.count(corpus) == len(positions) == len(set(positions))
    if selection.where is not None:
        narrowed = set(corpus.matching(selection.where).tolist())
        assert narrowed >= set(positions)
    return {corpus.token(position) for position in positions}


def in_state(corpus, field, value):
    """What the ledger would say, as a mask."""
    tokens = [corpus.token(position) for position in range(len(corpus))]
    return np.array([evaluate(leaf_of(field, value), {"token": token}, STATES) for token in tokens], dtype=np.bool_)


def leaf_of(field, value):
    return Stated(field) if value is None else OneOf(field, (value,))


def expected(rows, node):
    return {one["token"] for one in rows if evaluate(node, one, STATES)}


@settings(max_examples=150, deadline=None)
@given(node=filters_over(LITERALS))
def test_any_filter_selects_the_rows_it_means(snapshot, node):
    assert selected(snapshot, node) == expected(ROWS, node)


@settings(max_examples=60, deadline=None)
@given(text=phrases_of(LITERALS))
def test_any_words_of_a_text_are_found_or_not_as_they_should(snapshot, text):
    assert selected(snapshot, Phrase(text)) == expected(ROWS, Phrase(text))


@pytest.mark.parametrize("text", HOSTILE_PHRASES)
def test_a_phrase_of_characters_that_mean_something_elsewhere_means_itself(snapshot, text):
    assert selected(snapshot, Phrase(text)) == expected(ROWS, Phrase(text))


@settings(max_examples=20, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])  # a table each
@given(data=st.data(), texts=st.lists(st.text(max_size=20), min_size=1, max_size=12), seed=st.integers(0, 10**6))
def test_any_rows_are_selected_as_they_should(tmp_path_factory, data, texts, seed):
    rows = [one | text_columns(text) for one, text in zip(rows_at_random(len(texts), seed), texts, strict=True)]
    snapshot = table_of(str(tmp_path_factory.mktemp("any")), rows, indexed=False)
    nodes = filters_over(Literals(rows))
    for _ in range(6):
        node = data.draw(nodes)
        assert selected(snapshot, node) == expected(rows, node)


@pytest.mark.parametrize(
    ("source", "stated", "absent"),
    [
        ("risk:>=4", {"risk": 3}, {}),
        ("risk:4", {"risk": 3}, {}),
        ("risk:4..6", {"risk": 3}, {}),
        ("weather:rain", {"weather": "fog"}, {}),
        ("tag:construction", {"tags": ["vru_hazard"]}, {"tags": []}),
        ("scene:a", {"scene": "b"}, {}),
        ("risk_mean:>1", {"risk_mean": 0.5}, {}),
    ],
)
@pytest.mark.parametrize("indexed", [True, False])
def test_a_negation_keeps_rows_that_do_not_state_the_field(tmp_path, source, stated, absent, indexed):
    snapshot = table_of(str(tmp_path), [row("other", **stated), row("absent", **absent)], indexed=indexed)
    assert selected(snapshot, parse(source).filter) == set()
    assert selected(snapshot, parse(f"NOT {source}").filter) == {"other", "absent"}
    assert selected(snapshot, parse(f"NOT NOT {source}").filter) == set()


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("cone", "a traffic cone", True),
        ("cone", "two cones", False),
        ("cone", "CONE.", True),
        ("traffic cone", "a traffic\n  cone", True),
        ("cone traffic", "traffic cone", False),
        ("stop sign", "nonstop sign", False),
        ("truck", "semi-truck", True),
        ("x", "x_y", False),
        ("strasse", "Große Straße", True),
        ("STRAßE", "grosse strasse", True),
        ("a.c", "abc", False),
        ("c++", "c++ code", True),
        ("日本", "日本語", False),
        ("été", "l'été", True),
    ],
)
def test_a_phrase_matches_whole_words_without_case(tmp_path, phrase, text, found):
    rows = [row("t", **text_columns(text))]
    assert expected(rows, Phrase(phrase)) == ({"t"} if found else set())
    assert selected(table_of(str(tmp_path), rows, indexed=False), Phrase(phrase)) == ({"t"} if found else set())


@pytest.mark.parametrize(
    "source",
    [
        "NOT " * MAX_DEPTH + "risk:4",
        "-(" * (MAX_DEPTH // 2) + "risk:4" + ")" * (MAX_DEPTH // 2),
        "risk:1 OR (risk:2 AND " * (MAX_DEPTH // 2) + "risk:4" + ")" * (MAX_DEPTH // 2),
        "NOT (risk:1 OR risk:2 " * (MAX_DEPTH // 2) + "risk:4" + ")" * (MAX_DEPTH // 2),
        "risk:1 OR " * 400 + "risk:2",
        "risk:1 " * 500,
        "NOT risk:1 " * 350,
    ],
    ids=["nots", "minuses", "groups", "mixed", "ors", "ands", "and nots"],
)
def test_the_deepest_and_the_widest_query_that_parses_can_be_answered(snapshot, source):
    node = parse(source).filter
    assert selected(snapshot, node) == expected(ROWS, node)


@example(0.0)
@example(-0.0)
@given(st.sampled_from(sorted({one["p_tags_construction"] for one in ROWS})))
@settings(deadline=None)
def test_a_probability_is_found_again_by_its_own_number(snapshot, probability):
    node = OneOf("p(construction)", (probability,))
    assert expected(ROWS, node)
    assert selected(snapshot, node) == expected(ROWS, node)
    assert selected(snapshot, Not(node)) == expected(ROWS, Not(node))
