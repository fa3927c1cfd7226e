"""Answers as terminal text."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from indexer.report import RunSummary, ScoutSummary
from search.results import Explanation, FacetCounts, Hit, ReadAs, SearchPage
from semdrive.text import SIGNS, Terminal, bar, duration, plain, risk_text, share
from server.doctor import Check

console = Terminal()
TOP_VALUES = 8


def render_search(page: SearchPage) -> None:
    _print_read_as(page.read_as)
    console.print(_totals(page), style="dim", soft_wrap=True)
    for hit in page.hits:
        console.print()
        _print_hit(hit)
    if not page.ranked:
        console.print(_nothing(page.read_as), soft_wrap=True)
    elif not page.hits:
        console.print(f"\nNothing at offset {page.offset}: the answer ends before it.")


def _totals(page: SearchPage) -> str:
    frames = f"{page.matching:,} {'frame matches' if page.matching == 1 else 'frames match'}"
    if page.ranked != page.matching:
        frames = f"{page.ranked:,} ranked of {page.matching:,} matching"
    scenes = f" in {page.groups:,} scenes" if page.groups is not None else ""
    first, last = page.offset + 1, page.offset + len(page.hits)
    shown = f" · {first}–{last} shown" if page.hits else ""
    loading = f" after {page.loading_ms / 1000:.1f} s of loading the embedder" if page.loading_ms >= 100 else ""
    return f"{frames}{scenes}{shown} · {page.elapsed_ms:,.0f} ms{loading}"


def _nothing(read_as: ReadAs) -> str:
    if read_as.filter:
        return f"\nNo frame passes {read_as.filter}. `semdrive facets` counts what there is; try a part of the filter."
    return "\nNothing found."


def _print_read_as(read_as: ReadAs) -> None:
    parts = Text("read as", style="dim")
    if read_as.filter:
        parts.append("  ").append(f"[{plain(read_as.filter)}]", style="bold cyan")
    if read_as.text:
        parts.append("  ").append(f"“{plain(read_as.text)}”", style="bold")
    for chip in read_as.chips:
        parts.append("  ").append(f"~{chip.text}", style="magenta").append(f" ({plain(chip.words)})", style="dim")
    for correction in read_as.corrections:
        parts.append(f"  {plain(correction.wrong)} → {correction.right}", style="yellow")
    for name, value in (("similar", read_as.similar), ("sort", read_as.sort)):
        if value:
            parts.append(f"  {name}:{plain(value)}", style="cyan")
    if read_as != ReadAs(query="", filter=None, text=""):
        console.print(parts, soft_wrap=True)


def _print_hit(hit: Hit) -> None:
    head = Text(f"{hit.rank:>4}  ", style="bold").append_text(risk_text(hit.risk, hit.risk_percentile))
    head.append(f"  {plain(hit.token)}", style="cyan")
    if hit.scene:
        head.append(f"  {plain(hit.scene)}")
    if hit.verdict in SIGNS:
        sign, style = SIGNS[hit.verdict]
        head.append(f"  {sign.rstrip()}", style=style)
    if hit.also:
        head.append(f"  +{len(hit.also)} more of this scene", style="dim")
    console.print(head, soft_wrap=True)
    held = [f"{tag.tag} {share(tag.probability)}" for tag in hit.tags if tag.held]
    if held:
        console.print(Text("      " + "  ".join(held), style="magenta"), soft_wrap=True)
    if hit.description:
        console.print(Text("      " + plain(hit.description)), soft_wrap=True)
    why = [f"{name} #{rank:g}" for name, rank in hit.why.items()]
    if hit.agreement is not None:
        why.append(f"scouts agree on {hit.agreement:.0%}")
    if why:
        console.print(Text("      why: " + " · ".join(why), style="dim"), soft_wrap=True)


def render_facets(counted: FacetCounts) -> None:
    _print_read_as(counted.read_as)
    console.print(f"{counted.matching:,} of {counted.total:,} frames match", style="dim")
    for field, counts in counted.facets.items():
        values = counts if field == "risk" else dict(list(counts.items())[:TOP_VALUES])
        if not any(values.values()):
            continue
        more = f" (top {TOP_VALUES} of {len(counts)})" if len(counts) > len(values) else ""
        console.print(Text(f"\n{field}", style="bold").append(more, style="dim"))
        most = max(values.values())
        for value, count in values.items():
            line = Text(f"  {plain(value):<32}").append(f"{count:>9,} ").append(bar(count, most, 30), style="cyan")
            console.print(line, soft_wrap=True)


def render_explanation(explanation: Explanation) -> None:
    _print_read_as(explanation.read_as)
    root = Tree("query")
    _grow(root, explanation.ast)
    console.print(root)
    console.print(Text("filter in SQL:  ", style="dim").append(explanation.sql or "none"), soft_wrap=True)
    console.print(f"matching:       {explanation.matching:,} of {explanation.total:,} frames")
    for name, size in explanation.retrievers.items():
        console.print(f"{name + ':':<15} {size:,} frames in its pool")
    console.print(f"ranked:         {explanation.ranked:,} frames")


def _grow(tree: Tree, node: object) -> None:
    match node:
        case dict():
            for key, value in node.items():
                if isinstance(value, dict | list):
                    _grow(tree.add(str(key)), value)
                elif value not in (None, ""):
                    tree.add(Text(plain(f"{key}: {value}")))
        case list() | tuple():
            for item in node:
                _grow(tree, item)
        case _:
            tree.add(Text(plain(str(node))))


def render_run(summary: RunSummary, index: str) -> None:
    console.print(_stages_table(summary))
    for scout in summary.scouts:
        _print_scout(scout)
    if summary.failures:
        console.print(
            Text(f"\n{len(summary.failures)} failures", style="red").append("; the rest went on", style="default")
        )
        for failure in summary.failures[:20]:
            where = f"{failure.token} " if failure.token else ""
            line = plain(f"{failure.stage}: {where}{failure.error}: {failure.message}")
            console.print(Text(f"  {line}"), soft_wrap=True)
        if len(summary.failures) > 20:
            console.print(f"  … and {len(summary.failures) - 20} more, in the ledger and in --json")
    if summary.dry_run:
        _print_estimates(summary)
        return
    _print_untried(summary)
    console.print(f"\n{summary.indexed:,} of {summary.frames:,} frames indexed; {index} {_state(summary)}")
    if summary.dropped:
        console.print(
            f"{summary.dropped:,} frames that were in the index before are not part of this run, and no longer in it;"
            " the ledger keeps what was said about them",
            style="yellow",
            soft_wrap=True,
        )


def _print_untried(summary: RunSummary) -> None:
    skipped = sum(count.skipped for count in summary.stages.values())
    halted = sum(count.halted for count in summary.stages.values())
    if skipped:
        console.print(f"\n{skipped:,} results that failed in an earlier run were not tried again: --retry-failed does")
    if halted:
        console.print(f"\n{halted:,} results were not tried, as the model was unreachable: the next run tries them")


def _state(summary: RunSummary) -> str:
    if not summary.indexed:
        return "has no index yet" if summary.table_version is None else f"stays at version {summary.table_version}"
    return f"{'built' if summary.built else 'is up to date'} (version {summary.table_version})"


def _stages_table(summary: RunSummary) -> Table:
    table = Table("stage", "made", "reused", "failed", "not tried", "seconds", box=None, header_style="dim")
    for name, count in summary.stages.items():
        made = f"{count.made:,} to do" if summary.dry_run else f"{count.made:,}"
        rest = (f"{number:,}" for number in (count.reused, count.failed, count.skipped + count.halted))
        table.add_row(Text(plain(name)), made, *rest, f"{count.seconds:.1f}")
    return table


def _print_estimates(summary: RunSummary) -> None:
    console.print(f"\ndry run: {summary.indexed:,} of {summary.frames:,} frames would be indexed; nothing was written")
    for part in summary.estimates:
        took = "unknown time" if part.seconds is None else f"{duration(part.seconds)} by the {part.source}"
        console.print(Text("  " + plain(f"{part.stage}: {part.calls:,} calls, {took}")))
    known = [part.seconds for part in summary.estimates if part.seconds is not None]
    more = "" if len(known) == len(summary.estimates) else ", and what is unknown"
    if known:
        console.print(f"  in all: {duration(sum(known))} ({sum(known) / 3600:.2f} hours){more}")


def _print_scout(scout: ScoutSummary) -> None:
    outside = sum(count.outside for count in scout.fields.values())
    resolved = sum(count.resolved for count in scout.fields.values())
    absent = f", nothing for {scout.absent:,} frames" if scout.absent else ""
    console.print(
        Text(f"\n{plain(scout.scout)}", style="bold").append(f": {scout.reports:,} reports{absent}", style="default")
    )
    if not scout.fields:
        return
    outside_text = f"  {outside:,} values outside the vocabulary: left out of the facts, kept raw"
    console.print(
        f"{outside_text}; {resolved:,} lists resolved; {scout.irregular_frames:,} frames", style="dim", soft_wrap=True
    )
    table = Table("  field", "left out", "resolved", "key misspelt", "for example", box=None, header_style="dim")
    for field, count in scout.fields.items():
        examples = plain(", ".join(count.examples))
        table.add_row(
            Text(f"  {field}", no_wrap=True), str(count.outside), str(count.resolved), str(count.key), Text(examples)
        )
    console.print(table)


def render_checks(checks: Sequence[Check]) -> None:
    marks = {"fine": ("✓", "green"), "note": ("·", "yellow"), "broken": ("✗", "red")}
    for check in checks:
        mark, style = marks[check.status]
        line = (
            Text(mark, style=style)
            .append(f" {check.name:<22} ", style="default")
            .append(plain(check.detail), "default")
        )
        console.print(line, soft_wrap=True)
        if check.remedy:
            console.print(Text(f"    → {check.remedy}", style="dim"), soft_wrap=True)
