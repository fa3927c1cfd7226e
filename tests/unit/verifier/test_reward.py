"""The reward, rule by rule; first, the traps that the released reward fell into."""

import pytest

from samples import LOOKED_NOWHERE, looked
from scenario.records import Facts
from scenario.vocabulary import Tag
from verifier.reward import (
    CONTRADICTION,
    EXPLAINED,
    GROUNDED,
    UNEXPLAINED,
    UNEXPLAINED_STOP,
    UNSEEN,
    claims_are_grounded,
    nudging_has_an_obstacle,
    risk_agrees_with_action,
    score,
    stopping_has_a_cause,
    tags_agree_with_fields,
    yielding_has_a_counterpart,
)


def points(rule, facts, grounding=LOOKED_NOWHERE):
    return [reason.points for reason in rule(facts, grounding)]


class TestTraps:
    def test_a_pedestrian_crossing_sign_is_not_a_pedestrian(self):
        facts = Facts(tags=("vru_hazard",), vru_status="legal_crossing", blocking_factor="pedestrian")

        assert points(claims_are_grounded, facts, looked("pedestrian crossing sign")) == [UNSEEN] * 3

    def test_a_stop_sign_is_no_construction(self):
        assert points(claims_are_grounded, Facts(tags=("construction",)), looked("stop sign")) == [UNSEEN]

    def test_a_school_zone_sign_is_no_child_and_no_school_bus(self):
        facts = Facts(tags=("vru_hazard",), special_agent_class="school_bus")

        assert points(claims_are_grounded, facts, looked("school zone sign")) == [UNSEEN, UNSEEN]

    @pytest.mark.parametrize("rider", ["cyclist", "bicyclist", "motorcyclist", "scooter rider"])
    def test_a_rider_is_a_road_user_for_vru_hazard(self, rider):
        assert points(claims_are_grounded, Facts(tags=("vru_hazard",)), looked(rider)) == [GROUNDED]

    def test_a_cyclist_in_the_lane_is_grounded_by_a_cyclist_and_not_by_a_person(self):
        facts = Facts(vru_status="cyclist_in_lane")

        assert points(claims_are_grounded, facts, looked("cyclist")) == [GROUNDED]
        assert points(claims_are_grounded, facts, looked("person")) == [UNSEEN]

    def test_stopping_at_a_red_light_is_not_penalised(self):
        facts = Facts(ego_required_action="stop", traffic_controls=("red_light",), blocking_factor="none")

        assert points(stopping_has_a_cause, facts) == [EXPLAINED]
        assert score(facts, looked("traffic light")).total > 0

    @pytest.mark.parametrize("tag", ["weather_adverse", "sensor_failure"])
    def test_a_tag_that_nothing_can_ground_earns_no_credit(self, tag):
        assert score(Facts(tags=(tag,)), looked("person", "jersey barrier", "debris")).total == 0

    def test_more_tags_are_not_more_points(self):
        everything = Facts(tags=tuple(Tag))

        assert score(everything, looked("car")).total < score(Facts(), looked("car")).total

    def test_a_higher_risk_is_not_more_points(self):
        totals = {score(Facts(risk=risk, ego_required_action="slow_down"), looked()).total for risk in range(11)}

        assert totals == {0}


