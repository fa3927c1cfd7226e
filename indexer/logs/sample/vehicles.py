"""Cars, vans, trucks, buses and their special relatives, built from bodies, glass, wheels and lights."""

from indexer.logs.sample.mesh import Colour, Maker, Mesh, shade
from indexer.logs.sample.script import Actor

GLASS: Colour = (38, 46, 54)
DARK: Colour = (26, 27, 29)
RUBBER: Colour = (20, 20, 22)
RED_OFF: Colour = (130, 20, 22)
RED_ON: Colour = (255, 46, 40)
WHITE_ON: Colour = (255, 250, 232)
AMBER_ON: Colour = (255, 170, 30)
BLUE_ON: Colour = (70, 120, 255)


def vehicle(actor: Actor, night: bool) -> Mesh:
    """The mesh of a vehicle, its origin on the ground under its middle."""
    maker = Maker()
    build = {
        "car": _car,
        "suv": _car,
        "police_car": _car,
        "van": _van,
        "ambulance": _van,
        "truck": _truck,
        "fire_truck": _truck,
        "bus": _bus,
        "school_bus": _bus,
        "excavator": _excavator,
    }[actor.kind]
    build(maker, actor, night)
    return maker.mesh()


def _lamps(
    maker: Maker, actor: Actor, night: bool, z: float, half: float, back: float, front: float | None = None
) -> None:
    """Tail lamps, and head lamps where `front` is given; what they show depends on the signals and the hour."""
    lit = night or "tail" in actor.signals or "brake" in actor.signals
    red, red_glow = (RED_ON, 1.0) if lit else (RED_OFF, 0.15)
    bright = night or "head" in actor.signals
    for side in (-1, 1):
        y = sorted((side * (half - 0.08), side * (half - 0.42)))
        maker.end_panel((y[0], y[1]), (z, z + 0.17), back - 0.012, red, 2.0, red_glow)
        if "hazard" in actor.signals:
            maker.end_panel((y[0], y[1]), (z - 0.16, z - 0.02), back - 0.012, AMBER_ON, 2.0, 1.0)
        if front is not None:
            white = WHITE_ON if bright else (214, 218, 220)
            maker.end_panel((y[0], y[1]), (z - 0.1, z + 0.06), front + 0.012, white, 2.0, 1.0 if bright else 0.1)


def _plates(maker: Maker, z: float, ends: tuple[float, float]) -> None:
    for x in (ends[0] - 0.013, ends[1] + 0.013):
        maker.end_panel((-0.26, 0.26), (z, z + 0.12), x, (226, 226, 214), 2.0)


def _car(maker: Maker, actor: Actor, night: bool) -> None:
    """Saloon, hatchback or tall car: a chamfered body, a tapering greenhouse, glass, wheels."""
    length, width, height = actor.size
    back, front, half = -length / 2, length / 2, width / 2
    paint: Colour = (232, 234, 238) if actor.kind == "police_car" else actor.rgb
    tall = actor.kind == "suv"
    belt = 1.06 if tall else 0.93
    with maker.a_part(0):
        maker.box((back + 0.25, front - 0.25), (-half + 0.14, half - 0.14), (0.12, 0.42), RUBBER)
    with maker.a_part(1):
        _body(maker, (back, front), half, belt, paint)
        wheel = 0.37 if tall else 0.33
        for y in (-half - 0.01, half + 0.01):
            for x in (back + 0.2 * length, front - 0.19 * length):
                maker.wheel(x, y, wheel)
            for x in (-0.02 * length, 0.2 * length):
                maker.side_panel((x, x + 0.012), (0.4, belt - 0.06), y, shade(paint, 0.55), 1.1)
            maker.side_panel((back + 0.5, front - 0.6), (0.3, 0.37), y, shade(paint, 0.45), 1.0)
            if actor.kind == "police_car":
                maker.side_panel((back + 0.9, front - 1.1), (0.52, 0.76), y, (26, 60, 150), 1.3)
        _lamps(maker, actor, night, belt - 0.3, half, back, front)
        _plates(maker, 0.5, (back, front))
        maker.end_panel((-half + 0.1, half - 0.1), (0.27, 0.42), back - 0.011, DARK, 1.5)
        maker.end_panel((-0.5, 0.5), (0.42, 0.6), front + 0.011, DARK, 1.5)
        if actor.kind == "police_car":
            maker.end_panel((-0.6, 0.6), (0.66, 0.76), back - 0.012, (26, 60, 150), 1.8)
    with maker.a_part(2):
        estate = tall or actor.look % 3 == 0
        _greenhouse(maker, (back, front), half, (belt, height), paint, estate)
    for side in (-1, 1):
        with maker.a_part(0.9):
            inner, outer = sorted((side * (half - 0.02), side * (half + 0.16)))
            maker.box((0.17 * length, 0.17 * length + 0.1), (inner, outer), (belt, belt + 0.14), paint)
    if actor.kind == "police_car":
        _light_bar(maker, (-0.15, 0.15), half - 0.2, height, (RED_ON, BLUE_ON))


