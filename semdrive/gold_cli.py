"""`semdrive gold …`: compare an index with what is true."""

from pathlib import Path
from typing import Annotated

import typer

from semdrive.benchmark_cli import ablate, benchmark, fit, shared_folder
from semdrive.curation_cli import agree, compare, estimate, export, import_labels, label, next_frame, sample
from semdrive.options import Index, Json, answer, settings_of
from semdrive.pick_cli import pick

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


gold_app.command(
    epilog="Examples: semdrive gold sample --name first --size 100; … --method stratified --tag construction"
)(sample)
gold_app.command(
    epilog="Examples: semdrive gold pick barrels TOKEN TOKEN; semdrive gold pick barrels --query 'risk>=4' --limit 30"
)(pick)
gold_app.command("next", epilog="Example: semdrive gold next --sample first --annotator ann")(next_frame)
gold_app.command(
    epilog="Examples: semdrive gold label TOKEN --annotator ann --tag construction --risk 6 --set weather=rain;"
    " semdrive gold label TOKEN --annotator ann --unsure"
)(label)
gold_app.command(epilog="Example: semdrive gold compare TOKEN --annotator ann")(compare)
gold_app.command("import", epilog="Example: semdrive gold import gold.jsonl --annotator ann --sample first")(
    import_labels
)
gold_app.command(epilog="Example: semdrive gold export --out gold.jsonl --sample first")(export)
gold_app.command("agreement", epilog="Example: semdrive gold agreement ann bob --sample first")(agree)
gold_app.command(epilog="Example: semdrive gold estimate --sample first")(estimate)


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


@gold_app.command("retrieval", epilog="Example: semdrive gold retrieval --gold drive/gold.jsonl --index build/drive")
def retrieval(
    index: Index = None,
    gold: Annotated[
        Path | None, typer.Option(help="Truth, as gold score reads it.", show_default="the released gold set")
    ] = None,
    queries: Annotated[
        Path | None, typer.Option(help="Queries, one JSON object a line.", show_default="the packaged ones")
    ] = None,
    spatial: Annotated[
        bool | None,
        typer.Option(help="Run queries that need distances or places.", show_default="where frames have scenes"),
    ] = None,
    per_query: Annotated[bool, typer.Option("--per-query", help="List every query, too.")] = False,
    seed: Annotated[int, typer.Option(help="Decides bootstrap draws.")] = 0,
    as_json: Json = False,
) -> None:
    """Measure how well plain words find frames: dense, BM25 and belief alone, and fused."""
    from gold_set.labels import read_gold
    from gold_set.queries import read_queries
    from gold_set.retrieval import measure_retrieval, released_gold
    from scenario.workspace import Workspace
    from search.corpus import Corpus
    from search.embedding import embedder_of
    from search.store import Store
    from semdrive.progress import Bars
    from semdrive.render_retrieval import render_retrieval

    truth, asked = read_gold(gold or released_gold(shared_folder())), read_queries(queries)
    corpus = Corpus(Store(Workspace.open(settings_of(index=index).index).index_uri).snapshot())
    embedder = embedder_of(corpus.snapshot.build.embedder)
    with Bars() as bars:
        on_query = bars.of("queries")
        report = measure_retrieval(corpus, embedder, truth, asked, spatial=spatial, seed=seed, on_query=on_query)
    answer(report, as_json, lambda report: render_retrieval(report, per_query))
