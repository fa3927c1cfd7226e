"""What a search answers with: records that print, pickle and turn into JSON."""

from typing import Any

from scenario.errors import MissingExtra
from scenario.records import Record
from scenario.vocabulary import SCALAR_FIELDS, Tag
from search.cards import hit_card, page_card

RETRIEVERS = ("dense", "bm25", "belief", "similar")
FLAT_COLUMNS = (
    *("rank", "token", "scene", "scene_key", "sequence", "timestamp_us", "log", "location"),
    *("risk", "risk_percentile", "risk_mean", "risk_spread", "agreement"),
    *("tags", *(f"p_{tag}" for tag in Tag)),
    *(field.name for field in SCALAR_FIELDS),
    *("traffic_controls", "objects", "description", "score", *(f"rank_{name}" for name in RETRIEVERS), "verdict"),
)
WHOLE_COLUMNS = ("rank", "sequence", "timestamp_us", "risk")
_OF_THE_HIT = (
    *("rank", "token", "scene", "scene_key", "sequence", "timestamp_us", "log", "location"),
    *("risk", "risk_percentile", "risk_mean", "risk_spread", "agreement"),
    *("traffic_controls", "objects", "description", "score", "verdict"),
)


class ChipView(Record):
    """A chip as shown: `text` is the filter it becomes when hardened."""

    text: str
    words: str


class Correction(Record):
    wrong: str
    right: str


class ReadAs(Record):
    """How the query was understood."""

    query: str
    filter: str | None
    text: str
    chips: tuple[ChipView, ...] = ()
    corrections: tuple[Correction, ...] = ()
    similar: str | None = None
    sort: str | None = None


class TagBelief(Record):
    tag: str
    probability: float
    held: bool  # the verdict says so


class Hit(Record):
    """One frame of an answer. Scores of different queries are not comparable; ranks say why it is here."""

    rank: int
    token: str
    scene: str | None
    scene_key: str
    sequence: int | None
    risk: int | None
    risk_percentile: float | None
    risk_mean: float | None
    risk_spread: float | None
    tags: tuple[TagBelief, ...]
    facts: dict[str, str | None]
    traffic_controls: tuple[str, ...]
    objects: tuple[str, ...]
    description: str | None
    agreement: float | None
    score: float | None
    why: dict[str, float]  # retriever → the rank it gave
    verdict: str | None = None  # the latest on the question that the query asks: yes, no or unsure
    also: tuple[str, ...] = ()  # grouped by scene: the scene's other frames in this answer, best first
    timestamp_us: int | None = None
    log: str | None = None
    location: str | None = None

    def flat(self) -> dict[str, Any]:
        """One row of a table: `FLAT_COLUMNS`, always all of them; `tags` are those that the verdict holds."""
        values = {
            **{name: getattr(self, name) for name in _OF_THE_HIT},
            **self.facts,
            "tags": tuple(belief.tag for belief in self.tags if belief.held),
            **{f"p_{belief.tag}": belief.probability for belief in self.tags},
            **{f"rank_{name}": rank for name, rank in self.why.items()},
        }
        return {column: values.get(column) for column in FLAT_COLUMNS}

    def _repr_html_(self) -> str:
        """How a notebook shows it."""
        return hit_card(self)


class SearchPage(Record):
    """One page. `ranked` frames of `matching` that pass the filter; without words or `similar:` all of them are."""

    search_id: str
    table_version: int
    read_as: ReadAs
    matching: int
    ranked: int
    groups: int | None  # scenes in the answer, when grouped
    offset: int
    limit: int
    elapsed_ms: float  # without loading
    loading_ms: float  # what loading the embedder took, where this search had to
    hits: tuple[Hit, ...]

    def to_pandas(self) -> Any:
        """The page's hits as a `pandas.DataFrame`, one a row, with the columns of every export.

        Raises `MissingExtra` where pandas is not installed.
        """
        try:
            import pandas as pd
        except ModuleNotFoundError as error:
            raise MissingExtra("the method", "to_pandas", "notebook") from error
        table = pd.DataFrame([hit.flat() for hit in self.hits], columns=list(FLAT_COLUMNS))
        # Whole numbers that may be absent would become floats: a timestamp in µs is not one.
        return table.astype(dict.fromkeys(WHOLE_COLUMNS, "Int64"))

    def _repr_html_(self) -> str:
        """How a notebook shows it."""
        return page_card(self)


class FacetCounts(Record):
    """Counts over every frame that passes the filter."""

    read_as: ReadAs
    matching: int
    total: int
    facets: dict[str, dict[str, int]]


class Explanation(Record):
    """What a query means and what it costs."""

    read_as: ReadAs
    ast: dict[str, object]
    sql: str | None
    matching: int
    total: int
    retrievers: dict[str, int]  # name → size of its pool
    ranked: int
