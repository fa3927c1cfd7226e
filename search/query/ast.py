"""The typed AST of a query, and its canonical text: `parse(format_query(query)) == query`."""

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as field_
from typing import Literal

Operator = Literal[">=", "<=", ">", "<"]
Value = str | int | float
LEDGER_FIELDS = frozenset({"is", "verified", "refuted"})  # joined from verifications at query time


@dataclass(frozen=True)
class OneOf:
    """The field holds one of the values (for a set: at least one). A value may be a group name."""

    field: str
    values: tuple[Value, ...]
    spans: tuple[tuple[int, int], ...] = field_(default=(), compare=False, repr=False)  # of questions, in the source


@dataclass(frozen=True)
class Compare:
    field: str
    operator: Operator
    value: int | float


@dataclass(frozen=True)
class Range:
    """Both ends included; None is open, but not both."""

    field: str
    low: int | float | None
    high: int | float | None


@dataclass(frozen=True)
class Stated:
    """`field:*`: anything is stated (for a set: it is not empty)."""

    field: str


@dataclass(frozen=True)
class Phrase:
    """The searchable text holds these words, side by side; case does not matter, word ends do."""

    text: str


@dataclass(frozen=True)
class And:
    children: tuple["Filter", ...]


@dataclass(frozen=True)
class Or:
    children: tuple["Filter", ...]


@dataclass(frozen=True)
class Not:
    """Everything for which `child` is not true, rows where the field is not stated included."""

    child: "Filter"


Filter = OneOf | Compare | Range | Stated | Phrase | And | Or | Not


@dataclass(frozen=True)
class Sort:
    field: str
    descending: bool


@dataclass(frozen=True)
class Query:
    """A filter, plain words, a frame to resemble, an order: each may be absent."""

    filter: Filter | None = None
    text: str = ""
    similar: str | None = None
    sort: Sort | None = None
    similar_span: tuple[int, int] = field_(default=(0, 0), compare=False)  # where its token stands in the source


def conjunction(filters: list[Filter]) -> Filter | None:
    """The filters joined by AND, nested ANDs made flat; None for no filters."""
    flat = [part for f in filters for part in (f.children if isinstance(f, And) else (f,))]
    return And(tuple(flat)) if len(flat) > 1 else flat[0] if flat else None


def question_of(query: Query) -> str:
    """What a query asks of a frame, as `of_the_frame`, in canonical spelling."""
    return format_query(of_the_frame(query))


def of_the_frame(query: Query) -> Query:
    """The query without its order, and without what it asks of the ledger at the top level."""
    parts = query.filter.children if isinstance(query.filter, And) else (query.filter,) if query.filter else ()
    return Query(conjunction([part for part in parts if not _is_of_ledger(part)]), query.text)


def _is_of_ledger(node: Filter) -> bool:
    """Whether it is about verifications, and nothing else: `is:verified`, or its negation."""
    if isinstance(node, Not):
        return _is_of_ledger(node.child)
    return isinstance(node, OneOf | Stated) and node.field in LEDGER_FIELDS


def asks_ledger(node: Filter | None) -> bool:
    """Whether a filter asks anywhere what was verified."""
    return any(_is_of_ledger(leaf) for leaf in leaves(node))


def leaves(node: Filter | None) -> Iterator[Filter]:
    """The clauses of a filter that hold no others, from left to right."""
    match node:
        case None:
            return
        case And(children) | Or(children):
            for child in children:
                yield from leaves(child)
        case Not(child):
            yield from leaves(child)
        case _:
            yield node


def format_query(query: Query) -> str:
    rest = []
    if query.similar:
        rest.append(f"similar:{written(query.similar)}")
    if query.sort:
        rest.append(f"sort:{query.sort.field}-{'desc' if query.sort.descending else 'asc'}")
    if query.text:
        rest.append(query.text)
    if query.filter is None:
        return " ".join(rest)
    # OR binds less than standing side by side, so beside anything else it needs parentheses.
    return " ".join(
        [_operand(query.filter) if rest and isinstance(query.filter, Or) else format_filter(query.filter), *rest]
    )


def format_filter(node: Filter) -> str:
    """The filter in canonical spelling."""
    match node:
        case And(children):
            return " AND ".join(_operand(child) for child in children)
        case Or(children):
            return " OR ".join(format_filter(child) for child in children)  # AND binds closer
        case Not(child):
            return f"NOT {_operand(child)}"
        case Phrase(text):
            return _quote(text)
        case Compare(field, operator, value):
            return f"{field}:{operator}{value}"
        case Range(field, low, high):
            return f"{field}:{'*' if low is None else low}..{'*' if high is None else high}"
        case Stated(field):
            return f"{field}:*"
        case OneOf(field, values):
            return f"{field}:{','.join(written(value) if isinstance(value, str) else str(value) for value in values)}"


def _operand(node: Filter) -> str:
    text = format_filter(node)
    return f"({text})" if isinstance(node, Or | And) else text


def written(value: str) -> str:
    """A value as a query holds it: quoted where it must be."""
    plain = value and all(c.isalnum() or c in "_-." for c in value) and ".." not in value and value[0] not in "-."
    return value if plain else _quote(value)


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
