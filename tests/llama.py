"""What the tests of llama.cpp ask its tiny models, and the schema that every answer must follow."""

from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from scenario.images import jpeg
from scenario.protocols import Deadline
from verifier.models.base import ChatReply, ChatRequest, Picture
from verifier.models.llama_cpp import LlamaCppModel

NAMES = ("llama", "lfm2", "qwen2vl", "qwen25vl", "qwen3vl", "gemma3")
SEEING = ("qwen2vl", "qwen25vl", "qwen3vl", "gemma3")
ALWAYS = Deadline()
SYSTEM = "You report what the pictures of a drive show. " * 8
ANSWER = {
    "type": "object",
    "properties": {
        "risk": {"type": "integer", "minimum": 0, "maximum": 10},
        "weather": {"anyOf": [{"enum": ["rain", "fog", "Ä"]}, {"type": "null"}]},
        "tags": {"type": "array", "items": {"enum": ["a", "b", "c", "d"]}, "maxItems": 3, "uniqueItems": True},
        "seen": {"type": "boolean"},
        "pairs": {"type": "array", "items": {"type": "string", "maxLength": 2}, "minItems": 1, "maxItems": 3},
        "note": {"type": "string", "minLength": 2, "maxLength": 12},
    },
    "required": ["risk", "weather", "tags", "seen", "pairs", "note"],
    "additionalProperties": False,
}
Opened = Callable[..., LlamaCppModel]


def picture(seed: int, width: int = 160, height: int = 90) -> Picture:
    noise = np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)
    return Picture(f"CAM_{seed}", jpeg(Image.fromarray(noise)))


def asking(*parts: str | Picture, system: str = SYSTEM, schema: Any = ANSWER, sample: int = 0) -> ChatRequest:
    return ChatRequest(system, parts, schema, sample)


def about(name: str, frame: int, question: str) -> ChatRequest:
    pictures = (picture(frame), picture(frame + 1)) if name in SEEING else ()
    return asking(f"Frame {frame}.", *pictures, question)


def said(reply: ChatReply) -> tuple[str, str | None]:
    return reply.text, reply.reasoning
