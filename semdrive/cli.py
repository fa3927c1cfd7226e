"""The command line: one thin function per verb. Heavy rooms are imported inside the verbs, so `--help` is instant."""

import json
import os
import sys
from functools import partial
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from scenario.errors import QueryError, SemdriveError
from semdrive.export_cli import export
from semdrive.gold_cli import gold_app
from semdrive.index_cli import index_app
from semdrive.log_cli import failures, sample
from semdrive.mcp_cli import mcp
from semdrive.models_cli import models_app
from semdrive.options import Index, Json, answer, settings_of
from semdrive.review_cli import review, saved_app
from semdrive.serve_cli import serve
from semdrive.verify_cli import (
    Budget,
    EveryScout,
    Fresh,
    OrderOption,
    Profile,
    Rerank,
    StopAfter,
    VerifyTop,
    limits_of,
    open_engine,
    proposals_app,
    stream,
    verifications_app,
)
from semdrive.verify_cli import verify as verify_frames

INTERRUPTED = 130
app = typer.Typer(
    name="semdrive",
    help="Find the one driving frame in a million that matters.",
    epilog="Example: semdrive search 'risk>=4 AND construction  pedestrian stepping into the lane'",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(index_app, name="index")
app.add_typer(models_app, name="models")
app.add_typer(gold_app, name="gold")
app.add_typer(verifications_app, name="verifications")
app.add_typer(proposals_app, name="proposals")
app.add_typer(saved_app, name="saved")

QueryText = Annotated[str, typer.Argument(help="Words, a filter, or both, in quotes.")]
Without = Annotated[list[str] | None, typer.Option(help="Leave out a soft chip, as FIELD:VALUE. Repeatable.")]


@app.command(
    epilog="Examples: semdrive search 'jaywalker at night'; semdrive search 'risk:6..9 -weather:rain sort:risk-desc'; "
    "semdrive search 'pedestrian in the lane' --verify 10 --rerank"
)
def search(
    query: QueryText = "",
    index: Index = None,
    limit: Annotated[int | None, typer.Option("--limit", "-n", help="Hits a page.", show_default="10")] = None,
    offset: Annotated[int, typer.Option(min=0, help="Hits to skip.")] = 0,
    group: Annotated[bool, typer.Option("--group", help="Group hits by scene.")] = False,
    without: Without = None,
    verify: VerifyTop = None,
    rerank: Rerank = False,
    profile: Profile = None,
    budget_s: Budget = None,
    stop_after: StopAfter = None,
    order: OrderOption = "rank",
    every_scout: EveryScout = False,
    fresh: Fresh = False,
    as_json: Json = False,
) -> None:
    """Search with words, filters, or both; with --verify, scouts look at the first hits again, asked your question."""
    from semdrive.render import render_search

    engine, limit = open_engine(index, profile), settings_of(limit=limit).limit
    shown = {"offset": offset, "group": "scene" if group else None, "without": without or ()}
    shown |= {"rerank": True} if rerank else {}
    find = partial(engine.search, query, **shown)
    if verify is None:
        answer(find(limit=limit), as_json, render_search)
        return
    page = find(limit=max(limit, verify))
    limits = limits_of(budget_s, stop_after, order, every_scout, top=verify)
    passing = engine.verify(page.hits, query, limits=limits, fresh=fresh)
    _write_page(page, as_json, render_search)
    stream(passing, as_json, wrapped=True)
    if rerank:
        _write_page(find(limit=limit), as_json, render_search)


def _write_page(page: Any, as_json: bool, render: Any) -> None:
    """A page among verdicts: as JSON it is one line, too."""
    if as_json:
        sys.stdout.write(f'{{"page":{page.model_dump_json()}}}\n')
        sys.stdout.flush()
    else:
        render(page)
        sys.stdout.write("\n")


@app.command(epilog="Example: semdrive facets 'construction risk:>=6'")
def facets(query: QueryText = "", index: Index = None, as_json: Json = False) -> None:
    """Count every value among the frames that pass a query's filter."""
    from semdrive.render import render_facets

    counted = open_engine(index).facets(query)
    answer(counted, as_json, render_facets)


@app.command(epilog="Example: semdrive show e93e98b63d3b40209056d129dc53ceee")
def show(
    token: Annotated[str, typer.Argument(help="The frame's token, as search prints it.")],
    index: Index = None,
    as_json: Json = False,
) -> None:
    """Show one frame: scouts side by side, votes and beliefs, the reward's reasons, detections."""
    from semdrive.render_frame import render_frame

    scenario = open_engine(index).show(token)
    answer(scenario, as_json, render_frame)


@app.command(epilog="Example: semdrive explain 'risk>=4 AND construction jaywalker at night'")
def explain(query: QueryText, index: Index = None, without: Without = None, as_json: Json = False) -> None:
    """Say how a query is understood: tree, chips, compiled filter, retriever sizes."""
    from semdrive.render import render_explanation

    explanation = open_engine(index).explain(query, without=without or ())
    answer(explanation, as_json, render_explanation)


app.command("verify", epilog="Example: semdrive verify TOKEN --question 'is the lane blocked by barrels?' --json")(
    verify_frames
)
app.command(
    epilog="Examples: semdrive review TOKEN --who Ada --tag construction --not-tag vru_hazard; "
    "semdrive review TOKEN --who Ada --query 'pedestrian in the lane' --verdict no"
)(review)
app.command(
    "export",
    epilog="Examples: semdrive export 'risk>=8' --format csv --out risky.csv; "
    "semdrive export --tokens - --format nuscenes < tokens.txt",
)(export)
app.command(epilog="Examples: semdrive failures --index build/drive; semdrive failures --json")(failures)
app.command(epilog="Examples: semdrive mcp --index drive; semdrive mcp --index drive --http --port 8765")(mcp)
app.command(epilog="Examples: semdrive sample drive/; semdrive sample drive/ --seed 7 --perturb")(sample)


app.command(epilog="Examples: semdrive serve; semdrive serve --host 0.0.0.0 --token-env SERVE_TOKEN --name lab")(serve)


@app.command()
def doctor(index: Index = None, as_json: Json = False) -> None:
    """Check this installation and, where there is one, the workspace."""
    from semdrive.render import render_checks
    from server.doctor import examine

    settings = settings_of(index=index)
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
