"""The sky of a picture: a gradient by elevation, clouds, the glow around the sun."""

import numpy as np

from indexer.logs.sample.geometry import WIDTH_PX, View
from indexer.logs.sample.light import Light
from indexer.logs.sample.noise import Field, sample, tile


def sky(view: View, light: Light, rows: int, grain: int) -> Field:
    """The upper `rows` rows of the picture, (rows, 800, 3), 0 to 1; made at half the size, for it has no edges."""
    small = _sky(view, light, (rows + 1) // 2, grain)
    return np.repeat(np.repeat(small, 2, axis=0), 2, axis=1)[:rows]


def _sky(view: View, light: Light, rows: int, grain: int) -> Field:
    palette = light.palette
    focal, (cu, cv) = view.camera.focal_px, view.camera.centre_px
    u = (np.arange(0, WIDTH_PX, 2, dtype=np.float32) + 1 - cu) / focal
    v = (np.arange(0, 2 * rows, 2, dtype=np.float32) + 1 - cv) / focal
    axes = view.axes.astype(np.float32)
    way = axes[:, 0] * u[None, :, None] + axes[:, 1] * v[:, None, None] + axes[:, 2]
    way /= np.linalg.norm(way, axis=2, keepdims=True)
    up = np.clip(way[..., 2], 0, 1)
    share = (1 - np.exp(-up * 5.5))[..., None]
    rgb = np.array(palette.horizon, dtype=np.float32) * (1 - share) + np.array(palette.zenith, dtype=np.float32) * share
    if palette.clouds:
        rgb = _clouds(rgb, way, up, light, grain)
    if max(palette.sun) > 0.5:
        near = np.clip(way @ light.sun.astype(np.float32), 0, 1)[..., None]
        glow = 0.5 * near**24 + 1.1 * near**350
        rgb = rgb + glow * np.array(palette.sun, dtype=np.float32)
    return _with_skyline(rgb, way, light, grain).astype(np.float32)


def _with_skyline(rgb: Field, way: Field, light: Light, grain: int) -> Field:
    """Woods, hills and roofs far off: a ragged dark edge in the haze above the horizon."""
    around: Field = np.arctan2(way[..., 1], way[..., 0])
    row: Field = np.zeros_like(around)
    rough = sample(tile(grain + 23, 12), np.multiply(around, 26), row)
    fine = sample(tile(grain + 24, 2), np.multiply(around, 160), row)
    height = 0.012 + 0.04 * rough + 0.012 * fine
    share = np.clip((height - way[..., 2]) * 250, 0, 1) * 0.62 * np.exp(-light.haze_per_m * 60)
    far = np.array(light.palette.horizon, dtype=np.float32) * np.array((0.5, 0.56, 0.56), dtype=np.float32)
    mixed: Field = rgb + (far - rgb) * share[..., None].astype(np.float32)
    return mixed


def _clouds(rgb: Field, way: Field, up: Field, light: Light, grain: int) -> Field:
    """A layer of noise in three sizes on a plane overhead, thinning toward the horizon."""
    high = 1 / (up + 0.09)
    x: Field = way[..., 0] * high * 9.0 + grain % 97
    y: Field = way[..., 1] * high * 9.0 + grain % 89
    shape = sample(tile(grain + 20, 10), x, y)
    shape = shape + 0.5 * (sample(tile(grain + 21, 10), x * 2.3, y * 2.3) - 0.5)
    shape = shape + 0.25 * (sample(tile(grain + 22, 8), x * 5.1, y * 5.1) - 0.5)
    cover = light.palette.clouds
    mask = np.clip((shape - (0.78 - 0.42 * cover)) * 4.2, 0, 1) * np.clip(up * 9, 0, 1)
    body = np.array(light.palette.cloud, dtype=np.float32) * (0.8 + 0.45 * (shape[..., None] - 0.4))
    mixed: Field = rgb + (body - rgb) * (mask * 0.85)[..., None]
    return mixed
