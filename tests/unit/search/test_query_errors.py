"""Every mistake is a `QueryError` that points at its place and says what to write instead."""

import pickle

import pytest
from hypothesis import example, given

from scenario.errors import QueryError
from search.query import Query, Sort, parse
from search.query.fields import QUERY_FIELDS
from search.query.parser import MAX_CHARACTERS, MAX_DEPTH
from strategies import sources


def error_of(source):
    with pytest.raises(QueryError) as caught:
        parse(source)
    return caught.value


def parsed_or_refused(source):
    try:
        return parse(source)
    except QueryError as error:
        return error


def pointed_at(error):
    return error.source[error.start : error.end]


@pytest.mark.parametrize(
    ("source", "at", "hint"),
    [
        ("wether:rain", "wether", "did you mean weather?"),
        ("night tags:construction", "tags", "did you mean tag?"),
        ("risk:4 (Weather:rain)", "Weather", "did you mean weather?"),
        ("p(constructon)>=0.5", "p(constructon)", "did you mean p(construction)?"),
        ("weather:fogg", "fogg", "did you mean fog?"),
        ("weather:rain,snwo,fog", "snwo", "did you mean snow?"),
        ("weather:Rain", "Rain", "did you mean rain?"),
        ("NOT vru_status:jaywalk", "jaywalk", "did you mean jaywalking?"),
        ('object:"jersey bariers"', '"jersey bariers"', "did you mean jersey barrier?"),
        ("is:verifed", "verifed", "did you mean verified?"),
        ("is:*", "*", "allowed: verified, refuted, unverified"),
        ("verifed:x", "verifed", "did you mean verified?"),
        ('refuted:""', '""', 'write refuted:"the question that was asked"'),
        ("verified>=4", "4", 'write verified:"the question that was asked"'),
        ("sort:rsk-desc", "rsk-desc", "did you mean risk?"),
        ("sort:risk", "risk", "sort:risk-desc"),
        ("construction OR constructin", "constructin", "did you mean tag:construction"),
        ("risk:abc", "abc", "risk>=4"),
        ("risk>=4,5", "4,5", "risk>=4"),
        ("risk:9..6", "9..6", "risk:6..9"),
        ("risk : 4", ":", "risk:4"),
        (">=4", ">=4", "risk>=4"),
        ("foo p(construction)", "p", "p(construction)>=0.8"),
    ],
)
def test_an_error_points_at_the_mistake_and_hints_at_the_remedy(source, at, hint):
    error = error_of(source)
    assert pointed_at(error) == at
    assert hint in error.hint


def test_an_unknown_value_is_answered_with_all_allowed_ones():
    assert error_of("time_of_day:zzz").hint == "allowed: day, night, dawn_dusk"


def test_an_unknown_field_far_from_all_others_is_answered_with_all_fields():
    assert error_of("zzzzzz:1").hint == f"fields: {', '.join(QUERY_FIELDS)}"


def test_a_number_out_of_range_is_told_the_range():
    error = error_of("risk:>=11")
    assert error.message == "risk runs from 0 to 10"
    assert pointed_at(error) == "11"


def test_a_word_with_an_order_only_for_numbers_is_refused():
    assert "not a number" in error_of("weather>=rain").message


@pytest.mark.parametrize(
    "source", ["weather:rain, fog", "weather:rain,", "weather:,rain", "weather:rain,,fog", "risk:1, 2"]
)
def test_a_comma_with_nothing_beside_it_is_an_error(source):
    assert error_of(source).start >= source.index(":") + 1


@pytest.mark.parametrize(
    ("source", "at"),
    [
        ("weather:", "weather:"),
        ("night (weather: rain)", "weather:"),
        ("risk>=", "risk>="),
        ("risk:>=", "risk:>="),
        ("risk:(4)", "risk:"),
        ("night similar:", "similar:"),
        ("p(construction)>=", "p(construction)>="),
    ],
)
def test_a_field_without_a_value_is_an_error_at_the_field_that_names_it(source, at):
    error = error_of(source)
    assert pointed_at(error) == at
    assert error.message.removesuffix(":") == f"no value after {at.rstrip(':>=')}"
    assert at.rstrip(":>=") in error.hint


@pytest.mark.parametrize(
    ("source", "at"),
    [
        ('"', '"'),
        ('risk:4 "open', '"open'),
        (r'"open\"', r'"open\"'),
        ('scene:"open', '"open'),
        ('scene:a,"open', '"open'),
        ('"a" "', '"'),
    ],
)
def test_a_quote_that_is_not_closed_is_an_error_at_the_quote(source, at):
    error = error_of(source)
    assert (error.message, pointed_at(error)) == ("this quote is not closed", at)


