"""How fast the server is, and whether it ever fails: `semdrive serve` under load, beside the engine called directly.

    python benchmarks/server.py --index build/release [--rows 100000] [--while-indexing] [--json FILE] [--quick]

Three indexes, each behind a `semdrive serve` of its own: the index as it is, `--rows` rows made of it (as in
`benchmarks/search.py`), and the sample drive with its pictures (`--pictures`; rendered where none is named). Each is
asked by 1, 16 and 64 clients at once over kept connections, in a process of their own, for searches (hundreds of
different ones, so that no answer is kept from before), counts, one search that is asked again, the search page as
HTML, and pictures. In turn with that, in slices of a second, as many threads call the engine directly, in this
process, with the same queries: the ratio of their rates is what HTTP costs. A page as HTML is a search and several
counts, so it has no ratio.

With `--while-indexing`, an indexer publishes another build of the index all the time (old ones are removed at once),
and every answer is read for whether it was made from one build. The command fails if any answer is not 200 or is mixed.
Prints Markdown.
"""

import argparse
import json
import multiprocessing
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # this file's folder would hide the room `search`

import numpy as np

from benchmarks.load import Taken, ask_engine, ask_server, dumped, engine_call, publish_again
from benchmarks.search import machine, multiply
from benchmarks.sides import published
from scenario.vocabulary import FIELDS, Tag
from scenario.workspace import Workspace
from search.embedding import embedder_of
from search.store import Store
from server.engine import Engine

CLIENTS = (1, 16, 64)
SUBJECTS = ("a pedestrian", "a cyclist", "barrels", "workers", "a truck", "an ambulance", "a child", "cones")
PLACES = ("in the road", "in the lane", "beside the curb", "at a crossing", "on the bridge", "before a bus")
TIMES = ("at night", "in the rain", "in fog", "by day", "at dusk")
SERVING = re.compile(r"serving .* at http://[^:]+:(\d+)/")
PICTURE_WIDTH_PX = 320


@dataclass(frozen=True)
class Kind:
    """What is asked for again and again: paths, and where the engine can be asked directly, the same queries."""

    name: str
    paths: tuple[str, ...]
    queries: tuple[str, ...] = ()


@dataclass
class Cell:
    """A kind by so many clients: what the server gave and what the engine gave."""

    kind: str
    clients: int
    server: Taken = field(default_factory=Taken)
    engine: Taken = field(default_factory=Taken)


# What is asked


def kinds(index: str) -> list[Kind]:
    filters = [
        f"risk>={risk} AND {tag} AND NOT weather:{weather}"
        for risk, tag, weather in product(range(10), Tag, FIELDS["weather"].values)
    ]
    words = [" ".join(parts) for parts in product(SUBJECTS, PLACES, TIMES)]
    both = [f"risk>={number % 8} AND {[*Tag][number % len(Tag)]} {text}" for number, text in enumerate(words)]
    found = [
        _searching("search, filter", filters),
        _searching("search, words", words),
        _searching("search, both", both),
        _searching("search, asked before", filters[:1]),
        Kind("facets", tuple(f"/api/facets?q={quote(one)}" for one in filters), tuple(filters)),
        Kind("page, filter", tuple(f"/search?q={quote(one)}" for one in filters)),
        Kind("page, both", tuple(f"/search?q={quote(one)}" for one in both)),
    ]
    pictures = _pictures(index)
    return [*found, Kind("picture", pictures)] if pictures else found


def _searching(name: str, queries: Sequence[str]) -> Kind:
    return Kind(name, tuple(f"/api/search?q={quote(one)}" for one in queries), tuple(queries))


def _pictures(index: str) -> tuple[str, ...]:
    engine = Engine(Workspace.open(index), embedder_of)
    tokens = [hit.token for hit in engine.search("", limit=50).hits]
    return tuple(
        f"/api/frames/{quote(one.frame.token)}/images/{camera}?width={PICTURE_WIDTH_PX}"
        for one in engine.scenarios(tokens)
        for camera in one.frame.cameras
    )


