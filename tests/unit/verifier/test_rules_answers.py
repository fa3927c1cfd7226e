"""The rules scout, asked: what it sees is yes, what it sees is not there is no, what it cannot know is unsure."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules_cases import grounding, moment, thing
from scenario.answers import Answer
from scenario.protocols import Answerer, Deadline
from scenario.records import Detection, Frame, MotionState
from verifier.scouts.rules import rules_scout

IN_LANE = thing("pedestrian", 12, 0.2)
ON_PAVEMENT = thing("pedestrian", 12, -4.5, state=MotionState.STANDING)
OPPOSITE = {"yes": "no", "no": "yes", "unsure": "unsure"}


def ask(question: str, *things: Detection, frame: Frame | None = None) -> Answer:
    testimony = rules_scout().look(frame or moment(), grounding(*things), question, deadline=Deadline())
    assert testimony.answer is not None
    return testimony.answer


def test_it_can_be_asked() -> None:
    scout: Answerer = rules_scout()
    assert scout.asking_fingerprint != scout.fingerprint


def test_without_words_only_facts_are_reported() -> None:
    testimony = rules_scout().look(moment(), grounding(IN_LANE), "", deadline=Deadline())
    assert testimony.answer is None
    assert testimony.report == rules_scout().report(moment(), grounding(IN_LANE), deadline=Deadline())


@pytest.mark.parametrize("question", ["pedestrian in the lane", "Is someone in our way?", "people on the road ahead"])
def test_twins_are_told_apart_by_where_the_person_stands(question: str) -> None:
    assert ask(question, IN_LANE).verdict == "yes"
    assert ask(question, ON_PAVEMENT).verdict == "no"


def test_an_answer_names_the_camera_the_detection_and_what_is_seen() -> None:
    said = ask("pedestrian in the lane", thing("car", 30, 6), IN_LANE)
    [evidence] = said.evidence
    assert (evidence.camera, evidence.detection) == ("CAM_FRONT", 1)
    assert evidence.seen == "pedestrian in the ego path, 12 m ahead"
    assert said.probability == 0.9


def test_who_stands_on_the_border_of_the_lane_is_unsure() -> None:
    assert ask("pedestrian in the lane", thing("pedestrian", 12, 2.05)).verdict == "unsure"


def test_without_a_place_nobody_is_in_the_lane_for_sure() -> None:
    seen = Detection(label="pedestrian", camera="CAM_FRONT", confidence=0.9)
    assert ask("pedestrian in the lane", seen).verdict == "unsure"
    assert ask("a pedestrian", seen).verdict == "yes"


def test_absence_is_no_only_where_everything_was_looked_at() -> None:
    nobody_looked = grounding().model_copy(update={"cameras": ()})
    testimony = rules_scout().look(moment(), nobody_looked, "a cyclist", deadline=Deadline())
    assert testimony.answer is not None
    assert testimony.answer.verdict == "unsure"
    assert ask("a cyclist").verdict == "no"


def test_a_faint_detection_is_unsure() -> None:
    assert ask("a cyclist", thing("cyclist", 20, 0, confidence=0.3)).verdict == "unsure"


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("a truck ahead of us within 20 m", "yes"),
        ("a truck ahead of us within 10 m", "no"),
        ("a truck more than 30 m away", "no"),
        ("a truck within 15 metres", "yes"),
        ("a truck within 13 metres", "unsure"),
        ("truck on the left", "no"),
        ("truck on the right", "yes"),
        ("truck behind us", "no"),
        ("a parked truck", "yes"),
        ("a moving truck", "no"),
        ("an oncoming truck", "no"),
        ("truck beside the road", "yes"),
        ("no truck", "no"),
        ("no bus", "yes"),
        ("two trucks", "no"),
        ("a truck or a bus", "yes"),
        ("a truck and a bus", "no"),
        ("a truck and no bus", "yes"),
        ("a purple truck", "unsure"),
        ("no purple truck", "unsure"),
        ("a purple bus", "no"),
        ("no purple bus", "yes"),
        ("a bus or something purple", "unsure"),
    ],
)
def test_a_parked_truck_beside_the_road(question: str, said: str) -> None:
    truck = thing("truck", 17, -4.0, size_m=(8.0, 2.5, 3.4), state=MotionState.PARKED)
    assert ask(question, truck).verdict == said


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("child running into the road", "yes"),
        ("a child crossing", "yes"),
        ("child runs out", "yes"),
        ("child walking", "no"),
        ("child standing", "no"),
        ("no children in the lane", "no"),
    ],
)
def test_a_child_that_runs_into_the_lane(question: str, said: str) -> None:
    child = thing("child", 12, 0.4, heading_deg=90, speed_mps=3.0, lateral_speed_mps=3.0, state=MotionState.MOVING)
    assert ask(question, child).verdict == said


def test_a_crosswalk_is_where_people_are_asked_for() -> None:
    crossing = [thing("pedestrian", 20 + n / 2, n, speed_mps=1.2, lateral_speed_mps=1.2) for n in range(2)]
    crosswalk = thing("crosswalk", 20, 0)
    assert ask("two or more pedestrians on the crosswalk", *crossing, crosswalk).verdict == "yes"
    assert ask("two or more pedestrians on the crosswalk", crossing[0], crosswalk).verdict == "no"
    assert ask("pedestrian on the crosswalk", crossing[0]).verdict == "unsure"


def test_barrels_block_the_lane_only_where_they_stand_in_it() -> None:
    across = [thing("construction barrel", 20 + 2 * n, -1.6 + 0.5 * n) for n in range(6)]
    aside = [thing("construction barrel", 20 + 2 * n, -5.0) for n in range(6)]
    question = "is the lane blocked by barrels?"
    assert ask(question, *across).verdict == "yes"
    assert ask(question, *aside).verdict == "no"
    assert ask("barrels beside the road", *aside).verdict == "yes"


def test_facts_are_yes_when_stated_no_when_another_is_and_unsure_when_none_is() -> None:
    rain = moment(description="Heavy rain at night")
    assert ask("rain at night", frame=rain).verdict == "yes"
    assert ask("is it foggy", frame=rain).verdict == "no"
    assert ask("rain at night", frame=moment()).verdict == "unsure"


def test_risk_is_asked_for_by_number_and_by_word() -> None:
    assert ask("risk 6 or more", IN_LANE).verdict == "yes"
    assert ask("risk below 6", IN_LANE).verdict == "no"
    assert ask("dangerous", IN_LANE).verdict == "yes"
    assert ask("dangerous", ON_PAVEMENT).verdict == "no"


def test_who_stands_does_not_lie() -> None:
    standing, sitting = (
        thing("pedestrian", 12, 0, state=state) for state in (MotionState.STANDING, MotionState.SITTING)
    )
    assert ask("person lying on the road", standing).verdict == "no"
    assert ask("person lying on the road", sitting).verdict == "yes"
    assert ask("person lying on the road", thing("pedestrian", 12, 0)).verdict == "unsure"
    assert ask("ladder lying on the road", thing("ladder", 12, 0)).verdict == "yes"


@pytest.mark.parametrize("question", ["not a single pedestrian", "hardly any people", "there isn't any pedestrian"])
def test_negations_of_more_than_one_word_deny_what_they_speak_of(question: str) -> None:
    assert ask(question).verdict == "yes"
    assert ask(question, *(thing("pedestrian", 9, n) for n in range(3))).verdict == "no"


def test_a_relation_between_things_is_not_known() -> None:
    both = thing("child", 12, 3.4), thing("truck", 8, 3.5)
    assert ask("a child behind a truck", *both).verdict == "unsure"
    assert ask("a child behind a truck", both[1]).verdict == "no"


THINGS = (IN_LANE, ON_PAVEMENT, thing("truck", 17, -4.0), thing("traffic cone", 9, 1.9), thing("car", 40, 3.5))
SAID = ("pedestrian", "truck", "cone in the lane", "car ahead", "bus", "people on the pavement", "purple truck", "rain")


@settings(deadline=None)
@given(st.text(max_size=80))
def test_no_text_is_too_strange(question: str) -> None:
    testimony = rules_scout().look(moment(), grounding(*THINGS), question, deadline=Deadline())
    assert (testimony.answer is None) == (not question.strip())


@settings(deadline=None)
@given(st.lists(st.sampled_from((*SAID, "no", "not", "and", "or", "two", "within", "5 m", "running", ",")), max_size=8))
def test_no_order_of_known_words_is_too_strange(words: list[str]) -> None:
    assert ask(" ".join(("a", *words)), *THINGS).verdict in OPPOSITE


@settings(deadline=None)
@given(st.sampled_from(SAID), st.lists(st.sampled_from(THINGS), unique_by=id))
def test_a_negation_turns_a_firm_answer_round_and_leaves_unsure(question: str, things: list[Detection]) -> None:
    assert ask(f"no {question}", *things).verdict == OPPOSITE[ask(question, *things).verdict]


@settings(deadline=None)
@given(st.lists(st.sampled_from(SAID), min_size=1, max_size=3))
def test_a_word_that_means_nothing_never_makes_an_answer_firmer(parts: list[str]) -> None:
    plain = ask(", ".join(parts), *THINGS).verdict
    assert ask(", ".join((*parts, "zorbly")), *THINGS).verdict == ("no" if plain == "no" else "unsure")


def test_a_coarse_label_may_be_what_was_asked_for() -> None:
    assert ask("school bus", thing("bus", 20, 0)).verdict == "unsure"
    assert ask("bus", thing("school bus", 20, 0)).verdict == "yes"
    assert ask("barrels in the lane", thing("traffic cone", 20, 0)).verdict == "unsure"
    assert ask("barrels in the lane", thing("traffic cone", 20, 6)).verdict == "no"


def test_a_detector_may_call_a_child_a_person_and_an_annotator_does_not() -> None:
    seen = grounding(thing("person", 20, 0))
    annotated = seen.model_copy(update={"backend": "annotations"})
    said = [rules_scout().look(moment(), one, "a child", deadline=Deadline()).answer for one in (seen, annotated)]
    assert [answer.verdict for answer in said if answer] == ["unsure", "no"]


def test_a_cone_is_an_object_to_some() -> None:
    assert ask("object in the lane", thing("tire", 20, 0)).verdict == "yes"
    assert ask("object in the lane", thing("traffic cone", 20, 0)).verdict == "unsure"
    assert ask("object in the lane", thing("car", 20, 0)).verdict == "no"
