"""Whether asking again makes rankings better: precision before and after verification, on rendered drives.

    python benchmarks/ask_again.py --seeds 501 502 [--hits 20 60] [--scenes 22] [--json FILE]

For each seed: a sample drive is written and indexed with the weights-free back ends. Every query of
`data/ask_again.jsonl` is searched, its first hits are asked again, and they are re-ranked: confirmed ones first,
refuted ones last, the rest between, each group in the order of the search. What is relevant follows from what was
staged (where each actor was put, and the story's truth), never from what a rule or a model said.

Precision is at min(5, R), R being how many frames of the drive are relevant; queries with fewer than three are left
out. Beside it stand, over the hits asked about: of the relevant ones the share that was confirmed (recall) and the
share that was refuted (lost), and of the confirmed ones the share that is relevant.

The stories, and so the queries that fit them, were known when the rules were written; only the renderings of the seeds
are new. Wordings of people who do not know the rules will be understood less often.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from math import sin
from pathlib import Path
from statistics import fmean
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # this file's folder would hide the rooms

import semdrive
from indexer.logs.sample import write_sample
from indexer.logs.sample.script import FRAMES, LANE_M, Actor, Story
from indexer.logs.sample.stories import MOST, tell
from indexer.logs.sample.tables import staged
from scenario.records import Facts
from semdrive.cli import app
from server.engine import Engine

VERSION, AT, LEAST_RELEVANT = "v1.0-sample", 5, 3
QUERIES = Path(__file__).parent / "data" / "ask_again.jsonl"
LANE_EDGE_M = LANE_M / 2
MOVES_M = 0.2  # between two key frames, as where the drive's own attributes say "moving"
Condition = Mapping[str, Any]


@dataclass(frozen=True)
class Staging:
    """One key frame as it was staged."""

    story: Story
    frame: int

    @property
    def truth(self) -> Facts:
        return self.story.truths[self.frame]


@dataclass(frozen=True)
class Result:
    """One query on one drive. Verdicts are counted over the hits."""

    seed: int
    query: str
    hits: int
    relevant: int
    before: float
    after: float
    confirmed: int
    confirmed_relevant: int
    refuted_relevant: int
    unsure: int
    errors: int
    relevant_hits: int


def is_relevant(staging: Staging, condition: Condition) -> bool:
    """Whether all of a condition's parts hold.

    `facts`: field → allowed values; `tags`: all of them; `risk`: from, to; `story`: any of these; `any`, `not`:
    conditions; `actors`: a kind of actor, see `_count`.
    """
    truth = staging.truth
    checks: Mapping[str, Callable[[Any], bool]] = {
        "facts": lambda wanted: all(getattr(truth, name) in values for name, values in wanted.items()),
        "tags": lambda wanted: {*wanted} <= {*truth.tags},
        "controls": lambda wanted: {*wanted} <= {*truth.traffic_controls},
        "risk": lambda wanted: wanted[0] <= (truth.risk or 0) <= wanted[1],
        "story": lambda wanted: staging.story.kind in wanted,
        "any": lambda wanted: any(is_relevant(staging, one) for one in wanted),
        "not": lambda wanted: not is_relevant(staging, wanted),
        "actors": lambda wanted: _count(staging, wanted) >= wanted.get("least", 1),
    }
    return all(checks[name](wanted) for name, wanted in condition.items())


def _count(staging: Staging, wanted: Condition) -> int:
    """How many actors are of one of the `kinds` (or names before a dash), ahead of the ego, and fit.

    `place`: lane, off road; `side`: left, right; `within_m`, along the road; `motion`: moves, stands, parked, across,
    oncoming.
    """
    return sum(_fits(staging, actor, wanted) for actor in staging.story.actors if actor.kind in wanted["kinds"])


def _fits(staging: Staging, actor: Actor, wanted: Condition) -> bool:
    here, ego = actor.track[staging.frame], staging.story.ego[staging.frame]
    half_m = actor.size[1] / 2 if abs(sin(here.heading)) < 0.5 else actor.size[0] / 2
    in_lane = abs(here.y) - half_m < LANE_EDGE_M
    left = (here.y > 0) != staging.story.left_hand  # a place that keeps to the left is mirrored
    layout = staging.story.layout
    off_road = not layout.right_m < here.y < layout.left_m
    places = {"lane": in_lane, "off road": off_road}
    sides = {"left": left, "right": not left}
    motion = wanted.get("motion")
    return (
        here.x > ego.x
        and places.get(wanted.get("place", ""), True)
        and sides.get(wanted.get("side", ""), True)
        and here.x - ego.x <= wanted.get("within_m", 1000.0)
        and (motion is None or motion in _motions(staging, actor))
    )


def _motions(staging: Staging, actor: Actor) -> Iterator[str]:
    here, after = (actor.track[min(staging.frame + step, FRAMES - 1)] for step in (0, 1))
    if staging.frame == FRAMES - 1:
        here, after = actor.track[-2], actor.track[-1]
    along_m, across_m = abs(after.x - here.x), abs(after.y - here.y)
    yield "moves" if along_m + across_m > MOVES_M else "stands"
    if actor.attributes and actor.attributes[staging.frame] == "vehicle.parked":
        yield "parked"
    if across_m > MOVES_M and across_m > along_m:
        yield "across"
    if after.x < here.x - MOVES_M:
        yield "oncoming"


def stagings(seed: int, scenes: int) -> dict[str, Staging]:
    """Token → what was staged, of a whole drive."""
    return {
        scene.sample_token(frame): Staging(scene.story, frame)
        for scene in staged(seed, tell(seed, scenes))
        for frame in range(FRAMES)
    }


def measure(
    seed: int, folder: Path, queries: Sequence[Mapping[str, Any]], scenes: int, depths: Sequence[int]
) -> list[Result]:
    """Writes a drive into `folder`, indexes it, and asks every query that enough frames are relevant to."""
    drive, index = folder / "drive", folder / "index"
    write_sample(drive, seed=seed, scenes=scenes)
    _indexed(drive, index)
    engine, frames = semdrive.open(index), stagings(seed, scenes)
    results: list[Result] = []
    for line in queries:
        relevant = {token for token, frame in frames.items() if is_relevant(frame, line["relevant"])}
        if len(relevant) >= LEAST_RELEVANT:
            results += _asked(engine, seed, line["query"], relevant, depths)
    return results


def _indexed(drive: Path, index: Path) -> None:
    arguments = ["index", "nuscenes", "--dataroot", str(drive), "--version", VERSION, "--index", str(index), "--json"]
    with redirect_stdout(sys.stderr):  # what this file prints is Markdown
        code = app(arguments, standalone_mode=False)
    if code:
        raise SystemExit(code)


def _asked(engine: Engine, seed: int, query: str, relevant: set[str], depths: Sequence[int]) -> Iterator[Result]:
    """A result for each number of hits that are asked again."""
    tokens = [hit.token for hit in engine.search(query, limit=max(depths)).hits]
    verdicts: dict[str, str] = {told.token: told.verdict for told in engine.verify(tokens, query)}
    for depth in depths:
        yield _result(seed, query, tokens[:depth], verdicts, relevant)


def _result(seed: int, query: str, tokens: list[str], verdicts: Mapping[str, str], relevant: set[str]) -> Result:
    order = {"yes": 0, "no": 2}
    ranked = sorted(tokens, key=lambda token: order.get(verdicts[token], 1))
    said = {verdict: {token for token in tokens if verdicts[token] == verdict} for verdict in verdicts.values()}
    confirmed, refuted = said.get("yes", set()), said.get("no", set())
    return Result(
        seed=seed,
        query=query,
        hits=len(tokens),
        relevant=len(relevant),
        before=precision(tokens, relevant),
        after=precision(ranked, relevant),
        confirmed=len(confirmed),
        confirmed_relevant=len(confirmed & relevant),
        refuted_relevant=len(refuted & relevant),
        unsure=len(said.get("unsure", ())),
        errors=len(said.get("error", ())),
        relevant_hits=len(relevant.intersection(tokens)),
    )


def precision(tokens: Sequence[str], relevant: set[str]) -> float:
    """The share that is relevant of the first 5, or of as many as could be."""
    at = min(AT, len(relevant))
    return sum(token in relevant for token in tokens[:at]) / at


def summary(results: Sequence[Result]) -> dict[str, float]:
    confirmed, relevant = sum(one.confirmed for one in results), sum(one.relevant_hits for one in results)
    return {
        "queries": len(results),
        "before": fmean(one.before for one in results),
        "after": fmean(one.after for one in results),
        "better": sum(one.after > one.before for one in results),
        "worse": sum(one.after < one.before for one in results),
        "confirmed_are_relevant": sum(one.confirmed_relevant for one in results) / max(confirmed, 1),
        "relevant_are_confirmed": sum(one.confirmed_relevant for one in results) / max(relevant, 1),
        "relevant_are_refuted": sum(one.refuted_relevant for one in results) / max(relevant, 1),
        "unsure": sum(one.unsure for one in results) / sum(one.hits for one in results),
        "errors": sum(one.errors for one in results),
    }


def render(results: Sequence[Result], depth: int) -> str:
    """Markdown for one number of hits: a row a query and drive, then what they come to, by drive and over all."""
    lines = [f"The first {depth} hits asked again", ""]
    lines += ["| seed | query | R | before | after | recall | lost | unsure |", "|---|---|---|---|---|---|---|---|"]
    for one in results:
        found = max(one.relevant_hits, 1)
        shares = (one.before, one.after, one.confirmed_relevant / found, one.refuted_relevant / found)
        cells = (str(one.seed), one.query, str(one.relevant), *(f"{share:.2f}" for share in shares), str(one.unsure))
        lines.append(f"| {' | '.join(cells)} |")
    columns = [name.replace("_", " ") for name in summary(results)]
    lines += ["", f"| seed | {' | '.join(columns)} |", "|---" * (1 + len(columns)) + "|"]
    seeds = dict.fromkeys(one.seed for one in results)
    parts = {str(seed): [one for one in results if one.seed == seed] for seed in seeds} | {"all": list(results)}
    for name, part in parts.items():
        values = (f"{value:.3f}" if isinstance(value, float) else str(value) for value in summary(part).values())
        lines.append(f"| {name} | {' | '.join(values)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[501, 502])
    parser.add_argument("--hits", type=int, nargs="+", default=[20, 60], help="how many of the first hits to ask again")
    parser.add_argument("--scenes", type=int, default=MOST, help="scenes a drive")
    parser.add_argument("--queries", type=Path, default=QUERIES, help="queries with what is relevant to each")
    parser.add_argument("--json", type=Path, help="write the results to this file, too")
    asked = parser.parse_args()
    queries = [json.loads(line) for line in asked.queries.read_text(encoding="utf-8").splitlines() if line]
    results: list[Result] = []
    for seed in asked.seeds:
        with tempfile.TemporaryDirectory(prefix="ask-again-") as folder:
            results += measure(seed, Path(folder), queries, asked.scenes, asked.hits)
    # Each query has a result for each number of hits, in the order of `--hits`.
    by_depth = {depth: results[number :: len(asked.hits)] for number, depth in enumerate(asked.hits)}
    print("\n\n".join(render(of_depth, depth) for depth, of_depth in by_depth.items()))
    if asked.json:
        told = {depth: [asdict(one) for one in of_depth] for depth, of_depth in by_depth.items()}
        sums = {depth: summary(of_depth) for depth, of_depth in by_depth.items()}
        asked.json.write_text(json.dumps({"summary": sums, "results": told}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
