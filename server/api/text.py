"""Text as a request may bring it, and as an answer may carry it: no NUL, no half of a surrogate pair."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from starlette.convertors import Convertor, register_url_convertor

_UNFIT = re.compile("[\x00\ud800-\udfff]")
QUERY_CHARS = 2_000
NAME_CHARS = 200


def printable(text: str) -> str:
    """The text with what cannot be stored or sent replaced, character by character, so that places stay places."""
    return _UNFIT.sub("\N{REPLACEMENT CHARACTER}", text)


def _received(value: Any) -> Any:
    return printable(value) if isinstance(value, str) else value


QueryText = Annotated[str, BeforeValidator(_received), Field(max_length=QUERY_CHARS)]
Name = Annotated[str, BeforeValidator(_received), Field(min_length=1, max_length=NAME_CHARS)]


class _Whole(Convertor[str]):
    """A part of an address that may hold slashes and line breaks: `/frames/{token:whole}`."""

    regex = "(?s:.+)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("whole", _Whole())  # before any route names it
