"""A scout made of a vision-language model and a prompt: `llama_cpp` in process, `openai` over a server.

It shows the model the frame's pictures and the numbered detections, has it review each of them, and reads the facts.
Asked again, it also puts somebody's question, and reads the answer with what it rests on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import Field

from scenario.answers import Testimony
from scenario.config import options
from scenario.errors import ConfigError, ReplyInvalid, ScoutError
from scenario.images import jpeg, read, scaled, stamp
from scenario.ledger import digest
from scenario.protocols import Deadline
from scenario.records import Camera, Frame, Grounding, Record, ScoutReport, Usage
from verifier import asking, prompt, reply
from verifier.models.base import ChatModel, ChatReply, ChatRequest, Picture
from verifier.scouts.prepared import Prepared, PreparedPictures

if TYPE_CHECKING:
    from PIL.Image import Image

T = TypeVar("T")

ATTEMPTS = 2
FRONT = "CAM_FRONT"
FRONT_WEIGHT = 2.0  # what is ahead decides most facts, so its picture gets twice the pixels of another


class VisionOptions(Record):
    """What a scout takes beside the options of its model."""

    name: str = Field(min_length=1, description="what the scout is called in reports and votes")
    cameras: tuple[str, ...] = Field((), description="the cameras it is shown; none named: all that a frame has")
    max_detections: int = Field(24, ge=0, le=64, description="how many detections it reviews, the most relevant first")
    # Off, since scouts that all read the same sentence agree without having looked, and agreement is evidence.
    scene_text: bool = Field(False, description="whether it reads the log's description of the whole scene")


@dataclass(frozen=True)
class _Turn:
    """What a frame's turn says and shows, whether or not something is asked."""

    context: list[str]
    inventory: list[str]
    pictures: tuple[Picture, ...]
    listed: tuple[int, ...]


@dataclass(frozen=True)
class VisionScout:
    model: ChatModel
    options: VisionOptions
    prepared: PreparedPictures = field(default_factory=PreparedPictures, repr=False, compare=False)

    @property
    def name(self) -> str:
        return self.options.name

    @cached_property
    def fingerprint(self) -> str:
        schema = reply.report_schema(self.options.max_detections)
        versions = (prompt.FINGERPRINT, reply.FINGERPRINT)
        return f"{self.model.fingerprint}:{digest(prompt.scout_system_prompt(), schema, versions, self._shown_options)}"

    @cached_property
    def asking_fingerprint(self) -> str:
        schema = reply.asked_schema(self.options.max_detections, self.options.cameras)
        versions = (asking.FINGERPRINT, reply.ASKED_FINGERPRINT)
        return f"{self.fingerprint}:{digest(asking.asking_system_prompt(), schema, versions)}"

    @property
    def concurrency(self) -> int:
        return self.model.concurrency

    def inputs(self, frame: Frame, grounding_key: str) -> tuple[str, ...]:
        """Raises as `report` does for pictures that are not there."""
        cameras = self._cameras(frame)
        stamps = [stamp(camera.image) for camera in cameras.values()]
        return grounding_key, *stamps, digest(list(cameras), prompt.context_lines(frame, self.options.scene_text))

    def report(self, frame: Frame, grounding: Grounding, *, deadline: Deadline) -> ScoutReport:
        """Raises `ScoutError` for a frame without pictures and for what its model raises, and `ImageUnreadable`."""
        return self._report(self._turn(frame, grounding, self._pictures(frame)), deadline)

    def look(self, frame: Frame, grounding: Grounding, question: str, *, deadline: Deadline) -> Testimony:
        """Raises as `report` does. A frame's pictures are prepared once for all that is asked about it."""
        cameras = {name: camera.image for name, camera in self._cameras(frame).items()}
        pictures = self.prepared.of(cameras, self.model.picture_pixels, lambda: self._pictures(frame))
        turn = self._turn(frame, grounding, pictures)
        asked = asking.question_shown(question)
        if asked is None:
            return Testimony(report=self._report(turn, deadline))
        request = ChatRequest(
            asking.asking_system_prompt(),
            asking.asked_parts(turn.context, turn.inventory, turn.pictures, len(turn.listed), asked),
            reply.asked_schema(len(turn.listed), [*cameras]),
        )
        listed_cameras = tuple(grounding.detections[position].camera for position in turn.listed)
        citable = reply.Shown(tuple(cameras), turn.listed, listed_cameras)
        said, answer = ask(self.model, request, lambda text: reply.read_asked(text, citable), deadline)
        cut = (asking.CUT,) if asked.cut else ()
        return Testimony(report=self._as_report(said.report, answer, (*cut, *said.notes)), answer=said.answer)

    def close(self) -> None:
        self.prepared.clear()
        self.model.close()

    @property
    def _shown_options(self) -> dict[str, Any]:
        return self.options.model_dump(mode="json", exclude={"name"})

    def _report(self, turn: _Turn, deadline: Deadline) -> ScoutReport:
        request = ChatRequest(
            prompt.scout_system_prompt(),
            prompt.report_parts(turn.context, turn.inventory, turn.pictures, len(turn.listed)),
            reply.report_schema(len(turn.listed)),
        )
        said, answer = ask(self.model, request, lambda text: reply.read_report(text, turn.listed), deadline)
        return self._as_report(said, answer)

    def _as_report(self, said: reply.Report, answer: ChatReply, notes: Sequence[str] = ()) -> ScoutReport:
        return ScoutReport(
            scout=self.name,
            model=self.model.name,
            facts=said.facts,
            reasoning=answer.reasoning,
            reviews=said.reviews,
            irregularities=said.irregularities,
            usage=answer.usage,
            latency_s=answer.latency_s,
            settings=dict(self.model.settings),
            notes=(*answer.notes, *notes),
        )

    def _turn(self, frame: Frame, grounding: Grounding, pictures: Prepared) -> _Turn:
        listing = prompt.most_relevant(grounding, self.options.max_detections, pictures.sizes_px)
        return _Turn(
            prompt.context_lines(frame, self.options.scene_text),
            prompt.inventory_lines(grounding, listing, pictures.sizes_px),
            pictures.pictures,
            listing.listed,
        )

    def _pictures(self, frame: Frame) -> Prepared:
        images = {name: read(camera.image) for name, camera in self._cameras(frame).items()}
        sizes_px = {name: image.size for name, image in images.items()}
        return Prepared(fitted(images, self.model.picture_pixels), sizes_px)

    def _cameras(self, frame: Frame) -> dict[str, Camera]:
        """Those of the frame that it is shown, the front camera first; at least one."""
        wanted = self.options.cameras or frame.cameras
        names = sorted((name for name in frame.cameras if name in wanted), key=_front_first)
        if not names:
            asked = f" of {', '.join(self.options.cameras)}" if self.options.cameras else ""
            raise ScoutError(
                f"scout {self.name!r}: frame {frame.token} has no pictures{asked} (its cameras: "
                f"{', '.join(frame.cameras) or 'none'}); index it from the log, or leave this scout out"
            )
        return {name: frame.cameras[name] for name in names}


