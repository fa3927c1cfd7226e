"""Benchmarks and fits as terminal text."""

from pathlib import Path
from shlex import quote

from rich.table import Table
from rich.text import Text

from gold_set.benchmark import Benchmark, MethodResult
from gold_set.published import PublishedTable
from scenario.vocabulary import Tag
from semdrive.text import Terminal, plain
from verifier.fitted import BeliefFit

console = Terminal()
UNKNOWN = "not measurable"


def number(value: float | None, digits: int = 3) -> str:
    return UNKNOWN if value is None else f"{value:.{digits}f}"


def render_published(table: PublishedTable) -> None:
    console.print("Method,Precision,Recall,F1-Score,MAE Risk,Samples", soft_wrap=True)
    for row in table.rows:
        risk = "" if row.mae_risk is None else repr(row.mae_risk)
        cells = (row.method, repr(row.precision), repr(row.recall), repr(row.f1), risk, str(row.samples))
        console.print(",".join(cells), soft_wrap=True)
    console.print()
    render_benchmark(table.benchmark)


def render_benchmark(found: Benchmark) -> None:
    _print_together(found)
    for metric, title in (
        ("F1", "F1 at each method's own threshold"),
        ("AP", "Average precision, without a threshold"),
    ):
        _print_tags(found, metric, title)
    _print_precision_at(found)
    _print_points(found)
    _print_kappas(found)
    _print_differences(found)
    for note in found.notes:
        console.print(plain(note), style="dim", soft_wrap=True)
    missing = f"; {len(found.missing):,} gold frames are not in the index" if found.missing else ""
    console.print(f"{found.frames:,} frames of {plain(found.gold)}, seed {found.seed}{missing}", soft_wrap=True)


def _print_together(found: Benchmark) -> None:
    table = Table("method", "precision", "recall", "F1", "risk MAE", "Spearman", "frames", box=None, header_style="dim")
    for method in found.methods:
        micro = method.micro
        shares = [number(x) for x in (micro.precision, micro.recall, micro.f1)] if micro else ["–"] * 3
        risk = number(method.risk_mae) if method.risk_mae is not None else "–"
        rank = number(method.risk_spearman) if method.risk_mae is not None else "–"
        notes = f" ({', '.join(method.notes)})" if method.notes else ""
        table.add_row(Text(plain(method.name + notes)), *shares, risk, rank, str(method.samples))
    console.print("Six tags together (micro), and risk", style="bold")
    console.print(table)


def _print_tags(found: Benchmark, metric: str, title: str) -> None:
    table = Table("tag", "true", *(plain(m.name) for m in found.methods if m.micro), box=None, header_style="dim")
    for place, tag in enumerate(Tag):
        positives = max(m.tags[place].positives for m in found.methods)
        cells = [_cell(m, place, metric) for m in found.methods if m.micro]
        table.add_row(tag.value, str(positives), *(cells if positives else [UNKNOWN] * len(cells)))
    console.print(f"\n{title}", style="bold")
    console.print(table)


def _cell(method: MethodResult, place: int, metric: str) -> str:
    result = method.tags[place]
    if metric == "AP":
        return "–" if result.ap is None else f"{result.ap:.3f}"
    counts = result.counts
    if counts is None or counts.f1 is None:
        return "–"
    precision = "–" if counts.precision is None else f"{counts.precision:.2f}"
    recall = "–" if counts.recall is None else f"{counts.recall:.2f}"
    return f"{counts.f1:.2f} ({precision} · {recall})"


def _print_precision_at(found: Benchmark) -> None:
    ranked = [m for m in found.methods if any(result.ap is not None for result in m.tags)]
    if not ranked:
        return
    table = Table("tag", *(plain(m.name) for m in ranked), box=None, header_style="dim")
    for place, tag in enumerate(Tag):
        cells = [
            " ".join("–" if p is None else f"{p:.2f}" for p in m.tags[place].precision_at.values()) for m in ranked
        ]
        table.add_row(tag.value, *(cell or "–" for cell in cells))
    console.print("\nPrecision at 5, 10, 20", style="bold")
    console.print(table)


def _print_points(found: Benchmark) -> None:
    if not found.points:
        return
    names = ("tag", "at the recall of", "recall", "its precision", "ours there", "ours less its, 95 %", "our AP", "of")
    table = Table(*names, box=None, header_style="dim")
    for check in found.points:
        between = "–" if check.difference is None else f"{check.difference[0]:+.2f} to {check.difference[1]:+.2f}"
        table.add_row(
            *(check.tag.value, Text(plain(check.binary)), number(check.recall, 2), number(check.its_precision, 2)),
            *(number(check.our_precision, 2), between, number(check.our_ap, 2), Text(plain(check.ranked))),
        )
    console.print("\nOur ranking where each scout stands", style="bold")
    console.print(table)


def _print_kappas(found: Benchmark) -> None:
    for pair, kappas in found.kappas.items():
        shown = ", ".join(f"{tag} {number(kappa, 2)}" for tag, kappa in kappas.items())
        console.print(f"\nagreement (kappa) of {plain(pair)}: {shown}", soft_wrap=True)


def _print_differences(found: Benchmark) -> None:
    table = Table("difference", "metric", "value", "95 % interval", box=None, header_style="dim")
    for d in found.differences:
        sure = "bold" if d.low > 0 or d.high < 0 else ""
        name = Text(plain(f"{d.first} − {d.second}"))
        table.add_row(name, d.metric, f"{d.value:+.3f}", f"{d.low:+.3f} to {d.high:+.3f}", style=sure)
    console.print("\nDifferences on the frames both answer (paired bootstrap)", style="bold")
    console.print(table)


def render_fit(fit: BeliefFit, out: Path) -> None:
    table = Table("tag", "positives", "threshold", "strongest evidence", box=None, header_style="dim")
    for tag in fit.tags:
        strongest = sorted(tag.weights.items(), key=lambda item: -item[1])[:4]
        said = tag.note or ", ".join(f"{plain(name)} {weight:.2f}" for name, weight in strongest)
        table.add_row(tag.tag.value, str(tag.positives), f"{tag.threshold:.2f}", Text(said))
    console.print(table)
    risk = fit.risk
    console.print(
        f"\nrisk: from {risk.intercept:.1f}; 90 % of held-out errors within {risk.low:+.1f} … {risk.high:+.1f}"
    )
    made = fit.provenance
    missing = f"; {made.missing:,} gold frames are not in the index" if made.missing else ""
    console.print(
        f"fit {fit.id} on {made.frames} frames of {plain(made.gold)}{missing}, written to {out}", soft_wrap=True
    )
    console.print(f"\nNext:  semdrive index recorded … --beliefs {quote(str(out))}", style="dim", soft_wrap=True)
