"""What the index expects of a filter, by its stored beliefs."""

import pytest
from hypothesis import given

from drives import drive, scenario
from search.query import Not, parse
from strategies import filters
from verifier.expectation import NO_IDEA, expected

BELIEFS = {
    ("tags", "construction"): 0.8,
    ("tags", "vru_hazard"): 0.5,
    ("weather", "rain"): 0.3,
    ("weather", "heavy_rain"): 0.2,
    ("traffic_controls", "red_light"): 0.7,
}
FRAME = scenario("t", probabilities=BELIEFS, risk_mean=4.0, labels=("person",))


@pytest.mark.parametrize(
    ("query", "probability"),
    [
        ("construction", 0.8),
        ("construction AND vru_hazard", 0.4),
        ("construction OR vru_hazard", 0.9),
        ("NOT construction", 0.2),
        ("tag:construction,vru_hazard", 0.8),
        ("weather:rain,heavy_rain", 0.5),
        ("traffic_controls:red_light", 0.7),
        ("object:person", NO_IDEA),
        ("scene:scene-1", NO_IDEA),
        ("is:verified", NO_IDEA),
        ("weather:*", NO_IDEA),
        ("p(construction)>=0.5", NO_IDEA),
    ],
)
def test_a_filter_is_as_probable_as_its_parts(query, probability):
    assert expected(parse(query).filter, FRAME) == pytest.approx(probability)


def test_a_risk_is_as_probable_as_its_mean_is_near():
    chances = [expected(parse(f"risk>={bound}").filter, FRAME) for bound in range(11)]

    assert chances == sorted(chances, reverse=True)
    assert chances[0] > 0.98
    assert 0.5 < chances[4] < 0.75
    assert chances[10] < 0.01
    apart = [expected(parse(f"risk:{value}").filter, FRAME) for value in range(11)]
    assert 0.97 < sum(apart) <= 1.0


def test_scouts_that_agree_make_a_risk_surer_than_one_alone():
    agreed = scenario("t", risk_mean=4.0)
    agreed = agreed.model_copy(update={"beliefs": agreed.beliefs.model_copy(update={"risk_spread": 0.0})})

    assert expected(parse("risk>=6").filter, agreed) < expected(parse("risk>=6").filter, FRAME)


def test_without_any_risk_the_index_has_no_idea():
    assert expected(parse("risk>=4").filter, scenario("t")) == NO_IDEA


@given(filters)
def test_it_is_a_probability_and_negation_takes_the_rest(node):
    for one in drive(3, seed=1):
        found = expected(node, one)
        assert -1e-9 <= found <= 1 + 1e-9
        assert expected(Not(node), one) == pytest.approx(1 - found)
