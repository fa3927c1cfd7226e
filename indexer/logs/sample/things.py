"""Work-zone furniture, signs, signals and what falls off lorries."""

from itertools import pairwise
from math import cos, pi, sin

from indexer.logs.sample.mesh import Colour, Maker, Mesh, circle, shade
from indexer.logs.sample.script import Actor

ORANGE: Colour = (250, 104, 22)
WHITE: Colour = (240, 240, 236)
STEEL: Colour = (146, 150, 154)
LIT: dict[str, Colour] = {"red": (255, 40, 34), "amber": (255, 180, 40), "green": (60, 255, 150)}
UNLIT: dict[str, Colour] = {"red": (58, 16, 16), "amber": (58, 42, 14), "green": (14, 52, 34)}


def thing(actor: Actor) -> Mesh:
    """The mesh of an object, its origin on the ground (or at its base) under its middle."""
    maker = Maker()
    _BUILD[actor.kind](maker, actor)
    return maker.mesh()


def _cone(maker: Maker, actor: Actor) -> None:
    with maker.a_part(0):
        maker.box((-0.2, 0.2), (-0.2, 0.2), (0.0, 0.05), (52, 48, 46))
    bands = ((0.05, 0.28, ORANGE), (0.28, 0.42, WHITE), (0.42, 0.54, ORANGE), (0.54, 0.63, WHITE), (0.63, 0.75, ORANGE))
    for rank, (low, high, rgb) in enumerate(bands, start=1):
        with maker.a_part(rank):
            _ring(maker, low, high, 0.17 - 0.18 * low, 0.17 - 0.18 * high, rgb)


def _barrel(maker: Maker, actor: Actor) -> None:
    with maker.a_part(0):
        maker.column(0.31, 0.0, 0.08, (34, 34, 36), 12)
    edges = (0.08, 0.24, 0.42, 0.58, 0.76, 0.92, 1.05)
    for n, (low, high) in enumerate(pairwise(edges)):
        with maker.a_part(1 + n):
            radius = 0.29 - 0.05 * n / 6
            maker.column(radius, low, high, WHITE if n in (1, 3) else ORANGE, 14, lid=shade(ORANGE, 0.8))


def _ring(maker: Maker, low: float, high: float, radius_low: float, radius_high: float, rgb: Colour) -> None:
    outline = [(radius_low * c, radius_low * s) for c, s in circle(12)]
    maker.prism(outline, low, high, rgb, top=radius_high / radius_low)


def _barrier(maker: Maker, actor: Actor) -> None:
    """A plastic or concrete barrier two metres wide, across its heading."""
    plastic = actor.rgb[0] > actor.rgb[2] + 60
    rgb: Colour = (222, 84, 34) if plastic and actor.look % 2 else ((236, 234, 228) if plastic else (178, 174, 166))
    for rank, (low, high, depth) in enumerate(((0.0, 0.2, 0.27), (0.2, 0.45, 0.2), (0.45, 1.0, 0.11))):
        with maker.a_part(rank):
            maker.box((-depth, depth), (-0.99, 0.99), (low, high), rgb, lid=shade(rgb, 1.05))
    with maker.a_part(4):
        for x in (-0.115, 0.115):
            for n in range(4):
                y = -0.92 + 0.5 * n
                maker.end_panel(
                    (y, y + 0.3), (0.66, 0.86), x, (232, 60, 34) if not plastic or actor.look % 2 == 0 else WHITE
                )


def _sign_post(maker: Maker, height: float) -> None:
    with maker.a_part(0):
        maker.limb((0, 0, 0), (0, 0, height), 0.035, STEEL)


def _plate(maker: Maker, outline: list[tuple[float, float]], x: float, rgb: Colour, level: float) -> None:
    """A flat shape (y, z) that faces forward."""
    maker.face([(x, y, z) for y, z in outline], rgb, level=level)