class TestClaims:
    @pytest.mark.parametrize(
        ("facts", "label"),
        [
            (Facts(tags=("construction",)), "construction worker"),
            (Facts(tags=("intersection_complex",)), "traffic signal"),
            (Facts(tags=("fod_debris",)), "mattress"),
            (Facts(tags=("special_vehicle",)), "excavator"),
            (Facts(tags=("lane_diversion",)), "traffic cone"),
            (Facts(vru_status="roadside_static"), "person in wheelchair"),
            (Facts(special_agent_class="construction_machinery"), "cement mixer"),
            (Facts(blocking_factor="flood"), "puddle"),
        ],
    )
    def test_a_claim_that_is_there_is_paid_and_one_that_is_not_is_charged(self, facts, label):
        assert points(claims_are_grounded, facts, looked(label)) == [GROUNDED]
        assert points(claims_are_grounded, facts, looked("speed limit sign")) == [UNSEEN]

    def test_a_claim_where_nobody_looked_is_neither_paid_nor_charged(self):
        assert points(claims_are_grounded, Facts(tags=("construction",), vru_status="jaywalking_fast")) == []

    @pytest.mark.parametrize("confidence", [0.49, None])
    def test_a_detection_that_is_not_sure_leaves_the_matter_open(self, confidence):
        grounding = looked("jersey barrier", confidence=confidence)

        assert points(claims_are_grounded, Facts(tags=("construction",)), grounding) == []

    def test_none_claims_nothing(self):
        facts = Facts(vru_status="none", special_agent_class="none", blocking_factor="none")

        assert points(claims_are_grounded, facts, looked("person")) == []

    def test_the_reason_says_what_was_seen(self):
        (reason,) = claims_are_grounded(Facts(tags=("construction",)), looked("jersey barrier", "jersey barrier"))

        assert reason.text == "construction grounded by 2 jersey barriers (.90, .90)"

    def test_the_reason_says_where_nothing_was_seen(self):
        (reason,) = claims_are_grounded(Facts(tags=("construction",)), looked(cameras=("CAM_FRONT", "CAM_BACK")))

        assert "nothing of the kind was seen in 2 cameras" in reason.text


class TestStopping:
    @pytest.mark.parametrize("action", ["stop", "emergency_brake"])
    @pytest.mark.parametrize(
        "cause",
        [
            {"blocking_factor": "vehicle"},
            {"traffic_controls": ("stop_sign",)},
            {"traffic_controls": ("police_manual",)},
            {"vru_status": "jaywalking_hesitant"},
            {"lead_vehicle_behavior": "stalled"},
        ],
        ids=str,
    )
    def test_a_stop_with_a_cause_is_explained(self, action, cause):
        assert points(stopping_has_a_cause, Facts(ego_required_action=action, **cause)) == [EXPLAINED]

    @pytest.mark.parametrize(
        "no_cause",
        [
            {},
            {"blocking_factor": "none"},
            {"traffic_controls": ("green_light",)},
            {"vru_status": "roadside_static"},
            {"lead_vehicle_behavior": "nominal"},
        ],
        ids=str,
    )
    def test_a_stop_without_a_cause_is_charged(self, no_cause):
        assert points(stopping_has_a_cause, Facts(ego_required_action="stop", **no_cause)) == [UNEXPLAINED_STOP]

    def test_a_stop_before_a_blocked_lane_is_not_charged(self):
        facts = Facts(ego_required_action="stop", drivable_area_status="blocked_by_dynamic_object")

        assert points(stopping_has_a_cause, facts) == []

    def test_going_on_needs_no_cause(self):
        assert points(stopping_has_a_cause, Facts(ego_required_action="lane_keep")) == []


class TestNudging:
    @pytest.mark.parametrize(
        ("facts", "expected"),
        [
            ({"blocking_factor": "construction_barrier"}, EXPLAINED),
            ({"drivable_area_status": "restricted_by_static_obstacle"}, EXPLAINED),
            ({"blocking_factor": "pedestrian"}, UNEXPLAINED),  # people are not driven around
            ({"blocking_factor": "none"}, UNEXPLAINED),
            ({}, UNEXPLAINED),
        ],
        ids=str,
    )
    def test_a_nudge_needs_an_obstacle(self, facts, expected):
        nudge = Facts(ego_required_action="nudge_around_static_obstacle", **facts)

        assert points(nudging_has_an_obstacle, nudge) == [expected]

    def test_another_action_needs_none(self):
        assert points(nudging_has_an_obstacle, Facts(ego_required_action="slow_down")) == []


