"""How fast a search is that asks what was verified, over a large index with as many verifications.

    python benchmarks/verified_states.py [--rows 1000000] [--repeat 5] [--quick]

Makes, in a temporary folder, a table of `--rows` rows with all indexes and a ledger with one verification for each row
(two questions in turn; a third each of yes, no and unsure). Prints Markdown: each query's first search by a new engine
(it reads the ledger; a search without states came before it), the fastest of `--repeat` warm ones by an engine that
keeps no finished searches (whatever else the machine does only adds), and the first one after one more verification.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # this file's folder would hide the room `search`

import numpy as np
import pyarrow as pa

from scenario.answers import Outcome, Verification
from scenario.ledger import Ledger
from scenario.protocols import Vectors
from scenario.verifications import question_key
from scenario.workspace import Workspace
from search.query.compile import TEXT_COLUMN
from search.schema import BELIEF_COLUMNS, VECTOR_COLUMNS, schema
from search.store import TABLE, Build, Store
from server.engine import Engine

DIM = 16
AT_ONCE = 50_000
QUESTIONS = ("a pedestrian steps into the lane", "is the road wet?")
VERDICTS: tuple[Outcome, ...] = ("yes", "no", "unsure")
WORDS = ("pedestrian", "truck", "barrels", "cyclist", "in the lane", "beside the curb", "at night", "in the rain")
ASKED = {
    "is:verified": {},
    "is:unverified": {},
    f'verified:"{QUESTIONS[0]}"': {},
    f'verified:"{QUESTIONS[0]}" risk:>=8 -is:refuted': {},
    f'verified:"{QUESTIONS[0]}" truck at night': {},
    f'verified:"{QUESTIONS[0]}" risk:9 weather:rain truck at night': {},
    "risk:9 (re-ranked)": {"rerank": QUESTIONS[0]},
    "truck at night (re-ranked)": {"rerank": QUESTIONS[0]},
}


class Fixed:
    """An embedder that costs nothing, so that only the search is measured."""

    fingerprint, dim = "fixed", DIM

    def embed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.stack([np.random.default_rng(len(text)).standard_normal(DIM) for text in texts])
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def write_table(uri: str, rows: int) -> None:
    columns = schema(DIM, Build("benchmark", Fixed.fingerprint, DIM).metadata())
    reader = pa.RecordBatchReader.from_batches(columns, _batches(columns, rows))
    store = Store(uri)
    table = store._db.create_table(TABLE, data=reader, schema=columns, mode="overwrite")
    store._index(table)
    store._publish(table)


def _batches(columns: pa.Schema, rows: int) -> Iterator[pa.RecordBatch]:
    for start in range(0, rows, AT_ONCE):
        count = min(AT_ONCE, rows - start)
        rng = np.random.default_rng(start)
        tokens = [token(number) for number in range(start, start + count)]
        text = [" ".join(rng.choice(WORDS, 4)) for _ in range(count)]
        made = {
            "token": tokens,
            "scene_key": tokens,
            "scenario_key": tokens,
            "text": text,
            TEXT_COLUMN: text,
            "run": np.ones(count, dtype=np.int64),
            "risk": rng.integers(0, 11, count),
            "weather": rng.choice(["clear", "rain", "fog"], count),
            **{name: [[]] * count for name in ("tags", "traffic_controls", "objects")},
            **{name: rng.random(count) for name in BELIEF_COLUMNS},
            **{name: _unit_vectors(rng, count) for name in VECTOR_COLUMNS},
        }
        arrays = [_array(made.get(column.name), column.type, count) for column in columns]
        yield pa.RecordBatch.from_arrays(arrays, schema=columns)


def _array(values: object, kind: pa.DataType, count: int) -> pa.Array:
    if values is None:
        return pa.nulls(count, kind)
    return values.cast(kind) if isinstance(values, pa.Array) else pa.array(values).cast(kind)


def _unit_vectors(rng: np.random.Generator, count: int) -> pa.Array:
    vectors = rng.standard_normal((count, DIM), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), DIM)


def token(number: int) -> str:
    return f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}"  # spread, as real tokens are


def write_ledger(path: Path, rows: int) -> None:
    """One verification of each row: what `append_verification` writes, in large transactions."""
    with Ledger(path) as ledger:
        for start in range(0, rows, AT_ONCE):
            made = [_verification(number) for number in range(start, min(rows, start + AT_ONCE))]
            with ledger._transaction():
                ledger._db.executemany(
                    "INSERT INTO verifications (token, question, verdict, payload, created_at) VALUES (?, ?, ?, ?, ?)",
                    [(v.token, v.question, v.verdict, v.to_bytes().decode(), "2026-01-01") for v in made],
                )
                ledger._db.executemany(
                    "INSERT INTO verification_keys (id, key, question_key) VALUES (?, ?, ?)",
                    [(start + at + 1, v.key, question_key(v.question)) for at, v in enumerate(made)],
                )


def _verification(number: int) -> Verification:
    question, verdict = QUESTIONS[number % 2], VERDICTS[number // 2 % 3]
    return Verification(token=token(number), question=question, verdict=verdict, key=f"{number:032x}")


def measure(workspace: Workspace, repeat: int) -> Iterator[str]:
    yield "| query | matching | cold s | warm ms | after a verification ms |"
    yield "|---|--:|--:|--:|--:|"
    for name, options in ASKED.items():
        query = name.removesuffix(" (re-ranked)")
        engine = Engine(workspace, lambda _: Fixed(), kept_searches=0)
        engine.search("risk:1 truck", limit=1)  # opening
        matching, cold_ms = _timed(engine, query, options)
        warm_ms = min(_timed(engine, query, options)[1] for _ in range(repeat))
        with Ledger(workspace.require_ledger("the benchmark")) as ledger:
            ledger.append_verification(_verification(0))
        _, after_ms = _timed(engine, query, options)
        yield f"| `{name}` | {matching:,} | {cold_ms / 1000:.1f} | {warm_ms:.0f} | {after_ms:.0f} |"


def _timed(engine: Engine, query: str, options: dict[str, str]) -> tuple[int, float]:
    started = perf_counter()
    page = engine.search(query, rerank=options.get("rerank", False))
    return page.matching, 1000 * (perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="20,000 rows: whether it runs")
    options = parser.parse_args()
    rows = 20_000 if options.quick else options.rows
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.create(Path(folder) / "w")
        started = perf_counter()
        write_table(workspace.index_uri, rows)
        write_ledger(workspace.require_ledger("the benchmark"), rows)
        print(f"{rows:,} rows and verifications, made in {perf_counter() - started:.0f} s\n", flush=True)
        for line in measure(workspace, options.repeat):
            print(line, flush=True)


if __name__ == "__main__":
    main()
