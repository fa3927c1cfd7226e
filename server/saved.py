"""Searches under a name, each with how many frames it finds and how many of those are new since it was looked at."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scenario.errors import QueryError
from scenario.ledger import Ledger
from scenario.records import Record
from scenario.saved import SavedSearch
from scenario.workspace import Workspace
from search.corpus import Corpus
from search.fusion import Positions
from search.query import format_query, parse


class SavedCount(Record):
    """A saved search now. `error` instead of counts where its query means nothing any more."""

    name: str
    query: str
    who: str
    created_at: str
    looked_at: str
    found: int | None  # frames that it finds now
    new: int | None  # of these, frames that were indexed since it was looked at
    error: str | None = None


@dataclass(frozen=True)
class SavedSearches:
    """The saved searches of a workspace. `ranked` gives the frames that a query finds, as places of a corpus."""

    workspace: Workspace
    ranked: Callable[[str], tuple[Corpus, Positions]]

    def all(self) -> list[SavedCount]:
        """By name. Raises `NoLedger`."""
        with Ledger(self.workspace.require_ledger("saved searches"), read_only=True) as ledger:
            return [self._counted(ledger, one) for one in ledger.saved_searches()]

    def save(self, name: str, query: str, who: str = "") -> SavedSearch:
        """Raises `QueryError` for a query that is none, `ConfigError` for such a name, `WorkspaceError` where it is
        taken, `NoLedger`."""
        asked = format_query(parse(query))
        with Ledger(self.workspace.require_ledger("saved searches")) as ledger:
            return ledger.save_search(name, asked, who.strip())

    def look(self, name: str) -> SavedCount:
        """What is new, told for the last time: from now on only later frames are. Raises `WorkspaceError`."""
        with Ledger(self.workspace.require_ledger("saved searches")) as ledger:
            return self._counted(ledger, ledger.look_at_saved(name))

    def remove(self, name: str) -> SavedSearch:
        """Raises `WorkspaceError` where there is none of that name."""
        with Ledger(self.workspace.require_ledger("saved searches")) as ledger:
            return ledger.remove_saved(name)

    def _counted(self, ledger: Ledger, saved: SavedSearch) -> SavedCount:
        told = saved.model_dump(exclude={"seen"})
        try:
            corpus, found = self.ranked(saved.query)
        except QueryError as error:  # it names a question or a frame that is gone
            return SavedCount(**told, found=None, new=None, error=error.message)
        places = corpus.places(ledger.indexed_since(saved.seen))
        return SavedCount(**told, found=len(found), new=int(np.isin(places[places >= 0], found).sum()))
