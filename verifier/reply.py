"""What a model's answer must look like, and the only way from one to `Facts`.

The schemas derive from the vocabulary. They use few keywords, so that every server and our own grammar can enforce
them: type, properties, required, additionalProperties, enum, items, minItems, maxItems, uniqueItems, maxLength,
anyOf. The order of properties is the order of writing: detections are reviewed before facts are stated. `null` says
"cannot tell", which no value of the vocabulary says.

A server may ignore the schema. Then one JSON object is looked for in what it wrote, and values outside the vocabulary
go the way of `scenario.wire`: kept raw, never guessed.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from scenario.answers import Answer, Evidence, Said
from scenario.errors import ReplyInvalid
from scenario.records import DetectionReview, Facts, Irregularity, ReviewVerdict
from scenario.vocabulary import FIELDS, RISK_MAX, RISK_MIN, Field
from scenario.wire import TAG_KEYS, WireFacts

FINGERPRINT = "reply-1"  # part of every scout's and judge's key: raise it when the reading changes
REASON_LENGTH, DESCRIPTION_LENGTH, RATIONALE_LENGTH = 120, 240, 600  # characters
RAW_LENGTH = 200  # characters kept of something that was not asked for
ASKED_FINGERPRINT = "asked-1"  # part of a question's key: raise it when its schema, reading or the table changes
SEEN_LENGTH, MOST_EVIDENCE = 160, 4  # characters; things that an answer may rest on
UNSURE = 0.5
# The probability of yes. A model is no more to be believed than this, and words measure better than its numbers.
CERTAINTY: Mapping[Said, Mapping[str, float]] = {
    "yes": {"certain": 0.95, "likely": 0.8, "guess": 0.6},
    "no": {"certain": 0.05, "likely": 0.2, "guess": 0.4},
    "unsure": {"certain": UNSURE, "likely": UNSURE, "guess": UNSURE},
}
LEAST = "guess"  # what a certainty counts for that is none of these

Schema = dict[str, Any]
Value = Mapping[str, Any]
T = TypeVar("T")
U = TypeVar("U")


class Report(NamedTuple):
    facts: Facts
    reviews: tuple[DetectionReview, ...]
    irregularities: tuple[Irregularity, ...]


class Shown(NamedTuple):
    """What an answer may cite: the cameras it was shown, and the reviewed detections: where each stands in
    `Grounding.detections`, and in which camera."""

    cameras: tuple[str, ...]
    listed: tuple[int, ...]
    listed_cameras: tuple[str, ...]


class Asked(NamedTuple):
    """`notes` say where the answer was taken for less than it said."""

    report: Report
    answer: Answer
    notes: tuple[str, ...]


class Judgement(NamedTuple):
    facts: Facts
    rationale: str | None
    irregularities: tuple[Irregularity, ...]


# Schemas


def review_key(number: int) -> str:
    """What the prompt and the reply call the detection at `number`, counted from 0: d1, d2, …"""
    return f"d{number + 1}"


def report_schema(detections_to_review: int) -> Schema:
    """A scout's reply: each listed detection reviewed exactly once, then the facts. No detections, no `review`."""
    if detections_to_review == 0:
        return facts_schema()
    reviews = {review_key(number): _review() for number in range(detections_to_review)}
    return _object({"review": _object(reviews), **facts_schema()["properties"]})


def asked_schema(detections_to_review: int, cameras: Sequence[str]) -> Schema:
    """A scout's reply to a question: as a report, and between reviews and facts the answer, what is seen first."""
    report = report_schema(detections_to_review)["properties"]
    reviews = {key: report[key] for key in report if key == "review"}
    return _object({**reviews, "answer": _answer(detections_to_review, cameras), **report})


def _answer(detections: int, cameras: Sequence[str]) -> Schema:
    keys = [review_key(number) for number in range(detections)]
    evidence = _object(
        {
            "camera": _or_null("string", [*cameras]),
            "detection": _or_null("string", keys) if keys else {"type": "null"},
            "seen": _text(SEEN_LENGTH),
        }
    )
    return _object(
        {
            "evidence": {"type": "array", "items": evidence, "maxItems": MOST_EVIDENCE},
            "verdict": {"type": "string", "enum": [*CERTAINTY]},
            "certainty": {"type": "string", "enum": [*CERTAINTY["yes"]]},
        }
    )


def judgement_schema() -> Schema:
    """A judge's reply: why, then the facts."""
    return _object({"rationale": _text(RATIONALE_LENGTH), **facts_schema()["properties"]})


