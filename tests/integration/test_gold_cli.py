"""Curation and fitting from the command line, as a user meets them."""

import json
from pathlib import Path

import pytest

from shell import semdrive_here


@pytest.fixture(scope="module")
def index(tmp_path_factory, made_up_run) -> str:
    folder = tmp_path_factory.mktemp("gold") / "workspace"
    scouts = [f"--scout={name}={made_up_run / name}.jsonl" for name in ("alfa", "bravo")]
    result = semdrive_here("index", "recorded", *scouts, "--index", str(folder))
    assert result.returncode == 0, result.stderr
    return str(folder)


def gold(*arguments: str, code: int = 0) -> str:
    result = semdrive_here("gold", *arguments)
    assert result.returncode == code, result.stdout + result.stderr
    return result.stdout if code == 0 else result.stderr


def test_a_sample_is_drawn_labelled_blind_compared_and_exported(index: str, tmp_path: Path) -> None:
    drawn = json.loads(gold("sample", "--name", "first", "--size", "5", "--index", index, "--json"))
    assert len(drawn["frames"]) == 5
    assert "was drawn before" in gold("sample", "--name", "first", "--size", "5", "--index", index, code=2)
    task = json.loads(gold("next", "--sample", "first", "--annotator", "ann", "--index", index, "--json"))
    assert set(task) == {"sample", "annotator", "token", "place", "frames", "done", "pictures"}
    token = task["token"]
    assert "taken blind" in gold("compare", token, "--annotator", "ann", "--index", index, code=2)
    said = ("--tag", "construction", "--risk", "6", "--set", "weather=rain", "--sample", "first")
    gold("label", token, "--annotator", "ann", *said, "--index", index)
    shown = gold("compare", token, "--annotator", "ann", "--index", index)
    assert "tags construction" in shown
    assert "Scouts" in shown or "Facts" in shown
    following = json.loads(gold("next", "--sample", "first", "--annotator", "ann", "--index", index, "--json"))
    assert (following["place"], following["done"]) == (2, 1)
    out = tmp_path / "gold.jsonl"
    gold("export", "--out", str(out), "--sample", "first", "--index", index)
    (line,) = map(json.loads, out.read_text().splitlines())
    assert (line["token"], line["wod_e2e_tags"], line["risk_score"]) == (token, ["construction"], 6)
    assert line["inclusion_probability"] == drawn["frames"][0]["inclusion_probability"]


def test_a_dry_run_draws_nothing(index: str) -> None:
    gold("sample", "--name", "dry", "--size", "3", "--dry-run", "--index", index)
    assert "no sample named 'dry'" in gold("estimate", "--sample", "dry", "--index", index, code=2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("label", "nobody", "--annotator", "ann", "--skip"), "no frame with token 'nobody'"),
        (("sample", "--name", "x", "--size", "3", "--tag", "constuction"), "did you mean 'construction'"),
        (("benchmark",), "--gold FILE"),
        (("benchmark", "--preset", "semantic-drive", "--fit", "cv"), "goes alone"),
        (("fit", "--gold", "none.jsonl", "--out", "x.json"), "cannot read the gold file"),
        (("ablate", "--gold", "none.jsonl", "--rewards", "--best-of-n"), "at a time"),
    ],
)
def test_wrong_input_says_what_is_allowed(index: str, arguments: tuple[str, ...], words: str) -> None:
    place = () if arguments[0] == "benchmark" else ("--index", index)
    assert words in " ".join(gold(*arguments, *place, code=2).split())


def test_a_gold_file_with_few_labels_gives_a_fit_that_keeps_the_defaults_and_an_index_takes_it(
    index: str, made_up_run: Path, tmp_path: Path
) -> None:
    drawn = json.loads(gold("sample", "--name", "dry", "--size", "3", "--dry-run", "--index", index, "--json"))
    tokens = [frame["token"] for frame in drawn["frames"]]
    truth = tmp_path / "gold.jsonl"
    truth.write_text("".join(json.dumps({"token": token, "tags": [], "risk": 2}) + "\n" for token in tokens))
    fitted = tmp_path / "fit.json"
    shown = gold("fit", "--gold", str(truth), "--out", str(fitted), "--index", index)
    assert "default belief is kept" in " ".join(shown.split())
    scouts = [f"--scout={name}={made_up_run / name}.jsonl" for name in ("alfa", "bravo")]
    fresh = str(tmp_path / "w")
    made = semdrive_here("index", "recorded", *scouts, "--beliefs", str(fitted), "--index", fresh, "--json")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["stages"]["retag"]["made"] > 0
    broken = semdrive_here("index", "recorded", *scouts, "--beliefs", str(truth), "--index", fresh)
    assert broken.returncode == 2
    assert "semdrive gold fit" in broken.stderr
