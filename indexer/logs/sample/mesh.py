"""Shapes as flat faces and rounded limbs, in their own coordinates (x forward, y left, z up, metres).

Faces are drawn far to near. Within a mesh the order is: `rank` (what stands on what), then the distance of the part,
then `level` (a window lies on a wall), so that no depth buffer is needed.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import cos, pi, sin
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from indexer.logs.sample.geometry import Array

Indices: TypeAlias = NDArray[np.intp]
Flags: TypeAlias = NDArray[np.bool_]
Point = tuple[float, float, float]
Colour = tuple[float, float, float]  # 0 to 255; may be above where it shines


@dataclass(frozen=True)
class Mesh:
    """Faces and limbs as arrays. Face i has the points starts[i] to starts[i+1]; a limb has two, and two radii."""

    points: Array  # (p, 3)
    starts: Indices  # (n + 1,)
    rgb: Array  # (n, 3) 0 to 1
    glow: Array  # (n,) 0 lit by its surroundings, 1 shines by itself
    radii: Array  # (n, 2) metres; 0 for a face
    sided: Flags  # (n,) whether only its outside is seen
    rank: Array  # (n,)
    level: Array  # (n,)
    part: Indices  # (n,)


@dataclass
class Maker:
    """Collects faces. `part` and `rank` are set for what is added inside a `with` block."""

    points: list[Point] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    rgb: list[Colour] = field(default_factory=list)
    glow: list[float] = field(default_factory=list)
    radii: list[tuple[float, float]] = field(default_factory=list)
    sided: list[bool] = field(default_factory=list)
    ranks: list[float] = field(default_factory=list)
    levels: list[float] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)
    rank: float = 0.0
    part: int = 0
    _used: int = 0

    @contextmanager
    def a_part(self, rank: float = 0.0) -> Iterator[None]:
        """What is added inside is one convex thing of its own."""
        before = (self.rank, self.part)
        self._used += 1
        self.rank, self.part = rank, self._used
        yield
        self.rank, self.part = before

    def face(
        self, points: Sequence[Point], rgb: Colour, *, level: float = 0.0, glow: float = 0.0, sided: bool = True
    ) -> None:
        """A flat polygon; seen from outside its points run counter-clockwise."""
        self._add(points, rgb, (0.0, 0.0), level, glow, sided)

    def limb(
        self,
        a: Point,
        b: Point,
        radius_a: float,
        rgb: Colour,
        radius_b: float | None = None,
        *,
        level: float = 0.0,
        glow: float = 0.0,
    ) -> None:
        """A rounded stick from `a` to `b`; a ball where they are one point."""
        self._add((a, b), rgb, (radius_a, radius_a if radius_b is None else radius_b), level, glow, False)

    def _add(
        self,
        points: Sequence[Point],
        rgb: Colour,
        radii: tuple[float, float],
        level: float,
        glow: float,
        sided: bool,
    ) -> None:
        self.points += points
        self.counts.append(len(points))
        self.rgb.append(rgb)
        self.glow.append(glow)
        self.radii.append(radii)
        self.sided.append(sided)
        self.ranks.append(self.rank)
        self.levels.append(level)
        self.parts.append(self.part)

    def mesh(self) -> Mesh:
        return Mesh(
            np.array(self.points, dtype=float).reshape(-1, 3),
            np.concatenate([[0], np.cumsum(self.counts, dtype=int)]),
            np.array(self.rgb, dtype=float).reshape(-1, 3) / 255,
            np.array(self.glow),
            np.array(self.radii, dtype=float).reshape(-1, 2),
            np.array(self.sided, dtype=bool),
            np.array(self.ranks),
            np.array(self.levels),
            np.array(self.parts, dtype=int),
        )

    # Shapes

    def prism(
        self,
        low: Sequence[tuple[float, float]],
        z0: float,
        z1: float,
        rgb: Colour,
        *,
        top: float = 1.0,
        lid: Colour | None = None,
        glow: float = 0.0,
    ) -> None:
        """An upright column over a convex outline (counter-clockwise from above), with a lid; `top` scales the lid."""
        cx, cy = (sum(values) / len(low) for values in zip(*low, strict=True))
        high = [(cx + (x - cx) * top, cy + (y - cy) * top) for x, y in low]
        n = len(low)
        for i in range(n):
            j = (i + 1) % n
            self.face([(*low[i], z0), (*low[j], z0), (*high[j], z1), (*high[i], z1)], rgb, glow=glow)
        self.face([(*point, z1) for point in high], lid or rgb, glow=glow)

    def box(
        self,
        x: tuple[float, float],
        y: tuple[float, float],
        z: tuple[float, float],
        rgb: Colour,
        *,
        lid: Colour | None = None,
        glow: float = 0.0,
    ) -> None:
        outline = [(x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1])]
        self.prism(outline, z[0], z[1], rgb, lid=lid, glow=glow)

    def column(self, radius: float, z0: float, z1: float, rgb: Colour, sides: int, lid: Colour | None = None) -> None:
        """A round column about the z axis."""
        self.prism([(radius * c, radius * s) for c, s in circle(sides)], z0, z1, rgb, lid=lid)

    def side_panel(
        self,
        x: tuple[float, float],
        z: tuple[float, float],
        y: float,
        rgb: Colour,
        level: float = 1.0,
        glow: float = 0.0,
    ) -> None:
        """A rectangle that lies on a wall facing left (y > 0) or right."""
        quad = [(x[0], y, z[0]), (x[1], y, z[0]), (x[1], y, z[1]), (x[0], y, z[1])]
        self.face(quad if y < 0 else quad[::-1], rgb, level=level, glow=glow)

    def end_panel(
        self,
        y: tuple[float, float],
        z: tuple[float, float],
        x: float,
        rgb: Colour,
        level: float = 1.0,
        glow: float = 0.0,
        forward: bool | None = None,
    ) -> None:
        """A rectangle that lies on a wall facing forward (x > 0, or `forward`) or backward."""
        quad = [(x, y[0], z[0]), (x, y[1], z[0]), (x, y[1], z[1]), (x, y[0], z[1])]
        front = x > 0 if forward is None else forward
        self.face(quad if front else quad[::-1], rgb, level=level, glow=glow)

    def wheel(self, x: float, y: float, radius: float, level: float = 2.0) -> None:
        """A wheel as seen on the side of a vehicle: tyre and rim."""
        for size, rgb, up in ((1.0, (24, 24, 26), 0.0), (0.62, (150, 152, 156), 0.1), (0.22, (60, 60, 64), 0.2)):
            disc = [(x + size * radius * c, y, radius + size * radius * s) for c, s in circle(14)]
            self.face(disc if y < 0 else disc[::-1], rgb, level=level + up)


def circle(sides: int) -> list[tuple[float, float]]:
    """Points on the unit circle, counter-clockwise."""
    return [(cos(2 * pi * n / sides), sin(2 * pi * n / sides)) for n in range(sides)]


def shade(rgb: Colour, factor: float) -> Colour:
    r, g, b = (min(255.0, value * factor) for value in rgb)
    return r, g, b
