"""A retrieval benchmark as terminal text."""

from collections.abc import Mapping

from rich.table import Table

from gold_set.ranking import METRICS
from gold_set.retrieval import SYSTEMS, Comparison, Difference, Means, QueryScore, RetrievalReport
from semdrive.text import Terminal, plain

console = Terminal()
NAMES = {"ndcg": "nDCG@10", "ap": "AP", "precision": "P@min(5,R)", "r_precision": "R-prec", "mrr": "MRR"}
WORDS = 26  # columns: with five systems beside them a row fits into 80
COMPARED = ("ndcg", "ap", "mrr")


def render_retrieval(report: RetrievalReport, per_query: bool = False) -> None:
    if per_query:
        _render_queries(report)
    _render_means("each system, over the queries that it ranks", report.own)
    _render_means("over the queries that every system ranks", report.common)
    _render_comparisons(report.comparisons)
    _render_counts(report)


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="dim")
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place else "left")
    return table


def _render_means(title: str, means: Mapping[str, Means]) -> None:
    table = _table("system", "queries", *NAMES.values())
    for system in SYSTEMS:
        mean = means[system].mean
        cells = [f"{getattr(mean, metric):.3f}" if mean else "–" for metric in METRICS]
        table.add_row(system, str(means[system].queries), *cells, style="bold" if system == "fused" else "")
    console.print(title, style="dim")
    console.print(table)
    console.print()


def _render_comparisons(comparisons: tuple[Comparison, ...]) -> None:
    console.print("fused less each other: difference of means, paired bootstrap over queries", style="dim")
    table = _table("less", "queries", "metric", "difference", "95% interval")
    for each in comparisons:
        for metric in COMPARED:
            if found := each.differences.get(metric):
                table.add_row(each.other, str(each.queries), NAMES[metric], f"{found.mean:+.3f}", _interval(found))
    console.print(table)


def _interval(found: Difference) -> str:
    return "–" if found.low is None or found.high is None else f"{found.low:+.3f} to {found.high:+.3f}"


def _render_counts(report: RetrievalReport) -> None:
    missing = f"; {len(report.missing):,} gold frames are not in the index" if report.missing else ""
    console.print(
        f"\n{report.labelled:,} of {report.indexed:,} indexed frames are labelled; the others are taken out of every"
        f" ranking{missing}",
        soft_wrap=True,
    )
    if report.left_out:
        console.print(f"{report.left_out} queries that need distances or places were not run (--spatial runs them)")
    if report.not_measurable:
        console.print(f"{len(report.not_measurable)} queries are not measurable here:", soft_wrap=True)
        for why in sorted({each.why for each in report.not_measurable}):
            ids = ", ".join(plain(each.id) for each in report.not_measurable if each.why == why)
            console.print(f"  {why}: {ids}", style="dim", soft_wrap=True)


def _render_queries(report: RetrievalReport) -> None:
    table = Table(box=None, header_style="dim")
    table.add_column("words", no_wrap=True, overflow="ellipsis", max_width=WORDS)
    for column in ("relevant", *SYSTEMS):
        table.add_column(column, justify="right", no_wrap=True, min_width=len(column))
    for each in report.queries:
        table.add_row(plain(each.text), f"{each.relevant} of {each.judged}", *(_ap(each, system) for system in SYSTEMS))
    console.print("average precision of each query", style="dim")
    console.print(table)
    console.print()


def _ap(each: QueryScore, system: str) -> str:
    return f"{each.scores[system].ap:.3f}" if system in each.scores else "–"
