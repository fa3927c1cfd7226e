"""Tokens and tables: the answer's order, the same columns everywhere, and text that harms nobody."""

import csv
import io
import json
import tracemalloc
from collections.abc import Iterator
from typing import get_args

import pyarrow.parquet as pq
import pytest

from exported import exported, hit, rows
from scenario.errors import ExportError
from search.results import FLAT_COLUMNS
from server.exporting import Batch
from server.exports.formats import FORMATS, FormatName

HOSTILE = 'a\x1b[31m\u202e\x9b31m"<script>alert(1)</script>",\nnext\u2028line\x7f\x00 ü'
TABLES = ["jsonl", "csv", "parquet"]


def _csv(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def test_tokens_stand_one_a_line_in_the_order_of_the_answer():
    data, _ = exported("tokens", rows([hit(1, "b"), hit(2, "a")]))
    assert data == b"b\na\n"


def test_a_token_that_is_two_lines_is_refused_and_the_remedy_named():
    with pytest.raises(ExportError, match=r"'a\\nb' has control characters.*export it as jsonl"):
        exported("tokens", rows([hit(1, "a\nb")]))


@pytest.mark.parametrize("count", [0, 1, 3000])
def test_a_nuscenes_list_is_a_json_list_of_tokens_of_any_length(count):
    data, _ = exported("nuscenes", rows([hit(rank) for rank in range(1, count + 1)]))
    assert json.loads(data) == [f"token-{rank}" for rank in range(1, count + 1)]


def test_json_csv_and_parquet_say_the_same_of_a_frame():
    given = rows([hit(1, why={"bm25": 2.0}, score=0.5, facts={"weather": "rain"}, verdict="yes")])
    line = json.loads(exported("jsonl", given)[0])
    (cells,) = _csv(exported("csv", given)[0])
    (row,) = pq.read_table(io.BytesIO(exported("parquet", given)[0])).to_pylist()
    assert line == row
    assert list(line) == list(cells) == list(FLAT_COLUMNS)
    assert (line["weather"], line["rank_bm25"], line["tags"]) == ("rain", 2.0, ["construction"])
    assert (cells["objects"], cells["risk"], cells["agreement"], cells["verdict"]) == ("person; car", "7", "", "yes")


@pytest.mark.parametrize("name", TABLES)
def test_an_answer_without_frames_is_an_empty_table(name):
    data, _ = exported(name, rows([]))
    if name == "jsonl":
        assert data == b""
    elif name == "csv":
        assert data.decode().strip() == ",".join(FLAT_COLUMNS)
    else:
        table = pq.read_table(io.BytesIO(data))
        assert (table.num_rows, tuple(table.column_names)) == (0, FLAT_COLUMNS)


def test_every_json_line_is_one_line_of_ascii_and_keeps_the_text():
    data, _ = exported("jsonl", rows([hit(1, description=HOSTILE), hit(2)]))
    assert data.isascii()
    assert len(data.decode().splitlines()) == 2
    assert b"\x7f" not in data
    assert json.loads(data.splitlines()[0])["description"] == HOSTILE


@pytest.mark.parametrize("start", ["=", "+", "-", "@", " =", "\t=", "\r=", "\x00=", "\u200b=", "＝", "\n="])
def test_no_cell_of_a_csv_is_a_formula(start):
    (cells,) = _csv(exported("csv", rows([hit(1, description=f'{start}HYPERLINK("http://x","y")')]))[0])
    assert cells["description"].startswith("'")


@pytest.mark.parametrize("text", ["a-b", "risk = 7", "1+1", "mail@host"])
def test_text_that_only_holds_such_a_character_stays_as_it_is(text):
    (cells,) = _csv(exported("csv", rows([hit(1, description=text)]))[0])
    assert cells["description"] == text


def test_a_negative_number_in_a_csv_stays_a_number():
    (cells,) = _csv(exported("csv", rows([hit(1, score=-0.5)]))[0])
    assert cells["score"] == "-0.5"


def test_csv_cells_keep_their_quotes_and_line_breaks_and_lose_what_steers_a_terminal():
    (cells,) = _csv(exported("csv", rows([hit(1, description=HOSTILE)]))[0])
    assert cells["description"] == 'a[31m31m"<script>alert(1)</script>",\nnext\u2028line ü'


def test_an_unknown_format_is_told_the_nearest():
    with pytest.raises(Exception, match="did you mean 'parquet'"):
        FORMATS.create("parquett")


def test_every_format_has_its_name_in_the_schema_and_says_what_it_is():
    assert get_args(FormatName) == tuple(FORMATS.targets)
    for name in FORMATS.targets:
        format = FORMATS.create(name)
        assert format.about
        assert format.media_type
        assert format.suffix.startswith(".")


def _peak_bytes(name: str, count: int) -> int:
    """The most memory that an export of so many frames holds; and that each batch is out before the next is read."""
    one, asked = hit(1, description="A long description. " * 10), 0

    def batches() -> Iterator[Batch]:
        nonlocal asked
        for _ in range(0, count, 500):
            asked += 1
            yield Batch([one.token] * 500, [one] * 500)

    tracemalloc.start()
    out = [asked for chunk in FORMATS.create(name).chunks(batches()) if chunk.strip(b"[]\n ")]
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert out[: count // 500] == list(range(1, 1 + count // 500))
    return peak_bytes


@pytest.mark.parametrize("name", ["tokens", "nuscenes", *TABLES])
def test_ten_times_the_frames_take_no_more_memory(name):
    small, large = _peak_bytes(name, 1000), _peak_bytes(name, 10_000)
    assert large < small + 500_000
