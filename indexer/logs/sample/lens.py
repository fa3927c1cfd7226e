"""What the air and the lens do to a picture: rain, droplets, bloom, dirt, grain, fall-off towards the corners."""

from functools import cache

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter

from indexer.logs.sample.dice import Dice
from indexer.logs.sample.geometry import HEIGHT_PX, WIDTH_PX
from indexer.logs.sample.light import Light
from indexer.logs.sample.noise import Field

SIZE = (WIDTH_PX, HEIGHT_PX)
SPARE_PX = 64


def developed(picture: Image.Image, light: Light, dice: Dice, frame: int, fault: str | None) -> Image.Image:
    """The finished picture. `dice` are the lens's own; drops and dirt stay where they are from frame to frame."""
    if fault == "black":
        return _exposed(Image.new("RGB", SIZE, (3, 3, 4)), 1.2, dice.of("grain", frame))
    picture = _bloomed(picture, 1.0 if light.night else (0.5 if light.dim else 0.22))
    if light.rain:
        picture = _rained_on(picture, light, dice.of("rain", frame))
        picture = _with_droplets(picture, light, dice.of("drops"))
    if fault == "dirt":
        picture = _dirty(picture, dice.of("dirt"))
    return _exposed(picture, 3.6 if light.night else 2.2, dice.of("grain", frame))


def _bloomed(picture: Image.Image, strength: float) -> Image.Image:
    """Bright places spill over: the more, the darker it is around."""
    small = picture.resize((WIDTH_PX // 4, HEIGHT_PX // 4), Image.Resampling.BOX)
    bright = small.point([max(0, value - 205) * 5 * strength // 1 for value in range(256)] * 3)
    glow = ImageChops.add(bright.filter(ImageFilter.GaussianBlur(2)), bright.filter(ImageFilter.GaussianBlur(8)))
    return ImageChops.add(picture, glow.resize(SIZE, Image.Resampling.BILINEAR))


def _rained_on(picture: Image.Image, light: Light, dice: Dice) -> Image.Image:
    """Streaks of falling drops, and less colour."""
    picture = ImageEnhance.Color(picture).enhance(0.62 if not light.night else 0.8)
    streaks = Image.new("L", SIZE)
    draw = ImageDraw.Draw(streaks)
    slant = dice.between(-0.12, 0.12)
    count = int(260 * light.rain)
    xs, ys = dice.numbers.uniform(-20, WIDTH_PX + 20, count), dice.numbers.uniform(-30, HEIGHT_PX, count)
    for x, y, length, tone in zip(
        xs, ys, dice.numbers.uniform(7, 26, count), dice.numbers.uniform(40, 110, count), strict=True
    ):
        draw.line((x, y, x + slant * length, y + length), fill=int(tone))
    streaks = streaks.filter(ImageFilter.GaussianBlur(0.7))
    tone = 205 if not light.night else 120
    return Image.composite(Image.new("RGB", SIZE, (tone, tone, tone + 5)), picture, streaks)


def _with_droplets(picture: Image.Image, light: Light, dice: Dice) -> Image.Image:
    """Drops on the glass: each a blurred patch with a small upside-down picture, brighter toward its lower edge."""
    small = picture.resize((WIDTH_PX // 4, HEIGHT_PX // 4), Image.Resampling.BOX)
    veil = small.filter(ImageFilter.GaussianBlur(2.3)).resize(SIZE, Image.Resampling.BILINEAR)
    inverted = small.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    result = picture
    for _ in range(dice.number(9, 15) + int(6 * light.rain)):
        radius = int(min(46, 9 + abs(dice.noise(15))))
        x, y = dice.number(0, WIDTH_PX), dice.number(0, HEIGHT_PX)
        result = _droplet(result, veil, inverted, (x, y), radius, dice)
    return result


def _droplet(
    picture: Image.Image, veil: Image.Image, inverted: Image.Image, at: tuple[int, int], radius: int, dice: Dice
) -> Image.Image:
    x, y = at
    box = (x - radius, y - radius, x + radius, y + radius)
    side = 2 * radius
    mask = Image.new("L", (side, side))
    squash = dice.between(0.72, 1.0)
    ImageDraw.Draw(mask).ellipse(
        (side * 0.1, side * (1 - squash) / 2 + 2, side * 0.9, side * (1 + squash) / 2 - 3), fill=210
    )
    mask = mask.filter(ImageFilter.GaussianBlur(max(1.2, radius * dice.between(0.08, 0.26))))
    patch = Image.blend(veil.crop(box), inverted.resize((side, side), Image.Resampling.BICUBIC), 0.28)
    patch = ImageEnhance.Brightness(patch).enhance(dice.between(1.04, 1.26))
    result = picture.copy()
    result.paste(patch, box[:2], mask)
    return result


def _dirty(picture: Image.Image, dice: Dice) -> Image.Image:
    """Brown smears that cover much of the glass, out of focus."""
    mask = Image.new("L", SIZE)
    draw = ImageDraw.Draw(mask)
    for _ in range(dice.number(34, 46)):
        x, y, r = dice.between(0, WIDTH_PX), dice.between(0, HEIGHT_PX), dice.between(18, 95)
        draw.ellipse((x - r, y - r * dice.between(0.5, 1.0), x + r, y + r * 0.8), fill=dice.number(120, 245))
    mask = mask.filter(ImageFilter.GaussianBlur(13))
    mud = Image.new("RGB", SIZE, (74, 60, 44))
    return Image.composite(mud, picture.filter(ImageFilter.GaussianBlur(2.5)), mask)


def _exposed(picture: Image.Image, grain: float, dice: Dice) -> Image.Image:
    """Fall-off towards the corners and the sensor's noise."""
    top, left = dice.number(0, SPARE_PX), dice.number(0, SPARE_PX)
    noise = _grains()[top : top + HEIGHT_PX, left : left + WIDTH_PX]
    values = np.asarray(picture, dtype=np.float32)
    values = values * _falloff()
    values += noise * np.float32(grain)
    np.clip(values, 0, 255, out=values)
    return Image.fromarray(values.astype(np.uint8))


@cache
def _grains() -> Field:
    """Noise of deviation 1, a little larger than a picture: every picture takes another window of it."""
    numbers = np.random.default_rng(7)
    fine = numbers.standard_normal((HEIGHT_PX + SPARE_PX, WIDTH_PX + SPARE_PX, 1), dtype=np.float32)
    coarse = numbers.standard_normal(((HEIGHT_PX + SPARE_PX) // 2, (WIDTH_PX + SPARE_PX) // 2, 1), dtype=np.float32)
    return 0.75 * fine + 0.65 * np.repeat(np.repeat(coarse, 2, axis=0), 2, axis=1)


@cache
def _falloff() -> Field:
    x = np.linspace(-1, 1, WIDTH_PX, dtype=np.float32)[None, :]
    y = np.linspace(-0.5625, 0.5625, HEIGHT_PX, dtype=np.float32)[:, None]
    fall: Field = (1 - 0.17 * (x * x + y * y))[..., None]
    return fall
