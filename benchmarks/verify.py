"""What a live pass costs beside the models it waits for, and what it saves.

    python benchmarks/verify.py [--frames 16] [--reply-s 6] [--concurrency 1 4 8] [--json FILE] [--quick]

Overhead: frames of the sample drive are verified by the `openai` scout against a real HTTP server on loopback, in a
process of its own, that answers every request after `--reply-s` seconds in a schema-valid reply; each pass with a
ledger. The ideal is the sum of these times over the concurrency; the overhead is the wall time above it. All replies
take as long, so that eight looks end at one moment and what they cost hides behind nobody's wait: the worst case. A
first question reads, scales and encodes the pictures, a second one finds them prepared. The number of frames should be
a multiple of every concurrency.

Policy: how many calls the adaptive policy makes, of those that asking every scout about every frame would. Two scouts
with opposite readings of a few frames (`rules` with and without pictures) over the sample drive, by queries of
benchmarks/data/ask_again.jsonl.

Prefix: benchmarks/prefix.py, three questions a frame, prefixes kept and not. Prints Markdown.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))  # they hold servers and tiny models
sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # this file's folder would hide rooms

import prefix

from chat import asked_text, seen
from indexer.live import index_log
from indexer.logs.sample import write_sample
from indexer.sources import Invocation, NuScenesSource
from model_server import Exchange, ModelServer, reply
from scenario.ledger import Ledger
from scenario.records import Scenario
from scenario.registry import SCOUTS
from scenario.workspace import Workspace
from search.embedding import SentenceEmbedder
from search.query import parse
from semdrive import open as open_engine
from verifier.live import Limits, LiveVerifier
from verifier.verifying import Asked

QUERIES = Path(__file__).with_name("data") / "ask_again.jsonl"
QUESTIONS = ("is a person in the lane?", "is the lane blocked?")


def scenarios_of(folder: Path, count: int) -> tuple[Workspace, list[Scenario]]:
    """The sample drive, indexed weights-free, and its first frames."""
    drive, workspace = folder / "drive", Workspace.create(folder / "index")
    written = write_sample(drive, scenes=None)
    source = NuScenesSource(dataroot=str(drive), version=written.version)
    index_log(Invocation(source=source, profile="weights-free", embedder="minilm"), workspace, SentenceEmbedder())
    engine = open_engine(workspace.location)
    tokens = [hit.token for hit in engine.search("sort:token-asc", limit=count).hits]
    return workspace, engine.scenarios(tokens)


def overheads(
    workspace: Workspace, scenarios: Sequence[Scenario], reply_s: float, counts: Sequence[int]
) -> Iterator[dict[str, Any]]:
    """One row a concurrency and question."""
    for concurrency in counts:
        with model_server(reply_s) as endpoint, Ledger(Path(str(workspace.ledger))) as ledger:
            options = {"endpoints": [endpoint], "model": "tiny", "concurrency": concurrency}
            verifier = LiveVerifier([SCOUTS.create("openai", name="remote", **options)])
            list(verifier.verify(scenarios[:1], Asked(words="warm up?")))  # the probe of what the server can do
            for question, prepared in zip(QUESTIONS, (False, True), strict=True):
                started = perf_counter()
                passing = verifier.verify(scenarios, Asked(words=question), memory=ledger, fresh=True)
                verdicts = [verification.verdict for verification in passing]
                wall_s = perf_counter() - started
                if "error" in verdicts:
                    raise SystemExit("the pass failed")
                ideal_s = reply_s * len(scenarios) / concurrency
                yield {
                    "concurrency": concurrency,
                    "prepared": prepared,
                    "per_s": len(scenarios) / wall_s,
                    "ideal_per_s": len(scenarios) / ideal_s,
                    "overhead": wall_s / ideal_s - 1,
                    "own_ms": 1000 * (wall_s - ideal_s) / len(scenarios),
                }
            verifier.close()


@contextmanager
def model_server(reply_s: float) -> Iterator[str]:
    """The endpoint of a server in a process of its own, so that what it does itself is not ours."""
    spawning = get_context("spawn")
    ours, theirs = spawning.Pipe()
    process = spawning.Process(target=_serve, args=(reply_s, theirs), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send("enough")
        process.join()


def _serve(reply_s: float, parent: Any) -> None:
    def answer(exchange: Exchange) -> None:
        sleep(reply_s)
        exchange.send(reply(_testimony(exchange.body)))

    with ModelServer(answer) as server:
        parent.send(server.endpoint)
        parent.recv()


def _testimony(request: Any) -> str:
    """A reply that reviews as many detections as the request's schema asks for, and says yes."""
    schema = request["response_format"]["json_schema"]["schema"]
    reviewed = schema["properties"].get("review", {}).get("properties", {})
    return asked_text(*["confirmed"] * len(reviewed), says="yes", evidence=[seen("a person")], risk=2)