def facts_schema() -> Schema:
    """The wire form of the facts, sections in the vocabulary's order."""
    sections: dict[str, dict[str, Schema]] = {}
    for field in FIELDS.values():
        if field.section:
            sections.setdefault(field.section, {})[field.wire_key] = _set(field) if field.many else _choice(field)
    sections["scenario_criticality"]["risk_score"] = _or_null("integer", list(range(RISK_MIN, RISK_MAX + 1)))
    tags = FIELDS["tags"]
    return _object(
        {
            **{name: _object(properties) for name, properties in sections.items()},
            tags.wire_key: _set(tags),
            "description": _text(DESCRIPTION_LENGTH),
        }
    )


def _review() -> Schema:
    verdicts = [verdict.value for verdict in ReviewVerdict]
    return _object({"verdict": {"type": "string", "enum": verdicts}, "reason": _text(REASON_LENGTH)})


def _object(properties: dict[str, Schema]) -> Schema:
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


def _choice(field: Field) -> Schema:
    return _or_null("string", [*field.values])


def _or_null(kind: str, values: list[Any]) -> Schema:
    return {"anyOf": [{"type": kind, "enum": values}, {"type": "null"}]}


def _set(field: Field) -> Schema:
    """`uniqueItems` is more than most grammars can hold a model to: the reader folds what is said twice."""
    items = {"type": "string", "enum": [*field.values]}
    return {"type": "array", "items": items, "maxItems": len(field.values), "uniqueItems": True}


def _text(length: int) -> Schema:
    return {"type": "string", "maxLength": length}


# Reading


def read_report(text: str, positions: Sequence[int]) -> Report:
    """A scout's reply. `positions[i]` is where the detection reviewed as d(i + 1) stands in `Grounding.detections`.

    Raises `ReplyInvalid`, which says what is wrong and where.
    """
    schema = report_schema(len(positions))
    wire = _object_in(text, schema)
    return _report(wire, schema, positions)


def _report(wire: Value, schema: Schema, positions: Sequence[int]) -> Report:
    odd = list(_odd_keys(wire, schema))
    reviews = []
    for number, position in enumerate(positions):
        said = wire["review"][review_key(number)]
        verdict = said["verdict"]
        if verdict in [*ReviewVerdict]:
            reason = one_line(said["reason"])
            reviews.append(DetectionReview(detection=position, verdict=ReviewVerdict(verdict), reason=reason))
        else:
            odd.append(_outside("review", f"{review_key(number)}: {verdict}"))
    facts, irregularities = _facts(wire)
    return Report(facts, tuple(reviews), (*irregularities, *odd))


def read_asked(text: str, shown: Shown) -> Asked:
    """A scout's reply to a question. Raises `ReplyInvalid`.

    A yes is believed only with something to show for it: without evidence, or where all of it are detections that
    the scout itself rejects, it is taken as unsure.
    """
    schema = asked_schema(len(shown.listed), shown.cameras)
    wire = _object_in(text, schema)
    facts, reviews, irregularities = _report(wire, schema, shown.listed)
    odd: list[Irregularity] = []
    said = wire["answer"]
    verdict: Said = _one_of(said["verdict"], CERTAINTY, "unsure", "answer.verdict", odd)
    certainty = _one_of(said["certainty"], CERTAINTY["yes"], LEAST, "answer.certainty", odd)
    evidence = tuple(_evidence(said["evidence"], shown, odd))
    doubt = _doubt(evidence, reviews) if verdict == "yes" else None
    held: Said = "unsure" if doubt else verdict
    answer = Answer(verdict=held, probability=CERTAINTY[held][certainty], evidence=evidence)
    return Asked(Report(facts, reviews, (*irregularities, *odd)), answer, (doubt,) if doubt else ())


def _doubt(evidence: Sequence[Evidence], reviews: Sequence[DetectionReview]) -> str | None:
    """Why a yes is not believed."""
    if not evidence:
        return "it said yes without evidence: taken as unsure"
    rejected = {review.detection for review in reviews if review.verdict is ReviewVerdict.REJECTED}
    if all(item.detection in rejected for item in evidence):
        return "it said yes for what it had itself rejected: taken as unsure"
    return None


def _evidence(said: object, shown: Shown, odd: list[Irregularity]) -> Iterator[Evidence]:
    """Entries that say what is seen. What they cite that was not shown is left out of them, and noted."""
    entries = said if isinstance(said, list) else [said]
    keys = [review_key(number) for number in range(len(shown.listed))]
    for number, entry in enumerate(entries):
        where = f"answer.evidence[{number}]"
        seen = one_line(entry.get("seen")) if isinstance(entry, Mapping) else None
        if seen is None or number >= MOST_EVIDENCE:
            odd.append(_outside(where, entry))
            continue
        camera = _one_of(entry.get("camera"), shown.cameras, None, f"{where}.camera", odd)
        key = _one_of(entry.get("detection"), keys, None, f"{where}.detection", odd)
        if key is None:
            yield Evidence(seen=seen, camera=camera)
            continue
        place = keys.index(key)
        if camera not in (None, shown.listed_cameras[place]):
            odd.append(_outside(f"{where}.camera", f"{camera}, but {key} is in {shown.listed_cameras[place]}"))
        yield Evidence(seen=seen, camera=shown.listed_cameras[place], detection=shown.listed[place])


