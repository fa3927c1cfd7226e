"""What LanceDB 0.40 really does (the design's table of store facts), and that our store is safe from it."""

import inspect
import re
import shutil
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import search.store
from drives import Drives, drive, engine_over, scenario
from rows import BUILD, DIM, row, table_of, unit_vectors, with_vectors
from scenario.errors import IndexMismatch, NoIndex, StoreError
from scenario.records import Facts
from search.schema import DESCRIPTION_VECTOR, REASONING_VECTOR, VECTOR_COLUMNS, schema
from search.store import TABLE, VECTOR_INDEX_FROM, Build, Snapshot, Store

ROOT = Path(search.store.__file__).parents[1]
RARE, WITHOUT_VECTOR = range(7), range(100, 600)  # row numbers in the large table
DIRECTION = unit_vectors(1, seed=99)[0]


def large_table(uri, vectors_by_column):
    """A table large enough for a vector index: rows alike but for their vectors, and seven at a rare location."""
    count = VECTOR_INDEX_FROM
    columns = schema(DIM, BUILD.metadata())
    blank = row("t")
    arrays = {field.name: pa.array([blank[field.name]] * count, field.type) for field in columns}
    arrays["token"] = pa.array([f"t{number:05d}" for number in range(count)])
    arrays["location"] = pa.array(["rare" if number in RARE else None for number in range(count)])
    for name, vectors in vectors_by_column.items():
        listed = [None if number in WITHOUT_VECTOR else vector for number, vector in enumerate(vectors)]
        arrays[name] = pa.array(listed, columns.field(name).type)
    store = Store(uri)
    table = store._db.create_table(TABLE, data=pa.table(arrays, schema=columns), mode="overwrite")
    store._index(table)
    return Snapshot(table, table.version)


@pytest.fixture(scope="module")
def vectors():
    return unit_vectors(VECTOR_INDEX_FROM)


@pytest.fixture(scope="module")
def large(tmp_path_factory, vectors):
    return large_table(str(tmp_path_factory.mktemp("large")), dict.fromkeys(VECTOR_COLUMNS, vectors))


def tokens_of(snapshot, row_ids):
    return [one["token"] for one in snapshot.rows([int(row_id) for row_id in row_ids], ["token"])]


# Paging


def test_pages_over_tied_scores_neither_repeat_nor_lose_a_frame(tmp_path):
    drives = Drives.at(tmp_path / "w")
    drives.write([scenario(f"t{n:03d}", Facts(description="a pedestrian in the road")) for n in range(180)])
    engine = engine_over(drives)
    pages = [engine.search("pedestrian", limit=7, offset=offset).hits for offset in range(0, 180, 7)]
    assert [hit.token for page in pages for hit in page] == [f"t{n:03d}" for n in range(180)]


def test_a_larger_page_begins_with_the_smaller_one(tmp_path):
    drives = Drives.at(tmp_path / "w")
    drives.write(drive(150, seed=3))
    engine = engine_over(drives)
    whole = [hit.token for hit in engine.search("pedestrian at night", limit=500).hits]
    for limit in (1, 10, 50):
        assert [hit.token for hit in engine_over(drives).search("pedestrian at night", limit=limit).hits] == whole[
            :limit
        ]


# Vectors


def test_the_vector_indexes_are_cosine_and_complete(large):
    found = {index["name"]: index for index in large.indices()}
    for column in VECTOR_COLUMNS:
        assert "ivf" in found[f"{column}_idx"]["kind"].casefold()
        assert found[f"{column}_idx"]["distance"] == "cosine"
        assert found[f"{column}_idx"]["unindexed_rows"] == 0


@pytest.mark.parametrize("limit", [1, 5, 7, 8, 1000])
@pytest.mark.parametrize("column", VECTOR_COLUMNS)
def test_a_rare_filter_still_gives_every_row_that_matches(large, vectors, column, limit):
    found, distances = large.nearest(column, DIRECTION, "location = 'rare'", limit)
    nearest = sorted(RARE, key=lambda number: -float(vectors[number] @ DIRECTION))[:limit]
    assert tokens_of(large, found) == [f"t{number:05d}" for number in nearest]
    assert np.allclose(distances, [1 - vectors[number] @ DIRECTION for number in nearest], atol=1e-5)


def test_a_common_filter_gives_as_many_rows_as_were_asked_for(large):
    found, distances = large.nearest(DESCRIPTION_VECTOR, DIRECTION, "location IS NULL", 1000)
    assert len(set(found.tolist())) == 1000
    assert (np.diff(distances) >= 0).all()


