"""Schemas as grammars. That llama.cpp holds models to them is shown in the integration tests."""

import re
from itertools import permutations

import pytest

from scenario.errors import ConfigError
from verifier.models.grammar import constrain
from verifier.reply import judgement_schema, report_schema

TEXT = {"type": "string", "maxLength": 9}


def rules(schema):
    """Rule name → body."""
    return dict(line.split(" ::= ", 1) for line in constrain(schema).splitlines())


def matches(schema, text):
    """Whether the grammar says `text`, by a regular expression made of it: our grammars do not recurse."""
    bodies = rules(schema)

    def expanded(body):
        out = []
        for literal, chars, name, mark in re.findall(
            r'("(?:\\.|[^"\\])*")|(\[(?:\\.|[^\]\\])*\])|([a-z][\w-]*)|(\S)', body
        ):
            if literal:
                out.append(re.escape(literal[1:-1].replace('\\"', '"').replace("\\\\", "\\")))
            elif name:
                out.append(f"(?:{expanded(bodies[name])})")
            else:
                out.append(chars or mark)
        return re.sub(r"\{(\d+),(\d+)\}", r"{\1,\2}", "".join(out))

    return re.fullmatch(expanded(bodies["root"]), text) is not None


@pytest.mark.parametrize(
    ("schema", "said", "unsaid"),
    [
        ({"type": "integer", "minimum": -1, "maximum": 10}, ["-1", "0", "10"], ["11", "-2", "1.5", "01", ""]),
        ({"enum": ["a", 1, None, True]}, ['"a"', "1", "null", "true"], ["a", "false", '"1"']),
        ({"const": "Ä"}, ['"\\u00c4"'], ['"Ä"']),
        ({"enum": ['say "a\\b"']}, ['"say \\"a\\\\b\\""'], ['"say"']),
        ({"type": "boolean"}, ["true", "false"], ["null"]),
        ({"anyOf": [{"enum": ["x"]}, {"type": "null"}]}, ['"x"', "null"], ['"null"']),
        (
            TEXT,
            ['""', '"ä€😀"', '"a\\"b\\n"', f'"{"x" * 9}"'],
            [f'"{"x" * 10}"', '"\n"', '"\t"', '"\x7f"', '"\\u12"', '"a'],
        ),
        ({"type": "string", "minLength": 2, "maxLength": 2}, ['"ab"'], ['"a"', '"abc"']),
        (
            {"type": "array", "items": {"const": 1}, "maxItems": 3},
            ["[]", "[1]", "[1,1,1]"],
            ["[1,1,1,1]", "[1,]", "[1, 1]"],
        ),
        ({"type": "array", "items": {"const": 1}, "minItems": 2, "maxItems": 3}, ["[1,1]"], ["[]", "[1]"]),
        ({"type": "array", "items": {"const": 1}, "maxItems": 0}, ["[]"], ["[1]"]),
        ({"type": "object", "properties": {}}, ["{}"], ["{ }"]),
    ],
)
def test_a_grammar_says_what_follows_the_schema_and_nothing_else(schema, said, unsaid):
    assert [text for text in said if not matches(schema, text)] == []
    assert [text for text in unsaid if matches(schema, text)] == []


def test_an_object_has_all_its_properties_in_their_order_without_white_space():
    schema = {"type": "object", "properties": {"b": {"const": 1}, "a": TEXT}, "required": ["a", "b"]}
    assert matches(schema, '{"b":1,"a":"x"}')
    for wrong in ('{"a":"x","b":1}', '{"b":1}', '{"b":1,"a":"x","c":1}', '{"b": 1,"a":"x"}', '{"b":1,"a":"x"} '):
        assert not matches(schema, wrong)


@pytest.mark.parametrize(("least", "most"), [(0, None), (0, 2), (1, 2), (2, 3), (3, 3), (0, 0)])
def test_a_set_holds_each_value_at_most_once_in_any_order(least, most):
    schema = {"type": "array", "items": {"enum": ["a", "b", "c"]}, "minItems": least, "uniqueItems": True}
    schema |= {} if most is None else {"maxItems": most}
    for size in range(4):
        for chosen in permutations("abc", size):
            text = "[" + ",".join(f'"{one}"' for one in chosen) + "]"
            assert matches(schema, text) == (least <= size <= (3 if most is None else most)), text
    assert not matches(schema, '["a","a"]')
    assert not matches(schema, '["a","b","a"]')


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "set maxLength"),
        ({"type": "string", "maxLength": 5, "pattern": "x"}, "keyword 'pattern'; known here: .*maxLength"),
        ({"type": "integer", "minimum": 0}, "set minimum and maximum"),
        ({"type": "integer", "minimum": 0, "maximum": 10_000}, "at most 1000 values"),
        ({"type": "number", "minimum": 0, "maximum": 1}, "type 'number'"),
        ({"type": ["string", "null"]}, "type"),
        ({"$ref": "#/$defs/x"}, "type None"),
        ({"type": "array", "items": TEXT}, "maxItems"),
        ({"type": "array", "items": TEXT, "maxItems": 3, "uniqueItems": True}, "uniqueItems of items without enum"),
        ({"type": "array", "items": {"enum": [*"abcdefghi"]}, "uniqueItems": True}, "uniqueItems of 9 values"),
        ({"type": "array", "items": {"enum": ["a"]}, "minItems": 2, "uniqueItems": True}, "2 to 1 distinct items"),
        ({"type": "object", "properties": {"a": TEXT}}, r"the schema to optional properties \(a\)"),
        ({"type": "object", "properties": {}, "additionalProperties": True}, "it must be false"),
        ({"enum": []}, "enum"),
        ({"enum": [1.5]}, "enum"),
        (
            {
                "type": "object",
                "properties": {"a": {"type": "array", "items": {"type": "string"}, "maxItems": 1}},
                "required": ["a"],
            },
            r"the schema\.a\[\] to a string",
        ),
    ],
)
def test_what_a_grammar_cannot_hold_is_refused_with_its_place_and_a_remedy(schema, words):
    with pytest.raises(ConfigError, match=words):
        constrain(schema)


@pytest.mark.parametrize("schema", [report_schema(0), report_schema(20), judgement_schema()])
def test_the_schemas_of_scouts_and_judges_are_within_what_it_says(schema):
    assert constrain(schema).startswith("root ::= object")


def test_equal_parts_share_their_rules():
    assert len(rules(report_schema(20))) == len(rules(report_schema(1)))
