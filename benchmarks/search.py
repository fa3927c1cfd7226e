"""How fast a search is: the engine, the bare LanceDB calls inside it, and scanning JSONL, side by side.

    python benchmarks/search.py --index build/release [--rows 100000] [--repeat 20] [--json FILE] [--quick]

Eight queries, at the size of the index and at `--rows` (the index's rows again under new tokens, their vectors moved a
little). Every repetition asks every query of every side in turn, in one process, in an order that rotates, so that
whatever else the machine does falls on all sides alike. Prints Markdown.

- engine: `Engine.search` of a page of ten, or `Engine.facets`, by an engine that keeps no finished searches.
- bare: the LanceDB calls that answer the same query, the same SQL, side by side like the engine's: the ids that pass,
  reading no column; or both vector columns, BM25 and the count; then the page's rows. Compiling, fusing, ranking by
  belief, counting facets and the check for a newer build are the engine's own, so they show in the ratio.
- JSONL: read every line of the facts and texts, evaluate the filter, rank by words in common, keep ten (for facets,
  count). It answers less: no vectors. `similar:` ranks by the words of that frame's text.

Embedding the words is the same for engine and bare, so it is kept in memory for both and measured on its own.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # this file's folder would hide the room `search`

import numpy as np
import pyarrow as pa

from benchmarks.sides import Asked, ask_bare, ask_engine, ask_jsonl, dump, mix, published
from scenario.protocols import Embedder, Vectors
from scenario.workspace import Workspace
from search.embedding import embedder_of
from search.schema import VECTOR_COLUMNS, Vector
from search.store import TABLE, Store
from server.engine import Engine

WARM_UP = 2  # unmeasured rounds: columns, indexes and files come into memory
LARGE = 20_000  # rows from which scanning JSONL takes seconds, so that it is repeated only LARGE_REPEAT times
LARGE_REPEAT = 3
NOISE = 0.15  # length of what is added to a unit vector
SIDES = ("engine", "bare", "jsonl")


@dataclass
class Remembered:
    """An embedder that computes each text once."""

    inner: Embedder
    kept: dict[str, Vector] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        return self.inner.fingerprint

    @property
    def dim(self) -> int:
        return self.inner.dim

    def embed(self, texts: Sequence[str]) -> Vectors:
        for text in texts:
            if text not in self.kept:
                self.kept[text] = self.inner.embed([text])[0]
        return np.stack([self.kept[text] for text in texts])


# Building the larger index


def multiply(table: Any, store: Store, rows: int) -> None:
    """Publish `rows` rows made of the table's, with the store's own indexes."""
    base = table.to_arrow().combine_chunks()
    copies = (_copy(base, number) for number in range(-(-rows // len(base))))
    batches = (part for copy in copies for part in copy.to_batches())
    reader = pa.RecordBatchReader.from_batches(base.schema, _at_most(batches, rows))
    made = store._db.create_table(TABLE, data=reader, schema=base.schema, mode="overwrite")
    store._index(made)
    made.optimize()
    store._publish(made)


def _at_most(batches: Iterator[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    for part in batches:
        if rows <= 0:
            return
        yield part.slice(0, rows)
        rows -= len(part)


def _copy(base: pa.Table, number: int) -> pa.Table:
    if number == 0:
        return base
    made: dict[str, Any] = {name: base[name] for name in base.column_names}
    for name in ("token", "scene_key"):
        made[name] = pa.array([f"{text}-{number}" for text in base[name].to_pylist()])
    made["sequence"] = pa.array([None if n is None else n + number * len(base) for n in base["sequence"].to_pylist()])
    for place, name in enumerate(VECTOR_COLUMNS):
        made[name] = _moved(base[name].combine_chunks(), np.random.default_rng([number, place]))
    return pa.table(made, schema=base.schema)


def _moved(stored: pa.Array, rng: np.random.Generator) -> pa.Array:
    """Unit vectors near the stored ones; none where none is stored."""
    dim, there = stored.type.list_size, stored.is_valid().to_numpy(zero_copy_only=False)
    vectors = np.zeros((len(stored), dim), dtype=np.float32)
    vectors[there] = stored.flatten().to_numpy().reshape(-1, dim)
    vectors[there] += rng.normal(0, NOISE / np.sqrt(dim), (int(there.sum()), dim)).astype(np.float32)
    vectors[there] /= np.linalg.norm(vectors[there], axis=1, keepdims=True)
    return pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), dim, mask=pa.array(~there))


# Measuring


def measure(workspace: Workspace, repeat: int) -> dict[str, Any]:
    """Samples in ms of every query and side, of embedding, and of opening."""
    table = published(workspace.index_uri)
    embedder = Remembered(embedder_of(Engine(workspace, embedder_of).stats()["embedder"]))
    asked = mix(table, embedder)
    started = perf_counter()
    engine = Engine(workspace, lambda fingerprint: embedder, kept_searches=0)
    engine.facets()
    opening_ms = 1000 * (perf_counter() - started)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "facts.jsonl"
        rows, size = dump(table, path)
        ask: dict[str, Callable[[Asked], int]] = {
            "engine": partial(ask_engine, engine),
            "bare": partial(ask_bare, table),
            "jsonl": partial(ask_jsonl, path),
        }
        scans = min(repeat, LARGE_REPEAT) if rows > LARGE else repeat
        samples, matching = _interleaved(asked, ask, {"engine": repeat, "bare": repeat, "jsonl": scans})
    embedding = [_ms(partial(embedder.inner.embed, [one.words])) for one in asked * repeat if one.words]
    return {
        "rows": rows,
        "repeat": repeat,
        "jsonl_mb": size / 1e6,
        "queries": {one.name: one.source for one in asked},
        "matching": matching,
        "samples_ms": samples,
        "embedding_ms": embedding,
        "opening_ms": opening_ms,
    }


def _interleaved(
    asked: Sequence[Asked], ask: dict[str, Callable[[Asked], int]], repeats: dict[str, int]
) -> tuple[dict[str, dict[str, list[float]]], dict[str, int]]:
    samples: dict[str, dict[str, list[float]]] = {one.name: {side: [] for side in SIDES} for one in asked}
    matching = {}
    for one in asked:  # every side must find the same frames; this warms up, too
        found = {side: ask[side](one) for side in SIDES for _ in range(1 if side == "jsonl" else WARM_UP)}
        if len(set(found.values())) != 1:
            raise SystemExit(f"{one.source}: the sides disagree on how many frames match: {found}")
        matching[one.name] = found["engine"]
    for number in range(max(repeats.values())):
        turn = [SIDES[(place + number) % len(SIDES)] for place in range(len(SIDES))]
        for one in asked:
            for side in turn:
                if number < repeats[side]:
                    samples[one.name][side].append(_ms(partial(ask[side], one)))
    return samples, matching


def _ms(call: Callable[[], object]) -> float:
    started = perf_counter()
    call()
    return 1000 * (perf_counter() - started)


# Telling


def markdown(measured: dict[str, Any]) -> str:
    head = f"### {measured['rows']:,} rows (JSONL {measured['jsonl_mb']:.0f} MB)"
    scans = min(len(sides["jsonl"]) for sides in measured["samples_ms"].values())
    lines = [head, "", f"p50 / p95 in ms, of {measured['repeat']} repetitions (JSONL {scans}); ratios of p50.", ""]
    lines += ["| query | matching | engine | bare LanceDB | JSONL scan | engine ÷ bare | JSONL ÷ engine |"]
    lines += ["|---|--:|--:|--:|--:|--:|--:|"]
    for name, sides in measured["samples_ms"].items():
        engine, bare, scan = (float(np.median(sides[side])) for side in SIDES)
        cells = [name, f"{measured['matching'][name]:,}", *(_p50_p95(sides[side]) for side in SIDES)]
        lines.append(f"| {' | '.join([*cells, f'{engine / bare:.2f}', f'{scan / engine:,.1f}'])} |")
    embedding = f"| embedding the words, apart | | {_p50_p95(measured['embedding_ms'])} | | | | |"
    opening = f"| opening, and facets of all | | {measured['opening_ms']:.0f} | | | | |"
    return "\n".join([*lines, embedding, opening, ""])


def _p50_p95(samples: Sequence[float]) -> str:
    p50, p95 = np.percentile(samples, [50, 95])
    digits = 0 if p50 >= 100 else 1
    return f"{p50:,.{digits}f} / {p95:,.{digits}f}"


def machine() -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in ("lancedb", "pyarrow", "numpy"))
    load = os.getloadavg()[0]
    python = platform.python_version()
    return f"{os.cpu_count()} cores ({platform.machine()}), Python {python}, {versions}, load at the start {load:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Engine, bare LanceDB and a JSONL scan, side by side.")
    parser.add_argument("--index", default="build/release", help="a workspace that was indexed")
    parser.add_argument("--rows", type=int, default=100_000, help="the larger size; 0: only the index as it is")
    parser.add_argument("--repeat", type=int, default=20)
    parser.add_argument("--json", type=Path, help="write every sample here")
    parser.add_argument("--quick", action="store_true", help="three repetitions, only the index as it is")
    options = parser.parse_args()
    repeat, rows = (3, 0) if options.quick else (options.repeat, options.rows)
    workspace, facts = Workspace.open(options.index), machine()
    print(f"{facts}\n", flush=True)
    measured = [measure(workspace, repeat)]
    print("\n".join(f"- {name}: `{source}`" for name, source in measured[0]["queries"].items()), end="\n\n")
    print(markdown(measured[0]), flush=True)
    if rows:
        with tempfile.TemporaryDirectory() as folder:
            larger = Workspace.create(folder)
            multiply(published(workspace.index_uri), Store(larger.index_uri), rows)
            measured.append(measure(larger, repeat))
        print(markdown(measured[1]))
    if options.json:
        options.json.write_text(json.dumps({"machine": facts, "sizes": measured}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
