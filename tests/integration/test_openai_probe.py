"""The start-up probe against a real HTTP server of known powers."""

from typing import Any

import pytest

from model_server import ModelServer, Powers
from scenario.errors import ConfigError
from verifier.models.openai import openai_reports, openai_settings
from verifier.models.probe import EndpointReport, probe


def report(**powers: Any) -> EndpointReport:
    with ModelServer(powers=Powers(**powers)) as server:
        return probe(server.endpoint, timeout_s=20)


@pytest.mark.parametrize(
    ("powers", "found"),
    [
        ({}, "json_schema"),
        ({"refused_keywords": ("maxLength",)}, "json_schema_basic"),
        ({"formats": ("json_object",), "refuses_with": 500}, "json_object"),
        ({"formats": (), "refuses_with": 400}, "none"),
        ({"formats": (), "refuses_with": 500}, "none"),
        ({"ignores_formats": True}, "none"),  # it takes the format, and then says what it likes
    ],
)
def test_a_format_counts_where_the_answer_follows_it(powers: dict[str, Any], found: str) -> None:
    assert report(**powers).response_format == found


@pytest.mark.parametrize(
    ("powers", "found"),
    [({}, True), ({"pictures": False}, False), ({"drops_pictures": True}, False), ({"spells_pictures": True}, False)],
)
def test_pictures_count_where_the_model_gets_them(powers: dict[str, Any], found: bool) -> None:
    assert report(**powers).pictures is found


@pytest.mark.parametrize(
    ("powers", "found"),
    [
        ({"reasoning_key": "reasoning_content"}, "apart"),
        ({"reasoning_key": "reasoning"}, "apart"),
        ({"think_tags": True}, "in the content"),
        ({}, "none seen"),
    ],
)
def test_it_tells_where_the_reasoning_is(powers: dict[str, Any], found: str) -> None:
    assert report(**powers).reasoning == found


@pytest.mark.parametrize(
    ("powers", "found"), [({"max_model_len": 8192}, 8192), ({"props_context": 4096}, 4096), ({}, None)]
)
def test_it_tells_the_context_where_the_server_does(powers: dict[str, Any], found: int | None) -> None:
    assert report(**powers).context_tokens == found


def test_it_measures_a_request_for_one_token() -> None:
    ticks = iter([10.0, 10.25])
    with ModelServer() as server:
        found = probe(server.endpoint, clock=lambda: next(ticks))
    assert found.latency_s == 0.25
    assert server.seen.probes[0]["max_tokens"] == 1


def test_its_lines_say_what_was_found() -> None:
    lines = report(max_model_len=8192, reasoning_key="reasoning", models=("qwen",)).lines()
    assert lines[0].startswith("http://127.0.0.1:")
    assert [line.split()[0] for line in lines[1:]] == [
        "reachable",
        "models",
        "asked",
        "one",
        "answer",
        "pictures",
        "reasoning",
        "context",
    ]
    assert lines[-1] == "  context       8,192 tokens"


def test_a_server_that_is_not_there_is_unreachable_and_no_error_is_raised() -> None:
    with ModelServer() as server:
        endpoint = server.endpoint
    found = probe(endpoint)
    assert (found.reachable, found.usable) == (False, False)
    assert found.error is not None
    assert "no connection" in found.error
    assert [line.split()[0] for line in found.lines()[1:]] == ["reachable", "problem"]


@pytest.mark.parametrize("host", ["a" * 70, "a..b", "xn--", "a\x01b"])
def test_a_name_that_no_host_can_have_is_unreachable(host: str) -> None:
    found = probe(f"http://{host}/v1")
    assert (found.reachable, found.error) == (False, found.error)
    assert found.error is not None
    assert found.error.startswith("no address: ")


def test_what_was_found_before_a_trouble_is_kept() -> None:
    found = report(models=("a", "b"))
    assert (found.reachable, found.usable, found.models) == (True, False, ("a", "b"))
    assert found.error is not None
    assert "2 models (a, b); name one" in found.error


def test_a_server_that_wants_a_key_says_so() -> None:
    found = report(key="sk-1")
    assert (found.reachable, found.usable) == (True, False)
    assert found.error is not None
    assert found.error.startswith("401")


def test_an_address_that_is_no_model_server_is_told_apart() -> None:
    with ModelServer() as server:
        found = probe(server.endpoint.removesuffix("/v1"))
    assert found.reachable
    assert found.error is not None
    assert found.error.startswith("404: no such page")


@pytest.mark.parametrize("text", ["localhost:8080/v1", "http://[::1/v1", "http://host:x/v1", ""])
def test_what_is_no_address_is_a_setting_to_mend(text: str) -> None:
    with pytest.raises(ConfigError, match="openai: endpoint"):
        probe(text)


def test_a_server_that_is_overloaded_half_way_is_not_said_to_see_no_pictures() -> None:
    found = report(pictures=False, refuses_pictures_with=503)
    assert (found.response_format, found.pictures) == ("json_schema", None)
    assert found.error is not None
    assert found.error.startswith("503")


def test_a_profile_is_probed_endpoint_by_endpoint() -> None:
    with ModelServer() as one, ModelServer(powers=Powers(pictures=False)) as other:
        settings = openai_settings(endpoints=[one.endpoint, other.endpoint + "/"], retries=0)
        reports = openai_reports(settings)
    assert [(found.endpoint, found.pictures) for found in reports] == [(one.endpoint, True), (other.endpoint, False)]
