"""Curation from the command line over a real index and ledger: blind until labelled, then compared and merged."""

import json

import pytest

from drives import Drives, scenario
from gold_set.labels import read_gold
from scenario.records import Camera, Facts, ScoutReport
from scenario.vocabulary import Tag, Weather
from shell import semdrive_here

SECRETS = ("overturned", "wheelbarrow", "suspected", "heavy_rain", "construction", "jersey barrier", "scout-one", "9")
ALARM = Facts(tags=(Tag.CONSTRUCTION,), risk=9, weather=Weather.HEAVY_RAIN, description="an overturned wheelbarrow")
REPORT = ScoutReport(scout="scout-one", facts=ALARM, reasoning="suspected roadworks")


@pytest.fixture
def index(tmp_path):
    drives = Drives.at(tmp_path / "w")
    drives.write(
        [
            scenario(
                f"frame-{letter}",
                ALARM,
                labels=("jersey barrier",),
                reports=(REPORT,),
                probabilities={("tags", Tag.CONSTRUCTION): 0.1 * k},
                description="suspected roadworks",
                cameras={"CAM_FRONT": Camera(image=f"{letter}.jpg")},
            )
            for k, letter in enumerate("abcdef")
        ]
    )
    return str(tmp_path / "w")


@pytest.fixture
def gold(index):
    def run(*arguments, code=0):
        result = semdrive_here("gold", *arguments, "--index", index)
        assert result.returncode == code, result.stdout + result.stderr
        assert "Traceback" not in result.stderr
        return result.stdout if code == 0 else " ".join(result.stderr.split())

    return run


def as_json(text):
    return json.loads(text)


def test_a_blind_task_holds_nothing_that_anyone_said_or_believes(gold):
    gold("sample", "--name", "s", "--size", "6", "--method", "stratified")
    for shown in (
        gold("next", "--sample", "s", "--annotator", "ann"),
        gold("next", "--sample", "s", "--annotator", "ann", "--json"),
    ):
        assert ".jpg" in shown
        for secret in (*SECRETS, "belief", "risk", "stratum", "probability"):
            assert secret not in shown.replace("CAM_FRONT", "")


def test_predictions_are_shown_after_a_label_and_then_the_label_stands(gold):
    def compare(**options):
        return gold("compare", "frame-a", "--annotator", "ann", **options)

    assert "taken blind" in compare(code=2)
    gold("label", "frame-a", "--annotator", "ann", "--skip")
    assert "taken blind" in compare(code=2), "who skips has not labelled"
    gold("label", "frame-a", "--annotator", "ann", "--no-tags", "--risk", "2", "--seconds", "4.5")
    assert "wheelbarrow" in compare()
    assert "would not be blind" in gold("label", "frame-a", "--annotator", "ann", "--risk", "9", code=2)
    gold("label", "frame-a", "--annotator", "bob", "--risk", "9")


def test_a_sample_file_tells_tokens_and_chances_and_not_the_strata_of_belief(gold, tmp_path):
    out = tmp_path / "tokens.jsonl"
    gold("sample", "--name", "s", "--size", "5", "--method", "stratified", "--out", str(out))
    lines = [as_json(line) for line in out.read_text().splitlines()]
    assert [set(line) for line in lines] == [{"token", "inclusion_probability"}] * 5
    assert len(read_gold(out)) == 5


