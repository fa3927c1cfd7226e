"""Whether a value follows a JSON schema, for the keywords that our schemas use. A second opinion on grammars."""

from collections.abc import Mapping
from typing import Any

KINDS: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
    "null": type(None),
}


def faults(value: Any, schema: Mapping[str, Any], at: str = "$") -> list[str]:
    """What is wrong with `value`, each with the path to it; nothing where it follows the schema."""
    if "anyOf" in schema:
        tried = [faults(value, option, at) for option in schema["anyOf"]]
        return [] if [] in tried else [f"{at}: {value!r} follows no option"]
    if "const" in schema or "enum" in schema:
        allowed = [schema["const"]] if "const" in schema else schema["enum"]
        return [] if any(value == one and type(value) is type(one) for one in allowed) else [f"{at}: {value!r}"]
    kind = schema["type"]
    if not isinstance(value, KINDS[kind]) or (kind == "integer" and isinstance(value, bool)):
        return [f"{at}: {value!r} is no {kind}"]
    return {"object": _in_object, "array": _in_array, "string": _in_string, "integer": _in_integer}.get(
        kind, lambda *_: []
    )(value, schema, at)


def _in_object(value: dict[str, Any], schema: Mapping[str, Any], at: str) -> list[str]:
    properties = schema["properties"]
    if [*value] != [*properties]:
        return [f"{at}: has {[*value]}, in place of {[*properties]} in this order"]
    return [fault for key, one in properties.items() for fault in faults(value[key], one, f"{at}.{key}")]


def _in_array(value: list[Any], schema: Mapping[str, Any], at: str) -> list[str]:
    found = [fault for n, one in enumerate(value) for fault in faults(one, schema["items"], f"{at}[{n}]")]
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        found.append(f"{at}: {len(value)} items")
    if schema.get("uniqueItems") and len({repr(one) for one in value}) < len(value):
        found.append(f"{at}: an item twice")
    return found


def _in_string(value: str, schema: Mapping[str, Any], at: str) -> list[str]:
    fits = schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value))
    return [] if fits else [f"{at}: {len(value)} characters"]


def _in_integer(value: int, schema: Mapping[str, Any], at: str) -> list[str]:
    return [] if schema["minimum"] <= value <= schema["maximum"] else [f"{at}: {value}"]
