"""How long an export takes and how much memory it holds, by format, over a large index.

    python benchmarks/exports.py [--rows 1000000] [--of-tables 100000] [--quick]

Makes, in a temporary folder, a table of `--rows` rows with all indexes. Each format is then exported by a process of
its own, to nowhere: tokens and nuScenes lists of all rows, tables of the first `--of-tables`. Prints Markdown: rows a
second, seconds to the first bytes and to the last, and the most memory the process had before the first row was read
and at the end. The difference is what the export itself holds.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # this file's folder would hide the room `search`

from benchmarks.verified_states import Fixed, write_table
from scenario.workspace import Workspace
from server.engine import Engine
from server.exports.formats import FORMATS

LISTS, TABLES = ("tokens", "nuscenes"), ("jsonl", "csv", "parquet")


def measured(location: str, name: str, limit: int) -> dict[str, float]:
    """One export in this process."""
    engine = Engine(Workspace.open(location), lambda _: Fixed())
    rows, format = engine.export_rows(limit=limit), FORMATS.create(name)
    before_mb, started, first_s, written = _peak_mb(), perf_counter(), 0.0, 0
    for chunk in format.chunks(rows.batches(format.reads)):
        written += len(chunk)
        first_s = first_s or perf_counter() - started
    whole_s = perf_counter() - started
    return {
        "rows": len(rows),
        "first_s": first_s,
        "whole_s": whole_s,
        "before_mb": before_mb,
        "peak_mb": _peak_mb(),
        "written_mb": written / 1e6,
    }


def _peak_mb() -> float:
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes / (1024 * 1024 if sys.platform == "darwin" else 1024)


def in_a_process(*arguments: str) -> str:
    """What this file prints, run with these arguments. A child begins with its parent's peak of memory, so the large
    table, too, is made in a process of its own."""
    return subprocess.run([sys.executable, __file__, *arguments], capture_output=True, text=True, check=True).stdout


def line(name: str, told: dict[str, float]) -> str:
    rate = told["rows"] / told["whole_s"]
    return (
        f"| `{name}` | {told['rows']:,} | {rate:,.0f} | {told['first_s']:.2f} | {told['whole_s']:.1f} "
        f"| {told['before_mb']:.0f} | {told['peak_mb']:.0f} | {told['written_mb']:.0f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--of-tables", type=int, default=100_000, help="so many rows of the formats that read them")
    parser.add_argument("--quick", action="store_true", help="5,000 rows: whether it runs")
    parser.add_argument("--one", nargs=3, metavar=("INDEX", "FORMAT", "LIMIT"), help="export in this process alone")
    parser.add_argument("--make", metavar="INDEX", help="make the index in this process alone")
    options = parser.parse_args()
    if options.make:
        write_table(Workspace.create(Path(options.make)).index_uri, options.rows)
        return
    if options.one:
        location, name, limit = options.one
        print(json.dumps(measured(location, name, int(limit))))
        return
    rows = 5_000 if options.quick else options.rows
    with tempfile.TemporaryDirectory() as folder:
        in_a_process("--make", folder, "--rows", str(rows))
        print("| format | rows | rows a second | first s | whole s | memory before MB | at most MB | written MB |")
        print("|---|--:|--:|--:|--:|--:|--:|--:|")
        for name in (*LISTS, *TABLES):
            limit = rows if name in LISTS else min(rows, options.of_tables)
            told = in_a_process("--one", folder, name, str(limit))
            print(line(name, json.loads(told)), flush=True)


if __name__ == "__main__":
    main()
