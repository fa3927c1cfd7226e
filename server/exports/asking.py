"""An export that is asked for, from the HTTP API, the page or an agent, and one that has begun."""

import re
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, islice

from server.engine import Engine
from server.exporting import Batches
from server.exports.formats import FORMATS, Format, FormatName

PIECE_BYTES = 1 << 17  # formats make pieces of a few bytes, too; each would cost a change of threads
SLUG_CHARS = 40
AT_ONCE = 4  # exports under way: each may read for minutes
MOST_FRAMES = 1_000_000_000


@dataclass(frozen=True)
class Wanted:
    """What is asked for: frames as `Engine.export_rows` takes them, and the form they go out in."""

    query: str = ""
    format: FormatName = "jsonl"
    tokens: tuple[str, ...] | None = None
    limit: int | None = None
    without: tuple[str, ...] = ()
    rerank: bool = False

    @property
    def file_name(self) -> str:
        """A name made of letters, digits and `-`, whatever the query holds."""
        words = "-".join(re.findall("[a-z0-9]+", self.query.lower()))[:SLUG_CHARS].strip("-")
        suffix = FORMATS.create(self.format).suffix
        return f"semdrive-{self.format}{f'-{words}' if words else ''}{suffix}"


@dataclass(frozen=True)
class Begun:
    """An export whose first piece is made: what can be wrong with the request was raised before."""

    frames: int
    format: Format
    pieces: Generator[bytes, None, None]  # closing it ends the reading


def begin(engine: Engine, wanted: Wanted) -> Begun:
    """Begin an export. Raises what `Engine.export_rows` and the format raise, and `NoLedger` before any byte is out."""
    format = FORMATS.create(wanted.format)
    rows = engine.export_rows(
        wanted.query, tokens=wanted.tokens, limit=wanted.limit, without=wanted.without, rerank=wanted.rerank
    )
    batches = rows.batches(format.reads)
    first = list(islice(batches, 1))  # some formats write their beginning before they read a frame
    pieces = _pieces(format, chain(first, batches))
    return Begun(len(rows), format, _led_by(next(pieces, b""), pieces))


def _led_by(first: bytes, pieces: Generator[bytes, None, None]) -> Generator[bytes, None, None]:
    with closing(pieces):
        yield first
        yield from pieces


def _pieces(format: Format, batches: Batches) -> Generator[bytes, None, None]:
    with closing(format.chunks(batches)) as chunks:
        yield from gathered(chunks)


def gathered(chunks: Iterable[bytes], at_least: int = PIECE_BYTES) -> Iterator[bytes]:
    """The same bytes in pieces of at least so many, the last one excepted; none is empty."""
    waiting = bytearray()
    for chunk in chunks:
        waiting += chunk
        if len(waiting) >= at_least:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)
