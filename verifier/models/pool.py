"""A pool of endpoints that serve the same model: who is asked next, who rests, who is out.

The least busy endpoint comes first and takes a bounded number of requests at once. One that fails is rested, twice as
long for each failure in a row (full jitter: a random share of that, so that many clients do not return at once), and
the others take over. One that is of no use at all, such as a wrong key, is out until the pool is made again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import random
from threading import Condition
from time import monotonic

from scenario.errors import DeadlinePassed, ModelUnavailable
from scenario.protocols import Deadline

LONGEST_REST_S = 60.0

Wait = Callable[[Condition, float | None], object]  # waits on the condition, which is held, at most so many seconds


@dataclass
class Member:
    """One endpoint's state."""

    endpoint: str
    busy: int = 0
    served: int = 0  # requests given to it, so that equals take turns
    failures: int = 0  # in a row
    rests_until_s: float = 0.0
    out: bool = False
    last_error: str | None = None


@dataclass(frozen=True)
class Lease:
    """The right to ask one endpoint once. `failures` is its count when the lease was given."""

    endpoint: str
    failures: int


@dataclass(frozen=True)
class Failure:
    """Why an endpoint did not answer. `rest_s` is the pause it asked for itself; `out`: asking again is of no use."""

    reason: str
    rest_s: float | None = None
    out: bool = False


def least_busy(members: Sequence[Member], concurrency: int, now_s: float) -> Member | None:
    """Of those that are neither out, resting nor full: the least busy, then the one that served least."""
    ready = [one for one in members if not one.out and one.rests_until_s <= now_s and one.busy < concurrency]
    return min(ready, key=lambda one: (one.busy, one.served), default=None)


def earliest_s(members: Sequence[Member], now_s: float) -> float | None:
    """When the next rest ends; None when nobody rests."""
    return min((one.rests_until_s for one in members if not one.out and one.rests_until_s > now_s), default=None)


def rest_s(failures: int, backoff_s: float, share: float) -> float:
    """Exponential backoff with full jitter: `share` (0–1) of `backoff_s` doubled for each failure before this one."""
    longest_s = min(LONGEST_REST_S, backoff_s * 2.0 ** min(failures - 1, 30))
    return share * longest_s


class Pool:
    """Thread-safe. `jitter` gives numbers from 0 to 1; clock and wait are injected by tests."""

    def __init__(
        self,
        endpoints: Sequence[str],
        *,
        concurrency: int,
        backoff_s: float,
        clock: Callable[[], float] = monotonic,
        wait: Wait = Condition.wait,
        jitter: Callable[[], float] = random,
    ) -> None:
        self._members = {endpoint: Member(endpoint) for endpoint in endpoints}
        self._concurrency, self._backoff_s = concurrency, backoff_s
        self._clock, self._wait, self._jitter = clock, wait, jitter
        self._changed = Condition()
        self._closed = False

    def take(self, deadline: Deadline) -> Lease:
        """The next endpoint, waiting for one to become free or to end its rest. Give it back in any case.

        Raises `ModelUnavailable` when all are out, or none ends its rest before the deadline; `DeadlinePassed` when
        they are only busy, and when the request is cancelled.
        """
        with deadline.telling(self._wake), self._changed:
            while True:
                self._raise_if_closed()
                now_s = self._clock()
                if deadline.cancelled:
                    raise DeadlinePassed(
                        f"the request was cancelled before an endpoint was free: {self._states(now_s)}"
                    )
                if deadline.at_s is not None and now_s >= deadline.at_s:
                    raise DeadlinePassed(f"the deadline passed before an endpoint was free: {self._states(now_s)}")
                chosen = least_busy(list(self._members.values()), self._concurrency, now_s)
                if chosen is not None:
                    chosen.busy += 1
                    chosen.served += 1
                    return Lease(chosen.endpoint, chosen.failures)
                self._wait(self._changed, self._pause_s(now_s, deadline))

    def give_back(self, lease: Lease, failure: Failure | None, *, answered: bool = True) -> None:
        """The request has ended: with a failure, an answer, or neither, where nobody waited for it any longer.

        Requests that were under way together fail together: that is one failure, not many; and only an answer to one
        that began after the last failure ends a row of failures.
        """
        with self._changed:
            member = self._members[lease.endpoint]
            member.busy -= 1
            in_order = member.failures == lease.failures
            if failure is not None:
                self._rest(member, failure, first_to_tell=in_order)
            elif in_order and answered:
                member.failures, member.rests_until_s = 0, 0.0
            self._changed.notify_all()

    def close(self) -> None:
        """Whoever waits gets `ModelUnavailable`."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def unavailable(self) -> ModelUnavailable:
        """The error that names each endpoint and what it said last."""
        with self._changed:
            return ModelUnavailable(f"no endpoint answers: {self._states(self._clock())}")

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _rest(self, member: Member, failure: Failure, *, first_to_tell: bool) -> None:
        now_s = self._clock()
        member.last_error = failure.reason
        member.out = member.out or failure.out
        if first_to_tell:
            member.failures += 1
            member.rests_until_s = now_s + rest_s(member.failures, self._backoff_s, self._jitter())
        if failure.rest_s is not None:
            member.rests_until_s = max(member.rests_until_s, now_s + min(failure.rest_s, LONGEST_REST_S))

    def _pause_s(self, now_s: float, deadline: Deadline) -> float | None:
        """How long to wait for a change. Raises `ModelUnavailable` when waiting is of no use."""
        members = [one for one in self._members.values() if not one.out]
        next_s = earliest_s(members, now_s)
        busy = any(one.busy and one.rests_until_s <= now_s for one in members)
        too_late = next_s is None or (deadline.at_s is not None and next_s >= deadline.at_s)
        if not busy and too_late:
            raise ModelUnavailable(f"no endpoint answers: {self._states(now_s)}")
        moments_s = [at_s for at_s in (next_s, deadline.at_s) if at_s is not None]
        return min(moments_s) - now_s if moments_s else None

    def _states(self, now_s: float) -> str:
        return "; ".join(f"{one.endpoint}: {_state(one, now_s)}" for one in self._members.values())

    def _raise_if_closed(self) -> None:
        if self._closed:
            raise ModelUnavailable("the model was closed while it was asked")


def _state(member: Member, now_s: float) -> str:
    if member.last_error:
        pause_s = member.rests_until_s - now_s
        return f"{member.last_error}{f' (rests {pause_s:.0f} s)' if pause_s > 0 and not member.out else ''}"
    return f"busy with {member.busy}" if member.busy else "not asked yet"
