"""Completions for the search box: fields, their values with how often they occur, tokens."""

from itertools import islice
from typing import Literal

from scenario.errors import QueryError
from scenario.records import Record
from scenario.vocabulary import expand
from search.corpus import Corpus
from search.query import parse
from search.query.ast import written
from search.query.fields import DIRECTIVES, QUERY_FIELDS, SORTABLE, QueryField

TOKEN_CHARS = 4  # from so many on, a bare word may be the beginning of a token
INSIDE_CHARS = 3  # from so many on, a word may stand inside a value
FACET_OF = {"tag": "tags", "object": "objects"}
Counts = dict[str, dict[str, int]]


class Suggestion(Record):
    """One completion: `text` stands in for the word that is being typed."""

    text: str
    kind: Literal["field", "value", "token"]
    field: str | None = None
    frames: int | None = None  # how many of the index have it; None where nothing is counted


class Suggestions(Record):
    prefix: str
    suggestions: tuple[Suggestion, ...]


def suggest(corpus: Corpus, prefix: str, limit: int) -> Suggestions:
    """Completions of a word of a query: what begins with it first, then what contains it; frequent ones first."""
    sign, word = ("-", prefix[1:]) if prefix.startswith("-") else ("", prefix)
    name, colon, typed = word.partition(":")
    counts = corpus.counts_of_all
    if colon:
        found = _values_after(corpus, name.casefold(), typed, counts, limit)
    else:
        found = [*_fields(word), *_values(word, counts), *_tokens(corpus, word, limit)]
    meant = (one for one in found if one.kind == "field" or _is_query(one.text))
    signed = [one.model_copy(update={"text": sign + one.text}) for one in islice(meant, limit)]
    return Suggestions(prefix=prefix, suggestions=tuple(signed))


def _is_query(text: str) -> bool:
    """Not what a log gave a name that no query can hold."""
    try:
        parse(text)
    except QueryError:
        return False
    return True


def _values_after(corpus: Corpus, name: str, typed: str, counts: Counts, limit: int) -> list[Suggestion]:
    *listed, last = typed.split(",")
    before = "".join(f"{value}," for value in listed)
    if name in ("similar", "token"):
        tokens = corpus.tokens_from(last, limit) if last else []
        return [Suggestion(text=f"{name}:{before}{written(token)}", kind="token", field=name) for token in tokens]
    if name == "sort":
        sorts = [f"{field}-{way}" for field in SORTABLE for way in ("desc", "asc")]
        return [Suggestion(text=f"sort:{sort}", kind="value", field=name) for sort in sorts if last in sort]
    field = QUERY_FIELDS.get(name)
    return _matching(field, last, counts, f"{name}:{before}", set(listed)) if field else []


def _matching(
    field: QueryField, typed: str, counts: Counts, before: str, taken: set[str] | frozenset[str] = frozenset()
) -> list[Suggestion]:
    counted = counts.get(FACET_OF.get(field.name, field.name), {})
    values = field.values or tuple(counted)
    near = [value for value in map(str, values) if _like(value, typed) and value not in taken]
    totals = {value: sum(counted.get(member, 0) for member in expand(field.name, value)) for value in near}
    near.sort(key=lambda value: (not value.casefold().startswith(typed.casefold()), -totals[value], value))
    known = bool(counted)
    return [
        Suggestion(
            text=f"{before}{written(value)}",
            kind="value",
            field=field.name,
            frames=totals[value] if known else None,
        )
        for value in near
    ]


def _like(value: str, typed: str) -> bool:
    """It begins with what was typed, or holds it where enough was typed to mean something."""
    value, typed = value.casefold(), typed.casefold()
    return value.startswith(typed) or (len(typed) >= INSIDE_CHARS and typed in value)


def _fields(word: str) -> list[Suggestion]:
    names = [name for name in (*QUERY_FIELDS, *DIRECTIVES) if name.startswith(word.casefold())]
    return [Suggestion(text=f"{name}:", kind="field", field=name) for name in names]


def _values(word: str, counts: Counts) -> list[Suggestion]:
    if not word:
        return []
    closed = [field for field in QUERY_FIELDS.values() if field.values and not field.numeric]
    found = [one for field in closed for one in _matching(field, word, counts, f"{field.name}:")]
    return sorted(found, key=lambda one: -(one.frames or 0))


def _tokens(corpus: Corpus, word: str, limit: int) -> list[Suggestion]:
    if len(word) < TOKEN_CHARS:
        return []
    return [
        Suggestion(text=f"token:{written(token)}", kind="token", field="token")
        for token in corpus.tokens_from(word, limit)
    ]
