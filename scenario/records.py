"""The records that cross every boundary: frozen, strict, with units in their names."""

from collections.abc import Collection, Iterable
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from scenario.errors import unknown
from scenario.labels import LABELS
from scenario.vocabulary import (
    RISK_MAX,
    RISK_MIN,
    AdjacentVehicleBehavior,
    BlockingFactor,
    DrivableAreaStatus,
    EgoRequiredAction,
    LaneConfiguration,
    LeadVehicleBehavior,
    LightingCondition,
    PrimaryChallenge,
    RoadSurfaceFriction,
    SceneType,
    SensorIntegrity,
    SpecialAgentClass,
    Tag,
    Term,
    TimeOfDay,
    TrafficControl,
    VruStatus,
    Weather,
)

SCHEMA_VERSION = 1

Risk = Annotated[int, Field(ge=RISK_MIN, le=RISK_MAX)]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]
Vector3 = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]


class Record(BaseModel):
    """Base of every record: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_bytes(self) -> bytes:
        """As the ledger keeps it: JSON without defaults."""
        return self.model_dump_json(exclude_defaults=True).encode()


class Pose(Record):
    """A rigid transform into the global frame (ego pose) or the ego frame (a camera's mounting)."""

    translation_m: Vector3
    rotation_wxyz: Quaternion
    timestamp_us: int | None = None


class Camera(Record):
    """One camera's picture; calibration where the log has it. `intrinsic` is 3 × 3, row by row, in pixels."""

    image: str
    width_px: int | None = None
    height_px: int | None = None
    intrinsic: tuple[Vector3, Vector3, Vector3] | None = None
    mounting: Pose | None = None


class Frame(Record):
    """One moment of a drive. Only the token is certain; a recorded run knows little more."""

    token: Annotated[str, Field(min_length=1)]
    sequence: int | None = None  # order in its source
    scene_token: str | None = None
    scene: str | None = None
    log_token: str | None = None
    log: str | None = None
    description: str | None = None
    timestamp_us: int | None = None
    location: str | None = None
    cameras: dict[str, Camera] = {}
    ego_pose: Pose | None = None
    ego_path: tuple[Pose, ...] = ()

    @property
    def scene_key(self) -> str:
        """What frames are grouped by: the scene, or the frame itself where no scene is known."""
        return self.scene_token or self.scene or self.token


class SizeClass(StrEnum):
    """How much of the image a box covers."""

    LARGE = "Large"  # more than 10 %
    MEDIUM = "Med"  # more than 1 %
    SMALL = "Small"


class MotionState(StrEnum):
    """What an annotator says a thing is doing, where a log has that."""

    MOVING = "moving"
    STOPPED = "stopped"
    PARKED = "parked"
    STANDING = "standing"
    SITTING = "sitting"


class Detection(Record):
    """One thing that a grounder saw. A recorded inventory may count it without listing its box: then no confidence.

    Distances are on the ground, to the middle of the thing. The ego path is where the ego drove afterwards
    (`driven`), or straight ahead where fewer than two poses are known or it stood still (`straight`).
    """

    label: str
    camera: str
    confidence: Probability | None = None
    box_xyxy_px: tuple[float, float, float, float] | None = None
    size_class: SizeClass | None = None
    range_m: float | None = None  # from the ego's origin, the middle of its rear axle
    ahead_m: float | None = None  # along the ego path; negative behind
    lateral_m: float | None = None  # from the ego path; left of it is positive
    path: Literal["driven", "straight"] | None = None  # which ego path that is
    size_m: Vector3 | None = None  # length, width, height
    heading_deg: float | None = None  # of its front, against the path there: 0 along it, 180 oncoming, 90 to the left
    speed_mps: float | None = None
    lateral_speed_mps: float | None = None  # across the path; leftward is positive
    state: MotionState | None = None
    visibility: Probability | None = None  # the share of it that can be seen in this camera
    instance: str | None = None  # one thing seen by two cameras is two detections of one instance

    @field_validator("label")
    @classmethod
    def _label_is_in_the_taxonomy(cls, label: str) -> str:
        if label not in LABELS:
            raise ValueError(unknown("detection label", label, LABELS))
        return label


class Grounding(Record):
    """What a grounder saw in the cameras it looked at. A camera in `cameras` without a detection was clear."""

    backend: str
    fingerprint: str
    cameras: tuple[str, ...] = ()
    detections: tuple[Detection, ...] = ()
    notes: tuple[str, ...] = ()  # what a reader should know, as "annotations are incomplete"

    def of(self, labels: Collection[str], min_confidence: float = 0.0) -> tuple[Detection, ...]:
        """The detections with one of `labels`. One without a confidence never passes a threshold above zero."""
        return tuple(
            detection
            for detection in self.detections
            if detection.label in labels and (detection.confidence or 0.0) >= min_confidence
        )

    def sees(self, labels: Collection[str], min_confidence: float = 0.0) -> bool:
        return bool(self.of(labels, min_confidence))

    def inventory(self) -> str:
        """The text a scout is shown: one line a camera, each label with its count and confidences, or `Clear`."""
        return "\n".join(f"[{camera}]: {self._inventory_of(camera)}" for camera in self.cameras)

    def _inventory_of(self, camera: str) -> str:
        groups: dict[str, list[Detection]] = {}
        for detection in self.detections:
            if detection.camera == camera:
                groups.setdefault(detection.label, []).append(detection)
        return "; ".join(_inventory_group(label, seen) for label, seen in groups.items()) or "Clear"


def _inventory_group(label: str, seen: list[Detection]) -> str:
    boxes = [f"{d.size_class or '?'}/{d.confidence:.2f}" for d in seen if d.confidence is not None]
    plural = label if len(seen) == 1 else f"{label}s"
    return f"{len(seen)} {plural} ({', '.join(boxes)})" if boxes else f"{len(seen)} {plural}"


class Facts(Record):
    """The Scenario DNA. `None` is "not stated", never "no"."""

    weather: Weather | None = None
    time_of_day: TimeOfDay | None = None
    lighting_condition: LightingCondition | None = None
    road_surface_friction: RoadSurfaceFriction | None = None
    sensor_integrity: SensorIntegrity | None = None
    scene_type: SceneType | None = None
    lane_configuration: LaneConfiguration | None = None
    drivable_area_status: DrivableAreaStatus | None = None
    vru_status: VruStatus | None = None
    lead_vehicle_behavior: LeadVehicleBehavior | None = None
    adjacent_vehicle_behavior: AdjacentVehicleBehavior | None = None
    special_agent_class: SpecialAgentClass | None = None
    primary_challenge: PrimaryChallenge | None = None
    ego_required_action: EgoRequiredAction | None = None
    blocking_factor: BlockingFactor | None = None
    traffic_controls: tuple[TrafficControl, ...] = ()
    tags: tuple[Tag, ...] = ()
    risk: Risk | None = None
    description: str | None = None

    @field_validator("traffic_controls", "tags", mode="after")
    @classmethod
    def _as_a_set(cls, values: tuple[Term, ...]) -> tuple[Term, ...]:
        """Each value once, in the vocabulary's order, so that equal sets are equal records."""
        if not values:
            return ()
        order = [*type(values[0])]
        return tuple(sorted(set(values), key=order.index))

    @field_validator("description", mode="after")
    @classmethod
    def _absent_text_is_none(cls, text: str | None) -> str | None:
        return None if text is None or text.strip() in ("", "None") else text


class Irregularity(Record):
    """Something a scout wrote that the vocabulary does not hold: kept raw, and what became of it."""

    field: str
    raw: str
    kind: Literal["outside", "resolved", "key"]  # value dropped; one legal value kept; a misspelled key read
    kept: str | None = None


class ReviewVerdict(StrEnum):
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    UNCERTAIN = "uncertain"


class DetectionReview(Record):
    """A scout's word on one detection, by its position in `Grounding.detections`."""

    detection: int
    verdict: ReviewVerdict
    reason: str | None = None


class Usage(Record):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None

    @classmethod
    def total(cls, usages: Iterable["Usage | None"]) -> "Usage | None":
        """The sum of what is known; None where nothing is."""
        known = [usage for usage in usages if usage is not None]
        sums = [
            sum(counts) if (counts := [c for u in known if (c := getattr(u, name)) is not None]) else None
            for name in ("prompt_tokens", "completion_tokens")
        ]
        return cls(prompt_tokens=sums[0], completion_tokens=sums[1]) if known else None


class ScoutReport(Record):
    """What one scout said about one frame."""

    scout: str
    model: str | None = None
    facts: Facts
    reasoning: str | None = None
    reviews: tuple[DetectionReview, ...] = ()
    irregularities: tuple[Irregularity, ...] = ()
    usage: Usage | None = None
    latency_s: float | None = None
    settings: dict[str, str | int | float] = {}  # the sampling it was made with: seed, temperature, …
    notes: tuple[str, ...] = ()  # what a reader should know, as "the thinking was cut at its budget"


class Reason(Record):
    """One line of a reward: how many points, and why."""

    points: float
    text: str


class Reward(Record):
    reasons: tuple[Reason, ...] = ()

    @property
    def total(self) -> float:
        return sum(reason.points for reason in self.reasons)


class Candidate(Record):
    facts: Facts
    reward: Reward


class Verdict(Record):
    """The judge's choice. `agreement` is the mean over fields of the share of scout pairs that agree, or None.

    `judge` is who proposed the candidates; `notes` say why that is not the judge who was asked.
    """

    judge: str
    candidates: Annotated[tuple[Candidate, ...], Field(min_length=1)]
    chosen: int = 0
    agreement: Probability | None = None
    notes: tuple[str, ...] = ()

    @property
    def facts(self) -> Facts:
        return self.candidates[self.chosen].facts

    @property
    def reward(self) -> Reward:
        return self.candidates[self.chosen].reward


class Belief(Record):
    """How probable one value of one field is, who said it, and whether the grounding supports it (None: unclear)."""

    field: str
    value: str
    probability: Probability
    voters: tuple[str, ...] = ()
    grounded: bool | None = None


class Beliefs(Record):
    """One `Belief` for every tag, traffic control and scalar value, and the risk as the scouts spread it."""

    values: tuple[Belief, ...]
    risk_mean: float | None = None
    risk_spread: float | None = None  # standard deviation between scouts; None with fewer than two
    risk_low: float | None = None  # 90 % interval of a fitted risk; None without a fit
    risk_high: float | None = None

    @cached_property
    def _by_value(self) -> dict[tuple[str, str], Belief]:
        return {(belief.field, belief.value): belief for belief in self.values}

    def of(self, field: str, value: str) -> Belief:
        return self._by_value[field, value]


class Provenance(Record):
    """Where a scenario comes from: enough to say whether two were made the same way."""

    schema_version: int = SCHEMA_VERSION
    backends: dict[str, str]  # what made it → fingerprint: grounder, scouts that reported, judge, beliefs, revision
    notes: tuple[str, ...] = ()


class Scenario(Record):
    frame: Frame
    grounding: Grounding
    reports: tuple[ScoutReport, ...]
    verdict: Verdict
    beliefs: Beliefs
    provenance: Provenance
