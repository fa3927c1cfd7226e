import sqlite3
import threading
from contextlib import closing

import pytest

from scenario.answers import Verification
from scenario.errors import WorkspaceError
from scenario.ledger import Failure, Ledger, Result, digest, result_key


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def ledger(path):
    with Ledger(path) as ledger:
        yield ledger


@pytest.fixture
def run(ledger):
    return ledger.start_run({"judge": "vote"})


def failure(key="k", stage="ground", token="t", message="cannot read it"):
    return Failure(key, stage, token, "InputError", message)


class TestKeys:
    def test_the_same_dependencies_give_the_same_key(self):
        assert result_key("ground", "t", "f", ["a", "b"]) == result_key("ground", "t", "f", ("a", "b"))

    def test_a_key_is_the_same_on_every_machine(self):
        assert result_key("ground", "t", "f", ["a"]) == "d8fbe73e1b7d82a4c715417f69b731a8"

    @pytest.mark.parametrize(
        "other",
        [
            ("judge", "t", "f", ["a", "b"]),
            ("ground", "u", "f", ["a", "b"]),
            ("ground", "t", "g", ["a", "b"]),
            ("ground", "t", "f", ["b", "a"]),
            ("ground", "t", "f", ["a"]),
            ("ground", "t", "f", ["ab"]),
        ],
    )
    def test_any_other_dependency_gives_another_key(self, other):
        assert result_key(*other) != result_key("ground", "t", "f", ["a", "b"])

    def test_the_order_of_a_configuration_does_not_matter(self):
        assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})

    def test_text_beyond_ascii_and_half_a_surrogate_pair_have_a_digest(self):
        assert digest("自") != digest("自転") != digest("\ud83d")


class TestResults:
    def test_what_was_recorded_is_known_and_read_back(self, ledger, run):
        ledger.record(run, "ground", [Result("k", "t", b"\x00payload")])

        assert ledger.known(["k", "absent"]) == {"k"}
        assert ledger.payloads(["k", "absent"]) == {"k": b"\x00payload"}

    def test_a_result_that_is_there_is_never_changed(self, ledger, run):
        ledger.record(run, "ground", [Result("k", "t", b"first")])
        ledger.record(run, "ground", [Result("k", "t", b"second"), Result("l", "t", b"new")])

        assert ledger.payloads(["k", "l"]) == {"k": b"first", "l": b"new"}

    def test_more_keys_than_sqlite_takes_in_one_statement_are_read(self, ledger, run):
        keys = [f"k{number}" for number in range(1203)]
        ledger.record(run, "ground", [Result(key, "t", key.encode()) for key in keys])

        assert ledger.payloads(keys) == {key: key.encode() for key in keys}

    def test_results_are_counted_by_stage(self, ledger, run):
        ledger.record(run, "ground", [Result("k", "t", b""), Result("l", "u", b"")])
        ledger.record(run, "judge", [Result("m", "t", b"")])

        assert ledger.counts() == {"ground": 2, "judge": 1}

    def test_a_batch_that_cannot_be_written_whole_is_not_written_at_all(self, ledger, run):
        unwritable = Result("l", "t", {"not": "bytes"})

        with pytest.raises(sqlite3.Error):
            ledger.record(run, "ground", [Result("k", "t", b""), unwritable])
        assert ledger.known(["k", "l"]) == set()

    def test_results_outlive_the_connection(self, path):
        with Ledger(path) as first:
            first.record(first.start_run({}), "ground", [Result("k", "t", b"p")])

        with Ledger(path) as second:
            assert second.payloads(["k"]) == {"k": b"p"}
            assert second.check() == []


class TestRuns:
    def test_a_run_keeps_its_configuration_and_its_summary(self, ledger, run):
        ledger.finish_run(run, {"frames": 3})

        (kept,) = ledger.runs()
        assert (kept["id"], kept["config"], kept["summary"]) == (run, {"judge": "vote"}, {"frames": 3})
        assert kept["finished_at"] >= kept["started_at"]

    def test_a_run_that_was_killed_has_no_end(self, ledger, run):
        (kept,) = ledger.runs()

        assert (kept["finished_at"], kept["summary"]) == (None, None)


