"""The value half of a qualifier: `weather:rain,fog`, `risk:6..9`, `risk>=4`, `scene:*`."""

import math
import re
from dataclasses import dataclass

from scenario.errors import QueryError, did_you_mean
from search.query.ast import Compare, Filter, Not, OneOf, Operator, Range, Stated, Value
from search.query.fields import Kind, QueryField

_ITEM = re.compile(r'"((?:[^"\\]|\\.)*)"|([^",]+)', re.S)
_OPERATORS: dict[str, Operator] = {">=": ">=", "≥": ">=", "<=": "<=", "≤": "<=", ">": ">", "<": "<"}
_NUMBER = re.compile(r"-?(?:[0-9]{1,18}(?:\.[0-9]{1,30})?|\.[0-9]{1,30})(?:e[+-]?[0-9]{1,3})?")
_ESCAPE = re.compile(r"\\(.)", re.S)


@dataclass(frozen=True)
class Item:
    """One value of a list as it was written: where it stands, and whether it was quoted."""

    text: str
    quoted: bool
    start: int
    end: int


@dataclass(frozen=True)
class Written:
    """The value half as it stands in the source."""

    source: str
    start: int
    end: int

    @property
    def raw(self) -> str:
        return self.source[self.start : self.end]

    def error(self, message: str, hint: str | None = None, item: Item | None = None) -> QueryError:
        start, end = (item.start, item.end) if item else (self.start, self.end)
        return QueryError(message, self.source, start, end, hint)


def condition(field: QueryField, operator: str, written: Written) -> Filter:
    """The filter that `field`, an operator ("" for a bare colon) and a value make. Raises `QueryError`."""
    if operator in _OPERATORS:
        return _compare(field, _OPERATORS[operator], written)
    if operator in ("!=", "≠"):
        return Not(_equals(field, written))
    return _equals(field, written)


def _compare(field: QueryField, operator: Operator, written: Written) -> Filter:
    if not field.numeric:
        raise written.error(f"{field.name} is not a number, so {operator} cannot compare it", _how(field))
    (item,) = _single(field, written)
    return Compare(field.name, operator, _number(field, item, written))


def _equals(field: QueryField, written: Written) -> Filter:
    if written.raw == "*" and not (field.kind is Kind.STATE and field.values):  # every frame is in one of its states
        return Stated(field.name)
    if field.numeric and ".." in written.raw:
        return _range(field, written)
    items = split_items(written)
    if field.numeric:
        return OneOf(field.name, _unique([_number(field, item, written) for item in items]))
    if field.kind is Kind.STATE:
        return _states(field, items, written)
    return OneOf(field.name, _unique([_choice(field, item, written) for item in items]))


def _states(field: QueryField, items: list[Item], written: Written) -> Filter:
    """Each value keeps its place, for only the ledger knows whether a question was asked."""
    places = {_choice(field, item, written): (item.start, item.end) for item in reversed(items)}
    values = _unique([_choice(field, item, written) for item in items])
    return OneOf(field.name, values, tuple(places[str(value)] for value in values))


def _unique(values: list[Value]) -> tuple[Value, ...]:
    return tuple(dict.fromkeys(values))


def _single(field: QueryField, written: Written) -> list[Item]:
    items = split_items(written)
    if len(items) > 1:
        raise written.error(f"{field.name} compares with one number, not a list", f"write {field.name}>=4")
    return items


def _range(field: QueryField, written: Written) -> Filter:
    low_text, _, high_text = written.raw.partition("..")
    ends = [
        Item(low_text, False, written.start, written.start + len(low_text)),
        Item(high_text, False, written.end - len(high_text), written.end),
    ]
    low, high = (None if end.text == "*" else _number(field, end, written) for end in ends)
    if low is None and high is None:
        raise written.error("a range needs at least one end", f"write {field.name}:* for any stated value")
    if low is not None and high is not None and low > high:
        raise written.error(f"the range {written.raw} is empty", f"write {field.name}:{high}..{low}")
    return Range(field.name, low, high)


def split_items(written: Written) -> list[Item]:
    """The comma-separated values; a comma with nothing after it is an error, for `rain, fog` is two clauses."""
    items: list[Item] = []
    position = 0
    while position <= len(written.raw):
        match = _ITEM.match(written.raw, position)
        if not match:
            raise written.error("a value is missing beside the comma", "write values without spaces: rain,fog")
        quoted = match[1] is not None
        text = _ESCAPE.sub(r"\1", match[1]) if quoted else match[2]
        items.append(Item(text, quoted, written.start + match.start(), written.start + match.end()))
        position = match.end() + 1
        if match.end() < len(written.raw) and written.raw[match.end()] != ",":
            raise written.error("a quoted value stands beside another without a comma", "write values as rain,fog")
    return items


def _number(field: QueryField, item: Item, written: Written) -> int | float:
    if not item.text:
        raise written.error("a number is missing", _how(field))
    if item.quoted or not _NUMBER.fullmatch(item.text):
        raise written.error(f"{field.name} is a number, and {item.text!r} is not", _how(field), item)
    value: int | float = float(item.text) if field.kind is Kind.NUMBER else _whole(field, item, written)
    low, high = -math.inf if field.low is None else field.low, math.inf if field.high is None else field.high
    if not low <= value <= high:
        raise written.error(f"{field.name} runs from {field.low:g} to {field.high:g}", None, item)
    return value


def _whole(field: QueryField, item: Item, written: Written) -> int:
    if "." in item.text or "e" in item.text:
        raise written.error(f"{field.name} is a whole number, and {item.text!r} is not", _how(field), item)
    return int(item.text)


def _choice(field: QueryField, item: Item, written: Written) -> str:
    if not item.text.strip():
        raise written.error(f"{field.name} has an empty value", _how(field), item)
    if not field.values or item.text in field.values:
        return item.text
    spaced = item.text.replace("_", " ")
    if spaced in field.values:  # object:jersey_barrier is object:"jersey barrier"
        return spaced
    near = did_you_mean(item.text, field.values)
    hint = f"did you mean {near}? Allowed: {', '.join(field.values)}" if near else f"allowed: {', '.join(field.values)}"
    raise written.error(f"{field.name} has no value {item.text!r}", hint, item)


def _how(field: QueryField) -> str:
    if field.numeric:
        return f"write {field.name}>=4, {field.name}:4, {field.name}:2..6 or {field.name}:*"
    if field.kind is Kind.STATE and not field.values:
        return f'write {field.name}:"the question that was asked"'
    return f"write {field.name}:{field.values[0] if field.values else 'NAME'}"
