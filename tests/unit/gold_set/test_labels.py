"""Gold files in their three forms, and what is wrong with one, by line and field."""

import json

import pytest

from gold_set.labels import read_gold
from scenario.errors import InputError, LineUnreadable
from scenario.vocabulary import Tag

NESTED = {
    "odd_attributes": {"weather": "rain"},
    "road_topology": {"traffic_controls": ["none"]},
    "scenario_criticality": {"risk_score": 7},
    "wod_e2e_tags": ["construction"],
}


def test_the_flat_the_nested_and_the_released_form_say_the_same(tmp_path):
    flat = {"token": "a", "weather": "rain", "traffic_controls": [], "risk": 7, "tags": ["construction"]}
    forms = {
        "flat.jsonl": json.dumps(flat),
        "nested.jsonl": json.dumps({"token": "a", **NESTED}),
        "released.json": json.dumps({"a": NESTED}, indent=2),
    }
    read = []
    for name, text in forms.items():
        (tmp_path / name).write_text(text)
        read.append(read_gold(tmp_path / name))
    assert read[0] == read[1] == read[2]
    (line,) = read[0]
    assert (line.scalars, line.controls, line.tags, line.risk) == ({"weather": "rain"}, (), (Tag.CONSTRUCTION,), 7)


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"weather": "rainy"}, "weather"),
        ({"odd_attributes": {"weather": "rainy"}}, "weather"),
        ({"odd_attributes": "rain"}, "odd_attributes"),
        ({"traffic_controls": ["red"]}, "traffic_controls"),
        ({"tags": ["constructions"]}, "tags"),
        ({"risk": 11}, "risk"),
        ({"inclusion_probability": 0}, "inclusion_probability"),
    ],
)
def test_a_value_outside_the_vocabulary_is_named_with_line_and_field(tmp_path, facts, field):
    path = tmp_path / "gold.jsonl"
    path.write_text('{"token": "a"}\n' + json.dumps({"token": "b", **facts}))
    with pytest.raises(LineUnreadable, match=rf"gold.jsonl:2: field '{field}'"):
        read_gold(path)


def test_in_one_object_the_line_is_that_of_the_token(tmp_path):
    path = tmp_path / "gold.json"
    path.write_text(json.dumps({"a": NESTED, "b": {"wod_e2e_tags": "construction"}}, indent=1))
    with pytest.raises(LineUnreadable, match="wod_e2e_tags") as caught:
        read_gold(path)
    assert '"b"' in path.read_text().split("\n")[caught.value.line - 1]


def test_a_frame_weighs_what_its_inclusion_probability_says(tmp_path):
    path = tmp_path / "gold.jsonl"
    path.write_text('{"token": "a", "inclusion_probability": 0.25}\n{"token": "b"}')
    assert [line.weight for line in read_gold(path)] == [4.0, 1.0]


def test_a_file_that_is_not_there_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="cannot read the gold file"):
        read_gold(tmp_path / "none.jsonl")
