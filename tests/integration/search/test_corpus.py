"""What a corpus keeps in memory: what passed a filter, and where each token stands."""

import numpy as np
import pytest

from drives import Drives, drive
from search.corpus import Corpus
from search.kept import KEPT_FILTERS, KeptFilters
from search.store import Store
from server.views import HIT_COLUMNS

SCENARIOS = drive(90, seed=4)
TOKENS = sorted(one.frame.token for one in SCENARIOS)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    drives = Drives.at(tmp_path_factory.mktemp("corpus") / "w")
    drives.write(SCENARIOS)
    return Store(drives.workspace.index_uri)


@pytest.fixture
def corpus(store):
    return Corpus(store.snapshot())


def test_what_is_kept_of_a_filter_is_what_the_table_says(corpus):
    where = "risk >= 4"
    asked = corpus.snapshot.matching(where)
    counted = corpus.count(where)
    first, again = corpus.matching(where), corpus.matching(where)
    assert counted == corpus.count(where) == len(asked)
    assert first.tolist() == again.tolist() == sorted(corpus.positions(asked).tolist())
    assert corpus.count(None) == len(corpus.matching(None)) == len(TOKENS)


def test_a_filter_that_nothing_passes_and_one_that_all_pass_are_kept_as_such(corpus):
    for _ in range(2):
        assert corpus.matching("risk > 10").tolist() == []
        assert corpus.matching("token IS NOT NULL").tolist() == list(range(len(TOKENS)))


def test_no_more_filters_are_kept_than_the_bound(corpus):
    kept = KeptFilters(2)
    for name in ("a", "b"):
        kept.keep(name, np.zeros(1, dtype=np.uint8))
    assert kept.get("a") is not None  # asked for last, so b goes first
    kept.keep("c", np.zeros(1, dtype=np.uint8))
    assert (kept.get("a") is None, kept.get("b") is None, kept.get("c") is None) == (False, True, False)
    assert KEPT_FILTERS * 1_000_000 / 8 < 16e6  # bytes, of a million frames


def test_completions_of_a_token_are_the_first_that_begin_with_it(corpus):
    for prefix in ("", TOKENS[40][:2], TOKENS[40], TOKENS[-1] + "z", "\uffff", "it's"):
        assert corpus.tokens_from(prefix, 5) == [token for token in TOKENS if token.startswith(prefix)][:5]


def test_every_token_is_placed_alone_as_it_is_among_many(corpus):
    asked = [*TOKENS, "", "unknown", TOKENS[0] + "0"]
    alone = [int(corpus.places([token])[0]) for token in asked]
    assert alone == corpus.places(asked).tolist()
    assert [corpus.token(place) for place in alone[: len(TOKENS)]] == TOKENS
    assert alone[len(TOKENS) :] == [-1, -1, -1]


def test_rows_out_of_memory_are_the_rows_of_the_table(corpus):
    chosen = np.array([70, 3, 3, 41, 0])
    kept = corpus.rows(chosen, HIT_COLUMNS)
    assert kept == corpus.snapshot.rows(corpus.row_ids[chosen].tolist(), HIT_COLUMNS)
    assert kept == corpus.rows(chosen, HIT_COLUMNS)
    assert corpus.rows(np.zeros(0, dtype=np.int64), ["token"]) == []


def test_rows_of_a_large_index_are_read_and_not_kept(store):
    corpus = Corpus(store.snapshot(), rows_in_memory=len(TOKENS) - 1)
    assert [row["token"] for row in corpus.rows(np.array([5, 2]), ["token"])] == [corpus.token(5), corpus.token(2)]
    assert corpus._columns == {}
