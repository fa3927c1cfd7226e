"""Rows of the index table made directly, with every absence and odd text that a column may hold."""

from collections.abc import Sequence
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from scenario.labels import LABELS
from scenario.vocabulary import SCALAR_FIELDS, Tag, TrafficControl
from search.query.compile import TEXT_COLUMN, fold
from search.schema import BELIEF_COLUMNS, DESCRIPTION_VECTOR, schema
from search.store import TABLE, Build, Snapshot, Store

DIM = 8
BUILD = Build("test", "test", DIM)
PIECES = (
    *(
        "a pedestrian",
        "Straße",
        "İstanbul",
        "ǅ",
        "e\u0301te\u0301",
        "it's",
        "back\\slash",
        "c++",
        "a.c",
        "abc",
        "[x-z]",
    ),
    *(
        "x_y",
        "100%",
        "(a|b)",
        '"quoted"',
        "日本語",
        "٣",
        "²",
        "semi-truck",
        "\u200b",
        "😀",
        "ﬁre",
        "end$",
        "\n",
        "\u00a0",
    ),
)
NAMES = (None, "a", "A", "it's", "", "é", 'x"y', "b\\c", "100%", "日本")


def row(token: str, **columns: Any) -> dict[str, Any]:
    """A row in which nothing is stated but what is given."""
    blank: dict[str, Any] = dict.fromkeys(schema(DIM).names)
    blank |= dict.fromkeys(BELIEF_COLUMNS, 0.0)
    blank |= {"token": token, "scene_key": token, "scenario_key": "key", "run": 1, "text": "", TEXT_COLUMN: ""}
    return blank | {"traffic_controls": [], "tags": [], "objects": []} | columns


def rows_at_random(count: int, seed: int) -> list[dict[str, Any]]:
    random = Random(seed)
    return [_row_at_random(random, f"t{number}") for number in range(count)]


def _row_at_random(random: Random, token: str) -> dict[str, Any]:
    text = random.choice([" ", "", ", "]).join(random.choices(PIECES, k=random.randint(0, 5)))
    return row(
        token,
        **{field.name: random.choice([None, *field.values]) for field in SCALAR_FIELDS},
        **{name: random.choice(NAMES) for name in ("scene", "log", "location")},
        tags=random.sample([*Tag], random.choice([0, 0, 1, 3])),
        traffic_controls=random.sample([*TrafficControl], random.choice([0, 1, 2])),
        objects=random.sample(LABELS, random.choice([0, 1, 2])),
        risk=random.choice([None, *range(11)]),
        sequence=random.choice([None, -1, 0, 3, 2**40]),
        timestamp_us=random.choice([None, 0, 1_532_402_927_647_951]),
        risk_mean=random.choice([None, 0.0, 4.5, 10 / 3, 10.0]),
        risk_spread=random.choice([None, 0.0, 0.1 + 0.2]),
        agreement=random.choice([None, 0.0, 1 / 3, 1.0]),
        **{f"p_tags_{tag}": random.choice([0.0, 0.1, 1 / 3, 0.1 + 0.2, 1.0, random.random()]) for tag in Tag},
        **text_columns(text),
    )


def text_columns(text: str) -> dict[str, str]:
    return {"text": text, TEXT_COLUMN: fold(text)}


def unit_vectors(count: int, seed: int = 0) -> npt.NDArray[np.float32]:
    """(count, DIM) random directions."""
    vectors = np.random.default_rng(seed).standard_normal((count, DIM))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def table_of(uri: str, rows: Sequence[dict[str, Any]], *, indexed: bool) -> Snapshot:
    """A table of these rows, read through our `Snapshot`; its indexes are those that our `Store` makes."""
    columns = schema(DIM, BUILD.metadata())
    data = pa.Table.from_pylist(list(rows), schema=columns)
    store = Store(uri)
    table = store._db.create_table(TABLE, data=data, schema=columns, mode="overwrite")
    if indexed:
        store._index(table)
    return Snapshot(table, table.version)


def with_vectors(rows: Sequence[dict[str, Any]], column: str = DESCRIPTION_VECTOR) -> list[dict[str, Any]]:
    return [{**one, column: vector} for one, vector in zip(rows, unit_vectors(len(rows)), strict=True)]
