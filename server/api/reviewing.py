"""What was verified and what came of it: lists, undo, proposals and their acceptance; what people say."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from scenario.answers import Outcome, Revision, Said, Verification
from scenario.errors import ConfigError
from scenario.records import Record
from scenario.reviews import Review
from scenario.vocabulary import Tag
from server.api.context import TheEngine
from server.api.errors import responses
from server.api.text import Name, QueryText
from server.proposals import Proposal

router = APIRouter(prefix="/api", tags=["review"], responses=responses(409, 503))
WRITES = responses(404, 413, 415)
MOST_REVIEWED = 1000  # frames at once


class Signed(Record):
    """A person's word needs a person."""

    who: Annotated[Name, Field(description="your name, which is kept with what you decide")]


@router.get("/verifications", summary="What was verified, newest first")
def verifications(
    engine: TheEngine,
    token: Annotated[Name | None, Query(description="Only of this frame.")] = None,
    question: Annotated[QueryText | None, Query(description="Only of this question.")] = None,
    verdict: Annotated[Outcome | None, Query(description="Only these.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="The newest so many.")] = 20,
    undone: Annotated[bool, Query(description="Those that were undone, too.")] = False,
) -> list[Verification]:
    return engine.verifications(token=token, question=question, verdict=verdict, limit=limit, undone=undone)


@router.post("/verifications/{number}/undo", summary="Take a verification back", responses=WRITES)
def undo(
    engine: TheEngine,
    number: Annotated[int, Path(ge=1, le=2**53, description="The verification's `id`.")],
    signed: Signed,
) -> Verification:
    """It stays in the ledger, and counts no more."""
    return engine.undo_verification(number, signed.who)


@router.get("/proposals", summary="Facts that a second look saw otherwise")
def proposals(engine: TheEngine) -> list[Proposal]:
    """What differs from the index, newest first."""
    return engine.proposals()


@router.post("/proposals/{token}/accept", summary="Accept what is proposed for a frame", responses=WRITES)
def accept(
    engine: TheEngine, token: Annotated[Name, Path(description="The frame's token.")], signed: Signed
) -> Revision:
    """It becomes a revision, which the next build of the index takes up."""
    return engine.accept_proposal(token, signed.who)


class ReviewRequest(Signed):
    """A person's word on frames: tags that hold or do not, their own verdict on a query, or both."""

    tokens: Annotated[tuple[Name, ...], Field(min_length=1, max_length=MOST_REVIEWED, description="the frames")]
    holds: Annotated[tuple[Tag, ...], Field(max_length=len(Tag))] = ()
    does_not_hold: Annotated[tuple[Tag, ...], Field(max_length=len(Tag))] = ()
    query: Annotated[QueryText | None, Field(description="what `verdict` is the answer to")] = None
    verdict: Annotated[Said | None, Field(description="is each frame what the query asks for?")] = None


class Reviewed(Record):
    """What was written."""

    reviews: tuple[Review, ...]
    verifications: tuple[Verification, ...]


@router.get("/reviews", summary="What people said of tags, oldest first")
def reviews(
    engine: TheEngine,
    token: Annotated[
        list[Name], Query(default_factory=list, max_length=MOST_REVIEWED, description="Only of these frames.")
    ],
) -> list[Review]:
    return engine.reviews(token or None)


@router.post("/reviews", summary="Tag frames, or say what they are not", responses=WRITES)
def review(engine: TheEngine, said: ReviewRequest) -> Reviewed:
    """Tags become the index's with its next build. A verdict counts at once, and above what scouts say."""
    tags = bool(said.holds or said.does_not_hold)
    if (said.query is None) != (said.verdict is None) or not (tags or said.verdict):
        raise ConfigError("a review needs tags (holds, does_not_hold), or a query with a verdict on it, or both")
    decided: list[Verification] = []
    if said.query is not None and said.verdict is not None:
        decided = engine.decide(said.tokens, said.who, said.query, said.verdict)
    given = engine.review(said.tokens, said.who, holds=said.holds, does_not_hold=said.does_not_hold) if tags else []
    return Reviewed(reviews=tuple(given), verifications=tuple(decided))
