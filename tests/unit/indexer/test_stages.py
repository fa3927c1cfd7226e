from dataclasses import dataclass, field
from threading import Barrier, Lock

import pytest

from indexer.stages import FLUSH_EVERY_S, HALT_AFTER, Silent, StageRunner, Task, _Writer, attempt_each, batches
from scenario.errors import ImageUnreadable, InputError, ModelUnavailable, WeightsMissing
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
        yield from attempt_each(tasks, self._one)

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


def test_an_interrupt_while_results_are_written_loses_none_of_them(tmp_path):
    class Interrupted(Ledger):
        interrupts = 1

        def record(self, *given):
            self.interrupts -= 1
            if self.interrupts == 0:
                raise KeyboardInterrupt
            super().record(*given)

    with Interrupted(tmp_path / "ledger.sqlite") as ledger:
        writer = _Writer(ledger, ledger.start_run({}), "stage", Silent(), _flushed=-FLUSH_EVERY_S)
        with pytest.raises(KeyboardInterrupt), writer:
            writer.add(TASKS[0], b"a")
        assert ledger.known([TASKS[0].key]) == {TASKS[0].key}


def test_a_bug_is_not_caught_and_keeps_the_batches_before_it(runner, ledger):
    def make(tasks):
        if tasks[0].frame.token == "c":
            raise ZeroDivisionError
        yield from ((task, b"") for task in tasks)

    with pytest.raises(ZeroDivisionError):
        runner.stage("stage", TASKS, make)
    assert ledger.known(task.key for task in TASKS) == {"key-a", "key-b"}


def test_a_maker_that_loses_a_frame_is_a_bug(runner):
    with pytest.raises(ValueError, match="lost 1 of 2 frames"):
        runner.stage("stage", TASKS, lambda tasks: ((task, b"") for task in tasks[1:]))


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
    def make(task):
        if task.frame.token == "b":
            raise InputError("no")
        if task.frame.token == "c":
            raise TypeError("a bug")
        return b"ok"

    made = attempt_each(TASKS, make)

    assert next(made) == (TASKS[0], b"ok")
    assert [str(outcome) for _, outcome in [next(made)]] == ["no"]
    with pytest.raises(TypeError, match="a bug"):
        next(made)


def test_a_setting_that_no_frame_escapes_ends_the_stage():
    def make(task):
        raise WeightsMissing("hf:owner/repository/file.gguf", "run semdrive models pull")

    with pytest.raises(WeightsMissing):
        list(attempt_each(TASKS, make))


def test_several_workers_make_as_many_results_at_once_and_no_more():
    at_once, most, gate = [0], [0], Lock()
    together = Barrier(3, timeout=30)

    def make(task):
        with gate:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
        if task.frame.token in "abc":
            together.wait()  # passes only when three are there at the same time
        with gate:
            at_once[0] -= 1
        return task.frame.token.encode()

    made = {task.frame.token: outcome for task, outcome in attempt_each(TASKS, make, workers=3)}

    assert made == {token: token.encode() for token in "abcde"}
    assert most[0] == 3


def test_an_unreachable_model_is_left_alone_after_some_failures_in_a_row(ledger):
    tasks = [Task(f"key-{number}", Frame(token=str(number))) for number in range(20)]
    asked = []

    def make(task):
        asked.append(task.frame.token)
        raise ModelUnavailable("nobody listens")

    runner = StageRunner(ledger, ledger.start_run({}), batch_size=10)

    assert runner.stage("report", tasks, lambda some: attempt_each(some, make)) == {}
    assert len(asked) == HALT_AFTER
    assert (runner.counts["report"].failed, runner.counts["report"].halted) == (HALT_AFTER, 20 - HALT_AFTER)
    assert "15 frames were not tried" in ledger.failures()[-1].message


def test_one_failure_among_answers_halts_nothing(ledger):
    tasks = [Task(f"key-{number}", Frame(token=str(number))) for number in range(20)]

    def make(task):
        if int(task.frame.token) % 2:
            raise ModelUnavailable("it stumbles")
        return b"fine"

    runner = StageRunner(ledger, ledger.start_run({}), batch_size=4)
    runner.stage("report", tasks, lambda some: attempt_each(some, make))

    assert (runner.counts["report"].made, runner.counts["report"].failed, runner.counts["report"].halted) == (10, 10, 0)


def test_what_failed_earlier_is_skipped_and_still_listed_unless_it_is_to_be_tried_again(ledger):
    StageRunner(ledger, ledger.start_run({}), 2).stage("stage", TASKS, Maker(bad="b"))
    run, make = ledger.start_run({}), Maker()
    careful = StageRunner(ledger, run, 2, retry_failed=False)

    assert list(careful.stage("stage", TASKS, make)) == ["a", "c", "d", "e"]
    assert make.batches == []
    assert (careful.counts["stage"].reused, careful.counts["stage"].skipped) == (4, 1)
    assert [(failure.token, failure.message) for failure in ledger.failures(run)] == [("b", "cannot read b")]
    assert list(StageRunner(ledger, ledger.start_run({}), 2).stage("stage", TASKS, make)) == list("abcde")
    assert ledger.failures() == []


def test_a_frame_whose_inputs_cannot_be_read_fails_without_being_made(ledger):
    make = Maker()
    tasks = [TASKS[0], Task("key-b", Frame(token="b"), ImageUnreadable("front.jpg", "cut short"))]
    runner = StageRunner(ledger, ledger.start_run({}), 2)

    assert list(runner.stage("stage", tasks, make)) == ["a"]
    assert make.batches == ["a"]
    assert [failure.message for failure in ledger.failures()] == ["front.jpg: cut short"]


def test_an_interrupted_stage_keeps_what_was_made(ledger):
    def make(tasks):
        yield tasks[0], b"paid for"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        StageRunner(ledger, ledger.start_run({}), 5).stage("stage", TASKS, make)
    assert ledger.payloads(["key-a"]) == {"key-a": b"paid for"}


def test_batches_hold_everything_in_order():
    assert list(batches("abcde", 2)) == [["a", "b"], ["c", "d"], ["e"]]
    assert list(batches("", 2)) == []
