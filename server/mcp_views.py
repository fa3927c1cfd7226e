"""What agents get: a frame and its second looks in short, pictures in a size that a model reads, text that is clean."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from scenario import images
from scenario.answers import ClauseVerdict, Evidence, FactChange, Outcome, Verification
from scenario.errors import ConfigError, ImageUnreadable, unknown
from scenario.records import Facts, Frame, Record, Scenario
from scenario.vocabulary import SCALAR_FIELDS, SET_FIELDS

PICTURE_PX = 1024  # the longer side at most
PICTURES = 6  # a frame at most: one a camera of the usual rig
FRONT = "CAM_FRONT"


class SeenThing(Record):
    """One detection. Distances are on the ground; left of the ego path is positive."""

    number: int  # what evidence cites
    label: str
    camera: str
    confidence: float | None
    range_m: float | None
    ahead_m: float | None
    lateral_m: float | None


class ScoutView(Record):
    """One scout's report: the facts it stated, without those it did not."""

    scout: str
    model: str | None
    facts: dict[str, Any]
    reasoning: str | None


class TagView(Record):
    """How probable a tag is, who voted for it, and whether the detections support it (null: they cannot tell)."""

    tag: str
    probability: float
    held: bool
    voters: tuple[str, ...]
    grounded: bool | None


class FrameView(Record):
    """One frame: what the judge decided, what each scout said, what was detected."""

    token: str
    scene: str | None
    log: str | None
    location: str | None
    sequence: int | None
    timestamp_us: int | None
    facts: dict[str, Any]
    risk_mean: float | None
    risk_spread: float | None
    tags: tuple[TagView, ...]
    agreement: float | None
    scouts: tuple[ScoutView, ...]
    disagreements: tuple[str, ...]  # fields in which the scouts differ
    reward: tuple[str, ...]  # points and reasons
    detections: tuple[SeenThing, ...]
    detections_left_out: int
    cameras: tuple[str, ...]  # those with a picture that can be asked for
    pictures: tuple[str, ...]  # the cameras whose pictures follow, in this order
    notes: tuple[str, ...]


class LookView(Record):
    """One second look in short. `changes` are facts that were seen otherwise than the index holds them."""

    token: str
    question: str
    verdict: Outcome
    probability: float | None
    clauses: tuple[ClauseVerdict, ...]
    evidence: tuple[Evidence, ...]
    changes: tuple[FactChange, ...]
    error: str | None
    notes: tuple[str, ...]
    remembered: bool
    id: int | None
    created_at: str | None


class Looks(Record):
    """Second looks, and how many there are of each verdict."""

    counts: dict[str, int]
    verifications: tuple[LookView, ...]


class Picture(Record):
    camera: str
    jpeg: bytes


LONGEST = 8_000  # characters of one text: a scout's whole reasoning, and not the memory of an agent
DETECTIONS = 60  # a frame at most: the nearest first


def frame_view(scenario: Scenario, pictures: Sequence[Picture], notes: Iterable[str]) -> FrameView:
    frame, verdict = scenario.frame, scenario.verdict
    detections = _detections(scenario)
    return FrameView(
        token=frame.token,
        scene=frame.scene,
        log=frame.log,
        location=frame.location,
        sequence=frame.sequence,
        timestamp_us=frame.timestamp_us,
        facts=_stated(verdict.facts),
        risk_mean=scenario.beliefs.risk_mean,
        risk_spread=scenario.beliefs.risk_spread,
        tags=_tags(scenario),
        agreement=verdict.agreement,
        scouts=tuple(
            ScoutView(scout=one.scout, model=one.model, facts=_stated(one.facts), reasoning=one.reasoning)
            for one in scenario.reports
        ),
        disagreements=_disagreements(scenario),
        reward=tuple(f"{reason.points:+g} {reason.text}" for reason in verdict.reward.reasons),
        detections=detections[:DETECTIONS],
        detections_left_out=max(0, len(detections) - DETECTIONS),
        cameras=tuple(frame.cameras),
        pictures=tuple(picture.camera for picture in pictures),
        notes=(*verdict.notes, *scenario.grounding.notes, *scenario.provenance.notes, *notes),
    )


