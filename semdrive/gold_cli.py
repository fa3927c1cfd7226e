"""`semdrive gold …`: compare an index with what is true."""

from pathlib import Path
from typing import Annotated

import typer

from semdrive.benchmark_cli import ablate, benchmark, fit
from semdrive.options import Index, Json, answer, settings_of

gold_app = typer.Typer(help="Compare with what is true.", no_args_is_help=True, rich_markup_mode=None)


@gold_app.callback()
def gold() -> None:
    """Compare an index with what is true."""


gold_app.command(
    epilog="Examples: semdrive gold benchmark --preset semantic-drive;"
    " semdrive gold benchmark --gold gold.json --fit cv --index build/release --html report.html"
)(benchmark)
gold_app.command(epilog="Example: semdrive gold fit --gold gold.json --index build/release --out beliefs.json")(fit)
gold_app.command(epilog="Examples: semdrive gold ablate --gold gold.json; … --without grounding --without scout:kimi")(
    ablate
)


@gold_app.command("score", epilog="Example: semdrive gold score --gold drive/gold.jsonl --index build/drive")
def score(
    gold: Annotated[Path, typer.Option(help="Truth, one JSON object a line: token, fields by name, risk_score, tags.")],
    index: Index = None,
    as_json: Json = False,
) -> None:
    """Score an index's verdicts against a gold file: tags (micro-F1), risk (mean absolute error), fields."""
    from gold_set.score import score_file
    from gold_set.verdicts import indexed_facts
    from scenario.workspace import Workspace
    from search.store import Store
    from semdrive.render_log import render_score

    workspace = Workspace.open(settings_of(index=index).index)
    scored = score_file(gold, indexed_facts(Store(workspace.index_uri).snapshot()))
    answer(scored, as_json, render_score)
