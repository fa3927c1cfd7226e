"""The Python API: one engine for the command line, the server and notebooks."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from time import perf_counter
from typing import Any, Literal, TypeVar

import numpy as np

from scenario.assembly import load_scenarios
from scenario.errors import IndexMismatch, QueryError, SearchExpired, SemdriveError, StoreError, UnknownToken
from scenario.ledger import Ledger, digest
from scenario.protocols import Embedder
from scenario.records import Scenario
from scenario.workspace import Workspace
from search.chips import read_words
from search.corpus import Corpus
from search.fusion import Positions
from search.query import Query, format_query, parse, question_of
from search.query.compile import compile_filter
from search.results import Explanation, FacetCounts, Hit, ReadAs, SearchPage
from search.retrieval import Answered, position_of, retrieve
from search.selection import Selection, select
from search.store import Store
from server.asking import verifier_of
from server.exporting import ExportRows, positions_of, rows_at
from server.joined import Verdicts
from server.neighbours import Neighbours, neighbours
from server.saved import SavedSearches
from server.second_looks import SecondLooks
from server.suggesting import Suggestions, suggest
from server.views import HIT_COLUMNS, Scenes, hit, read_as, tree
from verifier.live import LiveVerifier

KEPT_SEARCHES = 64
T = TypeVar("T")
Group = Literal["scene"] | None


@dataclass(frozen=True)
class _Search:
    """A finished search, kept under its id: every page comes from here."""

    id: str
    corpus: Corpus
    read_as: ReadAs
    answered: Answered
    question: str  # whose verdicts its hits show


class Engine(SecondLooks):
    """Search, facets, explain and show over one workspace; and what people and scouts say of its frames afterwards.

    Safe to share between threads.
    """

    def __init__(
        self,
        workspace: Workspace,
        make_embedder: Callable[[str], Embedder],
        *,
        make_verifier: Callable[[Workspace], LiveVerifier] = verifier_of,
        kept_searches: int = KEPT_SEARCHES,
    ) -> None:
        """`make_embedder` gets the index's fingerprint, when words are first searched; `make_verifier` makes scouts."""
        super().__init__(workspace, make_verifier)
        self._kept_searches = kept_searches
        self._store = Store(workspace.index_uri)
        self._verdicts = Verdicts(workspace)
        self._make_embedder = make_embedder
        self._corpus: Corpus | None = None
        self._searches: OrderedDict[str, _Search] = OrderedDict()
        self._lock = threading.Lock()
        self._pinned = threading.local()  # the corpus that `of_one_build` answers this thread from
        self._loading = threading.Lock()  # of its own: a filter does not wait for a model to load
        self._embedder: Embedder | None = None

    # Searching

    def search(
        self,
        query: str,
        *,
        limit: int = 10,
        offset: int = 0,
        group: Group = None,
        without: Sequence[str] = (),
        rerank: bool | str = False,
    ) -> SearchPage:
        """One page of the answer; `without` names chips, as `field:value`, to leave out. Raises `QueryError`.

        With `rerank`, frames that were confirmed stand first and refuted ones last, by what was verified of the query,
        or of a question that `rerank` names.
        """

        def answer() -> SearchPage:
            started = perf_counter()
            search, loading_ms = self._search(query, without, rerank)
            page = self._page(search, offset, limit, group)
            elapsed_ms = 1000 * (perf_counter() - started) - loading_ms
            return page.model_copy(update={"elapsed_ms": elapsed_ms, "loading_ms": loading_ms})

        return self._reopening(answer)

    def page(self, search_id: str, *, limit: int = 10, offset: int = 0, group: Group = None) -> SearchPage:
        """Another page of a search that was made before. Raises `SearchExpired` when it is no longer kept."""
        with self._lock:
            search = self._searches.get(search_id)
        if search is None:
            raise SearchExpired(search_id)
        started = perf_counter()
        page = self._page(search, offset, limit, group)
        return page.model_copy(update={"elapsed_ms": 1000 * (perf_counter() - started)})

    def facets(self, query: str = "") -> FacetCounts:
        """Counts over what the query's filter matches; its words do not narrow them."""
        parsed = parse(query)

        def count() -> FacetCounts:
            corpus = self._open()
            if parsed.similar is not None:
                self._placed(query, parsed, lambda: position_of(corpus, str(parsed.similar)))
            chosen = corpus.mask(self._select(corpus, query, parsed).positions(corpus))
            return FacetCounts(
                read_as=read_as(parsed, read_words(parsed.text, (), corpus.snapshot.says)),
                matching=int(chosen.sum()),
                total=len(corpus),
                facets=corpus.facets(chosen),
            )

        return self._reopening(count)

    def explain(self, query: str, *, without: Sequence[str] = ()) -> Explanation:
        """What the query means: its tree, its chips, its compiled filter, and how much each retriever found."""
        parsed = parse(query)
        search, _ = self._reopening(lambda: self._search(query, without))
        return Explanation(
            read_as=search.read_as,
            ast=tree(parsed),
            sql=compile_filter(parsed.filter),
            matching=search.answered.matching,
            total=len(search.corpus),
            retrievers={name: len(ranking) for name, ranking in search.answered.rankings.items()},
            ranked=len(search.answered.order),
        )

    def _search(self, source: str, without: Sequence[str], rerank: bool | str = False) -> tuple[_Search, float]:
        """The search, kept or made, and the milliseconds that loading the embedder took."""
        query, corpus = parse(source), self._open()
        question = rerank if isinstance(rerank, str) else question_of(query)
        by = question if rerank else None
        joined = self._verdicts.version(query.filter, needed=by is not None)
        search_id = digest(format_query(query), sorted(without), corpus.snapshot.version, joined, by)
        with self._lock:
            kept = self._searches.get(search_id)
            if kept:
                self._searches.move_to_end(search_id)
                return kept, 0.0
        reading = read_words(query.text, without, corpus.snapshot.says)
        embedder, loading_ms = self._embedder_of(corpus) if query.text else (None, 0.0)
        vector = embedder.embed([reading.text])[0] if embedder else None
        selection = self._select(corpus, source, query)
        answered = self._placed(source, query, lambda: retrieve(corpus, query, reading, selection, vector))
        if by is not None:
            answered = self._verdicts.reranked(corpus, answered, by, named=isinstance(rerank, str))
        search = _Search(search_id, corpus, read_as(query, reading), answered, question)
        with self._lock:
            self._searches[search_id] = search
            while len(self._searches) > self._kept_searches:
                self._searches.popitem(last=False)
        return search, loading_ms

    @staticmethod
    def _placed(source: str, query: Query, make: Callable[[], T]) -> T:
        """What `make` gives; an unknown `similar:` token becomes an error with its place in the query."""
        try:
            return make()
        except UnknownToken as error:
            raise QueryError(str(error), source, *query.similar_span, "take a token that search prints") from error

    def of_one_build(self, make: Callable[[], T]) -> T:
        """What `make` gives, all that it asks in this thread answered from one build, however the index moves on."""

        def pinned() -> T:
            self._pinned.corpus = self._open()
            try:
                return make()
            finally:
                self._pinned.corpus = None

        return self._reopening(pinned)

    def _reopening(self, make: Callable[[], T]) -> T:
        """What `make` gives; tried once more with everything opened anew if the index was replaced underneath us."""
        try:
            return make()
        except StoreError as error:
            if type(error) is not StoreError or self._pin is not None:  # a named state of the index, not files gone
                raise  # or within `of_one_build`, which makes all of it anew
        with self._lock:
            self._store = Store(self.workspace.index_uri)
            self._corpus = None
            self._searches.clear()
        return make()

    @property
    def _pin(self) -> Corpus | None:
        return getattr(self._pinned, "corpus", None)

    def _open(self) -> Corpus:
        """The published snapshot in memory; opened anew when a build was published since."""
        if self._pin is not None:
            return self._pin
        with self._lock:
            version = self._store.published_version()
            if self._corpus is None or self._corpus.snapshot.version != version:
                self._corpus = Corpus(self._store.snapshot())
            return self._corpus

    def _embedder_of(self, corpus: Corpus) -> tuple[Embedder, float]:
        """The embedder that the index was built with, and the milliseconds it took to load, which is once."""
        started = perf_counter()
        built_with = corpus.snapshot.build
        with self._loading:
            if self._embedder is None or self._embedder.fingerprint != built_with.embedder:
                embedder = self._make_embedder(built_with.embedder)
                if embedder.dim != built_with.dim:
                    raise IndexMismatch(f"the index holds {built_with.dim} dimensions, the embedder {embedder.dim}")
                self._embedder = embedder
            return self._embedder, 1000 * (perf_counter() - started)

    def _select(self, corpus: Corpus, source: str, query: Query) -> Selection:
        """What passes the filter; the ledger is read only for one that asks it."""
        return select(corpus, query.filter, self._verdicts.states(corpus, source, query.filter))

    # Pages

    def _page(self, search: _Search, offset: int, limit: int, group: Group) -> SearchPage:
        if limit < 1 or offset < 0:
            raise SemdriveError(f"a page needs limit >= 1 and offset >= 0, not limit {limit} and offset {offset}")
        answered = search.answered
        scenes = Scenes.of(search.corpus, answered.order) if group == "scene" else None
        places = scenes.heads if scenes else np.arange(len(answered.order))
        hits = self._hits(search, places[offset : offset + limit].tolist(), scenes)
        return SearchPage(
            search_id=search.id,
            table_version=search.corpus.snapshot.version,
            read_as=search.read_as,
            matching=answered.matching,
            ranked=len(answered.order),
            groups=len(scenes.heads) if scenes else None,
            offset=offset,
            limit=limit,
            elapsed_ms=0.0,
            loading_ms=0.0,
            hits=tuple(hits),
        )

    def _hits(self, search: _Search, chosen: Sequence[int], scenes: Scenes | None = None) -> list[Hit]:
        """The hits at places of an answer."""
        rows = rows_at(search.corpus, search.answered, chosen, HIT_COLUMNS)
        verdicts = self._verdicts.of([row["token"] for row in rows], search.question)
        return [
            hit(search.corpus, search.answered, row, place, verdicts.get(row["token"]), others)
            for row, place in zip(rows, chosen, strict=True)
            for others in [scenes.others(place) if scenes else []]
        ]

    # Taking an answer elsewhere

    def export_rows(
        self,
        query: str = "",
        *,
        tokens: Sequence[str] | None = None,
        limit: int | None = None,
        without: Sequence[str] = (),
        rerank: bool | str = False,
    ) -> ExportRows:
        """The frames of an answer, by rank, to be read in batches; all of them come from one version of the index.

        With `tokens`, only those: of the answer, or without a query in the order given. Raises `QueryError` and
        `UnknownToken`.
        """

        def chosen() -> ExportRows:
            among = None if tokens is None else positions_of(self._open(), tokens)
            if among is None or query.strip():
                search, _ = self._search(query, without, rerank)
            else:
                answered = Answered(among, len(among), {}, np.zeros(0))
                search = _Search("", self._open(), ReadAs(query="", filter=None, text=""), answered, "")
            hits = partial(self._hits, search)
            return ExportRows.of(search.corpus, search.answered, hits, self.workspace, among=among, limit=limit)

        return self._reopening(chosen)

    # One frame

    def show(self, token: str) -> Scenario:
        """Everything that is known about a frame, from the ledger. Raises `UnknownToken` and `NoLedger`."""
        (scenario,) = self.scenarios([token], "show")
        return scenario

    def scenarios(self, tokens: Sequence[str], what: str = "reading scenarios") -> list[Scenario]:
        """As `show`, of several frames, in their order. `what` names who asks, should there be no ledger."""
        keys = self._reopening(lambda: self._keys_of(tokens))
        with Ledger(self.workspace.require_ledger(what), read_only=True) as ledger:
            return load_scenarios(ledger, keys)

    @cached_property
    def saved(self) -> SavedSearches:
        """Searches that were saved under a name."""
        return SavedSearches(self.workspace, self._ranked)

    def _ranked(self, query: str) -> tuple[Corpus, Positions]:
        """All frames that a query finds."""
        search, _ = self._reopening(lambda: self._search(query, ()))
        return search.corpus, search.answered.order

    @property
    def table_version(self) -> int:
        """Of the published build; what is read of it may be kept as long as this stays."""
        return self._reopening(self._open).snapshot.version

    def neighbours(self, token: str) -> Neighbours:
        """The frames of a frame's scene, in the order they were driven. Raises `UnknownToken`."""
        return self._reopening(lambda: neighbours(self._open(), token))

    def suggest(self, prefix: str, *, limit: int = 20) -> Suggestions:
        """Completions of the word of a query that is being typed."""
        return self._reopening(lambda: suggest(self._open(), prefix, limit))

    def _keys_of(self, tokens: Sequence[str]) -> list[str]:
        corpus = self._open()
        row_ids = [int(corpus.row_ids[position_of(corpus, token)]) for token in tokens]
        return [str(row["scenario_key"]) for row in corpus.snapshot.rows(row_ids, ["scenario_key"])]

    def known_keys(self, tokens: Sequence[str]) -> dict[str, str]:
        """Token → the ledger's key of its scenario; a frame that is not in the index is left out."""

        def known() -> dict[str, str]:
            places = self._open().places(tokens)
            held = [token for token, place in zip(tokens, places.tolist(), strict=True) if place >= 0]
            return dict(zip(held, self._keys_of(held), strict=True))

        return self._reopening(known)

    # The process

    def warm(self) -> None:
        """Open the index and load the embedder now, so that the first search need not wait."""
        self._embedder_of(self._reopening(self._open))

    def stats(self) -> dict[str, Any]:
        """Size, version and indexes of what is published."""
        corpus = self._open()
        return {
            "frames": len(corpus),
            "table_version": corpus.snapshot.version,
            "embedder": corpus.snapshot.build.embedder,
            "indexes": corpus.snapshot.indices(),
        }
