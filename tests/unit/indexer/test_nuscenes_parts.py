import numpy as np
import pytest

from indexer.logs.nuscenes_annotations import velocities
from indexer.logs.nuscenes_frames import evenly

S = 1_000_000


def speeds(*boxes: tuple[int, float, float]) -> list[float]:
    """The speed along x of boxes given as instance, time in seconds, x in metres."""
    instance = np.array([box[0] for box in boxes], dtype=np.int32)
    time_us = np.array([round(box[1] * S) for box in boxes], dtype=np.int64)
    middle = np.array([[box[2], 0.0, 0.0] for box in boxes])
    return [float(x) for x in velocities(instance, time_us, middle)[:, 0]]


def test_a_speed_is_over_both_neighbours_and_at_an_end_over_one() -> None:
    assert speeds((7, 0, 0), (7, 0.5, 1), (7, 1.0, 4)) == pytest.approx([2, 4, 6])


def test_tracks_and_times_may_stand_in_any_order() -> None:
    assert speeds((7, 1.0, 4), (3, 0.5, 9), (7, 0, 0), (3, 0, 8), (7, 0.5, 1)) == pytest.approx([6, 2, 2, 2, 4])


def test_a_thing_seen_once_or_long_before_has_no_speed() -> None:
    assert np.isnan(speeds((1, 0, 0), (2, 0, 0), (2, 1.6, 1))).all()
    assert speeds((1, 0, 0), (1, 1.5, 3), (1, 3.0, 6)) == pytest.approx([2, 2, 2])


def test_two_boxes_of_a_thing_at_one_time_give_no_speed() -> None:
    assert np.isnan(speeds((1, 0, 0), (1, 0, 5))).all()


def test_no_boxes_have_no_speeds() -> None:
    nothing = np.zeros(0)
    assert velocities(nothing.astype(np.int32), nothing.astype(np.int64), nothing.reshape(0, 3)).shape == (0, 3)


@pytest.mark.parametrize(
    ("count", "wanted", "places"),
    [(5, None, [0, 1, 2, 3, 4]), (5, 9, [0, 1, 2, 3, 4]), (40, 3, [6, 20, 33]), (40, 1, [20]), (0, 3, []), (1, 1, [0])],
)
def test_frames_are_taken_evenly(count: int, wanted: int | None, places: list[int]) -> None:
    assert evenly(count, wanted) == places