def _body(maker: Maker, ends: tuple[float, float], half: float, belt: float, paint: Colour) -> None:
    """The lower body, its profile extruded across: bumper, boot, belt line, bonnet, nose."""
    back, front = ends
    profile = [
        *(
            (back + 0.06, 0.26),
            (front - 0.06, 0.26),
            (front, 0.45),
            (front - 0.03, belt - 0.26),
            (front - 0.28, belt - 0.16),
        ),
        *((front - 1.25, belt), (back + 0.12, belt), (back, belt - 0.1), (back, 0.42)),
    ]
    n = len(profile)
    for i in range(n):
        (x0, z0), (x1, z1) = profile[i], profile[(i + 1) % n]
        strip = [(x0, -half, z0), (x0, half, z0), (x1, half, z1), (x1, -half, z1)]
        maker.face(strip, paint)
    for y in (-half, half):
        outline = [(x, y, z) for x, z in profile]
        maker.face(outline if y < 0 else outline[::-1], paint, level=0.5)


def _greenhouse(
    maker: Maker, ends: tuple[float, float], half: float, heights: tuple[float, float], paint: Colour, estate: bool
) -> None:
    """Roof and windows: a frustum whose faces carry glass."""
    back, front = ends
    length, (belt, top) = front - back, heights
    low = (back + (0.08 if estate else 0.42), front - 0.27 * length)
    high = (back + (0.35 if estate else 1.05), front - 0.43 * length)
    a, b = half - 0.03, half - 0.22

    def quad(x0: float, x1: float, z0: float, z1: float, side: int) -> list[tuple[float, float, float]]:
        def y(z: float) -> float:
            return side * (a + (b - a) * (z - belt) / (top - belt))

        def x(share: float, z: float) -> float:
            up = (z - belt) / (top - belt)
            rear, fore = low[0] + (high[0] - low[0]) * up, low[1] + (high[1] - low[1]) * up
            return rear + (fore - rear) * share

        points = [(x(x0, z0), y(z0), z0), (x(x1, z0), y(z0), z0), (x(x1, z1), y(z1), z1), (x(x0, z1), y(z1), z1)]
        return points if side < 0 else points[::-1]

    for side in (-1, 1):
        maker.face(quad(0, 1, belt, top, side), paint)
        for x0, x1 in ((0.08, 0.36), (0.39, 0.64), (0.67, 0.92)) if estate else ((0.12, 0.46), (0.5, 0.9)):
            maker.face(quad(x0, x1, belt + 0.05, top - 0.08, side), GLASS, level=1)
    for x0, x1, forward in ((low[0], high[0], False), (low[1], high[1], True)):
        wall = [(x0, -a, belt), (x0, a, belt), (x1, b, top), (x1, -b, top)]
        glass = [
            (x0, -a + 0.12, belt + 0.05),
            (x0, a - 0.12, belt + 0.05),
            (x1, b - 0.09, top - 0.07),
            (x1, -b + 0.09, top - 0.07),
        ]
        nudge = [(x + (x1 - x0) * s, y, z) for (x, y, z), s in zip(glass, (0.1, 0.1, -0.12, -0.12), strict=True)]
        sheen = [nudge[0], nudge[1], _mix(nudge[1], nudge[2], 0.35), _mix(nudge[0], nudge[3], 0.55)]
        for shape, rgb, level in ((wall, paint, 0.0), (nudge, GLASS, 1.0), (sheen, (62, 73, 84), 1.1)):
            maker.face(shape if forward else shape[::-1], rgb, level=level)
    maker.face([(high[0], -b, top), (high[1], -b, top), (high[1], b, top), (high[0], b, top)], shade(paint, 1.08))


