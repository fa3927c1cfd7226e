"""What people say, from the command line: `semdrive review`, and searches under a name: `semdrive saved`."""

from typing import Annotated

import typer

from semdrive.options import Index, Json
from semdrive.verify_cli import list_records, open_engine

Reviewer = Annotated[str, typer.Option("--who", help="Your name, which is kept with what you say.")]
SavedName = Annotated[str, typer.Argument(help="The name it was saved under.")]

saved_app = typer.Typer(
    help="Searches under a name, with how many of their frames are new since you looked.",
    epilog="Examples: semdrive saved add barrels 'risk>=4 AND construction'; semdrive saved look barrels",
    rich_markup_mode=None,
)


def review(
    tokens: Annotated[list[str], typer.Argument(help="Frames by their tokens.")],
    who: Reviewer,
    tag: Annotated[list[str] | None, typer.Option(help="A tag that holds. Repeatable.")] = None,
    not_tag: Annotated[list[str] | None, typer.Option(help="A tag that does not hold. Repeatable.")] = None,
    query: Annotated[str | None, typer.Option("--query", "-q", help="What your verdict is the answer to.")] = None,
    verdict: Annotated[
        str | None, typer.Option(help="Is each frame what the query asks for? yes, no or unsure.")
    ] = None,
    index: Index = None,
    as_json: Json = False,
) -> None:
    """Say what is true of frames: their tags, which the next build takes up, or your verdict on a query."""
    from scenario.errors import ConfigError, one_of
    from scenario.vocabulary import Tag
    from semdrive.render_review import render_decided, render_reviews

    holds = [one_of("tag", name, Tag) for name in tag or ()]
    does_not_hold = [one_of("tag", name, Tag) for name in not_tag or ()]
    if (query is None) != (verdict is None) or not (holds or does_not_hold or verdict):
        raise ConfigError("say which tags hold (--tag) or do not (--not-tag), or answer a --query with a --verdict")
    engine = open_engine(index)
    if query is not None and verdict is not None:
        said = one_of("verdict", verdict, ("yes", "no", "unsure"))
        list_records(engine.decide(tokens, who, query, said), as_json, render_decided)
    if holds or does_not_hold:
        list_records(engine.review(tokens, who, holds=holds, does_not_hold=does_not_hold), as_json, render_reviews)


@saved_app.callback(invoke_without_command=True)
def saved(context: typer.Context, index: Index = None, as_json: Json = False) -> None:
    """Searches under a name, with how many of their frames are new since you looked."""
    if context.invoked_subcommand:
        return
    from semdrive.render_review import render_saved

    list_records(open_engine(index).saved.all(), as_json, render_saved)


@saved_app.command("add", epilog="Example: semdrive saved add barrels 'risk>=4 AND construction' --who Ada")
def add(
    name: Annotated[str, typer.Argument(help="What it is called from now on.")],
    query: Annotated[str, typer.Argument(help="Words, a filter, or both, in quotes.")],
    who: Annotated[str, typer.Option("--who", help="Whose it is.")] = "",
    index: Index = None,
    as_json: Json = False,
) -> None:
    """Save a search. The frames of today count as seen."""
    from semdrive.render_review import render_kept

    list_records([open_engine(index).saved.save(name, query, who)], as_json, render_kept)


@saved_app.command("look", epilog="Example: semdrive saved look barrels")
def look(name: SavedName, index: Index = None, as_json: Json = False) -> None:
    """Say what is new once more; from now on only frames that come later are."""
    from semdrive.render_review import render_saved

    list_records([open_engine(index).saved.look(name)], as_json, render_saved)


@saved_app.command("remove", epilog="Example: semdrive saved remove barrels")
def remove(name: SavedName, index: Index = None, as_json: Json = False) -> None:
    """Forget a saved search; its name is free again."""
    from semdrive.render_review import render_removed

    list_records([open_engine(index).saved.remove(name)], as_json, render_removed)
