"""What the verbs of the command line share: options, settings, and one way to answer."""

import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

Index = Annotated[
    str | None,
    typer.Option(
        "--index", "-i", help="Workspace directory, or the URI of an index alone.", show_default="semdrive-index"
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]


def settings_of(**flags: Any) -> Any:
    """The settings, with flags over them; a flag that is None was not given."""
    from scenario.config import load_settings

    return load_settings(flags)


def answer(record: Any, as_json: bool, render: Callable[[Any], None]) -> None:
    if as_json:
        sys.stdout.write(record.model_dump_json(indent=2) + "\n")
    else:
        render(record)
