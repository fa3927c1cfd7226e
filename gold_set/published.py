"""The paper's table, computed again from what it released."""

from pathlib import Path

from gold_set.benchmark import Benchmark, MethodResult, differences, measure
from gold_set.labels import read_gold
from gold_set.methods import Method, constant_guess, of_clip, of_facts, recorded_facts
from scenario.errors import InputError, unknown
from scenario.records import Record

PRESETS = ("semantic-drive",)
GOLD = "gold_annotations_master.json"
CLIP = "clip_baseline.jsonl"
RUNS = {
    "Single Scout: Gemma3 + YOLO": "index_gemma_run.jsonl",
    "Single Scout: Kimi + YOLO": "index_kimi_run_reasoning.jsonl",
    "Ours: Semantic-Drive (Consensus)": "consensus_final.jsonl",
}
CLIP_ROW = "Baseline: CLIP (ViT-L/14)"
NOTE = "the gold set was picked and pre-filled with the consensus, so it flatters the consensus"


class PublishedRow(Record):
    """One row as published: micro-averaged over six tags; risk MAE takes a risk that is not stated as 0."""

    method: str
    precision: float
    recall: float
    f1: float
    mae_risk: float | None
    samples: int


class PublishedTable(Record):
    rows: tuple[PublishedRow, ...]
    benchmark: Benchmark


def release_folder(shared: Path) -> Path:
    folder = shared / "semantic_drive_release"
    if not folder.is_dir():
        raise InputError(
            f"no release at {str(folder)!r}; set SEMDRIVE_SHARED to the folder that holds semantic_drive_release/"
        )
    return folder


def published_methods(folder: Path) -> list[Method]:
    """CLIP as published, CLIP as a log-ratio, the two scouts and the consensus. Raises `InputError`."""
    softmax, ratio = of_clip(folder / CLIP)
    runs = [of_facts(name, recorded_facts(folder / file)) for name, file in RUNS.items()]
    return [_named(softmax, CLIP_ROW), ratio, *runs]


def _named(method: Method, name: str) -> Method:
    return Method(name, method.said, method.scores, method.risk, method.notes)


def published_table(preset: str, shared: Path, seed: int) -> PublishedTable:
    """The four rows that can be computed again, and everything else that is known of their methods."""
    if preset not in PRESETS:
        raise InputError(unknown("preset", preset, PRESETS))
    folder = release_folder(shared)
    gold = read_gold(folder / GOLD)
    methods = [*published_methods(folder), constant_guess(gold)]
    results = tuple(measure(method, gold) for method in methods)
    benchmark = Benchmark(
        gold=GOLD,
        frames=len(gold),
        missing=(),
        methods=results,
        differences=tuple(differences(methods, gold, seed)),
        points=(),
        seed=seed,
        notes=(NOTE,),
    )
    rows = tuple(published_row(result) for result in results if result.name in (CLIP_ROW, *RUNS))
    return PublishedTable(rows=rows, benchmark=benchmark)


def published_row(result: MethodResult) -> PublishedRow:
    micro = result.micro
    if micro is None or micro.precision is None or micro.recall is None or micro.f1 is None:
        raise InputError(f"{result.name} says no tag of the gold set; is it the right file?")
    return PublishedRow(
        method=result.name,
        precision=micro.precision,
        recall=micro.recall,
        f1=micro.f1,
        mae_risk=result.risk_mae_zero,
        samples=result.samples,
    )
