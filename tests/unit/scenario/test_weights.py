"""References to model files: what they may look like, and where they lead."""

import os
from pathlib import Path

import pytest

from model_hub import put_in_cache
from scenario.errors import ConfigError, WeightsMissing
from scenario.weights import HubFile, locate, parse

REFERENCE = "hf:maker/vision-GGUF/vision-Q4.gguf"


@pytest.mark.parametrize(
    ("reference", "named"),
    [
        (REFERENCE, HubFile("maker/vision-GGUF", "vision-Q4.gguf")),
        ("hf:maker/set/Q4/part-1.gguf", HubFile("maker/set", "Q4/part-1.gguf")),
        (" models/mine.gguf ", Path("models/mine.gguf")),
        ("mine.gguf", Path("mine.gguf")),
    ],
)
def test_a_reference_is_a_path_or_a_file_of_the_hub(reference, named):
    assert parse(reference) == named


def test_a_hub_file_is_written_as_it_is_read():
    assert str(parse(REFERENCE)) == REFERENCE


def test_a_path_may_begin_at_home():
    assert parse("~/mine.gguf") == Path.home() / "mine.gguf"


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "  ",
        "hf:",
        "hf:maker/vision",
        "hf:maker//x.gguf",
        "hf:maker/set/../x.gguf",
        "https://huggingface.co/a/b/c.gguf",
    ],
)
def test_what_is_neither_is_refused_with_the_forms_that_are_allowed(reference):
    with pytest.raises(ConfigError, match="a local path, or hf:OWNER/REPOSITORY/FILE"):
        parse(reference)


def test_a_name_that_the_hub_does_not_allow_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="names no file of the hub"):
        locate("hf:ma--ker/vision/x.gguf", cache=tmp_path)


def test_a_local_file_is_itself(tmp_path):
    path = tmp_path / "mine.gguf"
    path.write_bytes(b"GGUF")
    assert locate(str(path)) == path


def test_a_path_without_a_file_is_missing_and_a_folder_is_no_file(tmp_path):
    with pytest.raises(WeightsMissing, match="does not exist"):
        locate(str(tmp_path / "nowhere.gguf"))
    with pytest.raises(WeightsMissing, match="is a folder"):
        locate(str(tmp_path))


def test_a_hub_file_is_found_in_the_cache(tmp_path):
    pointer = put_in_cache(tmp_path, REFERENCE, b"GGUF")
    assert locate(REFERENCE, cache=tmp_path) == pointer


def test_a_hub_file_that_is_not_here_comes_with_the_command_that_fetches_it(tmp_path):
    with pytest.raises(WeightsMissing, match=f"get it with: semdrive models pull {REFERENCE}$") as caught:
        locate(REFERENCE, cache=tmp_path)
    assert caught.value.reference == REFERENCE


def test_a_file_stays_found_after_a_sister_file_moved_the_repository_to_a_newer_commit(tmp_path):
    old = put_in_cache(tmp_path, REFERENCE, b"GGUF", commit="a" * 40)
    put_in_cache(tmp_path, "hf:maker/vision-GGUF/mmproj.gguf", b"GGUF projector", commit="b" * 40)
    assert locate(REFERENCE, cache=tmp_path) == old


def test_of_two_versions_the_one_of_the_newest_commit_is_found(tmp_path):
    newest = put_in_cache(tmp_path, REFERENCE, b"GGUF new", commit="a" * 40)
    older = put_in_cache(tmp_path, REFERENCE, b"GGUF old", commit="b" * 40)
    os.utime(older.resolve(), (2**31, 2**31))
    (tmp_path / "models--maker--vision-GGUF" / "refs" / "main").write_text("a" * 40)
    assert locate(REFERENCE, cache=tmp_path) == newest