def _mix(a: tuple[float, float, float], b: tuple[float, float, float], share: float) -> tuple[float, float, float]:
    x, y, z = (p + (q - p) * share for p, q in zip(a, b, strict=True))
    return x, y, z


def _light_bar(maker: Maker, x: tuple[float, float], half: float, z: float, lamps: tuple[Colour, Colour]) -> None:
    with maker.a_part(3):
        maker.box(x, (-half, 0.0), (z, z + 0.14), lamps[0], glow=1.0)
        maker.box(x, (0.0, half), (z, z + 0.14), lamps[1], glow=1.0)
        maker.box((x[0] - 0.01, x[1] + 0.01), (-0.08, 0.08), (z, z + 0.1), (230, 230, 235))


def _shell(maker: Maker, x: tuple[float, float], half: float, z: tuple[float, float], paint: Colour) -> None:
    maker.box(x, (-half, half), z, paint, lid=shade(paint, 1.05))


def _van(maker: Maker, actor: Actor, night: bool) -> None:
    """Delivery van or ambulance: a box with a short sloping nose."""
    length, width, height = actor.size
    back, front, half = -length / 2, length / 2, width / 2
    rescue = actor.kind == "ambulance"
    paint: Colour = (240, 238, 226) if rescue else actor.rgb
    nose = front - 1.15
    with maker.a_part(0):
        maker.box((back + 0.2, front - 0.2), (-half + 0.12, half - 0.12), (0.15, 0.5), RUBBER)
    with maker.a_part(1):
        _shell(maker, (back, nose), half, (0.34, height), paint)
        for y in (-half - 0.01, half + 0.01):
            maker.wheel(back + 0.2 * length, y, 0.36)
            maker.side_panel((nose - 1.1, nose - 0.15), (1.25, height - 0.35), y, GLASS)
            maker.side_panel((back + 0.2, nose - 0.05), (0.36, 0.46), y, DARK)
            if rescue:
                maker.side_panel((back, nose), (0.85, 1.12), y, (206, 34, 36), 1.1)
                maker.side_panel((back + 1.2, back + 1.5), (1.35, 2.2), y, (206, 34, 36), 1.2)
                maker.side_panel((back + 0.93, back + 1.77), (1.63, 1.92), y, (206, 34, 36), 1.2)
            else:
                maker.side_panel((back + 0.4, back + 1.8), (1.3, height - 0.4), y, shade(paint, 0.9), 1.0)
        for pane in ((-half + 0.15, -0.04), (0.04, half - 0.15)):
            maker.end_panel(pane, (1.3, height - 0.3), back - 0.01, GLASS)
        maker.end_panel((-0.012, 0.012), (0.5, height - 0.1), back - 0.011, shade(paint, 0.5), 1.2)
        maker.end_panel((-half, half), (0.34, 0.55), back - 0.01, DARK)
        _lamps(maker, actor, night, 0.95, half, back)
        if rescue:
            maker.end_panel((-half, half), (0.85, 1.1), back - 0.011, (206, 34, 36), 1.1)
    with maker.a_part(1):
        _nose(maker, (nose, front), half, height, paint)
        for y in (-half - 0.01, half + 0.01):
            maker.wheel(front - 0.75, y, 0.36)
        lit = night or "head" in actor.signals
        for side in (-1, 1):
            y0, y1 = sorted((side * (half - 0.08), side * (half - 0.4)))
            maker.end_panel(
                (y0, y1), (0.72, 0.92), front + 0.012, WHITE_ON if lit else (210, 214, 216), 2.0, float(lit)
            )
        maker.end_panel((-0.5, 0.5), (0.45, 0.7), front + 0.011, DARK, 1.5)
    if rescue:
        _light_bar(maker, (nose - 0.5, nose - 0.2), half - 0.2, height, (RED_ON, BLUE_ON))


def _nose(maker: Maker, x: tuple[float, float], half: float, height: float, paint: Colour) -> None:
    """Bonnet and windscreen of a van, extruded across."""
    nose, front = x
    top = height - 0.06
    profile = [(nose, 0.34), (front, 0.34), (front, 0.98), (front - 0.35, 1.16), (nose, top)]
    for i in range(len(profile)):
        (x0, z0), (x1, z1) = profile[i], profile[(i + 1) % len(profile)]
        maker.face([(x0, -half, z0), (x0, half, z0), (x1, half, z1), (x1, -half, z1)], paint)
    a, b = 0.08, 0.9
    low, high = (front - 0.35, 1.16), (nose, top)
    first = (low[0] + (high[0] - low[0]) * a, low[1] + (high[1] - low[1]) * a)
    last = (low[0] + (high[0] - low[0]) * b, low[1] + (high[1] - low[1]) * b)
    inner = half - 0.12
    maker.face(
        [
            (first[0], -inner, first[1]),
            (first[0], inner, first[1]),
            (last[0], inner, last[1]),
            (last[0], -inner, last[1]),
        ],
        GLASS,
        level=1,
    )
    for y in (-half, half):
        outline = [(px, y, pz) for px, pz in profile]
        maker.face(outline if y < 0 else outline[::-1], paint, level=0.5)


