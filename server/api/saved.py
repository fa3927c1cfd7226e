"""Searches under a name, and how many of their frames are new."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from scenario.records import Record
from scenario.saved import LONGEST_NAME, SavedSearch
from server.api.context import TheEngine
from server.api.errors import responses
from server.api.text import Name, QueryText
from server.saved import SavedCount

router = APIRouter(prefix="/api/saved", tags=["saved searches"], responses=responses(409, 503))
WRITES = responses(413, 415)
Saved = Annotated[Name, Path(description="The name it was saved under.")]


class SaveRequest(Record):
    """A query to keep."""

    name: Annotated[Name, Field(max_length=LONGEST_NAME, description="what it is called; must be free")]
    query: QueryText
    who: Annotated[str, Field(max_length=LONGEST_NAME, description="whose it is; may be empty")] = ""


@router.get("", summary="Saved searches, with how many frames are new")
def saved_searches(engine: TheEngine) -> list[SavedCount]:
    """`new` are frames that were indexed since the search was looked at, and that it finds."""
    return engine.saved.all()


@router.post("", summary="Save a search", responses=WRITES)
def save(engine: TheEngine, asked: SaveRequest) -> SavedSearch:
    """The frames of today count as seen."""
    return engine.saved.save(asked.name, asked.query, asked.who)


@router.put("/{name}/look", summary="Look at a saved search", responses=WRITES)
def look(engine: TheEngine, name: Saved) -> SavedCount:
    """Tells what is new once more; from now on only frames that come later are."""
    return engine.saved.look(name)


@router.delete("/{name}", summary="Remove a saved search", responses=WRITES)
def remove(engine: TheEngine, name: Saved) -> SavedSearch:
    """Its name is free again."""
    return engine.saved.remove(name)
