import pytest

from scenario.records import Facts, Irregularity
from scenario.vocabulary import Tag
from scenario.wire import WireFacts


def section_with(**values):
    return {"odd_attributes": values}


def test_an_empty_object_states_nothing_and_has_nothing_irregular():
    read = WireFacts({})

    assert read.facts == Facts()
    assert read.irregularities == ()


def test_a_legal_value_is_kept_without_a_word():
    read = WireFacts(section_with(weather="heavy_rain"))

    assert read.facts.weather == "heavy_rain"
    assert read.irregularities == ()


@pytest.mark.parametrize("raw", ["drizzly", "Rain", "rain/fog", 3, {"is": "rain"}, True])
def test_a_value_outside_the_vocabulary_is_dropped_and_kept_raw(raw):
    read = WireFacts(section_with(weather=raw))

    assert read.facts.weather is None
    assert read.irregularities == (Irregularity(field="weather", raw=str(raw), kind="outside"),)


@pytest.mark.parametrize(
    "raw",
    ["rain, rain", "rain, drizzle", ["rain"], ["rain", "drizzle"], "rain (light)", "rain (in front, at least), rain"],
)
def test_a_list_with_one_distinct_legal_value_keeps_it(raw):
    read = WireFacts(section_with(weather=raw))

    assert read.facts.weather == "rain"
    assert read.irregularities == (Irregularity(field="weather", raw=str(raw), kind="resolved", kept="rain"),)


@pytest.mark.parametrize("raw", ["rain, fog, rain", ["rain", "fog"], [], "drizzle, mist"])
def test_a_list_with_no_or_two_legal_values_is_dropped(raw):
    read = WireFacts(section_with(weather=raw))

    assert read.facts.weather is None
    assert [item.kind for item in read.irregularities] == ["outside"]


@pytest.mark.parametrize("raw", [None, "", " ", "None"])
def test_absence_is_not_irregular(raw):
    wire = {**section_with(weather=raw), "wod_e2e_tags": raw, "description": raw, "scenario_criticality": raw}

    assert WireFacts(wire).facts == Facts()
    assert WireFacts(wire).irregularities == ()


@pytest.mark.parametrize("raw", [[], ["none"], "none", None, [None, ""]])
def test_no_traffic_controls_are_the_empty_set(raw):
    read = WireFacts({"road_topology": {"traffic_controls": raw}})

    assert read.facts.traffic_controls == ()
    assert read.irregularities == ()


def test_none_is_no_tag():
    read = WireFacts({"wod_e2e_tags": ["none"]})

    assert read.irregularities == (Irregularity(field="tags", raw="none", kind="outside"),)


def test_a_set_keeps_its_legal_members_and_each_other_one_raw():
    read = WireFacts({"wod_e2e_tags": ["vru_hazard", "pedestrian", 7, "construction"]})

    assert read.facts.tags == (Tag.CONSTRUCTION, Tag.VRU_HAZARD)
    assert [(item.field, item.raw, item.kind) for item in read.irregularities] == [
        ("tags", "pedestrian", "outside"),
        ("tags", "7", "outside"),
    ]


def test_a_comma_list_of_tags_is_a_list():
    assert WireFacts({"wod_e2e_tags": "construction, vru_hazard"}).facts.tags == ("construction", "vru_hazard")


def test_a_misspelt_tag_key_is_read_and_noted():
    read = WireFacts({"wod_e2o_tags": ["construction"]})

    assert read.facts.tags == (Tag.CONSTRUCTION,)
    assert read.irregularities == (Irregularity(field="tags", raw="wod_e2o_tags", kind="key", kept="wod_e2e_tags"),)


@pytest.mark.parametrize(("raw", "risk"), [(0, 0), (10, 10), (4.0, 4)])
def test_a_whole_number_from_zero_to_ten_is_a_risk(raw, risk):
    read = WireFacts({"scenario_criticality": {"risk_score": raw}})

    assert read.facts.risk == risk
    assert read.irregularities == ()


@pytest.mark.parametrize(
    "raw", [11, -1, 4.5, "7", True, [4], float("nan"), float("inf"), 10**400], ids=lambda raw: str(raw)[:9]
)
def test_any_other_risk_is_dropped_and_kept_raw(raw):
    read = WireFacts({"scenario_criticality": {"risk_score": raw}})

    assert read.facts.risk is None
    assert read.irregularities == (Irregularity(field="risk", raw=str(raw), kind="outside"),)


def test_a_section_that_is_missing_leaves_its_fields_unstated():
    facts = WireFacts({"odd_attributes": {"weather": "fog"}}).facts

    assert facts == Facts(weather="fog")


@pytest.mark.parametrize("raw", ["straight", ["curve"], 3])
def test_a_section_that_is_no_object_is_noted(raw):
    read = WireFacts({"road_topology": raw})

    assert read.facts == Facts()
    assert [item.raw for item in read.irregularities] == [str(raw)]


def test_a_description_beyond_ascii_is_kept_as_it_is():
    assert WireFacts({"description": "Straße – 自転車"}).facts.description == "Straße – 自転車"


@pytest.mark.parametrize("raw", [5, ["two", "texts"], {"a": "b"}], ids=str)
def test_a_description_that_is_no_text_is_dropped_and_kept_raw(raw):
    read = WireFacts({"description": raw})

    assert read.facts.description is None
    assert read.irregularities == (Irregularity(field="description", raw=str(raw), kind="outside"),)
