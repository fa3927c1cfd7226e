"""Takes the pictures of one scene: sky, ground, shadows, reflections, things, then the lens."""

from math import cos, sin

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from indexer.logs.sample.catalogue import KINDS
from indexer.logs.sample.dice import Dice
from indexer.logs.sample.geometry import HEIGHT_PX, WIDTH_PX, Array, View, clipped
from indexer.logs.sample.ground import Ground, coloured, traced, water
from indexer.logs.sample.lens import developed
from indexer.logs.sample.light import BEAM_RGB, LAMP_RGB, Light, light_of
from indexer.logs.sample.mesh import Mesh
from indexer.logs.sample.noise import Field
from indexer.logs.sample.painter import NEAR_M, Placed, faces_of, paint, place
from indexer.logs.sample.people import cyclist, dog, person
from indexer.logs.sample.rig import Shot
from indexer.logs.sample.scenery import scenery
from indexer.logs.sample.script import Actor
from indexer.logs.sample.sky import sky
from indexer.logs.sample.tables import Staged
from indexer.logs.sample.things import thing
from indexer.logs.sample.vehicles import vehicle

STEP = 4
SCALE = 2  # things are drawn this much larger, then reduced: smooth edges


class Studio:
    """Keeps what stays the same between the pictures of a scene."""

    def __init__(self, scene: Staged) -> None:
        self.story, self.seed = scene.story, scene.seed
        self._grain = Dice(scene.seed, scene.story.world, "studio").number(0, 7) * 31
        built = scenery(self.story, scene.seed)
        self._lamps = [self.story.place(spot) for spot in built.lamps]
        self._props = [
            place(prop.mesh, self.story.place(prop.spot), prop.half_m, mirrored=self.story.left_hand)
            for prop in built.props
        ]

    def take(self, shot: Shot) -> Image.Image:
        """One picture, RGB, 800 × 450."""
        view = shot.view
        light = light_of(self.story.weather, self._lamps, shot.ego, self.story.left_hand)
        actors = [self._actor(actor, shot.frame, light.night) for actor in self.story.actors]
        things = self._props + actors
        ground = traced(view, self.story)
        picture = self._background(view, light, ground, things)
        large = picture.resize((WIDTH_PX * SCALE, HEIGHT_PX * SCALE), Image.Resampling.NEAREST)
        paint(ImageDraw.Draw(large), faces_of(things, view, light, SCALE))
        dice = Dice(self.seed, self.story.world, "lens", shot.camera.name)
        fault = self.story.fault[1] if self.story.fault and self.story.fault[0] == shot.camera.name else None
        return developed(large.reduce(SCALE), light, dice, shot.frame, fault)

    def _actor(self, actor: Actor, frame: int, night: bool) -> Placed:
        length, width, _ = actor.size
        spot = self.story.place(actor.track[frame])
        half = (length / 2, width / 2)
        return place(_mesh(actor, frame, night), spot, half, actor.base_m, self.story.left_hand)

    def _background(self, view: View, light: Light, ground: Ground, things: list[Placed]) -> Image.Image:
        """Sky above, lit ground below."""
        rgb = np.empty((HEIGHT_PX, WIDTH_PX, 3), dtype=np.float32)
        upper = sky(view, light, ground.first_row, self._grain)
        rgb[: ground.first_row] = upper
        own = coloured(ground, self.story, self._grain)
        shadows = self._shadows(view, light, things, ground.first_row)
        lower = own * _light_on_ground(light, ground, shadows)
        if light.wet:
            lower = self._reflecting(lower, upper, view, light, ground, things)
        clear = np.exp(-light.haze_per_m * ground.distance)[..., None]
        rgb[ground.first_row :] = lower * clear + np.array(light.palette.horizon, dtype=np.float32) * (1 - clear)
        return Image.fromarray((np.clip(rgb, 0, 1) * 255).astype(np.uint8))

    def _shadows(self, view: View, light: Light, things: list[Placed], first_row: int) -> Field:
        """How deep in shadow the ground is, 0 to 1; (rows, 800): thrown by the sun, or soft below each thing."""
        mask = Image.new("L", (WIDTH_PX // 2, HEIGHT_PX // 2))
        draw = ImageDraw.Draw(mask)
        for placed in things:
            if len(placed.points) and float(np.hypot(*placed.half_m)) > 0.1:
                _shadow(draw, view, light, placed)
        soft = mask.filter(ImageFilter.BoxBlur(1)).resize((WIDTH_PX, HEIGHT_PX), Image.Resampling.BILINEAR)
        values: Field = np.asarray(soft, dtype=np.float32)[first_row:] / 255
        return values

    def _reflecting(
        self, lower: Field, upper: Field, view: View, light: Light, ground: Ground, things: list[Placed]
    ) -> Field:
        """A wet road shows the world upside down: blurred, more so where the film is thin, stronger far away."""
        mirror = Image.new("RGB", (WIDTH_PX, HEIGHT_PX))
        rows = HEIGHT_PX - ground.first_row
        upside = upper[::-1]
        base = np.repeat(upside[-1:], rows, axis=0)
        base[: len(upside)] = upside[:rows]
        mirror.paste(Image.fromarray((np.clip(base, 0, 1) * 255).astype(np.uint8)), (0, ground.first_row))
        paint(ImageDraw.Draw(mirror), faces_of(things, view, light, 1, reflected=True))
        streaked = mirror.resize((WIDTH_PX, HEIGHT_PX // 6), Image.Resampling.BOX).resize(
            mirror.size, Image.Resampling.BICUBIC
        )
        shown = np.asarray(streaked.filter(ImageFilter.GaussianBlur(1.5)), dtype=np.float32)[ground.first_row :] / 255
        depth = water(ground, self.story, self._grain)
        flat = np.clip(1.6 / (1 + 1.5 / np.maximum(ground.distance / 9, 0.2)), 0.15, 1.0)
        share = np.clip(depth * flat * 0.85, 0, 0.8)[..., None]
        mixed: Field = lower * (1 - share) + shown * share
        return mixed


def _mesh(actor: Actor, frame: int, night: bool) -> Mesh:
    family = KINDS[actor.kind].family
    if family == "vehicle":
        return vehicle(actor, night)
    if family == "pedestrian":
        return person(actor, frame)
    if family == "cycle":
        return cyclist(actor, frame, night)
    return dog(actor, frame) if actor.kind == "dog" else thing(actor)


def _light_on_ground(light: Light, ground: Ground, shadow: Field) -> Field:
    """(rows, 800, 3): sky everywhere, sun where no shadow is, lamps and head lamps."""
    ambient = np.array(light.palette.ambient, dtype=np.float32) * 1.04
    sun = (
        np.array(light.palette.sun, dtype=np.float32)
        * max(0.0, float(light.sun[2]))
        * (1.6 if light.sun[2] < 0.25 else 1.0)
    )
    total = ambient * (1 - 0.4 * shadow[..., None]) + sun * (1 - shadow[..., None])
    if light.dim:
        lamps = _lamplight(light, ground)
        total = total + lamps * (1 - 0.5 * shadow[..., None])
        total = np.minimum(total, 0.75 + 0.3 * np.maximum(total - 0.75, 0))  # film gives way where it is brightest
    lit: Field = total.astype(np.float32)
    return lit


def _lamplight(light: Light, ground: Ground) -> Field:
    """(rows, 800, 3): head lamps and street lamps, worked out for every fourth pixel, for it is smooth."""
    x, y = ground.x[::STEP, ::STEP].astype(float), ground.y[::STEP, ::STEP].astype(float)
    rgb = np.zeros((*x.shape, 3))
    if light.night:
        rgb += 1.25 * light.cone(*light.in_ego(x, y))[..., None] * BEAM_RGB
    if len(light.lamps):
        pools = light.pools(np.stack([x.ravel(), y.ravel()], axis=1)).reshape(x.shape)
        rgb += (0.95 if light.night else 0.14) * pools[..., None] * LAMP_RGB
    rows, columns = ground.x.shape
    small = Image.fromarray(np.clip(rgb * 100, 0, 255).astype(np.uint8))
    return np.asarray(small.resize((columns, rows), Image.Resampling.BILINEAR), dtype=np.float32) / 100


def _shadow(draw: ImageDraw.ImageDraw, view: View, light: Light, placed: Placed) -> None:
    """The footprint of a thing's upright box as the sun throws it, and the darkness right under it."""
    c, s = cos(placed.spot.heading), sin(placed.spot.heading)
    height = float(placed.points[:, 2].max())
    a, b = placed.half_m
    corners = [
        (placed.spot.x + c * x - s * y, placed.spot.y + s * x + c * y) for x, y in ((a, b), (-a, b), (-a, -b), (a, -b))
    ]
    if max(light.palette.sun) > 0.3 and placed.base_m == 0:
        reach = min(height / max(float(light.sun[2]), 0.12), 28.0)
        dx, dy = -float(light.sun[0]) * reach, -float(light.sun[1]) * reach
        _ground_polygon(draw, view, _hull([*corners, *((x + dx, y + dy) for x, y in corners)]), 190)
    elif placed.base_m == 0 and height < 4:
        _ground_polygon(draw, view, corners, 150)


def _ground_polygon(draw: ImageDraw.ImageDraw, view: View, outline: list[tuple[float, float]], value: int) -> None:
    inside = view.into_camera(np.array([(x, y, 0.0) for x, y in outline]))
    cut: Array = clipped(inside, NEAR_M)
    if len(cut) > 2:
        draw.polygon(view.pixels(cut, 0.5).ravel().tolist(), fill=value)


def _hull(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The convex hull, counter-clockwise (Andrew's monotone chain)."""
    ordered = sorted(points)

    def half(sequence: list[tuple[float, float]]) -> list[tuple[float, float]]:
        chain: list[tuple[float, float]] = []
        for x, y in sequence:
            while len(chain) > 1 and _turn(chain[-2], chain[-1], (x, y)) <= 0:
                chain.pop()
            chain.append((x, y))
        return chain[:-1]

    return half(ordered) + half(ordered[::-1])


def _turn(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
