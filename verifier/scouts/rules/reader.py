"""One alternative of a question, read from left to right, the longest phrase first."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from verifier.scouts.rules.claims import (
    AllOf,
    Claim,
    EgoStands,
    Not,
    Present,
    RiskIs,
    Stated,
    Trait,
    TraitKind,
    Unknown,
    negated,
)
from verifier.scouts.rules.measures import Count, Metres, measure_at
from verifier.scouts.rules.phrases import FILLERS, Fact, Thing, Traits, phrases
from verifier.scouts.rules.things import CONTROLS

JOIN = "\x01"  # stands where an "or" joined two names of one thing
_NOT = frozenset({"no", "not", "without", "never", "neither"})
_GREEDY_NOT = frozenset({"no", "without", "neither"})  # these speak of the thing that follows, not of a trait before it
# Between two things these say how one stands to the other.
_RELATIONS = frozenset({"by", "into", "onto", "from", "in", "on", "under", "of", "to", "at", "than", "for"})
_RELATING = frozenset({TraitKind.NEAR, TraitKind.BEHIND, TraitKind.AHEAD, TraitKind.LEFT, TraitKind.RIGHT})
_GOES_WITHOUT_SAYING = frozenset({TraitKind.AHEAD, TraitKind.IN_LANE, TraitKind.ON_ROAD})
_RISKS = {
    **dict.fromkeys(("dangerous", "danger", "critical", "hazardous", "risky", "hazard"), (5, 10)),
    **dict.fromkeys(("safe", "harmless", "uneventful", "nominal", "ordinary"), (0, 3)),
}
_PLACED_TAGS = ("tags", "construction")  # a fact that stands somewhere: "roadworks ahead"


@dataclass
class _Group:
    """A thing on the way to become a claim: the traits before and after it, how many, and whether it is denied."""

    thing: Thing
    traits: list[Trait] = field(default_factory=list)
    count: Count = field(default_factory=Count)
    denied: bool = False

    def claim(self) -> Claim:
        traits = tuple(dict.fromkeys(self.traits))
        least = self.count.least
        present: Claim = Present(self.thing.name, self.thing.labels, traits, max(least, 1), self.thing.perhaps)
        if self.count.most is not None:
            more = Not(Present(self.thing.name, self.thing.labels, traits, self.count.most + 1, self.thing.perhaps))
            present = AllOf((present, more)) if least > 0 else more
        return negated(present) if self.denied != self.thing.none else present


class Reader:
    """Reads one alternative from left to right, the longest phrase first."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = list(words)
        self._at = 0
        self._claims: list[Claim] = []
        self._group: _Group | None = None
        self._waiting: list[Trait] = []  # traits that came before their thing
        self._count = Count()
        self._deny = False  # a negation waits for what it denies
        self._greedy = False
        self._join = False  # the next name is another name of the same thing
        self._unknown: list[str] = []

    def first(self) -> Thing | Traits | Fact | None:
        """What the first phrase means, if nothing but fillers and negations stands before it."""
        for at, word in enumerate(self._words):
            if found := _longest(self._words, at):
                return found[0]
            if word not in FILLERS and word not in _NOT:
                return None
        return None

    def is_bare_name(self) -> bool:
        """Whether there is one name and nothing else of content."""
        at, names = 0, 0
        while at < len(self._words):
            found = _longest(self._words, at)
            if found and not isinstance(found[0], Thing):
                return False
            if not found and self._words[at] not in FILLERS and self._words[at] not in _NOT:
                return False
            names += found is not None
            at += found[1] if found else 1
        return names == 1

    def has_only_traits(self) -> bool:
        """Whether there is a trait and no other content."""
        at, found_any = 0, False
        while at < len(self._words):
            found = _longest(self._words, at)
            measured = measure_at(self._words, at)
            if measured and isinstance(measured[0], Metres):
                found_any, at = True, at + measured[1]
            elif found and isinstance(found[0], Traits):
                found_any, at = True, at + found[1]
            elif found or (self._words[at] not in FILLERS and self._words[at] != "not"):
                return False
            else:
                at += 1
        return found_any

    def read(self) -> Claim | None:
        while self._at < len(self._words):
            self._step()
        self._close()
        if self._unknown:
            self._claims.append(Unknown(" ".join(self._unknown)))
        if not self._claims:
            return None
        return self._claims[0] if len(self._claims) == 1 else AllOf(tuple(self._claims))

    def _step(self) -> None:
        word = self._words[self._at]
        if word == JOIN:
            self._join, self._at = True, self._at + 1
        elif self._measure() or self._risk(word) or self._relation():
            return
        elif found := _longest(self._words, self._at):
            meaning, length = found
            spoken = " ".join(self._words[self._at : self._at + length])
            self._at += length
            self._mean(meaning, spoken)
        else:
            self._at += 1
            self._plain(word)

    def _plain(self, word: str) -> None:
        if word in _NOT:
            self._deny, self._greedy = not self._deny, word in _GREEDY_NOT
        elif word not in FILLERS:
            self._traits([Trait(TraitKind.UNKNOWN, words=word)])

    def _mean(self, meaning: Thing | Traits | Fact, spoken: str) -> None:
        if isinstance(meaning, Thing):
            self._name(meaning)
        elif isinstance(meaning, Traits):
            self._traits([_trait(kind, spoken) for kind in meaning.kinds])
        else:
            self._fact(meaning, spoken)

    def _name(self, thing: Thing) -> None:
        if self._join and self._group is not None:
            labels = self._group.thing.labels | thing.labels
            self._group.thing = Thing(f"{self._group.thing.name} or {thing.name}", labels, self._group.thing.none)
            self._join = False
            return
        self._end_group()
        if thing.labels <= CONTROLS and (halted := [one for one in self._waiting if one.kind is TraitKind.STANDING]):
            # A sign does not stop; who "stopped at a stop sign" is the ego.
            self._waiting = [one for one in self._waiting if one not in halted]
            self._claims.append(EgoStands("standing"))
        more = [Trait(TraitKind.UNKNOWN, words=thing.name)] if thing.says_more else []
        self._group = _Group(thing, [*self._waiting, *more], self._count, self._deny)
        self._waiting, self._count, self._deny = [], Count(), False

    def _traits(self, traits: Sequence[Trait]) -> None:
        before = self._group is None or self._opens_next()
        if self._deny and not (self._greedy and before):
            traits = [replace(one, negated=True) for one in traits]
            self._deny = False
        (self._waiting if before or self._group is None else self._group.traits).extend(traits)

    def _opens_next(self) -> bool:
        """Whether a trait stands right before another thing: "barrels, parked car" has lost its comma."""
        found = _longest(self._words, self._at)
        return found is not None and isinstance(found[0], Thing)

    def _fact(self, fact: Fact, spoken: str) -> None:
        placed = _PLACED_TAGS in fact.meant and self._is_placed()
        if placed:
            from_tag = phrases()[0][("construction", "furniture")]
            assert isinstance(from_tag, Thing)
            self._name(Thing(spoken, from_tag.labels))
            return
        claim: Claim = Stated(spoken, fact.meant)
        self._claims.append(negated(claim) if self._deny else claim)
        self._deny = False

    def _is_placed(self) -> bool:
        """Whether the next thing said is a place."""
        at = self._at
        while at < len(self._words):
            found = _longest(self._words, at)
            if found:
                return isinstance(found[0], Traits)
            if self._words[at] not in FILLERS:
                return False
            at += 1
        return False

    def _measure(self) -> bool:
        """A count or a distance that begins here."""
        found = measure_at(self._words, self._at)
        if found is None:
            return False
        what, length = found
        if isinstance(what, Metres):
            self._at += length
            self._traits([Trait(what.kind, what.metres)])
            return True
        if not self._counts(self._at + length):
            return False
        self._at += length
        self._end_group()
        self._count = what
        return True

    def _counts(self, at: int) -> bool:
        """Whether a thing follows, perhaps after its traits, which a count would be of."""
        while at < len(self._words):
            found = _longest(self._words, at)
            if found is None and self._words[at] not in FILLERS:
                return False
            if found and isinstance(found[0], Fact):
                return False
            if found and isinstance(found[0], Thing):
                return True
            at += found[1] if found else 1
        return False

    def _risk(self, word: str) -> bool:
        found = _risk_at(self._words, self._at)
        if found is not None:
            claim, length = found
            self._at += length
        elif word in _RISKS:
            least, most = _RISKS[word]
            claim = RiskIs(word, least, most, blur=1)
            self._at += 1
        else:
            return False
        self._claims.append(negated(claim) if self._deny else claim)
        self._deny = False
        return True

    def _relation(self) -> bool:
        """A word that relates the thing before to the one after it: nothing here knows such relations."""
        if self._group is None:
            return False
        found = _longest(self._words, self._at)
        relating = found is not None and isinstance(found[0], Traits) and not _RELATING.isdisjoint(found[0].kinds)
        length = found[1] if found and relating else 1
        word = self._words[self._at]
        if not relating and (found is not None or word not in _RELATIONS):
            return False
        after = self._at + length
        while after < len(self._words) and self._words[after] in {"a", "an", "the", "of", "to", "some", "two"}:
            after += 1
        other = _longest(self._words, after)
        if other is None or not isinstance(other[0], Thing):
            return False
        words = self._words[self._at : after + other[1]]
        self._at = after + other[1]
        self._group.traits.append(Trait(TraitKind.UNKNOWN, words=" ".join(words)))
        return True

    def _end_group(self) -> None:
        if self._group is not None:
            self._claims.append(self._group.claim())
            self._group = None

    def _close(self) -> None:
        """What is left at the end: traits without a thing, and a negation of nothing."""
        self._end_group()
        left = [trait for trait in self._waiting if not (self._claims and trait.kind in _GOES_WITHOUT_SAYING)]
        if left == [Trait(TraitKind.STANDING)]:
            self._claims.append(EgoStands("standing"))
        elif left:
            self._unknown.append(" ".join(map(str, left)))
        if self._deny:
            self._unknown.append("not")


