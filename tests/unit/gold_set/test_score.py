"""Facts against a gold file: every number by hand."""

import json
from pathlib import Path
from typing import Any

import pytest

from gold_set.labels import read_gold
from gold_set.score import score_file
from scenario.errors import InputError, LineUnreadable
from scenario.records import Facts
from scenario.vocabulary import Tag, Weather


def gold_file(folder: Path, *lines: Any) -> Path:
    path = folder / "gold.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding="utf-8")
    return path


def test_tags_are_counted_one_by_one_and_together(tmp_path: Path) -> None:
    gold = gold_file(
        tmp_path,
        {"token": "a", "wod_e2e_tags": ["construction", "vru_hazard"]},
        {"token": "b", "wod_e2e_tags": []},
    )
    facts = {"a": Facts(tags=(Tag.CONSTRUCTION,)), "b": Facts(tags=(Tag.CONSTRUCTION,))}
    summary = score_file(gold, facts)
    construction, hazard = summary.tags[Tag.CONSTRUCTION], summary.tags[Tag.VRU_HAZARD]
    assert (construction.tp, construction.fp, construction.fn) == (1, 1, 0)
    assert (hazard.precision, hazard.recall, hazard.f1) == (None, 0.0, 0.0)
    assert (summary.micro.precision, summary.micro.recall, summary.micro.f1) == (0.5, 0.5, 0.5)


def test_a_line_without_tags_judges_none_and_an_empty_list_judges_all(tmp_path: Path) -> None:
    gold = gold_file(tmp_path, {"token": "a"}, {"token": "b", "wod_e2e_tags": []})
    facts = {token: Facts(tags=(Tag.CONSTRUCTION,)) for token in "ab"}
    assert score_file(gold, facts).micro.fp == 1


def test_risk_is_judged_where_both_state_it(tmp_path: Path) -> None:
    lines = [{"token": "a", "risk_score": 6}, {"token": "b", "risk": 2}, {"token": "c", "risk": 3}, {"token": "d"}]
    facts = {"a": Facts(risk=4), "b": Facts(risk=3), "c": Facts(), "d": Facts(risk=9)}
    risk = score_file(gold_file(tmp_path, *lines), facts).risk
    assert (risk.judged, risk.unstated, risk.mae) == (3, 1, 1.5)


def test_without_a_stated_risk_there_is_no_error(tmp_path: Path) -> None:
    assert score_file(gold_file(tmp_path, {"token": "a", "risk": 3}), {"a": Facts()}).risk.mae is None


def test_scalars_are_judged_where_the_gold_states_them(tmp_path: Path) -> None:
    lines = [{"token": "a", "weather": "rain"}, {"token": "b", "weather": "fog"}, {"token": "c", "weather": None}]
    facts = {"a": Facts(weather=Weather.RAIN), "b": Facts(), "c": Facts(weather=Weather.SNOW)}
    weather = score_file(gold_file(tmp_path, *lines), facts).fields["weather"]
    assert (weather.judged, weather.unstated, weather.right, weather.accuracy) == (2, 1, 1, 0.5)


def test_gold_frames_without_facts_are_named_and_not_scored(tmp_path: Path) -> None:
    gold = gold_file(tmp_path, {"token": "a", "wod_e2e_tags": ["construction"]}, {"token": "b", "wod_e2e_tags": []})
    summary = score_file(gold, {"b": Facts()})
    assert (summary.missing, summary.frames, summary.micro.fn) == (("a",), 1, 0)


def test_other_keys_and_blank_lines_are_left_alone(tmp_path: Path) -> None:
    gold = gold_file(tmp_path, {"token": "a", "scene": "scene-0001", "note": 3}, "", "  ")
    assert [line.scene for line in read_gold(gold)] == ["scene-0001"]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "not JSON"),
        ("[1]", "not an object"),
        ({"weather": "rain"}, "'token'"),
        ({"token": "b", "weather": "rian"}, "field 'weather'.*did you mean 'rain'"),
        ({"token": "b", "weather": ["rain"]}, "field 'weather'"),
        ({"token": "b", "wod_e2e_tags": ["constrution"]}, "field 'wod_e2e_tags'.*did you mean 'construction'"),
        ({"token": "b", "wod_e2e_tags": "construction"}, "a list of tags"),
        ({"token": "b", "wod_e2e_tags": [["construction"]]}, "field 'wod_e2e_tags'"),
        ({"token": "b", "risk_score": 11}, "field 'risk_score' is 11"),
        ({"token": "b", "risk_score": True}, "field 'risk_score' is True"),
        ({"token": "b", "risk_score": 3.5}, "field 'risk_score' is 3.5"),
        ({"token": "a"}, "line 1 has it"),
    ],
)
def test_a_bad_line_is_named_with_its_field(tmp_path: Path, line: Any, complaint: str) -> None:
    gold = gold_file(tmp_path, {"token": "a"}, line)
    with pytest.raises(LineUnreadable, match=complaint) as caught:
        read_gold(gold)
    assert caught.value.line == 2


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        score_file(tmp_path / "nowhere.jsonl", {})
