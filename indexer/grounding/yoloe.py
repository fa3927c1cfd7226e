"""Grounding by YOLOE, an open-vocabulary detector, with our whole taxonomy as its vocabulary."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from PIL.Image import Image
from pydantic import Field, field_validator

from indexer.grounding.detector import Detector, find_weights
from indexer.grounding.merging import SAME_THING_IOU, label_thresholds, merged, passing
from indexer.grounding.placing import is_cut, placed
from scenario.config import options
from scenario.errors import ImageUnreadable, MissingExtra, unknown
from scenario.geometry import EgoPath, ego_path_of
from scenario.images import read, stamp
from scenario.labels import LABEL_GROUPS, LABELS
from scenario.ledger import digest
from scenario.records import Camera, Detection, Frame, Grounding, Probability, Record

NAME = "yoloe"
VERSION = 1  # of how answers become detections: raise it when merging or placing changes
CLIP_TOKENIZER = "hf:openai/clip-vit-base-patch32/tokenizer.json"


class YoloeSettings(Record):
    """The options of a `[grounder]` section."""

    checkpoint: str = Field(
        "yoloe-11l-seg.pt", description="local path, hf:OWNER/REPOSITORY/FILE, or a bare name in the cache folder"
    )
    embeddings: str | None = Field(None, description="file of YOLOE.save_prompt_embeddings, instead of a text encoder")
    text_encoder: str | None = Field(None, description="TorchScript text encoder; None is the checkpoint's own")
    tokenizer: str = Field(CLIP_TOKENIZER, description="CLIP's tokenizer.json")
    image_size: int = Field(640, ge=32, le=4096, multiple_of=32, description="longer side the model sees, in pixels")
    device: str | None = Field(None, description="cpu, cuda:0, …; None is the first GPU, else the processor")
    threshold: Probability | None = Field(None, description="one confidence for all groups, instead of the table")
    thresholds: Mapping[str, Probability] = Field({}, description="confidence for a group of labels, by its name")
    iou: float = Field(SAME_THING_IOU, gt=0.0, le=1.0, description="overlap from which two answers are one thing")
    batch_images: int = Field(6, ge=1, le=256, description="pictures the model sees at a time")

    @field_validator("thresholds")
    @classmethod
    def _groups_exist(cls, thresholds: Mapping[str, float]) -> Mapping[str, float]:
        for group in thresholds:
            if group not in LABEL_GROUPS:
                raise ValueError(unknown("label group", group, LABEL_GROUPS))
        return thresholds


@dataclass(frozen=True)
class _Job:
    """One picture to look at: the camera of the frame at a place in the batch."""

    place: int
    frame: Frame
    name: str
    camera: Camera
    path: EgoPath


@dataclass
class YoloeGrounder:
    """Looks at every camera of a frame. The model is loaded at the first frame, and again after `close`.

    Raises `ImageUnreadable` for a picture that it cannot read, and what `Detector` raises when it cannot be loaded.
    """

    settings: YoloeSettings
    _detector: Detector | None = field(default=None, init=False, repr=False)

    @cached_property
    def fingerprint(self) -> str:
        """Raises `WeightsMissing`: a run that cannot ground should say so before it starts."""
        files = [self.settings.checkpoint, *([self.settings.embeddings] if self.settings.embeddings else [])]
        stamps = [(path.name, path.stat().st_size) for path in map(find_weights, files)]
        decides = {"embeddings", "text_encoder", "tokenizer", "image_size", "iou"}
        settings = self.settings.model_dump(include=decides)
        return f"{NAME}:{Path(files[0]).name}:{digest(VERSION, stamps, settings, self._thresholds, LABELS)}"

    def inputs(self, frame: Frame) -> tuple[str, ...]:
        """The stamp of each picture, and the digest of all that places what is seen in it."""
        pictures = [stamp(camera.image) for camera in frame.cameras.values()]
        lenses = {name: camera.model_dump(exclude={"image"}) for name, camera in frame.cameras.items()}
        poses = [pose.model_dump() for pose in (frame.ego_pose, *frame.ego_path) if pose is not None]
        return (*pictures, digest(list(lenses), lenses, poses))

    def ground(self, frames: Sequence[Frame]) -> list[Grounding]:
        detections: list[list[Detection]] = [[] for _ in frames]
        cut = [0] * len(frames)
        jobs = list(_jobs(frames))
        for start in range(0, len(jobs), self.settings.batch_images):
            batch = jobs[start : start + self.settings.batch_images]
            for job, found, below in self._look(batch):
                detections[job.place].extend(found)
                cut[job.place] += below
        return [
            self._grounding(frame, found, below) for frame, found, below in zip(frames, detections, cut, strict=True)
        ]

    def close(self) -> None:
        if self._detector is not None:
            self._detector.close()
            self._detector = None

    def _look(self, jobs: Sequence[_Job]) -> Iterator[tuple[_Job, list[Detection], int]]:
        """Each job with its detections, surest first, and how many of those that are placed end below the picture."""
        pictures = [_picture(job) for job in jobs]
        lowest = min(self._thresholds.values())
        answers = self._loaded().see(pictures, image_size=self.settings.image_size, threshold=lowest)
        for job, picture, answer in zip(jobs, pictures, answers, strict=True):
            things = merged(passing(answer, self._thresholds), self.settings.iou)
            found = [placed(thing, job.name, job.camera, picture.size, job.path) for thing in things]
            below = sum(
                detection.range_m is not None and is_cut(thing.box_xyxy_px, picture.size)
                for thing, detection in zip(things, found, strict=True)
            )
            yield job, found, below

    def _grounding(self, frame: Frame, detections: Sequence[Detection], cut: int) -> Grounding:
        notes = (f"{cut} boxes end at the lower border: they are no farther than their range says",) if cut else ()
        return Grounding(
            backend=NAME,
            fingerprint=self.fingerprint,
            cameras=tuple(frame.cameras),
            detections=tuple(detections),
            notes=notes,
        )

    def _loaded(self) -> Detector:
        if self._detector is None:
            named = self.settings
            self._detector = Detector(
                named.checkpoint,
                embeddings=named.embeddings,
                text_encoder=named.text_encoder,
                tokenizer=named.tokenizer,
                device=named.device,
            )
        return self._detector

    @cached_property
    def _thresholds(self) -> dict[str, float]:
        return label_thresholds(self.settings.threshold, self.settings.thresholds)


def yoloe_grounder(**given: Any) -> YoloeGrounder:
    """The grounder with the options of a `[grounder]` section. Raises `MissingExtra`, or `ConfigError`."""
    if find_spec("ultralytics") is None:
        raise MissingExtra("grounder", NAME, "vision")
    return YoloeGrounder(options(YoloeSettings, "grounder 'yoloe'", given))


def _jobs(frames: Sequence[Frame]) -> Iterator[_Job]:
    for place, frame in enumerate(frames):
        path = ego_path_of(frame)
        for name, camera in frame.cameras.items():
            yield _Job(place, frame, name, camera, path)


def _picture(job: _Job) -> Image:
    try:
        return read(job.camera.image)
    except ImageUnreadable as error:
        raise ImageUnreadable(error.path, error.reason, job.frame.token) from error
