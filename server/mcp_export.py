"""An export for an agent: the text itself where it is small, and where to fetch the whole. No file is written."""

import shlex
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from threading import BoundedSemaphore
from typing import Annotated
from urllib.parse import urlencode

from pydantic import Field

from scenario.errors import SemdriveError
from scenario.records import Record
from server.engine import Engine
from server.exporting import Batch, ExportRows
from server.exports.asking import AT_ONCE, Wanted
from server.exports.formats import FORMATS, Format, FormatName

MOST_CHARS = 16_000  # of text in one answer: an agent's memory is small
MOST_READ = {"tokens": 1_000, "hits": 100, "scenarios": 10}  # frames that may fit into it
MOST_IN_URL = 50  # tokens: servers refuse longer addresses
BY_LINES = ("tokens", "jsonl", "csv")  # a part of them is still of use; the others are whole or not told


class ExportText(Record):
    """An export, or its first frames, as text; and how to have the whole."""

    format: FormatName
    media_type: str
    frames: Annotated[int, Field(description="in the whole export")]
    included: Annotated[int, Field(description="the first so many of them are in `text`")]
    left_out: Annotated[int, Field(description="frames that are not in `text`")]
    text: Annotated[str | None, Field(description="null for what is no text, or too long to be of use in part")]
    url: Annotated[
        str | None, Field(description="path of the HTTP API (`semdrive serve`) that sends the whole as a file")
    ]
    command: Annotated[str, Field(description="command line that writes the whole; put in the index for INDEX")]
    note: str | None


class Exports:
    """Exports for agents, so many at once as the HTTP API allows."""

    def __init__(self, engine: Engine, at_once: int = AT_ONCE) -> None:
        self._engine, self._at_once = engine, at_once
        self._places = BoundedSemaphore(at_once)

    def text(self, wanted: Wanted) -> ExportText:
        """Raises what `Engine.export_rows` and the format raise, and `SemdriveError` where all places are taken."""
        if not self._places.acquire(blocking=False):
            raise SemdriveError(f"{self._at_once} exports are under way, which is the most; ask again in a moment")
        try:
            return self._text(wanted)
        finally:
            self._places.release()

    def _text(self, wanted: Wanted) -> ExportText:
        format = FORMATS.create(wanted.format)
        if format.reads == "scenarios":
            self._engine.workspace.require_ledger("this export")
        rows = self._engine.export_rows(
            wanted.query, tokens=wanted.tokens, limit=wanted.limit, without=wanted.without, rerank=wanted.rerank
        )
        text, included = _beginning(wanted.format, format, rows) if format.text else (None, 0)
        return ExportText(
            format=wanted.format,
            media_type=format.media_type,
            frames=len(rows),
            included=included,
            left_out=len(rows) - included,
            text=text,
            url=url(wanted),
            command=command(wanted),
            note=_note(format, len(rows) - included),
        )


def _beginning(name: str, format: Format, rows: ExportRows) -> tuple[str | None, int]:
    """As many first frames as fit, whole ones, and how many they are."""
    first = replace(rows, places=rows.places[: MOST_READ[format.reads]])
    if name not in BY_LINES and len(first) < len(rows):
        return None, 0
    parts: list[str] = []
    with closing(format.chunks(_singly(first.batches(format.reads)))) as chunks:  # one frame a batch, so one a piece
        for part in map(bytes.decode, chunks):
            if sum(map(len, parts)) + len(part) > MOST_CHARS:
                return ("".join(parts), len(parts)) if name in BY_LINES else (None, 0)
            parts.append(part)
    return "".join(parts), len(first)


def _singly(batches: Iterable[Batch]) -> Iterator[Batch]:
    for batch in batches:
        for place, token in enumerate(batch.tokens):
            of_it = slice(place, place + 1)
            yield Batch([token], batch.hits and batch.hits[of_it], batch.scenarios and batch.scenarios[of_it])


def url(wanted: Wanted) -> str | None:
    """The address of the export; None for more tokens than an address holds, and for none, which no address can say."""
    if wanted.tokens is not None and not 0 < len(wanted.tokens) <= MOST_IN_URL:
        return None
    asked: list[tuple[str, object]] = [("q", wanted.query)] if wanted.query else []
    asked += [("format", wanted.format), *(("tokens", token) for token in wanted.tokens or ())]
    asked += [("limit", wanted.limit)] if wanted.limit is not None else []
    asked += [("without", chip) for chip in wanted.without]
    asked += [("rerank", "true")] if wanted.rerank else []
    return f"/api/export?{urlencode(asked)}"


def command(wanted: Wanted) -> str:
    """The command line that writes the export; the query stands last, since it may begin with a dash."""
    words = ["semdrive", "export", "--format", wanted.format, "--out", wanted.file_name, "--index", "INDEX"]
    words += ["--tokens", "-"] if wanted.tokens is not None else []
    words += ["--limit", str(wanted.limit)] if wanted.limit is not None else []
    words += [part for chip in wanted.without for part in ("--without", chip)]
    words += ["--rerank"] if wanted.rerank else []
    return shlex.join([*words, *(["--", wanted.query] if wanted.query else [])])


def _note(format: Format, left_out: int) -> str | None:
    if not left_out:
        return None
    what = f"{left_out:,} frames are not in `text`" if format.text else "this format is no text"
    return f"{what}; fetch the whole from `url`, or run `command` (it reads `tokens` from standard input, one a line)"
