"""The stories of the sample drive, before anything is drawn."""

from itertools import combinations

import numpy as np
import pytest

from indexer.logs.sample.catalogue import KINDS
from indexer.logs.sample.geometry import Spot, turned
from indexer.logs.sample.rig import ego_at, rig
from indexer.logs.sample.script import FRAMES, Actor, Story
from indexer.logs.sample.sight import seen_shares
from indexer.logs.sample.stories import EXTRAS, MOST, TOLD, tell
from scenario.vocabulary import Tag

FLAT = {"crosswalk", "puddle"}


def told(seed: int, kind: str) -> Story:
    return next(story for story in tell(seed, MOST) if story.kind == kind)


def footprints_meet(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two convex outlines (4, 2) overlap: no edge of either parts them."""
    for outline in (a, b):
        for start, end in zip(outline, np.roll(outline, -1, axis=0), strict=True):
            normal = np.array([end[1] - start[1], start[0] - end[0]])
            if (a @ normal).max() <= (b @ normal).min() or (b @ normal).max() <= (a @ normal).min():
                return False
    return True


def footprint(spot: Spot, length_m: float, width_m: float) -> np.ndarray:
    corners = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)]) * [length_m / 2, width_m / 2]
    return corners @ turned(spot.heading)[:2, :2].T + [spot.x, spot.y]


def outline(actor: Actor, frame: int) -> np.ndarray:
    return footprint(actor.track[frame], actor.size[0], actor.size[1])


@pytest.mark.parametrize("seed", range(0, 40, 5))
def test_the_twelve_stories_are_told_whatever_the_seed(seed: int) -> None:
    assert {story.kind for story in tell(seed, len(TOLD))} == set(TOLD)


def test_the_order_of_the_stories_and_the_extras_depend_on_the_seed() -> None:
    assert len({tuple(story.kind for story in tell(seed, len(TOLD))) for seed in range(8)}) == 8
    drawn = {frozenset(story.kind for story in tell(seed, len(TOLD) + 3)) - set(TOLD) for seed in range(8)}
    assert len(drawn) > 1
    assert all(extras <= set(EXTRAS) for extras in drawn)


def test_the_same_seed_tells_the_same_stories() -> None:
    assert tell(3, MOST) == tell(3, MOST)


def test_every_scene_has_something_annotated() -> None:
    assert all(story.actors for seed in range(6) for story in tell(seed, len(TOLD)))


@pytest.mark.parametrize("seed", range(4))
def test_nothing_stands_in_anything_else_or_in_the_ego(seed: int) -> None:
    for story in tell(seed, MOST):
        solid = [actor for actor in story.actors if actor.kind not in FLAT and not actor.base_m]
        for frame in range(FRAMES):
            for one, other in combinations(solid, 2):
                met = footprints_meet(outline(one, frame), outline(other, frame))
                assert not met, f"{story.kind} frame {frame}: {one.name} and {other.name}"
            ego = footprint(story.ego[frame].beside(1.3, 0.0), 4.1, 1.8)
            assert not any(footprints_meet(ego, outline(actor, frame)) for actor in solid), story.kind


@pytest.mark.parametrize(
    ("twins", "kind"),
    [(("person_on_pavement", "person_in_lane"), "adult"), (("cones_on_verge", "cones_close_lane"), "cone")],
)
@pytest.mark.parametrize("seed", range(6))
def test_twins_differ_only_in_where_the_person_or_the_cones_stand(seed: int, twins: tuple[str, str], kind: str) -> None:
    aside, inside = (told(seed, name) for name in twins)
    assert (aside.layout, aside.weather, aside.ego, aside.left_hand, aside.world) == (
        inside.layout,
        inside.weather,
        inside.ego,
        inside.left_hand,
        inside.world,
    )
    for one, other in zip(aside.actors, inside.actors, strict=True):
        if one.kind != kind:
            assert one == other
            continue
        assert (one.name, one.rgb, one.look, one.attributes) == (other.name, other.rgb, other.look, other.attributes)
        assert one.track[0].x == other.track[0].x
        assert all(spot.y < aside.layout.right_m for spot in one.track)
        assert all(abs(spot.y) < 1.75 for spot in other.track)
    assert aside.truths[0].tags == ()
    assert inside.truths[0].tags != ()
    assert inside.truths[0].risk is not None
    assert aside.truths[0].risk is not None
    assert inside.truths[0].risk - aside.truths[0].risk >= 4


@pytest.mark.parametrize("seed", range(6))
def test_the_child_is_a_hazard_from_the_frame_it_begins_to_run(seed: int) -> None:
    story = told(seed, "child_runs_out")
    child = next(actor for actor in story.actors if actor.kind == "child")
    for truth, word in zip(story.truths, child.attributes, strict=True):
        assert (Tag.VRU_HAZARD in truth.tags) == (word == "pedestrian.moving")
    assert child.attributes[0] == "pedestrian.standing"


@pytest.mark.parametrize("seed", range(4))
def test_the_waiting_child_is_half_hidden_and_the_running_child_is_seen(seed: int) -> None:
    story = told(seed, "child_runs_out")
    name = next(actor.name for actor in story.actors if actor.kind == "child")
    camera = rig(seed)["CAM_FRONT"]
    shares = [seen_shares(story, frame, camera.seen_from(ego_at(story, frame)).origin)[name] for frame in (0, 4)]
    assert 0.1 < shares[0] < 0.7
    assert shares[1] == 1.0


@pytest.mark.parametrize("seed", range(6))
def test_the_debris_and_the_cyclist_are_in_the_lane_of_the_ego(seed: int) -> None:
    for kind, wanted in (("debris_at_dusk", "movable_object"), ("cyclist_at_night", "vehicle.bicycle")):
        story = told(seed, kind)
        actor = next(actor for actor in story.actors if KINDS[actor.kind].category.startswith(wanted))
        assert all(abs(spot.y - ego.y) < 1.2 for spot, ego in zip(actor.track, story.ego, strict=True))


def test_where_traffic_keeps_to_the_left_the_words_and_the_places_are_mirrored() -> None:
    stories = [told(seed, "cones_close_lane") for seed in range(12)]
    left = next(story for story in stories if story.left_hand)
    right = next(story for story in stories if not story.left_hand)
    assert left.description == "Cones close the left lane, merge right"
    assert right.description == "Cones close the right lane, merge left"
    assert left.truths[0].lane_configuration == "merge_right"
    assert left.place(Spot(10.0, -1.0)).y == 1.0
    assert right.place(Spot(10.0, -1.0)).y == -1.0


def test_the_ego_stands_before_the_stop_line_at_the_red_light() -> None:
    for seed in range(6):
        story = told(seed, "red_light")
        assert story.layout.stop_line_s is not None
        assert story.ego[-1] == story.ego[-2]
        assert 0.5 < story.layout.stop_line_s - (story.ego[-1].x + 3.4) < 3.0
