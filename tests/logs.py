"""Small logs in nuScenes format, written table by table: what the tests of logs read, break and ground.

    log = write_log(tmp_path / "log", scenes=2, frames=3, boxes=[MadeBox(ahead_m=20)])
    log.edit("instance", lambda records: records[1:])     # or log.cut("sample_annotation", 0.5)

Each scene's ego starts at a place and heading of its own and drives straight on, or stands with `speed_mps=0`. Boxes
are given from where the ego of their scene started, so a box that stands still comes nearer from frame to frame.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from math import cos, radians, sin
from pathlib import Path
from typing import Any

from PIL import Image

Table = list[dict[str, Any]]

VERSION = "v1.0-made"
START_US, STEP_US = 1_600_000_000_000_000, 500_000
CAMERAS = {  # camera → where it looks, in degrees to the left
    "CAM_FRONT_LEFT": 55.0,
    "CAM_FRONT": 0.0,
    "CAM_FRONT_RIGHT": -55.0,
    "CAM_BACK_LEFT": 110.0,
    "CAM_BACK": 180.0,
    "CAM_BACK_RIGHT": -110.0,
}
FRONT = tuple(CAMERAS)[:3]
ATTRIBUTES = (
    *("vehicle.moving", "vehicle.stopped", "vehicle.parked", "cycle.with_rider", "cycle.without_rider"),
    *("pedestrian.moving", "pedestrian.standing", "pedestrian.sitting_lying_down"),
)
LEVELS = {"v0-40": "1", "v40-60": "2", "v60-80": "3", "v80-100": "4"}


@dataclass(frozen=True)
class MadeBox:
    """A thing that stands on the ground, or moves evenly over it, throughout its scene."""

    category: str = "human.pedestrian.adult"
    ahead_m: float = 15.0
    left_m: float = 0.0
    size_m: tuple[float, float, float] = (0.7, 0.7, 1.75)  # length, width, height
    heading_deg: float = 0.0  # 0 as the ego, 90 to its left
    velocity_mps: tuple[float, float] = (0.0, 0.0)  # ahead, left
    attributes: tuple[str, ...] = ()
    level: str | None = None  # of visibility, as "v40-60"


@dataclass(frozen=True)
class MadeLog:
    dataroot: Path
    version: str
    tokens: tuple[str, ...]  # of the frames, by scene and time
    scenes: tuple[str, ...]  # names

    def table(self, name: str) -> Path:
        return self.dataroot / self.version / f"{name}.json"

    def records(self, name: str) -> Table:
        records: Table = json.loads(self.table(name).read_text())
        return records

    def edit(self, name: str, change: Callable[[Table], Table]) -> None:
        """Write what `change` makes of a table's records."""
        self.table(name).write_text(json.dumps(change(self.records(name)), indent=0))

    def cut(self, name: str, share: float) -> None:
        """Keep only the first part of a table's file."""
        whole = self.table(name).read_bytes()
        self.table(name).write_bytes(whole[: int(len(whole) * share)])

    def picture(self, token: str, camera: str) -> Path:
        """The file of a frame's picture."""
        return self.dataroot / _picture(token, camera)


def write_log(
    folder: Path,
    *,
    scenes: int = 1,
    frames: int = 3,
    boxes: Sequence[MadeBox] | Callable[[int, int], Sequence[MadeBox]] = (),
    cameras: Sequence[str] = FRONT,
    speed_mps: float = 8.0,
    size_px: tuple[int, int] = (64, 36),
    version: str = VERSION,
) -> MadeLog:
    """Write a log. `boxes`: the same in every frame, or those of (scene, frame); a box keeps its instance by its place
    in that sequence."""
    tables = _Tables(cameras, size_px, speed_mps)
    for scene in range(scenes):
        for frame in range(frames):
            tables.add_frame(scene, frame, frames, boxes(scene, frame) if callable(boxes) else boxes)
    tables.link()
    (folder / version).mkdir(parents=True)
    for name, records in tables.made.items():
        (folder / version / f"{name}.json").write_text(json.dumps(records, indent=0))
    (folder / "maps").mkdir()
    Image.new("L", (8, 8)).save(folder / "maps" / "blank.png")
    for number, record in enumerate(tables.made["sample_data"]):
        path = folder / record["filename"]
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size_px, (40 + 7 * number % 160, 90, 120)).save(path)
    tokens = tuple(record["token"] for record in tables.made["sample"])
    return MadeLog(folder, version, tokens, tuple(record["name"] for record in tables.made["scene"]))


def token(*parts: object) -> str:
    return blake2b("/".join(map(str, parts)).encode(), digest_size=16).hexdigest()


def _picture(sample: str, camera: str) -> str:
    return f"samples/{camera}/{sample}__{camera}.jpg"


def _turned_left(degrees: float) -> list[float]:
    return [cos(radians(degrees) / 2), 0.0, 0.0, sin(radians(degrees) / 2)]


def _looking(degrees: float) -> list[float]:
    """The mounting of a camera that looks so far to the left: z forward, x right, y down."""
    c, s = cos(radians(degrees) / 2) / 2, sin(radians(degrees) / 2) / 2
    return [c + s, -c - s, c - s, s - c]


