"""`semdrive gold benchmark`, `gold fit` and `gold ablate`: measure against a gold file, and fit beliefs to it."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from semdrive.options import Index, Json, answer, settings_of

Gold = Annotated[
    Path, typer.Option(help="Truth: JSON lines (flat or nested), or one object of token → facts, as released.")
]
Seed = Annotated[int, typer.Option(help="Decides folds and bootstrap draws.")]


def shared_folder() -> Path:
    return Path(os.environ.get("SEMDRIVE_SHARED", "../shared"))


def _corpus(index: str | None) -> Any:
    from gold_set.evidence import load_corpus
    from scenario.workspace import Workspace

    return load_corpus(Workspace.open(settings_of(index=index).index))


def benchmark(
    preset: Annotated[
        str | None, typer.Option(help="A published table to compute again: semantic-drive.", show_default=False)
    ] = None,
    gold: Annotated[Path | None, typer.Option(help="Truth, as `gold fit` reads it.", show_default=False)] = None,
    index: Index = None,
    fit: Annotated[
        list[str] | None,
        typer.Option(help="`cv`: beliefs cross-validated within the gold set; or a file of gold fit. Repeatable."),
    ] = None,
    run: Annotated[
        list[str] | None, typer.Option(help="A recorded run to measure too, as NAME=FILE. Repeatable.")
    ] = None,
    third_scout: Annotated[
        list[str] | None,
        typer.Option(help="With --fit cv: a second row fitted with this run as one more scout, NAME=FILE. Repeatable."),
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Also write a report with plots.", show_default=False)] = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Measure methods against a gold set: precision, recall, F1, average precision, risk, agreement, intervals."""
    from semdrive.render_benchmark import render_benchmark, render_published

    if preset is not None:
        if gold or fit or run or third_scout or html or index:
            raise typer.BadParameter(
                "goes alone, without --gold, --index, --fit, --run or --html", param_hint="--preset"
            )
        from gold_set.published import published_table

        answer(published_table(preset, shared_folder(), seed), as_json, render_published)
        return
    if gold is None:
        raise typer.BadParameter("name --gold FILE, or --preset semantic-drive", param_hint="--gold")
    measured = _measure(gold, index, fit or [], run or [], third_scout or [], seed)
    if html is not None:
        from gold_set.report import write_report

        write_report(html, measured)
    answer(measured.benchmark, as_json, render_benchmark)
    if html is not None and not as_json:
        typer.echo(f"report: {html}")


def _measure(gold: Path, index: str | None, fits: list[str], runs: list[str], thirds: list[str], seed: int) -> Any:
    from gold_set.fit import benchmark_index
    from gold_set.methods import of_facts, recorded_facts
    from verifier.fitted import read_fit

    files = [name for name in fits if name != "cv"]
    if thirds and "cv" not in fits:
        raise typer.BadParameter("is fitted too, so it goes with --fit cv", param_hint="--third-scout")
    if len(files) > 1:
        raise typer.BadParameter("one fit file at a time, and `cv`", param_hint="--fit")
    more = [of_facts(name, recorded_facts(Path(path))) for name, path in map(_named_file, runs)]
    return benchmark_index(
        _corpus(index),
        gold,
        cross="cv" in fits,
        fit=read_fit(Path(files[0])) if files else None,
        more=more,
        third={name: recorded_facts(Path(path)) for name, path in map(_named_file, thirds)},
        seed=seed,
    )


def _named_file(text: str) -> tuple[str, str]:
    name, equals, path = text.partition("=")
    if not (equals and name.strip() and path.strip()):
        raise typer.BadParameter(f"{text!r} is not NAME=FILE, as in consensus=consensus.jsonl", param_hint="--run")
    return name.strip(), path.strip()


def fit(
    gold: Gold,
    out: Annotated[Path, typer.Option(help="Where the fitted beliefs go: small, readable JSON.")],
    index: Index = None,
    scout: Annotated[
        list[str] | None, typer.Option(help="Fit to this scout only. Repeatable.", show_default="all of the index")
    ] = None,
    prevalence: Annotated[
        list[str] | None,
        typer.Option(help="How often a tag truly occurs, as construction=0.05: shifts its intercept. Repeatable."),
    ] = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Fit beliefs to a gold set. Use them with: semdrive index … --beliefs FILE."""
    from gold_set.fit import fit_beliefs
    from semdrive.render_benchmark import render_fit

    known = _prevalences(prevalence or [])
    found = fit_beliefs(
        _corpus(index), gold, scouts=[*dict.fromkeys(scout)] if scout else None, prevalence=known, seed=seed
    )
    try:
        out.write_text(found.model_dump_json(indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(f"cannot write {str(out)!r}: {error.strerror}", param_hint="--out") from error
    answer(found, as_json, lambda record: render_fit(record, out))


def _prevalences(given: list[str]) -> dict[Any, float]:
    from scenario.errors import InputError, unknown
    from scenario.vocabulary import Tag

    found = {}
    for text in given:
        name, _, share = text.partition("=")
        if name not in list(Tag):
            raise InputError(f"--prevalence {text!r}: {unknown('tag', name, Tag)}")
        try:
            value = float(share)
        except ValueError:
            value = -1.0
        if not 0 < value < 1:
            raise InputError(f"--prevalence {text!r}: a share is between 0 and 1, as in construction=0.05")
        found[Tag(name)] = value
    return found


def ablate(
    gold: Gold,
    without: Annotated[
        list[str] | None,
        typer.Option(help="`grounding`, `reward`, or `scout:NAME`. Repeatable.", show_default="each in turn"),
    ] = None,
    rewards: Annotated[bool, typer.Option("--rewards", help="Instead: the paper's reward against ours.")] = False,
    best_of_n: Annotated[
        bool, typer.Option("--best-of-n", help="Instead: Best-of-N by N, of a judge's candidates.")
    ] = False,
    index: Index = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Leave parts of the evidence out, and say what that costs, cross-validated on the same folds."""
    from gold_set import ablation
    from semdrive.render_benchmark import render_benchmark

    if bool(without) + rewards + best_of_n > 1:
        raise typer.BadParameter("one of --without, --rewards, --best-of-n at a time", param_hint="--without")
    corpus = _corpus(index)
    if rewards:
        found = ablation.compare_rewards(corpus, gold, seed=seed)
    elif best_of_n:
        found = ablation.best_of_n(corpus, gold, seed=seed)
    else:
        found = ablation.ablate(corpus, gold, without, seed=seed)
    answer(found, as_json, render_benchmark)
