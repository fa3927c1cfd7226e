"""What people do to make a gold set: samples that were drawn, and labels that were given."""

from typing import Annotated, Literal

from pydantic import Field

from scenario.records import Record, Risk
from scenario.vocabulary import Tag, TrafficControl


class SampledFrame(Record):
    """A frame with how likely the method was to draw it, and the group it was drawn from."""

    token: str
    inclusion_probability: Annotated[float, Field(gt=0, le=1)]
    stratum: str


class Sample(Record):
    """Frames drawn to be labelled, in the order in which they are shown."""

    name: Annotated[str, Field(min_length=1)]
    method: Literal["simple", "stratified", "active"]
    seed: int
    population: int  # frames of the index it was drawn from
    tag: Tag | None = None  # whose belief decided, None: all tags
    frames: tuple[SampledFrame, ...]


class Label(Record):
    """What one annotator says of one frame. None: not stated. Skipping and being unsure are honest answers."""

    token: str
    annotator: Annotated[str, Field(min_length=1)]
    status: Literal["labelled", "skipped", "unsure"] = "labelled"
    sample: str | None = None
    scalars: dict[str, str] = Field(default_factory=dict)
    controls: tuple[TrafficControl, ...] | None = None
    tags: tuple[Tag, ...] | None = None
    risk: Risk | None = None
    seconds: float | None = None  # how long it took
    created_at: str | None = None  # set by the ledger

    @property
    def says_nothing(self) -> bool:
        """Neither a fact nor an honest "not this one"."""
        stated = (self.scalars or None, self.controls, self.tags, self.risk)
        return self.status == "labelled" and all(fact is None for fact in stated)
