"""People, riders and a dog: skeletons of rounded limbs in a pose that depends on the stride."""

from math import cos, pi, sin

from indexer.logs.sample.mesh import Colour, Maker, Mesh, Point, circle, shade
from indexer.logs.sample.script import Actor

SKINS: tuple[Colour, ...] = ((236, 196, 166), (206, 158, 124), (158, 108, 78), (104, 70, 50))
HAIRS: tuple[Colour, ...] = ((40, 30, 24), (92, 62, 38), (168, 130, 78), (28, 26, 28), (120, 116, 112))
TROUSERS: tuple[Colour, ...] = ((38, 44, 62), (58, 56, 54), (92, 84, 70), (30, 30, 34), (70, 86, 110))
VEST: Colour = (255, 138, 20)
BAND: Colour = (236, 240, 214)


def person(actor: Actor, frame: int) -> Mesh:
    """A standing, walking or running person, looking along x."""
    maker = Maker()
    still = not actor.stands or actor.stands[frame]
    runs = actor.kind == "child" and not still
    swing = 0.0 if still else (0.75 if runs else 0.45)
    phase = sin(pi * (frame + 0.25) * (0.9 if runs else 0.55) + actor.look)
    if not still and abs(phase) < 0.45:
        phase = 0.45 if phase >= 0 else -0.45
    _figure(maker, actor, swing * phase, 0.16 if runs else 0.03)
    return maker.mesh()