def test_rows_without_a_vector_stay_in_the_table_and_are_never_near(large):
    without = {f"t{number:05d}" for number in WITHOUT_VECTOR}
    assert len(large) == VECTOR_INDEX_FROM
    found, distances = large.nearest(DESCRIPTION_VECTOR, DIRECTION, None, VECTOR_INDEX_FROM)
    assert len(found) == VECTOR_INDEX_FROM - len(without)
    assert without.isdisjoint(tokens_of(large, found))
    assert np.isfinite(distances).all()


def test_a_filter_that_only_rows_without_a_vector_pass_gives_none(large):
    found, _ = large.nearest(DESCRIPTION_VECTOR, DIRECTION, "token = 't00100'", 10)
    assert len(found) == 0


def test_a_small_table_gives_only_rows_with_a_vector(tmp_path):
    rows = [*with_vectors([row("a"), row("b")]), row("without")]
    snapshot = table_of(str(tmp_path), rows, indexed=True)
    assert sorted(tokens_of(snapshot, snapshot.nearest(DESCRIPTION_VECTOR, DIRECTION, None, 10)[0])) == ["a", "b"]
    assert len(snapshot.nearest(REASONING_VECTOR, DIRECTION, None, 10)[0]) == 0


@pytest.mark.parametrize("count", [0, 1, 2, 50])
def test_a_large_log_in_which_few_frames_have_a_reasoning_can_be_indexed(tmp_path, vectors, count):
    few = [*vectors[:count], *[None] * (VECTOR_INDEX_FROM - count)]
    snapshot = large_table(str(tmp_path), {DESCRIPTION_VECTOR: vectors, REASONING_VECTOR: few})
    assert len(snapshot.nearest(DESCRIPTION_VECTOR, DIRECTION, None, 10)[0]) == 10
    found, _ = snapshot.nearest(REASONING_VECTOR, DIRECTION, None, 100)
    assert sorted(tokens_of(snapshot, found)) == [f"t{number:05d}" for number in range(count)]


# Writing and publishing


def test_the_store_never_changes_rows_in_place():
    source = inspect.getsource(search.store).replace("table.tags.update(", "")
    assert not re.findall(r"merge_insert|\.update\(|\.add\(|\.delete\(", source)


def test_a_build_is_written_in_large_batches(tmp_path):
    drives = Drives.at(tmp_path / "w")
    drives.write(drive(200))
    assert len(list((tmp_path / "w").glob("index.lance/*/data/*"))) == 1


def test_nothing_of_ours_forks():
    rooms = ("scenario", "search", "verifier", "indexer", "gold_set", "server", "semdrive")
    sources = [path for room in rooms for path in (ROOT / room).rglob("*.py")]
    assert len(sources) > 30
    forking = re.compile(r"os\.fork|[\"']fork(server)?[\"']|\bmultiprocessing\.(Process|Pool)\(")
    assert [str(path) for path in sources if forking.search(path.read_text(encoding="utf-8"))] == []


def test_an_open_engine_sees_a_new_build_at_its_next_search(tmp_path):
    drives = Drives.at(tmp_path / "w")
    first = drives.write(drive(20, seed=1))
    engine = engine_over(drives)
    before = engine.search("")
    second = drives.write(drive(30, seed=2), "another")
    after = engine.search("")
    assert (before.table_version, before.matching) == (first, 20)
    assert (after.table_version, after.matching) == (second, 30)
    assert engine.facets().total == 30


def test_pages_of_an_older_search_come_from_the_version_it_saw(tmp_path):
    drives = Drives.at(tmp_path / "w")
    old = drive(20, seed=1)
    drives.write(old)
    engine = engine_over(drives)
    first = engine.search("sort:token-asc", limit=10)
    drives.write(drive(20, seed=2), "another")
    engine.search("sort:token-asc")
    second = engine.page(first.search_id, limit=10, offset=10)
    assert second.table_version == first.table_version
    assert [hit.token for hit in (*first.hits, *second.hits)] == sorted(one.frame.token for one in old)


def test_a_snapshot_stays_as_it_was(tmp_path):
    drives = Drives.at(tmp_path / "w")
    drives.write(drive(20, seed=1))
    snapshot = Store(drives.workspace.index_uri).snapshot()
    drives.write(drive(30, seed=2))
    assert (len(snapshot), snapshot.count("risk IS NULL OR risk >= 0")) == (20, 20)


def rows_that_break(drives, scenarios):
    yield from map(drives.row, scenarios)
    raise RuntimeError("killed")


def test_an_interrupted_build_leaves_the_last_one_published(tmp_path):
    drives = Drives.at(tmp_path / "w")
    version = drives.write(drive(20, seed=1))
    store = Store(drives.workspace.index_uri)
    with pytest.raises(RuntimeError, match="killed"):
        store.write(rows_that_break(drives, drive(30, seed=2)), BUILD, 2)
    for reader in (store, Store(drives.workspace.index_uri)):
        assert reader.snapshot().version == version
        assert len(reader.snapshot()) == 20


