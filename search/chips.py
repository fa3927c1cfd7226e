"""Soft evidence: what plain words imply in the vocabulary, and what misspelt words were meant to be.

"jaywalker at night" implies `vru_status:jaywalking` and `time_of_day:night`. A chip never filters: it ranks frames
by belief. People see it, harden it into a filter, or remove it.
"""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from scenario.errors import ConfigError, unknown
from scenario.labels import LABELS
from scenario.vocabulary import FIELDS, GROUPS, Term, expand
from search.query.ast import OneOf, format_filter
from search.schema import belief_column

_WORD = re.compile(r"\w+")
_NEGATIONS = frozenset({"no", "not", "without", "never"})
_FILLERS = frozenset({"a", "an", "the", "any", "at", "in", "much", "of"})
SPELLING_CUTOFF = 0.86  # similarity that a misspelling needs; below it, ordinary words start to be "corrected"
SPELLING_MIN_LENGTH = 5


@dataclass(frozen=True)
class Chip:
    """One value, or group of values, of one field, and the words it was read out of."""

    field: str
    value: str
    words: str

    @property
    def filter(self) -> OneOf:
        """What the chip becomes when it is hardened."""
        return OneOf("tag" if self.field == "tags" else self.field, (self.value,))

    @property
    def text(self) -> str:
        return format_filter(self.filter)

    @property
    def columns(self) -> tuple[str, ...]:
        """The belief columns whose sum is the chip's probability (more than one for a group)."""
        return tuple(belief_column(self.field, value) for value in expand(self.field, self.value))


@dataclass(frozen=True)
class Reading:
    """What was read out of a query's words: the words as searched, corrections (wrong, right), and chips."""

    text: str
    corrections: tuple[tuple[str, str], ...]
    chips: tuple[Chip, ...]


def read_words(text: str, removed: Collection[str] = (), occurs: Callable[[str], bool] = lambda word: False) -> Reading:
    """Read plain words. `removed` names chips, as `field:value`, that the user does not want.

    A word that `occurs` in the corpus is not misspelt, however near the vocabulary it is ("garbage" and "garage").
    """
    corrections = tuple(
        (word, right) for word in _WORD.findall(text) if (right := _correction(word)) and not occurs(word)
    )
    corrected = text
    for wrong, right in corrections:
        corrected = re.sub(rf"\b{re.escape(wrong)}\b", right, corrected)
    chips = dict.fromkeys(_chips(corrected))
    for name in removed:
        if name not in {chip.text for chip in chips}:
            raise ConfigError(unknown("chip", name, (chip.text for chip in chips)))
    return Reading(corrected, corrections, tuple(chip for chip in chips if chip.text not in removed))


def _chips(text: str) -> Iterator[Chip]:
    """Longest phrases first, from left to right; a word negated by the one before it implies nothing."""
    spoken = _WORD.findall(text)
    stems = [_stem(word) for word in spoken]
    lexicon, longest = _lexicon()
    start, negated_until = 0, -1
    while start < len(stems):
        for end in range(min(len(stems), start + longest), start, -1):
            meant = lexicon.get(tuple(stems[start:end]))
            if meant:
                negated = _negated(stems, start, negated_until)
                negated_until = end if negated else -1
                if not negated:
                    words = " ".join(spoken[start:end])
                    yield from (Chip(field, value, words) for field, value in meant)
                start = end
                break
        else:
            start += 1


def _negated(stems: list[str], start: int, negated_until: int) -> bool:
    """Whether a negation speaks of what begins at `start`: "not at night", "without rain or fog"."""
    before = start
    while before > 0 and stems[before - 1] in _FILLERS:
        before -= 1
    if before > 0 and stems[before - 1] in _NEGATIONS:
        return True
    return before > 0 and stems[before - 1] in ("or", "nor") and before - 1 == negated_until


@cache
def _lexicon() -> tuple[dict[tuple[str, ...], list[tuple[str, str]]], int]:
    """Stemmed phrase → the (field, value) pairs it implies; and the length of the longest phrase."""
    lexicon: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for field in FIELDS.values():
        for term in field.terms:
            for phrase in dict.fromkeys(_phrases(term)):
                lexicon.setdefault(phrase, []).append((field.name, term.value))
    for group in GROUPS:
        for phrase in dict.fromkeys(_split(words) for words in group.words):
            lexicon.setdefault(phrase, []).append((group.field, group.name))
    return lexicon, max(map(len, lexicon))


def _phrases(term: Term) -> Iterator[tuple[str, ...]]:
    """The term's words, and its own name where that is a phrase: single names ("stop", "day") are too common."""
    yield from (_split(words) for words in term.words)
    name = _split(term.value.replace("_", " "))
    if len(name) > 1:
        yield name


def _split(words: str) -> tuple[str, ...]:
    return tuple(_stem(word) for word in _WORD.findall(words))


def _stem(word: str) -> str:
    """Case and a plural `s` away; enough for a closed vocabulary."""
    folded = word.casefold()
    return folded[:-1] if len(folded) > 3 and folded.endswith("s") and not folded.endswith("ss") else folded


@cache
def _known_words() -> dict[str, str]:
    """Stem → word, of every word that the vocabulary and the detection labels use."""
    phrases = [words for field in FIELDS.values() for term in field.terms for words in (*term.words, term.meaning)]
    phrases += [words for group in GROUPS for words in group.words] + list(LABELS)
    return {_stem(word): word.casefold() for phrase in phrases for word in _WORD.findall(phrase)}


def _correction(word: str) -> str | None:
    known, stem = _known_words(), _stem(word)
    if len(word) < SPELLING_MIN_LENGTH or stem in known or not word.isalpha():
        return None
    # People rarely misspell the first letter, and other words often differ there: "training", "locking".
    likely = [word for word in known if word[0] == stem[0]]
    near = get_close_matches(stem, likely, n=1, cutoff=SPELLING_CUTOFF)
    return known[near[0]] if near else None
