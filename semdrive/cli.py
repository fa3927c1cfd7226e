"""The command line: one thin function per verb. Heavy rooms are imported inside the verbs, so `--help` is instant."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from scenario.errors import QueryError, SemdriveError

INTERRUPTED = 130
app = typer.Typer(
    name="semdrive",
    help="Find the one driving frame in a million that matters.",
    epilog="Example: semdrive search 'risk>=4 AND construction  pedestrian stepping into the lane'",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
index_app = typer.Typer(help="Build or resume an index.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(index_app, name="index")

Index = Annotated[
    str | None,
    typer.Option(
        "--index", "-i", help="Workspace directory, or the URI of an index alone.", show_default="semdrive-index"
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
QueryText = Annotated[str, typer.Argument(help="Words, a filter, or both, in quotes.")]
Without = Annotated[list[str] | None, typer.Option(help="Leave out a soft chip, as FIELD:VALUE. Repeatable.")]


def _settings(**flags: Any) -> Any:
    from scenario.config import load_settings

    return load_settings(flags)


def _engine(index: str | None) -> Any:
    import semdrive

    return semdrive.open(_settings(index=index).index)


def _answer(record: Any, as_json: bool, render: Callable[[Any], None]) -> None:
    if as_json:
        sys.stdout.write(record.model_dump_json(indent=2) + "\n")
    else:
        render(record)


@index_app.command(
    "recorded", epilog="Example: semdrive index recorded --scout gemma=gemma.jsonl --scout kimi=kimi.jsonl"
)
def index_recorded(
    scout: Annotated[list[str], typer.Option(help="A scout's recorded reports (JSONL), as NAME=FILE. Repeatable.")],
    index: Index = None,
    embedder: Annotated[
        str | None, typer.Option(help="`minilm`, or a sentence-transformers model by name or path.")
    ] = None,
    batch_size: Annotated[int | None, typer.Option(help="Frames a stage takes at a time.")] = None,
    dry_run: Annotated[bool, typer.Option(help="Say what would be done, and do nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Index recorded scout reports. Run it again after a crash, a changed file or with another scout: it resumes."""
    from indexer.recorded import index_recorded as build
    from scenario.registry import EMBEDDERS
    from scenario.workspace import Workspace
    from semdrive.progress import Bars
    from semdrive.render import render_run

    files = _scout_files(scout)
    settings = _settings(index=index, embedder=embedder, batch_size=batch_size)
    with Bars() as progress:
        summary = build(
            files,
            Workspace.planned(settings.index) if dry_run else Workspace.create(settings.index),
            EMBEDDERS.create("sentence_transformers", model=settings.embedder),
            batch_size=settings.batch_size,
            progress=progress,
            dry_run=dry_run,
        )
    _answer(summary, as_json, lambda run: render_run(run, settings.index))
    if not summary.indexed:
        raise typer.Exit(1)


def _scout_files(scouts: list[str]) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for text in scouts:
        name, equals, path = (part.strip() for part in text.partition("="))
        if not (equals and name and path):
            raise typer.BadParameter(f"{text!r} is not NAME=FILE, as in gemma=reports.jsonl", param_hint="--scout")
        if name in files:
            raise typer.BadParameter(f"scout {name!r} is given twice; a name is one file", param_hint="--scout")
        files[name] = Path(path)
    return files


@app.command(
    epilog="Examples: semdrive search 'jaywalker at night'; semdrive search 'risk:6..9 -weather:rain sort:risk-desc'"
)
def search(
    query: QueryText = "",
    index: Index = None,
    limit: Annotated[int | None, typer.Option("--limit", "-n", help="Hits a page.", show_default="10")] = None,
    offset: Annotated[int, typer.Option(min=0, help="Hits to skip.")] = 0,
    group: Annotated[bool, typer.Option("--group", help="Group hits by scene.")] = False,
    without: Without = None,
    as_json: Json = False,
) -> None:
    """Search with words, filters, or both."""
    from semdrive.render import render_search

    engine, limit = _engine(index), _settings(limit=limit).limit
    page = engine.search(query, limit=limit, offset=offset, group="scene" if group else None, without=without or ())
    _answer(page, as_json, render_search)


@app.command(epilog="Example: semdrive facets 'construction risk:>=6'")
def facets(query: QueryText = "", index: Index = None, as_json: Json = False) -> None:
    """Count every value among the frames that pass a query's filter."""
    from semdrive.render import render_facets

    counted = _engine(index).facets(query)
    _answer(counted, as_json, render_facets)


@app.command(epilog="Example: semdrive show e93e98b63d3b40209056d129dc53ceee")
def show(
    token: Annotated[str, typer.Argument(help="The frame's token, as search prints it.")],
    index: Index = None,
    as_json: Json = False,
) -> None:
    """Show one frame: scouts side by side, votes and beliefs, the reward's reasons, detections."""
    from semdrive.render_frame import render_frame

    scenario = _engine(index).show(token)
    _answer(scenario, as_json, render_frame)


@app.command(epilog="Example: semdrive explain 'risk>=4 AND construction jaywalker at night'")
def explain(query: QueryText, index: Index = None, without: Without = None, as_json: Json = False) -> None:
    """Say how a query is understood: tree, chips, compiled filter, retriever sizes."""
    from semdrive.render import render_explanation

    explanation = _engine(index).explain(query, without=without or ())
    _answer(explanation, as_json, render_explanation)


@app.command()
def doctor(index: Index = None, as_json: Json = False) -> None:
    """Check this installation and, where there is one, the workspace."""
    from semdrive.render import render_checks
    from server.doctor import examine

    settings = _settings(index=index)
    checks = examine(settings.index, settings.embedder)
    if as_json:
        sys.stdout.write(json.dumps([check.model_dump(mode="json") for check in checks], indent=2) + "\n")
    else:
        render_checks(checks)
    if any(check.status == "broken" for check in checks):
        raise typer.Exit(1)


def main() -> None:
    """Run the command line. An error a user may see becomes its message and exit code 2; anything else is a bug."""
    try:
        code = app(standalone_mode=False)
    except SemdriveError as error:
        _complain(error, str(error))
        code = 2
    except TyperException as error:
        _complain(error, error.format_message(), _help_of(error))
        code = 2
    except typer.Abort:
        code = INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader went away; that is no error
        code = 0
    if code == INTERRUPTED:  # typer's word for Ctrl-C
        sys.stderr.write("stopped; what was finished is kept, and the same command goes on from there\n")
    sys.exit(code or 0)


def _help_of(error: TyperException) -> str | None:
    context = getattr(error, "ctx", None)
    return f"{context.command_path} --help" if context else None


def _complain(error: Exception, message: str, see: str | None = None) -> None:
    """The message on standard error: as JSON where JSON was asked for."""
    if message.startswith("Usage:"):  # nothing was asked, and the answer is the help
        sys.stderr.write(message + "\n")
    elif "--json" not in sys.argv:
        sys.stderr.write(f"error: {message}\n" + (f"see: {see}\n" if see else ""))
    else:
        sys.stderr.write(json.dumps(_shape(error, message), indent=2) + "\n")


def _shape(error: Exception, message: str) -> dict[str, Any]:
    shape: dict[str, Any] = {"error": type(error).__name__, "message": message}
    if isinstance(error, QueryError):
        shape |= {"message": error.message, "start": error.start, "end": error.end, "hint": error.hint}
    return shape
