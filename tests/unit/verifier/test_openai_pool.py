"""The pool of endpoints: pure state, driven by a clock that only moves when somebody waits."""

from threading import Condition

import pytest

from scenario.errors import DeadlinePassed, ModelUnavailable
from scenario.protocols import Deadline
from verifier.models.pool import LONGEST_REST_S, Failure, Pool, rest_s

A, B, C = "http://a/v1", "http://b/v1", "http://c/v1"
NEVER = Deadline()


class Clock:
    """Time passes only in waits. A wait without an end would hang a real pool: here it fails."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.waits_s: list[float] = []

    def __call__(self) -> float:
        return self.now_s

    def wait(self, _: Condition, seconds: float | None) -> None:
        assert seconds is not None, "waits without an end"
        self.waits_s.append(seconds)
        self.now_s += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def made(clock: Clock, *endpoints: str, concurrency: int = 1, jitter: float = 1.0) -> Pool:
    return Pool(endpoints, concurrency=concurrency, backoff_s=0.5, clock=clock, wait=clock.wait, jitter=lambda: jitter)


def fail(pool: Pool, reason: str = "500: no", rest_s: float | None = None, out: bool = False) -> str:
    lease = pool.take(NEVER)
    pool.give_back(lease, Failure(reason, rest_s, out))
    return lease.endpoint


def test_the_least_busy_endpoint_comes_first(clock: Clock) -> None:
    pool = made(clock, A, B, concurrency=2)
    first, second = pool.take(NEVER), pool.take(NEVER)
    assert {first.endpoint, second.endpoint} == {A, B}
    pool.give_back(second, None)
    assert pool.take(NEVER).endpoint == second.endpoint


def test_idle_endpoints_take_turns(clock: Clock) -> None:
    pool = made(clock, A, B, C)
    asked = []
    for _ in range(6):
        lease = pool.take(NEVER)
        asked.append(lease.endpoint)
        pool.give_back(lease, None)
    assert asked == [A, B, C, A, B, C]


def test_an_endpoint_takes_only_so_many_at_once(clock: Clock) -> None:
    pool = made(clock, A, concurrency=2)
    pool.take(NEVER)
    pool.take(NEVER)
    with pytest.raises(DeadlinePassed, match="busy with 2"):
        pool.take(Deadline(clock.now_s + 3))
    assert clock.waits_s == [3]


def test_an_endpoint_that_fails_rests_and_others_take_over(clock: Clock) -> None:
    pool = made(clock, A, B, concurrency=4)
    assert fail(pool) == A
    assert [pool.take(NEVER).endpoint for _ in range(3)] == [B, B, B]


def test_rests_grow_with_each_failure_in_a_row_and_an_answer_ends_the_row(clock: Clock) -> None:
    pool = made(clock, A)
    for _ in range(4):
        fail(pool)
    pool.give_back(pool.take(NEVER), None)
    fail(pool)
    pool.take(NEVER)
    assert clock.waits_s == [0.5, 1.0, 2.0, 4.0, 0.5]


def test_a_request_that_nobody_waited_for_any_longer_does_not_end_a_row_of_failures(clock: Clock) -> None:
    pool = made(clock, A)
    for _ in range(2):
        fail(pool)
    pool.give_back(pool.take(NEVER), None, answered=False)
    fail(pool)
    pool.take(NEVER)
    assert clock.waits_s == [0.5, 1.0, 2.0]


def test_a_rest_is_a_random_share_of_the_longest_and_is_bounded() -> None:
    assert rest_s(3, 0.5, 0.25) == 0.5
    assert rest_s(3, 0.5, 0.0) == 0.0
    assert rest_s(10_000, 0.5, 1.0) == LONGEST_REST_S


@pytest.mark.parametrize(("asked_for_s", "rested_s"), [(7.0, 7.0), (0.1, 0.5), (9_999.0, LONGEST_REST_S)])
def test_a_rest_is_as_long_as_the_server_asks_for_within_bounds(
    clock: Clock, asked_for_s: float, rested_s: float
) -> None:
    pool = made(clock, A)
    fail(pool, rest_s=asked_for_s)
    pool.take(NEVER)
    assert clock.waits_s == [rested_s]


def test_requests_that_fail_together_are_one_failure(clock: Clock) -> None:
    pool = made(clock, A, concurrency=3)
    leases = [pool.take(NEVER) for _ in range(3)]
    for lease in leases:
        pool.give_back(lease, Failure("dropped"))
    pool.take(NEVER)
    assert clock.waits_s == [0.5]


def test_an_answer_to_an_older_request_does_not_end_a_rest(clock: Clock) -> None:
    pool = made(clock, A, concurrency=2)
    older, newer = pool.take(NEVER), pool.take(NEVER)
    pool.give_back(newer, Failure("429: later", rest_s=30))
    pool.give_back(older, None)
    pool.take(NEVER)
    assert clock.waits_s == [30]


def test_when_all_rest_the_earliest_is_waited_for(clock: Clock) -> None:
    pool = made(clock, A, B)
    fail(pool, rest_s=20)
    fail(pool, rest_s=8)
    assert pool.take(Deadline(clock.now_s + 10)).endpoint == B
    assert clock.waits_s == [8]


def test_when_all_rest_beyond_the_deadline_each_is_named_with_its_last_error(clock: Clock) -> None:
    pool = made(clock, A, B)
    fail(pool, "no connection", rest_s=20)
    fail(pool, "503: loading", rest_s=20)
    with pytest.raises(ModelUnavailable, match=rf"{A}: no connection \(rests 20 s\); {B}: 503: loading"):
        pool.take(Deadline(clock.now_s + 10))
    assert clock.waits_s == []  # waiting would be of no use


def test_a_busy_endpoint_is_waited_for_where_another_rests(clock: Clock) -> None:
    pool = made(clock, A, B)
    fail(pool, rest_s=50)
    assert pool.take(NEVER).endpoint == B
    with pytest.raises(DeadlinePassed):
        pool.take(Deadline(clock.now_s + 10))


def test_an_endpoint_that_is_out_is_never_asked_again(clock: Clock) -> None:
    pool = made(clock, A, B)
    fail(pool, "401: wrong key", out=True)
    for _ in range(3):
        lease = pool.take(NEVER)
        assert lease.endpoint == B
        pool.give_back(lease, None)
    fail(pool, "404: no such model", out=True)
    with pytest.raises(ModelUnavailable, match=r"401: wrong key; .*404: no such model"):
        pool.take(NEVER)


def test_no_lease_after_the_deadline(clock: Clock) -> None:
    with pytest.raises(DeadlinePassed):
        made(clock, A).take(Deadline(clock.now_s))


def test_a_closed_pool_gives_nothing(clock: Clock) -> None:
    pool = made(clock, A)
    pool.close()
    with pytest.raises(ModelUnavailable, match="closed"):
        pool.take(NEVER)
