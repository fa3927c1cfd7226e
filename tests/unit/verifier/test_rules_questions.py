"""What the rules scout reads out of a question's words."""

import pytest

from scenario.labels import PERSONS, RIDERS
from verifier.scouts.rules.claims import (
    AllOf,
    AnyOf,
    Claim,
    EgoStands,
    Not,
    Present,
    RiskIs,
    Stated,
    Trait,
    TraitKind,
    Unknown,
)
from verifier.scouts.rules.questions import claim_of

IN_LANE, AHEAD = Trait(TraitKind.IN_LANE), Trait(TraitKind.AHEAD)


def present(question: str) -> Present:
    claim = claim_of(question)
    assert isinstance(claim, Present), claim
    return claim


@pytest.mark.parametrize(
    "question",
    [
        "pedestrian in the lane",
        "Is there a pedestrian in our lane?",
        "pedestrians in the ego lane",
        "somebody in the way",
        "people blocking the road",
        "is the lane blocked by a pedestrian",
        "show frames where a person is in our path",
    ],
)
def test_many_wordings_are_one_claim(question: str) -> None:
    claim = present(question)
    assert (claim.labels, claim.traits, claim.least) == (PERSONS, (IN_LANE,), 1)


@pytest.mark.parametrize(
    ("question", "trait"),
    [
        ("truck within 20 m", Trait(TraitKind.WITHIN, 20)),
        ("truck closer than twelve metres", Trait(TraitKind.WITHIN, 12)),
        ("truck more than 7.5 meters away", Trait(TraitKind.BEYOND, 7.5)),
        ("oncoming truck", Trait(TraitKind.ONCOMING)),
        ("truck on our left", Trait(TraitKind.LEFT)),
        ("truck that isn't moving", Trait(TraitKind.STANDING)),
        ("truck that is not parked", Trait(TraitKind.PARKED, negated=True)),
        ("half hidden truck", Trait(TraitKind.HIDDEN)),
        ("truck cutting in", Trait(TraitKind.CUTTING_IN)),
        ("purple truck", Trait(TraitKind.UNKNOWN, words="purple")),
        ("truck next to a bus", Trait(TraitKind.UNKNOWN, words="next")),
        ("truck behind a bus", Trait(TraitKind.UNKNOWN, words="behind a bus")),
    ],
)
def test_places_and_motion_are_traits(question: str, trait: Trait) -> None:
    assert trait in _first(claim_of(question)).traits


def _first(claim: Claim) -> Present:
    first = claim.claims[0] if isinstance(claim, AllOf) else claim
    assert isinstance(first, Present), claim
    return first


@pytest.mark.parametrize(
    ("question", "least"),
    [
        ("pedestrians", 1),
        ("two pedestrians", 2),
        ("at least three pedestrians", 3),
        ("two or more pedestrians", 2),
        ("more than 2 pedestrians", 3),
        ("several pedestrians", 3),
        ("3 standing pedestrians", 3),
    ],
)
def test_numbers_count(question: str, least: int) -> None:
    assert present(question).least == least


def test_exact_numbers_have_two_sides() -> None:
    claim = claim_of("exactly two pedestrians")
    assert isinstance(claim, AllOf)
    assert claim.claims == (present("two pedestrians"), Not(present("three pedestrians")))
    assert claim_of("fewer than two pedestrians") == Not(present("two pedestrians"))


@pytest.mark.parametrize(
    "question",
    ["no pedestrians in the lane", "without pedestrians in the lane", "there aren't pedestrians in the lane"],
)
def test_a_negation_denies_the_thing_with_its_traits(question: str) -> None:
    assert claim_of(question) == Not(present("pedestrians in the lane"))


def test_nobody_and_nothing_are_denied_without_a_no() -> None:
    assert isinstance(claim_of("nobody in the road"), Not)
    assert isinstance(claim_of("empty street"), Not)


def test_alternatives_share_what_is_said_after_the_last() -> None:
    claim = present("a pedestrian or a rider in the lane")
    assert (claim.labels, claim.traits) == (PERSONS | RIDERS, (IN_LANE,))
    assert isinstance(claim_of("a pedestrian in the lane or a bus ahead"), AnyOf)
    assert claim_of("no pedestrians or riders") == Not(present("pedestrians or riders"))


def test_traits_after_a_comma_still_speak_of_the_thing_before() -> None:
    assert present("a car in our lane, ahead") == present("a car in our lane ahead")


def test_facts_come_from_the_vocabulary() -> None:
    assert claim_of("at night") == Stated("at night", (("time_of_day", "night"),))
    rain = claim_of("rain")
    assert isinstance(rain, Stated)
    assert rain.meant == (("weather", "rain"), ("weather", "heavy_rain"))
    assert claim_of("not foggy") == Not(Stated("foggy", (("weather", "fog"),)))


def test_road_works_at_a_place_are_things() -> None:
    assert isinstance(claim_of("construction"), Stated)
    assert AHEAD in present("construction ahead").traits


@pytest.mark.parametrize(
    ("question", "least", "most"),
    [
        ("risk 6 or more", 6, 10),
        ("risk >= 6", 6, 10),
        ("risk above 6", 7, 10),
        ("risk below 3", 0, 2),
        ("risk 4", 4, 4),
    ],
)
def test_the_risk_is_asked_for_by_number(question: str, least: int, most: int) -> None:
    claim = claim_of(question)
    assert isinstance(claim, RiskIs)
    assert (claim.least, claim.most) == (least, most)


def test_a_sign_is_not_the_thing_it_speaks_of() -> None:
    assert present("pedestrian crossing sign").labels == {"pedestrian crossing sign"}
    assert present("a pedestrian crossing").traits == (Trait(TraitKind.CROSSING),)


@pytest.mark.parametrize("question", ["zorbly", "wozzle in the lane", "?", "🚲", "what is this 42"])
def test_what_is_not_understood_is_never_left_out(question: str) -> None:
    assert isinstance(claim_of(question), Unknown)


def test_names_that_say_more_than_a_label_are_not_known() -> None:
    assert present("a woman").traits == (Trait(TraitKind.UNKNOWN, words="woman"),)


def test_a_comma_before_an_or_is_an_or() -> None:
    assert present("children, riders or dogs") == present("children or riders or dogs")
    assert present("children, riders, or dogs").labels >= {"child", "dog", "cyclist"}


def test_clear_of_people_is_without_them() -> None:
    assert claim_of("is the road clear of people") == Not(present("people"))


def test_who_stops_at_a_sign_is_the_ego() -> None:
    claim = claim_of("stopped at a stop sign")
    assert isinstance(claim, AllOf)
    assert claim.claims == (EgoStands("standing"), present("stop sign"))


@pytest.mark.parametrize("question", ["car from the left", "car turning right", "car in the left lane"])
def test_a_side_that_is_no_place_is_not_known(question: str) -> None:
    assert [trait.kind for trait in present(question).traits] == [TraitKind.UNKNOWN]
