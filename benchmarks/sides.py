"""The queries of `benchmarks/search.py`, and the three sides that answer them.

Each side returns how many frames pass the filter, so that a side that answers another question is found out.
"""

import heapq
import json
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from scenario.protocols import Embedder
from scenario.vocabulary import SCALAR_FIELDS
from search.chips import read_words
from search.fusion import POOL
from search.query import Query, parse
from search.query.compile import TEXT_COLUMN, compile_filter, fold, quote
from search.query.evaluate import evaluate
from search.schema import VECTOR_COLUMNS, Vector
from search.store import PUBLISHED, TABLE  # first: it silences LanceDB's log
from server.engine import Engine
from server.views import HIT_COLUMNS

import lancedb  # isort: skip
from lancedb.query import MatchQuery  # isort: skip

PAGE = 10
SET_COLUMNS = ("tags", "traffic_controls", "objects")
FACTS = ("token", "scene", "location", *(f.name for f in SCALAR_FIELDS), *SET_COLUMNS, "risk", "description", "text")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Asked:
    """One query of the mix; for `similar:` and words, what the bare calls and the scan are handed ready."""

    name: str
    source: str
    query: Query
    where: str | None
    words: str
    vector: Vector | None
    overlap: frozenset[str]

    @property
    def facets(self) -> bool:
        return self.name == "facets"


def published(uri: str) -> Any:
    """The published table, as bare LanceDB."""
    table = lancedb.connect(uri).open_table(TABLE)
    table.checkout(table.tags.get_version(PUBLISHED))
    return table


def mix(table: Any, embedder: Embedder) -> list[Asked]:
    """The queries: what they filter, say and resemble."""
    first = table.search().where("description_vector IS NOT NULL AND reasoning_vector IS NOT NULL")
    (example,) = first.select(["token", "text"]).limit(1).to_list()
    sources = {
        "filter": "risk>=4 AND construction",
        "filter, negated": "risk>=4 AND NOT weather:clear,overcast AND NOT construction",
        "phrase": '"jersey barrier"',
        "similar": f"similar:{example['token']}",
        "words": "barrels that close the lane",
        "words + filter": "risk>=4 AND construction AND NOT weather:rain workers beside the truck",
        "words, two chips": "jaywalker at night",
        "facets": "risk>=4 AND construction",
    }
    return [_asked(name, source, example["text"], embedder) for name, source in sources.items()]


def _asked(name: str, source: str, example: str, embedder: Embedder) -> Asked:
    query = parse(source)
    words = read_words(query.text).text
    spoken = example if query.similar else words
    vector = embedder.embed([words])[0] if words else None
    return Asked(name, source, query, compile_filter(query.filter), words, vector, _words(spoken))


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.casefold()))


def ask_engine(engine: Engine, asked: Asked) -> int:
    engine._open().filters.clear()  # what passed is kept, too; here every answer is made anew
    if asked.facets:
        return engine.facets(asked.source).matching
    return engine.search(asked.source, limit=PAGE).matching


def ask_bare(table: Any, asked: Asked) -> int:
    if asked.vector is None and asked.query.similar is None:
        search = table.search().with_row_id(True).select(["_rowid"])  # select([]) reads every column
        found = search.where(asked.where).to_arrow()
        if not asked.facets:
            _page(table, found)
        return int(found.num_rows)
    with ThreadPoolExecutor(max_workers=2) as threads:
        dense = threads.submit(_similar if asked.query.similar else _dense, table, asked)
        bm25 = threads.submit(_bm25, table, asked) if asked.words else None
        if bm25:
            bm25.result()
        found = dense.result()
    matching = int(table.count_rows(asked.where))
    _page(table, found)
    return matching


def _page(table: Any, found: pa.Table) -> None:
    table.take_row_ids(found["_rowid"][:PAGE].to_pylist()).with_row_id().select(list(HIT_COLUMNS)).to_arrow()


def _dense(table: Any, asked: Asked) -> pa.Table:
    found = [_nearest(table, name, asked.vector, asked.where, POOL) for name in VECTOR_COLUMNS]
    return found[0]


def _similar(table: Any, asked: Asked) -> pa.Table:
    own = table.search().where(f"token = {quote(str(asked.query.similar))}").select(list(VECTOR_COLUMNS)).to_arrow()
    vectors = {name: np.asarray(own[name][0].as_py(), dtype=np.float32) for name in VECTOR_COLUMNS}
    found = [_nearest(table, name, vector, asked.where, POOL + 1) for name, vector in vectors.items()]
    return found[0]


def _nearest(table: Any, column: str, vector: Vector | None, where: str | None, limit: int) -> pa.Table:
    search = table.search(vector, vector_column_name=column).distance_type("cosine").limit(limit).maximum_nprobes(0)
    search = search.where(where, prefilter=True) if where else search
    return search.with_row_id(True).select(["_distance"]).to_arrow()


def _bm25(table: Any, asked: Asked) -> pa.Table:
    search = table.search(MatchQuery(asked.words, "text"), query_type="fts").limit(POOL)
    search = search.where(asked.where, prefilter=True) if asked.where else search
    return search.with_row_id(True).select(["_score"]).to_arrow()


def dump(table: Any, path: Path) -> tuple[int, int]:
    """The facts and texts as JSON lines; how many, and how many bytes."""
    rows = 0
    with path.open("w", encoding="utf-8") as lines:
        for part in table.search().select(list(FACTS)).to_arrow().to_batches(4096):
            lines.writelines(json.dumps(row) + "\n" for row in part.to_pylist())
            rows += len(part)
    return rows, path.stat().st_size


def ask_jsonl(path: Path, asked: Asked) -> int:
    passing = _passing(path, asked)
    if asked.facets:
        return _count_facets(passing)
    matching, ranked = 0, []
    for row in passing:
        matching += 1
        score = len(asked.overlap & _words(row["text"])) if asked.overlap else row["risk"] or -1
        if score:
            ranked.append((score, row["token"]))
    heapq.nlargest(PAGE, ranked)
    return matching


def _passing(path: Path, asked: Asked) -> Iterator[dict[str, Any]]:
    phrase = asked.name == "phrase"
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if phrase:
                row[TEXT_COLUMN] = fold(row["text"])
            if asked.query.filter is None or evaluate(asked.query.filter, row):
                yield row


def _count_facets(rows: Iterator[dict[str, Any]]) -> int:
    counted: Counter[tuple[str, Any]] = Counter()
    single = ("risk", "scene", "location", *(known.name for known in SCALAR_FIELDS))
    matching = 0
    for row in rows:
        matching += 1
        counted.update((name, row[name]) for name in single)
        counted.update((name, value) for name in SET_COLUMNS for value in row[name])
    return matching