def test_a_build_that_was_written_and_not_published_is_not_seen(tmp_path):
    drives = Drives.at(tmp_path / "w")
    version = drives.write(drive(20, seed=1))
    engine = engine_over(drives)
    table_of(drives.workspace.index_uri, [row("half-written")], indexed=False)
    assert engine.search("").matching == engine_over(drives).search("").matching == 20
    assert Store(drives.workspace.index_uri).published_version() == version


def test_an_interrupted_first_build_is_no_index(tmp_path):
    drives = Drives.at(tmp_path / "w")
    store = Store(drives.workspace.index_uri)
    with pytest.raises(RuntimeError, match="killed"):
        store.write(rows_that_break(drives, drive(30)), BUILD, 1)
    table_of(drives.workspace.index_uri, [row("half-written")], indexed=False)
    with pytest.raises(NoIndex):
        store.snapshot()


def test_a_place_without_an_index_says_so(tmp_path):
    with pytest.raises(NoIndex, match="semdrive index"):
        Store(str(tmp_path / "nothing.lance")).snapshot()


def test_an_index_of_another_table_version_is_refused(tmp_path):
    columns = schema(DIM, BUILD.metadata() | {"semdrive.table_version": "0"})
    store = Store(str(tmp_path))
    store._publish(store._db.create_table(TABLE, data=pa.Table.from_pylist([row("t")], schema=columns)))
    with pytest.raises(IndexMismatch, match="index again"):
        store.snapshot()


def test_our_table_is_found_among_many_others(tmp_path):
    drives = Drives.at(tmp_path / "w")
    store = Store(drives.workspace.index_uri)
    for number in range(25):
        store._db.create_table(f"a{number:02d}", data=pa.table({"x": [1]}))
    with pytest.raises(NoIndex):
        store.snapshot()
    drives.write(drive(5))
    assert len(Store(drives.workspace.index_uri).snapshot()) == 5


def test_a_log_without_frames_is_an_empty_index(tmp_path):
    drives = Drives.at(tmp_path / "w")
    drives.write([])
    engine = engine_over(drives)
    for query in ("", "risk:>=4", "pedestrian at night", "sort:risk-asc"):
        page = engine.search(query, group="scene")
        assert (page.matching, page.ranked, page.groups, page.hits) == (0, 0, 0, ())
    assert engine.facets().total == 0


# Clean-up, and an index that is replaced


def test_a_rebuild_publishes_though_the_published_build_is_older_than_what_is_kept(tmp_path):
    drives = Drives.at(tmp_path / "w")
    drives.write(drive(5), "one")
    store = Store(drives.workspace.index_uri, keep_old_versions=timedelta(0))
    build = Build("two", drives.embedder.fingerprint, drives.embedder.dim)
    version = store.write([drives.row(one) for one in drive(7)], build, run=2)
    assert (store.published_version(), len(store.snapshot())) == (version, 7)


def test_readers_of_the_last_build_can_finish_after_a_rebuild_cleaned_up(tmp_path):
    drives = Drives.at(tmp_path / "w")
    drives.write(drive(5), "one")
    reader = Store(drives.workspace.index_uri).snapshot()
    build = Build("two", drives.embedder.fingerprint, drives.embedder.dim)
    store = Store(drives.workspace.index_uri, keep_old_versions=timedelta(0))
    store.write([drives.row(one) for one in drive(7)], build, run=2)
    assert len(reader.columns(["token", "description"])) == 5


def test_an_engine_survives_an_index_that_is_deleted_and_built_again(tmp_path):
    drives = Drives.at(tmp_path / "w")
    drives.write(drive(5), "one")
    engine = engine_over(drives)
    assert engine.search("").ranked == 5
    shutil.rmtree(drives.workspace.index_uri)
    drives.write(drive(7), "two")
    assert engine.search("risk:* OR NOT risk:*").ranked == 7
    assert engine.facets("").total == 7


def test_an_index_that_cannot_be_reached_is_an_error_with_a_name():
    with pytest.raises(StoreError, match="opening the index failed"):
        Store("nosuchscheme://bucket/index").snapshot()


def test_a_phrase_does_not_cross_from_one_text_into_the_next(tmp_path):
    drives = Drives.at(tmp_path / "w")
    one = scenario("t", Facts(description="The road is closed"), labels=["traffic cone"])
    drives.write([one])
    engine = engine_over(drives)
    assert engine.search('"is closed"').ranked == 1
    assert engine.search('"closed traffic cone"').ranked == 0
