"""How well the weights-free pass reads sample drives, against the truth they are written with.

    python benchmarks/sample_drive.py --seeds 101 102 [--perturb] [--scenes 22] [--mute] [--json FILE]

For each seed: a sample drive is written to a temporary folder, grounded by its own annotations, reported on by the
rules, voted on, and scored against its gold file; nothing is embedded. `--mute` takes the scenes' descriptions away, so
that only geometry and pictures speak. Prints Markdown: a row a seed, each tag, each frame that was read wrongly.

Twins are scenes that differ only in where something stands: cones on the verge and across the lane, someone on the
pavement and in the lane. A pair is told apart when the middle frame of the harmless one, by risk, is said to be less
risky than the middle one of the other, and no frame of it has a tag that sets the other apart. (The middle one, since
a perturbed drive drops the only person or all that matters from some frames.)
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # this file's folder would hide the rooms

from gold_set.labels import GoldLine, read_gold
from gold_set.score import Counts, RiskScore, ScoreSummary, score
from indexer.grounding.annotations import AnnotationGrounder
from indexer.logs.nuscenes import NuScenesLog
from indexer.logs.sample import write_sample
from scenario.protocols import Deadline
from scenario.records import Facts
from scenario.vocabulary import BlockingFactor, Tag, VruStatus
from verifier.judges.vote import VoteJudge
from verifier.scouts.rules import rules_scout

VERSION = "v1.0-sample"
PEOPLE, WORKS = (VruStatus.ROADSIDE_STATIC, VruStatus.JAYWALKING_HESITANT), BlockingFactor.CONSTRUCTION_BARRIER


@dataclass(frozen=True)
class Run:
    """One seed's result. `twins`: for each pair that the drive holds, by name, whether it was told apart."""

    seed: int
    summary: ScoreSummary
    twins: Mapping[str, bool]
    misread: tuple[str, ...]
    ms_a_frame: float


def read_drive(seed: int, folder: Path, *, mute: bool) -> Run:
    """Grounds, reports, votes and scores a drive that is written in `folder`."""
    log = NuScenesLog.open(folder, VERSION)
    grounder, scout, judge = AnnotationGrounder(log), rules_scout(), VoteJudge()
    facts: dict[str, Facts] = {}
    start = perf_counter()
    for frame in log.frames:
        shown = frame.model_copy(update={"description": None}) if mute else frame
        [grounding] = grounder.ground([shown])
        [facts[frame.token]] = judge.propose(grounding, [scout.report(shown, grounding, deadline=Deadline())])
    ms_a_frame = (perf_counter() - start) / max(len(log.frames), 1) * 1e3
    gold = read_gold(folder / "gold.jsonl")
    words = {frame.token: frame.description or "" for frame in log.frames}
    return Run(seed, score(gold, facts), twins(gold, facts, words), tuple(misread(gold, facts, words)), ms_a_frame)


def twins(gold: Sequence[GoldLine], facts: Mapping[str, Facts], words: Mapping[str, str]) -> dict[str, bool]:
    """The pairs of a drive. Which scenes are twins is told by the gold and, for cones, by the scene's own words."""
    scenes: dict[str, list[GoldLine]] = {}
    for line in gold:
        scenes.setdefault(line.scene or line.token, []).append(line)
    harmless = {name: lines for name, lines in scenes.items() if not any(line.tags for line in lines)}
    pairs = {
        "person": (_of_status(harmless, PEOPLE[0]), _of_status(scenes, PEOPLE[1])),
        "cones": (
            [lines for lines in harmless.values() if "cone" in words.get(lines[0].token, "").casefold()],
            [lines for lines in scenes.values() if lines[0].scalars.get("blocking_factor") == WORKS],
        ),
    }
    return {
        name: all(_apart(one, other, facts) for one in calm for other in harm)
        for name, (calm, harm) in pairs.items()
        if calm and harm
    }


def _of_status(scenes: Mapping[str, list[GoldLine]], status: VruStatus) -> list[list[GoldLine]]:
    return [lines for lines in scenes.values() if all(line.scalars.get("vru_status") == status for line in lines)]


