"""The comparison of two indexes."""

from typing import Any

import numpy as np

from search.schema import RUN_COLUMNS, VECTOR_COLUMNS, schema
from search.store import Snapshot


def differences(one: Snapshot, other: Snapshot) -> list[str]:
    """Where two indexes differ, by token; empty when they are equal.

    Columns that belong to a run are left out, and vectors may differ by 1e-5.
    """
    if (one.build.embedder, one.build.dim) != (other.build.embedder, other.build.dim):
        return [f"embedder: {one.build} != {other.build}"]
    first, second = _by_token(one), _by_token(other)
    found = [f"{token}: only in one of them" for token in sorted(first.keys() ^ second.keys())]
    for token in sorted(first.keys() & second.keys()):
        for column, value in first[token].items():
            if not _equal(column, value, second[token][column]):
                found.append(f"{token} {column}: {value!r} != {second[token][column]!r}")
    return found


def _by_token(snapshot: Snapshot) -> dict[str, dict[str, Any]]:
    names = [name for name in schema(snapshot.build.dim).names if name not in RUN_COLUMNS]
    rows = snapshot.columns(names).drop_columns(["_rowid"]).to_pylist()
    by_token = {row["token"]: row for row in rows}
    assert len(by_token) == len(rows), "a token stands in the index twice"
    return by_token


def _equal(column: str, one: Any, other: Any) -> bool:
    if column in VECTOR_COLUMNS and one is not None and other is not None:
        return bool(np.allclose(one, other, rtol=0, atol=1e-5))
    return bool(one == other)
