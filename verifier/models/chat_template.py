"""A request as a prompt: what the model's own chat template says, word for word, around what was asked.

The contents are no part of the template's text: they are put in after it was rendered, and read as plain words. So a
scene's description that spells `<|im_end|>` ends no turn.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import jinja2
from llama_cpp.llama_chat_format import Jinja2ChatFormatter

from scenario.errors import ModelUnavailable
from verifier.models.base import ChatRequest, Picture
from verifier.models.thinking import Marks

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_PLACE = re.compile("\ue000(\\d+)\ue001")
_TODAY = datetime(2026, 1, 1)  # for templates that say the date: the same request is the same prompt on every day


class Marked(str):
    """Text of the template: its special tokens are meant."""

    __slots__ = ()


Piece = Marked | str | Picture


class _Formatter(Jinja2ChatFormatter):  # type: ignore[misc]  # llama-cpp-python is not checked
    @staticmethod
    def strftime_now(f: str) -> str:
        return _TODAY.strftime(f)


class ChatTemplate:
    """A GGUF file's template. Raises `ModelUnavailable` where Jinja cannot read it."""

    def __init__(self, template: str, bos: str, eos: str) -> None:
        try:
            self._format = _Formatter(template=template, eos_token=eos, bos_token=bos)
        except jinja2.TemplateError as error:
            raise ModelUnavailable(f"the chat template of the model file cannot be read: {error}") from error

    def pieces(self, request: ChatRequest, marks: Marks, *, thinks: bool) -> tuple[list[Piece], list[Piece]]:
        """The prompt in two runs: up to the end of the system's words, and the rest, up to where the model goes on.

        Raises `ModelUnavailable` for a template that leaves out what was asked.
        """
        contents = [request.system, *request.parts]
        user = "\n".join(_place(number) for number in range(1, len(contents)))
        text = self._rendered(
            [{"role": "system", "content": _place(0)}, {"role": "user", "content": user}], thinks
        ) or self._rendered([{"role": "user", "content": f"{_place(0)}\n\n{user}"}], thinks)
        parts = _PLACE.split(text or "")  # template, number, template, number, …, template
        if [int(number) for number in parts[1::2]] != [*range(len(contents))]:
            raise ModelUnavailable("the chat template of the model file leaves out part of what is asked")
        parts[-1] += marks.ending(parts[-1], thinks=thinks)
        run = [contents[int(part)] if place % 2 else Marked(part) for place, part in enumerate(parts)]
        return run[:2], run[2:]

    def _rendered(self, messages: Sequence[dict[str, str]], thinks: bool) -> str | None:
        """None for a template that wants no system's words, as some do."""
        try:
            prompt: Any = self._format(messages=list(messages), enable_thinking=thinks).prompt
        except (ValueError, jinja2.TemplateError):
            return None
        return str(prompt) if _place(0) in prompt else None


def _place(number: int) -> str:
    return f"\ue000{number}\ue001"
