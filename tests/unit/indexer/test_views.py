import numpy as np
import pytest

from indexer.grounding.views import Solids, Viewpoint, views
from scenario.geometry import rotations
from scenario.records import Pose

LOOKING_AHEAD = (0.5, -0.5, 0.5, -0.5)
EYE_M = 1.5  # the camera's height
CAMERA = Viewpoint(
    ego_pose=Pose(translation_m=(0.0, 0.0, 0.0), rotation_wxyz=(1.0, 0.0, 0.0, 0.0)),
    mounting=Pose(translation_m=(0.0, 0.0, EYE_M), rotation_wxyz=LOOKING_AHEAD),
    intrinsic=np.array([[1000.0, 0.0, 800.0], [0.0, 1000.0, 450.0], [0.0, 0.0, 1.0]]),
    width_px=1600,
    height_px=900,
)
Box = tuple[float, float, float, float, float]  # x, y, length, width, height; standing on the ground


def solids(*boxes: Box, hides: tuple[bool, ...] = (), turned_deg: float = 0.0) -> Solids:
    half = np.radians(turned_deg) / 2
    return Solids(
        middle_m=np.array([[x, y, height / 2] for x, y, _, _, height in boxes]),
        size_m=np.array([box[2:] for box in boxes]),
        turn=rotations([[np.cos(half), 0, 0, np.sin(half)]] * len(boxes)),
        hides=np.array(hides or [True] * len(boxes)),
    )


def test_a_box_ahead_is_where_the_pinhole_puts_it() -> None:
    (view,) = views(solids((21.0, 0.0, 2.0, 4.0, 1.5)), CAMERA).values()
    assert view.box_xyxy_px == pytest.approx((700.0, 450.0, 900.0, 525.0))  # the near face, 20 m away
    assert view.visibility == 1.0


def test_a_box_turned_across_the_road_is_as_wide_as_it_is_long() -> None:
    (view,) = views(solids((20.0, 0.0, 4.0, 2.0, 1.5), turned_deg=90), CAMERA).values()
    left, _, right, _ = view.box_xyxy_px
    assert right - left == pytest.approx(4000 / 19)


@pytest.mark.parametrize("place", [(-20.0, 0.0), (10.0, 30.0), (3000.0, 0.0)])
def test_a_box_behind_beside_or_too_far_is_not_in_the_picture(place: tuple[float, float]) -> None:
    assert views(solids((*place, 4.0, 2.0, 1.5)), CAMERA) == {}


def test_a_box_at_the_border_is_cut_there() -> None:
    (view,) = views(solids((10.0, 8.0, 2.0, 2.0, 2.0)), CAMERA).values()
    left, _, right, _ = view.box_xyxy_px
    assert left == 0.0
    assert right == pytest.approx(800 - 7000 / 11)


def test_a_box_that_passes_the_camera_is_cut_where_it_does() -> None:
    (view,) = views(solids((0.0, 3.0, 30.0, 2.0, 3.0)), CAMERA).values()  # a long truck alongside, from -15 m to 15 m
    left, top, right, bottom = view.box_xyxy_px
    assert (left, top, bottom) == (0.0, 0.0, 900.0)
    assert right == pytest.approx(800 - 2000 / 15)


def test_a_box_around_the_camera_is_not_seen_and_hides_nothing() -> None:
    found = views(solids((0.0, 0.0, 5.0, 2.0, 3.0), (20.0, 0.0, 4.0, 2.0, 1.5)), CAMERA)
    assert list(found) == [1]
    assert found[1].visibility == 1.0


def test_what_a_wall_covers_cannot_be_seen_whatever_the_order_of_the_boxes() -> None:
    wall, person = (10.0, 0.0, 0.5, 6.0, 3.0), (20.0, 0.0, 0.7, 0.7, 1.75)
    assert views(solids(wall, person), CAMERA)[1].visibility == 0.0
    assert views(solids(person, wall), CAMERA)[0].visibility == 0.0
    assert views(solids(person, wall), CAMERA)[1].visibility == 1.0


def test_what_half_covers_a_thing_leaves_half_of_it() -> None:
    wall, car = (10.0, 2.0, 0.2, 4.0, 3.0), (20.0, 0.0, 0.5, 4.0, 1.5)
    assert views(solids(wall, car), CAMERA)[1].visibility == pytest.approx(0.5, abs=0.13)


def test_a_frame_of_bars_hides_nothing() -> None:
    rack, person = (10.0, 0.0, 0.5, 6.0, 3.0), (20.0, 0.0, 0.7, 0.7, 1.75)
    assert views(solids(rack, person, hides=(False, True)), CAMERA)[1].visibility == 1.0


def test_a_person_beside_a_long_truck_is_seen_though_the_truck_begins_nearer() -> None:
    truck, person = (20.0, 4.0, 20.0, 2.5, 3.5), (15.0, 2.0, 0.7, 0.7, 1.75)  # the truck from 10 m to 30 m
    assert views(solids(truck, person), CAMERA)[1].visibility == 1.0
    behind = (15.0, 6.0, 0.7, 0.7, 1.75)
    assert views(solids(truck, behind), CAMERA)[1].visibility == 0.0
