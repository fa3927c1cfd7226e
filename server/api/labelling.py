"""Gold labels, taken blind: the next frame of a sample, and what an annotator says of it."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field

from gold_set.curation import BlindTask, blind_task, label_of, next_token, sample_named
from gold_set.labelling import give
from gold_set.labels import gold_line
from scenario.curation import Label
from scenario.errors import InputError, unknown
from scenario.ledger import Ledger
from scenario.records import Record, Risk
from scenario.vocabulary import SCALAR_FIELDS, Tag, TrafficControl
from server.api.context import TheEngine
from server.api.errors import responses
from server.api.frames import image_url
from server.api.text import Name

router = APIRouter(prefix="/api", tags=["gold set"], responses=responses(404, 409, 503))
SCALARS = tuple(field.name for field in SCALAR_FIELDS)
Annotator = Annotated[Name, Field(description="who labels")]


class SampleSize(Record):
    """A sample that was drawn; which frames it holds is told one by one, blind."""

    name: str
    method: str
    frames: int


class NextFrame(Record):
    """The next frame to label, None when all are done; `pictures` are addresses."""

    done: int
    task: BlindTask | None


class LabelRequest(Record):
    """What is true of a frame, or `skipped`, or `unsure`. What is not given is not stated."""

    token: Name
    annotator: Annotator
    status: Literal["labelled", "skipped", "unsure"] = "labelled"
    sample: Name | None = None
    scalars: Annotated[dict[Name, Name], Field(default_factory=dict, max_length=32, description="field → value")]
    controls: Annotated[tuple[TrafficControl, ...] | None, Field(max_length=32)] = None
    tags: Annotated[tuple[Tag, ...] | None, Field(max_length=32, description="all that hold; empty: none does")] = None
    risk: Annotated[Risk | None, Field(strict=True)] = None
    seconds: Annotated[float | None, Field(strict=True, ge=0, le=86_400, description="how long it took")] = None


@router.get("/samples", summary="Samples that were drawn")
def samples(engine: TheEngine) -> list[SampleSize]:
    with Ledger(engine.workspace.require_ledger("the gold set"), read_only=True) as ledger:
        drawn = ledger.samples()
    return [SampleSize(name=one.name, method=one.method, frames=len(one.frames)) for one in drawn]


@router.get("/samples/{name}/next", summary="The next frame to label, blind")
def next_frame(
    engine: TheEngine,
    name: Annotated[Name, Path(description="The sample's name.")],
    annotator: Annotated[Name, Query(description="Who labels.")],
) -> NextFrame:
    """Its pictures and nothing else: no prediction, no one else's word."""
    with Ledger(engine.workspace.require_ledger("the gold set"), read_only=True) as ledger:
        sample = sample_named(ledger.samples(), name)
        token, done = next_token(sample, ledger.labels(), annotator)
    if token is None:
        return NextFrame(done=done, task=None)
    task = blind_task(sample, engine.show(token).frame, annotator, done)
    pictures = {camera: image_url(token, camera) for camera in task.pictures}
    return NextFrame(done=done, task=task.model_copy(update={"pictures": pictures}))


@router.post("/labels", summary="Say what is true of a frame", responses=responses(413, 415))
def label(engine: TheEngine, said: LabelRequest) -> Label:
    """A later label of the same annotator stands in for an earlier one; none is lost."""
    engine.neighbours(said.token)  # a frame that is not there cannot be labelled
    given = _label(said)
    with Ledger(engine.workspace.require_ledger("the gold set")) as ledger:
        return give(ledger, given)


def _label(said: LabelRequest) -> Label:
    if said.status != "labelled":
        if said.scalars or said.controls or said.tags or said.risk is not None:
            raise InputError(f"a label that is {said.status!r} states no facts; leave them out, or the status")
        return Label(
            token=said.token, annotator=said.annotator, sample=said.sample, status=said.status, seconds=said.seconds
        )
    for name in said.scalars:
        if name not in SCALARS:
            raise InputError(f"scalars: {unknown('field', name, SCALARS)}")
    stated: dict[str, Any] = {"token": said.token, **said.scalars}
    stated |= {} if said.controls is None else {"traffic_controls": list(said.controls)}
    stated |= {} if said.tags is None else {"tags": list(said.tags)}
    stated |= {} if said.risk is None else {"risk": said.risk}
    try:
        line = gold_line(stated)
    except ValueError as error:
        raise InputError(str(error)) from error
    return label_of(line, said.annotator, said.sample).model_copy(update={"seconds": said.seconds})
