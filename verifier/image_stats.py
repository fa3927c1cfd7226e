"""What a camera's picture says without a model: light, contrast, sharpness, soft blobs, mirrors in the road.

Everything is measured on a picture of at most `WIDTH_PX` pixels across, luminance and colours between 0 and 1, so
that the numbers of cameras of different sizes can be compared. Pure functions of an array; nothing is trained.
"""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from scenario.records import Record

if TYPE_CHECKING:
    from PIL.Image import Image

Array = npt.NDArray[np.float32]

WIDTH_PX = 400
LUMINANCE = np.array([0.299, 0.587, 0.114], dtype=np.float32)
SKY, ROAD = (0.0, 0.3), (0.62, 0.92)  # rows, as shares of the height: above every horizon; before the own bonnet
DARK = 0.12  # luminance below which a pixel shows next to nothing
GLARE = 0.97  # luminance from which a pixel is saturated
BRIGHT, BLUE_BY, GREY_WITHIN = 0.4, 0.1, 0.05  # of a pixel of the sky
COARSE = 0.002  # luminance per pixel: a slope that the eye sees in a picture blurred by about 6 pixels
SOFT = 3.0  # a coarse slope without a fine slope this much steeper nearby has no edge in it
STEEP, SMEARED = 0.006, 4.0  # the same for strong contrasts, which clouds and shadows do not have
REACH_PX = 8  # how near that edge must be


class ImageStats(Record):
    """One picture. Shares are of its pixels; slopes are luminance per pixel at `WIDTH_PX`."""

    brightness: float  # mean luminance
    contrast: float  # its standard deviation
    saturation: float  # median of (max - min) / max over the colours: of most of the picture, not of one red wall
    dark_share: float  # pixels with luminance below `DARK`
    glare_share: float  # pixels with luminance of at least `GLARE`
    sky_brightness: float  # median luminance of the upper rows
    road_brightness: float  # median luminance of the rows in front of the ego
    edge_slope: float  # 90th percentile of the slope: how sharp and how strong edges are
    laplacian_variance: float  # the usual measure of blur, times 10,000
    detail: float  # median |Laplacian|, times 100: fine detail everywhere, not on a few strong edges
    haze: float  # mean dark channel (He, Sun, Tang 2009): the least colour nearby; white veils lift it
    soft_share: float  # coarse slopes without an edge, of all coarse slopes: drops out of focus on the lens
    smear: float  # steep coarse slopes without an edge, of all steep ones: dirt that blurs what is strong
    mirror: float  # across-slopes over down-slopes of the road: a wet road smears reflections downwards
    warmth: float  # mean red less mean blue
    blue_sky: float  # share of the upper half that is bright and clearly blue
    grey_sky: float  # share of the upper half that is bright and without colour: clouds, but white walls too

    @property
    def wetness(self) -> float:
        """Soft blobs and a road that mirrors: two signs of rain that have nothing else in common."""
        return self.soft_share * self.mirror

    @property
    def is_black(self) -> bool:
        """A camera that sees nothing at all: not even the lamps of a night."""
        return self.brightness < 0.03 and self.contrast < 0.02

    @property
    def is_blank(self) -> bool:
        """A camera that sees one colour: covered, or stuck."""
        return self.contrast < 0.012


def measure(picture: "Image") -> ImageStats:
    """The statistics of a picture of any size, RGB."""
    width = min(WIDTH_PX, picture.width)
    height = max(1, round(picture.height * width / picture.width))
    small = picture if picture.width == width else picture.resize((width, height), resample=2, reducing_gap=1.0)
    return statistics(np.asarray(small.convert("RGB"), dtype=np.float32) / 255.0)


def statistics(rgb: Array) -> ImageStats:
    """The statistics of (height, width, 3) colours between 0 and 1, already small."""
    light: Array = rgb @ LUMINANCE
    red, green, blue = (np.ascontiguousarray(rgb[:, :, channel]) for channel in range(3))
    most, least = np.maximum(np.maximum(red, green), blue), np.minimum(np.minimum(red, green), blue)
    slope = _slope(light)
    soft, smear = without_edges(light)
    laplacian = _laplacian(light)
    road = _rows(light, ROAD)
    return ImageStats(
        brightness=_mean(light),
        contrast=float(light.std()),
        saturation=float(np.median((most - least) / (most + np.float32(0.05)))),
        dark_share=_mean(light < DARK),
        glare_share=_mean(light >= GLARE),
        sky_brightness=float(np.median(_rows(light, SKY))),
        road_brightness=float(np.median(road)),
        edge_slope=float(np.percentile(slope, 90)),
        laplacian_variance=float(laplacian.var()) * 1e4,
        detail=float(np.median(np.abs(laplacian))) * 1e2,
        haze=_mean(_least_nearby(least, 7)),
        soft_share=soft,
        smear=smear,
        mirror=mirror(road),
        warmth=_mean(red) - _mean(blue),
        blue_sky=_mean(_upper((blue > red + BLUE_BY) & (blue > BRIGHT))),
        grey_sky=_mean(_upper((most - least < GREY_WITHIN) & (light > BRIGHT))),
    )


