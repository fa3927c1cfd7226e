"""The annotation tables of a nuScenes-format log in a few flat arrays: 1.2 million boxes in some 130 MB."""

import re
from array import array
from collections import Counter
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from indexer.logs.annotations import AnnotatedBox, FrameAnnotations
from indexer.logs.nuscenes_tables import (
    AnnotationRow,
    CategoryRow,
    InstanceRow,
    NamedRow,
    SampleRow,
    Tables,
    VisibilityRow,
)
from scenario.records import Pose

MAX_GAP_S = 1.5  # between neighbouring boxes of a track that a speed is taken from; twice that across two gaps
H = TypeVar("H", bound=Hashable)
Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]


class _Pool(Generic[H]):
    """Values to small numbers and back."""

    def __init__(self) -> None:
        self.values: list[H] = []
        self._numbers: dict[H, int] = {}

    def number(self, value: H) -> int:
        if value not in self._numbers:
            self._numbers[value] = len(self.values)
            self.values.append(value)
        return self._numbers[value]


@dataclass(frozen=True)
class Annotations:
    """Every box of the samples asked for; row i of each array is box i, and a sample's boxes stand together."""

    starts: Ints  # (samples + 1,): the boxes of sample s are rows starts[s] to starts[s + 1]
    numbers: Ints  # (n, 3): of its instance, its attributes, its visibility level (-1 where it has none)
    geometry: Floats  # (n, 10): middle (3), width, length, height, rotation w, x, y, z; in the global frame
    velocity_mps: npt.NDArray[np.float32]  # (n, 3), NaN where it is not known
    instances: Sequence[tuple[str, str]]  # token and category
    attributes: Sequence[tuple[str, ...]]
    levels: Sequence[tuple[float, float]]
    notes: Mapping[int, str]  # sample → why its annotations are not complete
    note: str | None  # why no sample's are

    def of(self, sample: int, camera_poses: Mapping[str, Pose]) -> FrameAnnotations:
        rows = range(self.starts[sample], self.starts[sample + 1])
        notes = tuple(note for note in (self.note, self.notes.get(sample)) if note)
        return FrameAnnotations(tuple(self._box(row) for row in rows), not notes, notes, camera_poses)

    def _box(self, row: int) -> AnnotatedBox:
        instance, attributes, level = self.numbers[row].tolist()
        x, y, z, width, length, height, *rotation = self.geometry[row].tolist()
        token, category = self.instances[instance]
        velocity = self.velocity_mps[row].tolist()
        return AnnotatedBox(
            category=category,
            instance=token,
            translation_m=(x, y, z),
            size_m=(length, width, height),
            rotation_wxyz=(rotation[0], rotation[1], rotation[2], rotation[3]),
            attributes=self.attributes[attributes],
            visibility=self.levels[level] if level >= 0 else None,
            velocity_mps=None if np.isnan(velocity[0]) else (velocity[0], velocity[1], velocity[2]),
        )


def read_annotations(tables: Tables, known: Collection[str], wanted: Sequence[SampleRow]) -> Annotations:
    """The boxes of the wanted samples; sample s is `wanted[s]`. `known` are the tokens of all samples of the log."""
    return _Reading(tables, known, wanted).annotations()


