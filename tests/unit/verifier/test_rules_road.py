"""Works, debris, traffic and junctions: what closes the lane, what waits in it, what merely stands beside."""

import pytest

from rules_cases import facts_of, moment, report_on, thing
from scenario.records import Detection, MotionState
from scenario.vocabulary import (
    AdjacentVehicleBehavior,
    BlockingFactor,
    DrivableAreaStatus,
    EgoRequiredAction,
    LaneConfiguration,
    LeadVehicleBehavior,
    SceneType,
    SpecialAgentClass,
    Tag,
)


def row(label: str, *places: tuple[float, float]) -> tuple[Detection, ...]:
    return tuple(thing(label, ahead, lateral) for ahead, lateral in places)


def test_cones_across_the_lane_close_it() -> None:
    facts = facts_of(*row("traffic cone", (24, -1.5), (26, -0.5), (28, 0.5), (30, 1.5)))
    assert facts.tags == (Tag.CONSTRUCTION, Tag.LANE_DIVERSION)
    assert facts.scene_type is SceneType.CONSTRUCTION_ZONE
    assert facts.blocking_factor is BlockingFactor.CONSTRUCTION_BARRIER
    assert (facts.ego_required_action, facts.risk) == (EgoRequiredAction.LANE_CHANGE, 6)


def test_the_same_cones_on_the_verge_affect_nothing() -> None:
    facts = facts_of(*row("traffic cone", (24, -4.2), (26, -4.2), (28, -4.3), (30, -4.3)))
    assert facts.tags == ()
    assert facts.drivable_area_status is DrivableAreaStatus.NOMINAL
    assert facts.risk == 2


def test_a_row_that_leads_away_from_the_path_closes_nothing() -> None:
    assert facts_of(*row("traffic cone", (20, -3.3), (24, -3.6), (28, -4.0), (32, -4.4))).tags == ()


def test_a_row_that_comes_nearer_closes_the_lane_beside_and_with_words_of_merging_the_ego_s() -> None:
    barrels = row("construction barrel", (20, 4.2), (24, 3.8), (28, 3.3), (32, 2.8))
    assert facts_of(*barrels).tags == (Tag.CONSTRUCTION,)
    merging = moment(description="Barrels close the left lane, merge right")
    assert facts_of(*barrels, frame=merging).tags == (Tag.CONSTRUCTION, Tag.LANE_DIVERSION)


def test_works_beside_the_lane_ask_for_attention_only() -> None:
    facts = facts_of(*row("traffic barrier", (20, -2.8), (23, -2.8), (26, -2.8)))
    assert (facts.tags, facts.risk) == ((), 3)


def test_the_lane_merges_away_from_the_works() -> None:
    facts = facts_of(*row("traffic cone", (24, -2.0), (26, -1.6), (28, -1.0)))
    assert facts.lane_configuration is LaneConfiguration.MERGE_LEFT


def test_debris_in_the_lane_is_driven_around() -> None:
    facts = facts_of(thing("mattress", 25, 0.2))
    assert facts.tags == (Tag.FOD_DEBRIS,)
    assert facts.blocking_factor is BlockingFactor.DEBRIS
    assert facts.ego_required_action is EgoRequiredAction.NUDGE_AROUND_STATIC_OBSTACLE
    assert facts.risk == 6


def test_debris_on_the_verge_is_no_debris_on_the_road() -> None:
    assert facts_of(thing("cardboard box", 25, -6.0)).tags == ()


@pytest.mark.parametrize(("lateral", "matters"), [(-2.8, True), (-15.0, False)])
def test_a_police_car_matters_on_the_ego_s_road_only(lateral: float, matters: bool) -> None:
    facts = facts_of(thing("police car", 25, lateral))
    assert (Tag.SPECIAL_VEHICLE in facts.tags) is matters
    assert facts.special_agent_class is (SpecialAgentClass.POLICE_CAR if matters else SpecialAgentClass.NONE)


def test_a_vehicle_that_drives_ahead_is_a_nominal_lead() -> None:
    facts = facts_of(thing("car", 20, 0.0, speed_mps=8.0))
    assert (facts.lead_vehicle_behavior, facts.risk) == (LeadVehicleBehavior.NOMINAL, 1)


def test_a_lone_vehicle_that_stands_in_the_lane_is_stalled_and_blocks_it() -> None:
    facts = facts_of(thing("truck", 25, 0.0, state=MotionState.STOPPED))
    assert facts.lead_vehicle_behavior is LeadVehicleBehavior.STALLED
    assert facts.blocking_factor is BlockingFactor.VEHICLE


def test_a_standing_queue_is_no_hazard() -> None:
    queue = [thing("car", ahead, 0.0, state=MotionState.STOPPED) for ahead in (12.0, 19.0, 26.0)]
    facts = facts_of(*queue)
    assert facts.lead_vehicle_behavior is LeadVehicleBehavior.NOMINAL
    assert facts.blocking_factor is BlockingFactor.NONE


