"""What stands beside a street and means nothing: buildings, trees, lamps, poles. Drawn from the world's dice."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi

import numpy as np

from indexer.logs.sample.dice import Dice
from indexer.logs.sample.geometry import Spot
from indexer.logs.sample.mesh import Colour, Maker, Mesh, shade
from indexer.logs.sample.script import Layout, Story

WALLS: tuple[Colour, ...] = (
    *((176, 148, 126), (196, 188, 174), (150, 92, 74), (128, 132, 138), (208, 196, 168)),
    *((116, 104, 96), (170, 160, 150), (140, 150, 152), (160, 120, 96)),
)
LEAVES: tuple[Colour, ...] = ((56, 84, 38), (70, 98, 44), (48, 76, 42), (88, 104, 48))
BARK: Colour = (78, 62, 48)
LAMP_LIGHT: Colour = (255, 214, 150)
AHEAD_M = 130.0


@dataclass(frozen=True)
class Prop:
    """A mesh at a place in road coordinates, with the half extents of its footprint along and across its heading."""

    mesh: Mesh
    spot: Spot
    half_m: tuple[float, float]
    height_m: float
    shadow: bool = True


@dataclass(frozen=True)
class Scenery:
    props: tuple[Prop, ...]
    lamps: tuple[Spot, ...]  # where light falls from, in road coordinates


def scenery(story: Story, seed: int) -> Scenery:
    """Everything beside the street of a story."""
    dice, layout, night = Dice(seed, story.world, "scenery"), story.layout, story.weather.hour == "night"
    dusk = story.weather.hour == "dusk"
    props: list[Prop] = []
    for side, edge in ((-1, layout.right_m), (1, layout.left_m)):
        kerb = edge + side * layout.verge_m
        if layout.town == "town":
            props += _buildings(dice.of("buildings", side), layout, side, kerb, (11, 26), night, dusk)
            props += _trees(dice.of("trees", side), layout, edge + side * 1.0, (11, 22), 0.55)
        elif layout.town == "suburb":
            props += _buildings(dice.of("buildings", side), layout, side, kerb + side * 7, (5, 9), night, dusk)
            props += _trees(dice.of("trees", side), layout, kerb + side * dice.between(2, 3.5), (7, 15), 0.85)
        else:
            props += _trees(dice.of("trees", side), layout, kerb + side * dice.between(5, 8), (5, 11), 0.9)
            props += _trees(dice.of("wood", side), layout, kerb + side * 19, (4, 7), 0.95)
    lamps: list[Spot] = []
    if layout.lamps:
        props += _street_lamps(dice.of("lamps"), layout, night or dusk, lamps)
    if layout.junction_s is not None:
        props += _signal_poles(story)
        props += _side_street(dice.of("side street"), layout, night or dusk)
    return Scenery(tuple(props), tuple(lamps))


def _side_street(dice: Dice, layout: Layout, dark: bool) -> list[Prop]:
    """Houses along the crossing road."""
    props: list[Prop] = []
    middle = layout.junction_s or 0.0
    for side, edge in ((-1, layout.right_m), (1, layout.left_m)):
        for end in (-1, 1):
            d = edge + side * (layout.verge_m + 16)
            for n in range(4):
                width, depth, height = dice.between(10, 16), dice.between(8, 10), dice.between(9, 22)
                mesh = _building(dice.of("corner", side, end, n), width, depth, height, dark, dark, False)
                spot = Spot(middle + end * (11.5 + depth / 2), d + side * width / 2, end * pi / 2)
                props.append(Prop(mesh, spot, (width / 2, depth / 2), height))
                d += side * (width + dice.choice((0.0, 3.0)))
    return props


def _clear_of_junction(layout: Layout, low: float, high: float) -> bool:
    return layout.junction_s is None or high < layout.junction_s - 11 or low > layout.junction_s + 11


def _buildings(
    dice: Dice, layout: Layout, side: int, kerb: float, heights: tuple[float, float], night: bool, dusk: bool
) -> list[Prop]:
    """A row of houses along one side, each its own width, height and colour."""
    props, s = [], -28.0 + dice.between(0, 8)
    while s < AHEAD_M:
        width = dice.between(9, 20)
        depth, height = dice.between(9, 13), dice.between(*heights)
        back = dice.between(0.2, 1.6)
        if _clear_of_junction(layout, s, s + width) and dice.chance(0.93):
            heading = 0.0 if side < 0 else pi
            spot = Spot(s + width / 2, kerb + side * (back + depth / 2), heading)
            mesh = _building(dice.of("house", round(s)), width, depth, height, night, dusk, heights[1] < 12)
            props.append(Prop(mesh, spot, (width / 2, depth / 2), height))
        s += width + dice.choice((0.0, 0.0, 1.5, 5.0)) + (6 if heights[1] < 12 else 0)
    return props


def _building(dice: Dice, width: float, depth: float, height: float, night: bool, dusk: bool, house: bool) -> Mesh:
    """A block whose front (y > 0) faces the street; windows by storey and bay, a shop or a door below."""
    maker, wall = Maker(), dice.choice(WALLS)
    storey = 3.1
    with maker.a_part(0):
        maker.box((-width / 2, width / 2), (-depth / 2, depth / 2), (0.0, height), wall, lid=shade(wall, 0.7))
        bays = max(2, int(width / dice.between(2.3, 3.4)))
        for z in range(int(height // storey)):
            _storey(maker, dice, (width, depth), bays, z, storey, night, dusk, shop=z == 0 and not house)
        _ends(maker, dice, (width, depth), height, storey, night)
        maker.side_panel((-width / 2, width / 2), (height - 0.45, height), depth / 2 + 0.02, shade(wall, 0.8), 0.5)
    if house:
        with maker.a_part(1):
            _roof(maker, width, depth, height, dice.choice(((120, 62, 48), (86, 80, 78), (100, 70, 58))))
    return maker.mesh()


def _storey(
    maker: Maker,
    dice: Dice,
    size: tuple[float, float],
    bays: int,
    number: int,
    storey: float,
    night: bool,
    dusk: bool,
    shop: bool,
) -> None:
    width, depth = size
    bay, y, base = width / bays, depth / 2 + 0.03, number * storey
    awning = dice.choice(((150, 40, 40), (40, 84, 70), (52, 66, 110), (190, 150, 70)))
    for n in range(bays):
        left = -width / 2 + n * bay
        lit = dice.chance(0.42 if night else (0.3 if dusk else 0.03))
        rgb, glow = _window(dice, lit, night or dusk)
        if shop:
            _shop(maker, dice, (left, left + bay), y, night or dusk)
            maker.side_panel((left, left + bay), (2.62, 3.02), y, awning, 1)
        else:
            maker.side_panel((left + 0.2 * bay, left + 0.8 * bay), (base + 0.95, base + 2.55), y, rgb, 1, glow)
            maker.side_panel((left + 0.16 * bay, left + 0.84 * bay), (base + 0.82, base + 0.93), y, (206, 200, 190), 1)


def _shop(maker: Maker, dice: Dice, x: tuple[float, float], y: float, dark: bool) -> None:
    """A shop window with something in it, a door, or a wall with a small window."""
    left, right = x
    what = dice.choice(("window", "window", "door", "wall"))
    if what == "wall":
        rgb, glow = _window(dice, dice.chance(0.3), dark)
        maker.side_panel((left + 0.5, right - 0.5), (1.2, 2.4), y, rgb, 1, 0.7 * glow)
        return
    lit = dark and dice.chance(0.55)
    glow = dice.between(0.35, 0.6) if lit else 0.0
    inside = dice.choice(((240, 206, 150), (230, 216, 190), (214, 176, 120))) if lit else (88, 104, 118)
    if what == "door":
        middle = (left + right) / 2
        maker.side_panel(
            (middle - 0.6, middle + 0.6), (0.0, 2.4), y, dice.choice(((70, 48, 36), (44, 62, 58), (60, 62, 70))), 1
        )
        maker.side_panel((middle - 0.35, middle + 0.35), (1.2, 2.2), y, inside, 1.1, glow)
        return
    maker.side_panel((left + 0.15, right - 0.15), (0.5, 2.6), y, inside, 1, glow)
    maker.side_panel((left + 0.15, right - 0.15), (0.5, 1.1), y, shade(inside, 0.72), 1.1, glow * 0.8)
    for _ in range(dice.number(1, 3)):
        at = dice.between(left + 0.3, right - 0.7)
        maker.side_panel(
            (at, at + 0.35), (0.7, dice.between(1.2, 1.9)), y, shade(dice.choice(WALLS), 0.6), 1.2, glow * 0.3
        )
    maker.side_panel(((left + right) / 2 - 0.04, (left + right) / 2 + 0.04), (0.5, 2.6), y, (52, 54, 58), 1.3)


def _window(dice: Dice, lit: bool, dark: bool) -> tuple[Colour, float]:
    if lit and dark:
        return dice.choice(((255, 214, 140), (255, 236, 190), (240, 196, 120))), 0.8
    return dice.choice(((70, 84, 98), (84, 100, 116), (58, 68, 80), (104, 122, 138))), 0.0


def _ends(maker: Maker, dice: Dice, size: tuple[float, float], height: float, storey: float, night: bool) -> None:
    """A few windows on the two end walls."""
    width, depth = size
    for x in (-width / 2 - 0.03, width / 2 + 0.03):
        for z in range(int(height // storey)):
            for y in (-depth / 4, depth / 4):
                rgb, glow = _window(dice, dice.chance(0.3), night)
                maker.end_panel((y - 0.6, y + 0.6), (z * storey + 1, z * storey + 2.5), x, rgb, 1, glow)


def _roof(maker: Maker, width: float, depth: float, base: float, rgb: Colour) -> None:
    w, d, top = width / 2 + 0.4, depth / 2 + 0.5, base + 2.6
    ridge = [(-w, 0.0, top), (w, 0.0, top)]
    maker.face([(-w, -d, base), (w, -d, base), ridge[1], ridge[0]], shade(rgb, 0.9))
    maker.face([(w, d, base), (-w, d, base), ridge[0], ridge[1]], rgb)
    for x in (-w, w):
        gable = [(x, -d, base), (x, d, base), (x, 0.0, top)]
        maker.face(gable if x > 0 else gable[::-1], shade(rgb, 0.75))


def _trees(dice: Dice, layout: Layout, d: float, gaps: tuple[float, float], share: float) -> list[Prop]:
    props, s = [], -18 + dice.between(0, gaps[1])
    while s < AHEAD_M:
        if dice.chance(share) and _clear_of_junction(layout, s - 1, s + 1):
            height, spread = dice.between(4.8, 8.5), dice.between(1.4, 2.4)
            mesh = _tree(dice.of("tree", round(s * 10)), height, spread)
            props.append(Prop(mesh, Spot(s, d + dice.between(-0.3, 0.3)), (0.3, 0.3), height))
        s += dice.between(*gaps)
    return props


def _tree(dice: Dice, height: float, spread: float) -> Mesh:
    """A trunk and a crown of many leaves: darker below and inside, lighter above."""
    maker, leaf = Maker(), dice.choice(LEAVES)
    crown = height * 0.62
    with maker.a_part(0):
        maker.limb((0, 0, 0), (dice.between(-0.2, 0.2), 0, crown), 0.16, BARK, 0.09)
    with maker.a_part(1):
        places = np.clip(dice.numbers.normal(0.0, 0.38, (90, 3)), -0.8, 0.8)
        sizes, tones = dice.numbers.uniform(0.13, 0.3, 90), dice.numbers.uniform(-0.14, 0.14, 90)
        for (x, y, up), size, tone in zip(places.tolist(), sizes.tolist(), tones.tolist(), strict=True):
            place = (x * spread, y * spread, crown + 0.12 * height + up * spread * 0.8)
            maker.limb(place, place, spread * size, shade(leaf, 0.86 + 0.3 * up + tone), level=up + size)
    return maker.mesh()


def _street_lamps(dice: Dice, layout: Layout, lit: bool, lamps: list[Spot]) -> list[Prop]:
    """Lamp posts in turn on both sides; `lamps` gets the places the light falls from."""
    props, s, step = [], -14 + dice.between(0, 8), dice.between(19, 26)
    side = dice.choice((-1, 1))
    while s < AHEAD_M:
        if _clear_of_junction(layout, s, s):
            edge = layout.right_m if side < 0 else layout.left_m
            spot = Spot(s, edge + side * 0.55, 0.0 if side < 0 else pi)
            props.append(Prop(_lamp(lit), spot, (0.15, 0.15), 7.5, shadow=False))
            lamps.append(Spot(s, edge - side * 1.4))
        s, side = s + step, -side
    return props


def _lamp(lit: bool) -> Mesh:
    maker = Maker()
    steel: Colour = (112, 116, 120)
    maker.limb((0, 0, 0), (0, 0, 7.2), 0.085, steel, 0.055)
    maker.limb((0, 0, 7.2), (0, 1.9, 7.55), 0.05, steel, 0.04)
    with maker.a_part(1):
        maker.box((-0.14, 0.14), (1.5, 2.15), (7.46, 7.58), (70, 72, 76))
        head = [(-0.13, 1.55, 7.45), (0.13, 1.55, 7.45), (0.13, 2.1, 7.45), (-0.13, 2.1, 7.45)]
        maker.face(head[::-1], LAMP_LIGHT if lit else (190, 192, 190), glow=1.6 if lit else 0.1, sided=False)
    return maker.mesh()


def _signal_poles(story: Story) -> Sequence[Prop]:
    """The poles and arms that carry the signals of a junction."""
    poles = []
    for actor in story.actors:
        if actor.kind not in ("red_light", "green_light"):
            continue
        spot = actor.track[0]
        maker = Maker()
        overhead = abs(spot.y - story.layout.right_m) > 2
        reach = (story.layout.left_m + 0.8 - spot.y) if overhead else 0.0
        maker.limb((0.12, -reach, 0), (0.12, -reach, 4.6), 0.09, (96, 100, 102), 0.07)
        if overhead:
            maker.limb((0.12, -reach, 4.5), (0.12, 0.2, 4.3), 0.06, (96, 100, 102), 0.045)
        poles.append(Prop(maker.mesh(), Spot(spot.x + 0.3, spot.y, pi), (0.1, 0.1), 4.6, shadow=False))
    return poles