def _board(maker: Maker, outline: list[tuple[float, float]], front: Colour, edge: Colour) -> None:
    """A plate with an edge colour, grey behind."""
    cy = sum(y for y, _ in outline) / len(outline)
    cz = sum(z for _, z in outline) / len(outline)
    inner = [(cy + 0.88 * (y - cy), cz + 0.88 * (z - cz)) for y, z in outline]
    _plate(maker, outline, 0.04, edge, 0)
    _plate(maker, inner, 0.045, front, 1)
    maker.face([(0.035, y, z) for y, z in outline[::-1]], (120, 122, 124))


def _road_work_sign(maker: Maker, actor: Actor) -> None:
    _sign_post(maker, 1.5)
    with maker.a_part(1):
        _board(maker, [(0, 1.15), (0.47, 1.62), (0, 2.1), (-0.47, 1.62)], (255, 122, 20), (24, 22, 20))
        for outline in (
            [(-0.16, 1.5), (-0.08, 1.5), (0.02, 1.74), (-0.06, 1.76)],
            [(-0.2, 1.44), (0.22, 1.44), (0.08, 1.55), (-0.02, 1.55)],
        ):
            _plate(maker, outline, 0.05, (24, 22, 20), 2)
        maker.face([(0.05, 0.055 * c - 0.02, 1.83 + 0.055 * s) for c, s in circle(8)], (24, 22, 20), level=2)


def _stop_sign(maker: Maker, actor: Actor) -> None:
    _sign_post(maker, 2.2)
    with maker.a_part(1):
        octagon = [(0.39 * cos(pi / 8 + n * pi / 4), 2.4 + 0.39 * sin(pi / 8 + n * pi / 4)) for n in range(8)]
        _board(maker, octagon, (200, 24, 30), WHITE)
        maker.end_panel((-0.24, 0.24), (2.33, 2.47), 0.05, WHITE, 2)


def _crossing_sign(maker: Maker, actor: Actor) -> None:
    _sign_post(maker, 2.2)
    with maker.a_part(1):
        _board(maker, [(-0.36, 2.05), (0.36, 2.05), (0.36, 2.77), (-0.36, 2.77)], (30, 86, 190), WHITE)
        _plate(maker, [(-0.26, 2.14), (0.26, 2.14), (0, 2.66)], 0.05, WHITE, 2)
        _plate(maker, [(-0.03, 2.2), (0.09, 2.2), (0.02, 2.5), (-0.05, 2.5)], 0.055, (20, 22, 24), 3)


def _speed_limit_sign(maker: Maker, actor: Actor) -> None:
    """A white disc with a red rim and the two strokes of a number."""
    _sign_post(maker, 2.2)
    with maker.a_part(1):
        _board(maker, [(0.37 * c, 2.42 + 0.37 * s) for c, s in circle(18)], (206, 26, 30), (206, 26, 30))
        _plate(maker, [(0.27 * c, 2.42 + 0.27 * s) for c, s in circle(18)], 0.05, WHITE, 2)
        for y in (-0.13, 0.03):
            _plate(maker, [(y, 2.3), (y + 0.1, 2.3), (y + 0.1, 2.54), (y, 2.54)], 0.055, (20, 20, 22), 3)


def _signal(maker: Maker, actor: Actor) -> None:
    """A traffic light in its housing; the pole and arm are scenery."""
    lit = "red" if actor.kind == "red_light" else "green"
    with maker.a_part(0):
        maker.box((-0.12, 0.1), (-0.2, 0.2), (0.0, 1.05), (28, 30, 30))
        for n, name in enumerate(("green", "amber", "red")):
            z = 0.19 + 0.34 * n
            on = name == lit
            disc = [(0.11, 0.125 * c, z + 0.125 * s) for c, s in circle(12)]
            maker.face(disc, LIT[name] if on else UNLIT[name], level=1, glow=1.6 if on else 0.0)


