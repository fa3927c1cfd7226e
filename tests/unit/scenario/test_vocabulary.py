"""The vocabulary and the labels, written out by hand a second time: they are a contract with released data."""

import pytest

from scenario import vocabulary as v
from scenario.labels import LABEL_GROUPS, LABELS, TAG_LABELS, VALUE_LABELS
from scenario.records import Facts

VALUES = {
    "weather": "clear overcast rain heavy_rain snow fog",
    "time_of_day": "day night dawn_dusk",
    "lighting_condition": "nominal glare_high shadow_contrast pitch_black streetlights_only",
    "road_surface_friction": "dry wet icy snowy muddy gravel",
    "sensor_integrity": "nominal lens_flare droplets_on_lens dirt_on_lens motion_blur sun_glare",
    "scene_type": "urban_street highway intersection highway_ramp parking_lot construction_zone rural_road",
    "lane_configuration": (
        "straight curve merge_left merge_right roundabout intersection_4way intersection_t_junction"
    ),
    "drivable_area_status": "nominal restricted_by_static_obstacle blocked_by_dynamic_object",
    "traffic_controls": "green_light red_light yellow_light stop_sign yield_sign police_manual",
    "vru_status": "none legal_crossing jaywalking_fast jaywalking_hesitant roadside_static cyclist_in_lane",
    "lead_vehicle_behavior": "none nominal braking_suddenly stalled turning",
    "adjacent_vehicle_behavior": "none nominal cutting_in_aggressive drifting tailgating",
    "special_agent_class": "none police_car ambulance fire_truck school_bus construction_machinery",
    "primary_challenge": (
        "none occlusion_risk prediction_uncertainty violation_of_map_topology perception_degradation rule_violation"
    ),
    "ego_required_action": (
        "lane_keep slow_down stop nudge_around_static_obstacle yield emergency_brake lane_change unprotected_turn"
    ),
    "blocking_factor": "none construction_barrier pedestrian vehicle debris flood",
    "tags": (
        "construction intersection_complex vru_hazard fod_debris weather_adverse special_vehicle lane_diversion"
        " sensor_failure"
    ),
}
SECTIONS = {
    "odd_attributes": "weather time_of_day lighting_condition road_surface_friction sensor_integrity",
    "road_topology": "scene_type lane_configuration drivable_area_status traffic_controls",
    "key_interacting_agents": "vru_status lead_vehicle_behavior adjacent_vehicle_behavior special_agent_class",
    "scenario_criticality": "primary_challenge ego_required_action blocking_factor",
}
GROUPED_LABELS = {
    "person": (
        "person, pedestrian, child, construction worker, worker in safety vest, police officer, person in wheelchair,"
        " person with stroller"
    ),
    "rider": "cyclist, bicyclist, motorcyclist, scooter rider",
    "vehicle": "car, pickup truck, suv, van, sedan, coupe, truck, semi truck, trailer, cement mixer, bus",
    "special vehicle": "school bus, police car, police vehicle, ambulance, fire truck",
    "work machine": "construction vehicle, bulldozer, excavator, forklift, road sweeper, street cleaner",
    "work zone": (
        "traffic cone, orange cone, traffic drum, construction barrel, orange drum, traffic barrier, concrete barrier,"
        " jersey barrier, road work sign, temporary sign, construction fence, safety fence, scaffolding,"
        " construction scaffolding"
    ),
    "debris": "debris, cardboard box, tire, plastic bag, tree branch, large rock, mattress, ladder",
    "water": "puddle",
    "animal": "dog, deer, animal",
    "control": (
        "traffic light, traffic signal, red light, stop sign, yield sign, speed limit sign, pedestrian crossing sign,"
        " school zone sign, crosswalk"
    ),
}


@pytest.mark.parametrize("name", VALUES)
def test_a_field_has_the_values_of_the_contract_in_its_order(name):
    assert v.FIELDS[name].values == tuple(VALUES[name].split())


def test_there_is_no_field_beside_those_of_the_contract():
    assert set(v.FIELDS) == set(VALUES)


@pytest.mark.parametrize("section", SECTIONS)
def test_a_field_is_read_from_its_wire_section(section):
    fields = [field.name for field in v.FIELDS.values() if field.section == section]

    assert sorted(fields) == sorted(SECTIONS[section].split())


def test_tags_stand_at_the_top_of_the_wire_object_under_their_own_key():
    assert (v.FIELDS["tags"].section, v.FIELDS["tags"].wire_key) == (None, "wod_e2e_tags")


def test_only_traffic_controls_and_tags_are_sets():
    assert {name for name, field in v.FIELDS.items() if field.many} == {"traffic_controls", "tags"}


@pytest.mark.parametrize("field", v.FIELDS.values(), ids=lambda field: field.name)
def test_every_value_says_what_it_means(field):
    assert all(term.meaning.strip() for term in field.terms)


def test_every_field_of_facts_is_in_the_vocabulary_but_risk_and_description():
    assert set(Facts.model_fields) == {*v.FIELDS, "risk", "description"}


@pytest.mark.parametrize("field", v.FIELDS.values(), ids=lambda field: field.name)
def test_no_value_has_the_name_of_a_group_of_its_field(field):
    assert len(set(v.allowed_names(field.name))) == len(v.allowed_names(field.name))


@pytest.mark.parametrize(
    ("field", "name", "values"),
    [
        ("vru_status", "jaywalking", ("jaywalking_fast", "jaywalking_hesitant")),
        ("weather", "wet", ("rain", "heavy_rain")),
        ("weather", "adverse", ("rain", "heavy_rain", "snow", "fog")),
    ],
)
def test_a_group_stands_for_its_values(field, name, values):
    assert v.expand(field, name) == values
    assert name in v.allowed_names(field)


def test_a_value_stands_for_itself():
    assert v.expand("weather", "rain") == ("rain",)


def test_a_group_belongs_to_one_field_only():
    assert v.expand("road_surface_friction", "wet") == ("wet",)


@pytest.mark.parametrize("group", GROUPED_LABELS)
def test_a_label_group_holds_the_labels_of_the_contract(group):
    assert list(LABEL_GROUPS[group]) == GROUPED_LABELS[group].split(", ")


def test_there_is_no_label_group_beside_those_of_the_contract():
    assert set(LABEL_GROUPS) == set(GROUPED_LABELS)


def test_a_label_is_in_one_group_only():
    assert len(LABELS) == len(set(LABELS))


def test_labels_that_support_a_tag_are_in_the_taxonomy():
    assert frozenset().union(*TAG_LABELS.values()) <= set(LABELS)


@pytest.mark.parametrize("field", VALUE_LABELS)
def test_labels_that_support_a_value_are_in_the_taxonomy_and_the_value_in_the_vocabulary(field):
    assert set(VALUE_LABELS[field]) <= set(v.FIELDS[field].values)
    assert frozenset().union(*VALUE_LABELS[field].values()) <= set(LABELS)
