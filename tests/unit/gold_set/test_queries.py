"""The benchmark's queries: what may stand in a file of them, and which frames a predicate judges."""

import json
from pathlib import Path
from typing import Any

import pytest

from gold_set.labels import GoldLine
from gold_set.queries import ABILITIES, COVERS, BenchmarkQuery, fields_of, read_queries
from scenario.errors import InputError, LineUnreadable
from scenario.vocabulary import Tag
from search.query import parse

GOOD = {"id": "a", "text": "rainy night", "relevant": "weather:rain", "covers": ["weather"], "where": "any"}


def query(relevant: str) -> BenchmarkQuery:
    return BenchmarkQuery(id="q", text="any words", relevant=relevant, covers=(), where="any")


def queries_file(folder: Path, *lines: Any) -> Path:
    path = folder / "queries.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding="utf-8")
    return path


def test_the_packaged_queries_cover_every_field_and_ability() -> None:
    queries = read_queries()
    assert len(queries) >= 64
    assert {name for query in queries for name in query.covers} == set(COVERS)


def test_spatial_words_are_asked_on_the_sample_drive_only() -> None:
    assert all(("spatial" in query.covers) == (query.where == "sample") for query in read_queries())


def test_a_query_says_all_the_fields_that_its_predicate_names() -> None:
    for each in read_queries():
        named = {name for name in each.covers if name not in ABILITIES}
        assert {"tags" if name == "tag" else name for name in fields(each)} == named, each.id


def fields(each: BenchmarkQuery) -> set[str]:
    return set(fields_of(each.predicate))


def test_the_packaged_texts_are_words_alone() -> None:
    assert all(parse(query.text).filter is None for query in read_queries())


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ("{", "JSON"),
        ({"text": "weather:rain"}, "field 'text'.*plain words"),
        ({"text": "construction"}, "field 'text'.*plain words"),
        ({"relevant": "weather:rian"}, "field 'relevant'.*rain"),
        ({"relevant": "rainy night"}, "field 'relevant'.*not a filter alone"),
        ({"relevant": "object:bus"}, "field 'relevant': no gold field named 'object'"),
        ({"relevant": '"a bus"'}, "field 'relevant': no gold field named 'text'"),
        ({"relevant": "weather:rain sort:risk-desc"}, "field 'relevant'.*not a filter alone"),
        ({"covers": ["wheather"]}, "field 'covers'.*did you mean 'weather'"),
        ({"where": "here"}, "field 'where'"),
        ({}, "field 'id': 'a' again; line 1 has it"),
    ],
)
def test_a_bad_line_is_named_with_its_field(tmp_path: Path, change: Any, complaint: str) -> None:
    bad = change if isinstance(change, str) else {**GOOD, **({"id": "b"} if change else {}), **change}
    with pytest.raises(LineUnreadable, match=f"(?s){complaint}") as caught:
        read_queries(queries_file(tmp_path, GOOD, bad))
    assert caught.value.line == 2


def test_a_file_that_is_not_there_or_empty_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        read_queries(tmp_path / "nowhere.jsonl")
    with pytest.raises(InputError, match="no query"):
        read_queries(queries_file(tmp_path, ""))


def test_a_predicate_is_judged_on_what_the_gold_states() -> None:
    line = GoldLine(token="t", scalars={"weather": "heavy_rain"}, tags=(Tag.CONSTRUCTION,), risk=7, controls=())
    assert query("weather:wet tag:construction risk:>=7").judge(line) is True
    assert query("risk:>7").judge(line) is False
    assert query("NOT weather:rain").judge(line) is True
    assert query("traffic_controls:*").judge(line) is False


def test_a_frame_whose_gold_leaves_a_needed_field_unsaid_is_not_judged() -> None:
    line = GoldLine(token="t", scalars={"weather": "rain"})
    assert query("NOT time_of_day:night").judge(line) is None
    assert query("weather:rain AND NOT tag:construction").judge(line) is None
    assert query("traffic_controls:red_light").judge(line) is None
    assert query("risk:>=0").judge(line) is None
