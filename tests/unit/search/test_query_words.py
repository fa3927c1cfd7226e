"""What bare words mean: text, a tag filter, or an operator."""

import pytest

from scenario.errors import QueryError
from scenario.vocabulary import Tag
from search.query import And, Not, OneOf, Or, Phrase, Query, parse

CONSTRUCTION = OneOf("tag", ("construction",))
RISK_4 = OneOf("risk", (4,))


@pytest.mark.parametrize("source", ["", " ", "\n\t ", "\u00a0"])
def test_an_empty_query_asks_for_everything(source):
    assert parse(source) == Query()


@pytest.mark.parametrize("tag", list(Tag))
def test_every_tag_name_alone_is_its_filter(tag):
    assert parse(tag.value) == Query(OneOf("tag", (tag.value,)))


@pytest.mark.parametrize(
    "source",
    ["risk:4 AND construction", "construction AND risk:4", "(construction) risk:4", "risk:4 (construction)"],
)
def test_a_tag_name_that_is_a_whole_operand_is_a_filter(source):
    read = parse(source)
    assert isinstance(read.filter, And)
    assert set(read.filter.children) == {RISK_4, CONSTRUCTION}
    assert read.text == ""


@pytest.mark.parametrize("source", ["NOT construction", "-construction", "-(construction)", "(-construction)"])
def test_a_negated_tag_name_is_a_filter(source):
    assert parse(source) == Query(Not(CONSTRUCTION))


@pytest.mark.parametrize(
    "source", ["risk:4 construction", "construction risk:4", "risk:4 AND construction x", '"x" construction']
)
def test_a_tag_name_beside_anything_else_is_text(source):
    assert "construction" in parse(source).text


@pytest.mark.parametrize("name", ["rain", "pedestrian", "night", "wheelchair", "Construction", "CONSTRUCTION"])
def test_only_exact_tag_names_promote(name):
    assert parse(name) == Query(text=name)


@pytest.mark.parametrize(
    "source", ["dogs and cats", "left or right", "not here", "And then Or Not", "ANDY", "NOTE OR-ED"]
)
def test_operators_are_uppercase_and_whole_words(source):
    assert parse(source) == Query(text=source)


@pytest.mark.parametrize("source", ["AND", "OR", "NOT", "a AND", "OR a", "a AND AND b", "risk:4 OR", "a OR AND b"])
def test_an_operator_that_joins_nothing_is_an_error(source):
    with pytest.raises(QueryError):
        parse(source)


def test_runs_of_words_between_filters_are_one_text():
    assert parse("person risk:4 in the road") == Query(RISK_4, text="person in the road")


def test_words_joined_by_and_are_one_text():
    assert parse("person AND dog") == Query(text="person dog")


def test_words_in_parentheses_that_stand_at_the_top_are_text():
    assert parse("(person in (the road)) risk:4") == Query(RISK_4, text="person in the road")


@pytest.mark.parametrize("source", ["a-b", "semi-truck", "2-3", "x - y", "-", "foo- bar"])
def test_a_minus_negates_only_before_a_word_and_after_white_space(source):
    assert parse(source) == Query(text=source)


def test_a_minus_negates_after_a_parenthesis():
    assert parse("(-risk:4)") == Query(Not(RISK_4))


def test_a_minus_inside_a_value_is_part_of_it():
    assert parse("scene:scene-0061") == Query(OneOf("scene", ("scene-0061",)))


@pytest.mark.parametrize("source", ["12:30", "at 12:30 sharp", "3risk:4", "_risk:4", "1:2:3", "foo-bar:baz"])
def test_a_colon_makes_a_qualifier_only_after_a_name_that_starts_with_a_letter(source):
    assert parse(source) == Query(text=source)


@pytest.mark.parametrize("source", ["* star", "a, b", "50% off", "c++", "it's", "/etc", "日本 語", "p", "😀"])
def test_other_punctuation_is_text(source):
    assert parse(source) == Query(text=source)


def test_a_phrase_may_touch_a_word():
    assert parse('near"jersey barrier"wall') == Query(Phrase("jersey barrier"), text="near wall")


@pytest.mark.parametrize(
    "source", ["pedestrian OR construction", "NOT pedestrian", "-pedestrian", "risk:4 OR (person construction)"]
)
def test_text_cannot_stand_under_or_and_not(source):
    with pytest.raises(QueryError, match="words cannot stand under OR, NOT or -"):
        parse(source)


def test_a_tag_name_beside_a_clause_under_or_is_refused_as_text():
    with pytest.raises(QueryError, match="words cannot stand") as caught:
        parse("risk:1 OR construction risk:4")
    assert caught.value.source[caught.value.start : caught.value.end] == "construction"


def test_a_tag_name_between_ands_under_or_is_a_filter():
    assert parse("risk:4 OR construction AND risk:4") == Query(Or((RISK_4, And((CONSTRUCTION, RISK_4)))))
