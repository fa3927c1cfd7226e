"""What the pipeline itself costs beside the back ends it runs, and frames a second at one and many model servers.

    python benchmarks/pipeline.py [--scenes 4] [--endpoints 1 2 4 8] [--reply-s 0.5] [--json FILE]

The drive is the sample drive, rendered first. Own cost is the wall time of a run less the time spent inside the back
ends (grounder, scouts, judge, embedder), a frame; so it holds keys, ledger, records, and writing and publishing the
index. It is set beside the back ends' time in the same run: of the weights-free profile; of tiny random-weight models
in llama.cpp; and beside the 20 s that a 2–4 B model takes a frame on two cores, which is arithmetic, no measurement.

Model servers are real HTTP servers on loopback that answer every request after `--reply-s` seconds, one request at a
time each, as a busy GPU does. `ideal` is servers / reply time.

Reuse of the prompt's prefix is measured by benchmarks/prefix.py. Prints Markdown.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))  # they hold servers and tiny models
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # this file's folder would hide rooms

from chat import report_text
from indexer.grounding.annotations import AnnotationGrounder
from indexer.logs.nuscenes import NuScenesLog
from indexer.logs.sample import write_sample
from indexer.pipeline import Pipeline
from model_server import Exchange, ModelServer, reply
from scenario.ledger import Ledger
from scenario.protocols import Scout
from scenario.registry import JUDGES, SCOUTS
from scenario.workspace import Workspace
from search.embedding import SentenceEmbedder
from search.store import Store
from tiny_models import write_tiny_models

MODEL_S = 20.0
METHODS = ("ground", "report", "propose", "embed")


class Timed:
    """A back end that counts the seconds spent in it; asked about one frame at a time, so that they add up."""

    concurrency = 1

    def __init__(self, inner: Any) -> None:
        self.inner, self.seconds = inner, 0.0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        if name not in METHODS:
            return found

        def timed(*args: Any, **options: Any) -> Any:
            started = perf_counter()
            try:
                return found(*args, **options)
            finally:
                self.seconds += perf_counter() - started

        return timed


@dataclass(frozen=True)
class Cost:
    """Milliseconds a frame."""

    name: str
    frames: int
    backends_ms: float
    own_ms: float

    @property
    def share(self) -> float:
        return self.own_ms / self.backends_ms

    @property
    def share_of_model(self) -> float:
        return self.own_ms / (1000 * MODEL_S)


def run(log: NuScenesLog, scouts: Sequence[Scout], embedder: Any, *, timed: bool = True) -> tuple[float, float]:
    """Seconds of the whole run, and of those the seconds inside the back ends."""
    wrap: Any = Timed if timed else lambda inner: inner
    backends = [wrap(AnnotationGrounder(log=log)), *map(wrap, scouts), wrap(JUDGES.create("vote")), wrap(embedder)]
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.create(folder)
        with workspace.open_ledger() as ledger:
            pipeline = _pipeline(log, backends, ledger, Store(workspace.index_uri))
            started = perf_counter()
            summary = pipeline.run()
            wall = perf_counter() - started
    if summary.failures:
        raise SystemExit(f"the run failed: {summary.failures[0]}")
    return wall, sum(getattr(backend, "seconds", 0.0) for backend in backends)


def _pipeline(log: NuScenesLog, backends: Sequence[Any], ledger: Ledger, store: Store) -> Pipeline:
    grounder, *scouts, judge, embedder = backends
    return Pipeline(log.frames, grounder, scouts, judge, embedder, ledger, store)


def own_costs(log: NuScenesLog, folder: Path, embedder: Any) -> Iterator[Cost]:
    rules = SCOUTS.create("rules", name="rules")
    yield _cost("weights-free", log, [rules], embedder)
    folder.mkdir()
    models = write_tiny_models(folder)
    budgets = {"context_tokens": 20_000, "answer_tokens": 4000, "image_tokens": 256, "max_detections": 4}
    options = {**budgets, "threads": 1, "flash_attention": False}
    tiny = [
        SCOUTS.create("llama_cpp", name=name, model=str(pair.model), projector=str(pair.projector), **options)
        for name, pair in models.seeing.items()
        if name in ("qwen3vl", "gemma3")
    ]
    yield _cost("two tiny llama.cpp scouts", log, tiny, embedder)


def _cost(name: str, log: NuScenesLog, scouts: Sequence[Scout], embedder: Any) -> Cost:
    wall, inside = run(log, scouts, embedder)
    frames = len(log.frames)
    return Cost(name, frames, 1000 * inside / frames, 1000 * (wall - inside) / frames)


def servers(log: NuScenesLog, counts: Sequence[int], reply_s: float, embedder: Any) -> Iterator[dict[str, float]]:
    """Frames a second of the report stage, by number of servers."""

    def answer(exchange: Exchange) -> None:
        sleep(reply_s)
        exchange.send(reply(_report_on(exchange.body)))

    for count in counts:
        with ExitStack() as stack:
            running = [stack.enter_context(ModelServer(answer)) for _ in range(count)]
            endpoints = [server.endpoint for server in running]
            scout = SCOUTS.create("openai", name="remote", endpoints=endpoints, model="tiny", concurrency=1)
            timed = TimedStage(scout)
            run(log, [timed], embedder, timed=False)
        yield {"servers": count, "frames_s": len(log.frames) / timed.seconds, "ideal": count / reply_s}


def _report_on(request: Any) -> str:
    """A report that reviews as many detections as the request's schema asks for."""
    schema = request["response_format"]["json_schema"]["schema"]
    reviewed = schema["properties"].get("review", {}).get("properties", {})
    return report_text(*["confirmed"] * len(reviewed), risk=2)