def _truck(maker: Maker, actor: Actor, night: bool) -> None:
    """A box truck, or a fire truck with its shutters, ladder and lights."""
    length, width, height = actor.size
    back, front, half = -length / 2, length / 2, width / 2
    fire = actor.kind == "fire_truck"
    paint: Colour = (196, 26, 24) if fire else actor.rgb
    cargo: Colour = (196, 26, 24) if fire else ((226, 226, 222) if actor.look % 2 else (120, 138, 150))
    cab = front - (2.4 if fire else 1.9)
    with maker.a_part(0):
        maker.box((back, front - 0.1), (-half + 0.25, half - 0.25), (0.45, 0.95), DARK)
        for y in (-half, half):
            for x in (back + 1.3, back + 2.4, front - 1.1):
                maker.wheel(x, y, 0.5)
    with maker.a_part(1):
        top = height - 0.35 if fire else height
        _shell(maker, (back, cab - 0.12), half, (0.9, top), cargo)
        for y in (-half - 0.01, half + 0.01):
            if fire:
                for n in range(3):
                    maker.side_panel(
                        (back + 0.4 + 1.75 * n, back + 1.9 + 1.75 * n), (1.25, top - 0.35), y, (176, 180, 184), 1.1
                    )
                maker.side_panel((back, cab - 0.12), (1.0, 1.16), y, (240, 210, 40), 1.2)
            else:
                maker.side_panel((back + 0.05, cab - 0.2), (0.92, 1.06), y, (70, 74, 78), 1.0)
                maker.side_panel((back + 1.2, cab - 1.2), (1.9, 2.5), y, shade(actor.rgb, 0.9), 1.1)
            maker.wheel(back + 1.3, y, 0.5)
            maker.wheel(back + 2.4, y, 0.5)
        maker.end_panel((-0.02, 0.02), (0.95, top - 0.05), back - 0.01, (90, 92, 96), 1.1)
        for y in (-half + 0.02, half - 0.16):
            maker.end_panel((y, y + 0.14), (0.95, top), back - 0.01, shade(cargo, 0.72), 1.0)
        maker.end_panel((-half, half), (0.62, 0.9), back - 0.012, (200, 44, 36) if not fire else (240, 210, 40), 1.2)
        _lamps(maker, actor, night, 0.68, half, back - 0.01)
    with maker.a_part(1):
        _cab(maker, (cab, front), half, height - 0.45, paint, night or "head" in actor.signals)
    if fire:
        with maker.a_part(2):
            maker.box((back + 0.3, cab + 0.9), (-0.35, 0.35), (height - 0.33, height - 0.16), (170, 172, 176))
        _light_bar(maker, (cab + 0.9, cab + 1.3), half - 0.2, height - 0.45, (RED_ON, BLUE_ON))


def _cab(maker: Maker, x: tuple[float, float], half: float, top: float, paint: Colour, lit: bool) -> None:
    cab, front = x
    _shell(maker, (cab, front), half - 0.04, (0.55, top), paint)
    maker.end_panel((-half + 0.2, half - 0.2), (1.55, top - 0.25), front + 0.01, GLASS)
    maker.end_panel((-half + 0.3, half - 0.3), (0.95, 1.4), front + 0.01, shade(paint, 0.5))
    for side in (-1, 1):
        y = side * (half - 0.03)
        maker.side_panel((cab + 0.5, front - 0.25), (1.55, top - 0.3), y, GLASS)
        maker.wheel(front - 1.1, y, 0.5)
        y0, y1 = sorted((side * (half - 0.15), side * (half - 0.5)))
        maker.end_panel((y0, y1), (0.68, 0.88), front + 0.012, WHITE_ON if lit else (212, 214, 216), 1.5, float(lit))


