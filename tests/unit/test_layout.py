"""The root folders are import names, so they are guarded."""

from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ["scenario", "search", "verifier", "indexer", "gold_set", "server", "semdrive"]


@pytest.mark.parametrize("room", ROOMS)
def test_no_other_distribution_claims_our_import_name(room):
    assert set(packages_distributions().get(room, [])) <= {"semantic-drive-search"}


@pytest.mark.parametrize("room", ROOMS)
def test_each_room_is_a_real_package_of_this_checkout(room):
    assert Path(import_module(room).__file__ or "").parent == ROOT / room


def test_every_root_package_is_named_here():
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert found == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_every_folder_with_code_is_a_package(room):
    folders = {path.parent for path in (ROOT / room).rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_a_file_keeps_to_400_lines():
    files = [file for room in ROOMS for file in (ROOT / room).rglob("*.py")]
    assert [file for file in files if file.read_text(encoding="utf-8").count("\n") > 400] == []
