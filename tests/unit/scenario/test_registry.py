import sys

import pytest

from scenario.errors import MissingExtra, UnknownBackend
from scenario.registry import EMBEDDERS, JUDGES, Registry


def test_a_back_end_is_made_by_its_name_with_its_options():
    assert Registry("mapping", {"ordered": "collections:OrderedDict"}).create("ordered", a=1) == {"a": 1}


def test_an_unknown_name_is_answered_with_the_nearest_one():
    with pytest.raises(UnknownBackend, match="no judge named 'vot'; did you mean 'vote'"):
        JUDGES.create("vot")


def test_listing_names_imports_nothing():
    registry = Registry("colour", {"lost": "no_such_module_anywhere:Colour"})

    assert list(registry.targets) == ["lost"]
    assert "no_such_module_anywhere" not in sys.modules


def test_a_package_that_is_not_installed_is_named_by_its_extra():
    registry = Registry("grounder", {"lost": "no_such_module_anywhere:Grounder"}, {"lost": "vision"})

    with pytest.raises(MissingExtra, match=r"semantic-drive-search\[vision\]"):
        registry.create("lost")


def test_a_missing_module_of_ours_is_a_bug_and_no_missing_extra():
    registry = Registry("grounder", {"lost": "scenario.no_such_module:Grounder"}, {"lost": "vision"})

    with pytest.raises(ModuleNotFoundError):
        registry.create("lost")


def test_a_missing_module_of_a_back_end_without_an_extra_is_a_bug():
    with pytest.raises(ModuleNotFoundError):
        Registry("grounder", {"lost": "no_such_module_anywhere:Grounder"}).create("lost")


def test_the_vote_judge_is_registered():
    assert JUDGES.create("vote").name == "vote"


def test_the_sentence_embedder_is_registered_and_loads_nothing_yet():
    assert EMBEDDERS.create("sentence_transformers", model="some/model").fingerprint.endswith("some/model")