class TestFailures:
    def test_a_failure_is_kept_with_its_error(self, ledger, run):
        ledger.record(run, "ground", [], [failure()])

        assert ledger.failures() == [failure()]

    def test_a_failure_that_a_later_result_answered_is_no_failure_any_more(self, ledger, run):
        ledger.record(run, "ground", [], [failure("k"), failure("l")])
        ledger.record(ledger.start_run({}), "ground", [Result("k", "t", b"")])

        assert ledger.failures() == [failure("l")]

    def test_failures_of_one_run_leave_out_those_of_another(self, ledger, run):
        later = ledger.start_run({})
        ledger.record(run, "ground", [], [failure("k")])
        ledger.record(later, "ground", [], [failure("l")])

        assert ledger.failures(later) == [failure("l")]

    def test_an_unreadable_line_fails_without_a_frame(self, ledger, run):
        ledger.record(run, "read", [], [failure(token=None)])

        assert ledger.failures()[0].token is None

    def test_a_failure_is_named_by_its_error(self):
        named = Failure.of(WorkspaceError("no room"), key="k", stage="s", token="t")

        assert (named.error, named.message) == ("WorkspaceError", "no room")


class TestVerifications:
    def verification(self, verdict, token="t"):
        return Verification(token=token, question="is it?", verdict=verdict)

    def test_the_latest_verdict_counts(self, ledger):
        for verdict in ("yes", "unsure", "no"):
            ledger.append_verification(self.verification(verdict))
        ledger.append_verification(self.verification("yes", token="u"))

        assert ledger.verdicts() == {"t": "no", "u": "yes"}

    def test_a_verification_that_failed_is_no_verdict(self, ledger):
        ledger.append_verification(self.verification("yes"))
        ledger.append_verification(self.verification("error"))
        ledger.append_verification(self.verification("error", token="u"))

        assert ledger.verdicts() == {"t": "yes"}


class TestTheFile:
    def test_it_is_written_ahead(self, ledger, path):
        with closing(sqlite3.connect(path)) as other:
            assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)

    def test_a_reader_reads_while_a_writer_writes(self, ledger, path, run):
        ledger.record(run, "ground", [Result("k", "t", b"")])
        with closing(sqlite3.connect(path, isolation_level=None)) as writer:
            writer.execute("BEGIN IMMEDIATE")

            assert ledger.known(["k"]) == {"k"}

    def test_a_second_writer_waits_and_does_not_fail(self, ledger, path, run):
        with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as first:
            first.execute("BEGIN IMMEDIATE")
            release = threading.Timer(0.2, first.execute, ["COMMIT"])
            release.start()

            ledger.record(run, "ground", [Result("k", "t", b"")])
            release.join()

        assert ledger.known(["k"]) == {"k"}

    def test_two_ledgers_writing_at_once_lose_nothing(self, ledger, path, run):
        def write(mine):
            with Ledger(path) as other:
                for number in range(20):
                    other.record(run, "ground", [Result(f"{mine}{number}", "t", b""), Result("both", "t", b"")])

        writers = [threading.Thread(target=write, args=[name]) for name in "ab"]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()

        assert ledger.counts() == {"ground": 41}

    def test_a_read_only_ledger_reads_and_refuses_to_write(self, ledger, path, run):
        ledger.record(run, "ground", [Result("k", "t", b"p")])

        with Ledger(path, read_only=True) as reader:
            assert reader.payloads(["k"]) == {"k": b"p"}
            with pytest.raises(WorkspaceError, match="readonly"):
                reader.start_run({})

    def test_a_read_only_ledger_that_is_not_there_is_not_made(self, path):
        with pytest.raises(WorkspaceError, match="no ledger at"):
            Ledger(path, read_only=True)
        assert not path.exists()

    def test_a_file_that_never_became_a_ledger_is_refused_by_a_reader(self, path):
        path.touch()

        with pytest.raises(WorkspaceError, match="is not a ledger"):
            Ledger(path, read_only=True)

    @pytest.mark.parametrize("read_only", [False, True])
    def test_a_ledger_of_another_schema_is_refused(self, path, read_only):
        with closing(sqlite3.connect(path)) as other:
            other.execute("PRAGMA user_version = 99")

        with pytest.raises(WorkspaceError, match="its schema is 99"):
            Ledger(path, read_only=read_only)

    @pytest.mark.parametrize("read_only", [False, True])
    def test_a_file_that_is_no_ledger_is_refused(self, path, read_only):
        path.write_bytes(b"this is no database" * 100)

        with pytest.raises(WorkspaceError, match="is not a ledger"):
            Ledger(path, read_only=read_only)

    def test_a_ledger_where_there_is_no_directory_is_refused(self, tmp_path):
        with pytest.raises(WorkspaceError, match="absent"):
            Ledger(tmp_path / "absent" / "ledger.sqlite")