def _one_of(raw: object, known: Iterable[T], otherwise: U, where: str, odd: list[Irregularity]) -> T | U:
    """A value as it is spelled here, whatever its case. Null is no value; anything else that is none is noted."""
    if isinstance(raw, str):
        for value in known:
            if raw.strip().casefold() == str(value).casefold():
                return value
    if raw is not None:
        odd.append(_outside(where, raw))
    return otherwise


def read_judgement(text: str) -> Judgement:
    """A judge's reply. Raises `ReplyInvalid`."""
    schema = judgement_schema()
    wire = _object_in(text, schema)
    facts, irregularities = _facts(wire)
    return Judgement(facts, one_line(wire["rationale"]), (*irregularities, *_odd_keys(wire, schema)))


def one_line(raw: object) -> str | None:
    """A text without line breaks, control characters and lone surrogates; None where there is nothing to read."""
    if not isinstance(raw, str):
        return None
    return " ".join("".join(c if c.isprintable() else " " for c in raw).split()) or None


def _facts(wire: Value) -> tuple[Facts, tuple[Irregularity, ...]]:
    read = WireFacts({**wire, "description": one_line(wire["description"])})
    return read.facts, read.irregularities


def _object_in(text: str, schema: Schema) -> Value:
    """The one JSON object in `text` that has a key of the schema, which must have all of them."""
    found = [value for value in _objects(text) if _known_keys(value, schema)]
    if len(found) > 1:
        raise ReplyInvalid(f"the reply holds {len(found)} JSON objects that could be the answer; one was asked for")
    if not found:
        raise ReplyInvalid(f"the reply is not the JSON object that was asked for: {_trouble(text)}")
    for fault in _faults(found[0], schema, ()):
        raise ReplyInvalid(f"the reply does not follow its schema: {fault}")
    return found[0]


def _known_keys(value: Value, schema: Schema) -> bool:
    return not schema["properties"].keys().isdisjoint(value)


def _objects(text: str) -> Iterator[Value]:
    """Every JSON object in a text that is not inside another, as where a server wraps one in a Markdown fence."""
    decoder = json.JSONDecoder(strict=False)  # a raw line break in a string spoils nothing
    start = text.find("{")
    while start >= 0:
        end = start + 1
        try:
            value, end = decoder.raw_decode(text, start)
            yield _storable(value)
        except (ValueError, RecursionError):  # not JSON here, or a number or a nest beyond all measure
            pass
        start = text.find("{", end)


def _storable(value: Any) -> Value:
    """JSON can hold half a surrogate pair, which is no text and could be stored nowhere: it becomes a `?`."""
    mended: Value = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    return mended


def _trouble(text: str) -> str:
    """Why there is no object: what the parser says of the text from its first brace on."""
    start = text.find("{")
    if start < 0:
        return f"no object in {_shortened(text)}" if text.strip() else "it is empty"
    try:
        value = json.JSONDecoder(strict=False).raw_decode(text, start)[0]
    except json.JSONDecodeError as error:
        return f"{error.msg} at character {error.pos} of {len(text)}"
    except (ValueError, RecursionError) as error:
        return str(error)
    return f"its keys are {_shortened(', '.join(value))}"


def _faults(value: Any, schema: Schema, path: tuple[str, ...]) -> Iterator[str]:
    """What is missing, or is no object where one should be. Single values are left to the lenient reader."""
    if schema.get("type") != "object":
        return
    if not isinstance(value, Mapping):
        yield f"{'.'.join(path) or 'it'} is {_shortened(value)}, not an object"
        return
    for key, inner in schema["properties"].items():
        if key in value:
            yield from _faults(value[key], inner, (*path, key))
        elif key not in TAG_KEYS or not any(name in value for name in TAG_KEYS):
            yield f"{'.'.join((*path, key))} is missing"


def _odd_keys(value: Value, schema: Schema, path: tuple[str, ...] = ()) -> Iterator[Irregularity]:
    """What was not asked for. A misspelled tag key is read, and noted, elsewhere."""
    for key, inner in value.items():
        asked = schema["properties"].get(key)
        if asked and asked.get("type") == "object":
            yield from _odd_keys(inner, asked, (*path, key))
        elif asked is None and key not in TAG_KEYS:
            yield _outside(".".join((*path, key)), inner)


def _outside(field: str, raw: object) -> Irregularity:
    return Irregularity(field=field[:RAW_LENGTH], raw=str(raw)[:RAW_LENGTH], kind="outside")


def _shortened(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:80]}…"
