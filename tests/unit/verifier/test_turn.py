"""Taking turns: one at a time, and nobody waits longer than they wish to."""

from concurrent.futures import ThreadPoolExecutor
from threading import Condition, Event

import pytest

from scenario.errors import DeadlinePassed
from scenario.protocols import Cancel, Deadline
from verifier.models.pool import Pool
from verifier.models.turn import Turn

NEVER = Deadline()
PATIENCE_S = 20  # how long a test that went wrong may hang
A = "http://a/v1"


class Telling(Deadline):
    """Tells when it is waited for: it is asked how much is left before each wait."""

    waited_for: Event

    @property
    def cancelled(self) -> bool:
        self.waited_for.set()
        return super().cancelled


def telling(cancel: Cancel) -> tuple[Deadline, Event]:
    deadline = Telling(cancel=cancel)
    object.__setattr__(deadline, "waited_for", Event())
    return deadline, deadline.waited_for


def test_a_turn_is_taken_by_one_at_a_time_and_passed_on():
    turn, inside, most = Turn(), [], []

    def take(number: int) -> None:
        with turn.taken(NEVER, "busy"):
            inside.append(number)
            most.append(len(inside))
            inside.remove(number)

    with ThreadPoolExecutor(8) as threads:
        assert len([*threads.map(take, range(200))]) == 200
    assert {*most} == {1}


def test_whoever_waits_for_a_turn_is_told_of_a_cancel():
    turn, cancel = Turn(), Cancel()
    deadline, waited_for = telling(cancel)

    def wait() -> None:
        with turn.taken(deadline, "tiny was busy"):
            pytest.fail("it was not free")

    with ThreadPoolExecutor(1) as threads, turn.taken(NEVER, "busy"):
        waiting = threads.submit(wait)
        assert waited_for.wait(PATIENCE_S)
        cancel.set()
        with pytest.raises(DeadlinePassed, match="tiny was busy until the request was cancelled"):
            waiting.result(PATIENCE_S)
    with turn.taken(NEVER, "busy"):
        pass  # and the turn is free for the next


def test_a_turn_is_waited_for_until_the_deadline():
    turn = Turn(clock=lambda: 100.0)

    with (
        turn.taken(NEVER, "busy"),
        pytest.raises(DeadlinePassed, match="tiny was busy until the deadline"),
        turn.taken(Deadline(100.0), "tiny was busy"),
    ):
        pytest.fail("it was not free")


def test_a_turn_is_passed_on_when_what_was_done_in_it_fails():
    turn = Turn()

    with pytest.raises(ValueError, match="broken"), turn.taken(NEVER, "busy"):
        raise ValueError("broken")
    with turn.taken(Deadline(0.0), "busy"):
        pass


def test_of_two_who_wait_only_the_cancelled_one_gives_up():
    turn, cancel = Turn(), Cancel()
    deadline, waited_for = telling(cancel)
    other, other_waits = telling(Cancel())

    def take(wish: Deadline) -> str:
        with turn.taken(wish, "busy"):
            return "had its turn"

    with ThreadPoolExecutor(2) as threads:
        with turn.taken(NEVER, "busy"):
            stopped, patient = threads.submit(take, deadline), threads.submit(take, other)
            assert waited_for.wait(PATIENCE_S)
            assert other_waits.wait(PATIENCE_S)
            cancel.set()
            assert isinstance(stopped.exception(PATIENCE_S), DeadlinePassed)
        assert patient.result(PATIENCE_S) == "had its turn"


# The pool of endpoints


def test_whoever_waits_for_an_endpoint_is_told_of_a_cancel():
    waits, cancel = Event(), Cancel()

    def wait(changed: Condition, seconds: float | None) -> None:
        waits.set()  # under the pool's lock: nobody can wake it before it sleeps
        changed.wait(seconds)

    pool = Pool([A], concurrency=1, backoff_s=0.5, wait=wait)
    lease = pool.take(NEVER)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(pool.take, Deadline(cancel=cancel))
        assert waits.wait(PATIENCE_S)
        cancel.set()
        with pytest.raises(DeadlinePassed, match=r"cancelled before an endpoint was free: http://a/v1: busy with 1"):
            waiting.result(PATIENCE_S)
    pool.give_back(lease, None)
    assert pool.take(NEVER).endpoint == A


def test_a_request_that_is_already_cancelled_takes_no_endpoint():
    pool, cancel = Pool([A], concurrency=1, backoff_s=0.5), Cancel()
    cancel.set()

    with pytest.raises(DeadlinePassed, match="cancelled"):
        pool.take(Deadline(cancel=cancel))
    assert pool.take(NEVER).endpoint == A
