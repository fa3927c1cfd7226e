"""Writes a sample drive: pictures, tables, maps, gold. Refuses a directory that holds something else."""

import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from time import monotonic

from indexer.logs.sample.maps import write_maps
from indexer.logs.sample.perturb import perturbed
from indexer.logs.sample.pictures import write_pictures
from indexer.logs.sample.rig import rig
from indexer.logs.sample.script import FRAMES
from indexer.logs.sample.stories import MOST, TOLD, tell
from indexer.logs.sample.tables import Row, Staged, staged, tables
from scenario.errors import InputError
from scenario.records import Record
from scenario.vocabulary import SCALAR_FIELDS

VERSION = "v1.0-sample"
GOLD = "gold.jsonl"
_OWN = frozenset({VERSION, "samples", "maps", GOLD})
Progress = Callable[[int, int], None]


class SampleSummary(Record):
    """What was written. `gold` is the path of the file with the truth of every frame."""

    directory: str
    version: str
    scenes: int
    frames: int
    annotations: int
    gold: str
    seconds: float


def write_sample(
    directory: Path,
    *,
    seed: int = 0,
    perturb: bool = False,
    scenes: int | None = None,
    progress: Progress | None = None,
) -> SampleSummary:
    """Write a drive of `scenes` scenes (default: twelve) into `directory`; `progress` gets (pictures done, of all).

    The same seed writes the same bytes. `perturb` drops and jitters a tenth of the annotations and leaves pictures
    and gold alone. An earlier sample drive is replaced. Raises `InputError` for a directory that holds something
    else, and for a number of scenes that cannot be told.
    """
    count = len(TOLD) if scenes is None else scenes
    if not 1 <= count <= MOST:
        raise InputError(f"a sample drive of {count} scenes cannot be written; from 1 to {MOST} can")
    if seed < 0:
        raise InputError(f"the seed is {seed}; a seed is 0 or more")
    begun = monotonic()
    _clear(directory)
    staged_scenes, cameras = staged(seed, tell(seed, count)), rig(seed)
    rows = tables(staged_scenes, cameras)
    if perturb:
        rows = perturbed(rows, seed)
    _write_tables(directory / VERSION, rows)
    write_maps(directory / "maps", staged_scenes)
    gold = directory / GOLD
    gold.write_text("".join(f"{line}\n" for line in _gold(staged_scenes)), encoding="utf-8")
    write_pictures(directory, staged_scenes, cameras, progress)
    return SampleSummary(
        directory=str(directory),
        version=VERSION,
        scenes=count,
        frames=count * FRAMES,
        annotations=len(rows["sample_annotation"]),
        gold=str(gold),
        seconds=round(monotonic() - begun, 1),
    )


def _clear(directory: Path) -> None:
    """Make the directory, or empty it of an earlier sample drive. Raises `InputError` where it holds anything else."""
    if directory.exists() and not directory.is_dir():
        raise InputError(f"{str(directory)!r} is a file; name a directory for the sample drive")
    held = {path.name for path in directory.iterdir()} if directory.exists() else set()
    if held and not (held <= _OWN and VERSION in held):
        other = sorted(held - _OWN) or sorted(held)
        raise InputError(
            f"{str(directory)!r} is not empty and no earlier sample drive (it holds {other[0]!r}); "
            "name a new or an empty directory"
        )
    for name in sorted(held):
        path = directory / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    directory.mkdir(parents=True, exist_ok=True)


def _write_tables(folder: Path, rows: dict[str, list[Row]]) -> None:
    folder.mkdir()
    for name, table in rows.items():
        (folder / f"{name}.json").write_text(json.dumps(table, indent=0), encoding="utf-8")


def _gold(scenes: Iterable[Staged]) -> Iterable[str]:
    """One line a frame: its token, every field of the Scenario DNA by its name in released runs, scene, description."""
    for scene in scenes:
        for frame, truth in enumerate(scene.story.truths):
            line: dict[str, object] = {"token": scene.sample_token(frame), "scene": scene.name}
            line |= {field.name: getattr(truth, field.name) for field in SCALAR_FIELDS}
            line["traffic_controls"] = list(truth.traffic_controls)
            line["risk_score"] = truth.risk
            line["wod_e2e_tags"] = list(truth.tags)
            line["description"] = truth.description
            yield json.dumps(line)
