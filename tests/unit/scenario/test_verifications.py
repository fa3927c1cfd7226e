"""What the ledger remembers of second looks."""

import sqlite3

import pytest

from scenario.answers import FactChange, Revision, Verification
from scenario.errors import WorkspaceError
from scenario.ledger import Ledger
from scenario.records import Facts
from scenario.verifications import question_key


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "ledger.sqlite") as opened:
        yield opened


def look(token="t", verdict="yes", question="is it?", key="k"):
    return Verification(token=token, question=question, verdict=verdict, key=key)


def test_what_was_appended_comes_back_whole_with_its_number_and_time(ledger):
    kept = ledger.append_verification(look())

    assert kept.id == 1
    assert kept.created_at is not None
    assert ledger.verifications() == [kept]
    assert ledger.append_verification(kept).id == 2  # told again, it is another line


def test_the_latest_verdict_under_a_key_is_recalled(ledger):
    ledger.append_verification(look(verdict="no"))
    ledger.append_verification(look(verdict="yes"))
    ledger.append_verification(look(verdict="error"))

    assert (ledger.recall("k").verdict, ledger.recall("k").remembered) == ("yes", True)
    assert ledger.recall("other") is None


def test_what_was_cut_short_is_listed_and_not_recalled(ledger):
    ledger.append_verification(look().model_copy(update={"complete": False}))

    assert ledger.recall("k") is None
    assert ledger.verdicts() == {"t": "yes"}


def test_what_is_recalled_is_the_latest_word_on_its_question_again(ledger):
    ledger.append_verification(look(verdict="yes", key="a"))
    ledger.append_verification(look(verdict="no", key="b"))  # other scouts
    told = ledger.recall("a")

    assert (told.verdict, told.remembered, told.id) == ("yes", True, 3)
    assert ledger.verdicts("is it?") == {"t": "yes"}
    assert ledger.recall("a").id == 3  # and no more often than it has to


def test_an_undone_verification_counts_no_more_and_stays(ledger):
    first, second = ledger.append_verification(look(verdict="no")), ledger.append_verification(look(verdict="yes"))
    assert ledger.undo_verification(second.id, "ada") == second

    assert ledger.recall("k").id == first.id
    assert ledger.verdicts() == {"t": "no"}
    assert [one.id for one in ledger.verifications()] == [first.id]
    assert [one.id for one in ledger.verifications(undone=True)] == [second.id, first.id]


def test_an_undo_of_what_is_not_there_or_undone_teaches(ledger):
    with pytest.raises(WorkspaceError, match="no verification has the number 7; semdrive verifications lists them"):
        ledger.undo_verification(7, "ada")
    ledger.append_verification(look())
    ledger.undo_verification(1, "ada")
    with pytest.raises(WorkspaceError, match="verification 1 was undone before by ada, at 20"):
        ledger.undo_verification(1, "bob")


def test_verdicts_are_those_of_a_question_or_of_any(ledger):
    ledger.append_verification(look(question="Is it?"))
    ledger.append_verification(look(question="another", verdict="no"))
    ledger.append_verification(look("u", question="is  it", verdict="unsure"))
    ledger.append_verification(look("u", question="is it", verdict="error"))

    assert ledger.verdicts() == {"t": "no", "u": "unsure"}
    assert ledger.verdicts("IS IT") == {"t": "yes", "u": "unsure"}
    assert ledger.verdicts("never asked") == {}


def test_they_are_listed_by_what_is_asked_newest_first(ledger):
    for number, verdict in enumerate(["yes", "no", "error"]):
        ledger.append_verification(look(f"t{number}", verdict, f"q{number % 2}"))

    assert [one.token for one in ledger.verifications()] == ["t2", "t1", "t0"]
    assert [one.token for one in ledger.verifications(question="Q0?")] == ["t2", "t0"]
    assert [one.token for one in ledger.verifications(verdict="no")] == ["t1"]
    assert [one.token for one in ledger.verifications(token="t0")] == ["t0"]
    assert [one.token for one in ledger.verifications(limit=1)] == ["t2"]


def test_questions_are_counted(ledger):
    for question in ("a", "b?", "B"):
        ledger.append_verification(look(question=question))

    assert [(one.question, one.times) for one in ledger.questions()] == [("B", 2), ("a", 1)]