@dataclass
class _Tables:
    cameras: Sequence[str]
    size_px: tuple[int, int]
    speed_mps: float
    made: dict[str, Table] = field(default_factory=dict)

    def __post_init__(self) -> None:
        width, height = self.size_px
        focal = 0.8 * width
        names = ("category", "instance", "scene", "sample", "sample_data", "ego_pose", "sample_annotation")
        self.made = {name: [] for name in names}
        self.made["attribute"] = [{"token": token("attribute", name), "name": name} for name in ATTRIBUTES]
        self.made["visibility"] = [{"token": number, "level": level} for level, number in LEVELS.items()]
        self.made["log"] = [{"token": token("log"), "logfile": "made-log", "location": "nowhere"}]
        self.made["map"] = [
            {"token": token("map"), "log_tokens": [token("log")], "category": "none", "filename": "maps/blank.png"}
        ]
        self.made["sensor"] = [
            {"token": token("sensor", camera), "channel": camera, "modality": "camera"} for camera in self.cameras
        ]
        self.made["calibrated_sensor"] = [
            {
                "token": token("calibration", camera),
                "sensor_token": token("sensor", camera),
                "translation": [1.5, 0.0, 1.6],
                "rotation": _looking(CAMERAS[camera]),
                "camera_intrinsic": [[focal, 0.0, width / 2], [0.0, focal, height / 2], [0.0, 0.0, 1.0]],
            }
            for camera in self.cameras
        ]

    def add_frame(self, scene: int, frame: int, frames: int, boxes: Sequence[MadeBox]) -> None:
        sample, time_us = token("sample", scene, frame), START_US + scene * 60_000_000 + frame * STEP_US
        if frame == 0:
            first, last = sample, token("sample", scene, frames - 1)
            self.made["scene"].append(
                {"token": token("scene", scene), "name": f"scene-{scene:04d}", "log_token": token("log")}
                | {"description": f"made scene {scene}", "nbr_samples": frames}
                | {"first_sample_token": first, "last_sample_token": last}
            )
        self.made["sample"].append({"token": sample, "timestamp": time_us, "scene_token": token("scene", scene)})
        for number, camera in enumerate(self.cameras):
            self._add_picture(sample, camera, scene, time_us + 5_000 * number, frame * STEP_US + 5_000 * number)
        for number, box in enumerate(boxes):
            self._add_box(box, sample, scene, number, frame * STEP_US * 1e-6)

    def _add_picture(self, sample: str, camera: str, scene: int, time_us: int, passed_us: int) -> None:
        self.made["ego_pose"].append(
            {"token": token("pose", sample, camera), "timestamp": time_us}
            | {"translation": [*_place(scene, self.speed_mps * passed_us * 1e-6, 0.0), 0.0]}
            | {"rotation": _turned_left(_heading_deg(scene))}
        )
        self.made["sample_data"].append(
            {"token": token("data", sample, camera), "sample_token": sample, "timestamp": time_us, "is_key_frame": True}
            | {"ego_pose_token": token("pose", sample, camera), "calibrated_sensor_token": token("calibration", camera)}
            | {"width": self.size_px[0], "height": self.size_px[1], "fileformat": "jpg", "prev": "", "next": ""}
            | {"filename": _picture(sample, camera)}
        )

    def _add_box(self, box: MadeBox, sample: str, scene: int, number: int, passed_s: float) -> None:
        category, instance = token("category", box.category), token("instance", scene, number)
        if all(record["token"] != category for record in self.made["category"]):
            self.made["category"].append({"token": category, "name": box.category, "description": ""})
        if all(record["token"] != instance for record in self.made["instance"]):
            self.made["instance"].append({"token": instance, "category_token": category})
        ahead_m, left_m = box.ahead_m + box.velocity_mps[0] * passed_s, box.left_m + box.velocity_mps[1] * passed_s
        length, width, height = box.size_m
        self.made["sample_annotation"].append(
            {"token": token("annotation", instance, sample), "sample_token": sample, "instance_token": instance}
            | {"translation": [*_place(scene, ahead_m, left_m), height / 2], "size": [width, length, height]}
            | {"rotation": _turned_left(_heading_deg(scene) + box.heading_deg)}
            | {"attribute_tokens": [token("attribute", name) for name in box.attributes]}
            | {"visibility_token": LEVELS[box.level] if box.level else "", "num_lidar_pts": 1, "num_radar_pts": 0}
        )

    def link(self) -> None:
        """Say of each record which one comes before and after it."""
        for name, group in (("sample", "scene_token"), ("sample_annotation", "instance_token")):
            last: dict[str, dict[str, Any]] = {}
            for record in self.made[name]:
                before = last.get(record[group])
                record |= {"prev": before["token"] if before else "", "next": ""}
                if before:
                    before["next"] = record["token"]
                last[record[group]] = record
        for instance in self.made["instance"]:
            own = [r["token"] for r in self.made["sample_annotation"] if r["instance_token"] == instance["token"]]
            instance |= {
                "nbr_annotations": len(own),
                "first_annotation_token": own[0],
                "last_annotation_token": own[-1],
            }


def _heading_deg(scene: int) -> float:
    return 30.0 + 75.0 * scene


def _place(scene: int, ahead_m: float, left_m: float) -> list[float]:
    """A place given from where the ego of a scene started, on the map."""
    heading = radians(_heading_deg(scene))
    return [
        1000.0 + 200.0 * scene + ahead_m * cos(heading) - left_m * sin(heading),
        500.0 + ahead_m * sin(heading) + left_m * cos(heading),
    ]
