"""Where an export goes: a stream, or a file that has its name only when it is whole."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from typing import BinaryIO

from scenario.errors import ExportError
from scenario.records import Record
from server.exporting import Batches, ExportRows
from server.exports.fiftyone import FiftyOne
from server.exports.formats import Format

Progress = Callable[[int, int], None]  # frames done, of how many


class Summary(Record):
    """What was exported, and what could not be: the words say what it was, the number how often."""

    format: str
    out: str
    frames: int
    written_bytes: int
    left_out: dict[str, int]


def write_stream(rows: ExportRows, format: Format, stream: BinaryIO, on_frames: Progress) -> int:
    """Write an export as it is made; how many bytes it was."""
    written = 0
    for chunk in format.chunks(_counted(rows, format, on_frames)):
        stream.write(chunk)
        written += len(chunk)
    stream.flush()
    return written


def write_file(rows: ExportRows, format: Format, path: Path, on_frames: Progress, *, force: bool = False) -> int:
    """Write an export beside its place, and move it there when it is whole; how many bytes it was.

    Raises `ExportError` where something is there already, unless `force`, and where nothing can be written.
    """
    check_free(path, force=force)
    with _whole(path) as partial, partial.open("wb") as stream:
        return write_stream(rows, format, stream, on_frames)


def write_folder(rows: ExportRows, format: FiftyOne, path: Path, on_frames: Progress, *, force: bool = False) -> int:
    """As `write_file`, of a format that is a directory. `force` replaces an earlier export, and nothing else."""
    check_free_folder(path, format, force=force)
    written = 0
    with _whole(path) as partial:
        partial.mkdir()
        for name, content in format.files(_counted(rows, format, on_frames)):
            with (partial / name).open("wb") as stream:
                written += sum(stream.write(chunk) for chunk in content)
        rmtree(path, ignore_errors=True)
    return written


def check_free_folder(path: Path, format: FiftyOne, *, force: bool) -> None:
    """Raises `ExportError` for a name that is taken; with `force`, unless by an export of ours."""
    if not path.exists():
        return
    if not force:
        raise ExportError(f"{str(path)!r} exists; name another directory, or replace it with --force")
    if not path.is_dir() or not {entry.name for entry in path.iterdir()} <= format.file_names:
        raise ExportError(f"{str(path)!r} is no earlier export, so --force leaves it alone; name another directory")


def check_free(path: Path, *, force: bool) -> None:
    """Raises `ExportError` for a name that is taken, and for a directory, which no force replaces by a file."""
    if path.is_dir():
        raise ExportError(f"{str(path)!r} is a directory; name the file to write")
    if path.exists() and not force:
        raise ExportError(f"{str(path)!r} exists; name another file, or replace it with --force")


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A name beside `path` that becomes it at the end; it is gone when something went wrong, or was interrupted."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        partial.replace(path)
    except OSError as error:
        raise ExportError(f"cannot write {str(path)!r}: {error.strerror or error}") from error
    finally:
        if partial.is_dir():
            rmtree(partial, ignore_errors=True)
        partial.unlink(missing_ok=True)


def _counted(rows: ExportRows, format: Format, on_frames: Progress) -> Batches:
    done = 0
    for batch in rows.batches(format.reads):
        yield batch
        done += len(batch)
        on_frames(done, len(rows))
