"""The row that a scenario becomes."""

import numpy as np
import pyarrow as pa
import pytest

from drives import scenario
from scenario.records import Facts, ScoutReport
from scenario.vocabulary import FIELDS, SCALAR_FIELDS, Tag
from search.query.compile import TEXT_COLUMN
from search.query.fields import QUERY_FIELDS, Kind
from search.schema import BELIEF_COLUMNS, IndexRow, batch, belief_column, reasoning_text, schema, searchable_texts


def report(description=None, reasoning=None):
    return ScoutReport(scout="alfa", facts=Facts(description=description), reasoning=reasoning)


def row_of(one, description_vector=None, reasoning_vector=None):
    rows = [IndexRow(one, "key", description_vector, reasoning_vector)]
    return batch(rows, 7, schema(4)).to_pylist()[0]


def test_searchable_texts_is_the_descriptions_and_the_labels_each_once():
    one = scenario(
        "t",
        Facts(description="Barrels."),
        reports=[report("Barrels."), report("A closed lane.")],
        labels=["traffic cone", "person", "traffic cone"],
    )
    assert searchable_texts(one) == ["Barrels.", "A closed lane.", "traffic cone, person"]


def test_searchable_texts_of_a_frame_about_which_nothing_was_said_is_empty():
    assert searchable_texts(scenario("t", reports=[report("None"), report(" ")])) == []


def test_reasoning_text_is_what_the_scouts_reasoned_and_why_the_judge_chose():
    one = scenario(
        "t", reports=[report("A lane.", "I see cones."), report("A lane.", "None of it.")], reasons=["grounded"]
    )
    assert reasoning_text(one) == "I see cones.\nNone of it.\ngrounded"


def test_reasoning_text_falls_back_to_descriptions():
    assert reasoning_text(scenario("t", reports=[report("A lane."), report("A lane.")])) == "A lane."


def test_reasoning_text_of_a_frame_about_which_nothing_was_said_is_absent():
    assert reasoning_text(scenario("t")) is None


def test_every_field_of_a_query_has_its_column():
    names = set(schema(4).names)
    assert {field.column for field in QUERY_FIELDS.values() if field.kind is not Kind.STATE} <= names
    assert TEXT_COLUMN in names


def test_every_value_of_the_vocabulary_has_a_belief_column():
    values = sum(len(field.values) for field in FIELDS.values())
    assert len(set(BELIEF_COLUMNS)) == len(BELIEF_COLUMNS) == values
    assert set(BELIEF_COLUMNS) <= set(schema(4).names)


def test_a_probability_that_users_compare_is_stored_exactly():
    for tag in Tag:
        assert schema(4).field(QUERY_FIELDS[f"p({tag})"].column).type == pa.float64()
    assert row_of(scenario("t", probabilities={("tags", "construction"): 0.7}))["p_tags_construction"] == 0.7


def test_what_is_not_stated_is_null_and_a_set_without_members_is_empty():
    row = row_of(scenario("t"))
    for name in [field.name for field in SCALAR_FIELDS] + ["risk", "scene", "sequence", "description", "reasoning"]:
        assert row[name] is None, name
    assert row["tags"] == row["traffic_controls"] == row["objects"] == []
    assert row["description_vector"] is row["reasoning_vector"] is None


def test_a_risk_of_zero_is_stated():
    assert row_of(scenario("t", Facts(risk=0)))["risk"] == 0


def test_the_row_holds_the_verdict_the_beliefs_and_the_folded_text():
    facts = Facts(weather="rain", tags=("vru_hazard", "construction"), risk=7, description="A Straße.")
    one = scenario("t", facts, labels=["person"], probabilities={("weather", "rain"): 0.5}, scene="s", scene_token="st")
    row = row_of(one, np.ones(4, dtype=np.float32) / 2)
    assert (row["weather"], row["risk"], row["tags"]) == ("rain", 7, ["construction", "vru_hazard"])
    assert row[belief_column("weather", "rain")] == 0.5
    assert (row["text"], row[TEXT_COLUMN]) == ("A Straße.\nperson", "a strasse.\nperson")
    assert (row["scene"], row["scene_key"]) == ("s", "st")
    assert (row["objects"], row["scenario_key"], row["run"]) == (["person"], "key", 7)
    assert row["description_vector"] == [0.5] * 4


def test_a_frame_without_a_scene_is_its_own_scene():
    assert row_of(scenario("t"))["scene_key"] == "t"


def test_a_vector_of_another_length_is_refused():
    with pytest.raises((pa.ArrowInvalid, ValueError)):
        row_of(scenario("t"), np.ones(3, dtype=np.float32))
