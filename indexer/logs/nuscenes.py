"""A log in the format of nuScenes: v1.0-mini, -trainval, -test without annotations, or one of our own.

It reads the tables that nuscenes-devkit reads, and says what the devkit says of them (the tests hold it to that), but
not through the devkit's `NuScenes`, which keeps every table as dicts, 7 GB for trainval, and ends with a `KeyError` at
the first token that leads nowhere. Here the tables are streamed, only key frames of the asked cameras are kept, boxes
stand in flat arrays, and whatever is broken has a name in `unreadable` while the rest goes on. 34,149 frames with
1.2 million boxes take about a minute to read and 0.8 GB.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer.logs.annotations import FrameAnnotations
from indexer.logs.nuscenes_annotations import Annotations, read_annotations
from indexer.logs.nuscenes_frames import Frames
from indexer.logs.nuscenes_pictures import Pictures
from indexer.logs.nuscenes_tables import LogRow, MapRow, SampleRow, SceneRow, Tables, open_tables
from scenario.errors import ConfigError, InputError, LogUnreadable, did_you_mean, unknown
from scenario.records import Frame, Pose

FRONT_CAMERAS = ("CAM_FRONT_LEFT", "CAM_FRONT", "CAM_FRONT_RIGHT")


@dataclass(frozen=True)
class NuScenesLog:
    """The frames of a log, in the order of its scene table and of time; `unreadable` is what is wrong with it."""

    frames: Sequence[Frame]
    unreadable: list[InputError]
    _boxes: Annotations
    _numbers: Mapping[str, int]  # sample token → its number in the boxes
    _poses: Mapping[str, Mapping[str, Pose]]  # sample token → camera → where the ego was at its picture

    @classmethod
    def open(
        cls,
        dataroot: Path,
        version: str,
        *,
        cameras: Sequence[str] = FRONT_CAMERAS,
        per_scene: int | None = None,
        scenes: Sequence[str] = (),
        split: str | None = None,
    ) -> "NuScenesLog":
        """Read the log: `per_scene` key frames of each scene, evenly spread, or all; of `scenes` by name, or all.

        `cameras`: in this order; `all` among them means all six, or those of them that the log has.
        `split` is one of the official ones (`mini_val`, `val`, …): the scenes of it that the log has.
        Raises `LogUnreadable` where there is no such version, or no scene, sample or sample_data can be read of it;
        `ConfigError` for a camera, scene or split that the log does not have.
        """
        if per_scene is not None and per_scene < 1:
            raise ConfigError(f"per_scene is {per_scene}; it is how many frames to take of each scene: 1 or more")
        tables = open_tables(dataroot.absolute(), version)
        pictures = Pictures(tables, dataroot.absolute(), tuple(dict.fromkeys(cameras)))
        scenes_there = _scenes(tables)
        scenes = _of_split(scenes_there, split, scenes) if split else scenes
        samples = _samples(tables)
        groups = _by_scene(tables, scenes_there, samples, scenes)
        wanted = [sample for group in groups.values() for sample in group]
        pictures.read([sample.token for sample in wanted])
        _look_for_maps(tables, dataroot)
        frames = Frames(pictures, scenes_there, _logs(tables, scenes_there)).of(groups, per_scene)
        boxes = read_annotations(tables, {sample.token for sample in samples}, wanted)
        numbers = {sample.token: number for number, sample in enumerate(wanted)}
        return cls(frames, tables.faults, boxes, numbers, pictures.poses)

    def annotations(self, token: str) -> FrameAnnotations:
        """The boxes of a frame of this log; none, and incomplete, for a token it does not have."""
        if token not in self._numbers:
            return FrameAnnotations(notes=("annotations are not known: the log has no such frame",))
        return self._boxes.of(self._numbers[token], self._poses.get(token, {}))


def _scenes(tables: Tables) -> dict[str, SceneRow]:
    scenes = {row.token: row for row in tables.rows("scene", SceneRow)}
    tables.stop_without("scene")
    return scenes


def _samples(tables: Tables) -> list[SampleRow]:
    """The samples in the table's order, each token once: a frame is not two."""
    samples: dict[str, SampleRow] = {}
    for row in tables.rows("sample", SampleRow):
        if samples.setdefault(row.token, row) is not row:
            tables.fault("sample", f"frame {row.token} is there more than once; the first is kept", row.token)
    tables.stop_without("sample")
    return list(samples.values())


def _by_scene(
    tables: Tables, scenes: Mapping[str, SceneRow], samples: Sequence[SampleRow], asked: Sequence[str]
) -> dict[str, list[SampleRow]]:
    """The samples of each scene asked for, in time; then, where all are, those of scenes that are not in the table."""
    groups: dict[str, list[SampleRow]] = {token: [] for token in _asked(scenes, asked)}
    for sample in samples:
        if sample.scene_token not in scenes:
            reason = f"frame {sample.token} is of scene {sample.scene_token}, which is not in the scene table"
            tables.fault("sample", reason, sample.token)
            if not asked:
                groups.setdefault(sample.scene_token, [])
        if sample.scene_token in groups:
            groups[sample.scene_token].append(sample)
    return {token: sorted(group, key=lambda sample: sample.timestamp) for token, group in groups.items()}


def _asked(scenes: Mapping[str, SceneRow], asked: Sequence[str]) -> list[str]:
    """The tokens of the scenes asked for by name or token, in the log's order. Raises `ConfigError`."""
    names = {name: row.token for row in scenes.values() for name in (row.name, row.token)}
    for name in asked:
        if name not in names:
            near = did_you_mean(name, [row.name for row in scenes.values()])
            hint = f"; did you mean {near!r}?" if near else "."
            raise ConfigError(f"no scene named {name!r}{hint} The log's {len(scenes)} scenes are listed in scene.json")
    wanted = {names[name] for name in asked}
    return [token for token in scenes if not asked or token in wanted]


def _of_split(scenes: Mapping[str, SceneRow], split: str, asked: Sequence[str]) -> list[str]:
    """The names of the scenes of an official split, as nuscenes-devkit lists them, that the log has and that are asked
    for, if any are by name."""
    from nuscenes.utils.splits import create_splits_scenes

    splits = create_splits_scenes()
    if split not in splits:
        raise ConfigError(unknown("split", split, splits))
    members = set(splits[split])
    found = [row.name for row in scenes.values() if row.name in members and (not asked or row.name in asked)]
    if not found:
        which = f"scenes {', '.join(asked)}" if asked else f"log's {len(scenes)} scenes"
        raise ConfigError(f"none of the {which} is in the official split {split!r}")
    return found


def _logs(tables: Tables, scenes: Mapping[str, SceneRow]) -> dict[str, LogRow]:
    """The log of each scene, by the scene's token, where it is known."""
    logs = {row.token: row for row in tables.rows("log", LogRow)}
    for scene in scenes.values():
        if scene.log_token not in logs and not tables.gone("log"):
            tables.fault("scene", f"scene {scene.name!r} is of log {scene.log_token}, which is not in the log table")
    return {scene.token: logs[scene.log_token] for scene in scenes.values() if scene.log_token in logs}


def _look_for_maps(tables: Tables, dataroot: Path) -> None:
    """Maps are not read here, but a log without the ones it names is not whole."""
    for row in tables.rows("map", MapRow):
        path = dataroot / row.filename
        if not path.is_file():
            tables.faults.append(LogUnreadable(str(path), "the log names this map, and there is no such file"))
