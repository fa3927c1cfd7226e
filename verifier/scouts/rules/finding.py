"""A value together with what it rests on."""

from dataclasses import dataclass
from typing import Generic, TypeVar

V = TypeVar("V")


@dataclass(frozen=True)
class Finding(Generic[V]):
    """What a rule found, and why. A value of None is "cannot be known from here"."""

    value: V
    because: str = ""
