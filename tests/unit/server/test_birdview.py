import pytest

from scenario.records import Detection, Frame, Pose
from server.web.birdview import HEIGHT_PX, LANE_M, WIDTH_PX, bird_view

FRAME = Frame(token="t")


def seen(ahead_m: float | None, lateral_m: float | None = 0.0, **more: object) -> Detection:
    made = {"label": "car", "camera": "CAM_FRONT", "ahead_m": ahead_m, "lateral_m": lateral_m, **more}
    return Detection.model_validate(made)


def view(*detections: Detection, frame: Frame = FRAME):
    return bird_view(frame, detections, [f"about {number}" for number in range(len(detections))])


def test_what_is_ahead_is_drawn_above_the_ego_and_what_is_left_is_drawn_left_of_it():
    drawn = view(seen(10.0, 2.0), seen(10.0, -2.0), seen(-4.0, 0.0))

    left, right, behind = sorted(drawn.marks, key=lambda mark: mark.numbers)
    assert left.x < drawn.x < right.x
    assert left.y == right.y < drawn.y < behind.y


def test_metres_are_alike_along_and_across():
    drawn = view(seen(10.0, 10.0))

    (mark,) = drawn.marks
    assert drawn.x - mark.x == pytest.approx(drawn.y - mark.y, abs=0.2)
    assert drawn.lane_width == pytest.approx(LANE_M * (drawn.y - mark.y) / 10, abs=0.2)
    assert [ring.text for ring in drawn.rings] == ["10 m", "20 m"]


def test_in_a_bend_a_place_along_the_path_is_drawn_beside_the_path():
    def pose(x: float, y: float) -> Pose:
        return Pose(translation_m=(x, y, 0), rotation_wxyz=(1, 0, 0, 0))

    turning = Frame(token="t", ego_pose=pose(0, 0), ego_path=(pose(10, 0), pose(10, 20)))
    drawn = view(seen(20.0, 0.0), frame=turning)

    (mark,) = drawn.marks
    assert drawn.driven
    assert drawn.x - mark.x == pytest.approx(drawn.y - mark.y, abs=0.2)  # ten metres ahead, ten to the left


def test_no_place_is_no_drawing_and_some_without_one_are_counted():
    assert view(seen(None, None)) is None
    assert view() is None
    drawn = view(seen(None, None), seen(5.0), seen(300.0))
    assert (drawn.unplaced, drawn.outside, len(drawn.marks)) == (1, 1, 1)


def test_one_thing_in_two_cameras_is_one_mark():
    drawn = view(seen(5.0, instance="i"), seen(5.0, instance="i", camera="CAM_FRONT_LEFT"))

    assert [mark.numbers for mark in drawn.marks] == [(0, 1)]


def test_a_car_across_the_lane_is_drawn_across_it():
    drawn = view(seen(10.0, size_m=(4.0, 2.0, 1.5), heading_deg=90.0))

    (mark,) = drawn.marks
    assert mark.turn_deg == -90.0  # its front points to the left
    assert mark.length == pytest.approx(2 * mark.width, abs=0.2)


def test_labels_of_a_crowd_never_stand_on_each_other_and_the_nearest_in_the_lane_keeps_its_own():
    crowd = [seen(5 + number % 7, (number % 11) - 5.0) for number in range(150)]
    drawn = view(*crowd, seen(4.0, 0.5))

    labels = [mark.label for mark in drawn.marks if mark.label]
    assert 1 < len(labels) < 80
    assert drawn.marks[0].numbers == (150,)
    assert drawn.marks[0].in_path
    assert drawn.marks[0].label
    assert len({(label.anchor, label.x, label.y) for label in labels}) == len(labels)
    assert all(0 <= label.x <= WIDTH_PX and 0 <= label.y <= HEIGHT_PX for label in labels)