# Who answers


@contextmanager
def serving(index: str) -> Iterator[int]:
    """The port of `semdrive serve` over an index."""
    command = [sys.executable, "-m", "semdrive", "serve", "--index", index, "--port", "0", "--no-demo"]
    root = str(Path(__file__).resolve().parent.parent)
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=root)
    try:
        assert server.stderr is not None
        said = server.stderr.readline()
        found = SERVING.search(said)
        if found is None:
            raise SystemExit(f"the server did not start: {said}{server.stderr.read()}")
        yield int(found[1])
    finally:
        server.terminate()
        server.wait(30)


@contextmanager
def republishing(workspace: Workspace, processes: ProcessPoolExecutor, wanted: bool) -> Iterator[list[Any]]:
    """An indexer at work meanwhile; afterwards the list holds how many builds it published, and the seconds of one."""
    told: list[Any] = []
    if not wanted:
        yield told
        return
    with tempfile.TemporaryDirectory() as folder:
        stop = Path(folder) / "stop"
        working = processes.submit(publish_again, workspace.index_uri, str(stop), 0.2)
        try:
            yield told
        finally:
            stop.touch()
            told += working.result()


# Measuring


@dataclass(frozen=True)
class Plan:
    clients: tuple[int, ...]
    rounds: int
    slice_s: float
    indexing: bool


def measure(index: str, plan: Plan) -> dict[str, Any]:
    workspace = Workspace.open(index)
    engine = Engine(workspace, embedder_of)
    engine.warm()
    every = kinds(index)
    cells = [Cell(kind.name, clients) for kind in every for clients in plan.clients]
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=spawn) as processes, serving(index) as port:
        for kind in every:  # what is loaded once is loaded before
            processes.submit(ask_server, port, kind.paths, 1, 1.0, 0).result()
        with republishing(workspace, processes, plan.indexing) as builds:
            for number in range(plan.rounds):
                for cell, kind in zip(cells, (k for k in every for _ in plan.clients), strict=True):
                    _slice(cell, kind, number, plan, engine, lambda *given: processes.submit(ask_server, port, *given))
    rows = engine.stats()["frames"]
    told = {"published": builds[0], "seconds_each": builds[1]} if builds else None
    return {"rows": rows, "indexing": told, "cells": [_as_json(cell) for cell in cells]}


def _slice(cell: Cell, kind: Kind, number: int, plan: Plan, engine: Engine, ask: Any) -> None:
    """The server, then the engine. Each slice goes on in the list, so that what was kept does not answer."""
    first = len(cell.server.latencies_ms) + len(cell.engine.latencies_ms) + 17 * number
    asked: Future[Taken] = ask(kind.paths, cell.clients, plan.slice_s, first)
    cell.server.add(asked.result())
    if kind.queries:
        call = engine_call(engine, kind.name)
        cell.engine.add(ask_engine(call, kind.queries, cell.clients, plan.slice_s, first))


def _as_json(cell: Cell) -> dict[str, Any]:
    return {"kind": cell.kind, "clients": cell.clients, "server": dumped(cell.server), "engine": dumped(cell.engine)}


# Telling


def markdown(name: str, measured: dict[str, Any]) -> str:
    lines = [f"### {name}: {measured['rows']:,} rows", ""]
    if measured["indexing"]:
        told = measured["indexing"]
        lines += [f"Meanwhile {told['published']} builds were published, {told['seconds_each']:.1f} s each.", ""]
    lines += [
        "| asked | clients | req/s | p50 / p95 / p99 ms | engine/s | p50 / p95 / p99 ms | share | kB (gzip) | faults |"
    ]
    lines += ["|---|--:|--:|--:|--:|--:|--:|--:|--:|"]
    return "\n".join([*lines, *map(_line, measured["cells"]), ""])


