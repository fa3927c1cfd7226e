from collections.abc import Sequence

from server.neighbours import Neighbours, SceneFrame
from server.web.timeline import BOTTOM_PX, FRAMES, TOP_PX, timeline


def scene(risks: Sequence[int | None], tags: Sequence[tuple[str, ...]] | None = None, place: int = 0) -> Neighbours:
    frames = tuple(
        SceneFrame(token=f"t{n}", sequence=n, timestamp_us=None, risk=risk, tags=tags[n] if tags else ())
        for n, risk in enumerate(risks)
    )
    before, after = place - 1 if place else None, place + 1 if place + 1 < len(frames) else None
    return Neighbours(
        token=f"t{place}",
        scene="s",
        scene_key="s",
        place=place,
        previous=None if before is None else f"t{before}",
        next=None if after is None else f"t{after}",
        frames=frames,
    )


def drawn(*args, hits=None, **kwargs):
    return timeline(scene(*args, **kwargs), hits or {}, lambda token: f"/frame/{token}")


def test_a_frame_that_is_alone_has_no_time_line():
    assert drawn([4]) is None


def test_a_higher_risk_stands_higher_and_the_ends_of_the_scale_are_the_ends_of_the_line():
    line = drawn([0, 5, 10])

    assert [point.y for point in line.points] == [BOTTOM_PX, (BOTTOM_PX + TOP_PX) / 2, TOP_PX]
    assert (line.previous, line.next, line.number, line.count) == (None, "/frame/t1", 1, 3)


def test_a_frame_without_a_risk_has_a_point_and_the_line_goes_past_it():
    line = drawn([2, None, 4])

    assert line.points[1].about == "frame 2, risk not stated"
    assert line.lines == ((line.points[0].x, line.points[0].y, line.points[2].x, line.points[2].y),)


def test_a_tag_that_holds_in_consecutive_frames_is_one_band_and_comes_back_as_another():
    line = drawn([1] * 5, [("fog",), ("fog",), (), ("fog",), ()], place=1)

    (lane,) = line.lanes
    assert [(band.about, band.url, band.x, band.width, band.here) for band in lane.bands] == [
        ("fog, frames 1 to 2", "/frame/t0", 0.0, 40.0, True),
        ("fog, frame 4", "/frame/t3", 60.0, 20.0, False),
    ]


def test_a_scene_that_is_too_long_is_shown_around_the_frame():
    line = drawn([1] * 1000, place=700)

    assert len(line.points) == FRAMES
    assert (line.first, line.last, line.number) == (601, 800, 701)
    assert line.here == line.points[100].x
    assert drawn([1] * 1000, place=999).last == 1000
