"""The `openai` chat model with many requests at once and many endpoints, against real HTTP servers.

Rests last no time here (`jitter` 0), and nothing looks at the clock: what must wait is held by an event.
"""

import json
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from model_server import ModelServer, dies, fails, holds, meets, says
from openai_client import GOOD, NEVER, model, request
from scenario.errors import ModelUnavailable
from verifier.models.base import ChatReply


def test_an_endpoint_is_never_asked_more_than_its_concurrency_at_once() -> None:
    together = Barrier(3)  # each waits for two others: with fewer at once none would be answered
    with (
        ModelServer(meets(together, says(GOOD))) as server,
        model(server, concurrency=3) as one,
        ThreadPoolExecutor(12) as threads,
    ):
        replies = list(threads.map(lambda _: one.complete(request(), deadline=NEVER), range(12)))
    assert [reply.text for reply in replies] == [GOOD] * 12
    assert server.most_at_once == 3


def test_two_endpoints_work_at_the_same_time() -> None:
    together = Barrier(4)
    with (
        ModelServer(meets(together, says("1"))) as first,
        ModelServer(meets(together, says("2"))) as second,
        model(first, second, concurrency=2) as one,
        ThreadPoolExecutor(8) as threads,
    ):
        replies = list(threads.map(lambda _: one.complete(request(), deadline=NEVER), range(8)))
    assert sorted(reply.text for reply in replies) == ["1"] * 4 + ["2"] * 4
    assert (first.most_at_once, second.most_at_once) == (2, 2)


def test_an_endpoint_that_dies_half_way_is_replaced_by_the_others() -> None:
    with (
        ModelServer(says("1"), says("1"), dies()) as first,
        ModelServer(says("2")) as second,
        model(first, second, model="tiny") as one,
    ):
        texts = [one.complete(request(), deadline=NEVER).text for _ in range(10)]
    assert texts.count("1") == 2
    assert texts.count("2") == 8


def test_when_every_endpoint_is_gone_each_is_named() -> None:
    with ModelServer(says(GOOD), dies()) as first, ModelServer(dies()) as second, model(first, second) as one:
        assert one.complete(request(), deadline=NEVER).text == GOOD
        with pytest.raises(ModelUnavailable) as caught:
            one.complete(request(), deadline=NEVER)
        assert str(caught.value).count("no connection") == 2
        assert first.endpoint in str(caught.value)
        assert second.endpoint in str(caught.value)


def test_a_server_that_comes_back_is_used_again() -> None:
    with ModelServer(dies()) as server, model(server) as one:
        with pytest.raises(ModelUnavailable):
            one.complete(request(), deadline=NEVER)
        server.script_again([says(GOOD)])
        server.revive()
        assert one.complete(request(), deadline=NEVER).text == GOOD


def test_an_endpoint_that_lacks_the_model_is_left_out() -> None:
    with (
        ModelServer(fails(404, "no model 'tiny'")) as lacking,
        ModelServer(says(GOOD)) as having,
        model(lacking, having, model="tiny") as one,
    ):
        texts = [one.complete(request(), deadline=NEVER).text for _ in range(6)]
    assert texts == [GOOD] * 6
    assert len(lacking.seen.chats) == 1


def test_every_endpoint_is_tried_even_where_there_are_more_of_them_than_retries() -> None:
    with (
        ModelServer(fails(503)) as one,
        ModelServer(fails(503)) as two,
        ModelServer(says(GOOD)) as three,
        model(one, two, three, retries=0) as pool,
    ):
        assert pool.complete(request(), deadline=NEVER).text == GOOD


def test_a_waiting_request_takes_the_place_that_becomes_free() -> None:
    release = Event()
    with (
        ModelServer(holds(release, says("1")), says("2")) as server,
        model(server, concurrency=1) as one,
        ThreadPoolExecutor(2) as threads,
    ):
        pending: list[Future[ChatReply]] = [threads.submit(one.complete, request(), deadline=NEVER) for _ in range(2)]
        release.set()
        assert sorted(future.result(20).text for future in pending) == ["1", "2"]
    assert server.most_at_once == 1
    assert json.dumps(server.seen.chats[0]) == json.dumps(server.seen.chats[1])
