"""Profiles over a log: real llama.cpp models of random weights, and real HTTP servers that behave, or don't."""

import json

import pytest

from chat import report_text
from fakes import HashEmbedder
from indexer.live import index_log
from indexer.sources import Invocation, NuScenesSource
from indexer.stages import HALT_AFTER
from logs import MadeBox, write_log
from model_server import ModelServer, dies, reply, says
from scenario.ledger import Ledger
from scenario.workspace import Workspace
from server.engine import Engine

BOXES = [
    MadeBox("human.pedestrian.adult", ahead_m=14, left_m=0.5, attributes=("pedestrian.moving",)),
    MadeBox("vehicle.car", 25.0, 3.5, (4.5, 1.9, 1.6), attributes=("vehicle.parked",)),
]


@pytest.fixture
def workspace(tmp_path):
    return Workspace.create(tmp_path / "workspace")


def a_log(tmp_path, frames):
    return write_log(tmp_path / "log", frames=frames, boxes=BOXES, speed_mps=2.0, size_px=(320, 180))


def index(log, profile, workspace, **options):
    source = NuScenesSource(dataroot=str(log.dataroot), version=log.version)
    asked = Invocation(source=source, profile=str(profile), embedder="hash-embedder")
    return index_log(asked, workspace, HashEmbedder(), **options)


def show(workspace, token):
    return Engine(workspace, lambda _: HashEmbedder()).show(token)


def failures(workspace):
    with Ledger(workspace.ledger, read_only=True) as ledger:
        return ledger.failures(ledger.runs()[-1]["id"])


def tiny_profile(folder, tiny):
    """Two scouts that see, one of which thinks, and a judge that reads."""
    common = "context_tokens = 20000\nanswer_tokens = 4000\nthreads = 1\nflash_attention = false\n"
    seeing = common + "image_tokens = 200\nmax_detections = 2\n"
    text = f"""
name = "tiny"
[grounder]
backend = "annotations"
[[scouts]]
name = "one"
backend = "llama_cpp"
[scouts.options]
model = {json.dumps(str(tiny.qwen3vl.model))}
projector = {json.dumps(str(tiny.qwen3vl.projector))}
{seeing}
[[scouts]]
name = "two"
backend = "llama_cpp"
[scouts.options]
model = {json.dumps(str(tiny.gemma3.model))}
projector = {json.dumps(str(tiny.gemma3.projector))}
thinking = "tags"
thinking_tokens = 40
{seeing}
[judge]
backend = "llm"
[judge.options]
backend = "llama_cpp"
model = {json.dumps(str(tiny.llama.model))}
candidates = 1
{common}
"""
    path = folder / "tiny.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_models_in_process_report_and_judge_every_frame_in_the_vocabulary(tmp_path, workspace, tiny):
    log = a_log(tmp_path, frames=2)
    summary = index(log, tiny_profile(tmp_path, tiny), workspace)
    scenarios = [show(workspace, token) for token in log.tokens]

    assert (summary.indexed, summary.failures) == (2, ())
    for scenario in scenarios:
        one, two = scenario.reports
        assert (one.scout, two.scout) == ("one", "two")
        assert one.irregularities == two.irregularities == ()
        assert {review.detection for review in one.reviews} == set(range(len(scenario.grounding.detections)))
        assert one.reasoning is None
        assert two.reasoning
        assert one.usage.completion_tokens > 0
        assert {"seed", "temperature"} <= one.settings.keys()
        assert (scenario.verdict.judge, len(scenario.verdict.candidates)) == ("llm", 2)  # its own, and the vote's


def served_profile(folder, *servers, concurrency=1):
    endpoints = json.dumps([server.endpoint for server in servers])
    text = f"""
name = "served"
[grounder]
backend = "annotations"
[[scouts]]
name = "rules"
backend = "rules"
[[scouts]]
name = "remote"
backend = "openai"
[scouts.options]
endpoints = {endpoints}
model = "tiny"
response_format = "json_schema"
retries = 1
backoff_s = 0.01
concurrency = {concurrency}
"""
    path = folder / "served.toml"
    path.write_text(text, encoding="utf-8")
    return path


def report_on(exchange):
    schema = exchange.body["response_format"]["json_schema"]["schema"]
    reviewed = schema["properties"].get("review", {}).get("properties", {})
    exchange.send(reply(report_text(*["confirmed"] * len(reviewed), risk=3, description="A person on the road.")))


def test_a_pool_of_servers_is_asked_all_at_once_and_every_frame_is_answered(tmp_path, workspace):
    log = a_log(tmp_path, frames=12)
    with ModelServer(report_on) as first, ModelServer(report_on) as second:
        summary = index(log, served_profile(tmp_path, first, second, concurrency=2), workspace)
        asked = (len(first.seen.chats), len(second.seen.chats))

        assert (summary.indexed, summary.failures) == (12, ())
        assert sum(asked) == 12
        assert min(asked) > 0
        assert max(first.most_at_once, second.most_at_once) <= 2


def test_a_server_that_dies_half_way_leaves_named_failures_and_the_rest_is_indexed(tmp_path, workspace):
    log = a_log(tmp_path, frames=15)
    with ModelServer(*[report_on] * 4, dies()) as server:
        profile = served_profile(tmp_path, server)
        summary = index(log, profile, workspace)
        found = failures(workspace)

        assert summary.indexed == 15
        assert summary.stages["report remote"].made == 4
        assert {failure.error for failure in found} == {"ModelUnavailable"}
        assert len([failure for failure in found if failure.token]) == HALT_AFTER
        assert [len(show(workspace, token).reports) for token in log.tokens] == [2] * 4 + [1] * 11

        server.script_again([report_on])
        server.revive()
        again = index(log, profile, workspace, retry_failed=True)

        assert (again.stages["report remote"].made, failures(workspace)) == (11, [])
        assert [len(show(workspace, token).reports) for token in log.tokens] == [2] * 15


def test_a_scout_that_answers_garbage_fails_by_name_and_the_others_speak(tmp_path, workspace):
    log = a_log(tmp_path, frames=3)
    garbage = says("I cannot help with that.")
    with ModelServer(report_on, garbage, garbage, report_on) as server:
        summary = index(log, served_profile(tmp_path, server), workspace)

    (failure,) = failures(workspace)
    assert summary.indexed == 3
    assert (failure.stage, failure.token, failure.error) == ("report remote", log.tokens[1], "ReplyInvalid")
    assert [report.scout for report in show(workspace, log.tokens[1]).reports] == ["rules"]