@pytest.mark.parametrize("source", ["(", "(risk:4", "((risk:4)", "NOT (", "-(risk:4 OR"])
def test_a_parenthesis_that_is_not_closed_is_an_error_at_the_end(source):
    error = error_of(source)
    assert error.start == len(source)
    assert error.hint == "close the parenthesis"


@pytest.mark.parametrize("source", [")", "risk:4)", "()", "(risk:4))", "( )", "NOT ()"])
def test_a_parenthesis_too_many_is_an_error_at_it(source):
    assert pointed_at(error_of(source)) == ")"


@pytest.mark.parametrize("source", ['""', '"  "', 'NOT ""', 'risk:4 OR "\n"'])
def test_an_empty_phrase_is_an_error(source):
    assert error_of(source).message == "an empty phrase matches nothing"


@pytest.mark.parametrize("source", ['scene:""', 'scene:" "', 'scene:a,""', 'similar:" "', 'similar:""'])
def test_an_empty_value_is_an_error(source):
    error_of(source)


@pytest.mark.parametrize("source", ["sort:risk-desc sort:risk-asc", "similar:a similar:b", "similar:a x (similar:a)"])
def test_a_directive_is_given_once(source):
    assert error_of(source).message.endswith("is given twice")


@pytest.mark.parametrize("directive", ["sort:risk-desc", "similar:abc"])
@pytest.mark.parametrize("place", ["NOT {}", "-{}", "risk:4 OR {}", "({} OR risk:4)", "risk:4 AND NOT (risk:1 {})"])
def test_a_directive_stands_at_the_top_level_only(directive, place):
    error = error_of(place.format(directive))
    assert "top level" in error.message
    assert pointed_at(error) == directive.partition(":")[0] + ":"


@pytest.mark.parametrize(
    "source", ["sort>=risk-desc", "similar!=abc", "similar:a,b", "sort:risk-asc,risk-desc", "sort:*"]
)
def test_a_directive_takes_one_plain_value(source):
    error_of(source)


@pytest.mark.parametrize("name", ["weather", "scene", "tag", "is"])
def test_what_is_no_number_cannot_sort(name):
    assert "sortable: risk" in error_of(f"sort:{name}-desc").hint


@pytest.mark.parametrize("name", ["risk", "p(construction)", "risk_mean", "sequence", "token"])
def test_numbers_and_the_token_sort_both_ways(name):
    assert parse(f"sort:{name}-asc") == Query(sort=Sort(name, descending=False))
    assert parse(f"sort:{name}-desc") == Query(sort=Sort(name, descending=True))


@pytest.mark.parametrize("character", ["\x00", "\x08", "\x1f"])
def test_a_control_character_is_an_error_at_its_place(character):
    assert error_of(f"person{character}road").start == len("person")


def test_a_lone_surrogate_is_an_error_that_can_be_printed():
    for surrogate in map(chr, (0xD800, 0xDFFF)):
        error = error_of(f"person{surrogate}road")
        assert error.start == len("person")
        str(error).encode("utf-8")


def test_a_query_may_be_as_long_as_the_limit_and_no_longer():
    longest = "a" * MAX_CHARACTERS
    assert parse(longest).text == longest
    assert str(MAX_CHARACTERS) in error_of(longest + "a").message


@pytest.mark.parametrize(("opened", "closed"), [("(", ")"), ("NOT ", ""), ("-(", ")"), ("risk:1 OR (", ")")])
def test_nesting_has_a_limit(opened, closed):
    allowed = MAX_DEPTH // 2
    assert parse(opened * allowed + "risk:4" + closed * allowed).filter
    deep = MAX_DEPTH + 1
    assert str(MAX_DEPTH) in error_of(opened * deep + "risk:4" + closed * deep).message


def test_an_error_survives_pickling():
    error = error_of("wether:rain")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


@given(sources)
@example("(" * 2000)
@example("NOT " * 1000)
@example("-(" * 2000)
@example("risk:1 OR " * 400 + "risk:1")
@example('p(construction)"')
@example("risk:" + "9" * 4000)
def test_no_input_raises_anything_but_a_query_error(source):
    read = parsed_or_refused(source)
    if isinstance(read, QueryError):
        assert 0 <= read.start < read.end
        assert read.start <= len(read.source)
        str(read).encode("utf-8")
    else:
        assert isinstance(read, Query)
