"""Work on many things at once: in the order in which it finishes, no more at once than asked, nothing left running."""

from threading import Barrier, Event
from threading import enumerate as threads

import pytest

from scenario.parallel import as_finished


def test_one_worker_works_in_order_in_the_callers_thread():
    assert list(as_finished([1, 2, 3], lambda item: item * 2, 1)) == [(1, 2), (2, 4), (3, 6)]


def test_what_finishes_first_comes_first():
    gate = Event()

    def work(item: int) -> int:
        if item == 1:
            assert gate.wait(10)
        return item

    finished = as_finished([1, 2], work, 2)
    assert next(finished) == (2, 2)
    gate.set()
    assert list(finished) == [(1, 1)]


def test_as_many_run_at_once_as_there_are_workers():
    meeting = Barrier(3, timeout=10)
    assert len(list(as_finished(range(6), lambda item: meeting.wait(), 3))) == 6


def test_items_are_drawn_only_as_workers_come_free():
    drawn = []

    def items():
        for item in range(100):
            drawn.append(item)
            yield item

    finished = as_finished(items(), lambda item: item, 2)
    next(finished)
    finished.close()
    assert len(drawn) <= 4


def test_an_error_is_raised_to_the_caller():
    with pytest.raises(ZeroDivisionError):
        list(as_finished([0], lambda item: 1 // item, 2))


@pytest.mark.parametrize("workers", [1, 4])
def test_leaving_stops_what_runs_and_waits_for_it(workers):
    stop, begun = Event(), Event()

    def work(item: int) -> int:
        if item:
            begun.set()
            assert stop.wait(10)
        return item

    finished = as_finished(range(9), work, workers, stop=stop.set)
    assert next(finished) == (0, 0)
    if workers > 1:
        assert begun.wait(10)
    finished.close()
    assert not [thread for thread in threads() if thread.name.startswith("work")]


def test_a_pass_that_ends_by_itself_is_not_stopped():
    stop = Event()
    list(as_finished(range(9), lambda item: item, 4, stop=stop.set))
    assert not stop.is_set()