def _bus(maker: Maker, actor: Actor, night: bool) -> None:
    """A city bus, or a yellow school bus with its black rails and red lamps."""
    length, width, height = actor.size
    back, front, half = -length / 2, length / 2, width / 2
    school = actor.kind == "school_bus"
    paint: Colour = (244, 176, 22) if school else actor.rgb
    window: Colour = (250, 224, 160) if night else GLASS
    with maker.a_part(0):
        maker.box((back + 0.3, front - 0.3), (-half + 0.15, half - 0.15), (0.25, 0.6), RUBBER)
    with maker.a_part(1):
        _shell(maker, (back, front), half, (0.42, height), paint)
        for y in (-half - 0.01, half + 0.01):
            for n in range(8):
                x = back + 0.6 + n * (length - 1.6) / 8
                maker.side_panel((x, x + (length - 1.6) / 8 - 0.16), (1.55, height - 0.55), y, window, 1.0, 0.6 * night)
            for z in (0.95, 1.3) if school else (0.6,):
                maker.side_panel((back, front), (z, z + 0.07), y, (24, 24, 24), 1.2)
            for x in (back + 2.4, front - 2.2):
                maker.wheel(x, y, 0.48)
        maker.end_panel((-half + 0.3, half - 0.3), (1.5, height - 0.6), back - 0.01, GLASS)
        maker.end_panel((-half + 0.15, half - 0.15), (1.2, height - 0.55), front + 0.01, GLASS)
        maker.end_panel((-half, half), (0.42, 0.75), back - 0.01, (28, 28, 28))
        _lamps(maker, actor, night, 1.02, half, back, front)
        if school:
            maker.end_panel((-0.75, 0.75), (height - 0.42, height - 0.2), back - 0.011, (30, 30, 30), 1.2)
            for side in (-1, 1):
                y0, y1 = sorted((side * (half - 0.12), side * (half - 0.42)))
                for x in (back - 0.012, front + 0.012):
                    maker.end_panel((y0, y1), (height - 0.45, height - 0.18), x, RED_ON, 1.5, 1.0)


def _excavator(maker: Maker, actor: Actor, night: bool) -> None:
    """Tracks, a turning body with a cab, boom, stick and bucket."""
    yellow: Colour = (238, 168, 24)
    for inner, outer in ((-1.3, -0.65), (0.65, 1.3)):
        with maker.a_part(0):
            maker.box((-2.0, 1.6), (inner, outer), (0.0, 0.78), (46, 46, 48))
            for x in (-1.6, -0.8, 0.0, 0.8):
                maker.side_panel((x, x + 0.4), (0.2, 0.55), inner - 0.01 if inner < 0 else outer + 0.01, (84, 84, 88))
    with maker.a_part(1):
        maker.box((-2.3, 1.2), (-1.2, 1.2), (0.85, 1.75), yellow)
        maker.end_panel((-1.1, 1.1), (1.0, 1.6), -2.31, (60, 58, 52))
        maker.end_panel((-1.15, -0.7), (1.05, 1.4), -2.315, (220, 40, 30), 1.5)
        maker.end_panel((0.7, 1.15), (1.05, 1.4), -2.315, (220, 40, 30), 1.5)
        for y in (-1.21, 1.21):
            maker.side_panel((-2.0, -0.4), (1.05, 1.3), y, (52, 50, 46))
    with maker.a_part(2):
        maker.box((-0.1, 1.3), (0.2, 1.2), (1.75, 3.05), yellow)
        maker.side_panel((0.05, 1.15), (1.95, 2.9), 1.21, GLASS)
        maker.end_panel((0.3, 1.1), (1.9, 2.9), 1.31, GLASS)
        maker.end_panel((0.3, 1.1), (2.1, 2.9), -0.11, GLASS)
    with maker.a_part(2.5):
        for a, b, r0, r1 in (
            ((0.9, -0.4, 1.6), (2.7, -0.4, 3.6), 0.3, 0.24),
            ((2.7, -0.4, 3.6), (4.4, -0.4, 2.0), 0.24, 0.16),
        ):
            maker.limb(a, b, r0, yellow, r1)
        maker.limb((4.4, -0.4, 2.0), (4.1, -0.4, 1.1), 0.16, (70, 70, 72), 0.42)
    if "beacon" in actor.signals:
        with maker.a_part(3):
            maker.limb((0.4, 0.7, 3.12), (0.4, 0.7, 3.22), 0.1, AMBER_ON, glow=1.0)
