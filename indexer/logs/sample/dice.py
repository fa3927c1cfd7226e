"""Chance that can be repeated: every choice is drawn from the seed and the name of what is being chosen."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


class Dice:
    """A source of chance for one purpose. The same seed and names throw the same values, in any process."""

    def __init__(self, seed: int, *names: object) -> None:
        self._key = (seed, *names)
        self._numbers = np.random.default_rng(np.frombuffer(_hashed(*self._key), dtype=np.uint32))

    def of(self, *names: object) -> "Dice":
        """Dice for a part of this purpose; what was thrown so far does not matter to them."""
        seed, *purpose = self._key
        return Dice(int(str(seed)), *purpose, *names)

    def between(self, low: float, high: float) -> float:
        return float(self._numbers.uniform(low, high))

    def number(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return int(self._numbers.integers(low, high + 1))

    def choice(self, options: Sequence[T]) -> T:
        return options[self.number(0, len(options) - 1)]

    def chance(self, probability: float) -> bool:
        return self.between(0.0, 1.0) < probability

    def noise(self, deviation: float) -> float:
        return float(self._numbers.normal(0.0, deviation))

    def shuffled(self, options: Sequence[T]) -> list[T]:
        return [options[index] for index in self._numbers.permutation(len(options))]

    @property
    def numbers(self) -> np.random.Generator:
        """For whole arrays."""
        return self._numbers


def token(seed: int, *names: object) -> str:
    """A nuScenes token: 32 hexadecimal digits."""
    return _hashed("token", seed, *names).hex()[:32]


def _hashed(*parts: object) -> bytes:
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
