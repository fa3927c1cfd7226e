import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat import facts_wire, judgement_text, report_text, report_wire
from scenario.errors import ReplyInvalid
from scenario.records import DetectionReview, Facts, Irregularity
from scenario.vocabulary import FIELDS, RISK_MAX, RISK_MIN
from verifier.models.grammar import constrain
from verifier.reply import judgement_schema, one_line, read_judgement, read_report, report_schema

KEYWORDS = {
    *("type", "properties", "required", "additionalProperties", "enum", "items", "minItems", "maxItems"),
    *("uniqueItems", "maxLength", "anyOf"),
}


def obeying(schema: dict[str, Any], repeats: bool = False) -> st.SearchStrategy[Any]:
    """Values that follow a schema; with `repeats`, sets may hold a value twice, as few grammars can prevent."""
    if "anyOf" in schema:
        return st.one_of(*(obeying(option, repeats) for option in schema["anyOf"]))
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema["type"]:
        case "object":
            return st.fixed_dictionaries({key: obeying(part, repeats) for key, part in schema["properties"].items()})
        case "array":
            return st.lists(obeying(schema["items"]), max_size=schema["maxItems"], unique=not repeats)
        case "string":
            return st.text(max_size=schema["maxLength"])
    return st.none()


def keywords(schema: Any) -> set[str]:
    """Every keyword of a schema; the names of properties are none."""
    if isinstance(schema, list):
        return set().union(*map(keywords, schema))
    if not isinstance(schema, dict):
        return set()
    inner = [part for key, part in schema.items() if key != "properties"]
    return set(schema).union(*map(keywords, [*inner, *schema.get("properties", {}).values()]))


# The schemas


def test_the_schema_names_every_field_with_exactly_the_values_of_the_vocabulary():
    properties = report_schema(0)["properties"]

    for field in FIELDS.values():
        at = properties[field.section]["properties"] if field.section else properties
        schema = at[field.wire_key]
        assert tuple((schema["items"] if field.many else schema["anyOf"][0])["enum"]) == field.values


def test_every_scalar_may_be_null_since_absence_is_no_value():
    properties = report_schema(0)["properties"]

    for field in FIELDS.values():
        if not field.many:
            assert {"type": "null"} in properties[field.section]["properties"][field.wire_key]["anyOf"]
    risk = properties["scenario_criticality"]["properties"]["risk_score"]
    assert risk == {"anyOf": [{"type": "integer", "enum": [*range(RISK_MIN, RISK_MAX + 1)]}, {"type": "null"}]}


def test_detections_are_reviewed_once_each_and_before_any_fact():
    schema = report_schema(3)

    assert [*schema["properties"]] == [
        *("review", "odd_attributes", "road_topology", "key_interacting_agents", "scenario_criticality"),
        *("wod_e2e_tags", "description"),
    ]
    assert schema["properties"]["review"]["required"] == ["d1", "d2", "d3"]
    assert [*schema["properties"]["review"]["properties"]["d1"]["properties"]] == ["verdict", "reason"]


def test_without_detections_there_is_nothing_to_review():
    assert "review" not in report_schema(0)["properties"]


def test_a_judge_gives_its_reasons_before_the_facts_and_reviews_nothing():
    assert [*judgement_schema()["properties"]][:2] == ["rationale", "odd_attributes"]


@pytest.mark.parametrize("schema", [report_schema(2), judgement_schema()])
def test_the_schemas_use_only_keywords_that_every_server_can_enforce(schema: dict[str, Any]):
    assert keywords(schema) <= KEYWORDS


@pytest.mark.parametrize("schema", [report_schema(0), report_schema(64), judgement_schema()])
def test_our_own_grammar_can_hold_a_model_to_the_schemas(schema: dict[str, Any]):
    assert "root ::=" in constrain(schema)


# What follows the schema is read


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 5).flatmap(lambda n: st.tuples(st.just(n), obeying(report_schema(n)))), st.booleans())
def test_every_reply_that_follows_the_schema_is_read_without_irregularities(
    drawn: tuple[int, dict[str, Any]], ascii_only: bool
):
    count, wire = drawn
    positions = [7 * number for number in range(count)]

    read = read_report(json.dumps(wire, ensure_ascii=ascii_only), positions)

    assert read.irregularities == ()
    assert [(review.detection, review.verdict) for review in read.reviews] == [
        (position, wire["review"][f"d{number}"]["verdict"]) for number, position in enumerate(positions, start=1)
    ]
    assert read.facts == expected_facts(wire)


@settings(deadline=None)
@given(obeying(judgement_schema(), repeats=True))
def test_a_set_that_says_a_value_twice_says_it_once(wire: dict[str, Any]):
    read = read_judgement(json.dumps(wire))

    assert read.irregularities == ()
    assert read.facts == expected_facts(wire)


def expected_facts(wire: dict[str, Any]) -> Facts:
    values: dict[str, Any] = {}
    for field in FIELDS.values():
        said = (wire[field.section] if field.section else wire)[field.wire_key]
        values[field.name] = tuple(said) if field.many else said
    return Facts(**values, risk=wire["scenario_criticality"]["risk_score"], description=one_line(wire["description"]))


def test_a_review_is_kept_with_its_reason_by_the_position_of_its_detection():
    read = read_report(report_text("rejected"), [5])

    assert read.reviews == (DetectionReview(detection=5, verdict="rejected", reason="as seen"),)


