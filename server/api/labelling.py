"""Gold labels, taken blind: samples, the next frame of one, and what an annotator says of it."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field

from gold_set.curation import BlindTask, blind_task, next_token, sample_named
from gold_set.labelling import give, label_from
from gold_set.picking import Picked, hand_picked, keep, population_of, tokens_of
from gold_set.sampling import draw
from scenario.curation import Label
from scenario.errors import InputError, unknown
from scenario.ledger import Ledger
from scenario.records import Record, Risk
from scenario.vocabulary import SCALAR_FIELDS, Tag, TrafficControl
from search.store import Store
from server.api.context import TheEngine
from server.api.errors import responses
from server.api.frames import image_url
from server.api.text import Name
from server.engine import Engine

router = APIRouter(prefix="/api", tags=["gold set"], responses=responses(404, 409, 503))
SCALARS = tuple(field.name for field in SCALAR_FIELDS)
Annotator = Annotated[Name, Field(description="who labels")]


class SampleSize(Record):
    """A sample that was drawn or picked; which frames it holds is told one by one, blind."""

    name: str
    method: str
    frames: int


class DrawRequest(Record):
    """A sample to draw. `tag`: whose belief decides, None: all tags."""

    name: Name
    size: Annotated[int, Field(strict=True, ge=1, le=1_000_000, description="frames to draw")]
    method: Literal["simple", "stratified", "active"] = "simple"
    tag: Tag | None = None
    seed: Annotated[int, Field(strict=True, ge=0, lt=2**53, description="decides what is drawn")] = 0


class PickRequest(Record):
    """Frames to label that a person picked."""

    tokens: Annotated[tuple[Name, ...], Field(min_length=1, max_length=10_000)]
    who: Annotated[Name, Field(description="who picked them, which is kept")]


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


@router.get("/samples", summary="Samples that were drawn or picked")
def samples(engine: TheEngine) -> list[SampleSize]:
    with Ledger(engine.workspace.require_ledger("the gold set"), read_only=True) as ledger:
        drawn = ledger.samples()
    return [SampleSize(name=one.name, method=one.method, frames=len(one.frames)) for one in drawn]


@router.post("/samples", summary="Draw a sample", responses=responses(413, 415))
def draw_sample(engine: TheEngine, said: DrawRequest) -> SampleSize:
    """Each frame with its inclusion probability, which the ledger keeps. A name is used once."""
    ledger_file = engine.workspace.require_ledger("the gold set")
    population = population_of(Store(engine.workspace.index_uri).snapshot())
    drawn = draw(population, said.method, said.size, name=said.name, seed=said.seed, tag=said.tag)
    with Ledger(ledger_file) as ledger:
        ledger.append_sample(drawn)
    return SampleSize(name=drawn.name, method=drawn.method, frames=len(drawn.frames))


@router.post("/samples/{name}/frames", summary="Pick frames by hand", responses=responses(413, 415))
def pick(
    engine: TheEngine,
    name: Annotated[Name, Path(description="The picked sample, which may be new.")],
    said: PickRequest,
) -> Picked:
    """They are worth labelling, and stand for nothing but themselves: no estimate is made from them. 409 where the
    sample of that name was drawn."""
    return picked_by(engine, name, said.tokens, said.who)


def picked_by(engine: Engine, name: str, tokens: Sequence[str], who: str) -> Picked:
    """Raises `InputError` where nobody is named, and as `hand_picked` and `keep` do."""
    if not who.strip():
        raise InputError("picking is a person's choice; say whose: your name goes into the field beside the buttons")
    ledger_file = engine.workspace.require_ledger("the gold set")
    picked = hand_picked(name, tokens, tokens_of(Store(engine.workspace.index_uri).snapshot()))
    with Ledger(ledger_file) as ledger:
        return keep(ledger, picked, who.strip())


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
    stated: dict[str, Any] = dict(said.scalars)
    stated |= {} if said.controls is None else {"traffic_controls": list(said.controls)}
    stated |= {} if said.tags is None else {"tags": list(said.tags)}
    stated |= {} if said.risk is None else {"risk": said.risk}
    return label_from(said.token, said.annotator, stated, sample=said.sample, seconds=said.seconds)
