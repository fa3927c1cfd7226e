"""Samples and labels in the ledger: append-only, with who and when."""

import sqlite3
from contextlib import closing

import pytest

from scenario.curation import Label, Sample, SampledFrame
from scenario.errors import WorkspaceError
from scenario.ledger import Ledger
from scenario.vocabulary import Tag

SAMPLE = Sample(
    name="first",
    method="simple",
    seed=0,
    population=10,
    frames=(SampledFrame(token="t", inclusion_probability=0.1, stratum="all"),),
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.sqlite"


def test_a_sample_is_kept_and_its_name_is_taken(path):
    with Ledger(path) as ledger:
        ledger.append_sample(SAMPLE)
        assert ledger.samples() == [SAMPLE]
        with pytest.raises(WorkspaceError, match="'first' was drawn before"):
            ledger.append_sample(SAMPLE)


def test_the_latest_label_of_each_annotator_counts_and_no_label_is_lost(path):
    first = Label(token="t", annotator="ann", tags=(Tag.CONSTRUCTION,))
    second, third = first.model_copy(update={"tags": ()}), first.model_copy(update={"annotator": "bob"})
    with Ledger(path) as ledger:
        ledger.append_labels([first, third])
        ledger.append_labels([second])
        assert [(label.annotator, label.tags) for label in ledger.labels()] == [
            ("bob", (Tag.CONSTRUCTION,)),
            ("ann", ()),
        ]
        history = ledger.labels(history=True)
    assert len(history) == 3
    assert all(label.created_at for label in history)


def test_an_older_ledger_that_is_only_read_has_no_samples_and_no_labels(path):
    Ledger(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.executescript("DROP TABLE samples; DROP TABLE labels")
    with Ledger(path, read_only=True) as ledger:
        assert (ledger.samples(), ledger.labels()) == ([], [])
    with Ledger(path) as ledger:
        ledger.append_sample(SAMPLE)


def test_a_look_at_a_prediction_is_remembered_by_frame_and_annotator(path):
    with Ledger(path) as ledger:
        ledger.append_look("t", "ann")
        ledger.append_look("t", "ann")
        assert ledger.looked() == {("t", "ann")}
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TABLE looks")
    with Ledger(path, read_only=True) as ledger:
        assert ledger.looked() == set()
