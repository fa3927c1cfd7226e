"""The `openai` chat model as the tests open it, and what they ask it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from model_server import ModelServer
from scenario.protocols import Deadline
from verifier.models.base import ChatRequest, Picture
from verifier.models.openai import OpenAIModel, OpenAISettings

SCHEMA = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
NEVER = Deadline()
GOOD = '{"ok": true}'


def request(sample: int = 0) -> ChatRequest:
    return ChatRequest("You look.", ("front:", Picture("CAM_FRONT", b"\xff\xd8"), "What?"), SCHEMA, sample)


@contextmanager
def model(*servers: ModelServer, **settings: Any) -> Iterator[OpenAIModel]:
    given = {"endpoints": [server.endpoint for server in servers], "timeout_s": 20, **settings}
    made = OpenAIModel(OpenAISettings(**given), jitter=lambda: 0.0)
    try:
        yield made
    finally:
        made.close()
