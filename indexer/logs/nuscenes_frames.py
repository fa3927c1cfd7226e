"""The frames of a nuScenes-format log, scene by scene."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import dist

from indexer.logs.nuscenes_pictures import Pictures, reference_pose
from indexer.logs.nuscenes_tables import LogRow, SampleRow, SceneRow
from scenario.records import Frame, Pose

PATH_US, PATH_M = 10_000_000, 80.0  # how far ahead a frame's ego path reaches


@dataclass(frozen=True)
class Frames:
    pictures: Pictures
    scenes: Mapping[str, SceneRow]
    logs: Mapping[str, LogRow]  # by scene token

    def of(self, groups: Mapping[str, Sequence[SampleRow]], per_scene: int | None) -> list[Frame]:
        """The frames of each scene's samples, which stand in time order; all, or so many of each, evenly spread.

        `sequence` counts those that were chosen, also the ones without any picture, which are left out and noted.
        """
        chosen = (pair for group in groups.values() for pair in self._chosen(group, per_scene))
        made = (self._frame(number, sample, path) for number, (sample, path) in enumerate(chosen))
        return [frame for frame in made if frame]

    def _chosen(
        self, group: Sequence[SampleRow], per_scene: int | None
    ) -> Iterator[tuple[SampleRow, tuple[Pose | None, tuple[Pose, ...]]]]:
        track = [reference_pose(self.pictures.poses.get(row.token, {}), self.pictures.cameras) for row in group]
        for place in evenly(len(group), per_scene):
            yield group[place], (track[place], _ahead(group, track, place))

    def _frame(self, number: int, sample: SampleRow, path: tuple[Pose | None, tuple[Pose, ...]]) -> Frame | None:
        cameras = self.pictures.of(sample.token)
        if not cameras:
            return None
        scene, log = self.scenes.get(sample.scene_token), self.logs.get(sample.scene_token)
        return Frame(
            token=sample.token,
            sequence=number,
            scene_token=sample.scene_token,
            scene=scene.name if scene else None,
            log_token=scene.log_token if scene else None,
            log=log.logfile if log else None,
            description=scene.description if scene else None,
            timestamp_us=sample.timestamp,
            location=log.location if log else None,
            cameras=cameras,
            ego_pose=path[0],
            ego_path=path[1],
        )


def evenly(count: int, wanted: int | None) -> list[int]:
    """Up to `wanted` of `count` places, each in the middle of its share: all where `wanted` is None."""
    if wanted is None or wanted >= count:
        return list(range(count))
    return [int((number + 0.5) * count / wanted) for number in range(wanted)]


def _ahead(group: Sequence[SampleRow], track: Sequence[Pose | None], place: int) -> tuple[Pose, ...]:
    """The known poses after a place, as far as the path reaches. The poses themselves: a scene's frames share them."""
    ahead: list[Pose] = []
    last, driven_m = track[place], 0.0
    for later in range(place + 1, len(group)):
        pose = track[later]
        if pose is None:
            continue
        driven_m += dist(pose.translation_m, last.translation_m) if last else 0.0
        if driven_m > PATH_M or group[later].timestamp - group[place].timestamp > PATH_US:
            break
        ahead.append(pose)
        last = pose
    return tuple(ahead)
