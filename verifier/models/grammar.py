"""A JSON schema as a GBNF grammar, so that whatever a model writes is JSON that follows the schema.

Stricter than the converter of llama.cpp, whose grammars let raw control characters into strings, ignore `minimum` and
`maximum`, and never have to end. Here every answer ends: strings and arrays are bounded, integers come from a range,
and no white space stands between the parts. Every property is written, in the schema's order.

The keywords are those of our own schemas; any other is refused, because a grammar that overlooks one promises too
much. Needs no model and no llama.cpp.
"""

import json
import re
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from scenario.errors import ConfigError

Schema = Mapping[str, Any]

MAX_CHOICES = 1000  # values of an integer's range: each is written out
MAX_UNIQUE = 8  # values of a set: each subset is a rule, 256 for 8
MAX_REPEATS = 2000  # of one rule; what llama.cpp still reads
_ANNOTATIONS = frozenset({"title", "description", "default", "examples", "$schema"})
_KEYWORDS: Mapping[str, frozenset[str]] = {
    "object": frozenset({"properties", "required", "additionalProperties"}),
    "array": frozenset({"items", "minItems", "maxItems", "uniqueItems"}),
    "string": frozenset({"minLength", "maxLength"}),
    "integer": frozenset({"minimum", "maximum"}),
    "boolean": frozenset(),
    "null": frozenset(),
}
# A character of a string: no control character, and no \u, which could write half a surrogate.
_CHARACTER = r'[^"\\\x00-\x1F\x7F-\x9F] | "\\" ["\\nt]'


def constrain(schema: Schema) -> str:
    """The grammar of exactly the compact JSON texts that follow `schema`. Raises `ConfigError` for what it cannot say.

    Strings are bounded in characters. `uniqueItems` holds for arrays of up to eight enumerated values.
    """
    rules = _Rules()
    root = rules.value(schema, "the schema")
    return "\n".join([f"root ::= {root}", *(f"{name} ::= {body}" for name, body in rules.bodies.items()), ""])


class _Rules:
    """The named rules so far. A body that was seen before keeps its name, so that equal parts share their rules."""

    def __init__(self) -> None:
        self.bodies: dict[str, str] = {}
        self._names: dict[str, str] = {}

    def named(self, stem: str, body: str) -> str:
        if body not in self._names:
            name = f"{re.sub(r'[^a-z0-9]+', '-', stem.lower()).strip('-') or 'rule'}-{len(self.bodies)}"
            self.bodies[name] = body
            self._names[body] = name
        return self._names[body]

    def value(self, schema: Schema, where: str) -> str:
        """The name of the rule for `schema`. `where` is the path to it, for messages."""
        if "anyOf" in schema:
            _only(schema, frozenset({"anyOf"}), where)
            options = [self.value(option, f"{where} (option {n})") for n, option in enumerate(schema["anyOf"], 1)]
            return self.named("any", " | ".join(options))
        if "enum" in schema or "const" in schema:
            _only(schema, frozenset({"enum", "const", "type"}), where)
            return self.named("choice", _choice(_values(schema, where)))
        kind = schema.get("type")
        if not isinstance(kind, str) or kind not in _KEYWORDS:
            raise _refused(where, f"type {kind!r}", f"use one of {', '.join(sorted(_KEYWORDS))}, enum, const or anyOf")
        _only(schema, _KEYWORDS[kind] | {"type"}, where)
        if kind == "object":
            return self._object(schema, where)
        if kind == "array":
            return self._array(schema, where)
        if kind == "string":
            return self._string(schema, where)
        if kind == "integer":
            return self.named("integer", _choice(_range(schema, where)))
        return self.named(kind, _choice([None] if kind == "null" else [True, False]))

    def _object(self, schema: Schema, where: str) -> str:
        properties: Mapping[str, Schema] = schema.get("properties", {})
        if schema.get("additionalProperties", False) is not False:
            raise _refused(where, "additionalProperties", "it must be false")
        if optional := set(properties) - set(schema.get("required", ())):
            raise _refused(where, f"optional properties ({', '.join(sorted(optional))})", "require all of them")
        pairs = [f"{_literal(_text(key) + ':')} {self.value(one, f'{where}.{key}')}" for key, one in properties.items()]
        body = f" {_literal(',')} ".join(pairs)
        return self.named("object", f"{_literal('{')} {body} {_literal('}')}" if body else _literal("{}"))

    def _array(self, schema: Schema, where: str) -> str:
        items: Schema = schema.get("items", {})
        least, most = schema.get("minItems", 0), schema.get("maxItems")
        unique = bool(schema.get("uniqueItems"))
        if unique and ("enum" in items or "const" in items):
            return self._set(_values(items, f"{where}[]"), least, most, where)
        if unique:
            raise _refused(where, "uniqueItems of items without enum", "leave it out")
        if most is None or not least <= most <= MAX_REPEATS:
            raise _refused(where, f"an array of {least} to {most} items", f"maxItems must be at most {MAX_REPEATS}")
        item = self.value(items, f"{where}[]")
        return self.named("array", _repeated(item, least, most))

    def _set(self, values: Sequence[Any], least: int, most: int | None, where: str) -> str:
        """An array of distinct values in any order: a rule for each subset that may be left to write from."""
        if len(values) > MAX_UNIQUE:
            raise _refused(where, f"uniqueItems of {len(values)} values", f"at most {MAX_UNIQUE} values")
        texts, most = [_text(value) for value in values], len(values) if most is None else min(most, len(values))
        if least > most:
            raise _refused(where, f"an array of {least} to {most} distinct items", "lower minItems")
        rests: dict[frozenset[str], str] = {frozenset(): ""}  # what is left -> the rule that may follow
        for size in range(len(texts) - most, len(texts)):
            for left in map(frozenset, combinations(texts, size)):
                written = len(texts) - size
                more = _one_of(texts, left, rests, ",") if written < most else ""
                body = f"({more})?" if more and written >= least else more
                rests[left] = self.named("rest", body) if body else ""
        first = _one_of(texts, frozenset(texts), rests, "") if most else ""
        inside = f"({first}){'?' if least == 0 else ''}" if first else ""
        return self.named("set", f"{_literal('[')} {inside} {_literal(']')}")

    def _string(self, schema: Schema, where: str) -> str:
        least, most = schema.get("minLength", 0), schema.get("maxLength")
        if most is None or not least <= most <= MAX_REPEATS:
            raise _refused(
                where, f"a string of {least} to {most} characters", f"set maxLength, to {MAX_REPEATS} or less"
            )
        character, quote = self.named("character", _CHARACTER), _literal('"')
        return self.named("string", f"{quote} {character}{{{least},{most}}} {quote}")


