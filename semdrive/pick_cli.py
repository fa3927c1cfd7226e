"""`semdrive gold pick`: frames to label, picked by hand or out of a search."""

from typing import Annotated, Any

import typer

from semdrive.options import Index, Json, answer, settings_of


def pick(
    name: Annotated[str, typer.Argument(help="The picked sample, new or to be added to.")],
    tokens: Annotated[list[str] | None, typer.Argument(help="Frames, as search prints them.")] = None,
    query: Annotated[str | None, typer.Option(help="Pick the first frames of this answer.")] = None,
    limit: Annotated[int, typer.Option(help="So many of the answer, at most.", min=1, max=10_000)] = 20,
    who: Annotated[str, typer.Option(help="Who picks, which is kept.")] = "command line",
    index: Index = None,
    as_json: Json = False,
) -> None:
    """Put frames by hand among those to label. They stand for nothing but themselves: gold estimate refuses them."""
    from gold_set.picking import hand_picked, keep, tokens_of
    from scenario.ledger import Ledger
    from scenario.workspace import Workspace
    from search.store import Store
    from semdrive.render_curation import render_picked

    if bool(tokens) == (query is not None):
        raise typer.BadParameter("name frames by their tokens, or say --query, and not both", param_hint="TOKENS")
    workspace = Workspace.open(settings_of(index=index).index)
    ledger_file = workspace.require_ledger("the gold set")
    chosen = tokens or _found(workspace, str(query), limit)
    picked = hand_picked(name, chosen, tokens_of(Store(workspace.index_uri).snapshot()))
    with Ledger(ledger_file) as ledger:
        kept = keep(ledger, picked, who)
    answer(kept, as_json, render_picked)


def _found(workspace: Any, query: str, limit: int) -> list[str]:
    from scenario.errors import InputError
    from search.embedding import embedder_of
    from server.engine import Engine

    tokens = [hit.token for hit in Engine(workspace, embedder_of).search(query, limit=limit).hits]
    if not tokens:
        raise InputError(f"no frame answers {query!r}, so none was picked; see: semdrive explain")
    return tokens