class _Reading:
    """Reads the tables once, row by row, into growing arrays."""

    def __init__(self, tables: Tables, known: Collection[str], wanted: Sequence[SampleRow]) -> None:
        self._tables, self._known, self._wanted = tables, known, wanted
        self._samples = {row.token: number for number, row in enumerate(wanted)}
        self._instances = self._read_instances()
        self._instance_numbers = {token: number for number, (token, _) in enumerate(self._instances)}
        self._attribute_names = {row.token: row.name for row in tables.rows("attribute", NamedRow)}
        self._attributes: _Pool[tuple[str, ...]] = _Pool()
        self._levels: _Pool[tuple[float, float]] = _Pool()
        self._level_numbers = {
            row.token: self._levels.number(level)
            for row in tables.rows("visibility", VisibilityRow)
            if (level := _level(row.level))
        }
        self._sample_of, self._numbers, self._geometry = array("i"), array("i"), array("d")
        self._dangling: Counter[int] = Counter()  # sample → its annotations of no known instance or category
        self._lost = 0  # annotations of no known sample

    def _read_instances(self) -> list[tuple[str, str]]:
        categories = {row.token: row.kind for row in self._tables.rows("category", CategoryRow)}
        return [
            (row.token, categories[row.category_token])
            for row in self._tables.rows("instance", InstanceRow)
            if row.category_token in categories
        ]

    def annotations(self) -> Annotations:
        for row in self._tables.rows("sample_annotation", AnnotationRow):
            self._take(row)
        sample_of = np.array(self._sample_of, dtype=np.int32)
        order = np.argsort(sample_of, kind="stable")
        numbers = np.array(self._numbers, dtype=np.int32).reshape(-1, 3)[order]
        geometry = np.array(self._geometry, dtype=np.float64).reshape(-1, 10)[order]
        counts = np.bincount(sample_of, minlength=len(self._wanted))
        time_us = np.array([row.timestamp for row in self._wanted], dtype=np.int64)[sample_of[order]]
        return Annotations(
            starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
            numbers=numbers,
            geometry=geometry,
            velocity_mps=velocities(numbers[:, 0], time_us, geometry[:, :3]),
            instances=self._instances,
            attributes=self._attributes.values,
            levels=self._levels.values,
            notes={**_scenes_without([row.scene_token for row in self._wanted], counts), **self._notes_on_dangling()},
            note=self._note_on_the_table(),
        )

    def _take(self, row: AnnotationRow) -> None:
        sample = self._samples.get(row.sample_token)
        if sample is None:
            self._lost += row.sample_token not in self._known
            return
        instance = self._instance_numbers.get(row.instance_token)
        if instance is None:
            self._dangling[sample] += 1
            return
        names = (self._attribute_names.get(token) for token in row.attribute_tokens)
        attributes = self._attributes.number(tuple(name for name in names if name))
        self._sample_of.append(sample)
        self._numbers.extend((instance, attributes, self._level_numbers.get(row.visibility_token or "", -1)))
        self._geometry.extend((*row.translation, *row.size, *row.rotation))

    def _note_on_the_table(self) -> str | None:
        if self._lost:
            self._tables.fault("sample_annotation", f"{self._lost} annotations are of samples that are not in the log")
        return (
            "annotations are incomplete: the table is damaged" if "sample_annotation" in self._tables.damaged else None
        )

    def _notes_on_dangling(self) -> dict[int, str]:
        said_already = self._tables.gone("instance") or self._tables.gone("category")
        for sample, count in sorted(self._dangling.items()):
            if not said_already:
                token = self._wanted[sample].token
                reason = f"frame {token}: {count} annotations are of no known instance or category, and are left out"
                self._tables.fault("sample_annotation", reason, token)
        return {sample: f"annotations are incomplete: {count} left out" for sample, count in self._dangling.items()}


def _scenes_without(scenes: Sequence[str], counts: npt.NDArray[np.int64]) -> dict[int, str]:
    """A scene in which nothing at all is annotated was not annotated, as in a test split: nobody saw it empty."""
    annotated = {scene for scene, count in zip(scenes, counts, strict=True) if count}
    return {
        sample: "annotations are not known: this scene has none"
        for sample, scene in enumerate(scenes)
        if scene not in annotated
    }


def _level(name: str) -> tuple[float, float] | None:
    """The shares that a level like "v40-60" lies between; None for a name of another kind."""
    match = re.fullmatch(r"v(\d+)-(\d+)", name)
    return (int(match[1]) / 100, min(1.0, int(match[2]) / 100)) if match else None


def velocities(instance: Ints, time_us: npt.NDArray[np.int64], middle_m: Floats) -> npt.NDArray[np.float32]:
    """Metres a second (n, 3) of each box, from its neighbours in its instance's track, as the devkit's `box_velocity`.

    The neighbours are the boxes before and after it in time, or itself at an end of the track. NaN for a track of one
    box, and where the neighbours are too far apart in time.
    """
    order = np.lexsort((time_us, instance))
    ordered, place = instance[order], np.arange(len(order))
    same = ordered[1:] == ordered[:-1]  # as the one before
    first = order[place - np.concatenate([np.zeros(1, bool)[: len(order)], same])]
    last = order[place + np.concatenate([same, np.zeros(1, bool)[: len(order)]])]
    gaps = (first != order).astype(np.float64) + (last != order)
    seconds = (time_us[last] - time_us[first]) * 1e-6
    known = (seconds > 0) & (seconds <= gaps * MAX_GAP_S)
    result = np.full((len(order), 3), np.nan, dtype=np.float32)
    result[order[known]] = (middle_m[last[known]] - middle_m[first[known]]) / seconds[known, None]
    return result
