"""Exports from the command line: `semdrive export QUERY --format … --out FILE`."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from semdrive.options import Index, Json

FORMAT_NAMES = "tokens, nuscenes, jsonl, csv, parquet, coco, fiftyone or frames."


def export(
    query: Annotated[str, typer.Argument(help="Words, a filter, or both, in quotes.")] = "",
    format_name: Annotated[
        str | None, typer.Option("--format", "-f", help=FORMAT_NAMES, show_default="by the ending of --out")
    ] = None,
    out: Annotated[str, typer.Option("--out", "-o", help="The file to write; - is standard output.")] = "-",
    index: Index = None,
    limit: Annotated[int | None, typer.Option("--limit", "-n", help="The first so many.", show_default="all")] = None,
    tokens: Annotated[
        str | None, typer.Option("--tokens", help="Only frames whose tokens this file holds; - is standard input.")
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(help="Leave out a soft chip, as FIELD:VALUE. Repeatable.")
    ] = None,
    rerank: Annotated[bool, typer.Option("--rerank", help="Confirmed frames first, refuted ones last.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
    as_json: Json = False,
) -> None:
    """Export the frames of an answer, best first, into the tools people already use."""
    from semdrive.verify_cli import open_engine
    from server.exports.formats import FORMATS, format_of

    name = format_name or format_of(out)
    format = FORMATS.create(name)
    _check_place(name, format, out, force=force)
    chosen = None if tokens is None else _tokens_in(tokens)
    rows = open_engine(index).export_rows(query, tokens=chosen, limit=limit, without=without or (), rerank=rerank)
    summary = _written(rows, name, format, out, force=force)
    _tell(summary, as_json, sys.stderr if out == "-" else sys.stdout)


def _check_place(name: str, format: Any, out: str, *, force: bool) -> None:
    """Before anything is read: an answer to a million frames is not made to be thrown away."""
    from server.exports.writing import check_free, check_free_folder

    if out == "-":
        _check_terminal(name, format)
    elif _is_folder(name, out):
        check_free_folder(Path(out), format, force=force)
    else:
        check_free(Path(out), force=force)


def _is_folder(name: str, out: str) -> bool:
    return name == "fiftyone" and not out.casefold().endswith(".zip")


def _written(rows: Any, name: str, format: Any, out: str, *, force: bool) -> Any:
    from semdrive.progress import Bars
    from server.exports.writing import Summary, write_file, write_folder, write_stream

    with Bars() as bars:
        bar = bars.of("export")
        bar(0, len(rows))
        if out == "-":
            try:
                written = write_stream(rows, format, sys.stdout.buffer, bar)
            except BrokenPipeError:  # the reader (head) has enough; that is no error
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                raise typer.Exit from None
        else:
            write = write_folder if _is_folder(name, out) else write_file
            written = write(rows, format, Path(out), bar, force=force)
    left_out = dict(sorted(format.left_out.items()))
    return Summary(format=name, out=out, frames=len(rows), written_bytes=written, left_out=left_out)


def _check_terminal(name: str, format: Any) -> None:
    from scenario.errors import ExportError

    if not format.text and sys.stdout.isatty():
        raise ExportError(f"{name} is no text for a terminal; name a file with --out, or pipe it on")


def _tokens_in(source: str) -> list[str]:
    from scenario.errors import ExportError

    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ExportError(f"cannot read tokens from {source!r}: {error}") from error
    found = [line.strip() for line in text.splitlines() if line.strip()]  # a token may hold blanks
    if not found:
        raise ExportError(f"no tokens in {'standard input' if source == '-' else repr(source)}; give one a line")
    return found


def _tell(summary: Any, as_json: bool, stream: Any) -> None:
    if as_json:
        stream.write(summary.model_dump_json(indent=2) + "\n")
        return
    to = "standard output" if summary.out == "-" else summary.out
    frames = "1 frame" if summary.frames == 1 else f"{summary.frames:,} frames"
    stream.write(f"{frames} as {summary.format} to {to}, {summary.written_bytes:,} bytes\n")
    stream.writelines(f"left out: {count:,} {what}\n" for what, count in summary.left_out.items())
