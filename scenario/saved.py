"""The part of the ledger that remembers searches by name, and which frames were there when each was last looked at."""

from collections.abc import Iterable

from scenario.errors import ConfigError, WorkspaceError, unknown
from scenario.records import Record
from scenario.tables import Tables

SAVED_TABLES = """
CREATE TABLE IF NOT EXISTS indexed (
    id INTEGER PRIMARY KEY, token TEXT NOT NULL UNIQUE, run INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS saved_searches (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, query TEXT NOT NULL, who TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS saved_removed (
    saved INTEGER PRIMARY KEY REFERENCES saved_searches(id), created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS saved_looks (
    id INTEGER PRIMARY KEY, saved INTEGER NOT NULL REFERENCES saved_searches(id), seen INTEGER NOT NULL,
    created_at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS saved_looks_by_search ON saved_looks(saved, id);
"""
LONGEST_NAME = 100


class SavedSearch(Record):
    """A query under a name. `seen` is the number of the last frame that was indexed when it was last looked at."""

    name: str
    query: str
    who: str
    created_at: str
    looked_at: str
    seen: int


class SavedTables(Tables):
    """Mixed into `Ledger`."""

    def record_indexed(self, tokens: Iterable[str], run: int) -> None:
        """These frames are in the published index. What was there before stays as it is: a frame is new once."""
        with self._transaction():
            self._db.executemany(
                "INSERT OR IGNORE INTO indexed (token, run) VALUES (?, ?)", ((token, run) for token in tokens)
            )

    def indexed_since(self, seen: int) -> list[str]:
        """The frames whose number is above `seen`, in the order in which they came."""
        if not self._has("indexed"):
            return []
        return [token for (token,) in self._read("SELECT token FROM indexed WHERE id > ? ORDER BY id", (seen,))]

    def save_search(self, name: str, query: str, who: str) -> SavedSearch:
        """Under a name that is free; its frames of today count as seen. Raises `ConfigError` and `WorkspaceError`."""
        name = name.strip()
        fit = 0 < len(name) <= LONGEST_NAME and name.isprintable()
        if not fit or "/" in name or name in (".", ".."):  # it is part of addresses
            raise ConfigError(
                f"a saved search needs a name of 1 to {LONGEST_NAME} printable characters without /, and other than"
                f" . and .., not {name!r}"
            )
        now = self._now()
        with self._transaction():
            if name in {one.name for one in self.saved_searches()}:
                raise WorkspaceError(f"a search named {name!r} is saved already; take another name, or remove it first")
            cursor = self._db.execute(
                "INSERT INTO saved_searches (name, query, who, created_at) VALUES (?, ?, ?, ?)",
                (name, query, who, now),
            )
            self._look(int(cursor.lastrowid), now)
        return self.saved_search(name)

    def saved_searches(self) -> list[SavedSearch]:
        """By name."""
        if not self._has("saved_searches"):
            return []
        rows = self._read(
            "SELECT s.name, s.query, s.who, s.created_at, l.created_at, l.seen FROM saved_searches s"
            " JOIN saved_looks l ON l.id = (SELECT max(id) FROM saved_looks WHERE saved = s.id)"
            " WHERE s.id NOT IN (SELECT saved FROM saved_removed) ORDER BY s.name"
        )
        return [SavedSearch.model_validate(dict(zip(SavedSearch.model_fields, row, strict=True))) for row in rows]

    def saved_search(self, name: str) -> SavedSearch:
        """Raises `WorkspaceError` where there is none of that name."""
        saved = {one.name: one for one in self.saved_searches()}
        if name not in saved:
            raise WorkspaceError(
                unknown("saved search", name, saved) if saved else f"no search is saved yet, and none as {name!r}"
            )
        return saved[name]

    def look_at_saved(self, name: str) -> SavedSearch:
        """From now on only frames that come later are new to it; as it was before."""
        before = self.saved_search(name)
        with self._transaction():
            self._look(self._number(name), self._now())
        return before

    def remove_saved(self, name: str) -> SavedSearch:
        """It stays in the ledger, and its name is free again."""
        removed = self.saved_search(name)
        with self._transaction():
            self._db.execute(
                "INSERT OR IGNORE INTO saved_removed (saved, created_at) VALUES (?, ?)",
                (self._number(name), self._now()),
            )
        return removed

    def _number(self, name: str) -> int:
        ((number,),) = self._read("SELECT max(id) FROM saved_searches WHERE name = ?", (name,))
        return int(number)

    def _look(self, number: int, now: str) -> None:
        self._db.execute(
            "INSERT INTO saved_looks (saved, seen, created_at)"
            " VALUES (?, (SELECT coalesce(max(id), 0) FROM indexed), ?)",
            (number, now),
        )
