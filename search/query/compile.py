"""A filter's meaning in SQL, for LanceDB's `where`. User text reaches SQL only quoted, or escaped in a pattern.

Absence is not zero: a comparison with a field that is not stated is not true, and every NOT compiles to
`(expr) IS NOT TRUE`, so that rows where the field is not stated stay. The pure-Python `evaluate` means the same.
"""

import re

from scenario.vocabulary import expand
from search.query.ast import And, Compare, Filter, Not, OneOf, Or, Phrase, Range, Stated, Value, format_filter
from search.query.fields import QUERY_FIELDS, Kind

TEXT_COLUMN = "text_folded"
# Letters and digits of every script; what Python's `str.isalnum` calls a word character, in Rust's regex.
_EDGE = r"[^\p{L}\p{N}_]"
_SPECIAL = re.compile(r"([\\.+*?()|\[\]{}^$#&\-~])")


def compile_filter(node: Filter | None) -> str | None:
    """The SQL of a filter, or None for no filter.

    A clause that the ledger answers is only named, as a call of `ledger`, which LanceDB would refuse: it is joined by
    `search.selection`.
    """
    return None if node is None else _sql(node)


def _sql(node: Filter) -> str:
    match node:
        case And(children):
            return " AND ".join(f"({_sql(child)})" for child in children)
        case Or(children):
            return " OR ".join(f"({_sql(child)})" for child in children)
        case Not(child):
            return f"({_sql(child)}) IS NOT TRUE"
        case Phrase(text):
            return f"regexp_like({TEXT_COLUMN}, {quote(phrase_pattern(text))})"
        case Compare(field, operator, value):
            return f"{QUERY_FIELDS[field].column} {operator} {_number(field, value)}"
        case Range():
            return _range(node)
        case Stated(field):
            known = QUERY_FIELDS[field]
            if known.kind is Kind.STATE:
                return _of_ledger(node)
            return f"array_length({known.column}) > 0" if known.kind is Kind.MEMBERS else f"{known.column} IS NOT NULL"
        case OneOf():
            return _one_of(node)


def _range(node: Range) -> str:
    column = QUERY_FIELDS[node.field].column
    ends = [f"{column} >= {_number(node.field, node.low)}"] if node.low is not None else []
    if node.high is not None:
        ends.append(f"{column} <= {_number(node.field, node.high)}")
    return " AND ".join(ends)


def _one_of(node: OneOf) -> str:
    field = QUERY_FIELDS[node.field]
    if field.kind is Kind.STATE:
        return _of_ledger(node)
    if field.numeric:
        return f"{field.column} IN ({', '.join(_number(node.field, value) for value in node.values)})"
    values = [quote(value) for value in expanded(node.field, node.values)]
    if field.kind is Kind.MEMBERS:
        return " OR ".join(f"array_has({field.column}, {value})" for value in values)
    return f"{field.column} IN ({', '.join(values)})"


def expanded(field: str, values: tuple[Value, ...]) -> list[str]:
    """The stored values that the written ones stand for: groups opened, each value once."""
    return list(dict.fromkeys(stored for value in values for stored in expand(field, str(value))))


def _of_ledger(node: OneOf | Stated) -> str:
    return f"_rowid IN (ledger({quote(format_filter(node))}))"


def _number(field: str, value: Value) -> str:
    # A whole number beside a float column needs its point: LanceDB converts no literals between the two.
    return str(value) if QUERY_FIELDS[field].kind is Kind.INTEGER else repr(float(value))


def quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def phrase_pattern(text: str) -> str:
    """A Rust regex for a case-folded, word-bounded phrase in the folded text."""
    escaped = _SPECIAL.sub(r"\\\1", fold(text))
    return f"(^|{_EDGE}){escaped}({_EDGE}|$)"


def fold(text: str) -> str:
    """How searchable text and phrases are folded: case away, runs of white space to one blank."""
    return " ".join(text.casefold().split())
