"""Samples, blind tasks, labels, agreement and estimates as terminal text."""

import sys
from collections import Counter

from rich.table import Table
from rich.text import Text

from gold_set.curation import Agreement, BlindTask, Estimates, Exported, Imported
from gold_set.picking import Picked
from gold_set.sampling import Estimate
from scenario.curation import Label, Sample
from semdrive.text import Terminal, plain

console = Terminal()
UNKNOWN = "not measurable"
LISTED = 50


def render_sample(sample: Sample, dry_run: bool) -> None:
    strata = Counter(frame.stratum for frame in sample.frames)
    table = Table("stratum", "frames", "inclusion probability", box=None, header_style="dim")
    for stratum in sorted(strata):
        chances = [frame.inclusion_probability or 0 for frame in sample.frames if frame.stratum == stratum]
        between = f"{min(chances):.4f}" if min(chances) == max(chances) else f"{min(chances):.4f} to {max(chances):.4f}"
        table.add_row(stratum, str(strata[stratum]), between)
    console.print(table)
    drawn = "would be drawn" if dry_run else "drawn"
    text = f"{len(sample.frames):,} of {sample.population:,} frames {drawn} ({sample.method}, seed {sample.seed})"
    console.print(text, soft_wrap=True)
    if not dry_run:
        console.print(f"\nNext:  semdrive gold next --sample {plain(sample.name)} --annotator YOU", style="dim")


def render_picked(kept: Picked) -> None:
    text = f"{kept.added:,} frames added to sample {kept.name}, which now holds {kept.frames:,} picked by hand"
    console.print(plain(text), soft_wrap=True)
    console.print(f"\nNext:  semdrive gold next --sample {plain(kept.name)} --annotator YOU", style="dim")


def render_task(task: BlindTask) -> None:
    console.print(
        f"frame {task.place} of {task.frames}, {task.done} done: {plain(task.token)}", style="bold", soft_wrap=True
    )
    for camera, image in task.pictures.items():
        console.print(Text(f"  {plain(camera):<18} {plain(image)}"), soft_wrap=True)
    if not task.pictures:
        console.print("  no pictures: a recorded run has none, so this frame can only be skipped here", style="yellow")


def render_done(sample: str, annotator: str, done: int, as_json: bool) -> None:
    if as_json:
        sys.stdout.write("null\n")
    else:
        console.print(f"{plain(annotator)} has answered all {done:,} frames of sample {plain(sample)}", soft_wrap=True)


def render_label(label: Label) -> None:
    if label.status != "labelled":
        console.print(f"{plain(label.annotator)}: {label.status}")
        return
    said = [f"{name} {value}" for name, value in label.scalars.items()]
    if label.controls is not None:
        said.append(f"traffic_controls {', '.join(label.controls) or 'none'}")
    if label.tags is not None:
        said.append(f"tags {', '.join(label.tags) or 'none'}")
    if label.risk is not None:
        said.append(f"risk {label.risk}")
    console.print(plain(f"{label.annotator}: {'; '.join(said)}"), soft_wrap=True)


def render_agreement(found: Agreement) -> None:
    table = Table("field", "frames", "same", "kappa", box=None, header_style="dim")
    for field in found.fields:
        if field.frames:
            kappa = "undefined" if field.kappa is None else f"{field.kappa:.2f}"
            table.add_row(field.field, str(field.frames), str(field.same), kappa)
    console.print(table)
    _render_disagreements(found)
    console.print(plain(f"{found.frames:,} frames that both {found.first} and {found.second} labelled"), soft_wrap=True)


def _render_disagreements(found: Agreement) -> None:
    if not found.disagreements:
        return
    table = Table("frame", "field", found.first, found.second, box=None, header_style="dim")
    for differ in found.disagreements[:LISTED]:
        cells = (differ.token, differ.field, differ.first, differ.second)
        table.add_row(*(Text(plain(cell), overflow="fold") for cell in cells))
    console.print()
    console.print(table)
    if len(found.disagreements) > LISTED:
        console.print(f"… and {len(found.disagreements) - LISTED:,} more: --json lists them all")


def render_exported(written: Exported) -> None:
    console.print(plain(f"{written.frames:,} labelled frames written to {written.path}"), soft_wrap=True)
    if written.unstated:
        console.print(f"{written.unstated:,} facts left unstated, where annotators differ: gold agreement lists them")


def render_imported(taken: Imported) -> None:
    console.print(plain(f"{taken.labels:,} labels of {taken.annotator} taken"))
    if taken.empty:
        console.print(f"{taken.empty:,} lines say nothing of their frame and were left out")


def render_estimates(found: Estimates) -> None:
    table = Table("tag", "holds in", "precision of the index", "recall of the index", box=None, header_style="dim")
    for tag, prevalence in found.prevalence.items():
        table.add_row(tag.value, *(_share(e) for e in (prevalence, found.precision[tag], found.recall[tag])))
    console.print(table)
    risk = found.risk
    mean = UNKNOWN if risk.value is None else f"{risk.value:.2f}"
    between = "" if risk.low is None or risk.high is None else f" ({risk.low:.2f} to {risk.high:.2f})"
    console.print(f"\nmean risk: {mean}{between}")
    missing = f"; {found.missing:,} drawn and not labelled, {found.unsure:,} of them unsure" if found.missing else ""
    name = f"{plain(found.sample)} ({found.method})"
    labels = f"{found.labelled:,} labels of sample {name}, for {found.population:,} frames"
    console.print(labels + missing, soft_wrap=True)
    console.print("in brackets: 95 % intervals", style="dim")


def _share(estimate: Estimate) -> str:
    if estimate.value is None:
        return UNKNOWN
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.1%}"
    return f"{estimate.value:.1%} ({estimate.low:.1%} to {estimate.high:.1%})"
