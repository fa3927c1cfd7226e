"""Exports end to end: from an index through the engine and the command line into files."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from drives import Drives, drive, engine_over, tokens
from exported import exported
from scenario.errors import ConfigError, NoLedger, UnknownToken
from scenario.workspace import Workspace
from server.engine import Engine
from server.exporting import HITS_AT_ONCE, SCENARIOS_AT_ONCE
from shell import semdrive, semdrive_here

COUNT = 150


@pytest.fixture(scope="module")
def drives(tmp_path_factory) -> Drives:
    made = Drives.at(tmp_path_factory.mktemp("export") / "index")
    made.write(drive(COUNT))
    return made


@pytest.fixture(scope="module")
def engine(drives: Drives) -> Engine:
    return engine_over(drives)


def _export(drives: Drives, *arguments: str) -> subprocess.CompletedProcess[str]:
    return semdrive_here("export", *arguments, "--index", drives.workspace.location)


def _tokens(rows) -> list[str]:
    return [one.hit.token for batch in rows.batches() for one in batch]


@pytest.mark.parametrize("query", ["", "risk>=4", "pedestrian at night", "truck risk:>=3 sort:risk-asc"])
def test_an_export_is_the_answer_in_its_order_and_says_the_same_of_each_frame(engine, query):
    hits = engine.search(query, limit=1000).hits
    batches = engine.export_rows(query).batches()
    assert [one.hit for batch in batches for one in batch] == list(hits)


def test_a_limit_takes_the_first_and_must_be_one_or_more(engine):
    assert _tokens(engine.export_rows("risk>=4", limit=7)) == tokens(engine.search("risk>=4", limit=7))
    with pytest.raises(ConfigError, match="limit >= 1, not 0; leave it out"):
        engine.export_rows("risk>=4", limit=0)


def test_tokens_alone_are_exported_in_the_order_given_each_once(engine):
    some = tokens(engine.search("", limit=5))[::-1]
    rows = engine.export_rows(tokens=[*some, some[0]])
    assert _tokens(rows) == some
    assert [one.hit.rank for batch in rows.batches() for one in batch] == [1, 2, 3, 4, 5]


def test_tokens_of_an_answer_keep_their_ranks_in_it(engine):
    every = tokens(engine.search("risk>=4", limit=1000))
    rows = engine.export_rows("risk>=4", tokens=[every[9], every[2]])
    assert [one.hit.rank for batch in rows.batches() for one in batch] == [3, 10]


def test_a_token_that_is_not_in_the_index_is_named(engine):
    with pytest.raises(UnknownToken, match="'nowhere'"):
        engine.export_rows(tokens=["nowhere"])


def test_frames_come_in_batches_with_their_scenarios_beside_them(engine):
    batches = list(engine.export_rows().batches("scenarios"))
    assert {len(batch) for batch in batches} <= {SCENARIOS_AT_ONCE, COUNT % SCENARIOS_AT_ONCE}
    assert all(one.known.frame.token == one.hit.token for batch in batches for one in batch)


def test_only_the_batch_that_is_asked_for_is_read(engine):
    rows = engine.export_rows()
    read: list[int] = []
    spied = replace(rows, hits_at=lambda chosen: read.append(len(chosen)) or rows.hits_at(chosen))
    next(spied.batches("scenarios"))
    assert read == [SCENARIOS_AT_ONCE]
    assert HITS_AT_ONCE > SCENARIOS_AT_ONCE


@pytest.mark.parametrize("name", ["tokens", "nuscenes"])
def test_a_list_of_tokens_reads_no_row(engine, name):
    rows = engine.export_rows("risk>=4")
    read: list[int] = []
    spied = replace(rows, hits_at=lambda chosen: read.append(len(chosen)) or rows.hits_at(chosen))
    made, _ = exported(name, spied)
    listed = json.loads(made) if name == "nuscenes" else made.decode().split()
    assert (listed, read) == (tokens(engine.search("risk>=4", limit=1000)), [])


def test_an_export_that_began_before_a_rebuild_ends_in_the_index_it_began_in(tmp_path):
    drives = Drives.at(tmp_path / "index")
    drives.write(drive(130))
    engine = engine_over(drives)
    before = _tokens(engine.export_rows())
    batches = engine.export_rows().batches("scenarios")
    read = [one.hit.token for one in next(batches)]
    drives.write(drive(3, seed=9), "another")
    assert read + [one.hit.token for batch in batches for one in batch] == before


def test_an_index_without_a_ledger_exports_tables_and_says_what_the_rest_needs(drives):
    alone = Engine(Workspace.open(drives.workspace.index_uri), lambda fingerprint: drives.embedder)
    rows = alone.export_rows("risk>=4")
    assert _tokens(rows)
    with pytest.raises(NoLedger, match="this export needs the ledger"):
        next(rows.batches("scenarios"))


def test_the_command_writes_a_file_and_says_what_it_did(drives, engine, tmp_path):
    out = tmp_path / "deep" / "risky.parquet"
    done = _export(drives, "risk>=4", "--out", str(out), "--limit", "20", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "format": "parquet",
        "out": str(out),
        "frames": 20,
        "written_bytes": out.stat().st_size,
        "left_out": {},
    }
    assert pq.read_table(out)["token"].to_pylist() == tokens(engine.search("risk>=4", limit=20))


@pytest.mark.parametrize("name", ["tokens", "nuscenes", "jsonl", "csv", "parquet", "coco", "fiftyone", "frames"])
def test_every_format_is_written_and_counts_what_it_left_out(drives, tmp_path, name):
    done = _export(drives, "risk>=4", "--format", name, "--out", str(tmp_path / "out"), "--limit", "20", "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["frames"], (tmp_path / "out").exists()) == (20, True)
    assert bool(summary["left_out"]) == (name in ("coco", "fiftyone", "frames"))  # the made-up frames have no pictures
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_what_is_there_is_not_replaced_without_force(drives, tmp_path):
    out = tmp_path / "kept.txt"
    out.write_text("mine")
    refused = _export(drives, "risk>=4", "--out", str(out))
    assert (refused.returncode, out.read_text()) == (2, "mine")
    assert "exists; name another file, or replace it with --force" in refused.stderr
    assert _export(drives, "risk>=4", "--out", str(out), "--force").returncode == 0
    assert out.read_text() != "mine"


def test_force_replaces_an_earlier_fiftyone_export_and_no_other_directory(drives, tmp_path):
    out = tmp_path / "set"
    arguments = ("risk>=4", "--format", "fiftyone", "--out", str(out))
    assert _export(drives, *arguments).returncode == 0
    assert "replace it with --force" in _export(drives, *arguments).stderr
    assert _export(drives, *arguments, "--force").returncode == 0
    (out / "notes.txt").write_text("mine")
    refused = _export(drives, *arguments, "--force")
    assert "is no earlier export, so --force leaves it alone" in refused.stderr
    assert (out / "notes.txt").read_text() == "mine"


def test_a_failed_export_leaves_what_was_there_and_nothing_else(drives, tmp_path):
    out = tmp_path / "kept.json"
    out.write_text("mine")
    failed = semdrive_here(
        *("export", "risk>=4", "--format", "coco", "--out", str(out), "--force"),
        *("--index", drives.workspace.index_uri),
    )
    assert failed.returncode == 2
    assert "needs the ledger" in failed.stderr
    assert ([entry.name for entry in tmp_path.iterdir()], out.read_text()) == (["kept.json"], "mine")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--format", "parket"), "did you mean 'parquet'?"),
        (("--out", "frames.xyz"), "'frames.xyz' does not say its format; say --format, one of coco, csv"),
        (("--out", "."), "is a directory; name the file to write"),
        (("riks>=4",), "did you mean"),
        (("--tokens", "/nowhere/tokens.txt"), "cannot read tokens from '/nowhere/tokens.txt'"),
        (("--limit", "0"), "limit >= 1, not 0"),
    ],
)
def test_what_cannot_be_exported_is_explained(drives, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    format = () if "--format" in arguments or "frames.xyz" in arguments else ("--format", "csv")
    out = () if "--out" in arguments else ("--out", "out.csv")
    refused = _export(drives, *arguments, *format, *out)
    assert refused.returncode == 2
    assert words in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_tokens_go_through_pipes_and_only_they_are_on_standard_output(drives, engine, tmp_path: Path):
    index = drives.workspace.location
    first = semdrive("export", "risk>=4", "--limit", "3", "--index", index)
    assert first.stdout.split() == tokens(engine.search("risk>=4", limit=3))
    assert "3 frames as tokens to standard output" in first.stderr
    (tmp_path / "tokens.txt").write_text(first.stdout)
    named = semdrive("export", "--tokens", str(tmp_path / "tokens.txt"), "--format", "nuscenes", "--index", index)
    assert json.loads(named.stdout) == first.stdout.split()
