"""From rows and rankings to the records that an answer is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from scenario.vocabulary import SCALAR_FIELDS, Tag
from search.chips import Reading
from search.corpus import Corpus
from search.fusion import Positions
from search.query import And, Not, OneOf, Or, Query, format_filter, format_query
from search.results import ChipView, Correction, Hit, ReadAs, TagBelief
from search.retrieval import Answered
from search.schema import belief_column

HIT_COLUMNS = (
    *("token", "scene", "scene_key", "sequence", "risk", "risk_mean", "risk_spread", "agreement", "description"),
    *("tags", "traffic_controls", "objects", "timestamp_us", "log", "location"),
    *(field.name for field in SCALAR_FIELDS),
    *(belief_column("tags", tag) for tag in Tag),
)


@dataclass(frozen=True)
class Scenes:
    """An answer grouped by scene. A group stands where its best frame stands, its head."""

    heads: Positions  # places in the answer, best first
    _codes: npt.NDArray[np.int64]  # scene of each place
    _tokens: Corpus
    _order: Positions

    @classmethod
    def of(cls, corpus: Corpus, order: Positions) -> "Scenes":
        codes = corpus.codes("scene_key").codes[order]
        _, first = np.unique(codes, return_index=True)
        return cls(np.sort(first), codes, corpus, order)

    def others(self, head: int) -> list[str]:
        """Tokens of the scene's other frames in this answer, best first."""
        places = np.flatnonzero(self._codes == self._codes[head])
        return [self._tokens.token(int(self._order[place])) for place in places if place != head]


def hit(
    corpus: Corpus, answered: Answered, row: Mapping[str, Any], place: int, verdict: str | None, also: list[str]
) -> Hit:
    """The frame at a place (from 0) of an answer, and the latest verdict on its question."""
    beliefs = [TagBelief(tag=tag, probability=row[belief_column("tags", tag)], held=tag in row["tags"]) for tag in Tag]
    return Hit(
        **{name: row[name] for name in ("token", "scene", "scene_key", "sequence", "risk", "risk_mean", "risk_spread")},
        **{name: row[name] for name in ("agreement", "description", "timestamp_us", "log", "location")},
        rank=place + 1,
        risk_percentile=None if row["risk"] is None else corpus.risk_percentiles[row["risk"]],
        tags=tuple(sorted(beliefs, key=lambda belief: (-belief.held, -belief.probability))),
        facts={field.name: row[field.name] for field in SCALAR_FIELDS},
        traffic_controls=tuple(row["traffic_controls"]),
        objects=tuple(row["objects"]),
        score=float(answered.scores[place]) if len(answered.scores) else None,
        why=answered.ranks_of(int(answered.order[place])),
        verdict=verdict,
        also=tuple(also),
    )


def read_as(query: Query, reading: Reading) -> ReadAs:
    sort = f"{query.sort.field}-{'desc' if query.sort.descending else 'asc'}" if query.sort else None
    return ReadAs(
        query=format_query(query),
        filter=format_filter(query.filter) if query.filter else None,
        text=reading.text,
        chips=tuple(ChipView(text=chip.text, words=chip.words) for chip in reading.chips),
        corrections=tuple(Correction(wrong=wrong, right=right) for wrong, right in reading.corrections),
        similar=query.similar,
        sort=sort,
    )


def tree(node: Any) -> Any:
    """A query or a part of it as plain objects: `{"or": […]}`, `{"one_of": {"field": …, "values": […]}}`."""
    match node:
        case And(children) | Or(children):
            return {type(node).__name__.lower(): [tree(child) for child in children]}
        case Not(child):
            return {"not": tree(child)}
        case Query():
            return {field.name: tree(getattr(node, field.name)) for field in fields(node) if field.compare}
        case None | str() | int() | float():
            return node
        case _:
            name = "one_of" if isinstance(node, OneOf) else type(node).__name__.lower()
            return {name: {field.name: getattr(node, field.name) for field in fields(node) if field.compare}}
