"""ZIP archives as they are made: stored, not compressed, for what is in them are pictures; equal exports are equal."""

from collections.abc import Generator, Iterable
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from server.exports.sink import Sink

Entry = tuple[str, Iterable[bytes]]  # a name in the archive, and its content piece by piece


def zipped(entries: Iterable[Entry]) -> Generator[bytes, None, None]:
    """The archive of entries, piece by piece; an entry is asked for when the one before it is written."""
    sink = Sink()
    with ZipFile(sink, "w", ZIP_STORED) as archive:  # it can be written and told, no more
        for name, content in entries:
            with archive.open(ZipInfo(name), "w", force_zip64=True) as file:
                for chunk in content:
                    file.write(chunk)
                    yield sink.taken()
            yield sink.taken()
    yield sink.taken()
