"""Words to claims: what a question, in any reasonable wording, says about a frame.

Nothing is left out in silence. A word that carries content and means nothing here, and a relation between two things
("behind a truck"), becomes a trait of its thing that nobody can tell, or, without a thing, a part that is `Unknown`.
"""

import re
from collections.abc import Iterator, Sequence

from verifier.scouts.rules.claims import AllOf, AnyOf, Claim, Not, Unknown, negated
from verifier.scouts.rules.phrases import Thing
from verifier.scouts.rules.reader import JOIN, Reader

_TOKEN = re.compile(r"\d+(?:\.\d+)?|[^\W\d_]+|>=|<=|[^\s\w]|_")
_HARMLESS = frozenset("'\"`’‘“”.!?_:…–—-/()[]")
_AND = frozenset({",", ";", "and", "but", "with", "&", "having", "plus", "+"})
_OR = frozenset({"or", "nor"})


def claim_of(question: str) -> Claim:
    """What a question claims. Never raises; what is not understood is `Unknown`."""
    words = _words(question)
    parts = [_alternatives(part) for part in _parts(words)]
    claims = [claim for claim in parts if claim is not None]
    if not claims:
        return Unknown(question.strip() or "nothing")
    return claims[0] if len(claims) == 1 else AllOf(tuple(claims))


def _words(question: str) -> list[str]:
    text = question.casefold().replace("_", " ").replace("-", " ").replace("≥", ">=").replace("≤", "<=")
    text = re.sub(r"\b(can)['’]?t\b|n['’]t\b", r"\1 not", text)
    text = re.sub(r"['’]s\b", "", text).replace("cannot", "can not")
    text = re.sub(r"\band up\b", "or more", text)
    text = re.sub(r"\b(?:not (?:a|one) single|not any)\b", "no", text)
    text = re.sub(r"\b(?:hardly|barely|scarcely) any\b", "at most two", text)
    text = re.sub(r"\b(neither\b.*?)\bnor\b", r"\1, no", text)
    text = re.sub(r"\b(?:clear|free|empty|devoid) of\b", "without", text)
    text = re.sub(r",\s*(?=(?:or|and|nor)\b)", " ", text)
    # These hold a "with" or an "in" that neither parts nor relates.
    text = re.sub(r"\b(?:person|people|pedestrian) (?:with|pushing) (?:a )?(stroller|pram)", r"\1", text)
    text = re.sub(r"\b(?:person|people|pedestrian) in (?:a )?(wheelchair)", r"\1", text)
    return [word for word in _TOKEN.findall(text) if word not in _HARMLESS]


def _parts(words: Sequence[str]) -> Iterator[list[str]]:
    """What "and" and commas part; but traits alone still speak of the thing before: "a car in our lane, moving"."""
    whole: list[str] = []
    parts = list(_split(words, _AND))
    for place, part in enumerate(parts):
        if place and _is_listed(parts[place - 1 :]):
            whole = [*whole, "or", *part]
            continue
        if whole and not Reader(part).has_only_traits():
            yield whole
            whole = []
        whole = [*whole, *part]
    yield whole


def _is_listed(parts: Sequence[Sequence[str]]) -> bool:
    """Whether the comma after the first part is an "or": "children, cyclists or dogs"."""
    for part in parts:
        side = next(_split(part, _OR))
        if not Reader(side).is_bare_name():
            return False
        if len(side) < len(part):
            return True
    return False


def _split(words: Sequence[str], at: frozenset[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for word in words:
        if word in at:
            yield part
            part = []
        else:
            part.append(word)
    yield part


def _alternatives(words: Sequence[str]) -> Claim | None:
    """One part of a conjunction: its alternatives, of which a negation before the first denies all."""
    measured = list(_marked(words))
    sides = list(_split(measured, _OR))
    if len(sides) > 1 and (merged := _merged(sides)):
        sides = [merged]
    claims = [claim for side in sides if (claim := Reader(_unmarked(side)).read()) is not None]
    if len(claims) < 2:
        return claims[0] if claims else None
    if isinstance(claims[0], Not):
        return AllOf(tuple(claim if isinstance(claim, Not) else negated(claim) for claim in claims))
    return AnyOf(tuple(claims))


_OR_MORE = "\x00or"


def _marked(words: Sequence[str]) -> Iterator[str]:
    """The "or" of "two or more" is none between alternatives."""
    for place, word in enumerate(words):
        comparing = word == "or" and place + 1 < len(words) and words[place + 1] in _COMPARING
        yield _OR_MORE if comparing else word


_COMPARING = frozenset({"more", "less", "fewer", "above", "higher", "greater", "below", "lower"})


def _unmarked(words: Sequence[str]) -> list[str]:
    return ["or" if word == _OR_MORE else word for word in words]


def _merged(sides: Sequence[Sequence[str]]) -> list[str] | None:
    """ "A pedestrian or cyclist in the lane": names alone before the last alternative share what is said after it."""
    names = [_only_name(side) for side in sides[:-1]]
    last = Reader(_unmarked(sides[-1]))
    if any(name is None for name in names) or not isinstance(last.first(), Thing):
        return None
    return [word for side in sides[:-1] for word in (*side, JOIN)] + list(sides[-1])


def _only_name(words: Sequence[str]) -> Thing | None:
    reader = Reader(_unmarked(words))
    first = reader.first()
    return first if isinstance(first, Thing) and reader.is_bare_name() else None
