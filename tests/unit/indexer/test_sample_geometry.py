"""Poses, bends, cameras and the order of drawing."""

from math import cos, pi, sin

import numpy as np
import pytest

from indexer.logs.sample.geometry import Bend, Spot, camera_model, clipped, quaternion, turned
from indexer.logs.sample.ground import band, dashes
from indexer.logs.sample.mesh import Maker
from indexer.logs.sample.painter import Placed, far_to_near, place


@pytest.mark.parametrize("curvature", [0.0, 1 / 320, -1 / 200])
def test_unrolling_a_bend_undoes_placing_on_it(curvature: float) -> None:
    bend, spot = Bend(curvature), Spot(63.0, -4.0, 0.2)
    placed = bend.place(spot)
    s, d = bend.unroll(np.array([placed.x], dtype=np.float32), np.array([placed.y], dtype=np.float32))
    assert s[0] == pytest.approx(63.0, abs=1e-3)
    assert d[0] == pytest.approx(-4.0, abs=1e-3)
    assert placed.heading == pytest.approx(0.2 + 63.0 * curvature)


@pytest.mark.parametrize("heading", [0.0, 1.2, 3.1, -2.4])
def test_the_quaternion_of_a_turn_about_z(heading: float) -> None:
    w, x, y, z = quaternion(turned(heading))
    sign = 1.0 if cos(heading / 2) >= 0 else -1.0
    assert (w, x, y, z) == pytest.approx((sign * cos(heading / 2), 0, 0, sign * sin(heading / 2)), abs=1e-9)


def test_a_cameras_quaternion_turns_its_axis_forward() -> None:
    from pyquaternion import Quaternion

    camera = camera_model("CAM_FRONT_LEFT", (1.5, 0.5, 1.5), 55.0, 0.0)
    forward = Quaternion(quaternion(camera.mounting)).rotate(np.array([0.0, 0.0, 1.0]))
    assert forward == pytest.approx([cos(np.radians(55)), sin(np.radians(55)), 0.0], abs=1e-9)


def test_what_is_right_of_the_camera_is_right_in_the_picture_and_what_is_above_is_above() -> None:
    view = camera_model("CAM_FRONT", (1.7, 0.0, 1.5), 0.0, 0.0).seen_from(Spot(0, 0))
    ahead, right, above = view.pixels(view.into_camera(np.array([(20, 0, 1.5), (20, -3, 1.5), (20, 0, 4.0)])))
    assert tuple(ahead) == pytest.approx(view.camera.centre_px)
    assert right[0] > ahead[0]
    assert above[1] < ahead[1]


def test_clipping_keeps_what_is_before_the_camera() -> None:
    quad = np.array([(-1.0, 0, -2.0), (1.0, 0, -2.0), (1.0, 0, 2.0), (-1.0, 0, 2.0)])
    kept = clipped(quad, 0.5)
    assert len(kept) == 4
    assert kept[:, 2].min() == pytest.approx(0.5)
    assert not len(clipped(quad - [0, 0, 5], 0.5))


def _block(x: float, y: float, length: float, width: float) -> Placed:
    maker = Maker()
    maker.box((-length / 2, length / 2), (-width / 2, width / 2), (0, 1), (200, 200, 200))
    return place(maker.mesh(), Spot(x, y), (length / 2, width / 2))


@pytest.mark.parametrize("x", [11.0, 15.0, 19.0])
def test_a_person_beside_a_long_bus_is_drawn_after_it_wherever_its_middle_is(x: float) -> None:
    bus, person = _block(15.0, -3.0, 11.0, 2.5), _block(x, -1.2, 0.5, 0.5)
    assert far_to_near([person, bus], np.array([0.0, 0.0, 1.5])) == [1, 0]


def test_a_person_behind_a_bus_is_drawn_before_it() -> None:
    bus, person = _block(15.0, -3.0, 11.0, 2.5), _block(16.0, -4.8, 0.5, 0.5)
    assert far_to_near([bus, person], np.array([0.0, 0.0, 1.5])) == [1, 0]


def test_a_line_narrower_than_a_pixel_is_faint_and_not_lost() -> None:
    fine = np.array([1.0], dtype=np.float32)
    assert band(np.array([0.0], dtype=np.float32), -0.05, 0.05, fine)[0] == pytest.approx(0.1)
    assert dashes(np.array([2.0], dtype=np.float32), 3.0, 9.0, fine * 20)[0] == pytest.approx(1 / 3)


def test_faces_look_outward() -> None:
    block = _block(0, 0, 2, 2)
    outward = (block.normals * (block.centres - [0, 0, 0.5])).sum(axis=1)
    assert (outward > 0).all()
    assert place(block.mesh, Spot(0, 0, pi / 3), (1, 1), mirrored=True).normals[4] == pytest.approx([0, 0, 1])
