"""A FiftyOneDataset directory: one group a frame, one sample a camera; `fo.Dataset.from_dir` reads it.

`samples.json` and `metadata.json` are MongoDB documents in extended JSON, as FiftyOne 1.x writes them; FiftyOne brings
documents of an earlier version up to its own.
"""

from collections.abc import Callable, Generator, Iterator
from json import dumps, loads
from pathlib import Path, PurePath
from tempfile import TemporaryFile
from typing import Any

from scenario.ledger import digest
from scenario.records import Camera, Detection, Scenario
from scenario.vocabulary import SCALAR_FIELDS, Tag
from server.exporting import Batches, Exported
from server.exports.fiftyone_schema import CAMERA_FIRST, DETECTION_NUMBERS, dataset_document
from server.exports.formats import Format
from server.exports.pictures import picture_bytes, picture_name, picture_size_px
from server.exports.zips import Entry, zipped

PlacePicture = Callable[[str, str, Camera], str]  # token, camera name, camera → the sample's file path


class FiftyOne(Format):
    about = "a FiftyOneDataset directory with its pictures, as a ZIP"
    suffix, media_type, reads, pictures = ".zip", "application/zip", "scenarios", True
    file_names = frozenset({"samples.json", "metadata.json"})

    def chunks(self, batches: Batches) -> Generator[bytes, None, None]:
        """The directory as a ZIP, with the pictures in its `data/`: unpacked, it can be imported anywhere."""
        return zipped(self._with_pictures(batches))

    def files(self, batches: Batches) -> Iterator[Entry]:
        """The directory's files, in order; its samples name the pictures where they are."""
        cameras: dict[str, None] = {}
        yield "samples.json", self._samples(batches, cameras, lambda token, name, camera: _absolute(camera.image))
        yield "metadata.json", [dumps(dataset_document(_in_order(cameras))).encode()]

    def _with_pictures(self, batches: Batches) -> Iterator[Entry]:
        # An archive holds one file after the other, and the samples are one file: which pictures follow has to wait.
        with TemporaryFile("w+", encoding="utf-8") as waiting:

            def place(token: str, name: str, camera: Camera) -> str:
                path = f"data/{picture_name(token, name, camera.image)}"
                waiting.write(dumps([path, camera.image]) + "\n")
                return path

            cameras: dict[str, None] = {}
            yield "samples.json", self._samples(batches, cameras, place)
            yield "metadata.json", [dumps(dataset_document(_in_order(cameras))).encode()]
            waiting.seek(0)
            for line in waiting:
                path, image = loads(line)
                picture = picture_bytes(image)
                if picture is None:
                    self.left_out["pictures that cannot be read"] += 1
                else:
                    yield path, [picture]

    def _samples(self, batches: Batches, cameras: dict[str, None], place: PlacePicture) -> Iterator[bytes]:
        yield b'{"samples": ['
        between = "\n"
        for batch in batches:
            for exported in batch:
                for sample in self._samples_of(exported, place):
                    cameras[sample["camera"]] = None
                    yield (between + dumps(sample)).encode()
                    between = ",\n"
        yield b"\n]}\n"

    def _samples_of(self, exported: Exported, place: PlacePicture) -> Iterator[dict[str, Any]]:
        scenario, token = exported.known, exported.hit.token
        shared = _of_the_frame(exported)
        for name, camera in scenario.frame.cameras.items():
            size = picture_size_px(camera)
            seen = [one for one in scenario.grounding.detections if one.camera == name]
            yield {
                "_id": _id("sample", token, name),
                "filepath": place(token, name, camera),
                "_media_type": "image",
                "_rand": int(digest(token, name)[:12], 16) / 16**12,  # what FiftyOne shuffles by
                "group": {"_id": _id("group", token), "_cls": "Group", "name": slice_name(name)},
                "metadata": _metadata(size),
                "camera": slice_name(name),
                **shared,
                "detections": self._detections(token, name, seen, size),
            }
        if not scenario.frame.cameras:
            self.left_out["frames without a picture"] += 1
        pictured = scenario.frame.cameras
        unseen = sum(one.camera not in pictured for one in scenario.grounding.detections)
        if unseen:
            self.left_out["detections without a picture"] += unseen

    def _detections(
        self, token: str, camera: str, seen: list[Detection], size_px: tuple[int, int] | None
    ) -> dict[str, Any]:
        boxes = []
        for place, detection in enumerate(seen):
            if detection.box_xyxy_px is None or size_px is None:
                what = "detections without a box" if size_px else "detections in pictures of unknown size"
                self.left_out[what] += 1
                continue
            left, top, right, bottom = detection.box_xyxy_px
            wide, high = size_px
            boxes.append(
                {
                    "_id": _id("detection", token, camera, place),
                    "_cls": "Detection",
                    "attributes": {},
                    "tags": [],
                    "label": detection.label,
                    "bounding_box": [left / wide, top / high, (right - left) / wide, (bottom - top) / high],
                    "confidence": detection.confidence,
                    **{name: getattr(detection, name) for name in DETECTION_NUMBERS},
                }
            )
        return {"_cls": "Detections", "detections": boxes}


def _of_the_frame(exported: Exported) -> dict[str, Any]:
    """What every camera's sample says of the frame: FiftyOne filters samples, not groups."""
    hit, scenario = exported.hit, exported.known
    facts = {field.name: _classification(scenario, field.name, hit.facts[field.name]) for field in SCALAR_FIELDS}
    beliefs = [_classification(scenario, "tags", tag) for tag in Tag]
    return {
        "tags": [belief.tag for belief in hit.tags if belief.held],
        "frame_token": hit.token,
        **{name: getattr(hit, name) for name in ("rank", "scene", "log", "location", "sequence", "timestamp_us")},
        **{name: getattr(hit, name) for name in ("risk", "risk_mean", "risk_percentile", "agreement", "description")},
        "verdict": hit.verdict,
        "traffic_controls": list(hit.traffic_controls),
        "tag_beliefs": {"_cls": "Classifications", "classifications": beliefs},
        **facts,
    }


def _classification(scenario: Scenario, field: str, value: str | None) -> dict[str, Any] | None:
    if value is None:
        return None
    return {
        "_id": _id(field, scenario.frame.token, value),
        "_cls": "Classification",
        "tags": [],
        "label": value,
        "confidence": scenario.beliefs.of(field, value).probability,
    }


def _metadata(size_px: tuple[int, int] | None) -> dict[str, Any] | None:
    return {"_cls": "ImageMetadata", "width": size_px[0], "height": size_px[1]} if size_px else None


def _id(*parts: object) -> dict[str, str]:
    """An ObjectId: made from what it stands for, so that equal exports are equal."""
    return {"$oid": digest(*parts)[:24]}


def slice_name(camera: str) -> str:
    """A camera as the name of a group's slice, which is a key in MongoDB: without dots, not beginning with `$`."""
    return camera.replace(".", "_").replace("$", "_").replace("\0", "_")


def _absolute(image: str) -> str:
    return str(Path(image).absolute()) if "://" not in image else str(PurePath(image))


def _in_order(cameras: dict[str, None]) -> list[str]:
    """The slice that opens first stands first: the front camera, where there is one."""
    return sorted(cameras, key=lambda name: (name != CAMERA_FIRST, name))
