"""A benchmark as one HTML file: tables and plots, nothing fetched from elsewhere."""

import io
import re
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from gold_set.benchmark import Benchmark
from gold_set.evidence import Floats
from gold_set.fit import Measured, reliability
from gold_set.labels import GoldLine
from gold_set.methods import Method
from scenario.errors import InputError
from scenario.vocabulary import Tag

STYLE = """
:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2.5rem}.wide{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}th,td{padding:.25rem .75rem;text-align:right}
th:first-child,td:first-child{text-align:left}th{border-bottom:1px solid;font-weight:600}
figure{margin:1rem 0;background:#fff;border-radius:6px;padding:.5rem}svg{max-width:100%;height:auto}.quiet{opacity:.75}
"""


def write_report(path: Path, measured: Measured) -> None:
    """Raises `InputError` where it cannot be written."""
    try:
        path.write_text(render(measured), encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write the report {str(path)!r}: {error.strerror}") from error


def render(measured: Measured) -> str:
    found = measured.benchmark
    plots = (("Precision and recall", _curves), ("Are beliefs what they say?", _reliability), ("Risk", _risks))
    figures = "".join(f"<h2>{title}</h2><figure>{_svg(draw, measured)}</figure>" for title, draw in plots)
    missing = f" {len(found.missing)} gold frames are not in the index." if found.missing else ""
    notes = "".join(f"<p class=quiet>{escape(note)}</p>" for note in found.notes)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Benchmark on {escape(found.gold)}</title><style>{STYLE}</style>"
        f"<h1>Benchmark on {escape(found.gold)}</h1><p>{found.frames} frames, seed {found.seed}.{missing}</p>{notes}"
        f"<h2>Six tags together, and risk</h2>{_together(found)}"
        f"<h2>Average precision of each tag</h2>{_by_tag(found)}"
        f"<h2>Confusion of each tag</h2>{_confusion(found)}{figures}"
        f"<h2>Differences, with 95 % intervals</h2>{_differences(found)}</html>\n"
    )


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<div class=wide><table><tr>{head}</tr>{body}</table></div>"


def _number(value: float | None) -> str:
    return "not measurable" if value is None else f"{value:.3f}"


def _together(found: Benchmark) -> str:
    rows = []
    for method in found.methods:
        micro = method.micro
        shares = [_number(x) for x in (micro.precision, micro.recall, micro.f1)] if micro else ["–"] * 3
        risk = [_number(method.risk_mae), _number(method.risk_spearman)] if method.risk_mae is not None else ["–"] * 2
        rows.append([" · ".join([method.name, *method.notes]), *shares, *risk, str(method.samples)])
    return _table(("method", "precision", "recall", "F1", "risk MAE", "Spearman", "frames"), rows)


def _by_tag(found: Benchmark) -> str:
    ranked = [method for method in found.methods if any(result.ap is not None for result in method.tags)]
    rows = []
    for place, tag in enumerate(Tag):
        positives = max(method.tags[place].positives for method in found.methods)
        cells = ["–" if method.tags[place].ap is None else _number(method.tags[place].ap) for method in ranked]
        rows.append([tag.value, str(positives), *(cells if positives else ["not measurable"] * len(cells))])
    return _table(("tag", "true", *(method.name for method in ranked)), rows)


def _confusion(found: Benchmark) -> str:
    rows = []
    for place, tag in enumerate(Tag):
        for method in found.methods:
            result = method.tags[place]
            counts = result.counts
            if counts is None:
                continue
            right = result.judged - counts.tp - counts.fp - counts.fn
            precision = "–" if counts.precision is None else _number(counts.precision)
            recall = _number(counts.recall)
            numbers = (str(counts.tp), str(counts.fp), str(counts.fn), str(right))
            rows.append([tag.value, method.name, *numbers, precision, recall])
    header = ("tag", "method", "right", "false alarm", "missed", "rightly silent", "precision", "recall")
    return _table(header, rows)


def _differences(found: Benchmark) -> str:
    rows = [
        [f"{d.first} − {d.second}", d.metric, f"{d.value:+.3f}", f"{d.low:+.3f} to {d.high:+.3f}"]
        for d in found.differences
    ]
    return _table(("difference", "metric", "value", "95 % interval"), rows)


Draw = Callable[[Any, Measured], None]


def _svg(draw: Draw, measured: Measured) -> str:
    """A figure as inline SVG; the same data give the same bytes."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "semdrive", "font.size": 9}):
        figure = Figure(layout="constrained")
        draw(figure, measured)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return re.sub(r"^.*?(?=<svg)", "", buffer.getvalue(), flags=re.DOTALL)


def _ranked(measured: Measured) -> list[Method]:
    return [method for method in measured.methods if method.scores]


def _truth_and_scores(method: Method, tag: Tag, gold: Sequence[GoldLine]) -> tuple[Floats, Floats]:
    scores = method.scores.get(tag, {})
    judged = [line for line in gold if line.tags is not None and line.token in scores]
    truth = np.array([float(tag in (line.tags or ())) for line in judged])
    return truth, np.array([scores[line.token] for line in judged])


def _curves(figure: Any, measured: Measured) -> None:
    figure.set_size_inches(11, 5.2)
    for place, tag in enumerate(Tag):
        axes = figure.add_subplot(2, 4, place + 1, title=tag.value, xlim=(0, 1.02), ylim=(0, 1.05))
        for method in _ranked(measured):
            truth, scores = _truth_and_scores(method, tag, measured.gold)
            if truth.any():
                order = np.argsort(-scores, kind="stable")
                ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
                true = np.cumsum(truth[order])[ends]
                axes.step(true / truth.sum(), true / (ends + 1), where="pre", label=method.name, lw=1.2)
        for result in measured.benchmark.methods:
            counts = result.tags[place].counts
            if (
                result.name.startswith("scout ")
                and counts
                and counts.precision is not None
                and counts.recall is not None
            ):
                axes.plot(counts.recall, counts.precision, "o", ms=4, label=result.name)
    figure.axes[0].set(xlabel="recall", ylabel="precision")
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)


def _reliability(figure: Any, measured: Measured) -> None:
    figure.set_size_inches(5.5, 4.5)
    axes = figure.add_subplot(xlim=(0, 1), ylim=(0, 1.02), xlabel="mean belief, all tags", ylabel="share that is true")
    axes.plot([0, 1], [0, 1], color="grey", lw=0.8)
    for method in measured.methods:
        if method.probabilistic:
            pairs = [_truth_and_scores(method, tag, measured.gold) for tag in Tag]
            truth, scores = (np.concatenate(parts) for parts in zip(*pairs, strict=True))
            points = reliability(truth, scores)
            axes.plot([p[0] for p in points], [p[1] for p in points], "o-", ms=4, label=method.name)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False)


def _risks(figure: Any, measured: Measured) -> None:
    figure.set_size_inches(5.5, 4.5)
    axes = figure.add_subplot(xlim=(-0.5, 10.5), ylim=(-0.5, 10.5), xlabel="true risk", ylabel="stated risk")
    axes.plot([0, 10], [0, 10], color="grey", lw=0.8)
    shake = np.random.default_rng(0)  # so that equal whole numbers do not hide each other
    for method in measured.methods:
        pairs = [
            (line.risk, method.risk[line.token])
            for line in measured.gold
            if line.risk is not None and line.token in method.risk
        ]
        if pairs:
            true, said = np.array(pairs, dtype=float).T
            axes.plot(true + shake.uniform(-0.2, 0.2, len(true)), said, "o", ms=3, alpha=0.5, label=method.name)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize=7)
