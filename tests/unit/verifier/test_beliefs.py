import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samples import LOOKED_NOWHERE, looked, said
from scenario.labels import LABELS
from scenario.records import Facts
from scenario.vocabulary import SCALAR_FIELDS, SET_FIELDS, Tag, Weather
from verifier.beliefs import believe

FACTS = st.builds(
    Facts,
    **{field.name: st.none() | st.sampled_from(field.values) for field in SCALAR_FIELDS},
    **{field.name: st.lists(st.sampled_from(field.values), max_size=3).map(tuple) for field in SET_FIELDS},
    risk=st.none() | st.integers(0, 10),
)
REPORTS = st.lists(FACTS, max_size=4).map(lambda facts: said(*facts))
GROUNDINGS = st.just(LOOKED_NOWHERE) | st.builds(
    lambda labels, confidence: looked(*labels, confidence=confidence),
    st.lists(st.sampled_from(LABELS), max_size=4),
    st.none() | st.floats(0, 1),
)


@settings(deadline=None, max_examples=50)
@given(grounding=GROUNDINGS, reports=REPORTS)
def test_every_value_has_one_belief_strictly_between_zero_and_one(grounding, reports):
    beliefs = believe(grounding, reports)

    assert [(belief.field, belief.value) for belief in beliefs.values] == [
        (field.name, value) for field in (*SCALAR_FIELDS, *SET_FIELDS) for value in field.values
    ]
    assert all(0 < belief.probability < 1 for belief in beliefs.values)


@settings(deadline=None, max_examples=50)
@given(grounding=GROUNDINGS, reports=REPORTS)
def test_the_values_of_a_scalar_field_sum_to_one(grounding, reports):
    beliefs = believe(grounding, reports)

    for field in SCALAR_FIELDS:
        assert sum(beliefs.of(field.name, value).probability for value in field.values) == pytest.approx(1)


def p_construction(votes, scouts, grounding=LOOKED_NOWHERE):
    facts = [Facts(tags=("construction",) if number < votes else ()) for number in range(scouts)]
    return believe(grounding, said(*facts)).of("tags", "construction").probability


@pytest.mark.parametrize("grounding", [LOOKED_NOWHERE, looked("jersey barrier"), looked("car")])
def test_more_votes_for_a_tag_are_more_belief(grounding):
    by_votes = [p_construction(votes, 4, grounding) for votes in range(5)]

    assert by_votes == sorted(set(by_votes))


@pytest.mark.parametrize("votes", range(4))
def test_grounding_raises_belief_and_looking_in_vain_lowers_it(votes):
    seen, unseen = looked("jersey barrier"), looked("car")

    assert p_construction(votes, 3, unseen) < p_construction(votes, 3) < p_construction(votes, 3, seen)


@pytest.mark.parametrize("confidence", [0.49, None])
def test_a_detection_that_is_not_sure_moves_nothing(confidence):
    assert p_construction(1, 2, looked("jersey barrier", confidence=confidence)) == p_construction(1, 2)


def test_a_split_vote_is_even_odds_and_one_vote_of_one_is_three_to_one():
    assert p_construction(1, 2) == pytest.approx(0.5)
    assert p_construction(1, 1) == pytest.approx(0.75)
    assert p_construction(1, 2, looked("jersey barrier")) == pytest.approx(2 / 3)


def test_a_tag_that_nothing_can_ground_is_moved_by_votes_alone():
    reports = said(Facts(tags=("weather_adverse",)), Facts())

    assert believe(looked("car"), reports).of("tags", "weather_adverse").probability == pytest.approx(0.5)


def test_more_votes_for_a_value_are_more_belief_in_it_and_less_in_the_others():
    few = believe(LOOKED_NOWHERE, said(Facts(weather="fog"), Facts(weather="rain"), Facts(weather="snow")))
    more = believe(LOOKED_NOWHERE, said(Facts(weather="fog"), Facts(weather="fog"), Facts(weather="snow")))

    assert more.of("weather", "fog").probability > few.of("weather", "fog").probability
    assert more.of("weather", "rain").probability < few.of("weather", "rain").probability


def test_a_value_that_is_seen_is_believed_more_than_one_that_is_not():
    reports = said(Facts(special_agent_class="police_car"), Facts(special_agent_class="school_bus"))
    beliefs = believe(looked("school bus"), reports)

    bus, police = (beliefs.of("special_agent_class", value) for value in ("school_bus", "police_car"))
    assert bus.probability > police.probability
    assert (bus.grounded, police.grounded) == (True, False)
    assert beliefs.of("special_agent_class", "none").grounded is False


def test_nothing_of_the_kind_in_sight_speaks_for_none():
    assert believe(looked("car"), []).of("special_agent_class", "none").grounded is True


def test_without_reports_and_grounding_every_value_is_as_likely():
    beliefs = believe(LOOKED_NOWHERE, [])

    assert [beliefs.of("weather", value).probability for value in Weather] == [pytest.approx(1 / 6)] * 6
    assert {beliefs.of("tags", tag).probability for tag in Tag} == {0.5}


def test_a_belief_names_its_voters():
    reports = said(Facts(weather="fog"), Facts(weather="rain"), Facts(weather="fog", tags=("construction",)))
    beliefs = believe(LOOKED_NOWHERE, reports)

    assert beliefs.of("weather", "fog").voters == ("a", "c")
    assert beliefs.of("tags", "construction").voters == ("c",)


@pytest.mark.parametrize(
    ("risks", "mean", "spread"),
    [([4, 8], 6, 2), ([5, None, 5], 5, 0), ([None, 7], 7, None), ([None], None, None), ([], None, None)],
)
def test_risk_is_believed_as_the_scouts_spread_it(risks, mean, spread):
    beliefs = believe(LOOKED_NOWHERE, said(*(Facts(risk=risk) for risk in risks)))

    assert (beliefs.risk_mean, beliefs.risk_spread) == (mean, spread)
