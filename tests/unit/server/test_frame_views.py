import pytest

from drives import scenario
from scenario.records import Camera, Detection, DetectionReview, Facts, ReviewVerdict, Scenario, ScoutReport
from server.web import frame_views


def two_scouts(**more: object) -> Scenario:
    reports = (
        ScoutReport(scout="one", facts=Facts(weather="rain", tags=("construction",), risk=7)),
        ScoutReport(scout="two", facts=Facts(weather="fog", risk=3)),
    )
    return scenario("t", Facts(weather="rain", tags=("construction",), risk=6), reports=reports, **more)


def test_what_a_scout_said_otherwise_than_the_judge_is_marked():
    rows, _ = frame_views.fact_rows(two_scouts())

    known = {row.name: row for row in rows}
    assert [(one.text, one.differs) for one in known["weather"].said] == [("rain", False), ("fog", True)]
    assert [(one.text, one.differs) for one in known["construction"].said] == [("yes", False), ("no", True)]
    assert [(one.text, one.differs) for one in known["risk"].said] == [("7", False), ("3", True)]
    assert known["weather"].disputed


def test_what_nobody_stated_is_named_once_and_takes_no_row():
    rows, unstated = frame_views.fact_rows(two_scouts())

    assert {row.name for row in rows} == {"risk", "weather", "construction"}
    assert "time of day" in unstated


def test_a_scout_that_did_not_state_a_value_does_not_contradict_it():
    silent = (ScoutReport(scout="one", facts=Facts()),)
    rows, _ = frame_views.fact_rows(scenario("t", Facts(weather="rain"), reports=silent))

    assert not any(row.disputed for row in rows)


def test_each_scouts_word_on_each_detection_stands_in_its_row():
    review = DetectionReview(detection=1, verdict=ReviewVerdict.REJECTED, reason="a poster")
    report = ScoutReport(scout="one", facts=Facts(), reviews=(review,))
    rows = frame_views.detection_rows(scenario("t", labels=("person", "person"), reports=(report,)))

    assert [row.reviews for row in rows] == [(None,), (frame_views.Review("rejected", "✗", "a poster"),)]
    assert frame_views.review_counts(report) == "1 rejected"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "person"),
        ({"confidence": 0.5, "range_m": 12.4}, "person, confidence 0.50, 12 m away"),
        (
            {"ahead_m": 9.0, "lateral_m": -0.6, "path": "driven"},
            "person, 9 m ahead, 0.6 m right of the path (driven)",
        ),
        (
            {"ahead_m": -3.0, "lateral_m": 2.0, "path": "straight"},
            "person, 3 m behind, 2.0 m left of the path (straight)",
        ),
    ],
)
def test_a_detection_is_told_in_metres_where_they_are_known(given, told):
    assert frame_views.about(Detection(label="person", camera="CAM_FRONT", **given)) == told


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (1_772_698_263_034_992, "2026-03-05 08:11:03 UTC"),
        ("2026-11-25T13:45:16.010+00:00", "2026-11-25 13:45:16 UTC"),
        (10**30, str(10**30)),
        ("once", "once"),
        (None, ""),
    ],
)
def test_a_time_is_told_as_people_read_it_and_an_impossible_one_as_it_is(at, told):
    assert frame_views.moment(at) == told


def _boxed(*boxes: tuple[float, float, float, float]) -> Scenario:
    seen = tuple(Detection(label="car", camera="CAM_FRONT", box_xyxy_px=box) for box in boxes)
    made = scenario("t", cameras={"CAM_FRONT": Camera(image="x.jpg", width_px=800, height_px=450)})
    return made.model_copy(update={"grounding": made.grounding.model_copy(update={"detections": seen})})


def test_the_label_of_a_box_stands_where_no_other_stands_and_within_the_picture():
    crowd = _boxed(
        (10, 5, 60, 445), (780, 100, 799, 160), (300, 200, 380, 300), (301, 201, 381, 301), (302, 202, 382, 302)
    )
    (view,) = frame_views.cameras(crowd, crowd.grounding.detections)

    labels = {box.number: (box.label, box.label_x, box.label_y) for box in view.boxes}
    assert labels[0][0] is None  # no room above it, none below it
    assert labels[1][1] < 780  # moved to the left, so that it is whole
    assert [labels[number][0] for number in (2, 3, 4)] == ["3 car", "4 car", None]  # above, below, nowhere
    assert view.boxes[0].number == 0  # the largest is the lowest


def test_things_of_one_kind_are_told_together_the_surest_first():
    seen = tuple(
        Detection(label=label, camera="CAM_FRONT", confidence=confidence)
        for label, confidence in [("car", 0.5), ("bus", 0.6), ("car", 0.75), ("car", None)]
    )
    made = scenario("t")
    made = made.model_copy(update={"grounding": made.grounding.model_copy(update={"detections": seen})})

    ((camera, kinds),) = frame_views.inventory(made)
    assert camera == "CAM_FRONT"
    assert kinds == [frame_views.Kind("car", (0, 2, 3), "0.75, 0.50", 1), frame_views.Kind("bus", (1,), "0.60", 0)]
