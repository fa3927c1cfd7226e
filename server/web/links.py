"""The URL is the whole state of a page: what it says, and the URLs of the pages one click away. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from search.query import And, Filter, OneOf, Query, Range, Sort, conjunction, format_filter, format_query
from search.query.ast import Compare

PAGE_SIZE = 10
MOST_DIGITS = 10  # of an offset


@dataclass(frozen=True)
class SearchState:
    """What a search page shows. `without` are soft chips that were removed, `more` a facet that is shown at length."""

    q: str = ""
    offset: int = 0
    group: bool = False
    rerank: bool = False
    without: tuple[str, ...] = ()
    more: str = ""

    @classmethod
    def of(cls, given: Iterable[tuple[str, str]]) -> "SearchState":
        """Out of a form's fields; those that are none of a state's are left alone."""
        fields = list(given)
        one = dict(fields)
        offset = one.get("offset", "")
        return cls(
            q=one.get("q", "").strip(),
            offset=int(offset) if offset.isdecimal() and len(offset) < MOST_DIGITS else 0,
            group="group" in one,
            rerank="rerank" in one,
            without=tuple(value for name, value in fields if name == "without"),
            more=one.get("more", ""),
        )

    @property
    def fields(self) -> list[tuple[str, str]]:
        """Name and value of all that is not as usual: of a URL's parameters, or of a form's hidden inputs."""
        given: list[tuple[str, str]] = [("q", self.q)] if self.q else []
        given += [("offset", str(self.offset))] if self.offset else []
        given += [("group", "1")] if self.group else []
        given += [("rerank", "1")] if self.rerank else []
        given += [("without", chip) for chip in self.without]
        given += [("more", self.more)] if self.more else []
        return given

    def url(self, path: str = "/search") -> str:
        return f"{path}?{urlencode(self.fields)}" if self.fields else path

    def asking(self, q: str) -> "SearchState":
        """Another query: from its first page on, and with the chips that its words have."""
        return replace(self, q=q, offset=0, without=())

    def at(self, offset: int) -> "SearchState":
        return replace(self, offset=max(0, offset))

    def less(self, chip: str) -> "SearchState":
        """Without a soft chip."""
        return replace(self, without=(*self.without, chip), offset=0)


def clauses(query: Query) -> tuple[Filter, ...]:
    """The parts of the filter that must all hold."""
    if query.filter is None:
        return ()
    return query.filter.children if isinstance(query.filter, And) else (query.filter,)


def with_clauses(query: Query, parts: Iterable[Filter]) -> str:
    return format_query(replace(query, filter=conjunction(list(parts))))


def without_clause(query: Query, clause: Filter) -> str:
    return with_clauses(query, [part for part in clauses(query) if part != clause])


def hardened(query: Query, clause: Filter) -> str:
    """The query with a soft chip as a filter; its words stay, they still rank."""
    return with_clauses(query, [*clauses(query), clause])


def chosen(query: Query, field: str) -> tuple[str, ...]:
    """The values of a field that the filter asks for, one of which must hold."""
    return tuple(
        str(value)
        for part in clauses(query)
        if isinstance(part, OneOf) and part.field == field
        for value in part.values
    )


def toggled(query: Query, field: str, value: str) -> str:
    """The query with a facet's value chosen, or let go."""
    values = chosen(query, field)
    now = tuple(one for one in values if one != value) if value in values else (*values, value)
    kept = [part for part in clauses(query) if not (isinstance(part, OneOf) and part.field == field)]
    return with_clauses(query, [*kept, OneOf(field, now)] if now else kept)


def in_scene(query: Query, scene: str) -> str:
    """The query within one scene."""
    kept = [part for part in clauses(query) if _field_of(part) != "scene"]
    return with_clauses(query, [*kept, OneOf("scene", (scene,))])


def without_field(query: Query, field: str) -> str:
    """The query without its clauses on one field: what a facet's counts are counted over."""
    return with_clauses(query, [part for part in clauses(query) if _field_of(part) != field])


def risk_range(query: Query) -> tuple[int, int] | None:
    """The range of risks that the filter asks for, where it is one."""
    for part in clauses(query):
        match part:
            case Range("risk", low, high):
                return int(0 if low is None else low), int(10 if high is None else high)
            case Compare("risk", ">=", low):
                return int(low), 10
            case Compare("risk", "<=", high):
                return 0, int(high)
            case OneOf("risk", (value,)):
                return int(value), int(value)
    return None


def with_risk(query: Query, low: int, high: int) -> str:
    """The query for risks from `low` to `high`, 0 to 10 being any."""
    kept = [part for part in clauses(query) if _field_of(part) != "risk"]
    return with_clauses(query, kept if (low, high) == (0, 10) else [*kept, Range("risk", low, high)])


def risk_template(query: Query) -> tuple[str, str]:
    """The query for a range of risks, and the text in it that stands for the range: the page puts another there."""
    asked, range_of = with_risk(query, 1, 9), format_filter(Range("risk", 1, 9))
    return asked, range_of


def sorted_by(query: Query, field: str | None, *, descending: bool = True) -> str:
    """The query in an order; None: as it ranks."""
    return format_query(replace(query, sort=Sort(field, descending) if field else None))


def _field_of(part: Filter) -> str | None:
    return part.field if isinstance(part, OneOf | Range | Compare) else None


def shown(clause: Filter) -> str:
    """A clause as a chip shows it: `risk ≥ 4`, `construction`."""
    match clause:
        case Compare(field, operator, value):
            return f"{field} {operator.replace('>=', '≥').replace('<=', '≤')} {value}"
        case OneOf("tag", values):
            return " or ".join(str(value).replace("_", " ") for value in values)
        case OneOf(field, values):
            return f"{field.replace('_', ' ')} {' or '.join(str(value).replace('_', ' ') for value in values)}"
        case Range(field, low, high):
            return f"{field} {'…' if low is None else low} to {'…' if high is None else high}"
    return format_filter(clause)