def _stated(facts: Facts) -> dict[str, Any]:
    return {name: value for name, value in facts.model_dump(mode="json").items() if value not in (None, [])}


def _disagreements(scenario: Scenario) -> tuple[str, ...]:
    names = [*(field.name for field in (*SCALAR_FIELDS, *SET_FIELDS)), "risk"]
    said = {name: {getattr(report.facts, name) for report in scenario.reports} for name in names}
    return tuple(name for name, values in said.items() if len(values) > 1)


def _tags(scenario: Scenario) -> tuple[TagView, ...]:
    """The tags that are held or that anything speaks for, the most probable first."""
    held = scenario.verdict.facts.tags
    views = [
        TagView(
            tag=belief.value,
            probability=belief.probability,
            held=belief.value in held,
            voters=belief.voters,
            grounded=belief.grounded,
        )
        for belief in scenario.beliefs.values
        if belief.field == "tags" and (belief.probability > 0 or belief.value in held)
    ]
    return tuple(sorted(views, key=lambda view: (-view.probability, view.tag)))


def _detections(scenario: Scenario) -> tuple[SeenThing, ...]:
    """All of them, the nearest first; those without a range last, in their order."""
    seen = [
        SeenThing(
            number=number,
            label=one.label,
            camera=one.camera,
            confidence=one.confidence,
            range_m=_rounded(one.range_m),
            ahead_m=_rounded(one.ahead_m),
            lateral_m=_rounded(one.lateral_m),
        )
        for number, one in enumerate(scenario.grounding.detections)
    ]
    return tuple(sorted(seen, key=lambda one: (one.range_m is None, one.range_m or 0.0, one.number)))


def _rounded(metres: float | None) -> float | None:
    return None if metres is None else round(metres, 1)


def looks(verifications: Sequence[Verification]) -> Looks:
    views = tuple(
        LookView.model_validate({name: getattr(one, name) for name in LookView.model_fields}) for one in verifications
    )
    return Looks(counts=dict(Counter(view.verdict for view in views)), verifications=views)


def pictures_of(frame: Frame, cameras: Sequence[str] | None) -> tuple[list[Picture], list[str]]:
    """The pictures of the cameras, and a note on each that cannot be read. None means the front camera.

    Raises `ConfigError` for a camera that the frame does not have.
    """
    if not frame.cameras:
        return [], ["no pictures: this frame was indexed without its cameras' pictures"]
    chosen = [FRONT if FRONT in frame.cameras else next(iter(frame.cameras))] if cameras is None else cameras
    pictures, notes = [], []
    for camera in dict.fromkeys(chosen):
        if camera not in frame.cameras:
            raise ConfigError(unknown("camera", camera, frame.cameras))
        try:
            pictures.append(Picture(camera=camera, jpeg=_jpeg(frame.cameras[camera].image)))
        except ImageUnreadable as error:
            # Not its message, which holds a path of this machine.
            notes.append(f"{camera}: its picture cannot be read: {error.reason.replace(error.path, 'the file')}")
    return pictures, notes


def _jpeg(image: str) -> bytes:
    picture = images.read(image, PICTURE_PX)
    picture.thumbnail((PICTURE_PX, PICTURE_PX))
    return images.jpeg(picture)


def clean(value: Any) -> Any:
    """The value with every string in it freed of what could steer a terminal or hide text: control characters other
    than line breaks and tabs, direction marks, lone surrogates."""
    if isinstance(value, str):
        return "".join(c for c in value if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    if isinstance(value, dict):
        return {clean(key): clean(one) for key, one in value.items()}
    return [clean(one) for one in value] if isinstance(value, list | tuple) else value


def shortened(value: Any) -> Any:
    """The value with every text in it at most `LONGEST` characters, and the number of those that are left out."""
    if isinstance(value, str):
        left_out = len(value) - LONGEST
        return value if left_out <= 0 else f"{value[:LONGEST]}… ({left_out:,} more characters)"
    if isinstance(value, dict):
        return {key: shortened(one) for key, one in value.items()}
    return [shortened(one) for one in value] if isinstance(value, list) else value