def test_two_annotators_are_compared_merged_and_the_corpus_is_estimated(gold, tmp_path):
    gold("sample", "--name", "s", "--size", "6")
    said = [{"token": f"frame-{x}", "tags": ["construction"] if x in "ab" else [], "risk": 4} for x in "abcdef"]
    file = tmp_path / "ann.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in said))
    gold("import", str(file), "--annotator", "ann", "--sample", "s")
    gold("label", "frame-a", "--annotator", "bob", "--tag", "construction", "--risk", "6")
    gold("label", "frame-c", "--annotator", "bob", "--no-tags", "--risk", "4")

    found = as_json(gold("agreement", "ann", "bob", "--json"))
    on = {field["field"]: field for field in found["fields"]}
    assert (found["frames"], on["tag construction"]["kappa"]) == (2, 1.0)
    differ = {"token": "frame-a", "field": "risk", "first": "4", "second": "6"}
    assert found["disagreements"] == [differ]
    assert "frame-a" in gold("agreement", "ann", "bob")

    out = tmp_path / "gold.jsonl"
    merged = as_json(gold("export", "--out", str(out), "--sample", "s", "--merged", "--json"))
    assert (merged["frames"], merged["unstated"]) == (6, 1)
    assert {line.token: line.risk for line in read_gold(out)}["frame-a"] is None
    gold("export", "--out", str(out), "--sample", "s", "--prefer", "bob")
    first = next(line for line in read_gold(out) if line.token == "frame-a")
    assert (first.risk, first.inclusion_probability, first.annotator) == (6, 1.0, "ann+bob")

    estimated = as_json(gold("estimate", "--sample", "s", "--annotator", "ann", "--json"))
    assert estimated["prevalence"]["construction"]["value"] == pytest.approx(1 / 3)
    assert estimated["precision"]["construction"]["value"] == pytest.approx(1 / 3)
    assert (estimated["recall"]["construction"]["value"], estimated["risk"]["value"]) == (1.0, 4.0)


def test_labels_come_in_from_a_file_and_lines_that_say_nothing_are_left_out(gold, tmp_path):
    lines = [{"token": "frame-a", "tags": []}, {"token": "frame-b", "description": "a road"}]
    file = tmp_path / "gold.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    taken = as_json(gold("import", str(file), "--annotator", "ann", "--json"))
    assert taken == {"annotator": "ann", "labels": 1, "empty": 1}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("sample", "--name", "", "--size", "3"), "is empty"),
        (("sample", "--name", "x", "--size", "3", "--seed", "-1"), "greater than or equal to 0"),
        (("label", "frame-a", "--annotator", "", "--skip"), "is empty"),
        (("label", "frame-a", "--annotator", "ann", "--set", "weather="), "says nothing"),
        (("label", "frame-a", "--annotator", "ann", "--set", "traffic_controls=none,red_light"), "none and some"),
        (("label", "frame-a", "--annotator", "ann", "--set", "wether=rain"), "did you mean 'weather'"),
        (("label", "frame-a", "--annotator", "ann", "--skip", "--risk", "3"), "or --skip"),
        (("export", "--out", "x.jsonl", "--annotator", "ann"), "no labels of annotator 'ann'"),
        (("export", "--out", "x.jsonl", "--annotator", "ann", "--merged"), "goes without --merged"),
        (("agreement", "ann", "ann"), "name two annotators"),
    ],
)
def test_what_cannot_be_done_says_why(gold, arguments, words):
    assert words in gold(*arguments, code=2)


def test_frames_are_picked_by_token_or_out_of_a_search_and_never_estimated_from(gold, tmp_path):
    gold("pick", "barrels", "frame-b", "frame-a")
    more = as_json(gold("pick", "barrels", "--query", "risk:9", "--limit", "3", "--json"))
    assert more == {"name": "barrels", "method": "picked", "frames": 3, "added": 1}
    assert as_json(gold("next", "--sample", "barrels", "--annotator", "ann", "--json"))["token"] == "frame-b"

    gold("label", "frame-b", "--annotator", "ann", "--sample", "barrels", "--no-tags")
    assert "picked by hand" in gold("estimate", "--sample", "barrels", code=2)
    out = tmp_path / "gold.jsonl"
    gold("export", "--sample", "barrels", "--out", str(out))
    assert [(line.token, line.inclusion_probability) for line in read_gold(out)] == [("frame-b", None)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("barrels",), "and not both"),
        (("barrels", "frame-a", "--query", "construction"), "and not both"),
        (("barrels", "--query", "risk:0"), "no frame answers"),
        (("barrels", "nobody"), "no frame with token 'nobody'"),
        ((" ", "frame-a"), "name of the sample is empty"),
    ],
)
def test_what_cannot_be_picked_says_why(gold, arguments, words):
    assert words in gold("pick", *arguments, code=2)
