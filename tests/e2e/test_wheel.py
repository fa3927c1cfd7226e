"""The wheel, installed without the checkout on the path, is the whole product."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ["scenario", "search", "verifier", "indexer", "gold_set", "server", "semdrive"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-compile",
        "--target",
        str(folder),
        str(wheel),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def run(installed: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run python in the wheel's folder, which stands before every other place to import from."""
    env = {**os.environ, "PYTHONPATH": str(installed)}
    return subprocess.run(
        [sys.executable, *command], cwd=installed, env=env, capture_output=True, text=True, check=False
    )


def test_the_wheel_ships_every_room_and_its_data_but_no_tests(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names if not name.startswith("semantic_drive_search-")} == set(ROOMS)
    assert {"search/query/grammar.lark", "indexer/profiles/weights-free.toml"} <= set(names)
    assert all(f"{room}/py.typed" in names for room in ROOMS)


def test_every_room_is_imported_from_the_wheel(installed):
    code = f"import importlib; print(*(importlib.import_module(r).__file__ for r in {ROOMS}), sep='\\n')"
    files = run(installed, "-c", code).stdout.split()
    assert len(files) == len(ROOMS)
    assert all(Path(file).is_relative_to(installed) for file in files)


def test_the_installed_wheel_shows_its_help_and_answers_a_search(installed, made_up_run, tmp_path):
    assert "Usage" in run(installed, "-m", "semdrive", "--help").stdout
    index = str(tmp_path / "index")
    scout = f"alfa={made_up_run / 'alfa.jsonl'}"
    built = run(installed, "-m", "semdrive", "index", "recorded", "--scout", scout, "--index", index, "--json")
    assert built.returncode == 0, built.stderr
    found = run(installed, "-m", "semdrive", "search", "risk>=1", "--index", index, "--json")
    assert json.loads(found.stdout)["matching"] > 0
