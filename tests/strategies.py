"""Hypothesis strategies: canonical queries, hostile query text, and filters that hit given rows."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from scenario.vocabulary import Tag
from search.query import And, Compare, Filter, Not, OneOf, Or, Phrase, Query, Range, Sort, Stated
from search.query.compile import TEXT_COLUMN
from search.query.fields import QUERY_FIELDS, SORTABLE, Kind, QueryField

OPERATORS = (">=", "<=", ">", "<")
_UNSEARCHABLE = "".join(map(chr, [*range(9), *range(0x0E, 0x20)]))
_WHOLE_LIMIT = 10**18 - 1
_FIELDS = st.sampled_from(list(QUERY_FIELDS.values()))
_NUMERIC = st.sampled_from([field for field in QUERY_FIELDS.values() if field.numeric])

# Canonical queries: what `parse` may return, so flat ANDs and ORs, and phrases with single blanks.

searchable = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=_UNSEARCHABLE), min_size=1, max_size=12
).filter(str.strip)
phrases = searchable.map(lambda text: Phrase(" ".join(text.split())))
words = st.from_regex(r"[a-zé漢0-9.,'/][a-zé漢0-9.,'/\-]{0,7}|[0-9]{2}:[0-9]{2}|p|and|Or|-|\*", fullmatch=True)
sentences = st.lists(words, min_size=1, max_size=4).map(" ".join)


def numbers(field: QueryField) -> st.SearchStrategy[int | float]:
    if field.kind is Kind.NUMBER:
        return st.floats(field.low, field.high)
    if field.low is not None and field.high is not None:
        return st.integers(int(field.low), int(field.high))
    return st.integers(-_WHOLE_LIMIT, _WHOLE_LIMIT)


def values(field: QueryField) -> st.SearchStrategy[Any]:
    if field.numeric:
        return numbers(field)
    return st.sampled_from(field.values) if field.values else searchable


@st.composite
def one_ofs(draw: st.DrawFn) -> OneOf:
    field = draw(_FIELDS)
    return OneOf(field.name, tuple(draw(st.lists(values(field), min_size=1, max_size=3, unique=True))))


@st.composite
def compares(draw: st.DrawFn) -> Compare:
    field = draw(_NUMERIC)
    return Compare(field.name, draw(st.sampled_from(OPERATORS)), draw(numbers(field)))


@st.composite
def ranges(draw: st.DrawFn) -> Range:
    field = draw(_NUMERIC)
    low, high = sorted([draw(numbers(field)), draw(numbers(field))])
    opened = draw(st.sampled_from(["neither", "low", "high"]))
    return Range(field.name, None if opened == "low" else low, None if opened == "high" else high)


STATABLE = [field.name for field in QUERY_FIELDS.values() if not (field.kind is Kind.STATE and field.values)]
stated = st.sampled_from([Stated(name) for name in STATABLE])


def combined(leaves: st.SearchStrategy[Filter], max_leaves: int = 8) -> st.SearchStrategy[Filter]:
    """Filters over `leaves`, with no AND directly in an AND and no OR directly in an OR."""

    def joined(kind: type[And | Or], parts: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
        others = parts.filter(lambda part: not isinstance(part, kind))
        return st.lists(others, min_size=2, max_size=3).map(lambda children: kind(tuple(children)))

    def grown(parts: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
        return st.one_of(parts.map(Not), joined(And, parts), joined(Or, parts))

    return st.recursive(leaves, grown, max_leaves=max_leaves)


filters = combined(st.one_of(one_ofs(), compares(), ranges(), stated, phrases))


def _is_lone_tag_name(query: Query) -> bool:
    return query.text in set(Tag) and query.filter is None and query.similar is None and query.sort is None


queries = st.builds(
    Query,
    filter=st.none() | filters,
    text=st.just("") | sentences,
    similar=st.none() | searchable,
    sort=st.none() | st.builds(Sort, st.sampled_from(SORTABLE), st.booleans()),
).filter(lambda query: not _is_lone_tag_name(query))

# Hostile text: pieces of the grammar in any order, and anything at all between them.

FRAGMENTS = (
    *("AND", "OR", "NOT", "-", "(", ")", '"', "\\", ",", "..", "*", ":", " ", "  ", "\t", "\n", "\u00a0", "\u200b"),
    *(">=", "<=", "!=", ">", "<", "=", "≥", "≤", "≠", "–", "−", "\x00", "\x1f", "\x85", "\ud800", "\udfff", "😀"),
    *(
        "risk",
        "risk:",
        "weather:",
        "tag:",
        "object:",
        "p(",
        "p(construction)",
        "is:",
        "verified:",
        "sort:",
        "similar:",
        "token:",
    ),
    *("construction", "rain", "4", "0.5", "1e9", "1e999", "-1", "9" * 30, "pedestrian", "risk-desc", "verified"),
)
spliced = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3), max_size=25).map("".join)
spaced = st.lists(st.sampled_from(FRAGMENTS), max_size=25).map(" ".join)
sources = st.one_of(st.text(max_size=60), spliced, spaced)

# Filters whose literals are found in given rows.

HOSTILE_PHRASES = (
    *("a.c", "c++", "(a|b)", "[x-z]", "^start", "end$", "100%", "it's", '"quoted"', "back\\slash", "\\d+", "a&&b"),
    *(
        "STRASSE",
        "straße",
        "İstanbul",
        "i̇",
        "ǅ",
        "é",
        "e\u0301",
        "\u0301",
        "日本",
        "#1",
        "~tilde",
        "{3}",
        "٣",
        "²",
        "_",
    ),
)


class Literals:
    """What rows hold in each field, and their texts: what filters over them are drawn from."""

    def __init__(self, rows: Sequence[dict[str, Any]]) -> None:
        self.texts = sorted({row[TEXT_COLUMN] for row in rows})
        self._held = {field.name: _held(field, rows) for field in QUERY_FIELDS.values()}

    def of(self, field: QueryField) -> st.SearchStrategy[Any]:
        """A value that a row holds, or any that the field may take."""
        held = self._held[field.name]
        return st.sampled_from(held) | values(field) if held else values(field)


def _held(field: QueryField, rows: Sequence[dict[str, Any]]) -> list[Any]:
    if field.kind is Kind.STATE:
        return [] if field.values else ["is it there?"]
    stored = [row[field.column] for row in rows if row[field.column] is not None]
    return sorted({member for members in stored for member in members} if field.kind is Kind.MEMBERS else set(stored))


def filters_over(literals: Literals) -> st.SearchStrategy[Filter]:
    """Filters that speak of what the rows hold: their values, numbers beside these, words of their texts."""
    return combined(_leaves_over(literals), max_leaves=6)


@st.composite
def _leaves_over(draw: st.DrawFn, literals: Literals) -> Filter:
    field = draw(_FIELDS)
    kind = draw(st.sampled_from(["one_of", "compare", "range", "stated", "phrase"]))
    if kind == "phrase":
        return Phrase(draw(st.sampled_from(HOSTILE_PHRASES) | phrases_of(literals)))
    if kind == "stated" and field.name in STATABLE:
        return Stated(field.name)
    held = literals.of(field)
    if kind == "compare" and field.numeric:
        return Compare(field.name, draw(st.sampled_from(OPERATORS)), draw(held))
    if kind == "range" and field.numeric:
        low, high = sorted([draw(held), draw(held)])
        return Range(field.name, draw(st.sampled_from([None, low])), high)
    return OneOf(field.name, tuple(draw(st.lists(held, min_size=1, max_size=3, unique=True))))


@st.composite
def phrases_of(draw: st.DrawFn, literals: Literals) -> str:
    """Some characters of a row's text, mostly whole words, perhaps in another case."""
    parts = draw(st.sampled_from(literals.texts)).split()
    start = draw(st.integers(0, max(0, len(parts) - 1)))
    found = " ".join(parts[start : start + draw(st.integers(1, 3))])
    cut = draw(st.sampled_from([slice(None), slice(1, None), slice(None, -1)]))
    changed = draw(st.sampled_from([str, str.upper, str.title, str.casefold]))(found[cut])
    return " ".join(changed.split()) or "nothing"
