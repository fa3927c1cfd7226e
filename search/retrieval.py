"""From a query to one ranking: dense ∥ BM25 ∥ belief (∥ similar) under one prefilter, fused; or rows in an order."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from scenario.errors import UnknownToken
from search.chips import Chip, Reading
from search.corpus import Corpus
from search.fusion import EMPTY, POOL, Positions, Ranking, fuse, ordered, tied
from search.query.ast import Query, Sort
from search.query.fields import QUERY_FIELDS
from search.schema import VECTOR_COLUMNS, Vector
from search.selection import Prefilter, Selection

EPSILON = 1e-6  # beliefs are kept this far from certainty, so that log-odds stay finite
SORTED_ANEW = 10_000  # so many frames are sorted in a few ms; more are taken out of the order of all, which is kept
DEFAULT_SORT = Sort("risk", descending=True)


@dataclass(frozen=True)
class Answered:
    """A finished ranking: positions best first, of `matching` frames that pass the filter."""

    order: Positions
    matching: int
    rankings: Mapping[str, Ranking]
    scores: npt.NDArray[np.float64]  # of `order`; empty where nothing ranks

    def ranks_of(self, position: int) -> dict[str, float]:
        """Retriever → the rank it gave the frame."""
        found = {}
        for name, ranking in self.rankings.items():
            at = np.flatnonzero(ranking.positions == position)
            if len(at):
                found[name] = float(ranking.ranks[at[0]])
        return found


def retrieve(corpus: Corpus, query: Query, reading: Reading, selection: Selection, vector: Vector | None) -> Answered:
    """Answer a query. `selection` is what passes its filter, `vector` that of its words (None: it has no words)."""
    if vector is None and query.similar is None:
        return _all_matching(corpus, query, selection)
    rankings = _rankings(corpus, query, reading, selection, vector)
    order, scores = fuse(rankings, corpus.token_rank)
    if query.sort:
        by = _sorted(corpus, order, query.sort, np.arange(len(order)))
        order, scores = order[by], scores[by]
    return Answered(order, selection.count(corpus), rankings, scores)


def _all_matching(corpus: Corpus, query: Query, selection: Selection) -> Answered:
    positions, sort = selection.positions(corpus), query.sort or DEFAULT_SORT
    if len(positions) > SORTED_ANEW and sort.field != "token":
        order = corpus.order(QUERY_FIELDS[sort.field].column, descending=sort.descending)
        return Answered(order[corpus.mask(positions)[order]], len(positions), {}, np.zeros(0))
    by = _sorted(corpus, positions, sort, corpus.token_rank[positions])
    return Answered(positions[by], len(positions), {}, np.zeros(0))


def _sorted(corpus: Corpus, positions: Positions, sort: Sort, then: Positions) -> Positions:
    """The order that sorts `positions`; frames that do not state the field come last either way; ties by `then`."""
    if sort.field == "token":
        ranks = corpus.token_rank[positions]
        return np.asarray(np.argsort(-ranks if sort.descending else ranks), dtype=np.int64)
    values = corpus.floats(QUERY_FIELDS[sort.field].column)[positions]
    # NaN sorts last, negated or not.
    return np.asarray(np.lexsort((then, -values if sort.descending else values)), dtype=np.int64)


def _rankings(
    corpus: Corpus, query: Query, reading: Reading, selection: Selection, vector: Vector | None
) -> dict[str, Ranking]:
    """Each retriever's pool. LanceDB releases the interpreter's lock, so its searches run side by side."""
    prefilter = Prefilter.of(corpus, selection)
    with ThreadPoolExecutor(max_workers=3) as pool:
        waiting = {}
        if vector is not None:
            waiting["dense"] = pool.submit(_dense, corpus, [vector, vector], prefilter)
            waiting["bm25"] = pool.submit(_bm25, corpus, reading.text, prefilter)
        if query.similar is not None:
            waiting["similar"] = pool.submit(_similar, corpus, query.similar, prefilter)
        rankings = {name: found.result() for name, found in waiting.items()}
    if reading.chips:
        rankings["belief"] = belief_ranking(corpus, reading.chips, selection.positions(corpus))
    return rankings


def _dense(corpus: Corpus, vectors: Sequence[Vector | None], prefilter: Prefilter, pool: int = POOL) -> Ranking:
    """The frames nearest in either vector column, by the smaller distance.

    Exact over both: a frame among the first `pool` by the smaller distance is among the first `pool` of that column.
    """
    found = [
        prefilter.first(pool, partial(corpus.snapshot.nearest, column, vector))
        for column, vector in zip(VECTOR_COLUMNS, vectors, strict=True)
        if vector is not None
    ]
    positions = np.concatenate([positions for positions, _ in found])
    distances = np.concatenate([distances for _, distances in found])
    unique, index = np.unique(positions, return_inverse=True)
    nearest = np.full(len(unique), np.inf)
    np.minimum.at(nearest, index, distances)
    ranking = ordered(unique.astype(np.int64), nearest, corpus.token_rank)
    return Ranking(ranking.positions[:pool], ranking.ranks[:pool])


def _bm25(corpus: Corpus, words: str, prefilter: Prefilter) -> Ranking:
    positions, scores = prefilter.first(POOL, partial(corpus.snapshot.matching_words, words))
    return ordered(positions, -scores, corpus.token_rank)


def _similar(corpus: Corpus, token: str, prefilter: Prefilter) -> Ranking:
    """Frames near a frame of the index, itself left out. A frame without any text has no neighbours."""
    own = position_of(corpus, token)
    (row,) = corpus.snapshot.rows([int(corpus.row_ids[own])], VECTOR_COLUMNS)
    vectors = [None if row[c] is None else np.asarray(row[c], dtype=np.float32) for c in VECTOR_COLUMNS]
    if all(vector is None for vector in vectors):
        return EMPTY
    near = _dense(corpus, vectors, prefilter, POOL + 1)
    others = near.positions[near.positions != own][:POOL]
    return Ranking(others, np.arange(1, len(others) + 1, dtype=np.float64))


def position_of(corpus: Corpus, token: str) -> int:
    """Where a frame stands in the corpus. Raises `UnknownToken`."""
    (place,) = corpus.places([token]).tolist()
    if place < 0:
        raise UnknownToken(token)
    return int(place)


def belief_ranking(corpus: Corpus, chips: Sequence[Chip], matching: Positions) -> Ranking:
    """Frames by the mean, over the chips, of log-odds above the corpus base rate; only those above zero."""
    if len(matching) == 0:
        return EMPTY
    above = np.mean([_log_odds_above_base(corpus, chip)[matching] for chip in chips], axis=0)
    above = np.round(above, 9)
    likely = above > 0
    return tied(matching[likely], above[likely], corpus.token_rank)


def _log_odds_above_base(corpus: Corpus, chip: Chip) -> npt.NDArray[np.float64]:
    probability = np.clip(corpus.belief(chip.columns), EPSILON, 1 - EPSILON)
    base = float(np.mean(probability))
    return np.asarray(np.log(probability / (1 - probability)) - np.log(base / (1 - base)))