def _apart(calm: Sequence[GoldLine], harm: Sequence[GoldLine], facts: Mapping[str, Facts]) -> bool:
    telling = {tag for line in harm for tag in line.tags or ()} - {Tag.WEATHER_ADVERSE}
    if any(telling & {*facts[line.token].tags} for line in calm):
        return False
    return median(facts[line.token].risk or 0 for line in calm) < median(facts[line.token].risk or 0 for line in harm)


def misread(gold: Sequence[GoldLine], facts: Mapping[str, Facts], words: Mapping[str, str]) -> Iterator[str]:
    """Each frame with a wrong tag, or a risk that is off by more than one."""
    for line in gold:
        said = facts.get(line.token)
        if said is None:
            continue
        missing = sorted({*(line.tags or ())} - {*said.tags})
        added = sorted({*said.tags} - {*(line.tags or ())})
        if missing or added or said.risk is None or abs(said.risk - (line.risk or 0)) > 1:
            signs = [f"−{tag}" for tag in missing] + [f"+{tag}" for tag in added]
            read = f"{' '.join(signs)} risk {line.risk}, said {said.risk}"
            yield f"{words.get(line.token, '')} ({line.token[:8]}): {read}"


def render(runs: Sequence[Run]) -> str:
    """Markdown: a row a seed and one over all, then each tag over all, then what was misread."""
    micro = sum((run.summary.micro for run in runs), Counts())
    rows = [_row(str(run.seed), run.summary.micro, run.summary.risk, run.twins, run.ms_a_frame) for run in runs]
    risk = _all_risk(runs)
    told = {f"{run.seed} {name}": apart for run in runs for name, apart in run.twins.items()}
    rows.append(_row("all", micro, risk, told, sum(run.ms_a_frame for run in runs) / len(runs)))
    columns = "seed", "micro-F1", "precision", "recall", "risk MAE", "no risk", "twins apart", "ms a frame"
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    lines += [*rows, "", "| tag | TP | FP | FN | F1 |", "|---|---|---|---|---|"]
    for tag in Tag:
        counts = sum((run.summary.tags[tag] for run in runs), Counts())
        lines.append(f"| {tag} | {counts.tp} | {counts.fp} | {counts.fn} | {_shown(counts.f1)} |")
    lines += ["", *(f"- {run.seed}: {text}" for run in runs for text in run.misread)]
    return "\n".join(lines)


def _row(name: str, micro: Counts, risk: RiskScore, told: Mapping[str, bool], ms: float) -> str:
    apart = f"{sum(told.values())} of {len(told)}"
    shares = " | ".join(_shown(share) for share in (micro.f1, micro.precision, micro.recall, risk.mae))
    return f"| {name} | {shares} | {risk.unstated} | {apart} | {ms:.0f} |"


def _all_risk(runs: Sequence[Run]) -> RiskScore:
    risks = [run.summary.risk for run in runs]
    return RiskScore(
        judged=sum(risk.judged for risk in risks),
        unstated=sum(risk.unstated for risk in risks),
        error_sum=sum(risk.error_sum for risk in risks),
    )


def _shown(share: float | None) -> str:
    return "–" if share is None else f"{share:.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[101, 102])
    parser.add_argument("--scenes", type=int, help="scenes a drive; without, as many as a sample drive has")
    parser.add_argument("--perturb", action="store_true", help="drop and jitter a tenth of the annotations")
    parser.add_argument("--mute", action="store_true", help="without the scenes' descriptions")
    parser.add_argument("--json", type=Path, help="write the results to this file, too")
    asked = parser.parse_args()
    runs = []
    for seed in asked.seeds:
        with tempfile.TemporaryDirectory(prefix="sample-drive-") as folder:
            drive = Path(folder) / "drive"
            write_sample(drive, seed=seed, perturb=asked.perturb, scenes=asked.scenes)
            runs.append(read_drive(seed, drive, mute=asked.mute))
    print(render(runs))
    if asked.json:
        results = [
            {"seed": run.seed, "summary": run.summary.model_dump(mode="json"), "twins": dict(run.twins)} for run in runs
        ]
        asked.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
