"""Tokens alone: one a line, or as the JSON list of sample tokens that nuScenes tools read."""

import json
from collections.abc import Generator

from scenario.errors import ExportError
from server.exporting import Batches
from server.exports.formats import Format


class Tokens(Format):
    about, reads, text = "one token a line", "tokens", True
    suffix, media_type = ".txt", "text/plain; charset=utf-8"

    def chunks(self, batches: Batches) -> Generator[bytes, None, None]:
        """One token a line. Raises `ExportError` for a token that is more than one line."""
        for batch in batches:
            yield "".join([f"{_one_line(token)}\n" for token in batch.tokens]).encode()


def _one_line(token: str) -> str:
    if not token.isprintable():
        raise ExportError(f"the token {token!r} has control characters, so a line cannot hold it; export it as jsonl")
    return token


class NuScenesTokens(Format):
    about, reads, text = "a JSON list of sample tokens, as splits for nuScenes tools are kept", "tokens", True
    suffix, media_type = ".json", "application/json"

    def chunks(self, batches: Batches) -> Generator[bytes, None, None]:
        """A JSON list of sample tokens, one a line; a frame's token is its sample's."""
        yield b"["
        between = "\n"
        for batch in batches:
            lines = [json.dumps(token) for token in batch.tokens]
            yield (between + ",\n".join(lines)).encode() if lines else b""
            between = ",\n"
        yield b"\n]\n"
