"""How much of a thing can be seen past the others: sight lines against upright boxes."""

import numpy as np

from indexer.logs.sample.geometry import Array, Spot, turned
from indexer.logs.sample.mesh import Flags
from indexer.logs.sample.script import Actor, Story

_LEVELS = ((0.4, "1"), (0.6, "2"), (0.8, "3"), (1.01, "4"))
VISIBILITIES = {"1": "v0-40", "2": "v40-60", "3": "v60-80", "4": "v80-100"}
# What one sees past: flat on the ground, or thin.
_OPEN = frozenset(
    {
        "crosswalk",
        "puddle",
        "road_work_sign",
        "stop_sign",
        "crossing_sign",
        "speed_limit_sign",
        "red_light",
        "green_light",
    }
)


def seen_shares(story: Story, frame: int, eye: Array) -> dict[str, float]:
    """The share of every actor that is seen from `eye` (3,), by actor name; 1.0 where nothing is in between."""
    boxes = [(actor, story.place(actor.track[frame])) for actor in story.actors]
    solid = [(actor, spot) for actor, spot in boxes if actor.kind not in _OPEN]
    shares = {}
    for actor, spot in boxes:
        targets = _targets(actor, spot, eye)
        hidden = np.zeros(len(targets), dtype=bool)
        for other, place in solid:
            if other is not actor:
                hidden |= _blocked(other, place, eye, targets)
        shares[actor.name] = float(1 - hidden.mean())
    return shares


def visibility_token(share: float) -> str:
    return next(level for limit, level in _LEVELS if share < limit)


def _targets(actor: Actor, spot: Spot, eye: Array) -> Array:
    """(25, 3) points of the thing's upright middle section, as wide as it looks from `eye`."""
    length, width, height = actor.size
    away = np.array([spot.x, spot.y]) - eye[:2]
    angle = np.arctan2(away[1], away[0]) - spot.heading
    half = (abs(np.sin(angle)) * length + abs(np.cos(angle)) * width) / 2
    across = np.array([-away[1], away[0]]) / max(float(np.hypot(*away)), 1e-6)
    points = [
        (spot.x + across[0] * half * u, spot.y + across[1] * half * u, actor.base_m + height * v)
        for u in (-0.8, -0.4, 0.0, 0.4, 0.8)
        for v in (0.1, 0.3, 0.5, 0.7, 0.9)
    ]
    return np.array(points)


def _blocked(other: Actor, place: Spot, eye: Array, targets: Array) -> Flags:
    """(n,) whether the line from `eye` to each target meets the box of `other` (the slab method)."""
    length, width, height = other.size
    half = np.array([length, width, height]) / 2
    centre = np.array([place.x, place.y, other.base_m + height / 2])
    start = (eye - centre) @ turned(place.heading)
    step = (targets - eye) @ turned(place.heading)
    step = np.where(np.abs(step) < 1e-9, 1e-9, step)
    first, second = (-half - start) / step, (half - start) / step
    enters = np.minimum(first, second).max(axis=1)
    leaves = np.maximum(first, second).min(axis=1)
    blocked: Flags = (enters < leaves) & (leaves > 0.02) & (enters < 0.97)
    return blocked
