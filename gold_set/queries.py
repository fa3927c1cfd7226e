"""The benchmark's queries: plain words, and what makes a frame relevant to them.

One JSON object a line: `id`; `text`, the words as a user types them; `relevant`, a filter in the query language over
what gold lines state; `covers`, the fields and abilities it asks for; `where`, "sample" if only a log with distances
can answer it. The packaged set was written before any retriever ran on it, and is not changed after.
"""

from collections.abc import Iterator
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError, field_validator

from gold_set.labels import GoldLine
from scenario.errors import InputError, LineUnreadable, QueryError, unknown
from scenario.records import Record
from scenario.vocabulary import FIELDS, SCALAR_FIELDS
from search.query import parse
from search.query.ast import And, Filter, Not, Or, Phrase
from search.query.evaluate import evaluate

ABILITIES = ("negation", "number", "spatial")
COVERS = (*FIELDS, "risk", *ABILITIES)
GOLD_FIELDS = (*(field.name for field in SCALAR_FIELDS), "traffic_controls", "tag", "risk")
PACKAGED = "gold_set/data/queries.jsonl"


class BenchmarkQuery(Record):
    id: str
    text: str
    relevant: str
    covers: tuple[str, ...]
    where: Literal["any", "sample"]

    @field_validator("text")
    @classmethod
    def _plain_words(cls, text: str) -> str:
        read = _parsed(text)
        if read.filter is not None or read.similar or read.sort or not read.text:
            raise ValueError(f"{text!r} holds a filter; a benchmark query is plain words")
        return text

    @field_validator("relevant")
    @classmethod
    def _over_gold(cls, relevant: str) -> str:
        read = _parsed(relevant)
        if read.filter is None or read.text or read.similar or read.sort:
            raise ValueError(
                f"{relevant!r} is not a filter alone; write what is true of a relevant frame as FIELD:VALUE"
            )
        for name in fields_of(read.filter):
            if name not in GOLD_FIELDS:
                raise ValueError(unknown("gold field", name, GOLD_FIELDS))
        return relevant

    @field_validator("covers")
    @classmethod
    def _known(cls, covers: tuple[str, ...]) -> tuple[str, ...]:
        for name in covers:
            if name not in COVERS:
                raise ValueError(unknown("field or ability", name, COVERS))
        return covers

    @cached_property
    def predicate(self) -> Filter:
        found = parse(self.relevant).filter
        assert found is not None  # the validator saw it
        return found

    def judge(self, line: GoldLine) -> bool | None:
        """Whether the frame is relevant; None (not judged) where the gold leaves a field of `relevant` unsaid."""
        row = _row(line)
        if any(row[_column(name)] is None for name in fields_of(self.predicate)):
            return None
        return evaluate(self.predicate, row)


def read_queries(path: Path | None = None) -> list[BenchmarkQuery]:
    """The queries of a file, or the packaged ones. Raises `InputError`, `LineUnreadable`."""
    name = str(path) if path else PACKAGED
    queries: list[BenchmarkQuery] = []
    seen: dict[str, int] = {}
    for number, raw in enumerate(_text(path).split("\n"), start=1):
        if not raw.strip():
            continue
        query = _query(name, number, raw)
        if query.id in seen:
            raise LineUnreadable(name, number, f"field 'id': {query.id!r} again; line {seen[query.id]} has it")
        seen[query.id] = number
        queries.append(query)
    if not queries:
        raise InputError(f"{name} holds no query; write one JSON object a line")
    return queries


def fields_of(node: Filter) -> Iterator[str]:
    """The fields that a filter names; a phrase names the text, which gold lines lack."""
    match node:
        case And(children) | Or(children):
            for child in children:
                yield from fields_of(child)
        case Not(child):
            yield from fields_of(child)
        case Phrase():
            yield "text"
        case _:
            yield node.field


def _text(path: Path | None) -> str:
    if path is None:
        return resources.files("gold_set").joinpath("data", "queries.jsonl").read_text(encoding="utf-8")
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the queries {str(path)!r}: {error}; name a JSONL file") from error


def _query(name: str, number: int, raw: str) -> BenchmarkQuery:
    try:
        return BenchmarkQuery.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        reason = f"field {field!r}: {first['msg'].removeprefix('Value error, ')}" if field else first["msg"]
        raise LineUnreadable(name, number, reason) from error


def _parsed(text: str) -> Any:
    try:
        return parse(text)
    except QueryError as error:
        raise ValueError(str(error)) from error


def _column(name: str) -> str:
    return "tags" if name == "tag" else name


def _row(line: GoldLine) -> dict[str, Any]:
    """The gold line as a row of the index: column → value, None where it does not say."""
    scalars = {field.name: line.scalars.get(field.name) for field in SCALAR_FIELDS}
    return {**scalars, "traffic_controls": line.controls, "tags": line.tags, "risk": line.risk}
