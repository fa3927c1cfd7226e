"""The three parties of `benchmarks/server.py`: clients in a process of their own, the engine in this one, an indexer.

Clients are threads with one kept connection each; the next of the paths goes to whoever is free. The indexer publishes
the same frames again and again, each time as another build: `build-7` in every scene and location, so that what an
answer holds says which builds it was made from.
"""

import gzip
import http.client
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from threading import Barrier
from time import perf_counter, sleep
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # this file's folder would hide the room `search`

import pyarrow as pa

from search.store import TABLE, Store
from server.engine import Engine

CLIENT_TIMEOUT_S = 60
BUILD = re.compile(rb"build-(\d+)")
HEADERS = {"Accept-Encoding": "gzip", "Host": "localhost"}


@dataclass
class Taken:
    """What one slice of load gave."""

    wall_s: float = 0.0
    latencies_ms: list[float] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)  # what was answered instead of 200
    mixed: int = 0  # answers made from more than one build
    builds: set[int] = field(default_factory=set)
    wire_bytes: int = 0
    body_bytes: int = 0  # the largest

    def add(self, other: "Taken") -> None:
        self.wall_s += other.wall_s
        self.latencies_ms += other.latencies_ms
        self.faults += other.faults
        self.mixed += other.mixed
        self.builds |= other.builds
        self.wire_bytes = max(self.wire_bytes, other.wire_bytes)
        self.body_bytes = max(self.body_bytes, other.body_bytes)


def ask_server(port: int, paths: Sequence[str], clients: int, seconds: float, first: int) -> Taken:
    """Ask for the paths in turn, from the `first` on, by so many clients at once. Runs in a process of its own."""

    def connect() -> Callable[[str, Taken], None]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=CLIENT_TIMEOUT_S)
        return lambda path, taken: _get(connection, path, taken)

    return _together(connect, paths, clients, seconds, first)


def ask_engine(call: Callable[[str], object], asked: Sequence[str], clients: int, seconds: float, first: int) -> Taken:
    """The same of a function in this process, by so many threads."""

    def plain() -> Callable[[str, Taken], None]:
        return lambda one, taken: call(one) and None

    return _together(plain, asked, clients, seconds, first)


def _together(
    connect: Callable[[], Callable[[str, Taken], None]], asked: Sequence[str], clients: int, seconds: float, first: int
) -> Taken:
    turn, barrier = count(first), Barrier(clients + 1)

    def one() -> Taken:
        taken, ask = Taken(), connect()
        barrier.wait()
        ends = perf_counter() + seconds
        while (started := perf_counter()) < ends:
            try:
                ask(asked[next(turn) % len(asked)], taken)
            except (OSError, http.client.HTTPException) as error:
                taken.faults[type(error).__name__] += 1
            taken.latencies_ms.append(1000 * (perf_counter() - started))
        return taken

    whole = Taken()
    with ThreadPoolExecutor(clients) as pool:
        waiting = [pool.submit(one) for _ in range(clients)]
        barrier.wait()
        started = perf_counter()
        for done in waiting:
            whole.add(done.result())
        whole.wall_s = perf_counter() - started
    return whole


def _get(connection: http.client.HTTPConnection, path: str, taken: Taken) -> None:
    connection.request("GET", path, headers=HEADERS)
    response = connection.getresponse()
    wire = response.read()
    if response.status != 200:
        taken.faults[f"{response.status} {wire[:200].decode(errors='replace')}"] += 1
        return
    body = gzip.decompress(wire) if response.getheader("Content-Encoding") == "gzip" else wire
    taken.wire_bytes, taken.body_bytes = max(taken.wire_bytes, len(wire)), max(taken.body_bytes, len(body))
    if response.getheader("Content-Type", "").startswith("image/"):
        return
    builds = {int(number) for number in BUILD.findall(body)}
    taken.builds |= builds
    taken.mixed += len(builds) > 1


# The engine's side: what the server does for a path, called directly


def engine_call(engine: Engine, kind: str) -> Callable[[str], object]:
    if kind == "facets":
        return engine.facets
    return lambda query: engine.search(query, limit=10)


# The indexer's side


def publish_again(uri: str, stop_file: str, pause_s: float) -> tuple[int, float]:
    """Publish builds until the file is there; how many they were, and the seconds that one takes."""
    store = Store(uri, keep_old_versions=timedelta(0))  # clean up at once: the hardest for whoever reads
    rows = store._db.open_table(TABLE).to_arrow()
    number, busy_s = 0, 0.0
    while not Path(stop_file).exists():
        number, started = number + 1, perf_counter()
        _publish(store, marked(rows, number))
        busy_s += perf_counter() - started
        sleep(pause_s)
    return number, busy_s / max(1, number)


def marked(rows: pa.Table, number: int) -> pa.Table:
    """The rows as those of a build: its number in every scene and location."""
    made: Any = rows
    for name in ("scene", "location"):
        said = pa.array([f"build-{number}"] * len(rows), pa.string())
        made = made.set_column(made.schema.get_field_index(name), made.schema.field(name), said)
    return made


def _publish(store: Store, rows: pa.Table) -> None:
    """What `Store.write` does with rows that are Arrow already."""
    table = store._db.create_table(TABLE, data=rows, schema=rows.schema, mode="overwrite")
    store._index(table)
    table.optimize(cleanup_older_than=store._cleanable(table))
    store._publish(table)


def dumped(taken: Taken) -> dict[str, Any]:
    """As JSON has it."""
    return json.loads(json.dumps(vars(taken), default=sorted))
