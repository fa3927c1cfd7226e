"""A drive from the command line: rendered, indexed without weights, searched, scored, broken and retried."""

import json
import shutil
from pathlib import Path

import pytest

from shell import semdrive

SCENES = 4


@pytest.fixture(scope="module")
def drive(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "drive"
    result = semdrive("sample", str(folder), "--scenes", str(SCENES), "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["frames"] == 6 * SCENES
    return folder


@pytest.fixture(scope="module")
def index(drive) -> str:
    workspace = drive.parent / "index"
    result = indexed(drive, workspace, "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["indexed"] == 6 * SCENES
    return str(workspace)


def indexed(drive, workspace, *more, **options):
    log = ("--dataroot", str(drive), "--version", "v1.0-sample")
    return semdrive("index", "nuscenes", *log, "--index", str(workspace), *more, **options)


def test_the_index_agrees_with_the_truth_of_the_drive(drive, index):
    scored = semdrive("gold", "score", "--gold", str(drive / "gold.jsonl"), "--index", index)

    assert scored.returncode == 0, scored.stderr
    assert f"{6 * SCENES} frames scored" in scored.stdout
    (micro,) = [line.split() for line in scored.stdout.splitlines() if line.split()[:1] == ["micro"]]
    assert float(micro[-1]) >= 0.9


def test_what_stands_in_the_gold_file_is_found_by_its_tags(drive, index):
    gold = [json.loads(line) for line in (drive / "gold.jsonl").read_text().splitlines()]
    tag = next(tag for line in gold for tag in line["wod_e2e_tags"])
    page = json.loads(semdrive("search", tag, "--index", index, "-n", "100", "--json").stdout)
    true = {line["token"] for line in gold if tag in line["wod_e2e_tags"]}

    assert len({hit["token"] for hit in page["hits"]} & true) >= 0.8 * len(true)


def test_a_frame_is_shown_with_ranges_offsets_reviews_and_reasons(drive, index):
    gold = [json.loads(line) for line in (drive / "gold.jsonl").read_text().splitlines()]
    token = next(line["token"] for line in gold if line["wod_e2e_tags"])
    shown = semdrive("show", token, "--index", index)

    assert shown.returncode == 0, shown.stderr
    assert "offset from the ego path" in shown.stdout
    assert " m left (driven)" in shown.stdout or " m right (driven)" in shown.stdout
    assert "rules reasoned:" in shown.stdout


def test_a_broken_picture_is_listed_and_retried_by_repeating_the_run(drive, tmp_path):
    copy = tmp_path / "drive"
    shutil.copytree(drive, copy)
    picture = next((copy / "samples" / "CAM_FRONT").glob("*.jpg"))
    whole = picture.read_bytes()
    picture.write_bytes(whole[:2000])
    first = indexed(copy, tmp_path / "w")
    listed = json.loads(semdrive("failures", "--index", str(tmp_path / "w"), "--json").stdout)

    assert "--retry-failed" in semdrive("failures", "--index", str(tmp_path / "w")).stdout
    assert first.returncode == 0, first.stderr
    assert [failure["error"] for failure in listed["failures"]] == ["ImageUnreadable"]
    assert picture.name in listed["failures"][0]["message"]

    picture.write_bytes(whole)
    again = semdrive("index", "--retry-failed", "--index", str(tmp_path / "w"), "--json")

    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["indexed"] == 6 * SCENES
    assert "nothing failed" in semdrive("failures", "--index", str(tmp_path / "w")).stdout


def test_a_dry_run_says_frames_and_calls_and_writes_nothing(drive, tmp_path):
    result = indexed(drive, tmp_path / "w", "--dry-run")

    assert result.returncode == 0, result.stderr
    assert f"{6 * SCENES} of {6 * SCENES} frames would be indexed" in result.stdout
    assert f"report rules: {6 * SCENES} calls" in result.stdout
    assert not (tmp_path / "w").exists()


OWN_PROFILE = """
name = "own"
[grounder]
backend = "annotations"
{grounder}
[[scouts]]
name = "second"
backend = "rules"
"""


def test_a_scout_of_a_profile_of_ones_own_is_found_again_from_elsewhere(drive, tmp_path):
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "own.toml").write_text(OWN_PROFILE.format(grounder=""))
    added = indexed(drive, tmp_path / "w", "--add-scout", "second@profiles/own.toml", "--per-scene", "1", cwd=tmp_path)
    again = semdrive("index", "--retry-failed", "--index", str(tmp_path / "w"), cwd=drive)

    assert added.returncode == 0, added.stderr
    assert again.returncode == 0, again.stderr
    assert "second" in again.stdout


def test_an_option_of_a_grounder_that_takes_none_is_refused_by_name(drive, tmp_path):
    (tmp_path / "own.toml").write_text(OWN_PROFILE.format(grounder="[grounder.options]\nlog = 1"))
    result = indexed(drive, tmp_path / "w", "--profile", str(tmp_path / "own.toml"))

    assert result.returncode == 2
    assert "grounder 'annotations' takes no options, and was given 'log'" in result.stderr


def test_a_dry_run_of_models_that_are_not_here_names_them_and_how_to_get_them(drive, tmp_path):
    result = indexed(drive, tmp_path / "w", "--dry-run", "--profile", "cpu-small")

    assert result.returncode == 2
    assert "hf:" in result.stderr
    assert "semdrive models pull" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--version", "v1.0-smaple"), "v1.0-sample"),
        (("--version", "v1.0-sample", "--camera", "CAM_FORNT"), "did you mean 'CAM_FRONT'"),
        (("--version", "v1.0-sample", "--profile", "weights-fre"), "did you mean 'weights-free'"),
        (("--version", "v1.0-sample", "--per-scene", "0"), "greater than or equal to 1"),
        (("--version", "v1.0-sample", "--add-scout", "gema@rtx-3090"), "did you mean 'gemma'"),
        (("--version", "v1.0-sample", "--split", "mini"), "mini_val"),
    ],
)
def test_wrong_input_is_refused_with_what_would_be_right(drive, tmp_path, arguments, said):
    result = semdrive("index", "nuscenes", "--dataroot", str(drive), *arguments, "--index", str(tmp_path / "w"))

    assert result.returncode == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_a_sample_is_never_written_over_somebodys_files(tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    result = semdrive("sample", str(tmp_path))

    assert result.returncode == 2
    assert (tmp_path / "letter.txt").read_text() == "dear"


def test_index_without_anything_to_index_says_what_it_takes():
    result = semdrive("index")

    assert result.returncode == 2
    assert "nuscenes" in result.stderr
    assert "--retry-failed" in result.stderr
