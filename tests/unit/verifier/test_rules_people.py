"""People and riders: who is a hazard, and who is merely there."""

import pytest

from rules_cases import facts_of, moment, thing
from scenario.records import MotionState
from scenario.vocabulary import BlockingFactor, EgoRequiredAction, PrimaryChallenge, Tag, VruStatus

STANDING = (0.0, 0.0, 0.0, 0.0)


def test_a_person_on_the_pavement_is_no_hazard() -> None:
    facts = facts_of(thing("pedestrian", 20, -4.2, state=MotionState.STANDING))
    assert facts.vru_status is VruStatus.ROADSIDE_STATIC
    assert Tag.VRU_HAZARD not in facts.tags
    assert facts.risk == 2


def test_a_person_in_the_path_is_a_hazard() -> None:
    facts = facts_of(thing("pedestrian", 25, 0.3, state=MotionState.STANDING))
    assert facts.vru_status is VruStatus.JAYWALKING_HESITANT
    assert facts.tags == (Tag.VRU_HAZARD,)
    assert facts.blocking_factor is BlockingFactor.PEDESTRIAN
    assert facts.risk == 8


def test_twins_that_differ_only_in_where_a_person_stands_are_told_apart() -> None:
    aside, inside = (facts_of(thing("pedestrian", 20, lateral)).risk for lateral in (4.0, 0.5))
    assert aside is not None
    assert inside is not None
    assert inside - aside >= 4


@pytest.mark.parametrize("side", [1, -1])
def test_someone_who_walks_towards_the_path_is_about_to_enter_it(side: int) -> None:
    facts = facts_of(thing("pedestrian", 20, side * 3.0, speed_mps=1.4, lateral_speed_mps=-side * 1.4))
    assert Tag.VRU_HAZARD in facts.tags
    assert facts.risk == 7


@pytest.mark.parametrize("side", [1, -1])
def test_someone_who_walks_away_from_the_path_is_no_hazard(side: int) -> None:
    facts = facts_of(thing("pedestrian", 20, side * 3.0, speed_mps=1.4, lateral_speed_mps=side * 1.4))
    assert Tag.VRU_HAZARD not in facts.tags


def test_someone_who_enters_long_after_the_ego_has_passed_is_no_hazard() -> None:
    walker = thing("pedestrian", 4, 5.0, speed_mps=1.0, lateral_speed_mps=-1.0)
    assert Tag.VRU_HAZARD not in facts_of(walker).tags


def test_a_child_that_runs_into_the_path_crosses_fast() -> None:
    facts = facts_of(thing("child", 15, 2.0, speed_mps=3.0, lateral_speed_mps=-3.0))
    assert facts.vru_status is VruStatus.JAYWALKING_FAST


def test_someone_too_near_to_stop_for_gently_asks_for_an_emergency_brake() -> None:
    facts = facts_of(thing("child", 9, 0.0), frame=moment((9.0, 9.0, 9.0)))
    assert facts.ego_required_action is EgoRequiredAction.EMERGENCY_BRAKE
    assert facts.risk == 9


def test_people_who_cross_on_a_crosswalk_before_a_red_light_are_no_hazard() -> None:
    facts = facts_of(
        thing("pedestrian", 10, 0.5, speed_mps=1.3, lateral_speed_mps=1.3),
        thing("crosswalk", 10, 0.0),
        thing("red light", 25, -3.0),
        frame=moment(STANDING),
    )
    assert facts.vru_status is VruStatus.LEGAL_CROSSING
    assert Tag.VRU_HAZARD not in facts.tags
    assert facts.ego_required_action is EgoRequiredAction.STOP


def test_who_crosses_where_it_may_before_a_driving_ego_makes_it_yield() -> None:
    crossing = thing("pedestrian", 30, 0.5, speed_mps=1.3, lateral_speed_mps=1.3)
    facts = facts_of(crossing, thing("crosswalk", 30, 0.0))
    assert (facts.ego_required_action, facts.risk) == (EgoRequiredAction.YIELD, 6)
    assert (facts.vru_status, facts.tags) == (VruStatus.LEGAL_CROSSING, (Tag.VRU_HAZARD,))


def test_a_cyclist_in_the_lane_is_a_hazard_and_one_on_the_other_side_is_not() -> None:
    ahead = facts_of(thing("cyclist", 18, -0.8, speed_mps=4.0, state=MotionState.MOVING))
    oncoming = facts_of(thing("cyclist", 18, 4.5, speed_mps=4.0, heading_deg=180.0, state=MotionState.MOVING))
    assert (ahead.vru_status, ahead.tags) == (VruStatus.CYCLIST_IN_LANE, (Tag.VRU_HAZARD,))
    assert oncoming.tags == ()


def test_the_same_hazard_counts_one_more_at_night() -> None:
    rider = thing("cyclist", 18, 0.0, speed_mps=4.0)
    by_day, at_night = facts_of(rider).risk, facts_of(rider, frame=moment(description="Night, cyclist")).risk
    assert (by_day, at_night) == (5, 6)


def test_a_motorcyclist_in_moving_traffic_is_traffic() -> None:
    assert facts_of(thing("motorcyclist", 25, 0.0, speed_mps=9.0)).tags == ()


def test_someone_half_hidden_beside_the_path_is_an_occlusion_risk() -> None:
    facts = facts_of(thing("child", 20, 2.2, visibility=0.2, state=MotionState.STANDING))
    assert facts.primary_challenge is PrimaryChallenge.OCCLUSION_RISK
    assert (facts.risk, facts.tags) == (5, ())


def test_hard_braking_for_nothing_in_sight_with_words_that_explain_it_is_a_hazard() -> None:
    braking, words = (9.0, 6.0, 3.0), "Child runs out between parked cars"
    assert facts_of(frame=moment(braking, words)).tags == (Tag.VRU_HAZARD,)
    assert facts_of(frame=moment(braking)).tags == ()
    assert facts_of(frame=moment(description=words)).tags == ()


def test_jitter_of_someone_who_is_said_to_stand_is_no_step_towards_the_path() -> None:
    jitter = thing("child", 18, 2.6, speed_mps=0.8, lateral_speed_mps=-0.8, state=MotionState.STANDING)
    assert facts_of(jitter).tags == ()


def test_words_of_a_red_light_count_only_where_the_ego_waits() -> None:
    crossing = thing("pedestrian", 12, 2.0, speed_mps=1.3, lateral_speed_mps=-1.3)
    words = "Wait at red light, pedestrians crossing"
    assert facts_of(crossing, frame=moment((4.0, 2.5, 1.0, 0.0), words)).tags == ()
    assert facts_of(crossing, frame=moment(description=words)).tags == (Tag.VRU_HAZARD,)
