"""What people do to make a gold set: samples that were drawn or picked, and labels that were given."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from scenario.records import Record, Risk
from scenario.vocabulary import Tag, TrafficControl


class SampledFrame(Record):
    """A frame with how likely the method was to draw it, and the group it was drawn from.

    Nobody knows how likely a frame was to be picked by hand: its probability is None.
    """

    token: str
    inclusion_probability: Annotated[float | None, Field(gt=0, le=1)]
    stratum: str


class Sample(Record):
    """Frames to be labelled, in the order in which they are shown: drawn, or picked by hand."""

    name: Annotated[str, Field(min_length=1)]
    method: Literal["simple", "stratified", "active", "picked"]
    seed: int | None  # None: nothing was left to chance
    population: int  # frames of the index it was drawn from
    tag: Tag | None = None  # whose belief decided, None: all tags
    frames: tuple[SampledFrame, ...]

    @model_validator(mode="after")
    def _chances_are_of_the_method(self) -> "Sample":
        """A picked frame that passed for a drawn one would spoil every estimate."""
        picked = self.method == "picked"
        if any((frame.inclusion_probability is None) != picked for frame in self.frames):
            raise ValueError(f"sample {self.name!r}, {self.method}: frames have a chance unless they were picked")
        return self


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