def test_null_is_not_stated_and_none_is_a_value():
    read = read_report(report_text(vru_status="none", blocking_factor=None, risk=0), [])

    assert (read.facts.vru_status, read.facts.blocking_factor, read.facts.risk) == ("none", None, 0)


def test_a_judge_s_rationale_is_read():
    assert read_judgement(judgement_text("alfa saw it, bravo agrees", weather="fog")).rationale == (
        "alfa saw it, bravo agrees"
    )


# What a server writes that ignores the schema


@pytest.mark.parametrize(
    "wrapped",
    [
        "```json\n{}\n```",
        "Here is my report {as asked}:\n\n{}\n\nLet me know if you need more.",
        "\ufeff{}",
    ],
)
def test_an_object_is_found_in_what_is_written_around_it(wrapped: str):
    text = wrapped.replace("{}", report_text("confirmed", weather="rain"))

    assert read_report(text, [0]).facts.weather == "rain"


def test_a_value_outside_the_vocabulary_is_kept_raw_and_never_guessed():
    read = read_report(report_text(weather="drizzle", tags=["construction", "roadworks"], risk=11), [])

    assert (read.facts.weather, read.facts.tags, read.facts.risk) == (None, ("construction",), None)
    assert [(odd.field, odd.raw, odd.kind) for odd in read.irregularities] == [
        ("weather", "drizzle", "outside"),
        ("tags", "roadworks", "outside"),
        ("risk", "11", "outside"),
    ]


def test_a_key_that_was_not_asked_for_is_noted_and_not_read():
    wire = report_wire("confirmed")
    wire["confidence"] = 0.9
    wire["odd_attributes"]["temperature"] = "cold"
    wire["review"]["d2"] = {"verdict": "confirmed", "reason": "there is one more"}

    read = read_report(json.dumps(wire), [0])

    assert {odd.field for odd in read.irregularities} == {"confidence", "odd_attributes.temperature", "review.d2"}
    assert len(read.reviews) == 1


def test_a_misspelled_tag_key_is_read_and_noted():
    wire = facts_wire(tags=["construction"])
    wire["wod_e2o_tags"] = wire.pop("wod_e2e_tags")

    read = read_report(json.dumps(wire), [])

    assert read.facts.tags == ("construction",)
    assert read.irregularities == (Irregularity(field="tags", raw="wod_e2o_tags", kind="key", kept="wod_e2e_tags"),)


def test_a_review_with_a_verdict_of_its_own_is_no_review():
    read = read_report(report_text("maybe", "confirmed"), [3, 4])

    assert [review.detection for review in read.reviews] == [4]
    assert read.irregularities == (Irregularity(field="review", raw="d1: maybe", kind="outside"),)


def test_line_breaks_and_control_characters_do_not_reach_the_description():
    text = report_text(description="X").replace('"X"', '"A wet\nstreet\\u0000,\\ud800 at night"')

    assert read_report(text, []).facts.description == "A wet street ,? at night"


def test_half_a_surrogate_pair_does_not_reach_what_is_stored():
    read = read_report(report_text(weather="\ud800"), [])

    assert [odd.raw for odd in read.irregularities] == ["?"]


# What is no reply


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it is empty"),
        ("I cannot see the pictures.", "no object in 'I cannot see the pictures.'"),
        (report_text("confirmed")[:200], "at character"),
        ('{"answer": 42}', "its keys are 'answer'"),
        ("[1, 2]", "no object"),
        ('{"review": ' + "[" * 100_000, "recursion"),
        ('{"review": ' + "9" * 10_000 + "}", "digits"),
        (report_text("confirmed") + report_text("rejected"), "2 JSON objects"),
        (report_text(), "review is missing"),
        (json.dumps(report_wire("confirmed") | {"road_topology": "a street"}), "road_topology is 'a street'"),
        (json.dumps(report_wire("confirmed") | {"review": {"d1": "confirmed"}}), "review.d1 is 'confirmed', not an"),
    ],
)
def test_a_reply_that_does_not_follow_the_schema_is_refused_with_what_and_where(text: str, says: str):
    with pytest.raises(ReplyInvalid, match=f"(?i){says}"):
        read_report(text, [0])


def test_a_detection_that_was_not_reviewed_is_named():
    with pytest.raises(ReplyInvalid, match=r"review\.d2 is missing"):
        read_report(report_text("confirmed"), [0, 1])


def test_a_field_that_is_missing_is_named():
    wire = report_wire()
    del wire["odd_attributes"]["weather"]

    with pytest.raises(ReplyInvalid, match=r"odd_attributes\.weather is missing"):
        read_report(json.dumps(wire), [])


@settings(deadline=None)
@given(st.text() | st.text(alphabet='{}[]":,\\ntrue0u'))
def test_no_text_whatever_raises_anything_else(text: str):
    with pytest.raises(ReplyInvalid):
        read_report(text, [0])


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.text() | st.integers() | st.floats() | st.booleans(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=4,
    ),
    st.data(),
)
def test_any_json_in_any_place_is_read_or_refused(odd: Any, data: st.DataObject):
    wire = report_wire("confirmed")
    section = data.draw(st.sampled_from([wire, wire["review"], wire["review"]["d1"], wire["scenario_criticality"]]))
    section[data.draw(st.sampled_from([*section]))] = odd

    try:
        read = read_report(json.dumps(wire), [0])
    except ReplyInvalid:
        return
    for irregularity in read.irregularities:
        irregularity.model_dump_json().encode()
