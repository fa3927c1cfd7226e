"""The stories of the sample drive: the twelve that are always told, and the extras that the seed draws from."""

from collections.abc import Callable, Mapping

from indexer.logs.sample.dice import Dice
from indexer.logs.sample.plan import Plan
from indexer.logs.sample.script import Story
from indexer.logs.sample.stories import plain, road_users, vehicles, works

Author = Callable[[Plan], Story]

TOLD: Mapping[str, Author] = {
    "barrels_in_rain": works.barrels_in_rain,
    "child_runs_out": road_users.child_runs_out,
    "cyclist_at_night": road_users.cyclist_at_night,
    "person_on_pavement": road_users.person_on_pavement,
    "cones_on_verge": works.cones_on_verge,
    "empty_street": plain.empty_street,
    "person_in_lane": road_users.person_in_lane,
    "cones_close_lane": works.cones_close_lane,
    "debris_at_dusk": plain.debris_at_dusk,
    "fog": vehicles.fog,
    "special_vehicle": vehicles.special_vehicle,
    "red_light": vehicles.red_light,
}
EXTRAS: Mapping[str, Author] = {
    "excavator": works.excavator,
    "fire_truck": vehicles.fire_truck,
    "cut_in": vehicles.cut_in,
    "flood": plain.flood,
    "blind_camera": plain.blind_camera,
    "rainy_night": plain.rainy_night,
    "parked_truck": vehicles.parked_truck,
    "dog": plain.dog,
    "marked_crossing": road_users.marked_crossing,
    "traffic": vehicles.traffic,
    "quiet_junction": vehicles.quiet_junction,
}
# Twins are drawn from one world, so that they differ only in where the person or the cones stand.
WORLDS = {
    "person_on_pavement": "person",
    "person_in_lane": "person",
    "cones_on_verge": "cones",
    "cones_close_lane": "cones",
}
MOST = len(TOLD) + len(EXTRAS)


def tell(seed: int, count: int) -> list[Story]:
    """`count` stories of this seed, in an order of its own: the twelve first, then extras that it draws."""
    dice = Dice(seed, "stories")
    kinds = [*TOLD, *dice.shuffled(list(EXTRAS))][:count]
    return [_told(seed, kind) for kind in dice.of("order").shuffled(kinds)]


def _told(seed: int, kind: str) -> Story:
    world = WORLDS.get(kind, kind)
    left_hand = Dice(seed, "side", world).chance(0.4)
    author = TOLD.get(kind) or EXTRAS[kind]
    return author(Plan(seed, world, left_hand))