def ask(model: ChatModel, request: ChatRequest, reading: Callable[[str], T], deadline: Deadline) -> tuple[T, ChatReply]:
    """What the model says, as it is read, and the reply with the cost of all attempts.

    A reply that cannot be read is asked for once more, with another seed. Raises what the model raises, and
    `ReplyInvalid` after the last attempt.
    """
    replies: list[ChatReply] = []
    faults: list[ReplyInvalid] = []
    for sample in range(ATTEMPTS):
        try:
            answer = model.complete(replace(request, sample=sample), deadline=deadline)
            replies.append(answer)
            return reading(answer.text), _with_costs(answer, replies, faults)
        except ReplyInvalid as error:
            faults.append(error)
    raise ReplyInvalid(f"{faults[-1]} (asked {ATTEMPTS} times)") from faults[-1]


def _with_costs(answer: ChatReply, replies: Sequence[ChatReply], faults: Sequence[ReplyInvalid]) -> ChatReply:
    notes = tuple(f"asked again, since the first reply was invalid: {fault}" for fault in faults)
    latencies = [one.latency_s for one in replies if one.latency_s is not None]
    return replace(
        answer,
        usage=_usage([one.usage for one in replies if one.usage]),
        latency_s=sum(latencies) if latencies else None,
        notes=(*answer.notes, *notes),
    )


def _usage(usages: Sequence[Usage]) -> Usage | None:
    if not usages:
        return None
    return Usage(
        prompt_tokens=_sum([usage.prompt_tokens for usage in usages]),
        completion_tokens=_sum([usage.completion_tokens for usage in usages]),
    )


def _sum(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


# Pictures


def _front_first(name: str) -> tuple[bool, bool, str]:
    return name != FRONT, not name.startswith(FRONT), name


def fitted(images: Mapping[str, "Image"], budget_px: int) -> tuple[Picture, ...]:
    """The pictures as JPEG, scaled so that all together have at most `budget_px` pixels."""
    shares = shares_px({name: image.width * image.height for name, image in images.items()}, budget_px)
    return tuple(Picture(name, jpeg(scaled(image, shares[name]))) for name, image in images.items())


def shares_px(sizes_px: Mapping[str, int], budget_px: int) -> dict[str, int]:
    """Each picture's part of the budget. The first counts double; what a small one leaves over goes to the others."""
    weights = {name: 1.0 if place else FRONT_WEIGHT for place, name in enumerate(sizes_px)}
    open_px, shares, left_px = dict(sizes_px), dict[str, int](), budget_px
    while open_px:
        unit = left_px / sum(weights[name] for name in open_px)
        small = [name for name in open_px if open_px[name] <= unit * weights[name]]
        if not small:
            return shares | {name: int(unit * weights[name]) for name in open_px}
        for name in small:
            shares[name] = open_px.pop(name)
            left_px -= shares[name]
    return shares


# Factories


def llama_cpp_scout(**given: Any) -> VisionScout:
    """A GGUF model in this process. Options of its own (`VisionOptions`), the rest is the model's."""
    from verifier.models.llama_cpp import llama_cpp_model

    return _scout("llama_cpp", llama_cpp_model, given)


def openai_scout(**given: Any) -> VisionScout:
    """A model behind an OpenAI-compatible server. Options of its own (`VisionOptions`), the rest is the model's."""
    from verifier.models.openai import openai_model

    return _scout("openai", openai_model, given)


def _scout(backend: str, make_model: Callable[..., ChatModel], given: Mapping[str, Any]) -> VisionScout:
    own = {"name": backend, **{key: value for key, value in given.items() if key in VisionOptions.model_fields}}
    owner = f"scout {own['name']!r}"
    shown = options(VisionOptions, owner, own)
    model = make_model(**{key: value for key, value in given.items() if key not in own})
    if model.picture_pixels < 1:
        raise ConfigError(f"{owner}: the model {model.name!r} sees no pictures; give it its projector (mmproj) file")
    return VisionScout(model, shown)
