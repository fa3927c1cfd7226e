"""Numbers in questions: how many ("at least three"), how far ("within 20 m")."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from verifier.scouts.rules.claims import TraitKind

_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
# What people mean by these at least; "a few" and "many" say too little to count by.
_VAGUE = {"multiple": 2, "a couple of": 2, "a pair of": 2, "both": 2, "several": 3, "a group of": 3, "groups of": 3}
_NUMBER = rf"(\d+(?:\.\d+)?|{'|'.join(_NUMBERS)})"
_METRES = r"(?: m| metres?| meters?)\b"
_WINDOW = 8  # words that a measure spans at most

_COUNTS: tuple[tuple[str, str], ...] = (
    (rf"(?:at least|no fewer than|not fewer than) {_NUMBER}\b", "least"),
    (rf"{_NUMBER} (?:or more|plus)\b", "least"),
    (rf">= {_NUMBER}\b", "least"),
    (rf"more than {_NUMBER}\b", "more"),
    (rf"(?:at most|no more than|not more than) {_NUMBER}\b", "most"),
    (rf"{_NUMBER} or (?:fewer|less)\b", "most"),
    (rf"(?:fewer|less) than {_NUMBER}\b", "fewer"),
    (rf"(?:exactly|just|only) {_NUMBER}\b", "exact"),
    (rf"{_NUMBER}\b", "least"),
)
_WITHIN = rf"(?:at most|no more than|within|less than|closer than|nearer than|under|in less than) {_NUMBER}{_METRES}"
_BEYOND = rf"(?:at least|more than|farther than|further than|beyond|over) {_NUMBER}{_METRES}"
_REST = r"(?: (?:away|from us|of us|of the ego|from the ego|from here|distance))*"


@dataclass(frozen=True)
class Count:
    least: int = 1
    most: int | None = None


@dataclass(frozen=True)
class Metres:
    kind: TraitKind
    metres: float


def measure_at(words: Sequence[str], at: int) -> tuple[Count | Metres, int] | None:
    """The count or the distance that begins at a word, and how many words it takes."""
    text = " ".join(words[at : at + _WINDOW])
    return _metres(text) or _count(text)


def _metres(text: str) -> tuple[Metres, int] | None:
    for pattern, kind in ((_WITHIN, TraitKind.WITHIN), (_BEYOND, TraitKind.BEYOND)):
        if found := re.match(pattern + _REST, text):
            return Metres(kind, _value(found[1])), len(found[0].split())
    return None


def _count(text: str) -> tuple[Count, int] | None:
    for words, least in _VAGUE.items():
        if re.match(rf"{words}\b", text):
            return Count(least), len(words.split())
    for pattern, how in _COUNTS:
        found = re.match(pattern, text)
        if found and "." not in found[1] and not re.match(_METRES, text[found.end(1) :]):
            return _counted(int(_value(found[1])), how), len(found[0].split())
    return None


def _counted(number: int, how: str) -> Count:
    match how:
        case "least":
            return Count(number) if number else Count(0, 0)
        case "more":
            return Count(number + 1)
        case "most":
            return Count(0, number)
        case "fewer":
            return Count(0, max(number - 1, 0))
        case _:
            return Count(number, number)


def _value(word: str) -> float:
    return float(_NUMBERS.index(word)) if word in _NUMBERS else float(word)