class TestYielding:
    ALONE = Facts(ego_required_action="yield", lead_vehicle_behavior="none", adjacent_vehicle_behavior="none")

    def test_a_yield_to_nobody_is_charged(self):
        assert points(yielding_has_a_counterpart, self.ALONE, looked("traffic cone")) == [UNEXPLAINED]

    def test_a_yield_is_fine_where_a_road_user_is_seen(self):
        assert points(yielding_has_a_counterpart, self.ALONE, looked("cyclist")) == []

    def test_a_yield_is_fine_where_a_vehicle_is_stated(self):
        beside = self.ALONE.model_copy(update={"adjacent_vehicle_behavior": "nominal"})

        assert points(yielding_has_a_counterpart, beside, looked("traffic cone")) == []

    def test_a_yield_at_a_yield_sign_is_fine(self):
        sign = self.ALONE.model_copy(update={"traffic_controls": ("yield_sign",)})

        assert points(yielding_has_a_counterpart, sign, looked()) == []

    def test_a_yield_is_not_charged_where_nobody_looked(self):
        assert points(yielding_has_a_counterpart, self.ALONE) == []


class TestTagsAndFields:
    @pytest.mark.parametrize(
        ("tag", "denial"),
        [
            ("weather_adverse", {"weather": "clear", "road_surface_friction": "dry"}),
            ("sensor_failure", {"sensor_integrity": "nominal"}),
            ("special_vehicle", {"special_agent_class": "none"}),
            ("vru_hazard", {"vru_status": "none"}),
            ("intersection_complex", {"scene_type": "highway", "lane_configuration": "straight"}),
        ],
    )
    def test_a_tag_that_its_fields_deny_is_a_contradiction(self, tag, denial):
        assert points(tags_agree_with_fields, Facts(tags=(tag,), **denial)) == [CONTRADICTION]

    @pytest.mark.parametrize("tag", list(Tag))
    def test_fields_that_are_not_stated_deny_nothing(self, tag):
        assert points(tags_agree_with_fields, Facts(tags=(tag,))) == []

    @pytest.mark.parametrize(
        ("tag", "support"),
        [
            ("weather_adverse", {"weather": "clear", "road_surface_friction": "icy"}),
            ("weather_adverse", {"weather": "fog", "road_surface_friction": "dry"}),
            ("sensor_failure", {"sensor_integrity": "dirt_on_lens"}),
            (
                "intersection_complex",
                {"scene_type": "urban_street", "lane_configuration": "straight", "traffic_controls": ("red_light",)},
            ),
            ("intersection_complex", {"scene_type": "urban_street", "lane_configuration": "roundabout"}),
        ],
    )
    def test_one_field_that_agrees_is_enough(self, tag, support):
        assert points(tags_agree_with_fields, Facts(tags=(tag,), **support)) == []


class TestRisk:
    @pytest.mark.parametrize(
        ("risk", "action", "expected"),
        [
            (7, "lane_keep", [CONTRADICTION]),
            (6, "lane_keep", []),
            (2, "emergency_brake", [CONTRADICTION]),
            (3, "emergency_brake", []),
            (9, "slow_down", []),
            (None, "lane_keep", []),
            (9, None, []),
        ],
    )
    def test_risk_and_action_must_not_deny_each_other(self, risk, action, expected):
        assert points(risk_agrees_with_action, Facts(risk=risk, ego_required_action=action)) == expected

    def test_a_high_risk_beside_a_cause_is_no_contradiction(self):
        facts = Facts(risk=9, ego_required_action="lane_keep", vru_status="jaywalking_fast")

        assert points(risk_agrees_with_action, facts) == []


def test_every_point_has_a_reason_and_the_total_is_their_sum():
    facts = Facts(tags=("construction", "vru_hazard"), vru_status="none", ego_required_action="stop", risk=3)
    reward = score(facts, looked("jersey barrier"))

    assert [reason.points for reason in reward.reasons] == [GROUNDED, UNSEEN, UNEXPLAINED_STOP, CONTRADICTION]
    assert reward.total == GROUNDED + UNSEEN + UNEXPLAINED_STOP + CONTRADICTION
    assert all(reason.text for reason in reward.reasons)


def test_facts_that_state_nothing_earn_nothing():
    assert score(Facts(), looked("person", "jersey barrier")).reasons == ()