class TimedStage:
    """A scout that knows the seconds between its first question and its being closed."""

    def __init__(self, inner: Scout) -> None:
        self.inner, self.seconds, self._started = inner, 0.0, 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def report(self, *args: Any, **options: Any) -> Any:
        self._started = self._started or perf_counter()
        return self.inner.report(*args, **options)

    def close(self) -> None:
        self.seconds = perf_counter() - self._started
        self.inner.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=4)
    parser.add_argument("--endpoints", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--reply-s", type=float, default=0.5)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    embedder = SentenceEmbedder()
    embedder.embed(["loaded before it is timed"])
    with tempfile.TemporaryDirectory() as folder:
        drive = Path(folder) / "drive"
        written = write_sample(drive, scenes=asked.scenes)
        log = NuScenesLog.open(drive, written.version)
        costs = list(own_costs(log, Path(folder) / "models", embedder))
        rates = list(servers(log, asked.endpoints, asked.reply_s, embedder))
    _print(costs, rates)
    if asked.json:
        found = {"own_cost": [vars(cost) for cost in costs], "servers": rates}
        asked.json.write_text(json.dumps(found, indent=2), encoding="utf-8")


def _print(costs: Sequence[Cost], rates: Sequence[dict[str, float]]) -> None:
    print("| back ends | frames | back ends, ms a frame | the pipeline, ms | share | share beside a 20 s model |")
    print("|---|---|---|---|---|---|")
    for cost in costs:
        shares = f"{cost.share:.1%} | {cost.share_of_model:.3%}"
        print(f"| {cost.name} | {cost.frames} | {cost.backends_ms:.1f} | {cost.own_ms:.1f} | {shares} |")
    print("\n| model servers | frames/s | ideal | share of ideal |\n|---|---|---|---|")
    for rate in rates:
        share = rate["frames_s"] / rate["ideal"]
        print(f"| {rate['servers']} | {rate['frames_s']:.2f} | {rate['ideal']:.2f} | {share:.0%} |")


if __name__ == "__main__":
    main()
