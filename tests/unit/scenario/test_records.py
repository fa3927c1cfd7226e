import pickle

import pytest
from pydantic import ValidationError

from samples import LOOKED_NOWHERE, looked, said
from scenario.answers import Answer, Evidence, Verification
from scenario.protocols import Deadline
from scenario.records import (
    Belief,
    Beliefs,
    Candidate,
    Detection,
    Facts,
    Frame,
    Grounding,
    Provenance,
    Reason,
    Reward,
    Scenario,
    SizeClass,
    Verdict,
)
from scenario.vocabulary import Tag, TrafficControl, Weather

FACTS = Facts(weather=Weather.RAIN, tags=(Tag.CONSTRUCTION,), traffic_controls=("red_light",), risk=0, description="–")
SCENARIO = Scenario(
    frame=Frame(token="t", sequence=3),
    grounding=looked("jersey barrier"),
    reports=tuple(said(FACTS)),
    verdict=Verdict(
        judge="vote", candidates=(Candidate(facts=FACTS, reward=Reward(reasons=(Reason(points=2, text="why"),))),)
    ),
    beliefs=Beliefs(values=(Belief(field="tags", value="construction", probability=0.5, voters=("a",)),), risk_mean=0),
    provenance=Provenance(backends={"judge": "vote-1"}, notes=("n",)),
)
VERIFICATION = Verification(token="t", question="q?", verdict="yes", evidence=(Evidence(seen="a barrier"),))


@pytest.mark.parametrize("record", [SCENARIO, VERIFICATION, Answer(verdict="unsure")], ids=lambda r: type(r).__name__)
class TestEveryRecord:
    def test_survives_json(self, record):
        assert type(record).model_validate_json(record.model_dump_json()) == record

    def test_survives_json_without_its_defaults(self, record):
        assert type(record).model_validate_json(record.model_dump_json(exclude_defaults=True)) == record

    def test_survives_pickling(self, record):
        assert pickle.loads(pickle.dumps(record)) == record

    def test_refuses_an_unknown_key(self, record):
        with pytest.raises(ValidationError, match="extra"):
            type(record).model_validate({**record.model_dump(), "surprise": 1})

    def test_does_not_change(self, record):
        with pytest.raises(ValidationError, match="frozen"):
            setattr(record, next(iter(type(record).model_fields)), None)


def test_equal_sets_of_tags_are_equal_facts_whatever_their_order():
    one = Facts(tags=("vru_hazard", "construction", "vru_hazard"))

    assert one == Facts(tags=("construction", "vru_hazard"))
    assert one.tags == (Tag.CONSTRUCTION, Tag.VRU_HAZARD)


def test_traffic_controls_stand_once_each_in_the_order_of_the_vocabulary():
    controls = Facts(traffic_controls=("stop_sign", "red_light", "stop_sign")).traffic_controls

    assert controls == (TrafficControl.RED_LIGHT, TrafficControl.STOP_SIGN)


@pytest.mark.parametrize(
    "wrong", [{"weather": "drizzly"}, {"tags": ("pedestrian_hazard",)}, {"risk": 11}, {"risk": -1}, {"risk": 4.5}]
)
def test_a_value_outside_the_vocabulary_never_reaches_facts(wrong):
    with pytest.raises(ValidationError):
        Facts(**wrong)


@pytest.mark.parametrize("text", ["", "  ", "None", " None "])
def test_an_absent_description_is_none(text):
    assert Facts(description=text).description is None


def test_what_is_not_stated_is_none_and_not_zero():
    assert (Facts().risk, Facts().weather, Facts().description) == (None, None, None)


def test_a_frame_needs_a_token():
    with pytest.raises(ValidationError):
        Frame(token="")


def test_a_frame_of_no_known_scene_is_a_scene_of_its_own():
    assert Frame(token="t").scene_key == "t"
    assert Frame(token="t", scene="scene-1").scene_key == "scene-1"
    assert Frame(token="t", scene="scene-1", scene_token="s").scene_key == "s"


def test_a_detection_label_outside_the_taxonomy_is_refused_with_the_nearest_one():
    with pytest.raises(ValidationError, match="did you mean 'traffic cone'"):
        Detection(label="trafic cone", camera="CAM_FRONT")


def test_a_detection_without_confidence_counts_but_passes_no_threshold():
    grounding = looked("person", confidence=None)

    assert grounding.sees({"person"})
    assert not grounding.sees({"person"}, 0.01)


def test_a_detection_at_the_threshold_passes_it():
    assert looked("person", confidence=0.5).sees({"person"}, 0.5)
    assert not looked("person", confidence=0.49).sees({"person"}, 0.5)


def test_only_detections_of_the_labels_asked_for_are_given_in_their_order():
    grounding = looked("car", "person", "child", "person")

    assert [d.label for d in grounding.of({"person", "child"})] == ["person", "child", "person"]


def test_a_label_is_matched_whole():
    assert not looked("pedestrian crossing sign", "stop sign").sees({"pedestrian", "stop"})


def test_the_inventory_has_one_line_a_camera_with_counts_and_confidences():
    grounding = Grounding(
        backend="test",
        fingerprint="test",
        cameras=("CAM_FRONT", "CAM_BACK"),
        detections=(
            Detection(label="bus", camera="CAM_FRONT", confidence=0.876, size_class=SizeClass.LARGE),
            Detection(label="bus", camera="CAM_FRONT"),
            Detection(label="person", camera="CAM_FRONT", confidence=0.5),
        ),
    )

    assert grounding.inventory() == "[CAM_FRONT]: 2 buss (Large/0.88); 1 person (?/0.50)\n[CAM_BACK]: Clear"


def test_a_grounding_that_looked_nowhere_has_an_empty_inventory():
    assert LOOKED_NOWHERE.inventory() == ""


def test_a_verdict_needs_a_candidate():
    with pytest.raises(ValidationError):
        Verdict(judge="vote", candidates=())


def test_a_verdict_speaks_for_the_candidate_that_was_chosen():
    calm, alarmed = (Candidate(facts=Facts(risk=risk), reward=Reward()) for risk in (1, 9))

    assert Verdict(judge="vote", candidates=(calm, alarmed), chosen=1).facts.risk == 9


def test_the_total_of_a_reward_is_the_sum_of_its_reasons():
    assert Reward(reasons=(Reason(points=2, text="a"), Reason(points=-5, text="b"))).total == -3
    assert Reward().total == 0


def test_a_belief_is_found_by_field_and_value():
    assert SCENARIO.beliefs.of("tags", "construction").probability == 0.5


@pytest.mark.parametrize("probability", [-0.01, 1.01])
def test_a_probability_is_between_zero_and_one(probability):
    with pytest.raises(ValidationError):
        Belief(field="tags", value="construction", probability=probability)


def test_a_deadline_that_was_not_set_never_passes_and_one_at_zero_has_passed():
    assert not Deadline().passed
    assert Deadline.after(0).passed
    assert not Deadline.after(3600).passed
