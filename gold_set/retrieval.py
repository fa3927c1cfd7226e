"""How well an index ranks frames for plain words: dense, BM25 and belief alone, the three fused, and chance.

Only some frames are labelled. The others are taken out of every ranking before it is scored, so what is measured is how
labelled frames stand to each other (condensed lists; Sakai, "Alternatives to bpref", SIGIR 2007). A query without a
relevant or without another judged frame measures nothing and is listed, not scored as 0.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gold_set.labels import GoldLine
from gold_set.queries import BenchmarkQuery
from gold_set.ranking import METRICS, NOT_RETRIEVED, Floats, RankingScore, score_ranking
from scenario.errors import InputError
from scenario.protocols import Embedder
from scenario.records import Record
from search.chips import Reading, read_words
from search.corpus import Corpus
from search.fusion import EMPTY, POOL, Positions, Ranking, tied
from search.query.ast import Query
from search.retrieval import Answered, belief_ranking, retrieve
from search.schema import VECTOR_COLUMNS, Vector
from search.selection import EVERYTHING

SYSTEMS = ("chance", "dense", "bm25", "belief", "fused")
DRAWS = 10_000
LEVEL = 0.95


class QueryScore(Record):
    """One query: how many frames are judged and relevant, and each system's score; without chips there is no belief."""

    id: str
    text: str
    chips: tuple[str, ...]
    judged: int
    relevant: int
    scores: dict[str, RankingScore]


class NotMeasurable(Record):
    id: str
    text: str
    judged: int
    relevant: int

    @property
    def why(self) -> str:
        if not self.judged:
            return "no frame is judged"
        return "no judged frame is relevant" if not self.relevant else "every judged frame is relevant"


class Means(Record):
    """Plain means over queries; None without one."""

    queries: int
    mean: RankingScore | None


class Difference(Record):
    """A difference of means, and the bounds of its 95% interval; None with fewer than two queries."""

    mean: float
    low: float | None
    high: float | None


class Comparison(Record):
    """Fused less another system, over the queries that both rank: metric → difference."""

    other: str
    queries: int
    differences: dict[str, Difference]


class RetrievalReport(Record):
    """`own`: each system over all queries it ranks. `common`: each over the queries that every system ranks.

    Belief ranks nothing for a query that implies no value. Scoring that as chance would measure the lexicon's reach and
    the beliefs at once; leaving it out alone would compare systems on different queries. So both are given.
    """

    indexed: int
    gold: int
    labelled: int
    missing: tuple[str, ...]  # gold tokens that the index lacks
    spatial: bool
    left_out: int  # queries of the sample drive, where they were not run
    not_measurable: tuple[NotMeasurable, ...]
    queries: tuple[QueryScore, ...]
    own: dict[str, Means]
    common: dict[str, Means]
    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True)
class _Labelled:
    lines: Sequence[GoldLine]
    positions: Positions  # of each line's frame in the corpus


def measure_retrieval(
    corpus: Corpus,
    embedder: Embedder,
    gold: Sequence[GoldLine],
    queries: Sequence[BenchmarkQuery],
    *,
    spatial: bool | None = None,
    seed: int = 0,
    on_query: Callable[[int, int], None] = lambda done, total: None,
) -> RetrievalReport:
    """`spatial` None: queries that need distances or places run where the frames belong to scenes of a log."""
    spatial = bool(corpus.codes("scene").values) if spatial is None else spatial
    asked = [query for query in queries if spatial or query.where == "any"]
    labelled = _labelled(corpus, gold)
    found: list[QueryScore | NotMeasurable] = []
    for done, query in enumerate(asked, start=1):
        found.append(_measure(corpus, embedder, labelled, query))
        on_query(done, len(asked))
    scores = [each for each in found if isinstance(each, QueryScore)]
    known = {line.token for line in labelled.lines}
    return RetrievalReport(
        indexed=len(corpus),
        gold=len(gold),
        labelled=len(known),
        missing=tuple(line.token for line in gold if line.token not in known),
        spatial=spatial,
        left_out=len(queries) - len(asked),
        not_measurable=tuple(each for each in found if isinstance(each, NotMeasurable)),
        queries=tuple(scores),
        own={system: _means(scores, system) for system in SYSTEMS},
        common={system: _means([s for s in scores if len(s.scores) == len(SYSTEMS)], system) for system in SYSTEMS},
        comparisons=tuple(compare(scores, other, seed) for other in SYSTEMS if other != "fused"),
    )


def released_gold(shared: Path) -> Path:
    """The released gold set in the data beside the project. Raises `InputError` where there is none."""
    path = shared / "semantic_drive_release" / "gold_annotations_master.json"
    if not path.is_file():
        raise InputError(
            f"there is no {str(path)!r}; name the truth with --gold FILE, or its folder by SEMDRIVE_SHARED"
        )
    return path


