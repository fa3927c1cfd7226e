"""A chat model that says what it was told, and the replies it may be told to say."""

import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scenario.errors import SemdriveError
from scenario.protocols import Deadline
from scenario.vocabulary import SCALAR_FIELDS
from verifier.models.base import ChatModel, ChatReply, ChatRequest, Picture
from verifier.reply import review_key


@dataclass
class ScriptedChatModel:
    """Gives its replies in their order and then the last one again and again; an error among them is raised."""

    replies: deque[str | ChatReply | SemdriveError] = field(default_factory=deque)
    name: str = "scripted-model"
    fingerprint: str = "scripted-model-1"
    concurrency: int = 1
    picture_pixels: int = 60_000
    settings: Mapping[str, str | int | float] = field(default_factory=lambda: {"temperature": 0.7, "seed": 1})
    asked: list[ChatRequest] = field(default_factory=list)
    closed: int = 0

    def complete(self, request: ChatRequest, *, deadline: Deadline) -> ChatReply:
        self.asked.append(request)
        said = self.replies.popleft() if len(self.replies) > 1 else self.replies[0]
        if isinstance(said, SemdriveError):
            raise said
        return said if isinstance(said, ChatReply) else ChatReply(said)

    def close(self) -> None:
        self.closed += 1


def saying(*replies: str | ChatReply | SemdriveError, **changes: Any) -> ScriptedChatModel:
    return ScriptedChatModel(deque(replies), **changes)


def text_of(request: ChatRequest) -> str:
    """The user's turn, with a picture as its name in angle brackets."""
    return "\n".join(f"<{part.name}>" if isinstance(part, Picture) else part for part in request.parts)


def pictures_of(request: ChatRequest) -> list[Picture]:
    return [part for part in request.parts if isinstance(part, Picture)]


def facts_wire(**stated: Any) -> dict[str, Any]:
    """The wire form in which every field is there, null or empty where `stated` has nothing for its name."""
    wire: dict[str, Any] = {}
    for one in SCALAR_FIELDS:
        wire.setdefault(one.section, {})[one.wire_key] = stated.pop(one.name, None)
    wire["road_topology"]["traffic_controls"] = stated.pop("traffic_controls", [])
    wire["scenario_criticality"]["risk_score"] = stated.pop("risk", None)
    wire["wod_e2e_tags"] = stated.pop("tags", [])
    wire["description"] = stated.pop("description", "A street.")
    assert not stated, f"no fields named {', '.join(stated)}"
    return wire


def report_wire(*verdicts: str, **stated: Any) -> dict[str, Any]:
    """A scout's reply: the verdicts on d1, d2, …, and the facts."""
    reviews = {review_key(i): {"verdict": verdict, "reason": "as seen"} for i, verdict in enumerate(verdicts)}
    return {**({"review": reviews} if reviews else {}), **facts_wire(**stated)}


def report_text(*verdicts: str, **stated: Any) -> str:
    return json.dumps(report_wire(*verdicts, **stated))


def asked_text(
    *verdicts: str, says: str, certainty: str = "certain", evidence: Sequence[Mapping[str, Any]] = (), **stated: Any
) -> str:
    """A scout's reply to a question: as a report, with the answer after the reviews."""
    report = report_wire(*verdicts, **stated)
    reviews = {key: report.pop(key) for key in ("review",) if key in report}
    answer = {"evidence": [*evidence], "verdict": says, "certainty": certainty}
    return json.dumps({**reviews, "answer": answer, **report})


def seen(what: str, camera: str | None = None, detection: str | None = None) -> dict[str, Any]:
    """One piece of evidence, as a model writes it."""
    return {"camera": camera, "detection": detection, "seen": what}


def judgement_text(rationale: str = "they agree", **stated: Any) -> str:
    return json.dumps({"rationale": rationale, **facts_wire(**stated)})


def _double_is_complete() -> ChatModel:
    """Never called: mypy reads it, and fails where the protocol and its double part."""
    return ScriptedChatModel()