def test_the_version_changes_with_every_verdict_and_undo(ledger):
    versions = [ledger.states_version()]
    ledger.append_verification(look())
    versions.append(ledger.states_version())
    ledger.undo_verification(1, "")
    versions.append(ledger.states_version())

    assert len(set(versions)) == 3


def test_the_latest_revision_of_a_frame_holds_unless_its_verification_was_undone(ledger):
    for risk in (3, 4):
        ledger.append_verification(look())
        ledger.append_revision(Revision(token="t", facts=Facts(risk=risk), base="s", verification=risk - 2, who="ada"))
    assert ledger.revisions()["t"].facts.risk == 4

    ledger.undo_verification(2, "bob")
    assert ledger.revisions()["t"].facts.risk == 3


@pytest.mark.parametrize(
    ("one", "other"), [("Is it?", "is it"), ("a  b\n", "a b"), ("STRASSE", "straße"), ("stop!", "Stop ...")]
)
def test_questions_that_differ_in_case_blanks_and_the_last_mark_are_one(one, other):
    assert question_key(one) == question_key(other)


def test_a_ledger_of_an_older_build_is_read_and_then_written(tmp_path):
    path = tmp_path / "ledger.sqlite"
    with Ledger(path):
        pass
    with sqlite3.connect(path) as db:
        for table in ("verification_keys", "undos", "revisions"):
            db.execute(f"DROP TABLE {table}")
    with Ledger(path, read_only=True) as old:
        assert (old.verdicts(), old.verifications(), old.questions(), old.revisions()) == ({}, [], [], {})
        assert (old.changed(), old.ever("yes"), old.verdicts_of(["t"], "q"), old.was_asked("q")) == ([], [], {}, False)
        assert old.states_version() == (0, 0)
    with Ledger(path) as new:
        new.append_verification(look())
        assert new.verdicts() == {"t": "yes"}


def test_a_verification_survives_whoever_wrote_it(tmp_path):
    """Committed before it is returned: another connection sees it at once."""
    path = tmp_path / "ledger.sqlite"
    with Ledger(path) as writing, Ledger(path, read_only=True) as reading:
        kept = writing.append_verification(look())
        assert reading.verifications() == [kept]


def test_only_verdicts_after_a_number_are_added(ledger):
    first = ledger.append_verification(look())
    ledger.append_verification(look("u", "no"))

    assert ledger.verdicts(after=first.id) == {"u": "no"}
    assert ledger.verdicts("is it", after=first.id) == {"u": "no"}
    assert ledger.verdicts(after=2) == {}


def test_a_page_of_frames_is_looked_up_by_question(ledger):
    for token, verdict in [("t", "yes"), ("t", "no"), ("u", "unsure"), ("u", "error"), ("v", "yes")]:
        ledger.append_verification(look(token, verdict))
    ledger.append_verification(look("t", "yes", "another"))
    ledger.undo_verification(5, "ada")

    assert ledger.verdicts_of(["t", "u", "v", "w"], "Is it") == {"t": "no", "u": "unsure"}
    assert ledger.verdicts_of([], "is it") == {}


def test_a_frame_ever_confirmed_is_one_whose_latest_verdict_on_any_question_is_yes(ledger):
    ledger.append_verification(look("t", "yes", "a"))
    ledger.append_verification(look("t", "no", "b"))
    ledger.append_verification(look("u", "yes", "a"))
    ledger.append_verification(look("u", "no", "A?"))

    assert (ledger.ever("yes"), sorted(ledger.ever("no"))) == (["t"], ["t", "u"])


def test_a_question_was_asked_whatever_came_of_it(ledger):
    ledger.undo_verification(ledger.append_verification(look()).id, "ada")

    assert ledger.was_asked("IS IT")
    assert not ledger.was_asked("is")


def test_what_changed_is_what_the_latest_look_at_a_frame_that_saw_facts_says(ledger):
    changes = (FactChange(field="risk", stored="3", now="4"),)
    seen = look().model_copy(update={"facts_now": Facts(risk=4), "changes": changes})
    for one in (seen, look(), seen.model_copy(update={"token": "u"}), look("u", "error")):
        ledger.append_verification(one)
    assert [one.token for one in ledger.changed()] == ["u", "t"]  # the second look at t saw no facts
    assert [one.token for one in ledger.changed(["t"])] == ["t"]
    ledger.append_verification(look("u").model_copy(update={"facts_now": Facts()}))
    assert [one.token for one in ledger.changed()] == ["t"]