def without_edges(light: Array) -> tuple[float, float]:
    """Of the places where the blurred picture slopes, and of those where it slopes steeply, the shares without a
    sharp edge nearby.

    What the camera focuses on slopes because there is an edge. A drop on the lens is far out of focus: it slopes
    over many pixels and has no edge anywhere. Dirt takes the edges even from what is strong in the picture.
    """
    coarse = _slope(box(box(light, 6), 6))
    fine = _most_nearby(_slope(box(light, 1)), REACH_PX)
    return _soft(coarse, fine, COARSE, SOFT), _soft(coarse, fine, STEEP, SMEARED)


def _soft(coarse: Array, fine: Array, slope: float, ratio: float) -> float:
    there = coarse > slope
    return float((there & (fine < ratio * coarse)).sum() / max(int(there.sum()), 1))


def mirror(road: Array) -> float:
    """Slopes across over slopes down, of the road blurred by some 2 pixels.

    Reflections in a wet road are stretched downwards, so brightness changes more across than down.
    """
    down, across = _gradient(box(box(road, 2), 2))
    return float(np.abs(across).mean() / (np.abs(down).mean() + 1e-4))


def box(values: Array, radius: int) -> Array:
    """The mean over a square of side 2 × radius + 1; edges are repeated."""
    return _box_along(_box_along(values, radius, 0), radius, 1)


def _box_along(values: Array, radius: int, axis: int) -> Array:
    size = 2 * radius + 1
    padded = _padded(values, axis, radius + 1, radius)
    sums = np.cumsum(padded, axis=axis)
    means = (sums[size:] - sums[:-size]) if axis == 0 else (sums[:, size:] - sums[:, :-size])
    return np.asarray(means / np.float32(size))


def _padded(values: Array, axis: int, before: int, after: int) -> Array:
    """The array with its first and last row (or column) repeated."""
    first, last = (values[:1], values[-1:]) if axis == 0 else (values[:, :1], values[:, -1:])
    return np.concatenate([np.repeat(first, before, axis), values, np.repeat(last, after, axis)], axis=axis)


def _gradient(values: Array) -> tuple[Array, Array]:
    """Central differences down and across, (height - 2, width - 2) each."""
    return (values[2:, 1:-1] - values[:-2, 1:-1]) / 2, (values[1:-1, 2:] - values[1:-1, :-2]) / 2


def _slope(values: Array) -> Array:
    down, across = _gradient(values)
    return np.asarray(np.sqrt(down * down + across * across))


def _laplacian(light: Array) -> Array:
    around = light[2:, 1:-1] + light[:-2, 1:-1] + light[1:-1, 2:] + light[1:-1, :-2]
    return np.asarray(around - np.float32(4) * light[1:-1, 1:-1])


def _rows(values: Array, shares: tuple[float, float]) -> Array:
    height = values.shape[0]
    return values[round(height * shares[0]) : max(round(height * shares[1]), round(height * shares[0]) + 5)]


def _upper(flags: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    return flags[: flags.shape[0] // 2]


def _most_nearby(values: Array, radius: int) -> Array:
    return _running_max(_running_max(values, radius, 0), radius, 1)


def _least_nearby(values: Array, radius: int) -> Array:
    return -_most_nearby(-values, radius)


def _running_max(values: Array, radius: int, axis: int) -> Array:
    """The greatest value within `radius` along an axis, in as many steps as the radius has binary digits."""
    best = _padded(values, axis, radius, radius)
    size, covered = 2 * radius + 1, 1
    while covered < size:
        step = min(covered, size - covered)
        best = np.maximum(best[:-step], best[step:]) if axis == 0 else np.maximum(best[:, :-step], best[:, step:])
        covered += step
    return best


def _mean(values: npt.NDArray[np.float32] | npt.NDArray[np.bool_]) -> float:
    return float(np.mean(values))
