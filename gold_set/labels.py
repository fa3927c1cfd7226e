"""Gold files: what people say is true of frames. Three forms are read, and each line of each is checked.

- flat JSON lines: a `token`, any field of the Scenario DNA by its name, `risk_score` (or `risk`), `wod_e2e_tags` (or
  `tags`);
- nested JSON lines, as released runs have them: the fields in their wire sections (`odd_attributes`, …);
- one JSON object, token → nested or flat facts, as the released gold set is.

What else a line holds is left alone, but for `inclusion_probability` (how likely sampling was to draw the frame) and
`annotator`. A scalar that a line lacks, or leaves null, is not judged there. A line without tags judges none; an empty
list says that no tag holds.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import Field as RecordField

from scenario.errors import InputError, LineUnreadable, unknown
from scenario.records import Record
from scenario.vocabulary import FIELDS, RISK_MAX, RISK_MIN, SCALAR_FIELDS, Tag, TrafficControl

TAG_KEYS = ("wod_e2e_tags", "tags")
RISK_KEYS = ("risk_score", "risk")
SECTIONS = tuple(dict.fromkeys(field.section for field in FIELDS.values() if field.section))


class GoldLine(Record):
    """The truth about one frame. None: the file does not say."""

    token: str
    scene: str | None = None
    scalars: dict[str, str] = RecordField(default_factory=dict)
    controls: tuple[TrafficControl, ...] | None = None
    tags: tuple[Tag, ...] | None = None
    risk: int | None = None
    inclusion_probability: float | None = None
    annotator: str | None = None

    @property
    def weight(self) -> float:
        """How many frames of the corpus this one stands for, as Horvitz and Thompson weigh it; 1 where unknown."""
        return 1.0 if self.inclusion_probability is None else 1.0 / self.inclusion_probability


def read_gold(path: Path) -> list[GoldLine]:
    """The lines of a gold file, in order. Raises `InputError` where it cannot be opened, `LineUnreadable`."""
    lines: list[GoldLine] = []
    seen: dict[str, int] = {}
    for number, raw in _objects(path):
        try:
            line = gold_line(raw)
            if line.token in seen:
                raise ValueError(f"frame {line.token} again; line {seen[line.token]} has it")
        except ValueError as error:
            raise LineUnreadable(str(path), number, str(error)) from error
        seen[line.token] = number
        lines.append(line)
    return lines


def _objects(path: Path) -> Iterator[tuple[int, Any]]:
    """Each gold object with the line it stands in."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the gold file {str(path)!r}: {error}; name a JSONL file") from error
    by_token = _mapping(text)
    if by_token is not None:
        for token, facts in by_token.items():
            at = text.find(json.dumps(token))
            yield text.count("\n", 0, max(at, 0)) + 1, {"token": token, **facts} if isinstance(facts, dict) else facts
        return
    for number, raw in enumerate(text.split("\n"), start=1):
        if raw.strip():
            try:
                yield number, json.loads(raw)
            except json.JSONDecodeError as error:
                raise LineUnreadable(str(path), number, f"not JSON at column {error.colno}: {error.msg}") from error


def _mapping(text: str) -> dict[str, Any] | None:
    """The whole text as one object of token → facts, or None where it is lines."""
    try:
        whole = json.loads(text)
    except json.JSONDecodeError:
        return None
    return (
        whole if isinstance(whole, dict) and not isinstance(whole.get("token"), str) and _holds_facts(whole) else None
    )


def _holds_facts(whole: Mapping[str, Any]) -> bool:
    return any(isinstance(value, dict) for value in whole.values()) and not any(name in whole for name in SECTIONS)


def gold_line(raw: Any) -> GoldLine:
    """One object, flat or nested, as a record. Raises `ValueError` naming the field."""
    if not isinstance(raw, dict):
        raise ValueError(f"a {type(raw).__name__}, not an object with a token and facts")
    token, scene, annotator = raw.get("token"), raw.get("scene"), raw.get("annotator")
    if not isinstance(token, str) or not token.strip():
        raise ValueError(f"field 'token' is {token!r}; a gold line needs its frame's token as text")
    facts = _flat(raw)
    return GoldLine(
        token=token,
        scene=scene if isinstance(scene, str) else None,
        scalars=_scalars(facts),
        controls=_controls(facts),
        tags=_tags(facts),
        risk=_risk(facts),
        inclusion_probability=_inclusion(raw),
        annotator=annotator if isinstance(annotator, str) else None,
    )


def _flat(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of either form by field name."""
    facts = dict(raw)
    for section in SECTIONS:
        held = raw.get(section)
        if held is None:
            continue
        if not isinstance(held, dict):
            raise ValueError(f"field {section!r} is {held!r}; it is an object of fields")
        facts.update(held)
    return facts


def _scalars(raw: Mapping[str, Any]) -> dict[str, str]:
    stated = {field.name: raw[field.name] for field in SCALAR_FIELDS if raw.get(field.name) not in (None, "", "None")}
    for name, value in stated.items():
        if value not in FIELDS[name].values:
            raise ValueError(f"field {name!r}: {unknown('value', str(value), FIELDS[name].values)}")
    return stated


def _controls(raw: Mapping[str, Any]) -> tuple[TrafficControl, ...] | None:
    """`[]` and `["none"]` both say that there are none."""
    values = _members(raw, "traffic_controls", "traffic control", (*FIELDS["traffic_controls"].values, "none"))
    return None if values is None else tuple(TrafficControl(value) for value in values if value != "none")


def _tags(raw: Mapping[str, Any]) -> tuple[Tag, ...] | None:
    key = next((key for key in TAG_KEYS if raw.get(key) is not None), TAG_KEYS[0])
    values = _members(raw, key, "tag", FIELDS["tags"].values)
    return None if values is None else tuple(Tag(value) for value in values)


def _members(raw: Mapping[str, Any], key: str, kind: str, known: tuple[str, ...]) -> list[str] | None:
    values = raw.get(key)
    if values is None:
        return None
    if not isinstance(values, list):
        raise ValueError(f"field {key!r} is {values!r}; it is a list of {kind}s, [] where none holds")
    for value in values:
        if value not in known:
            raise ValueError(f"field {key!r}: {unknown(kind, str(value), known)}")
    return values


def _risk(raw: Mapping[str, Any]) -> int | None:
    key = next((key for key in RISK_KEYS if raw.get(key) is not None), None)
    if key is None:
        return None
    value = raw[key]
    if isinstance(value, bool) or not isinstance(value, int) or not RISK_MIN <= value <= RISK_MAX:
        raise ValueError(f"field {key!r} is {value!r}; a risk is a whole number from {RISK_MIN} to {RISK_MAX}")
    return value


def _inclusion(raw: Mapping[str, Any]) -> float | None:
    value = raw.get("inclusion_probability")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise ValueError(f"field 'inclusion_probability' is {value!r}; it is above 0 and at most 1")
    return float(value)
