"""What a profile may say about a server, and what of it makes an answer another answer."""

from datetime import date
from math import inf, nan
from typing import Any

import pytest

from scenario.errors import ConfigError
from verifier.models.base import ChatModel
from verifier.models.openai import openai_model
from verifier.models.transport import key_in

HERE = "http://127.0.0.1:8080/v1"


def fingerprint(**changes: Any) -> str:
    return openai_model(**{"endpoints": [HERE], "model": "m", **changes}).fingerprint


def test_it_is_a_chat_model() -> None:
    model: ChatModel = openai_model(endpoints=[HERE], model="qwen", image_tokens=100, pixels_per_token=784)
    assert (model.name, model.picture_pixels) == ("qwen", 78_400)
    assert model.settings["temperature"] == 0.6
    model.close()


def test_its_concurrency_is_the_sum_over_endpoints() -> None:
    assert openai_model(endpoints=[HERE, "http://127.0.0.1:8081/v1"], concurrency=3).concurrency == 6


def test_the_same_model_on_another_host_is_the_same_model() -> None:
    assert fingerprint() == fingerprint(endpoints=["https://far.away/v1"], timeout_s=9, retries=0, concurrency=1)


@pytest.mark.parametrize(
    "change",
    [
        {"model": "n"},
        {"temperature": 0.1},
        {"top_p": 0.5},
        {"seed": 7},
        {"answer_tokens": 5},
        {"thinking_tokens": 5},
        {"thinking": "none"},
        {"think_open": "◁think▷"},
        {"image_tokens": 5},
        {"response_format": "none"},
        {"extra": {"top_k": 20}},
    ],
)
def test_what_decides_the_answer_is_in_the_fingerprint(change: dict[str, Any]) -> None:
    assert fingerprint(**change) != fingerprint()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "'endpoints' is needed: addresses such as http"),
        ({"endpoints": []}, "endpoints"),
        ({"endpoints": ["127.0.0.1:8080"]}, "an address such as http://127.0.0.1:8080/v1"),
        ({"endpoints": ["file:///etc/passwd"]}, "an address such as"),
        ({"endpoints": ["http://host:99999/v1"]}, "[Pp]ort"),
        ({"endpoints": ["http://[::1/v1"]}, "Invalid IPv6"),
        ({"endpoints": HERE}, "endpoints"),
        ({"endpoints": [HERE, HERE + "/"]}, "twice"),
        ({"endpoints": [HERE], "retrys": 1}, "did you mean 'retries'"),
        ({"endpoints": [HERE], "concurrency": 0}, "concurrency"),
        ({"endpoints": [HERE], "response_format": "xml"}, "response_format"),
        ({"endpoints": [HERE], "timeout_s": inf}, "'timeout_s' is inf"),  # which no clock of the system takes
        ({"endpoints": [HERE], "temperature": inf}, "'temperature' is inf"),
        ({"endpoints": [HERE], "extra": {"since": date(2026, 1, 1)}}, "JSON cannot say it"),
        ({"endpoints": [HERE], "extra": {"min_p": nan}}, "JSON cannot say it"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        openai_model(**given)


@pytest.mark.parametrize(
    "given",
    [{"endpoints": [HERE], "api_key_env": "sk-secret-1"}, {"endpoints": ["https://me:sk-secret-1@host/v1"]}],
)
def test_a_key_in_a_profile_is_refused_and_not_repeated(given: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"variable") as caught:
        openai_model(**given)
    assert "secret" not in str(caught.value)


def test_a_key_comes_from_the_variable_that_is_named() -> None:
    assert key_in(None, {}) is None
    assert key_in("KEY", {"KEY": " sk-1\n"}) == "sk-1"
    for holds in ({}, {"KEY": " "}):
        with pytest.raises(ConfigError, match=r"'KEY'.*is not set"):
            key_in("KEY", holds)
    with pytest.raises(ConfigError, match="not plain ASCII") as caught:
        key_in("KEY", {"KEY": "sk-1\nX-Other: 1"})
    assert "sk-1" not in str(caught.value)
