"""`semdrive models`: which model files the profiles need, whether they are here and whole, and how to get them."""

from typing import Annotated, Any

import typer

from semdrive.options import Json, answer

models_app = typer.Typer(help="List, check and pull model files.", no_args_is_help=True, rich_markup_mode=None)

ProfileName = Annotated[
    str | None, typer.Option("--profile", "-p", help="A shipped profile's name, or the path of your own.")
]


@models_app.command("list", epilog="Example: semdrive models list --profile rtx-3090")
def list_files(profile: ProfileName = None, as_json: Json = False) -> None:
    """List the files of every profile, their sizes, and which are here."""
    from indexer.models import list_models
    from semdrive.render_models import render_list

    answer(list_models(_profiles(profile)), as_json, render_list)


@models_app.command("check", epilog="Example: semdrive models check --profile cpu-small")
def check_files(profile: ProfileName = None, as_json: Json = False) -> None:
    """Read every model file and compare it with what the hub recorded; of a named profile, ask its servers too."""
    from indexer.models import check_models
    from semdrive.render_models import Reading, render_checks

    with Reading() as reading:
        found = check_models(_profiles(profile), servers=profile is not None, advance=reading.advance)
    answer(found, as_json, render_checks)
    if found.broken or (profile is not None and not found.complete):
        raise typer.Exit(1)


@models_app.command(
    "pull",
    epilog="Examples: semdrive models pull -p cpu-small --dry-run; semdrive models pull hf:OWNER/REPOSITORY/FILE",
)
def pull(
    references: Annotated[
        list[str] | None, typer.Argument(metavar="[REFERENCE]...", help="Files, as hf:OWNER/REPOSITORY/FILE.")
    ] = None,
    profile: ProfileName = None,
    dry_run: Annotated[bool, typer.Option(help="Ask for the sizes, and fetch nothing.")] = False,
    endpoint: Annotated[str | None, typer.Option(help="The hub's address.", show_default="HF_ENDPOINT")] = None,
    as_json: Json = False,
) -> None:
    """Fetch model files into the hub's cache. Run it again after a cut: it goes on where it stopped."""
    from indexer.fetch import Pulled, fetch, plan_pull
    from indexer.profiles import ModelFile, load_profile
    from semdrive.render_models import say_fetched, say_plan, say_pulled

    if profile is None and not references:
        raise typer.BadParameter("name what to fetch: --profile NAME, or files as hf:OWNER/REPOSITORY/FILE")
    files = [ModelFile(reference=reference, role="asked for") for reference in references or ()]
    files += load_profile(profile).files() if profile else ()
    plan = plan_pull(files, endpoint=endpoint)
    if not dry_run:
        say_plan(plan)
        for fetched in fetch(plan, endpoint=endpoint):
            say_fetched(fetched)
    answer(Pulled(plan=plan, dry_run=dry_run), as_json, say_pulled)


def _profiles(name: str | None) -> tuple[Any, ...]:
    from indexer.profiles import load_profile, shipped_profiles

    return tuple(load_profile(chosen) for chosen in ([name] if name else shipped_profiles()))
