"""The verdicts that an index holds, as facts by token."""

from typing import Any

from scenario.records import Facts
from scenario.vocabulary import FIELDS
from search.store import Snapshot

COLUMNS = ("token", *FIELDS, "risk", "description")


def indexed_facts(snapshot: Snapshot) -> dict[str, Facts]:
    """Token → the facts of its verdict, for every frame of a published index."""
    return {row.pop("token"): _facts(row) for row in snapshot.columns(COLUMNS).to_pylist()}


def _facts(row: dict[str, Any]) -> Facts:
    return Facts(**{name: value for name, value in row.items() if value is not None})
