"""What was verified and what came of it: lists, undo, proposals and their acceptance."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from scenario.answers import Outcome, Revision, Verification
from scenario.records import Record
from server.api.context import TheEngine
from server.api.errors import responses
from server.api.text import Name, QueryText
from server.proposals import Proposal

router = APIRouter(prefix="/api", tags=["review"], responses=responses(409, 503))
WRITES = responses(404, 413, 415)


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