def test_a_vehicle_that_waits_at_a_red_light_is_not_stalled() -> None:
    facts = facts_of(thing("car", 15, 0.0, state=MotionState.STOPPED), thing("red light", 30, -3.0))
    assert facts.lead_vehicle_behavior is LeadVehicleBehavior.NOMINAL


def test_a_parked_car_beside_the_lane_is_neither_lead_nor_adjacent_traffic() -> None:
    facts = facts_of(thing("car", 15, -2.9, state=MotionState.PARKED))
    assert facts.lead_vehicle_behavior is LeadVehicleBehavior.NONE
    assert facts.adjacent_vehicle_behavior is AdjacentVehicleBehavior.NONE


def test_a_school_bus_at_its_stop_is_waited_for() -> None:
    facts = facts_of(thing("school bus", 20, 0.0, state=MotionState.STOPPED), thing("child", 18, -3.6))
    assert facts.tags == (Tag.SPECIAL_VEHICLE,)
    assert (facts.ego_required_action, facts.risk) == (EgoRequiredAction.STOP, 5)


def test_a_vehicle_that_moves_over_close_ahead_cuts_in() -> None:
    cutting = thing("car", 12, 2.9, speed_mps=9.0, lateral_speed_mps=-0.9)
    assert facts_of(cutting).adjacent_vehicle_behavior is AdjacentVehicleBehavior.CUTTING_IN_AGGRESSIVE


def test_a_vehicle_that_has_half_cut_in_is_still_cutting_in() -> None:
    facts = facts_of(thing("car", 10, 1.3, speed_mps=8.5, lateral_speed_mps=-1.4))
    assert facts.adjacent_vehicle_behavior is AdjacentVehicleBehavior.CUTTING_IN_AGGRESSIVE
    assert facts.risk == 6


def test_a_truck_that_stands_partly_in_the_lane_is_driven_around() -> None:
    truck = thing("truck", 24, -2.6, size_m=(8.0, 2.5, 3.4), state=MotionState.PARKED)
    facts = facts_of(truck)
    assert facts.ego_required_action is EgoRequiredAction.NUDGE_AROUND_STATIC_OBSTACLE
    assert (facts.blocking_factor, facts.risk) == (BlockingFactor.VEHICLE, 5)


def test_an_animal_in_the_lane_is_stopped_for() -> None:
    facts = facts_of(thing("dog", 22, 0.4))
    assert (facts.ego_required_action, facts.risk) == (EgoRequiredAction.STOP, 6)


def test_an_emergency_vehicle_that_drives_towards_the_ego_matters_from_afar() -> None:
    oncoming = thing("fire truck", 55, 3.2, heading_deg=180.0, speed_mps=8.0)
    assert facts_of(oncoming).tags == (Tag.SPECIAL_VEHICLE,)
    assert facts_of(thing("fire truck", 55, 3.2)).tags == ()


def test_signals_with_cars_and_people_across_are_a_complex_junction() -> None:
    facts = facts_of(
        thing("red light", 30, -3.0),
        thing("car", 22, -9.0, heading_deg=90.0, speed_mps=6.0, lateral_speed_mps=6.0),
        thing("pedestrian", 14, 4.0, speed_mps=1.3, lateral_speed_mps=-1.3),
        frame=moment((0.0, 0.0, 0.0)),
    )
    assert facts.tags == (Tag.INTERSECTION_COMPLEX,)
    assert (facts.scene_type, facts.risk) == (SceneType.INTERSECTION, 4)


def test_a_traffic_light_alone_is_no_complex_junction() -> None:
    assert facts_of(thing("traffic light", 30, -3.0)).tags == ()


def test_nothing_at_all_is_an_empty_road() -> None:
    facts = facts_of()
    assert (facts.risk, facts.tags, facts.ego_required_action) == (0, (), EgoRequiredAction.LANE_KEEP)


def test_the_reasoning_says_what_each_fact_rests_on() -> None:
    report = report_on(thing("mattress", 25, 0.2))
    assert "tag fod_debris: mattress in the lane, in the ego path, 25 m ahead" in (report.reasoning or "")
    assert "risk: 6 (6 for an object in the lane)" in (report.reasoning or "")


def test_words_name_what_the_annotators_category_cannot() -> None:
    bus = thing("bus", 20, 0.0, state=MotionState.STOPPED)
    named = facts_of(bus, frame=moment(description="School bus stopped, children on pavement"))
    assert (named.tags, named.special_agent_class) == ((Tag.SPECIAL_VEHICLE,), SpecialAgentClass.SCHOOL_BUS)
    assert facts_of(bus).tags == ()


def test_words_of_a_flood_count_more_where_the_ego_brakes_to_a_stand() -> None:
    words = "Heavy rain, flooded lane"
    driving, stopping = moment(description=words), moment((6.0, 4.5, 3.0, 1.5, 0.0), words)
    assert facts_of(frame=driving).blocking_factor is BlockingFactor.NONE
    assert facts_of(frame=stopping).blocking_factor is BlockingFactor.FLOOD
