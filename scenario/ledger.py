"""The ledger: what each stage said about each frame, kept forever. Nothing else opens SQLite.

A result's key is a hash of everything it depends on (`result_key`), so a result is either there or still to be
made; it is never wrong and never changed. Write transactions hold one batch and no model call.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from scenario.curation import Label, Sample, SampledFrame
from scenario.errors import WorkspaceError
from scenario.reviews import REVIEW_TABLES, ReviewTables
from scenario.saved import SAVED_TABLES, SavedTables
from scenario.verifications import TABLES, VerificationTables

SCHEMA = 1
BUSY_TIMEOUT_MS = 60_000
MAX_RUN = 2**63 - 1  # SQLite's largest integer
_TABLES = """
CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY, started_at TEXT NOT NULL, finished_at TEXT, config TEXT NOT NULL, summary TEXT);
CREATE TABLE IF NOT EXISTS results (
    key TEXT PRIMARY KEY, stage TEXT NOT NULL, token TEXT NOT NULL, payload BLOB NOT NULL,
    run INTEGER NOT NULL REFERENCES runs(id), created_at TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS failures (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL, stage TEXT NOT NULL, token TEXT, error TEXT NOT NULL,
    message TEXT NOT NULL, run INTEGER NOT NULL REFERENCES runs(id), created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS samples (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, payload TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS picks (
    id INTEGER PRIMARY KEY, sample TEXT NOT NULL, token TEXT NOT NULL, who TEXT NOT NULL, created_at TEXT NOT NULL,
    UNIQUE (sample, token));
CREATE TABLE IF NOT EXISTS labels (
    id INTEGER PRIMARY KEY, token TEXT NOT NULL, annotator TEXT NOT NULL, sample TEXT, payload TEXT NOT NULL,
    created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS looks (
    id INTEGER PRIMARY KEY, token TEXT NOT NULL, annotator TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS failures_by_run ON failures(run);
CREATE INDEX IF NOT EXISTS failures_by_key ON failures(key);
"""


def digest(*parts: object) -> str:
    """A 32-digit hash of JSON-able parts; equal parts give equal digests on every machine."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def result_key(stage: str, token: str, fingerprint: str, inputs: Sequence[str]) -> str:
    """The key of what `stage`, configured as `fingerprint`, says about a frame, given the keys of what it read."""
    return digest(stage, token, fingerprint, list(inputs))


@dataclass(frozen=True)
class Result:
    key: str
    token: str
    payload: bytes


@dataclass(frozen=True)
class Failure:
    """A stage that failed. `token` is None where the frame is not even known (an unreadable line)."""

    key: str
    stage: str
    token: str | None
    error: str
    message: str

    @classmethod
    def of(cls, error: Exception, *, key: str, stage: str, token: str | None) -> "Failure":
        return cls(key, stage, token, type(error).__name__, str(error))


@contextmanager
def _named() -> Iterator[None]:
    """A ledger that is damaged or cannot be written is an error with a name; misuse of SQLite stays a bug."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if not (isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError):
            raise
        raise WorkspaceError(f"the ledger cannot be used: {error}; semdrive doctor checks it") from error


class Ledger(VerificationTables, ReviewTables, SavedTables):
    """One connection. Readers and a second writer wait (busy timeout); they do not fail."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        if read_only and not path.is_file():
            raise WorkspaceError(f"no ledger at {str(path)!r}")
        # A read-only open of a WAL database still needs the -shm file, so it is opened normally and told not to write.
        try:
            # LanceDB draws rows, and so reads the ledger, from a thread of its own while ours waits; SQLite serialises.
            self._db = sqlite3.connect(
                path, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None, check_same_thread=False
            )
        except sqlite3.OperationalError as error:
            raise WorkspaceError(f"cannot open the ledger {str(path)!r}: {error}") from error
        try:
            self._prepare(read_only)
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise WorkspaceError(f"{str(path)!r} is not a ledger of this version: {error}") from error

    def _prepare(self, read_only: bool) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version != SCHEMA and (read_only or version != 0):
            raise sqlite3.DatabaseError(f"its schema is {version}, this program's is {SCHEMA}")
        if not read_only:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            with self._transaction():
                for statement in (_TABLES + TABLES + REVIEW_TABLES + SAVED_TABLES).split(";\n"):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {SCHEMA}")
        self._db.execute(f"PRAGMA query_only = {int(read_only)}")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with _named():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _read(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with _named():
            rows: list[tuple[Any, ...]] = self._db.execute(sql, parameters).fetchall()
        return rows

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Runs

    def start_run(self, config: Mapping[str, Any]) -> int:
        with self._transaction():
            row = self._db.execute(
                "INSERT INTO runs (started_at, config) VALUES (?, ?) RETURNING id", (_now(), json.dumps(config))
            ).fetchone()
        return int(row[0])

    def finish_run(self, run: int, summary: Mapping[str, Any]) -> None:
        with self._transaction():
            self._db.execute(
                "UPDATE runs SET finished_at = ?, summary = ? WHERE id = ?", (_now(), json.dumps(summary), run)
            )

    def runs(self) -> list[dict[str, Any]]:
        rows = self._read("SELECT id, started_at, finished_at, config, summary FROM runs ORDER BY id")
        return [
            {"id": i, "started_at": s, "finished_at": f, "config": json.loads(c), "summary": json.loads(m or "null")}
            for i, s, f, c, m in rows
        ]

    # Results and failures

    def record(self, run: int, stage: str, results: Iterable[Result], failures: Iterable[Failure] = ()) -> None:
        """Append one batch in one transaction. A result that another writer recorded meanwhile is left as it is."""
        now = _now()
        with self._transaction():
            self._db.executemany(
                "INSERT OR IGNORE INTO results VALUES (?, ?, ?, ?, ?, ?)",
                [(r.key, stage, r.token, r.payload, run, now) for r in results],
            )
            self._db.executemany(
                "INSERT INTO failures (key, stage, token, error, message, run, created_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(f.key, f.stage, f.token, f.error, f.message, run, now) for f in failures],
            )

    def known(self, keys: Iterable[str]) -> set[str]:
        """Those of `keys` that have a result."""
        return {key for (key,) in self._select("SELECT key FROM results WHERE key IN ({})", keys)}

    def failed(self, keys: Iterable[str]) -> dict[str, Failure]:
        """Key → its latest failure. Ask only about keys without a result: one may have come since."""
        rows = self._select(
            "SELECT key, stage, token, error, message FROM failures WHERE key IN ({}) ORDER BY id", keys
        )
        return {row[0]: Failure(*row) for row in rows}

    def payloads(self, keys: Iterable[str]) -> dict[str, bytes]:
        return {
            key: bytes(payload)
            for key, payload in self._select("SELECT key, payload FROM results WHERE key IN ({})", keys)
        }

    def _select(self, sql: str, keys: Iterable[str]) -> Iterator[tuple[Any, ...]]:
        rest = iter(dict.fromkeys(keys))
        while part := list(islice(rest, 500)):
            yield from self._read(sql.format(",".join("?" * len(part))), part)

    def failures(self, run: int | None = None, *, since: int = 0) -> list[Failure]:
        """Failures that no later result has answered, of one run or of all from `since` on; each key once, with its
        latest error."""
        first, last = (since, MAX_RUN) if run is None else (run, run)
        rows = self._read(
            "SELECT key, stage, token, error, message FROM failures f WHERE run BETWEEN ?1 AND ?2"
            " AND NOT EXISTS (SELECT 1 FROM results r WHERE r.key = f.key)"
            " AND NOT EXISTS (SELECT 1 FROM failures g WHERE g.key = f.key AND g.id > f.id"
            " AND g.run BETWEEN ?1 AND ?2) ORDER BY id",
            (first, last),
        )
        return [Failure(*row) for row in rows]

    def counts(self) -> dict[str, int]:
        return dict(self._read("SELECT stage, count(*) FROM results GROUP BY stage ORDER BY stage"))

    # Samples and labels

    def append_sample(self, sample: Sample) -> None:
        """Raises `WorkspaceError` where a sample of that name was drawn before: what was drawn stays."""
        with self._transaction():
            drawn = self._db.execute("SELECT 1 FROM samples WHERE name = ?", (sample.name,)).fetchone()
            if drawn:
                raise WorkspaceError(f"a sample named {sample.name!r} was drawn before; give this one another --name")
            self._insert_sample(sample)

    def _insert_sample(self, sample: Sample) -> None:
        self._db.execute(
            "INSERT INTO samples (name, payload, created_at) VALUES (?, ?, ?)",
            (sample.name, sample.model_dump_json(), _now()),
        )

    def append_picks(self, picked: Sample, who: str) -> int:
        """Begin a picked sample, or add to the one of that name; how many frames it did not hold before.

        Raises `WorkspaceError` where the sample of that name was drawn: a frame picked by hand would spoil its chances.
        """
        with self._transaction():
            row = self._db.execute("SELECT payload FROM samples WHERE name = ?", (picked.name,)).fetchone()
            if row is None:
                self._insert_sample(picked.model_copy(update={"frames": ()}))  # they are picks, with who picked them
            elif (method := Sample.model_validate_json(row[0]).method) != "picked":
                raise WorkspaceError(
                    f"sample {picked.name!r} was drawn ({method}); frames picked by hand would make its estimates"
                    " wrong, so give them a sample of another name"
                )
            before = self._db.total_changes
            self._db.executemany(
                "INSERT OR IGNORE INTO picks (sample, token, who, created_at) VALUES (?, ?, ?, ?)",
                [(picked.name, frame.token, who, _now()) for frame in picked.frames],
            )
            added: int = self._db.total_changes - before
            return added

    def samples(self) -> list[Sample]:
        """In the order they were drawn, or first picked into."""
        if not self._has("samples"):
            return []
        made = [Sample.model_validate_json(p) for (p,) in self._read("SELECT payload FROM samples ORDER BY id")]
        return [one if one.method != "picked" else self._with_picks(one) for one in made]

    def _with_picks(self, sample: Sample) -> Sample:
        rows = self._read("SELECT token FROM picks WHERE sample = ? ORDER BY id", (sample.name,))
        frames = (SampledFrame(token=token, inclusion_probability=None, stratum="picked") for (token,) in rows)
        return sample.model_copy(update={"frames": tuple(frames)})

    def append_labels(self, labels: Iterable[Label]) -> None:
        now = _now()
        with self._transaction():
            self._db.executemany(
                "INSERT INTO labels (token, annotator, sample, payload, created_at) VALUES (?, ?, ?, ?, ?)",
                [
                    (label.token, label.annotator, label.sample, label.model_dump_json(exclude={"created_at"}), now)
                    for label in labels
                ],
            )

    def labels(self, *, history: bool = False) -> list[Label]:
        """The latest label of each annotator on each frame, or every one that was ever given, oldest first."""
        if not self._has("labels"):
            return []
        latest = "" if history else " WHERE id IN (SELECT max(id) FROM labels GROUP BY token, annotator)"
        rows = self._read(f"SELECT payload, created_at FROM labels{latest} ORDER BY id")
        return [Label.model_validate_json(p).model_copy(update={"created_at": at}) for p, at in rows]

    def append_look(self, token: str, annotator: str) -> None:
        """An annotator was shown what the index predicts of a frame: from now on no label of theirs is blind."""
        with self._transaction():
            self._db.execute(
                "INSERT INTO looks (token, annotator, created_at) VALUES (?, ?, ?)", (token, annotator, _now())
            )

    def looked(self) -> set[tuple[str, str]]:
        """(token, annotator) of every look."""
        return set(self._read("SELECT DISTINCT token, annotator FROM looks")) if self._has("looks") else set()

    def _now(self) -> str:
        return _now()

    def _has(self, table: str) -> bool:
        """Whether an older ledger, opened only to be read, has this table yet."""
        return bool(self._read("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)))

    def check(self) -> list[str]:
        """SQLite's own word on the file: empty when it is sound."""
        return [line for (line,) in self._read("PRAGMA quick_check") if line != "ok"]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
