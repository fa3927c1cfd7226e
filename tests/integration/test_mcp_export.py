"""What an agent gets that exports: text up to a bound, and a way to the whole that works."""

import csv
import io
import json
import shlex
from pathlib import Path

import pytest

pytest.importorskip("mcp", reason="needs the extra 'mcp'")

from drives import Drives, drive, engine_over, tokens
from exported import exported
from scenario.errors import ConfigError, NoLedger, SemdriveError
from scenario.workspace import Workspace
from server.app import create_app
from server.engine import Engine
from server.exports.asking import Wanted
from server.mcp import Tools
from server.mcp_export import MOST_CHARS, MOST_IN_URL, Exports
from serving import serving
from shell import semdrive_here

COUNT = 1200  # tokens of 17 characters: more than fit


@pytest.fixture(scope="module")
def engine(tmp_path_factory) -> Engine:
    drives = Drives.at(tmp_path_factory.mktemp("export") / "index")
    drives.write(drive(COUNT))
    return engine_over(drives)


@pytest.fixture(scope="module")
def tools(engine) -> Tools:
    return Tools(engine)


def test_a_small_export_is_its_text_whole(tools, engine):
    for name in ("tokens", "nuscenes", "jsonl", "csv"):
        told = tools.export("risk>=4", name, limit=5)
        made, _ = exported(name, engine.export_rows("risk>=4", limit=5))
        assert (told.text, told.frames, told.included, told.left_out) == (made.decode(), 5, 5, 0)
        assert told.note is None


@pytest.mark.parametrize("name", ["tokens", "jsonl", "csv"])
def test_a_large_one_is_cut_after_a_whole_frame_and_says_how_many_it_lacks(tools, engine, name):
    told = tools.export("", name)
    assert (told.frames, told.left_out) == (COUNT, COUNT - told.included)
    assert 0 < told.included < COUNT
    assert MOST_CHARS / 2 < len(told.text) <= MOST_CHARS
    read = {
        "tokens": lambda text: text.split(),
        "jsonl": lambda text: [json.loads(line)["token"] for line in text.splitlines()],
        "csv": lambda text: [row["token"] for row in csv.DictReader(io.StringIO(text, newline=""))],
    }[name](told.text)
    assert read == tokens(engine.search("", limit=told.included))
    assert f"{told.left_out:,} frames are not in `text`" in told.note


@pytest.mark.parametrize("name", ["nuscenes", "coco", "parquet", "fiftyone", "frames"])
def test_what_is_of_no_use_in_part_is_not_told_in_part(tools, name):
    told = tools.export("", name)
    assert (told.text, told.included, told.left_out) == (None, 0, COUNT)
    assert "fetch the whole from `url`, or run `command`" in told.note


ASKED = [
    Wanted("risk>=4", "csv", limit=7),
    Wanted('-weather:rain -"it\'s $HOME & more"', "jsonl"),
    Wanted("a pedestrian at night", "tokens", without=("time_of_day:night",), limit=3),
]


@pytest.mark.parametrize("wanted", ASKED)
def test_the_address_and_the_command_make_the_same_whole(tools, engine, wanted, tmp_path, monkeypatch):
    told = tools.export(wanted.query, wanted.format, None, wanted.limit, list(wanted.without))
    with serving(create_app(engine_over_again(engine))) as client:
        sent = client.get(told.url).raise_for_status().content
    monkeypatch.chdir(tmp_path)
    words = shlex.split(told.command)
    words[words.index("INDEX")] = str(engine.workspace.location)
    assert words[0] == "semdrive"
    if not wanted.without:  # words would need the embedder of the index, which is a test's
        done = semdrive_here(*words[1:])
        assert done.returncode == 0, done.stderr
        assert (tmp_path / wanted.file_name).read_bytes() == sent
    made, _ = exported(
        wanted.format, engine.export_rows(wanted.query, limit=wanted.limit, without=list(wanted.without))
    )
    assert sent == made


def engine_over_again(engine: Engine) -> Engine:
    """One of its own for a server, which closes it."""
    return Engine(engine.workspace, engine._make_embedder)


def test_chosen_tokens_keep_their_order_and_too_many_have_no_address(tools, engine):
    every = tokens(engine.search("", limit=MOST_IN_URL + 1))[::-1]
    few, many = tools.export(tokens=every[:3]), tools.export(tokens=every)
    assert few.text.split() == every[:3]
    assert few.url is not None
    assert few.url.count("tokens=") == 3
    assert many.text.split() == every
    assert many.url is None
    assert "--tokens -" in many.command


def test_no_tokens_are_no_frames_and_no_address_that_would_send_all(tools):
    none = tools.export(tokens=[])
    assert (none.frames, none.text, none.url) == (0, "", None)


def test_no_path_of_this_machine_and_no_hidden_text_is_in_the_answer(tools, engine):
    told = tools.export("risk>=4", "frames").model_dump_json()
    assert str(Path(str(engine.workspace.location)).parent) not in told


def test_what_needs_the_ledger_says_so_before_it_sends_anybody_on(engine):
    alone = Tools(Engine(Workspace.open(engine.workspace.index_uri), engine._make_embedder))
    with pytest.raises(NoLedger, match="this export needs the ledger"):
        alone.export("risk>=4", "frames")
    assert alone.export("risk>=4", limit=1).included == 1


def test_too_many_at_once_are_refused_and_a_failed_one_gives_its_place_back(engine):
    exports = Exports(engine, at_once=1)
    for _ in range(2):
        with pytest.raises(ConfigError):
            exports.text(Wanted(limit=0))
    with exports._places, pytest.raises(SemdriveError, match="1 exports are under way, which is the most"):
        exports.text(Wanted())
