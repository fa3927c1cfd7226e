"""A camera 1.5 m above flat ground, 2 m before the rear axle, looking ahead: ranges by hand."""

import pytest

from indexer.grounding.merging import Seen
from indexer.grounding.placing import FARTHEST_M, foot_on_ground, is_cut, placed, size_class
from scenario.geometry import STRAIGHT_AHEAD, EgoPath
from scenario.records import Camera, Pose, SizeClass

WIDTH, HEIGHT = SIZE = (1600, 900)
FOCAL, CENTRE, HORIZON = 1200.0, 800.0, 450.0
# x right, y down, z forward → x forward, y left, z up
LOOKING_AHEAD = Pose(translation_m=(2.0, 0.0, 1.5), rotation_wxyz=(0.5, -0.5, 0.5, -0.5))
CAMERA = Camera(
    image="front.jpg",
    width_px=WIDTH,
    height_px=HEIGHT,
    intrinsic=((FOCAL, 0.0, CENTRE), (0.0, FOCAL, HORIZON), (0.0, 0.0, 1.0)),
    mounting=LOOKING_AHEAD,
)
UNCALIBRATED = Camera(image="front.jpg")


def seen(x_px, foot_px, label="person", height_px=200.0):
    return Seen(label, 0.8, (x_px - 40, foot_px - height_px, x_px + 40, foot_px))


def place(one, camera=CAMERA, size=SIZE, path=STRAIGHT_AHEAD):
    return placed(one, "CAM_FRONT", camera, size, path)


def test_a_person_whose_feet_are_180_px_below_the_horizon_stands_ten_metres_before_the_camera():
    detection = place(seen(CENTRE, HORIZON + 180))  # 1200 × 1.5 / 180 = 10
    assert (detection.range_m, detection.ahead_m, detection.lateral_m) == (12.0, 12.0, 0.0)
    assert detection.path == "straight"


def test_to_the_left_of_the_picture_is_left_of_the_path():
    detection = place(seen(CENTRE - 240, HORIZON + 180))  # 240 / 1200 × 10 = 2
    assert (detection.ahead_m, detection.lateral_m) == (12.0, 2.0)
    assert detection.range_m == pytest.approx(12.2)


def test_the_offset_is_from_the_path_that_was_driven():
    to_the_left = EgoPath(((0.0, 0.0), (5.0, 5.0), (10.0, 10.0)), "driven")
    detection = place(seen(CENTRE, HORIZON + 180), path=to_the_left)
    assert detection.path == "driven"
    assert detection.lateral_m == pytest.approx(-8.5, abs=0.05)  # 12 × sin 45°, to its right


def test_a_picture_kept_at_half_its_size_gives_the_same_range():
    half = Seen("person", 0.8, (380.0, 215.0, 420.0, (HORIZON + 180) / 2))
    assert place(half, size=(800, 450)).range_m == 12.0


@pytest.mark.parametrize("label", ["traffic light", "red light", "stop sign", "road work sign"])
def test_what_hangs_has_no_foot_and_so_no_range(label):
    detection = place(seen(CENTRE, HORIZON + 180, label))
    assert (detection.range_m, detection.ahead_m, detection.lateral_m, detection.path) == (None,) * 4


def test_without_calibration_there_is_no_range():
    detection = place(seen(CENTRE, HORIZON + 180), UNCALIBRATED)
    assert (detection.range_m, detection.path) == (None, None)


def test_above_the_horizon_and_far_below_it_there_is_no_range():
    assert place(seen(CENTRE, HORIZON - 20)).range_m is None
    nearly_too_far = HORIZON + FOCAL * 1.5 / (FARTHEST_M - 2.0 - 1.0)
    assert place(seen(CENTRE, nearly_too_far)).range_m is not None
    assert place(seen(CENTRE, nearly_too_far - 3)).range_m is None


def test_a_box_cut_by_the_lower_border_is_placed_where_the_border_meets_the_ground():
    detection = place(seen(CENTRE, HEIGHT))  # 1200 × 1.5 / 450 = 4
    assert detection.range_m == 6.0
    assert is_cut(detection.box_xyxy_px, SIZE)
    assert not is_cut(seen(CENTRE, HEIGHT - 10).box_xyxy_px, SIZE)


def test_the_foot_is_in_the_middle_of_the_lower_edge():
    assert foot_on_ground((CENTRE - 300, 0, CENTRE + 300, HORIZON + 180), CAMERA, SIZE) == pytest.approx((12.0, 0.0))


def test_the_box_and_the_confidence_are_kept_as_they_were_seen():
    one = seen(CENTRE, HORIZON + 180)
    detection = place(one)
    assert (detection.label, detection.camera, detection.confidence) == ("person", "CAM_FRONT", 0.8)
    assert detection.box_xyxy_px == one.box_xyxy_px


@pytest.mark.parametrize(
    ("side_px", "expected"),
    [(400, SizeClass.LARGE), (379, SizeClass.MEDIUM), (121, SizeClass.MEDIUM), (119, SizeClass.SMALL)],
)
def test_the_size_class_is_the_share_of_the_picture(side_px, expected):
    assert size_class((0.0, 0.0, float(side_px), float(side_px)), SIZE) == expected