def _one_of(texts: Sequence[str], left: frozenset[str], rests: Mapping[frozenset[str], str], before: str) -> str:
    """Alternatives: one value of `left`, in the order of `texts`, and then what may follow it."""
    chosen = (text for text in texts if text in left and left - {text} in rests)
    return " | ".join(f"{_literal(before + text)} {rests[left - {text}]}".strip() for text in chosen)


def _repeated(item: str, least: int, most: int) -> str:
    if most == 0:
        return _literal("[]")
    more = f"({_literal(',')} {item}){{{max(least - 1, 0)},{most - 1}}}"
    inside = f"{item} {more}" if least else f"({item} {more})?"
    return f"{_literal('[')} {inside} {_literal(']')}"


def _values(schema: Schema, where: str) -> list[Any]:
    values = [schema["const"]] if "const" in schema else [*schema["enum"]]
    odd = [value for value in values if not (value is None or isinstance(value, str | bool | int))]
    if odd or not values:
        raise _refused(where, f"enum {odd or values!r}", "name one or more texts, whole numbers, booleans or null")
    return [*{_text(value): value for value in values}.values()]  # 1 and true are equal here, but not in JSON


def _range(schema: Schema, where: str) -> range:
    low, high = schema.get("minimum"), schema.get("maximum")
    if not isinstance(low, int) or not isinstance(high, int) or not 0 <= high - low < MAX_CHOICES:
        raise _refused(
            where, f"an integer from {low} to {high}", f"set minimum and maximum, at most {MAX_CHOICES} values"
        )
    return range(low, high + 1)


def _choice(values: Sequence[Any]) -> str:
    return " | ".join(_literal(_text(value)) for value in values)


def _text(value: Any) -> str:
    """JSON in ASCII: then a model can write it that has no token for a character beyond."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))


def _literal(text: str) -> str:
    """A GBNF literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _only(schema: Schema, known: frozenset[str], where: str) -> None:
    for keyword in schema:
        if keyword not in known | _ANNOTATIONS:
            raise _refused(where, f"keyword {keyword!r}", f"known here: {', '.join(sorted(known))}")


def _refused(where: str, what: str, remedy: str) -> ConfigError:
    return ConfigError(f"a grammar cannot hold {where} to {what}; {remedy}")
