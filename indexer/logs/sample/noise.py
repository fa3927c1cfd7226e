"""Smooth noise: the grain of asphalt, the edges of clouds, the film of water on a road."""

from functools import cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Field: TypeAlias = NDArray[np.floating[Any]]

CELLS = 256
_FINE = 4  # smooth tiles are stored this much finer, so that the nearest value is as good as one in between
_SHIFT = 1 << 16  # makes coordinates positive, where cutting off the fraction rounds down


@cache
def tile(seed: int, smooth: int) -> Field:
    """(1024, 1024) values from 0 to 1 over 256 × 256 cells that repeat at the edges, smoothed over `smooth` cells."""
    raw = np.random.default_rng(9000 + seed).standard_normal((CELLS, CELLS))
    spectrum = np.fft.fft2(raw)
    frequency = np.fft.fftfreq(CELLS)
    squared = frequency[:, None] ** 2 + frequency[None, :] ** 2
    spectrum *= np.exp(-squared * (np.pi * smooth) ** 2 / 2)
    size, half = CELLS * _FINE, CELLS // 2
    padded = np.zeros((size, size), dtype=complex)
    for rows in (slice(0, half), slice(-half, None)):
        for columns in (slice(0, half), slice(-half, None)):
            padded[rows, columns] = spectrum[rows, columns]
    values = np.fft.ifft2(padded).real
    spread = np.clip((values - values.mean()) / (values.std() * 5) + 0.5, 0, 1)
    return np.ascontiguousarray(spread, dtype=np.float32)


def sample(field: Field, x: Field, y: Field) -> Field:
    """The field at cell coordinates, wrapped around; arrays of any one shape."""
    size = CELLS * _FINE
    column = (x * _FINE + _SHIFT).astype(np.int32) & (size - 1)
    row = (y * _FINE + _SHIFT).astype(np.int32) & (size - 1)
    values: Field = field.ravel().take(row * size + column)  # a flat look-up is the fastest
    return values
