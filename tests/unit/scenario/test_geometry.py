from math import cos, degrees, pi, radians, sin

import numpy as np
import pytest

from scenario.geometry import (
    EgoPath,
    ego_path_of,
    ground_point,
    project,
    rotation,
    to_camera,
    to_inner,
    to_outer,
    transform,
    turned,
    yaw,
)
from scenario.records import Camera, Frame, Pose, Quaternion

FORWARD: Quaternion = (0.5, -0.5, 0.5, -0.5)  # a camera that looks along the ego's x axis
INTRINSIC = ((1000.0, 0.0, 800.0), (0.0, 1000.0, 450.0), (0.0, 0.0, 1.0))
MOUNTING = Pose(translation_m=(1.5, 0.2, 1.6), rotation_wxyz=FORWARD)
CAMERA = Camera(image="picture.jpg", width_px=1600, height_px=900, intrinsic=INTRINSIC, mounting=MOUNTING)


def turn(degrees_left: float) -> Quaternion:
    return cos(radians(degrees_left) / 2), 0.0, 0.0, sin(radians(degrees_left) / 2)


def pose(x: float, y: float, degrees_left: float = 0.0) -> Pose:
    return Pose(translation_m=(x, y, 0.0), rotation_wxyz=turn(degrees_left))


def frame(here: Pose | None, *later: Pose) -> Frame:
    return Frame(token="t", ego_pose=here, ego_path=later)


def test_a_quaternion_turns_counter_clockwise_seen_from_above() -> None:
    assert rotation(turn(90)) @ [1, 0, 0] == pytest.approx([0, 1, 0])
    assert degrees(yaw(turn(-35))) == pytest.approx(-35)


def test_a_quaternion_of_any_length_is_a_rotation() -> None:
    assert rotation((0.0, 0.0, 0.0, 7.0)) == pytest.approx(rotation((0.0, 0.0, 0.0, 1.0)))


def test_an_angle_is_turned_into_half_a_turn_either_way() -> None:
    assert turned(3 * pi / 2) == pytest.approx(-pi / 2)
    assert turned(-pi) == pytest.approx(pi)
    assert turned(0.25) == pytest.approx(0.25)


def test_out_and_in_again_is_the_same_point() -> None:
    here = Pose(translation_m=(10.0, -4.0, 0.5), rotation_wxyz=(0.9, 0.1, -0.2, 0.3))
    points = np.array([[1.0, 2.0, 3.0], [-5.0, 0.0, 1.0]])
    assert to_inner(to_outer(points, here), here) == pytest.approx(points)
    assert (transform(here) @ [1.0, 2.0, 3.0, 1.0])[:3] == pytest.approx(to_outer(points, here)[0])


def test_a_point_ahead_of_a_turned_ego_is_deep_in_its_front_camera() -> None:
    ahead = to_camera([[100.0, 221.5, 0.0]], pose(100.0, 200.0, 90), MOUNTING)
    assert ahead == pytest.approx(np.array([[0.2, 1.6, 20.0]]))  # right of and below the camera, 20 m away
    assert project(ahead, INTRINSIC) == pytest.approx(np.array([[810.0, 530.0]]))


def test_the_ground_below_a_pixel_is_where_it_was_projected_from() -> None:
    for spot in [(8.0, 0.0), (25.0, -6.0), (90.0, 12.0)]:
        pixel = project(to_inner([[*spot, 0.0]], MOUNTING), INTRINSIC)[0]
        assert ground_point((pixel[0], pixel[1]), CAMERA) == pytest.approx(spot)


@pytest.mark.parametrize("row", [450.0, 300.0, 0.0])
def test_at_and_above_the_horizon_there_is_no_ground(row: float) -> None:
    assert ground_point((800.0, row), CAMERA) is None


def test_without_calibration_no_ground_is_known() -> None:
    assert ground_point((800.0, 800.0), Camera(image="picture.jpg")) is None


def test_a_path_without_future_poses_is_straight_ahead() -> None:
    for unknown in (frame(None), frame(pose(3, 4)), frame(None, pose(3, 4))):
        path = ego_path_of(unknown)
        assert path.kind == "straight"
        assert path.locate(14.0, 0.8) == pytest.approx((14.0, 0.8, 0.0))
        assert path.locate(-3.0, -2.0) == pytest.approx((-3.0, -2.0, 0.0))


def test_an_ego_that_trembles_where_it_stands_has_no_driven_path() -> None:
    trembling = [pose(100 + 0.1 * (-1) ** step, 50 + 0.05 * step) for step in range(20)]
    assert ego_path_of(frame(pose(100, 50), *trembling)).kind == "straight"


def test_a_driven_path_is_seen_from_the_ego_not_from_the_map() -> None:
    path = ego_path_of(frame(pose(100, 50, 90), pose(100, 55, 90), pose(100, 60, 90)))
    assert path.kind == "driven"
    assert path.points_m == (pytest.approx((0, 0)), pytest.approx((5, 0)), pytest.approx((10, 0)))


def test_a_place_on_a_path_that_turns_left_is_told_along_the_turn() -> None:
    path = EgoPath(((0.0, 0.0), (10.0, 0.0), (10.0, 10.0)), "driven")
    assert path.locate(4.0, -1.5) == pytest.approx((4.0, -1.5, 0.0))
    assert path.locate(8.0, 7.0) == pytest.approx((17.0, 2.0, pi / 2))  # left of the path after the turn
    assert path.locate(13.0, 7.0) == pytest.approx((17.0, -3.0, pi / 2))


def test_beyond_its_end_a_path_goes_on_straight_and_behind_the_ego_it_comes_from_straight_behind() -> None:
    path = EgoPath(((0.0, 0.0), (10.0, 0.0), (10.0, 10.0)), "driven")
    assert path.locate(9.0, 50.0) == pytest.approx((60.0, 1.0, pi / 2))
    assert path.locate(-20.0, 3.0) == pytest.approx((-20.0, 3.0, 0.0))


@pytest.mark.parametrize("place", [(4.0, -1.5), (17.0, 2.0), (17.0, -3.0), (60.0, 1.0), (-20.0, 3.0)])
def test_a_place_along_the_path_is_turned_back_into_its_point(place):
    path = EgoPath(((0.0, 0.0), (10.0, 0.0), (10.0, 20.0)), "driven")

    assert path.locate(*path.point(*place))[:2] == pytest.approx(place)


def test_outside_a_bend_the_distance_is_to_the_corner_and_keeps_its_side() -> None:
    path = EgoPath(((0.0, 0.0), (10.0, 0.0), (10.0, 10.0)), "driven")
    ahead_m, lateral_m, _ = path.locate(13.0, -4.0)
    assert (ahead_m, lateral_m) == pytest.approx((10.0, -5.0))
