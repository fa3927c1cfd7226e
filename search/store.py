"""The LanceDB table. Nothing else imports lancedb.

The index is derived: it is written whole, in large batches, and never updated. A finished build is *published* by
moving the tag `published` to its version. Readers open that version and keep it, so a half-written build is never
seen, a search's pages all come from one version, and a killed build leaves the last published one in place.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

os.environ.setdefault("LANCEDB_LOG", "error")  # only the environment silences its log, and only before the import

import lancedb
from lancedb.index import FTS, Bitmap, BTree, IvfFlat, LabelList
from lancedb.query import MatchQuery

from scenario.errors import IndexMismatch, NoIndex, StoreError
from scenario.vocabulary import SCALAR_FIELDS
from search.schema import (
    TABLE_VERSION,
    VECTOR_COLUMNS,
    IndexRow,
    Vector,
    batch,
    schema,
)

TABLE, PUBLISHED = "scenarios", "published"
ROWS_PER_BATCH = 4096
ROWS_AT_ONCE = 128
VECTOR_INDEX_FROM = 10_000  # rows; below, a flat scan is as fast and exact
VECTORS_TO_TRAIN = 256  # a log may have next to no reasoning; k-means cannot place partitions among a few vectors
KEEP_OLD_VERSIONS = timedelta(days=1)  # so that readers of the last build can finish

RowIds = npt.NDArray[np.uint64]
Scores = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Build:
    """What a published table was made from: an equal fingerprint means there is nothing to rebuild."""

    fingerprint: str
    embedder: str
    dim: int

    def metadata(self) -> dict[str, str]:
        return {
            "semdrive.table_version": str(TABLE_VERSION),
            "semdrive.fingerprint": self.fingerprint,
            "semdrive.embedder": self.embedder,
            "semdrive.dim": str(self.dim),
        }


@contextmanager
def _named(doing: str) -> Iterator[None]:
    """LanceDB raises plain errors for a URI it cannot reach and for files that are gone: give them our name."""
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        raise StoreError(f"{doing} failed: {str(error).partition(', /')[0]}") from error


class Snapshot:
    """One published version of the table, opened for reading; it stays the same however the index moves on."""

    def __init__(self, table: Any, version: int) -> None:
        self._table, self.version = table, version
        stored = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
        found = stored.get("semdrive.table_version")
        if found != str(TABLE_VERSION):
            raise IndexMismatch(f"the index has table version {found}, this program reads {TABLE_VERSION}; index again")
        self.build = Build(stored["semdrive.fingerprint"], stored["semdrive.embedder"], int(stored["semdrive.dim"]))

    @_named("reading the index")
    def __len__(self) -> int:
        return int(self._table.count_rows())

    @_named("reading the index")
    def count(self, where: str | None) -> int:
        return int(self._table.count_rows(where))

    @_named("reading the index")
    def matching(self, where: str | None) -> RowIds:
        """The ids of every row that passes."""
        query = self._table.search().select(["_rowid"])  # an empty selection would read every column
        found = (query.where(where) if where else query).to_arrow()
        return np.asarray(found["_rowid"].to_numpy(), dtype=np.uint64)

    @_named("reading the index")
    def columns(self, names: Sequence[str]) -> pa.Table:
        """Whole columns, with `_rowid`, in the order of the rows."""
        return self._table.search().with_row_id(True).select(list(names)).to_arrow()

    @_named("reading the index")
    def rows(self, row_ids: Sequence[int], columns: Sequence[str]) -> list[dict[str, Any]]:
        """The rows with these ids, in the order given."""
        if not row_ids:
            return []
        # LanceDB returns them in its own order.
        found = self._table.take_row_ids(list(row_ids)).with_row_id().select(list(columns)).to_arrow().to_pylist()
        by_id = {row.pop("_rowid"): row for row in found}
        return [by_id[row_id] for row_id in row_ids]

    @_named("reading the index")
    def nearest(self, column: str, vector: Vector, where: str | None, limit: int) -> tuple[RowIds, Scores]:
        """Row ids and cosine distances of the nearest rows that pass, nearest first; never a row without a vector."""
        ids, distances = self._nearest(column, vector, where, limit, flat=False)
        if len(ids) < limit and self._has_index(column) and len(ids) < len(self.matching(_with_vector(column, where))):
            # The index gave up early under the filter, though more rows pass.
            ids, distances = self._nearest(column, vector, where, limit, flat=True)
        return ids, distances

    def _nearest(
        self, column: str, vector: Vector, where: str | None, limit: int, *, flat: bool
    ) -> tuple[RowIds, Scores]:
        query = self._table.search(vector, vector_column_name=column).distance_type("cosine").limit(limit)
        # No upper bound on the partitions that are searched until `limit` rows have passed the filter.
        query = query.bypass_vector_index() if flat else query.maximum_nprobes(0)
        query = query.where(where, prefilter=True) if where else query
        found = query.with_row_id(True).select(["_distance"]).to_arrow()
        return _ids_and(found, "_distance")

    @_named("reading the index")
    def matching_words(self, words: str, where: str | None, limit: int) -> tuple[RowIds, Scores]:
        """Row ids and BM25 scores under a prefilter, best first. The words are never read as a query language."""
        query = self._table.search(MatchQuery(words, "text"), query_type="fts").limit(limit)
        query = query.where(where, prefilter=True) if where else query
        found = query.with_row_id(True).select(["_score"]).to_arrow()
        return _ids_and(found, "_score")

    def says(self, word: str) -> bool:
        """Whether any frame's text has this word, in any inflection."""
        return len(self.matching_words(word, None, 1)[0]) > 0

    def _has_index(self, column: str) -> bool:
        return f"{column}_idx" in {index.name for index in self._table.list_indices()}

    @_named("reading the index")
    def indices(self) -> list[dict[str, Any]]:
        """Name, kind, rows without an entry, and for vectors the distance of each index."""
        described = []
        for index in self._table.list_indices():
            stats = self._table.index_stats(index.name)
            described.append(
                {
                    "name": index.name,
                    "kind": str(index.index_type),
                    "unindexed_rows": stats.num_unindexed_rows if stats else None,
                    "distance": stats.distance_type if stats else None,
                }
            )
        return described


