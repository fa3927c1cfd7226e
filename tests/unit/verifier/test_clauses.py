"""A filter against fresh facts: yes, no, or unsure, and never a no for what nobody stated."""

import pytest
from hypothesis import given

from drives import scenario
from scenario.answers import ClauseVerdict
from scenario.records import Facts, Grounding
from search.query import Not, parse
from strategies import filters
from verifier.clauses import FreshLook, all_of, any_of, clause_verdicts

STORED = scenario("frame-1", Facts(risk=8), labels=("person", "stop sign"), risk_mean=4.5, scene="scene-0001")
FACTS = Facts(risk=5, tags=("construction",), weather="rain", description="a man walks in the road")


def verdict(query: str, facts: Facts = FACTS, **look: object) -> ClauseVerdict:
    node = parse(query).filter
    assert node is not None
    (found,) = clause_verdicts(node, FreshLook(STORED, facts, **look))  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize(
    ("query", "said", "because"),
    [
        ("risk>=4", "yes", "risk is 5"),
        ("risk>=6", "no", "risk is 5"),
        ("risk:2..5", "yes", "risk is 5"),
        ("risk:*", "yes", "risk is 5"),
        ("construction", "yes", "tag is construction"),
        ("vru_hazard", "no", "tag is construction"),
        ("weather:rain,fog", "yes", "weather is rain"),
        ("weather:clear,snow", "no", "weather is rain"),
        ("time_of_day:night", "unsure", "time_of_day is not stated"),
        ("time_of_day:*", "unsure", "time_of_day is not stated"),
        ("NOT time_of_day:night", "unsure", "time_of_day is not stated"),
        ("NOT weather:rain", "no", "weather is rain"),
        ("traffic_controls:red_light", "no", "traffic_controls is none"),
        ("risk>=6 OR construction", "yes", "tag is construction"),
        ("risk>=6 OR time_of_day:night", "unsure", "time_of_day is not stated"),
        ("scene:scene-0001", "yes", "scene is scene-0001"),
        ("location:boston", "unsure", "location is not stated"),
        ("risk_mean>=4", "yes", "risk_mean is 4.5, as the index believes"),
        ("object:person", "yes", "1 × person detected"),
        ("object:bus", "no", "no bus detected"),
        ("is:verified", "unsure", "is: asks what was verified before, not what is seen"),
    ],
)
def test_a_clause_is_judged_by_what_is_stated_now(query, said, because):
    found = verdict(query)

    assert (found.verdict, found.because) == (said, because)


def test_the_parts_of_a_conjunction_are_judged_each_for_itself():
    node = parse("risk>=4 AND construction AND NOT weather:rain").filter

    assert [(c.clause, c.verdict) for c in clause_verdicts(node, FreshLook(STORED, FACTS))] == [
        ("risk:>=4", "yes"),
        ("tag:construction", "yes"),
        ("NOT weather:rain", "no"),
    ]


def test_a_group_stands_for_its_members():
    assert verdict("vru_status:jaywalking", Facts(vru_status="jaywalking_fast")).verdict == "yes"


def test_a_detection_that_the_scouts_reject_is_no_object():
    assert verdict("object:person", rejected=frozenset({0})).verdict == "no"


def test_without_a_camera_that_was_looked_at_a_missing_object_is_unsure():
    blind = STORED.model_copy(update={"grounding": Grounding(backend="t", fingerprint="t")})
    (found,) = clause_verdicts(parse("object:bus").filter, FreshLook(blind, FACTS))

    assert found.verdict == "unsure"


def test_words_that_nobody_wrote_this_time_are_unsure():
    assert verdict('"in the road"', texts=("A man in the road",)).verdict == "yes"
    assert verdict('"in the road"', texts=("A man on the pavement",)).verdict == "unsure"


@given(filters)
def test_negation_swaps_yes_and_no_and_leaves_unsure(node):
    look = FreshLook(STORED, FACTS)
    said = all_of([clause.verdict for clause in clause_verdicts(node, look)])
    (denied,) = clause_verdicts(Not(node), look)

    assert (said, denied.verdict) in {("yes", "no"), ("no", "yes"), ("unsure", "unsure")}


def test_facts_that_state_nothing_give_no_firm_word_on_a_field_of_one_value():
    (said,) = clause_verdicts(parse("weather:rain").filter, FreshLook(STORED, Facts()))

    assert said.verdict == "unsure"


def test_kleene_logic():
    assert all_of([]) == "yes"
    assert all_of(["yes", "unsure", "no"]) == "no"
    assert all_of(["yes", "unsure"]) == "unsure"
    assert any_of([]) == "no"
    assert any_of(["no", "unsure", "yes"]) == "yes"
    assert any_of(["no", "unsure"]) == "unsure"
