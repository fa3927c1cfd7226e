"""Requests that nobody waits for any more: cut at once, the server knows, and nothing is left behind.

Nothing here looks at the clock: each cancel waits for the moment that it is about.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from threading import enumerate as threads_alive
from typing import Any

import pytest

from llama import ALWAYS, Opened, asking
from model_server import PATIENCE_S, Behaviour, Exchange, ModelServer, drips, hangs, holds, says
from openai_client import GOOD, NEVER, model, request
from scenario.errors import DeadlinePassed
from scenario.protocols import Cancel, Deadline
from verifier.models.transport import CallFailed, Transport

KNOWN = {"model": "tiny", "response_format": "json_schema"}


def begins(began: Event, then: Behaviour) -> Behaviour:
    """Says when the request is there."""

    def behave(exchange: Exchange) -> None:
        began.set()
        then(exchange)

    return behave


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = {*threads_alive()}
    yield
    for thread in {*threads_alive()} - before:
        thread.join(PATIENCE_S)
        assert not thread.is_alive(), f"{thread.name} is left"


@pytest.mark.parametrize("behaviour", [hangs, drips])
def test_a_cancel_ends_a_slow_answer_and_its_connection(behaviour: Behaviour):
    began, cancel = Event(), Cancel()
    with (
        ModelServer(begins(began, behaviour)) as server,
        model(server, **KNOWN) as one,
        ThreadPoolExecutor(1) as threads,
    ):
        waiting = threads.submit(one.complete, request(), deadline=Deadline(cancel=cancel))
        assert began.wait(PATIENCE_S)
        cancel.set()
        with pytest.raises(DeadlinePassed, match=f"{server.endpoint} had not answered when the request was cancelled"):
            waiting.result(PATIENCE_S)
        assert server.hung_up.wait(PATIENCE_S)  # the server knows, and may stop
    assert len(server.seen.chats) == 1  # and is not asked again


def test_one_cancel_ends_all_requests_of_a_pass_and_no_other():
    all_there, go_on, cancel = Barrier(5), Event(), Cancel()

    def play(exchange: Exchange) -> None:
        all_there.wait(PATIENCE_S)
        if "stay" in str(exchange.body["messages"]):
            holds(go_on, says(GOOD))(exchange)
        else:
            hangs(exchange)

    with ModelServer(play) as server, model(server, **KNOWN) as one, ThreadPoolExecutor(4) as threads:
        staying = threads.submit(one.complete, asking("stay"), deadline=NEVER)
        leaving = [threads.submit(one.complete, request(), deadline=Deadline(cancel=cancel)) for _ in range(3)]
        all_there.wait(PATIENCE_S)
        cancel.set()
        assert [type(left.exception(PATIENCE_S)) for left in leaving] == [DeadlinePassed] * 3
        go_on.set()
        assert staying.result(PATIENCE_S).text == GOOD


def test_a_request_that_waits_for_an_endpoint_is_cancelled_while_another_is_answered():
    began, go_on, cancel = Event(), Event(), Cancel()
    with (
        ModelServer(begins(began, holds(go_on, says(GOOD)))) as server,
        model(server, concurrency=1, **KNOWN) as one,
        ThreadPoolExecutor(2) as threads,
    ):
        answered = threads.submit(one.complete, request(), deadline=NEVER)
        assert began.wait(PATIENCE_S)
        waiting = threads.submit(one.complete, request(), deadline=Deadline(cancel=cancel))
        cancel.set()  # before or after it came to wait: it never gets the endpoint
        with pytest.raises(DeadlinePassed, match="cancelled before an endpoint was free"):
            waiting.result(PATIENCE_S)
        go_on.set()
        assert answered.result(PATIENCE_S).text == GOOD
    assert len(server.seen.chats) == 1


def test_nothing_is_sent_after_a_cancel():
    cancel = Cancel()
    cancel.set()
    with ModelServer() as server, model(server) as one, pytest.raises(DeadlinePassed, match="cancelled"):
        one.complete(request(), deadline=Deadline(cancel=cancel))
    assert server.seen.paths == []


def test_a_model_is_asked_as_ever_after_a_cancel():
    began, cancel = Event(), Cancel()
    with (
        ModelServer(begins(began, hangs), says(GOOD)) as server,
        model(server, **KNOWN) as one,
        ThreadPoolExecutor(1) as threads,
    ):
        waiting = threads.submit(one.complete, request(), deadline=Deadline(cancel=cancel))
        assert began.wait(PATIENCE_S)
        cancel.set()
        assert isinstance(waiting.exception(PATIENCE_S), DeadlinePassed)
        assert one.complete(request(), deadline=Deadline(cancel=Cancel())).text == GOOD


def test_an_exchange_that_is_already_cancelled_does_not_connect():
    cancel = Cancel()
    cancel.set()
    with ModelServer() as server:
        transport = Transport([server.endpoint], connect_timeout_s=5)
        with pytest.raises(CallFailed, match="the request was cancelled") as caught:
            transport.call("GET", f"{server.endpoint}/models", limit_s=20, deadline=Deadline(cancel=cancel))
        transport.close()
    assert caught.value.fault == "cancelled"
    assert server.seen.paths == []


# In this process


class Counting(Deadline):
    """Cancels after it was looked at so often, as somebody does while a model writes."""

    looks: list[int]

    @property
    def cancelled(self) -> bool:
        self.looks[0] -= 1
        if self.looks[0] == 0:
            assert self.cancel is not None
            self.cancel.set()
        return super().cancelled


def counting(looks: int) -> Deadline:
    deadline = Counting(cancel=Cancel())
    object.__setattr__(deadline, "looks", [looks])
    return deadline


@pytest.mark.parametrize("looks", [1, 2, 12])
def test_llama_cpp_stops_between_two_tokens_and_answers_the_next_as_ever(opened: Opened, looks: int):
    one, other = opened("llama", temperature=0.0), opened("llama", temperature=0.0)

    with pytest.raises(DeadlinePassed, match="cancelled"):
        one.complete(asking("Go."), deadline=counting(looks))
    assert one.complete(asking("Stay."), deadline=ALWAYS).text == other.complete(asking("Stay."), deadline=ALWAYS).text


def test_whoever_waits_for_llama_cpp_is_told_of_a_cancel(opened: Opened):
    one, cancel, writing, go_on = opened("llama"), Cancel(), Event(), Event()

    class Held(Deadline):
        @property
        def passed(self) -> bool:
            writing.set()
            return not go_on.wait(PATIENCE_S)

    def ask(deadline: Deadline) -> Any:
        return one.complete(asking("Go."), deadline=deadline)

    with ThreadPoolExecutor(2) as threads:
        busy = threads.submit(ask, Held())
        assert writing.wait(PATIENCE_S)
        waiting = threads.submit(ask, Deadline(cancel=cancel))
        cancel.set()
        with pytest.raises(DeadlinePassed, match="busy with another request until the request was cancelled"):
            waiting.result(PATIENCE_S)
        go_on.set()
        assert busy.result(PATIENCE_S).text