def _batches(
    rows: Iterable[IndexRow], run: int, columns: pa.Schema, on_rows: Callable[[int], None]
) -> Iterator[pa.RecordBatch]:
    """The rows in batches of thousands: small writes would leave a file each.

    They become Arrow a few at a time: a scenario as records takes twenty times the memory of its row.
    """
    rest = iter(rows)
    made: list[pa.RecordBatch] = []
    while part := list(islice(rest, ROWS_AT_ONCE)):
        made.append(batch(part, run, columns))
        if sum(map(len, made)) >= ROWS_PER_BATCH:
            yield from pa.Table.from_batches(made).combine_chunks().to_batches()
            made = []
        on_rows(len(part))
    if made:
        yield from pa.Table.from_batches(made).combine_chunks().to_batches()


def _with_vector(column: str, where: str | None) -> str:
    return f"({where}) AND {column} IS NOT NULL" if where else f"{column} IS NOT NULL"


def _ids_and(found: pa.Table, column: str) -> tuple[RowIds, Scores]:
    return (
        np.asarray(found["_rowid"].to_numpy(), dtype=np.uint64),
        np.asarray(found[column].to_numpy(), dtype=np.float64),
    )


class Store:
    """The index at a URI: open the published snapshot, or write and publish a new one."""

    def __init__(self, uri: str, *, keep_old_versions: timedelta = KEEP_OLD_VERSIONS) -> None:
        self.uri, self.keep_old_versions = uri, keep_old_versions
        self._tags: Any = None

    @cached_property
    def _db(self) -> Any:
        return lancedb.connect(self.uri)  # makes a directory where there is none, so not before it is needed

    @_named("opening the index")
    def published_version(self) -> int | None:
        """The version that readers should open, read anew each time; None before the first build is finished."""
        if self._tags is None:
            if not self._has_table():
                return None
            try:
                self._tags = self._db.open_table(TABLE).tags
            except ValueError as error:
                if "not found" in str(error).lower():  # the first build was killed before it wrote a manifest
                    return None
                raise
        try:
            return int(self._tags.get_version(PUBLISHED))
        except (ValueError, RuntimeError) as error:
            if "does not exist" in str(error):
                return None
            raise

    def _has_table(self) -> bool:
        token: str | None = None
        while True:  # list_tables pages by ten
            page = self._db.list_tables(page_token=token)
            if TABLE in page.tables:
                return True
            token = page.page_token
            if not token:
                return False

    @_named("opening the index")
    def snapshot(self) -> Snapshot:
        """The published version. Raises `NoIndex` when no build was finished."""
        version = self.published_version()
        if version is None:
            raise NoIndex(self.uri)
        table = self._db.open_table(TABLE)
        table.checkout(version)
        return Snapshot(table, version)

    def write(
        self, rows: Iterable[IndexRow], build: Build, run: int, on_rows: Callable[[int], None] = lambda count: None
    ) -> int:
        """Write a whole table, index it and publish it; returns its version. `rows` is consumed batch by batch."""
        columns = schema(build.dim, build.metadata())
        reader = pa.RecordBatchReader.from_batches(columns, _batches(rows, run, columns, on_rows))
        # A frame without text has no vector; what is not NULL was checked when it was embedded.
        table = self._db.create_table(TABLE, data=reader, schema=columns, mode="overwrite", on_bad_vectors="null")
        self._index(table)
        table.optimize(cleanup_older_than=self._cleanable(table))
        self._publish(table)
        return int(table.version)

    def _cleanable(self, table: Any) -> timedelta:
        """The age from which old versions may go: never the published one's, which readers hold and the tag guards."""
        published = self.published_version()
        if published is None:
            return self.keep_old_versions
        made = {entry["version"]: entry["timestamp"] for entry in table.list_versions()}[published]
        age: timedelta = datetime.now(made.tzinfo) - made
        return max(self.keep_old_versions, age + timedelta(minutes=1))

    def _index(self, table: Any) -> None:
        for name in ("token", "risk", "sequence", "scene_key"):
            table.create_index(name, config=BTree())
        for field in SCALAR_FIELDS:
            table.create_index(field.name, config=Bitmap())
        for name in ("tags", "traffic_controls", "objects"):
            table.create_index(name, config=LabelList())
        table.create_index("text", config=FTS(with_position=True))
        large = table.count_rows() >= VECTOR_INDEX_FROM
        for name in VECTOR_COLUMNS:
            if large and table.count_rows(f"{name} IS NOT NULL") >= VECTORS_TO_TRAIN:
                table.create_index(name, config=IvfFlat(distance_type="cosine"))
                stats = table.index_stats(f"{name}_idx")
                if stats is None or stats.distance_type != "cosine":  # it would be passed over in silence
                    raise StoreError(
                        f"the vector index of {name} has distance {stats and stats.distance_type}, not cosine"
                    )

    def _publish(self, table: Any) -> None:
        version = table.version
        if PUBLISHED in table.tags.list():
            table.tags.update(PUBLISHED, version)
        else:
            table.tags.create(PUBLISHED, version)
