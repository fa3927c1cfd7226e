"""Sample drives, failures and scores as terminal text."""

from shlex import quote
from typing import Any

from rich.table import Table
from rich.text import Text

from gold_set.score import ScoreSummary
from indexer.report import OpenFailures
from semdrive.text import Terminal, plain

console = Terminal()
LISTED = 200


def render_sample(written: Any) -> None:
    console.print(
        f"{written.scenes} scenes, {written.frames} key frames, {written.annotations:,} annotations"
        f" in {written.directory} (version {written.version}), in {written.seconds:.1f} s",
        soft_wrap=True,
    )
    console.print(f"its truth: {written.gold}", soft_wrap=True)
    console.print(
        f"\nNext:  semdrive index nuscenes --dataroot {quote(str(written.directory))} --version {written.version}",
        style="dim",
        soft_wrap=True,
    )


def render_failures(found: OpenFailures, location: str) -> None:
    if found.run is None:
        console.print("nothing was run yet")
        return
    if not found.finished:
        console.print("the latest run has not come to its end: this is what failed so far", style="yellow")
    if not found.failures:
        console.print("nothing failed" + (" in the latest run" if found.finished else ""))
        return
    table = Table("stage", "frame", "error", "what", box=None, header_style="dim")
    for failure in found.failures[:LISTED]:
        cells = (failure.stage, failure.token or "–", failure.error, failure.message)
        table.add_row(*(Text(plain(cell), overflow="fold") for cell in cells))
    console.print(table)
    if len(found.failures) > LISTED:
        console.print(f"… and {len(found.failures) - LISTED:,} more: --json lists them all")
    console.print(
        f"\n{len(found.failures):,} failures; try them again: semdrive index --retry-failed --index {quote(location)}",
        soft_wrap=True,
    )


def render_score(scored: ScoreSummary) -> None:
    table = Table("tag", "true", "found", "precision", "recall", "F1", box=None, header_style="dim")
    for name, counts in [*((str(tag), counts) for tag, counts in scored.tags.items()), ("micro", scored.micro)]:
        shares = (_number(share) for share in (counts.precision, counts.recall, counts.f1))
        style = "bold" if name == "micro" else ""
        table.add_row(name, str(counts.tp + counts.fn), str(counts.tp + counts.fp), *shares, style=style)
    console.print(table)
    risk = scored.risk
    unstated = f", not stated in {risk.unstated:,}" if risk.unstated else ""
    console.print(f"\nrisk: mean absolute error {_number(risk.mae)} over {risk.judged:,} frames{unstated}")
    fields = [f"{name} {_number(field.accuracy)}" for name, field in scored.fields.items() if field.judged]
    console.print("accuracy of fields: " + (", ".join(fields) or "none is judged"), style="dim", soft_wrap=True)
    missing = f"; {len(scored.missing):,} gold frames are not in the index" if scored.missing else ""
    console.print(f"{scored.frames:,} frames scored{missing}")


def _number(value: float | None) -> str:
    return "not measurable" if value is None else f"{value:.3f}"
