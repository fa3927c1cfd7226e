"""The thirteen nuScenes tables of a set of stories, as plain rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, hypot, sqrt
from typing import Any, TypeAlias

import numpy as np

from indexer.logs.sample.catalogue import ATTRIBUTES, KINDS
from indexer.logs.sample.dice import Dice, token
from indexer.logs.sample.geometry import HEIGHT_PX, WIDTH_PX, Array, CameraModel, Spot, quaternion, turned
from indexer.logs.sample.rig import OFFSET_S, ego_at
from indexer.logs.sample.script import FRAMES, STEP_S, Actor, Story
from indexer.logs.sample.sight import VISIBILITIES, seen_shares, visibility_token

Row: TypeAlias = dict[str, Any]
Tables: TypeAlias = dict[str, list[Row]]

CELL_M = 120.0
REACH_M = 65.0
FOG_REACH_M = 42.0
_FIRST_DAY = date(2026, 3, 2)
_FIRST_US = 1_772_438_400_000_000


@dataclass(frozen=True)
class Staged:
    """A story with its number, its name and where on its map it takes place (the scene frame's origin and heading)."""

    story: Story
    number: int
    seed: int
    origin: Spot

    @property
    def name(self) -> str:
        return f"scene-{self.number + 1:04d}"

    @property
    def location(self) -> str:
        return "sample-harbour" if self.story.left_hand else "sample-town"

    @property
    def logfile(self) -> str:
        return f"s{self.seed:03d}-{self.day.isoformat()}-{self.location}"

    @property
    def day(self) -> date:
        return _FIRST_DAY + timedelta(days=Dice(self.seed, "day").number(0, 60))

    def timestamp_us(self, frame: int, offset_s: float = 0.0) -> int:
        start = _FIRST_US + self.seed % 1000 * 86_400_000_000 + self.number * 60_000_000
        late = Dice(self.seed, "clock", self.number).number(0, 900_000)
        return start + late + round((frame * STEP_S + offset_s) * 1e6)

    def token(self, *names: object) -> str:
        return token(self.seed, self.name, *names)

    def sample_token(self, frame: int) -> str:
        return self.token("sample", frame)

    def image(self, frame: int, channel: str) -> str:
        """The picture's path under the data root."""
        stamp_us = self.timestamp_us(frame, OFFSET_S[channel])
        return f"samples/{channel}/{self.logfile}__{channel}__{stamp_us}.jpg"

    def into_map(self, spot: Spot) -> Spot:
        """Scene frame → the map's global frame."""
        moved = self.origin.beside(spot.x, spot.y)
        return Spot(moved.x, moved.y, self.origin.heading + spot.heading)


def staged(seed: int, stories: Sequence[Story]) -> list[Staged]:
    """Every story with a square of its own on the map of its town."""
    dice = Dice(seed, "map")
    counts = {False: 0, True: 0}
    sides = {hand: side_cells(stories, hand) for hand in counts}
    result = []
    for number, story in enumerate(stories):
        place, side = counts[story.left_hand], sides[story.left_hand]
        counts[story.left_hand] += 1
        heading = dice.between(-np.pi, np.pi)
        middle = Spot((place % side + 0.5) * CELL_M, (place // side + 0.5) * CELL_M, heading)
        result.append(Staged(story, number, seed, middle.beside(-40.0, 0.0)))
    return result


def side_cells(stories: Sequence[Story], left_hand: bool) -> int:
    """How many squares a side the map of a town has."""
    return max(1, ceil(sqrt(sum(story.left_hand == left_hand for story in stories))))


def tables(scenes: Sequence[Staged], rig: Mapping[str, CameraModel]) -> Tables:
    """All rows, by table name."""
    seed = scenes[0].seed if scenes else 0
    rows: Tables = {name: [] for name in TABLES}
    rows |= _fixed(seed, rig)
    for scene in scenes:
        _add_log(rows, scene)
        _add_scene(rows, scene)
        for frame in range(FRAMES):
            _add_sample(rows, scene, frame)
            _add_pictures(rows, scene, frame, rig)
        annotated = [_annotations(scene, frame, rig["CAM_FRONT"]) for frame in range(FRAMES)]
        rows["sample_annotation"] += [row for frame in annotated for row in frame]
    link(rows)
    return rows


TABLES = (
    *("attribute", "calibrated_sensor", "category", "ego_pose", "instance", "log", "map", "sample"),
    *("sample_annotation", "sample_data", "scene", "sensor", "visibility"),
)


def _fixed(seed: int, rig: Mapping[str, CameraModel]) -> Tables:
    """The tables that do not depend on what happens."""
    categories = {kind.category: kind.name for kind in KINDS.values()}
    sensors = [{"token": token(seed, "sensor", name), "channel": name, "modality": "camera"} for name in rig]
    calibrated = [
        {
            "token": token(seed, "calibrated", name),
            "sensor_token": token(seed, "sensor", name),
            "translation": [float(value) for value in camera.position_m],
            "rotation": list(quaternion(camera.mounting)),
            "camera_intrinsic": camera.intrinsic,
        }
        for name, camera in rig.items()
    ]
    return {
        "attribute": [
            {"token": token(0, "attribute", name), "name": name, "description": name.replace(".", " is ")}
            for name in ATTRIBUTES
        ],
        "category": [
            {"token": token(0, "category", finer), "name": categories[finer], "description": finer, "index": index}
            for index, finer in enumerate(sorted(categories))
        ],
        "visibility": [
            {"token": level, "level": name, "description": f"visibility of whole object is {name[1:]} %"}
            for level, name in VISIBILITIES.items()
        ],
        "sensor": sensors,
        "calibrated_sensor": calibrated,
    }


def _add_log(rows: Tables, scene: Staged) -> None:
    """The log of a town, and the town's map, when its first scene comes."""
    if any(row["logfile"] == scene.logfile for row in rows["log"]):
        return
    log = token(scene.seed, "log", scene.logfile)
    rows["log"].append(
        {
            "token": log,
            "logfile": scene.logfile,
            "vehicle": f"s{scene.seed:03d}",
            "date_captured": scene.day.isoformat(),
            "location": scene.location,
        }
    )
    rows["map"].append(
        {
            "token": token(scene.seed, "map", scene.location),
            "filename": f"maps/{scene.location}.png",
            "category": "semantic_prior",
            "log_tokens": [log],
        }
    )


def _add_scene(rows: Tables, scene: Staged) -> None:
    rows["scene"].append(
        {
            "token": scene.token("scene"),
            "log_token": token(scene.seed, "log", scene.logfile),
            "nbr_samples": FRAMES,
            "first_sample_token": scene.sample_token(0),
            "last_sample_token": scene.sample_token(FRAMES - 1),
            "name": scene.name,
            "description": scene.story.description,
        }
    )


def _add_sample(rows: Tables, scene: Staged, frame: int) -> None:
    rows["sample"].append(
        {
            "token": scene.sample_token(frame),
            "timestamp": scene.timestamp_us(frame),
            "prev": scene.sample_token(frame - 1) if frame else "",
            "next": scene.sample_token(frame + 1) if frame + 1 < FRAMES else "",
            "scene_token": scene.token("scene"),
        }
    )


def _add_pictures(rows: Tables, scene: Staged, frame: int, rig: Mapping[str, CameraModel]) -> None:
    for channel in rig:
        key = scene.token("picture", frame, channel)
        stamp_us = scene.timestamp_us(frame, OFFSET_S[channel])
        pose = scene.into_map(ego_at(scene.story, frame, OFFSET_S[channel]))
        rows["ego_pose"].append(
            {
                "token": key,
                "timestamp": stamp_us,
                "rotation": list(quaternion(turned(pose.heading))),
                "translation": [pose.x, pose.y, 0.0],
            }
        )
        rows["sample_data"].append(
            {
                "token": key,
                "sample_token": scene.sample_token(frame),
                "ego_pose_token": key,
                "calibrated_sensor_token": token(scene.seed, "calibrated", channel),
                "timestamp": stamp_us,
                "fileformat": "jpg",
                "is_key_frame": True,
                "height": HEIGHT_PX,
                "width": WIDTH_PX,
                "filename": scene.image(frame, channel),
                "prev": scene.token("picture", frame - 1, channel) if frame else "",
                "next": scene.token("picture", frame + 1, channel) if frame + 1 < FRAMES else "",
            }
        )


def _annotations(scene: Staged, frame: int, camera: CameraModel) -> list[Row]:
    """The boxes of everything that a lidar would reach at a key frame; `instance` and links come with `link`."""
    story, ego = scene.story, ego_at(scene.story, frame)
    eye: Array = camera.seen_from(ego).origin
    shares = seen_shares(story, frame, eye)
    reach = FOG_REACH_M if story.weather.fog_per_m > 0.02 else REACH_M
    rows = []
    for actor in story.actors:
        spot = story.place(actor.track[frame])
        distance = hypot(spot.x - ego.x, spot.y - ego.y)
        if distance <= reach:
            rows.append(_annotation(scene, frame, actor, spot, shares[actor.name], distance))
    return rows


def _annotation(scene: Staged, frame: int, actor: Actor, spot: Spot, share: float, distance_m: float) -> Row:
    length, width, height = actor.size
    place = scene.into_map(spot)
    words = actor.attributes[frame : frame + 1]
    return {
        "token": scene.token("annotation", actor.name, frame),
        "sample_token": scene.sample_token(frame),
        "instance_token": scene.token("instance", actor.name),
        "visibility_token": visibility_token(share),
        "attribute_tokens": [token(0, "attribute", word) for word in words],
        "translation": [place.x, place.y, actor.base_m + height / 2],
        "size": [width, length, height],
        "rotation": list(quaternion(turned(place.heading))),
        "prev": "",
        "next": "",
        "num_lidar_pts": max(1, int(6000 * share * max(width, length) * height / max(distance_m, 2.0) ** 2)),
        "num_radar_pts": 0,
        "category_token": token(0, "category", KINDS[actor.kind].category),
    }


def link(rows: Tables) -> None:
    """Give every annotation its neighbours in time, and write the instances. Rows are in the order of time."""
    chains: dict[str, list[Row]] = {}
    for row in rows["sample_annotation"]:
        chains.setdefault(row["instance_token"], []).append(row)
    rows["instance"] = []
    for key, chain in chains.items():
        category = ""
        for before, row, after in zip([None, *chain], chain, [*chain[1:], None], strict=False):
            category = row.pop("category_token")
            row["prev"] = before["token"] if before else ""
            row["next"] = after["token"] if after else ""
        rows["instance"].append(
            {
                "token": key,
                "category_token": category,
                "nbr_annotations": len(chain),
                "first_annotation_token": chain[0]["token"],
                "last_annotation_token": chain[-1]["token"],
            }
        )
