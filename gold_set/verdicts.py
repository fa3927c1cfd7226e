"""The verdicts that an index holds, as facts by token."""

from typing import Any

from scenario.records import Facts
from scenario.vocabulary import FIELDS
from search.store import Snapshot

FACTS = (*FIELDS, "risk", "description")


def indexed_facts(snapshot: Snapshot) -> dict[str, Facts]:
    """Token → the facts of its verdict, for every frame of a published index."""
    return {row["token"]: _facts(row) for row in snapshot.columns(("token", *FACTS)).to_pylist()}


def _facts(row: dict[str, Any]) -> Facts:
    return Facts(**{name: row[name] for name in FACTS if row[name] is not None})