def policy(scenarios: Sequence[Scenario]) -> dict[str, Any]:
    """Calls of the adaptive policy and of asking every scout, over all queries."""
    scouts = [SCOUTS.create("rules", name="rules"), SCOUTS.create("rules", name="blind", pictures=False)]
    queries = [json.loads(line)["query"] for line in QUERIES.read_text(encoding="utf-8").splitlines() if line.strip()]
    calls = {"adaptive": 0, "every scout": 0}
    differ = 0
    for query in queries:
        asked = Asked.of(parse(query))
        said = {}
        for name in calls:
            verifier = LiveVerifier(scouts, keep_open=True)
            found = list(verifier.verify(scenarios, asked, limits=Limits(every_scout=name == "every scout")))
            calls[name] += sum(len(verification.testimonies) for verification in found)
            said[name] = {verification.token: verification.verdict for verification in found}
        differ += sum(said["adaptive"][token] != said["every scout"][token] for token in said["adaptive"])
    frames = len(queries) * len(scenarios)
    return {"frames": frames, **calls, "saved": 1 - calls["adaptive"] / calls["every scout"], "other_verdicts": differ}


def prefixes(*, quick: bool) -> dict[str, Any]:
    frames, questions = (2, 2) if quick else (4, 3)
    with tempfile.TemporaryDirectory() as folder:
        model, projector = prefix.make_model(Path(folder), quick=quick)
        asked = prefix.requests(frames, questions, share=prefix.BYTES_PER_TOKEN)
        sides = prefix.measure(model, projector, asked, threads=1)
        rows = prefix.summary(sides)
        for side in sides.values():
            side.model.close()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=16)
    parser.add_argument("--reply-s", type=float, default=6.0)
    parser.add_argument("--concurrency", type=int, nargs="+", default=[1, 4, 8])
    parser.add_argument("--json", type=Path, help="write the numbers there too")
    parser.add_argument("--quick", action="store_true", help="a smoke test of seconds")
    given = parser.parse_args()
    frames, reply_s = (8, 0.1) if given.quick else (given.frames, given.reply_s)
    with tempfile.TemporaryDirectory() as folder:
        workspace, scenarios = scenarios_of(Path(folder), frames)
        rows = list(overheads(workspace, scenarios, reply_s, given.concurrency))
        saved = policy(scenarios)
    read = prefixes(quick=given.quick)
    _print(rows, saved, read, frames, reply_s)
    if given.json:
        found = {"overhead": rows, "policy": saved, "prefix": read}
        given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def _print(
    rows: Sequence[dict[str, Any]], saved: dict[str, Any], read: dict[str, Any], frames: int, reply_s: float
) -> None:
    print(f"{frames} frames, a model of {reply_s:g} s a look:\n")
    print("| looks at once | pictures | verifications/s | ideal | overhead | ms a verification |")
    print("|---|---|---|---|---|---|")
    for row in rows:
        pictures = "prepared before" if row["prepared"] else "read and scaled"
        rates = f"{row['per_s']:.2f} | {row['ideal_per_s']:.2f} | {row['overhead']:.1%} | {row['own_ms']:.0f}"
        print(f"| {row['concurrency']} | {pictures} | {rates} |")
    print(f"\nTwo scouts, {saved['frames']:,} frames asked about: {saved['adaptive']:,} calls by the adaptive policy,")
    print(f"{saved['every scout']:,} by asking both: {saved['saved']:.0%} saved.")
    print(f"{saved['other_verdicts']:,} verdicts would have been others.\n")
    print(prefix.table(read))


if __name__ == "__main__":
    main()
