"""Every row of the design's table of queries."""

import pytest

from scenario.errors import QueryError
from search.query import And, Compare, Not, OneOf, Or, Query, Range, Sort, parse

RISKY = Compare("risk", ">=", 4)
CONSTRUCTION = OneOf("tag", ("construction",))


def test_a_comparison_and_a_tag_name_are_two_filters():
    assert parse("risk>=4 AND construction") == Query(And((RISKY, CONSTRUCTION)))


def test_a_tag_name_that_is_the_whole_query_is_a_filter():
    assert parse("construction") == Query(CONSTRUCTION)


def test_tag_names_under_or_are_filters():
    assert parse("construction OR vru_hazard") == Query(Or((CONSTRUCTION, OneOf("tag", ("vru_hazard",)))))


def test_a_tag_name_beside_a_filter_without_an_operator_is_text():
    assert parse("construction risk:>=4") == Query(RISKY, text="construction")


def test_words_after_and_are_text_beside_the_filter():
    read = parse("risk>=4 AND pedestrian stepping into the lane")
    assert read == Query(RISKY, text="pedestrian stepping into the lane")


def test_filters_and_text_mix():
    read = parse("risk≥4 AND construction AND NOT weather:rain person in the road")
    assert read == Query(And((RISKY, CONSTRUCTION, Not(OneOf("weather", ("rain",))))), text="person in the road")


def test_a_word_under_or_that_is_no_tag_is_an_error_with_a_caret_and_a_suggestion():
    with pytest.raises(QueryError) as caught:
        parse("construction OR pedestrian")
    _, source, caret, hint = str(caught.value).splitlines()
    assert source == "  construction OR pedestrian"
    assert caret == "                  ^^^^^^^^^^"
    assert hint == 'did you mean blocking_factor:pedestrian or "pedestrian" in quotes?'


def test_similar_ranks_beside_a_filter():
    assert parse("similar:0a1b2c risk:6..9") == Query(Range("risk", 6, 9), similar="0a1b2c")


def test_sort_orders():
    assert parse("sort:risk-desc") == Query(sort=Sort("risk", descending=True))


@pytest.mark.parametrize("words", ["construction vru_hazard", "construction construction", "the construction"])
def test_a_tag_name_among_other_words_is_text(words):
    assert parse(words) == Query(text=words)


@pytest.mark.parametrize(
    ("source", "read"),
    [
        ("construction risk:>=4 -weather:rain,fog", 'risk:>=4 AND NOT weather:rain,fog construction'),
        ('"jersey barrier" scene:scene-0061 sort:risk-desc is:unverified p(construction):>=0.8',
         '"jersey barrier" AND scene:scene-0061 AND is:unverified AND p(construction):>=0.8 sort:risk-desc'),
    ],
)  # fmt: skip
def test_the_examples_of_the_grammar_are_read(source, read):
    assert parse(source) == parse(read)
