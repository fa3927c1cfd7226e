"""What passes a filter, as frames of a corpus: what the index stores by SQL, what the ledger knows by masks.

Whether a frame was verified is stored in no column, so a clause about it becomes a mask over the frames in memory,
however many there are; a million quoted tokens would be no SQL that anybody could wait for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
import numpy.typing as npt

from search.corpus import Corpus
from search.fusion import Positions
from search.query.ast import And, Filter, Not, OneOf, Or, Stated, asks_ledger
from search.query.compile import compile_filter
from search.store import RowIds, Scores

GROWTH = 4
ROW_IDS_IN_SQL = 10_000  # so many are prefiltered by name in 60 ms; ten times as many would take a second
Mask = npt.NDArray[np.bool_]
States = Callable[[str, str | None], Mask]  # a field of the ledger and its value (None: any) → the frames in that state


@dataclass(frozen=True)
class Selection:
    """The frames that pass. `where` is what SQL can say of them, all there is to say if there is no `mask`."""

    where: str | None = None
    mask: Mask | None = None

    def positions(self, corpus: Corpus) -> Positions:
        if self.mask is not None:
            return np.flatnonzero(self.mask).astype(np.int64)
        return corpus.matching(self.where)

    def count(self, corpus: Corpus) -> int:
        return corpus.count(self.where) if self.mask is None else int(self.mask.sum())


EVERYTHING = Selection()


Retriever = Callable[[str | None, int], tuple[RowIds, Scores]]  # a prefilter and a limit → rows, best first


@dataclass(frozen=True)
class Prefilter:
    """What a retriever of the store is told of a selection, so that its pool is exactly the best of what passes."""

    corpus: Corpus
    where: str | None
    mask: Mask | None  # what passes and SQL cannot say
    share: float  # at least so much of what passes `where` passes `mask`

    @classmethod
    def of(cls, corpus: Corpus, selection: Selection, *, named_up_to: int = ROW_IDS_IN_SQL) -> "Prefilter":
        if selection.mask is None:
            return cls(corpus, selection.where, None, 1.0)
        chosen = selection.positions(corpus)
        if len(chosen) <= named_up_to:
            named = ", ".join(map(str, np.sort(corpus.row_ids[chosen]).tolist()))
            return cls(corpus, f"_rowid IN ({named})" if named else "false", None, 1.0)
        return cls(corpus, selection.where, selection.mask, len(chosen) / len(corpus))

    def first(self, count: int, retrieve: Retriever) -> tuple[Positions, Scores]:
        """The best `count` that pass. Under a mask, as many more are retrieved as it takes to have them."""
        limit = count if self.mask is None else ceil(1.5 * count / self.share)
        while True:
            row_ids, scores = retrieve(self.where, limit)
            positions = self.corpus.positions(row_ids)
            if self.mask is None:
                return positions, scores
            passing = np.flatnonzero(self.mask[positions])
            if len(passing) >= count or len(row_ids) < limit:
                return positions[passing[:count]], scores[passing[:count]]
            limit *= GROWTH


def select(corpus: Corpus, node: Filter | None, states: States) -> Selection:
    """The frames that pass `node`; `states` is asked only about what the ledger knows."""
    if node is None:
        return EVERYTHING
    if not asks_ledger(node):
        return Selection(compile_filter(node))
    stored = [part for part in node.children if not asks_ledger(part)] if isinstance(node, And) else []
    return Selection(compile_filter(And(tuple(stored))) if stored else None, _mask(corpus, node, states))


def _mask(corpus: Corpus, node: Filter, states: States) -> Mask:
    """True, or not, for every frame: in a filter nothing is unknown, for NOT means IS NOT TRUE."""
    if not asks_ledger(node):
        return corpus.mask(corpus.matching(compile_filter(node)))
    match node:
        case And(children):
            masks = [_mask(corpus, part, states) for part in _stored_together(And, children)]
            return np.asarray(np.logical_and.reduce(masks), dtype=np.bool_)
        case Or(children):
            masks = [_mask(corpus, part, states) for part in _stored_together(Or, children)]
            return np.asarray(np.logical_or.reduce(masks), dtype=np.bool_)
        case Not(child):
            return ~_mask(corpus, child, states)
        case OneOf(field, values):
            return np.asarray(np.logical_or.reduce([states(field, str(value)) for value in values]), dtype=np.bool_)
        case Stated(field):
            return states(field, None)
    raise TypeError(f"{type(node).__name__} cannot ask the ledger")


def _stored_together(kind: type[And] | type[Or], children: Sequence[Filter]) -> list[Filter]:
    """The parts, those that SQL can say joined to one, so that the table is scanned once."""
    stored = tuple(part for part in children if not asks_ledger(part))
    together = [kind(stored)] if len(stored) > 1 else list(stored)
    return [*together, *(part for part in children if asks_ledger(part))]
