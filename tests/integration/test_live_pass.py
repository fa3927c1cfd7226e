"""The live pass against real servers on loopback: one with a tiny model of random weights, and ones that misbehave."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from threading import enumerate as threads
from typing import Any

import pytest
from PIL import Image

from chat import asked_text, seen
from drives import scenario
from llama_server import running
from model_server import Behaviour, ModelServer, drips, drops, drops_half_way, fails, floods, hangs, holds, says
from scenario.ledger import Ledger
from scenario.protocols import Cancel
from scenario.records import Camera, Scenario
from tiny_models import TinyModels
from verifier.live import Limits, LiveVerifier
from verifier.scouts.vision import openai_scout
from verifier.verifying import Asked

MAN = Asked(words="is a man in the lane?")
YES = says(asked_text(says="yes", evidence=[seen("a man", "CAM_FRONT")], risk=7))
NO = says(asked_text(says="no", risk=1))


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pictures") / "front.jpg"
    Image.new("RGB", (320, 180), "grey").save(path)
    return path


def frames(picture: Path, count: int) -> list[Scenario]:
    cameras = {"CAM_FRONT": Camera(image=str(picture))}
    return [scenario(f"t{number:03}", cameras=cameras) for number in range(count)]


def asking(endpoint: str, **options: Any) -> LiveVerifier:
    return LiveVerifier([openai_scout(name="remote", endpoints=[endpoint], thinking="none", **options)])


def no_worker_is_left() -> bool:
    return not [thread for thread in threads() if thread.name.startswith("work") and thread.is_alive()]


# A real server


@pytest.fixture(scope="module")
def endpoint(tiny: TinyModels, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(tiny.qwen3vl, tmp_path_factory.mktemp("server") / "log", context_tokens=16_384) as server:
        yield server.endpoint


def test_verifications_are_schema_valid_streamed_and_kept(endpoint: str, picture: Path, tmp_path: Path):
    """As many as `LIVE_VERIFICATIONS` says: that server takes ten seconds for each, so a hundred are for an evening."""
    count = int(os.environ.get("LIVE_VERIFICATIONS", "3"))
    verifier = asking(endpoint, answer_tokens=4000, concurrency=2)
    told = []
    with Ledger(tmp_path / "ledger.sqlite") as ledger, Ledger(tmp_path / "ledger.sqlite", read_only=True) as reader:
        for verification in verifier.verify(frames(picture, count), MAN, memory=ledger):
            told.append(verification)
            if len(told) in (1, count):  # kept before it is told
                assert {one.token for one in reader.verifications()} == {one.token for one in told}
    verifier.close()

    assert len({one.token for one in told}) == count
    assert {one.error for one in told} == {None}
    for one in told:
        (testimony,) = one.testimonies
        assert testimony.report.irregularities == ()
        assert one.usage is not None
        assert one.usage.prompt_tokens


def test_a_pass_that_is_cancelled_half_way_leaves_nothing_behind(endpoint: str, picture: Path, tmp_path: Path):
    verifier, cancel = asking(endpoint, answer_tokens=4000, concurrency=3), Cancel()
    list(verifier.verify(frames(picture, 1), Asked(words="is it there?")))  # what is opened once is open now
    open_before = len(list(Path("/proc/self/fd").iterdir()))
    told = []
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        for verification in verifier.verify(frames(picture, 8), MAN, memory=ledger, cancel=cancel):
            told.append(verification)
            if len(told) == 1:
                cancel.set()
        kept = ledger.verifications()

    assert len(told) < 4
    assert {one.token for one in told} <= {one.token for one in kept}
    assert no_worker_is_left()
    assert len(list(Path("/proc/self/fd").iterdir())) <= open_before
    # And the same verifier goes on.
    assert [one.verdict for one in verifier.verify(frames(picture, 1), Asked(words="a bus?"))] != ["error"]
    verifier.close()


# Servers that misbehave


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (says("I see a man."), "no object in 'I see a man.'"),
        (says('{"answer": "yes"}'), "not an object"),
        (says(""), "empty"),
        (fails(500, "out of memory"), "out of memory"),
        (fails(400, "too long"), "too long"),
        (drops, "lost"),
        (drops_half_way, "lost"),
        (hangs, "no whole answer within"),
        (drips, "no whole answer within"),
        (floods, "longer than"),
    ],
    ids=["prose", "wrong", "empty", "error", "refusal", "drop", "half", "hang", "drip", "flood"],
)
def test_whatever_a_server_does_is_that_frames_verdict_and_the_rest_goes_on(behaviour: Behaviour, reason: str, picture):
    # As often as it is asked again: in words, in the same way, in another; then it is itself again.
    with ModelServer(YES, *[behaviour] * 20) as server:
        verifier = asking(server.endpoint, timeout_s=0.5, retries=1, concurrency=1)
        passing = verifier.verify(frames(picture, 3), MAN, limits=Limits(frame_s=2.0))
        assert next(passing).verdict == "yes"
        failed = next(passing)
        server.script_again([NO])
        rest = [one.verdict for one in passing]
        verifier.close()

    assert failed.verdict == "error"
    assert failed.error is not None
    assert reason in failed.error
    assert rest == ["no"]


def test_a_server_that_takes_too_long_ends_with_the_budget(picture: Path):
    with ModelServer(YES, hangs) as server:
        verifier = asking(server.endpoint, concurrency=2)
        told = list(verifier.verify(frames(picture, 6), MAN, limits=Limits(budget_s=1.5)))
        verifier.close()

    assert sorted(one.verdict for one in told) == ["error"] * 5 + ["yes"]
    assert any("used up" in (one.error or "") for one in told)
    assert len(told) == 6


def test_cancelling_hangs_up_on_a_server_that_thinks(picture: Path):
    cancel = Cancel()
    with ModelServer(YES, hangs) as server:
        verifier = asking(server.endpoint, concurrency=3)
        told = []
        for one in verifier.verify(frames(picture, 6), MAN, cancel=cancel):
            told.append(one.verdict)
            cancel.set()
        verifier.close()
        assert server.hung_up.wait(10) or len(server.seen.chats) == 1

    assert told == ["yes"]
    assert no_worker_is_left()


def test_as_many_looks_run_at_once_as_the_server_takes(picture: Path):
    gate = Event()
    with ModelServer(holds(gate, YES)) as server:
        verifier = asking(server.endpoint, concurrency=3)
        passing = verifier.verify(frames(picture, 6), MAN)
        gate.set()
        assert [one.verdict for one in passing] == ["yes"] * 6
        assert server.most_at_once <= 3
        verifier.close()


# Killed


def test_after_a_kill_every_verdict_that_was_told_is_in_the_ledger(picture: Path, tmp_path: Path):
    ledger_file = tmp_path / "ledger.sqlite"
    program = Path(__file__).parent.parent / "killed_verifier.py"
    with ModelServer(YES) as server:
        command = [sys.executable, str(program), server.endpoint, str(picture), str(ledger_file)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            told = [process.stdout.readline().strip() for _ in range(7)]
            process.kill()
            told += process.stdout.read().split()

    with Ledger(ledger_file, read_only=True) as ledger:
        kept = {one.token for one in ledger.verifications()}
        assert ledger.check() == []
    assert len(told) >= 7
    assert set(told) <= kept
