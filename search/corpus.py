"""Columns of one snapshot, kept in memory: facets, percentiles, base rates and orders belong to the corpus.

Frames are addressed by position, 0…n-1, in the order of the table. Columns are read when they are first needed.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from scenario.vocabulary import RISK_MAX, RISK_MIN, SCALAR_FIELDS
from search.fusion import Positions
from search.kept import KeptFilters
from search.store import RowIds, Snapshot

Floats = npt.NDArray[np.float64]
FEW_TOKENS = 64  # so many are placed one by one in 3 ms
HALVINGS_PER_HASH = 128  # beyond that, placing one by one takes as long as hashing so many tokens of the corpus
ROWS_IN_MEMORY = 200_000  # up to so many, what a page shows of every frame is kept: half a kB each
FACET_COLUMNS = ("tags", "traffic_controls", "objects", *(field.name for field in SCALAR_FIELDS), "scene", "location")


@dataclass(frozen=True)
class Codes:
    """A column as small integers: `codes[i]` is the place in `values` of an entry, -1 for absence."""

    values: tuple[str, ...]
    codes: npt.NDArray[np.int64]
    positions: Positions | None = None  # for a set column: the frame of each entry

    def counts(self, chosen: npt.NDArray[np.bool_]) -> dict[str, int]:
        """Value → how many of the chosen frames (a mask) have it; most frequent first, then by name."""
        codes = self.codes[chosen if self.positions is None else chosen[self.positions]]
        counted = np.bincount(codes[codes >= 0], minlength=len(self.values))
        pairs = sorted(zip(self.values, counted.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))
        return {value: count for value, count in pairs if count}


def _encoded(stored: pa.Array) -> Codes:
    positions = None
    if pa.types.is_list(stored.type):
        positions = np.repeat(np.arange(len(stored)), pc.list_value_length(stored).to_numpy(zero_copy_only=False))
        stored = pc.list_flatten(stored)
    encoded = stored.dictionary_encode()
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return Codes(tuple(encoded.dictionary.to_pylist()), codes, positions)


class Corpus:
    """The frames of one snapshot."""

    def __init__(self, snapshot: Snapshot, *, rows_in_memory: int = ROWS_IN_MEMORY) -> None:
        self.snapshot, self._rows_in_memory = snapshot, rows_in_memory
        self._floats: dict[str, Floats] = {}
        self._codes: dict[str, Codes] = {}
        self._orders: dict[tuple[str, bool], Positions] = {}
        self.filters = KeptFilters()
        self._columns: dict[str, pa.Array] = {}
        self._loading = Lock()
        base = snapshot.columns(["token"])
        self.row_ids: RowIds = np.asarray(base["_rowid"].to_numpy(), dtype=np.uint64)
        self._by_row_id = np.argsort(self.row_ids)
        self._tokens = base["token"].combine_chunks()

    def __len__(self) -> int:
        return len(self.row_ids)

    def token(self, position: int) -> str:
        return str(self._tokens[position].as_py())

    def tokens(self, positions: Positions) -> list[str]:
        """The tokens at positions, in the order given; no row is read for them."""
        return cast("list[str]", self._tokens.take(pa.array(positions)).to_pylist())

    def tokens_from(self, prefix: str, limit: int) -> list[str]:
        """The first tokens, in their order, that begin with `prefix`."""
        first = self._rank_of(prefix)
        found = (self.token(int(place)) for place in self._by_token[first : first + limit])
        return [token for token in found if token.startswith(prefix)]

    def places(self, tokens: Sequence[str]) -> Positions:
        """The position of each token, -1 for one that is not in this snapshot."""
        if len(tokens) > FEW_TOKENS and len(tokens) * HALVINGS_PER_HASH > len(self):
            found = pc.index_in(pa.array(tokens, pa.string()), value_set=self._tokens)  # hashes all tokens first
            return np.asarray(pc.fill_null(found, -1).to_numpy(zero_copy_only=False), dtype=np.int64)
        return np.asarray([self._place(token) for token in tokens], dtype=np.int64)

    def _place(self, token: str) -> int:
        rank = self._rank_of(token)
        place = int(self._by_token[rank]) if rank < len(self) else -1
        return place if place >= 0 and self.token(place) == token else -1

    def _rank_of(self, token: str) -> int:
        """How many tokens come before, by halving: a page places tens, and one query of the table takes some ms."""
        return bisect_left(self._by_token, token, key=self.token)

    def order(self, column: str, *, descending: bool) -> Positions:
        """All frames by a number column, ties by token; those that do not state it come last either way."""
        key = (column, descending)
        if key not in self._orders:
            values = self.floats(column)  # NaN sorts last, negated or not
            self._orders[key] = np.lexsort((self.token_rank, -values if descending else values)).astype(np.int64)
        return self._orders[key]

    @cached_property
    def token_rank(self) -> Positions:
        """Each frame's place in the order of tokens: what breaks ties."""
        rank = np.empty(len(self), dtype=np.int64)
        rank[self._by_token] = np.arange(len(self))
        return rank

    @cached_property
    def _by_token(self) -> Positions:
        """The positions in the order of their tokens: by code points, as Python compares text, too."""
        return np.asarray(pc.sort_indices(self._tokens).to_numpy(), dtype=np.int64)

    def positions(self, row_ids: RowIds) -> Positions:
        return np.asarray(
            self._by_row_id[np.searchsorted(self.row_ids, row_ids, sorter=self._by_row_id)], dtype=np.int64
        )

    def matching(self, where: str | None) -> Positions:
        """The frames that pass a compiled filter, in the order of the table; kept for the filters asked for last."""
        if where is None:
            return np.arange(len(self), dtype=np.int64)
        packed = self.filters.get(where)
        if packed is None:
            packed = np.packbits(self.mask(self.positions(self.snapshot.matching(where))))
            self.filters.keep(where, packed)
        return np.flatnonzero(np.unpackbits(packed, count=len(self))).astype(np.int64)

    def count(self, where: str | None) -> int:
        """How many frames pass."""
        if where is None:
            return len(self)
        packed = self.filters.get(where)
        if packed is None:
            return self.snapshot.count(where)  # twice as fast as finding out which
        return int(np.unpackbits(packed, count=len(self)).sum())

    def mask(self, positions: Positions) -> npt.NDArray[np.bool_]:
        chosen = np.zeros(len(self), dtype=np.bool_)
        chosen[positions] = True
        return chosen

    def floats(self, column: str) -> Floats:
        """A number column, NaN where nothing is stated."""
        if column not in self._floats:
            with self._loading:
                stored = self._in_order([column])[column]
                self._floats.setdefault(column, pc.cast(stored, pa.float64()).to_numpy(zero_copy_only=False))
        return self._floats[column]

    def codes(self, column: str) -> Codes:
        """A text column, or a set column, as codes."""
        self._encode([column])
        return self._codes[column]

    def _encode(self, columns: Sequence[str]) -> None:
        if any(column not in self._codes for column in columns):
            with self._loading:  # read once, however many ask at once
                missing = [column for column in columns if column not in self._codes]
                self._codes.update({name: _encoded(stored) for name, stored in self._in_order(missing).items()})

    def _in_order(self, columns: Sequence[str]) -> dict[str, pa.Array]:
        """Columns of the table, row by row at the frames' positions; in one scan what is not kept."""
        found = {name: self._columns[name] for name in columns if name in self._columns}
        if missing := [name for name in columns if name not in found]:
            read = self.snapshot.columns(missing)
            if not np.array_equal(read["_rowid"].to_numpy(), self.row_ids):  # one version scans in one order
                order = np.argsort(np.asarray(read["_rowid"].to_numpy()))
                inverse = np.empty(len(self), dtype=np.int64)
                inverse[self._by_row_id] = order
                read = read.take(pa.array(inverse))
            found |= {name: read[name].combine_chunks() for name in missing}
        return found

    def rows(self, positions: Positions, columns: Sequence[str]) -> list[dict[str, Any]]:
        """Columns of the frames at positions, in the order given.

        Reading rows by their ids opens every column for each page, which takes longer than finding them. So the columns
        are read whole, once, and kept; of an index that is too large for that, rows are read.
        """
        if len(self) > self._rows_in_memory:
            return self.snapshot.rows(self.row_ids[positions].tolist(), columns)
        self._keep(columns)
        taken = pa.array(positions)
        return list(pa.table({name: self._columns[name].take(taken) for name in columns}).to_pylist())

    def _keep(self, columns: Sequence[str]) -> None:
        if any(name not in self._columns for name in columns):
            with self._loading:
                self._columns.update(self._in_order(columns))

    def belief(self, columns: Sequence[str]) -> Floats:
        """The probability of a chip for every frame: the sum over its values."""
        return np.asarray(np.sum([self.floats(column) for column in columns], axis=0))

    @cached_property
    def risk_percentiles(self) -> dict[int, float]:
        """Risk → the share of frames with a lower one, ties counted half, in percent of those that state one."""
        risk = self.floats("risk")
        counted = np.bincount(risk[~np.isnan(risk)].astype(np.int64), minlength=RISK_MAX + 1)
        lower = np.cumsum(counted) - counted
        share = 100 * (lower + counted / 2) / max(1, counted.sum())
        return {value: float(share[value]) for value in range(RISK_MIN, RISK_MAX + 1)}

    def facets(self, chosen: npt.NDArray[np.bool_]) -> dict[str, dict[str, int]]:
        """Field → value → count over the chosen frames; risk by its whole numbers."""
        risk = self.floats("risk")[chosen]
        stated = risk[~np.isnan(risk)].astype(np.int64)
        histogram = np.bincount(stated, minlength=RISK_MAX + 1)
        counted = {"risk": {str(value): int(histogram[value]) for value in range(RISK_MIN, RISK_MAX + 1)}}
        self._encode(FACET_COLUMNS)
        for column in FACET_COLUMNS:
            counted[column] = self.codes(column).counts(chosen)
        return counted

    @cached_property
    def counts_of_all(self) -> dict[str, dict[str, int]]:
        """As `facets`, over every frame."""
        return self.facets(np.ones(len(self), dtype=np.bool_))
