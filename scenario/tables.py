"""What every part of the ledger finds in the `Ledger` it is mixed into, which alone opens the database."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any


class Tables:
    """The base of the ledger's parts."""

    _db: Any

    def _transaction(self) -> AbstractContextManager[None]:
        raise NotImplementedError

    def _read(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        raise NotImplementedError

    def _now(self) -> str:
        raise NotImplementedError

    def _has(self, table: str) -> bool:
        raise NotImplementedError