def _line(cell: dict[str, Any]) -> str:
    server, engine = cell["server"], cell["engine"]
    direct = ["", "", ""]
    if engine["latencies_ms"]:
        direct = [f"{_rate(engine):,.0f}", _percentiles(engine), f"{_rate(server) / _rate(engine):.0%}"]
    size = f"{server['body_bytes'] / 1000:,.0f} ({server['wire_bytes'] / 1000:,.0f})"
    cells = [cell["kind"], str(cell["clients"]), f"{_rate(server):,.0f}", _percentiles(server), *direct, size]
    cells.append(str(_faults(cell)))
    return f"| {' | '.join(cells)} |"


def _faults(cell: dict[str, Any]) -> int:
    return sum(cell["server"]["faults"].values()) + cell["server"]["mixed"]


def _rate(taken: dict[str, Any]) -> float:
    return len(taken["latencies_ms"]) / taken["wall_s"]


def _percentiles(taken: dict[str, Any]) -> str:
    return " / ".join(f"{value:,.0f}" for value in np.percentile(taken["latencies_ms"], [50, 95, 99]))


# Which indexes


def multiplied(index: str, rows: int, folder: Path) -> str:
    """A workspace of so many rows made of an index's, over a copy of its ledger."""
    base = Workspace.open(index)
    larger = Workspace.create(folder)
    shutil.copy(base.require_ledger("the benchmark"), larger.require_ledger("the benchmark"))
    multiply(published(base.index_uri), Store(larger.index_uri), rows)
    return str(folder)


def subjects(options: argparse.Namespace, folder: Path) -> Iterator[tuple[str, str]]:
    """Name and location of each index; copies, where an indexer is to write to it."""
    yield "index", copied(options.index, folder / "index")
    if options.rows:
        yield "made rows", multiplied(options.index, options.rows, folder / "rows")
    if options.pictures != "none":
        yield "sample drive", copied(options.pictures or _rendered(folder), folder / "pictures")


def copied(index: str, to: Path) -> str:
    base, made = Workspace.open(index), Workspace.create(to)
    shutil.copytree(base.index_uri, made.index_uri)
    shutil.copy(base.require_ledger("the benchmark"), made.require_ledger("the benchmark"))
    return str(to)


def _rendered(folder: Path) -> str:
    from semdrive.serve_cli import build_demo

    build_demo(str(folder / "demo"))
    return str(folder / "demo")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--index", default="build/release", help="a workspace that was indexed")
    parser.add_argument("--rows", type=int, default=100_000, help="the larger size; 0: none")
    parser.add_argument("--pictures", help="an index with pictures; 'none': none", default=None)
    parser.add_argument("--clients", type=int, nargs="+", default=CLIENTS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--slice-s", type=float, default=1.0)
    parser.add_argument("--while-indexing", action="store_true", help="an indexer publishes builds meanwhile")
    parser.add_argument("--json", type=Path, help="write every sample here")
    parser.add_argument("--quick", action="store_true", help="one round of short slices, no made rows")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.slice_s, options.rows = 1, 0.5, 0
    plan = Plan(tuple(options.clients), options.rounds, options.slice_s, options.while_indexing)
    facts, measured = machine(), {}
    print(f"{facts}\n", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, location in subjects(options, Path(folder)):
            measured[name] = measure(location, plan)
            print(markdown(name, measured[name]), flush=True)
    if options.json:
        options.json.write_text(json.dumps({"machine": facts, "indexes": measured}, indent=1), encoding="utf-8")
    if faults := list(_all_faults(measured)):
        raise SystemExit("\n".join(faults))


def _all_faults(measured: dict[str, Any]) -> Iterator[str]:
    for name, one in measured.items():
        for cell in filter(_faults, one["cells"]):
            told = cell["server"]
            yield f"{name}, {cell['kind']}, {cell['clients']} clients: {told['mixed']} mixed, {told['faults']}"


if __name__ == "__main__":
    main()