def _figure(maker: Maker, actor: Actor, swing: float, lean: float) -> None:
    """`swing` is how far the legs part (radians), `lean` how far the body bends forward."""
    tall = actor.size[2]
    skin, hair = SKINS[actor.look % 4], HAIRS[actor.look // 4 % 5]
    coat, legs = _clothes(actor)
    hip, shoulder, neck = 0.52 * tall, 0.81 * tall, 0.85 * tall
    ahead = sin(lean) * (shoulder - hip)
    wide = 0.105 * tall
    for side in (-1, 1):
        with maker.a_part(0):
            _leg(maker, side, hip, 0.05 * tall, side * swing, legs, tall)
    with maker.a_part(1):
        for side in (-1, 1):
            maker.limb(
                (0, side * 0.045 * tall, hip),
                (ahead, side * (wide - 0.045 * tall), shoulder - 0.03 * tall),
                0.068 * tall,
                coat,
                0.062 * tall,
            )
        maker.limb(
            (0, 0, hip), (ahead, 0, shoulder - 0.02 * tall), 0.075 * tall, shade(coat, 1.06), 0.07 * tall, level=0.2
        )
        if actor.kind == "worker":
            for z in (0.6, 0.7):
                maker.limb(
                    (ahead * 0.4, -wide * 0.75, z * tall),
                    (ahead * 0.4, wide * 0.75, z * tall),
                    0.028 * tall,
                    BAND,
                    level=0.5,
                )
    for side in (-1, 1):
        with maker.a_part(1):
            _arm(maker, (ahead, side * wide, shoulder - 0.02 * tall), -side * swing, tall, shade(coat, 0.86), skin)
    with maker.a_part(2):
        maker.limb((ahead, 0, neck - 0.03 * tall), (ahead + 0.01, 0, neck + 0.02 * tall), 0.03 * tall, skin)
        head = (ahead + 0.012 * tall, 0.0, 0.925 * tall)
        big = 0.066 * tall if tall > 1.4 else 0.088 * tall
        maker.limb(head, head, big, skin, level=0.5)
        cap: Colour = {"worker": (250, 214, 30), "officer": (22, 28, 50)}.get(actor.kind, hair)
        crown = (head[0] - 0.25 * big, 0.0, head[2] + 0.32 * big)
        maker.limb(crown, crown, big * 0.92, cap, level=0.4 if actor.look % 2 else 0.6)
    if actor.kind == "child" or (actor.kind == "adult" and actor.look % 3 == 0):
        with maker.a_part(1):
            pack = shade(HAIRS[actor.look % 5], 1.6)
            maker.limb((ahead - 0.1 * tall, 0, 0.62 * tall), (ahead - 0.1 * tall, 0, 0.76 * tall), 0.075 * tall, pack)


def _clothes(actor: Actor) -> tuple[Colour, Colour]:
    if actor.kind == "worker":
        return VEST, (40, 52, 84)
    if actor.kind == "officer":
        return (30, 38, 66), (24, 28, 44)
    return actor.rgb, TROUSERS[actor.look // 7 % 5]


def _leg(maker: Maker, side: int, hip: float, across: float, angle: float, rgb: Colour, tall: float) -> None:
    knee_bend = 0.55 * max(0.0, -angle)
    thigh, shin = 0.5 * hip, 0.46 * hip
    knee = (sin(angle) * thigh, side * across, hip - cos(angle) * thigh)
    foot = (knee[0] + sin(angle - knee_bend) * shin, side * across, max(0.05, knee[2] - cos(angle - knee_bend) * shin))
    maker.limb((0, side * across, hip), knee, 0.056 * tall, rgb, 0.042 * tall)
    maker.limb(knee, foot, 0.042 * tall, shade(rgb, 0.93), 0.03 * tall)
    maker.limb(foot, (foot[0] + 0.08 * tall, foot[1], max(0.04, foot[2] - 0.02)), 0.03 * tall, (30, 28, 28))


def _arm(maker: Maker, shoulder: Point, angle: float, tall: float, rgb: Colour, skin: Colour) -> None:
    x, y, z = shoulder
    upper, lower = 0.17 * tall, 0.15 * tall
    elbow = (x + sin(angle) * upper, y * 1.12, z - cos(angle) * upper)
    bend = angle + 0.35 + 0.6 * abs(angle)
    hand = (elbow[0] + sin(bend) * lower, y * 1.1, elbow[2] - cos(bend) * lower)
    maker.limb(shoulder, elbow, 0.036 * tall, rgb, 0.03 * tall)
    maker.limb(elbow, hand, 0.03 * tall, rgb, 0.024 * tall)
    maker.limb(hand, hand, 0.026 * tall, skin)


def cyclist(actor: Actor, frame: int, night: bool) -> Mesh:
    """A rider on a bicycle that goes along x."""
    maker = Maker()
    turn = 2.1 * frame + actor.look
    frame_rgb = shade(actor.rgb, 1.1)
    for x in (-0.52, 0.52):
        with maker.a_part(0):
            rim = [(x + 0.33 * c, 0.0, 0.34 + 0.33 * s) for c, s in circle(16)]
            for a, b in zip(rim, [*rim[1:], rim[0]], strict=True):
                maker.limb(a, b, 0.022, (22, 22, 24))
            for c, s in circle(6):
                maker.limb((x, 0, 0.34), (x + 0.31 * c, 0, 0.34 + 0.31 * s), 0.004, (150, 150, 150))
    bars = [
        ((-0.52, 0, 0.34), (-0.1, 0, 0.3)), ((-0.1, 0, 0.3), (-0.22, 0, 0.86)), ((-0.22, 0, 0.8), (0.36, 0, 0.82)),
        ((-0.1, 0, 0.3), (0.38, 0, 0.72)), ((0.34, 0, 0.95), (0.52, 0, 0.34)), ((-0.52, 0, 0.34), (-0.2, 0, 0.78)),
    ]  # fmt: skip
    with maker.a_part(0.5):
        for a, b in bars:
            maker.limb(a, b, 0.024, frame_rgb)
        maker.limb((0.36, -0.26, 1.0), (0.36, 0.26, 1.0), 0.02, (30, 30, 30))
        maker.limb((-0.62, 0, 0.74), (-0.62, 0, 0.78), 0.055, (255, 40, 34), glow=1.0 if night else 0.4)
    skin, legs = SKINS[actor.look % 4], TROUSERS[actor.look // 7 % 5]
    for side in (-1, 1):
        with maker.a_part(0.4 if side < 0 else 0.6):
            angle = turn + (0 if side < 0 else pi)
            pedal = (-0.1 + 0.16 * cos(angle), 0.1 * side, 0.3 + 0.16 * sin(angle))
            knee = (0.16 + 0.05 * cos(angle), 0.12 * side, 0.72 + 0.1 * sin(angle))
            maker.limb((-0.2, 0.09 * side, 0.95), knee, 0.085, legs, 0.065)
            maker.limb(knee, pedal, 0.06, shade(legs, 0.9), 0.045)
            maker.limb(pedal, (pedal[0] + 0.12, pedal[1], pedal[2]), 0.045, (230, 230, 230))
    with maker.a_part(1):
        for side in (-1, 1):
            maker.limb((-0.2, 0.07 * side, 0.98), (0.12, 0.13 * side, 1.4), 0.12, actor.rgb, 0.1)
        for z in (1.14, 1.28):
            maker.limb(
                (-0.12 + 0.6 * (z - 1.14), -0.12, z), (-0.12 + 0.6 * (z - 1.14), 0.12, z), 0.035, BAND, level=0.4
            )
    for side in (-1, 1):
        with maker.a_part(1.1):
            maker.limb((0.12, 0.18 * side, 1.38), (0.24, 0.24 * side, 1.14), 0.055, shade(actor.rgb, 0.88), 0.045)
            maker.limb((0.24, 0.24 * side, 1.14), (0.37, 0.24 * side, 1.02), 0.045, skin, 0.035)
    with maker.a_part(2):
        maker.limb((0.14, 0, 1.46), (0.18, 0, 1.54), 0.05, skin)
        maker.limb((0.2, 0, 1.6), (0.2, 0, 1.6), 0.11, skin)
        maker.limb(
            (0.12, 0, 1.66), (0.22, 0, 1.68), 0.1, (220, 222, 226) if actor.look % 2 else (190, 40, 40), level=0.4
        )
    return maker.mesh()


def dog(actor: Actor, frame: int) -> Mesh:
    maker = Maker()
    coat: Colour = ((112, 78, 48), (54, 48, 44), (196, 168, 122))[actor.look % 3]
    stride = 0.14 * sin(2.2 * frame + actor.look)
    for x, way in ((-0.28, 1), (0.26, -1)):
        for side in (-1, 1):
            maker.limb(
                (x, 0.09 * side, 0.4), (x + stride * way * side, 0.09 * side, 0.04), 0.055, shade(coat, 0.9), 0.035
            )
    maker.limb((-0.32, 0, 0.46), (0.3, 0, 0.5), 0.135, coat, 0.15)
    maker.limb((0.32, 0, 0.55), (0.42, 0, 0.7), 0.09, coat)
    maker.limb((0.46, 0, 0.7), (0.6, 0, 0.65), 0.085, coat, 0.05)
    maker.limb((-0.4, 0, 0.52), (-0.56, 0, 0.7), 0.035, coat, 0.02)
    return maker.mesh()