def _trait(kind: TraitKind, spoken: str) -> Trait:
    return Trait(kind, words=spoken) if kind is TraitKind.UNKNOWN else Trait(kind)


def _longest(words: Sequence[str], at: int) -> tuple[Thing | Traits | Fact, int] | None:
    known, most = phrases()
    for length in range(min(most, len(words) - at), 0, -1):
        meaning = known.get(tuple(words[at : at + length]))
        if meaning is not None:
            return meaning, length
    return None


def _risk_at(words: Sequence[str], at: int) -> tuple[RiskIs, int] | None:
    """ "risk 6 or more", "risk >= 6", "risk above 6", "high risk"."""
    text = " ".join(words[at : at + 7])
    if found := re.match(r"(high|low) risk\b", text):
        least, most = (6, 10) if found[1] == "high" else (0, 3)
        return RiskIs(found[0], least, most, blur=1), 2
    number = (
        r"risk (?:score )?(?:of |is |level )*(>= |<= |> |< |= |at least |at most |above |over |below |under )?(\d+)"
    )
    found = re.match(number + r"\b( or (?:more|above|higher|less|below|lower))?", text)
    if not found:
        return None
    value, least, most = int(found[2]), 0, 10
    sign, after = (found[1] or "").strip(), (found[3] or "").strip()
    if sign in (">=", "at least") or after in ("or more", "or above", "or higher"):
        least = value
    elif sign in ("<=", "at most") or after in ("or less", "or below", "or lower"):
        most = value
    elif sign in (">", "above", "over"):
        least = value + 1
    elif sign in ("<", "below", "under"):
        most = value - 1
    else:
        least = most = value
    return RiskIs(found[0], least, most), len(found[0].split())
