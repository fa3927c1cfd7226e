from dataclasses import dataclass, field

import pytest

from indexer.stages import StageRunner, Task, attempt_each, batches
from scenario.errors import InputError
from scenario.ledger import Ledger
from scenario.records import Frame

TASKS = [Task(f"key-{token}", Frame(token=token)) for token in "abcde"]


@dataclass
class Maker:
    """Makes each result from its token, in batches that it remembers; tokens in `bad` fail."""

    bad: str = ""
    batches: list[str] = field(default_factory=list)

    def __call__(self, tasks):
        self.batches.append("".join(task.frame.token for task in tasks))
        return attempt_each(tasks, self._one)

    def _one(self, task):
        if task.frame.token in self.bad:
            raise InputError(f"cannot read {task.frame.token}")
        return task.frame.token.encode()


@dataclass
class Watcher:
    """Remembers what it was told."""

    told: list[tuple[str, int]] = field(default_factory=list)

    def start(self, stage, total):
        self.told.append((stage, total))

    def advance(self, count):
        self.told.append(("advance", count))


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        yield ledger


@pytest.fixture
def runner(ledger):
    return StageRunner(ledger, ledger.start_run({}), batch_size=2)


def counted(runner):
    count = runner.counts["stage"]
    return count.made, count.reused, count.failed


def test_every_result_is_made_once_in_batches_and_recorded(runner, ledger):
    make = Maker()

    assert runner.stage("stage", TASKS, make) == {token: f"key-{token}" for token in "abcde"}
    assert make.batches == ["ab", "cd", "e"]
    assert ledger.payloads(["key-a", "key-e"]) == {"key-a": b"a", "key-e": b"e"}
    assert counted(runner) == (5, 0, 0)


def test_what_the_ledger_has_is_not_made_again(runner):
    runner.stage("stage", TASKS[:3], Maker())
    make = Maker()

    assert list(runner.stage("stage", TASKS, make)) == list("abcde")
    assert make.batches == ["d", "e"]
    assert counted(runner) == (2, 3, 0)


def test_a_frame_that_fails_is_named_and_the_others_go_on(runner, ledger):
    done = runner.stage("stage", TASKS, Maker(bad="bd"))

    assert list(done) == ["a", "c", "e"]
    assert counted(runner) == (3, 0, 2)
    assert [(f.stage, f.token, f.error, f.message) for f in ledger.failures()] == [
        ("stage", "b", "InputError", "cannot read b"),
        ("stage", "d", "InputError", "cannot read d"),
    ]


def test_a_frame_that_failed_is_tried_again_and_answers_its_failure(runner, ledger):
    runner.stage("stage", TASKS, Maker(bad="b"))
    make = Maker()
    runner.stage("stage", TASKS, make)

    assert make.batches == ["b"]
    assert ledger.failures() == []


def test_a_bug_is_not_caught_and_keeps_the_batches_before_it(runner, ledger):
    def make(tasks):
        if tasks[0].frame.token == "c":
            raise ZeroDivisionError
        return [b"" for _ in tasks]

    with pytest.raises(ZeroDivisionError):
        runner.stage("stage", TASKS, make)
    assert ledger.known(task.key for task in TASKS) == {"key-a", "key-b"}


def test_a_maker_that_loses_a_frame_is_a_bug(runner):
    with pytest.raises(ValueError, match="shorter"):
        runner.stage("stage", TASKS, lambda tasks: [b""] * (len(tasks) - 1))


def test_a_dry_run_counts_what_it_would_make_and_makes_nothing(ledger):
    runner = StageRunner(ledger, 0, batch_size=2, dry_run=True)
    make = Maker()

    assert list(runner.stage("stage", TASKS, make)) == list("abcde")
    assert make.batches == []
    assert ledger.counts() == {}
    assert counted(runner) == (5, 0, 0)


def test_progress_is_told_of_every_frame_made_or_not(ledger):
    watcher = Watcher()
    StageRunner(ledger, ledger.start_run({}), 2, watcher).stage("stage", TASKS, Maker(bad="a"))

    assert watcher.told == [("stage", 5), ("advance", 2), ("advance", 2), ("advance", 1)]


def test_attempting_each_keeps_errors_a_user_may_see_and_no_others():
    error = InputError("no")

    def make(item):
        if item == "bad":
            raise error
        return b"ok"

    assert attempt_each(["good", "bad", "good"], make) == [b"ok", error, b"ok"]
    with pytest.raises(TypeError):
        attempt_each([1], len)


def test_batches_hold_everything_in_order():
    assert list(batches("abcde", 2)) == [["a", "b"], ["c", "d"], ["e"]]
    assert list(batches("", 2)) == []
