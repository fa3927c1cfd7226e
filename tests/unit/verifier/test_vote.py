import pytest

from samples import LOOKED_NOWHERE, looked, said
from scenario.records import Facts
from verifier.judges.vote import VoteJudge, agreement, median_risk


def vote(*facts, grounding=LOOKED_NOWHERE):
    (result,) = VoteJudge().propose(grounding, said(*facts))
    return result


CONSTRUCTION, NOTHING = Facts(tags=("construction",)), Facts()


class TestTags:
    def test_a_strict_majority_sets_a_tag(self):
        assert vote(CONSTRUCTION, CONSTRUCTION, NOTHING).tags == ("construction",)

    def test_a_minority_does_not_even_if_it_is_grounded(self):
        assert vote(CONSTRUCTION, NOTHING, NOTHING, grounding=looked("jersey barrier")).tags == ()

    def test_half_the_scouts_and_a_sure_detection_set_a_tag(self):
        assert vote(CONSTRUCTION, NOTHING, grounding=looked("jersey barrier", confidence=0.5)).tags == ("construction",)

    def test_half_the_scouts_and_an_unsure_detection_do_not(self):
        assert vote(CONSTRUCTION, NOTHING, grounding=looked("jersey barrier", confidence=0.49)).tags == ()

    def test_half_the_scouts_and_a_detection_that_was_only_counted_do_not(self):
        assert vote(CONSTRUCTION, NOTHING, grounding=looked("jersey barrier", confidence=None)).tags == ()

    def test_half_the_scouts_alone_do_not(self):
        assert vote(CONSTRUCTION, NOTHING).tags == ()

    def test_half_the_scouts_do_not_set_a_tag_that_nothing_can_ground(self):
        assert vote(Facts(tags=("weather_adverse",)), NOTHING, grounding=looked("person", "jersey barrier")).tags == ()

    def test_a_detection_alone_sets_nothing(self):
        assert vote(NOTHING, NOTHING, grounding=looked("jersey barrier", "person")).tags == ()

    def test_a_single_scout_is_a_majority_even_against_the_detections(self):
        assert vote(CONSTRUCTION, grounding=looked("car")).tags == ("construction",)

    def test_a_sign_does_not_tip_the_scale_for_what_it_speaks_of(self):
        vru, construction = Facts(tags=("vru_hazard",)), Facts(tags=("construction",))

        assert vote(vru, construction, grounding=looked("pedestrian crossing sign", "stop sign")).tags == ()

    def test_traffic_controls_are_voted_on_like_tags(self):
        red = Facts(traffic_controls=("red_light",))

        assert vote(red, NOTHING).traffic_controls == ()
        assert vote(red, NOTHING, grounding=looked("traffic light")).traffic_controls == ("red_light",)


class TestScalars:
    def test_the_most_frequent_value_wins(self):
        assert vote(Facts(weather="fog"), Facts(weather="rain"), Facts(weather="fog")).weather == "fog"

    def test_scouts_that_state_nothing_do_not_vote(self):
        assert vote(NOTHING, NOTHING, Facts(weather="fog")).weather == "fog"

    def test_nobody_stating_a_field_leaves_it_unstated(self):
        assert vote(NOTHING, NOTHING).weather is None

    def test_a_tie_goes_to_the_value_that_was_seen(self):
        tied = Facts(special_agent_class="police_car"), Facts(special_agent_class="school_bus")

        assert vote(*tied, grounding=looked("school bus")).special_agent_class == "school_bus"

    def test_a_tie_between_two_values_that_were_seen_goes_to_the_first_in_the_vocabulary(self):
        tied = Facts(special_agent_class="school_bus"), Facts(special_agent_class="police_car")

        assert vote(*tied, grounding=looked("school bus", "police car")).special_agent_class == "police_car"

    def test_a_tie_that_no_detection_breaks_goes_to_the_first_in_the_vocabulary(self):
        assert vote(Facts(weather="fog"), Facts(weather="rain")).weather == "rain"

    def test_a_tie_with_none_goes_to_none_where_nothing_of_the_kind_is_there(self):
        tied = Facts(blocking_factor="debris"), Facts(blocking_factor="none")

        assert vote(*tied, grounding=looked()).blocking_factor == "none"

    def test_a_tie_with_none_goes_to_what_is_there(self):
        tied = Facts(blocking_factor="none"), Facts(blocking_factor="debris")

        assert vote(*tied, grounding=looked("ladder")).blocking_factor == "debris"

    def test_a_detection_does_not_overrule_more_votes(self):
        facts = [Facts(special_agent_class=value) for value in ("ambulance", "ambulance", "police_car")]

        assert vote(*facts, grounding=looked("police car")).special_agent_class == "ambulance"


@pytest.mark.parametrize(
    ("risks", "median"),
    [([3], 3), ([2, 9, 4], 4), ([4, 5], 5), ([2, 3], 3), ([1, 3], 2), ([None, 6], 6), ([None, None], None), ([0], 0)],
)
def test_risk_is_the_median_of_those_stated_half_rounded_up(risks, median):
    assert median_risk(risks) == median


class TestTheDescription:
    def test_is_that_of_the_scout_who_agrees_most_with_the_result(self):
        odd = Facts(weather="fog", time_of_day="night", description="odd")
        usual = [Facts(weather="rain", time_of_day="day", description=text) for text in ("usual", "usual too")]

        assert vote(odd, *usual).description == "usual"

    def test_is_that_of_a_scout_who_describes_before_one_who_agrees_more(self):
        silent = Facts(weather="rain")

        assert vote(silent, silent, Facts(weather="fog", description="the only one")).description == "the only one"

    def test_is_absent_where_nobody_describes(self):
        assert vote(NOTHING, NOTHING).description is None


class TestAgreement:
    def test_equal_facts_agree(self):
        assert agreement(Facts(weather="fog"), Facts(weather="fog")) == 1

    def test_a_field_that_one_leaves_unstated_is_a_disagreement(self):
        assert agreement(Facts(weather="fog"), Facts()) < 1

    def test_each_field_counts_alike(self):
        one, other = Facts(weather="fog", time_of_day="day"), Facts(weather="fog", time_of_day="night")

        assert agreement(one, other) == pytest.approx(3 / 4)  # weather and two empty sets, not the time of day
