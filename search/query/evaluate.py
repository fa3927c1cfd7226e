"""A filter's meaning in plain Python: the reference that the compiled SQL is tested against."""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from search.query.ast import And, Compare, Filter, Not, OneOf, Or, Phrase, Range, Stated
from search.query.compile import TEXT_COLUMN, expanded, fold
from search.query.fields import QUERY_FIELDS, Kind

TokensByState = Mapping[tuple[str, str | None], AbstractSet[str]]  # (field, value; None: any) → tokens
NO_STATES: TokensByState = {}


def evaluate(node: Filter, row: Mapping[str, Any], states: TokensByState = NO_STATES) -> bool:
    """Whether a row, column name to value, passes. A field that is not stated passes nothing but NOT."""
    match node:
        case And(children):
            return all(evaluate(child, row, states) for child in children)
        case Or(children):
            return any(evaluate(child, row, states) for child in children)
        case Not(child):
            return not evaluate(child, row, states)
        case Phrase(text):
            pattern = rf"(?:^|[^\w]){re.escape(fold(text))}(?:[^\w]|\Z)"
            return re.search(pattern, row[TEXT_COLUMN]) is not None
        case Compare(field, operator, value):
            stored = row[QUERY_FIELDS[field].column]
            return stored is not None and _compare(stored, operator, value)
        case Range(field, low, high):
            stored = row[QUERY_FIELDS[field].column]
            return stored is not None and (low is None or stored >= low) and (high is None or stored <= high)
        case Stated(field) if QUERY_FIELDS[field].kind is Kind.STATE:
            return row["token"] in states.get((field, None), ())
        case Stated(field):
            stored = row[QUERY_FIELDS[field].column]
            return bool(stored) if QUERY_FIELDS[field].kind is Kind.MEMBERS else stored is not None
        case OneOf():
            return _one_of(node, row, states)


def _compare(stored: float, operator: str, value: float) -> bool:
    match operator:
        case ">=":
            return stored >= value
        case "<=":
            return stored <= value
        case ">":
            return stored > value
        case _:
            return stored < value


def _one_of(node: OneOf, row: Mapping[str, Any], states: TokensByState) -> bool:
    field = QUERY_FIELDS[node.field]
    if field.kind is Kind.STATE:
        return any(_in_state(str(row["token"]), node.field, str(value), states) for value in node.values)
    stored = row[field.column]
    if field.numeric:
        return stored is not None and stored in node.values
    wanted = expanded(node.field, node.values)
    return not set(wanted).isdisjoint(stored) if field.kind is Kind.MEMBERS else stored in wanted


def _in_state(token: str, field: str, value: str, states: TokensByState) -> bool:
    if (field, value) == ("is", "unverified"):
        return not any(_in_state(token, field, state, states) for state in ("verified", "refuted"))
    return token in states.get((field, value), ())