def _labelled(corpus: Corpus, gold: Sequence[GoldLine]) -> _Labelled:
    place = {corpus.token(position): position for position in range(len(corpus))}
    lines = [line for line in gold if line.token in place]
    return _Labelled(lines, np.array([place[line.token] for line in lines], dtype=np.int64))


def _measure(
    corpus: Corpus, embedder: Embedder, labelled: _Labelled, query: BenchmarkQuery
) -> QueryScore | NotMeasurable:
    judgements = [query.judge(line) for line in labelled.lines]
    judged = np.array([judgement is not None for judgement in judgements], dtype=np.bool_)
    relevant = np.array([judgement for judgement in judgements if judgement is not None], dtype=np.bool_)
    counts: dict[str, Any] = {
        "id": query.id,
        "text": query.text,
        "judged": len(relevant),
        "relevant": int(relevant.sum()),
    }
    if relevant.all() or not relevant.any():  # all() of nothing is true
        return NotMeasurable(**counts)
    reading = read_words(query.text, (), corpus.snapshot.says)
    positions = labelled.positions[judged]
    badness = {name: of_all[positions] for name, of_all in rankings(corpus, embedder, query.text, reading).items()}
    return QueryScore(
        **counts,
        chips=tuple(chip.text for chip in reading.chips),
        scores={name: score_ranking(condensed, relevant) for name, condensed in badness.items()},
    )


def rankings(corpus: Corpus, embedder: Embedder, text: str, reading: Reading) -> dict[str, Floats]:
    """System → (frames,) the rank of every frame, equal where tied, `NOT_RETRIEVED` outside the system's pool.

    The fused ranking is the one that searching gives; of its parts, frames with equal scores are tied here, where
    searching orders them by token.
    """
    vector = np.asarray(embedder.embed([reading.text])[0], dtype=np.float32)
    ids, scores = corpus.snapshot.matching_words(reading.text, None, POOL)
    found = {
        "chance": EMPTY,
        "dense": _dense(corpus, vector),
        "bm25": tied(corpus.positions(ids), scores, corpus.token_rank),
    }
    if reading.chips:
        found["belief"] = belief_ranking(corpus, reading.chips, EVERYTHING.positions(corpus))
    found["fused"] = _fused(retrieve(corpus, Query(text=text), reading, EVERYTHING, vector), corpus)
    return {name: _badness(ranking, len(corpus)) for name, ranking in found.items()}


def _dense(corpus: Corpus, vector: Vector) -> Ranking:
    """Frames by the smaller cosine distance of their two vectors; equal to six digits is tied."""
    found = [corpus.snapshot.nearest(column, vector, None, POOL) for column in VECTOR_COLUMNS]
    positions, inverse = np.unique(
        corpus.positions(np.concatenate([ids for ids, _ in found])),
        return_inverse=True,
    )
    nearest = np.full(len(positions), np.inf)
    np.minimum.at(nearest, inverse, np.concatenate([distances for _, distances in found]))
    return tied(positions.astype(np.int64), -np.round(nearest, 6), corpus.token_rank)


def _fused(answered: Answered, corpus: Corpus) -> Ranking:
    # Fusing compares scores to twelve digits, too.
    return tied(answered.order, np.round(answered.scores, 12), corpus.token_rank, pool=len(corpus))


def _badness(ranking: Ranking, frames: int) -> Floats:
    badness = np.full(frames, NOT_RETRIEVED)
    badness[ranking.positions] = ranking.ranks
    return badness


def _means(scores: Sequence[QueryScore], system: str) -> Means:
    held = [each.scores[system] for each in scores if system in each.scores]
    if not held:
        return Means(queries=0, mean=None)
    means = {metric: float(np.mean([getattr(score, metric) for score in held])) for metric in METRICS}
    return Means(queries=len(held), mean=RankingScore(**means))


def compare(scores: Sequence[QueryScore], other: str, seed: int) -> Comparison:
    """Fused less `other`, with percentile intervals of a bootstrap that draws queries, in pairs of both scores."""
    both = [(each.scores["fused"], each.scores[other]) for each in scores if other in each.scores]
    gaps = np.array([[getattr(fused, m) - getattr(rest, m) for m in METRICS] for fused, rest in both])
    return Comparison(other=other, queries=len(both), differences=_differences(gaps, seed) if both else {})


def _differences(gaps: Floats, seed: int) -> dict[str, Difference]:
    """Metric → the mean of its column of `gaps` (queries, metrics), and the interval of that mean."""
    count = len(gaps)
    bounds: list[tuple[float | None, float | None]] = [(None, None)] * len(METRICS)
    if count > 1:
        drawn = np.random.default_rng(seed).integers(0, count, size=(DRAWS, count))
        tails = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
        bounds = [tuple(np.quantile(column[drawn].mean(axis=1), tails).tolist()) for column in gaps.T]
    means = gaps.mean(axis=0).tolist()
    return {
        metric: Difference(mean=mean, low=low, high=high)
        for metric, mean, (low, high) in zip(METRICS, means, bounds, strict=True)
    }
