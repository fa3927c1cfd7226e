"""The lenient reader of the nested JSON that released runs hold, and the only way from it to strict `Facts`.

A value outside the vocabulary never reaches a `Facts`. It is kept raw as an `Irregularity`. A list, or a comma
list in a string, in a scalar field keeps its value if exactly one distinct legal value remains. The texts
"None" and "" are absence.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from scenario.records import Facts, Irregularity
from scenario.vocabulary import FIELDS, RISK_MAX, RISK_MIN, Field

TAG_KEYS = ("wod_e2e_tags", "wod_e2o_tags")  # the second spelling occurs in released files
_REMARK = re.compile(r"\s*\([^)]*\)")


class WireFacts:
    """One wire object read into `facts`, with everything that did not fit in `irregularities`."""

    def __init__(self, wire: Mapping[str, Any]) -> None:
        self.irregularities: tuple[Irregularity, ...]
        self._found: list[Irregularity] = []
        values: dict[str, Any] = {field.name: self._read(field, wire) for field in FIELDS.values()}
        values["risk"] = self._risk(_section(wire, "scenario_criticality").get("risk_score"))
        values["description"] = self._text("description", wire.get("description"))
        for section in dict.fromkeys(field.section for field in FIELDS.values() if field.section):
            raw = wire.get(section)
            if not isinstance(raw, Mapping) and not _absent(raw):
                self._note(section, raw, "outside")
        self.facts = Facts(**values)
        self.irregularities = tuple(self._found)

    def _read(self, field: Field, wire: Mapping[str, Any]) -> Any:
        if field.section is None:
            key, raw = self._tags(wire)
            if key not in (None, field.wire_key):
                self._note(field.name, str(key), "key", field.wire_key)
        else:
            raw = _section(wire, field.section).get(field.wire_key)
        return self._many(field, raw) if field.many else self._one(field, raw)

    @staticmethod
    def _tags(wire: Mapping[str, Any]) -> tuple[str | None, Any]:
        return next(((key, wire[key]) for key in TAG_KEYS if key in wire), (None, None))

    def _one(self, field: Field, raw: Any) -> str | None:
        if _absent(raw):
            return None
        if isinstance(raw, str) and raw in field.values:
            return raw
        legal = sorted({part for part in _parts(raw) if part in field.values})
        if len(legal) == 1:
            self._note(field.name, raw, "resolved", legal[0])
            return legal[0]
        self._note(field.name, raw, "outside")
        return None

    def _many(self, field: Field, raw: Any) -> tuple[str, ...]:
        if _absent(raw):
            return ()
        members = raw if isinstance(raw, list) else list(_parts(raw))
        kept = []
        for member in members:
            if isinstance(member, str) and member in field.values:
                kept.append(member)
            elif not _absent(member) and not (member == "none" and field.name == "traffic_controls"):
                self._note(field.name, member, "outside")
        return tuple(kept)

    def _risk(self, raw: Any) -> int | None:
        if _absent(raw):
            return None
        if isinstance(raw, int | float) and not isinstance(raw, bool) and raw in range(RISK_MIN, RISK_MAX + 1):
            return int(raw)
        self._note("risk", raw, "outside")
        return None

    def _text(self, field: str, raw: Any) -> str | None:
        if _absent(raw):
            return None
        if isinstance(raw, str):
            return raw
        self._note(field, raw, "outside")
        return None

    def _note(self, field: str, raw: Any, kind: Any, kept: str | None = None) -> None:
        self._found.append(Irregularity(field=field, raw=str(raw), kind=kind, kept=kept))


def _section(wire: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = wire.get(name)
    return section if isinstance(section, Mapping) else {}


def _absent(raw: Any) -> bool:
    return raw is None or (isinstance(raw, str) and raw.strip() in ("", "None"))


def _parts(raw: Any) -> Iterator[str]:
    """The members of a list or comma list, each without a remark in parentheses ("nominal (front camera)")."""
    members = raw if isinstance(raw, list) else _REMARK.sub("", str(raw)).split(",")
    for member in members:
        yield _REMARK.sub("", str(member)).strip()
