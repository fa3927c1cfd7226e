"""The canonical text of a query reads back as the same query."""

import pytest
from hypothesis import assume, given

from scenario.errors import QueryError
from search.query import format_query, parse, question_of
from search.query.parser import MAX_DEPTH
from strategies import queries, sources


@pytest.mark.parametrize(
    ("source", "canonical"),
    [
        ("construction", "tag:construction"),
        ("risk≥4 construction", "risk:>=4 construction"),
        ("risk != 4", "NOT risk:4"),
        ("-weather:rain,fog", "NOT weather:rain,fog"),
        ("(construction OR vru_hazard) night", "(tag:construction OR tag:vru_hazard) night"),
        ("construction OR vru_hazard", "tag:construction OR tag:vru_hazard"),
        ('verified:"Is it there?" -refuted=wet', 'verified:"Is it there?" AND NOT refuted:wet'),
        ('verified:* refuted:"*"', 'verified:* AND refuted:"*"'),
        ('verified:"a, b","say \\"no\\"" NOT refuted:*', 'verified:"a, b","say \\"no\\"" AND NOT refuted:*'),
        ("risk:1 risk:2 OR risk:3", "risk:1 AND risk:2 OR risk:3"),
        ("NOT (risk:1 OR risk:2)", "NOT (risk:1 OR risk:2)"),
        ("risk:6..* risk:*..9 risk:*", "risk:6..* AND risk:*..9 AND risk:*"),
        ("object:jersey_barrier", 'object:"jersey barrier"'),
        ('scene:"scene-0061","a b"', 'scene:scene-0061,"a b"'),
        (r'"say \"hi\" \\ there"', r'"say \"hi\" \\ there"'),
        ("p(construction)>.5", "p(construction):>0.5"),
        ("person sort:risk-asc risk:4 similar:abc", "risk:4 similar:abc sort:risk-asc person"),
        ("", ""),
    ],
)
def test_a_query_has_one_canonical_spelling(source, canonical):
    assert format_query(parse(source)) == canonical


@given(queries)
def test_the_canonical_text_of_a_query_reads_back_as_that_query(query):
    assert parse(format_query(query)) == query


def test_a_number_keeps_every_digit_in_the_canonical_text():
    read = parse("p(construction):1.2345678901234567e-4")
    assert parse(format_query(read)) == read


@given(sources)
def test_whatever_parses_has_a_canonical_text_that_means_the_same(source):
    try:
        read = parse(source)
    except QueryError:
        assume(False)
    assert parse(format_query(read)) == read


def test_a_deep_query_that_parses_has_a_canonical_text_that_parses():
    """The canonical text nests no deeper than the source did."""
    source = "risk:1"
    for _ in range(MAX_DEPTH // 2):
        source = f"NOT (risk:2 OR risk:3 {source})"
    read = parse(source)
    assert parse(format_query(read)) == read


@pytest.mark.parametrize(
    ("source", "question"),
    [
        ("pedestrian at night sort:risk-desc", "pedestrian at night"),
        ('risk>=4 -verified:"a bus" is:unverified a bus', "risk:>=4 a bus"),
        ('verified:"a bus" NOT refuted:*', ""),
        ("similar:t construction", "construction"),
        ('risk:4 OR verified:"a bus"', 'risk:4 OR verified:"a bus"'),
    ],
)
def test_what_a_query_asks_of_a_frame_is_all_but_its_order_and_what_was_verified(source, question):
    assert question_of(parse(source)) == question


def test_a_question_keeps_its_place_which_is_no_part_of_what_is_asked():
    source = 'risk:4 verified:x,"a bus",x'
    (_, asked) = parse(source).filter.children
    assert [source[start:end] for start, end in asked.spans] == ["x", '"a bus"']
    assert asked == parse('verified:x,"a bus"').filter
