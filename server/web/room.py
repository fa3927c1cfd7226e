"""Room for labels: one is written only where none stands yet. Pure."""

from collections.abc import Iterable

Area = tuple[float, float, float, float]  # left, top, right, bottom


class Room:
    """A drawing of a size in pixels, and what of it is taken."""

    def __init__(self, width: float, height: float, taken: Iterable[Area] = ()) -> None:
        self._width, self._height = width, height
        self._taken = list(taken)

    def take(self, area: Area) -> bool:
        """Whether the area was free, and is taken now."""
        left, top, right, bottom = area
        inside = left >= 0 and top >= 0 and right <= self._width and bottom <= self._height
        if not inside or any(_overlap(area, other) for other in self._taken):
            return False
        self._taken.append(area)
        return True


def _overlap(one: Area, two: Area) -> bool:
    return one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]
