import inspect
import pickle

import pytest

from scenario import errors
from scenario.errors import QueryError, SemdriveError, UnknownBackend, did_you_mean


def test_a_query_error_points_at_what_is_wrong():
    error = QueryError("no field named 'risc'; did you mean 'risk'?", "a risc:4", 2, 6, "write risk:4")

    assert str(error).splitlines() == [
        "no field named 'risc'; did you mean 'risk'?",
        "  a risc:4",
        "    ^^^^",
        "write risk:4",
    ]


def test_a_query_error_at_the_end_points_behind_the_last_character():
    assert str(QueryError("a value is missing", "risk:", 5, 5)).splitlines()[1:] == ["  risk:", "       ^"]


def test_a_query_error_never_points_beyond_the_query():
    assert str(QueryError("too long", "abc", 1, 99)).splitlines()[-1] == "   ^^"
    assert str(QueryError("empty", "", 7, 9)).splitlines() == ["empty", "  ", "  ^"]


def test_a_query_error_survives_pickling():
    error = QueryError("message", "source", 1, 3, "hint")
    copy = pickle.loads(pickle.dumps(error))

    assert (str(copy), copy.start, copy.end, copy.hint) == (str(error), 1, 3, "hint")


EXAMPLES = {
    "UnknownBackend": ("scout", "gema", ["gemma"]),
    "MissingExtra": ("grounder", "yoloe", "vision"),
    "LineUnreadable": ("run.jsonl", 3, "not JSON"),
    "ReportMissing": ("gemma", "token"),
    "WeightsMissing": ("hf:owner/repo/file.gguf", "run semdrive models pull"),
    "LogUnreadable": ("sample.json", "cut short", "token"),
    "ImageUnreadable": ("front.jpg", "cut short", "token"),
    "QueryError": ("message", "source", 1, 3),
    "NoWorkspace": ("place",),
    "NoLedger": ("verification", "place"),
    "WorkspaceBusy": ("place",),
    "NoIndex": ("uri",),
    "UnknownToken": ("token",),
    "SearchExpired": ("id",),
}
TREE = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, SemdriveError) and kind is not SemdriveError
]


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_every_error_stands_in_the_tree_at_the_top_and_has_a_message(kind):
    names = [line.strip("+| ") for line in inspect.getdoc(errors).splitlines()]
    error = kind(*EXAMPLES.get(kind.__name__, ("message",)))

    assert kind.__name__ in names
    assert str(error)


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_every_error_survives_pickling(kind):
    error = kind(*EXAMPLES.get(kind.__name__, ("message",)))
    copy = pickle.loads(pickle.dumps(error))

    assert (type(copy), str(copy)) == (kind, str(error))


def test_the_nearest_name_is_suggested_whatever_its_case():
    assert did_you_mean("GEMA", ["kimi", "gemma"]) == "gemma"


def test_nothing_is_suggested_where_nothing_is_near():
    assert did_you_mean("zzz", ["kimi", "gemma"]) is None
    assert str(UnknownBackend("scout", "zzz", ["kimi", "gemma"])) == "no scout named 'zzz'. Known: gemma, kimi"