def _cardboard_box(maker: Maker, actor: Actor) -> None:
    brown: Colour = (188, 142, 92)
    with maker.a_part(0):
        maker.box((-0.37, 0.37), (-0.3, 0.3), (0.0, 0.5), brown, lid=shade(brown, 0.75))
        for y in (-0.301, 0.301):
            maker.side_panel((-0.05, 0.05), (0.0, 0.5), y, (214, 190, 140))
        for x in (-0.371, 0.371):
            maker.end_panel((-0.1, 0.1), (0.12, 0.3), x, (90, 66, 44))
    with maker.a_part(1):
        maker.face(
            [(-0.37, -0.3, 0.5), (0.37, -0.3, 0.5), (0.4, -0.52, 0.58), (-0.34, -0.52, 0.58)],
            shade(brown, 1.1),
            sided=False,
        )
        maker.face(
            [(-0.37, 0.3, 0.5), (0.37, 0.3, 0.5), (0.36, 0.5, 0.63), (-0.38, 0.5, 0.63)],
            shade(brown, 0.95),
            sided=False,
        )


def _tire(maker: Maker, actor: Actor) -> None:
    with maker.a_part(0):
        maker.column(0.34, 0.0, 0.24, (30, 30, 32), 16, lid=(44, 44, 46))
        hole = [(0.19 * c, 0.19 * s, 0.242) for c, s in circle(12)]
        maker.face(hole, (12, 12, 13), level=1)
        groove = [(0.27 * c, 0.27 * s, 0.241) for c, s in circle(14)]
        maker.face(groove, (34, 34, 36), level=0.5)


def _mattress(maker: Maker, actor: Actor) -> None:
    cloth: Colour = (214, 208, 196)
    with maker.a_part(0):
        maker.box((-0.95, 0.95), (-0.7, 0.7), (0.0, 0.28), cloth, lid=shade(cloth, 1.06))
        for y in (-0.701, 0.701):
            maker.side_panel((-0.95, 0.95), (0.12, 0.16), y, (116, 140, 176))
        for x in (-0.951, 0.951):
            maker.end_panel((-0.7, 0.7), (0.12, 0.16), x, (116, 140, 176))
        for n in range(3):
            x = -0.6 + 0.55 * n
            maker.face(
                [(x, -0.66, 0.283), (x + 0.05, -0.66, 0.283), (x + 0.05, 0.66, 0.283), (x, 0.66, 0.283)],
                (156, 172, 200),
                level=1,
            )


def _ladder(maker: Maker, actor: Actor) -> None:
    for y in (-0.22, 0.22):
        maker.limb((-1.3, y, 0.06), (1.3, y, 0.06), 0.035, (206, 208, 210))
    for n in range(9):
        x = -1.15 + 0.29 * n
        maker.limb((x, -0.22, 0.07), (x, 0.22, 0.07), 0.022, (186, 188, 192))


def _tree_branch(maker: Maker, actor: Actor) -> None:
    bark: Colour = (84, 62, 44)
    maker.limb((-1.05, -0.1, 0.1), (0.1, 0.05, 0.16), 0.07, bark, 0.05)
    maker.limb((0.1, 0.05, 0.16), (1.05, -0.1, 0.22), 0.05, bark, 0.02)
    for n in range(9):
        x, side = -0.3 + 0.15 * n, 1 if n % 2 else -1
        tip = (x + 0.22, side * (0.28 + 0.05 * (n * 7 % 4)), 0.26 + 0.04 * (n % 3))
        maker.limb((x, 0.0, 0.15), tip, 0.025, bark, 0.01)
        green: Colour = (52 + 9 * (n % 4), 84 + 8 * (n % 3), 36)
        for dx, dy in ((0, 0), (0.12, 0.06), (-0.1, 0.05)):
            maker.limb(
                (tip[0] + dx, tip[1] + dy, tip[2]), (tip[0] + dx + 0.05, tip[1], tip[2] + 0.03), 0.075, green, level=0.5
            )


def _flat(maker: Maker, actor: Actor) -> None:
    """Nothing: it is part of the ground."""


_BUILD = {
    "cone": _cone,
    "barrel": _barrel,
    "barrier": _barrier,
    "road_work_sign": _road_work_sign,
    "stop_sign": _stop_sign,
    "crossing_sign": _crossing_sign,
    "speed_limit_sign": _speed_limit_sign,
    "red_light": _signal,
    "green_light": _signal,
    "cardboard_box": _cardboard_box,
    "tire": _tire,
    "mattress": _mattress,
    "ladder": _ladder,
    "tree_branch": _tree_branch,
    "puddle": _flat,
    "crosswalk": _flat,
}
