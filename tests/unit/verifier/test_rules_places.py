"""Where things stand and what they do, in three values: every border has a margin, and what is not given is unsure."""

import pytest

from rules_cases import grounding, moment, thing
from scenario.answers import Said
from scenario.records import Detection, MotionState
from verifier.scouts.rules.claims import Trait, TraitKind
from verifier.scouts.rules.places import has, opposite
from verifier.scouts.rules.scene import scene_of
from verifier.scouts.rules.situation import situation_of
from verifier.scouts.rules.things import review

STANDING, MOVING, PARKED = MotionState.STANDING, MotionState.MOVING, MotionState.PARKED


def said(trait: TraitKind | Trait, *seen: Detection) -> Said:
    """Whether the first detection has the trait."""
    ground = grounding(*seen)
    scene = scene_of(situation_of(moment(), ground, review(ground), {}))
    first = next(one for one in scene.situation.things if 0 in one.detections)
    return has(first, trait if isinstance(trait, Trait) else Trait(trait), scene)


@pytest.mark.parametrize(
    ("lateral_m", "verdict"), [(0.0, "yes"), (1.7, "yes"), (2.05, "unsure"), (2.4, "no"), (-1.7, "yes"), (-4.0, "no")]
)
def test_the_lane_ends_where_a_lane_ends(lateral_m: float, verdict: Said) -> None:
    assert said(TraitKind.IN_LANE, thing("pedestrian", 15, lateral_m)) == verdict


@pytest.mark.parametrize(("lateral_m", "verdict"), [(-2.5, "no"), (-3.2, "unsure"), (-4.2, "yes"), (0.0, "no")])
def test_the_pavement_begins_behind_the_kerb(lateral_m: float, verdict: Said) -> None:
    assert said(TraitKind.BESIDE_ROAD, thing("pedestrian", 15, lateral_m)) == verdict


def test_who_walks_across_beside_the_lane_may_be_on_another_lane() -> None:
    walker = thing("pedestrian", 15, 4.5, speed_mps=1.3, lateral_speed_mps=-1.3, state=MOVING)
    assert said(TraitKind.BESIDE_ROAD, walker) == "unsure"
    assert said(TraitKind.ON_ROAD, walker) == "unsure"


def test_a_vehicle_that_drives_is_on_the_road_in_whichever_lane() -> None:
    assert said(TraitKind.ON_ROAD, thing("car", 20, 3.5, speed_mps=8.0)) == "yes"
    assert said(TraitKind.IN_LANE, thing("car", 20, 3.5, speed_mps=8.0)) == "no"


def test_a_vehicle_that_merely_stands_aside_may_be_at_the_roadside() -> None:
    assert said(TraitKind.BESIDE_ROAD, thing("police car", 20, -3.2, state=PARKED)) == "yes"
    assert said(TraitKind.BESIDE_ROAD, thing("police car", 20, -3.2, state=MotionState.STOPPED)) == "unsure"
    assert said(TraitKind.BESIDE_ROAD, thing("police car", 20, -3.2, speed_mps=8.0)) == "no"


def test_what_stands_behind_the_ego_is_not_in_its_way() -> None:
    assert said(TraitKind.IN_LANE, thing("car", -8, 0.0)) == "no"
    assert said(TraitKind.BEHIND, thing("car", -8, 0.0)) == "yes"
    assert said(TraitKind.AHEAD, thing("car", -8, 0.0)) == "no"


@pytest.mark.parametrize(("metres", "verdict"), [(30, "yes"), (20, "unsure"), (10, "no")])
def test_a_distance_has_a_margin(metres: float, verdict: Said) -> None:
    cone = thing("traffic cone", 20, 0.0)
    assert said(Trait(TraitKind.WITHIN, metres), cone) == verdict
    assert said(Trait(TraitKind.BEYOND, metres), cone) == opposite(verdict)
    assert said(Trait(TraitKind.WITHIN, metres, negated=True), cone) == opposite(verdict)


def test_parked_is_what_an_annotator_calls_so() -> None:
    assert said(TraitKind.PARKED, thing("car", 20, 3.0, state=PARKED)) == "yes"
    assert said(TraitKind.PARKED, thing("car", 20, 3.0, state=MotionState.STOPPED)) == "no"
    assert said(TraitKind.PARKED, thing("car", 20, 3.0)) == "unsure"
    assert said(TraitKind.PARKED, thing("car", 20, 3.0, speed_mps=6.0)) == "no"


@pytest.mark.parametrize(("speed_mps", "verdict"), [(1.2, "no"), (1.8, "unsure"), (2.8, "yes")])
def test_between_a_walk_and_a_run_nobody_knows(speed_mps: float, verdict: Said) -> None:
    child = thing("child", 15, 3.0, speed_mps=speed_mps, lateral_speed_mps=-speed_mps, state=MOVING)
    assert said(TraitKind.RUNNING, child) == verdict


def test_who_comes_towards_the_lane_enters_it_and_who_leaves_does_not() -> None:
    coming, leaving = (thing("child", 15, 3.0, speed_mps=2.0, lateral_speed_mps=way) for way in (-2.0, 2.0))
    assert said(TraitKind.ENTERING, coming) == "yes"
    assert said(TraitKind.ENTERING, leaving) == "no"
    assert said(TraitKind.CROSSING, thing("child", 15, 3.0, state=STANDING)) == "no"


def test_oncoming_is_facing_the_ego_and_driving() -> None:
    assert said(TraitKind.ONCOMING, thing("car", 30, 3.5, heading_deg=178.0, speed_mps=8.0)) == "yes"
    assert said(TraitKind.ONCOMING, thing("car", 30, 3.5, heading_deg=2.0, speed_mps=8.0)) == "no"
    assert said(TraitKind.ONCOMING, thing("car", 30, 3.5, heading_deg=178.0, state=PARKED)) == "no"


@pytest.mark.parametrize("kind", [kind for kind in TraitKind if kind not in (TraitKind.WITHIN, TraitKind.BEYOND)])
def test_without_a_place_or_a_speed_nothing_is_known(kind: TraitKind) -> None:
    bare = Detection(label="pedestrian", camera="CAM_FRONT", confidence=0.9)
    assert said(kind, bare) == "unsure"
