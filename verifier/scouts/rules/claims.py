"""What a question claims about a frame, as small typed parts that can each be held against what is seen."""

from dataclasses import dataclass
from enum import StrEnum


class TraitKind(StrEnum):
    """Where a thing is, or what it does; the value is how it is spoken of."""

    IN_LANE = "in the lane"
    ON_ROAD = "on the road"
    BESIDE_ROAD = "beside the road"
    BESIDE_LANE = "beside the lane"
    AHEAD = "ahead"
    BEHIND = "behind"
    LEFT = "on the left"
    RIGHT = "on the right"
    NEAR = "near"
    FAR = "far"
    WITHIN = "within"
    BEYOND = "beyond"
    ON_CROSSWALK = "on a crosswalk"
    CROSSING = "crossing"
    ENTERING = "entering the road"
    ONCOMING = "oncoming"
    MOVING = "moving"
    STANDING = "standing"
    LYING = "lying or sitting"
    PARKED = "parked"
    RUNNING = "running"
    WALKING = "walking"
    CUTTING_IN = "cutting in"
    HIDDEN = "hidden"
    UNKNOWN = "something that means nothing to the rules"


@dataclass(frozen=True)
class Trait:
    kind: TraitKind
    metres: float | None = None  # of WITHIN and BEYOND
    negated: bool = False
    words: str = ""  # of UNKNOWN

    def __str__(self) -> str:
        if self.words:
            return self.words
        distance = "" if self.metres is None else f" {self.metres:g} m"
        return f"{'not ' if self.negated else ''}{self.kind}{distance}"


@dataclass(frozen=True)
class Present:
    """At least `least` things with one of `labels` have every trait."""

    name: str
    labels: frozenset[str]
    traits: tuple[Trait, ...] = ()
    least: int = 1
    perhaps: frozenset[str] = frozenset()  # labels of things that some would call so, too


@dataclass(frozen=True)
class Stated:
    """The report states one of these (field, value)."""

    words: str
    meant: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RiskIs:
    """The risk is from `least` to `most`. Words such as "dangerous" have no sharp border: `blur` to either side."""

    words: str
    least: int = 0
    most: int = 10
    blur: int = 0


@dataclass(frozen=True)
class EgoStands:
    words: str


@dataclass(frozen=True)
class Unknown:
    """Words that mean nothing to the rules: they might say anything, so they are never left out."""

    words: str


@dataclass(frozen=True)
class Not:
    claim: "Claim"


@dataclass(frozen=True)
class AllOf:
    claims: tuple["Claim", ...]


@dataclass(frozen=True)
class AnyOf:
    claims: tuple["Claim", ...]


Claim = Present | Stated | RiskIs | EgoStands | Unknown | Not | AllOf | AnyOf


def negated(claim: Claim) -> Claim:
    return claim.claim if isinstance(claim, Not) else Not(claim)
