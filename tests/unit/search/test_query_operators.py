"""How comparisons, lists, ranges and values are written."""

import pytest

from scenario.errors import QueryError
from search.query import And, Compare, Not, OneOf, Or, Phrase, Query, Range, Stated, parse
from search.query.fields import QUERY_FIELDS, Kind

SPELLINGS = {">=": (">=", "≥"), "<=": ("<=", "≤"), ">": (">",), "<": ("<",)}
LAYOUTS = ("risk{}4", "risk:{}4", "risk {}4", "risk{} 4", "risk {} 4", "risk: {} 4", "risk:{} 4")


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("operator", "spelling"), [(op, s) for op, spellings in SPELLINGS.items() for s in spellings])
def test_every_spelling_of_a_comparison_means_the_same(layout, operator, spelling):
    assert parse(layout.format(spelling)) == Query(Compare("risk", operator, 4))


@pytest.mark.parametrize("source", ["risk:4", "risk=4", "risk:=4", "risk = 4", "risk: = 4"])
def test_every_spelling_of_equality_means_the_same(source):
    assert parse(source) == Query(OneOf("risk", (4,)))


@pytest.mark.parametrize("source", ["risk!=4", "risk≠4", "risk:!=4", "risk:≠4", "risk != 4", "NOT risk:4", "-risk:4"])
def test_every_spelling_of_inequality_means_the_same(source):
    assert parse(source) == Query(Not(OneOf("risk", (4,))))


def test_a_value_list_holds_each_value_once():
    assert parse("weather:rain,fog,rain") == Query(OneOf("weather", ("rain", "fog")))


def test_a_list_of_numbers_is_read():
    assert parse("risk:1,3") == Query(OneOf("risk", (1, 3)))


def test_an_inequality_with_a_list_excludes_every_value():
    assert parse("weather!=rain,fog") == Query(Not(OneOf("weather", ("rain", "fog"))))


@pytest.mark.parametrize(
    ("written", "low", "high"), [("6..9", 6, 9), ("6..*", 6, None), ("*..9", None, 9), ("6..6", 6, 6)]
)
def test_a_range_may_be_open_at_one_end(written, low, high):
    assert parse(f"risk:{written}") == Query(Range("risk", low, high))


@pytest.mark.parametrize("written", ["9..6", "*..*", "6..", "..9", "a..9", "1..2..3"])
def test_a_range_without_order_or_end_is_an_error(written):
    with pytest.raises(QueryError) as caught:
        parse(f"risk:{written}")
    assert caught.value.start >= len("risk:")
    assert caught.value.hint


@pytest.mark.parametrize("field", [f.name for f in QUERY_FIELDS.values() if f.kind is not Kind.STATE])
def test_a_star_asks_whether_a_field_is_stated(field):
    assert parse(f"{field}:*") == Query(Stated(field))


def test_a_quoted_star_is_a_name_and_no_wildcard():
    assert parse('scene:"*"') == Query(OneOf("scene", ("*",)))


def test_a_belief_is_compared_with_a_probability():
    assert parse("p(construction):>=0.8") == Query(Compare("p(construction)", ">=", 0.8))
    assert parse("p(vru_hazard) < .5") == Query(Compare("p(vru_hazard)", "<", 0.5))


def test_a_group_name_is_a_value():
    assert parse("vru_status:jaywalking") == Query(OneOf("vru_status", ("jaywalking",)))


@pytest.mark.parametrize("source", ['object:"jersey barrier"', "object:jersey_barrier"])
def test_a_label_of_two_words_is_quoted_or_joined_by_an_underscore(source):
    assert parse(source) == Query(OneOf("object", ("jersey barrier",)))


def test_a_quoted_value_keeps_commas_blanks_and_escaped_quotes():
    assert parse(r'scene:"a, b",c,"d\"\\"') == Query(OneOf("scene", ("a, b", "c", 'd"\\')))


def test_a_quoted_phrase_is_a_filter_with_single_blanks():
    assert parse('"jersey   \n barrier"') == Query(Phrase("jersey barrier"))


def test_a_phrase_may_hold_operators_and_escaped_quotes():
    assert parse(r'"risk>=4 AND \"NOT\" (a\\b)"') == Query(Phrase('risk>=4 AND "NOT" (a\\b)'))


def test_and_binds_more_than_or():
    read = parse("risk:1 AND risk:2 OR risk:3")
    assert read == Query(Or((And((OneOf("risk", (1,)), OneOf("risk", (2,)))), OneOf("risk", (3,)))))


def test_standing_side_by_side_is_and():
    assert parse("risk:1 risk:2 OR risk:3") == parse("risk:1 AND risk:2 OR risk:3")


def test_parentheses_group():
    read = parse("risk:1 AND (risk:2 OR risk:3)")
    assert read == Query(And((OneOf("risk", (1,)), Or((OneOf("risk", (2,)), OneOf("risk", (3,)))))))


def test_nested_ands_and_ors_are_flat():
    assert parse("(risk:1 AND (risk:2 AND risk:3))") == parse("risk:1 risk:2 risk:3")
    assert parse("risk:1 OR (risk:2 OR risk:3)") == parse("risk:1 OR risk:2 OR risk:3")


def test_not_binds_the_next_clause_only():
    assert parse("NOT risk:1 risk:2") == Query(And((Not(OneOf("risk", (1,))), OneOf("risk", (2,)))))


@pytest.mark.parametrize("source", ["NOT NOT risk:1", "NOT -risk:1", "-(NOT risk:1)", "-(-risk:1)"])
def test_a_double_negation_stays_one(source):
    assert parse(source) == Query(Not(Not(OneOf("risk", (1,)))))


def test_an_operator_needs_no_blank_beside_a_parenthesis_or_a_quote():
    assert parse('NOT(risk:1)AND"a b"') == Query(And((Not(OneOf("risk", (1,))), Phrase("a b"))))


@pytest.mark.parametrize("number", ["-0.5", "1.5", "1e9", "1e999", "nan", "inf", "0x1", "1_0", '"0.5"', "0,5,"])
def test_what_is_no_probability_is_refused(number):
    with pytest.raises(QueryError):
        parse(f"p(construction):{number}")


@pytest.mark.parametrize("number", ["-1", "11", "4.0", "1e0", "four", "٣", "9" * 40])
def test_what_is_no_risk_is_refused(number):
    with pytest.raises(QueryError, match="risk"):
        parse(f"risk:{number}")


def test_an_integer_field_without_limits_takes_large_and_negative_numbers():
    assert parse("timestamp_us:>=1532402927647951") == Query(Compare("timestamp_us", ">=", 1532402927647951))
    assert parse("sequence:-3") == Query(OneOf("sequence", (-3,)))
