"""One frame as terminal text: facts by scout, beliefs, the reward, detections, provenance."""

from rich.table import Table
from rich.text import Text

from scenario.records import Beliefs, Facts, Scenario
from scenario.vocabulary import SCALAR_FIELDS, SET_FIELDS, Field
from semdrive.render_detections import print_detections
from semdrive.text import Terminal, bar, plain, risk_text, share
from verifier.reward import score

console = Terminal()


def _risk_belief(beliefs: Beliefs) -> str:
    """What is believed of the risk: the fitted one with its 90 % interval, or how the scouts spread."""
    if beliefs.risk_mean is None:
        return ""
    if beliefs.risk_low is not None and beliefs.risk_high is not None:
        return f"  fitted {beliefs.risk_mean:.1f}, 90 % within {beliefs.risk_low:.1f} to {beliefs.risk_high:.1f}"
    spread = " (one scout)" if beliefs.risk_spread is None else f" ± {beliefs.risk_spread:.1f}"
    return f"  scouts' mean {beliefs.risk_mean:.1f}{spread}"


def render_frame(scenario: Scenario) -> None:
    frame, verdict = scenario.frame, scenario.verdict
    head = Text(plain(frame.token), style="bold cyan").append("  ").append_text(risk_text(verdict.facts.risk))
    head.append(_risk_belief(scenario.beliefs), style="dim")
    console.print(head)
    known = [frame.scene, frame.log, frame.location, f"frame {frame.sequence}" if frame.sequence is not None else None]
    console.print(Text(plain(" · ".join(text for text in known if text)), style="dim"))
    if verdict.facts.description:
        console.print(Text(plain(verdict.facts.description)), soft_wrap=True)
    console.print(_facts_table(scenario))
    _print_descriptions(scenario)
    console.print(_tags_table(scenario))
    _print_reward(scenario)
    print_detections(scenario)
    _print_reasoning(scenario)
    _print_raw(scenario)
    _print_provenance(scenario)


def _facts_table(scenario: Scenario) -> Table:
    table = Table(title="Facts", title_justify="left", title_style="bold")
    table.add_column("field", no_wrap=True)
    for report in scenario.reports:
        table.add_column(Text(plain(report.scout)), overflow="fold")
    table.add_column(scenario.verdict.judge, style="bold", overflow="fold")
    table.add_column("belief", justify="right")
    for field in (*SCALAR_FIELDS, *SET_FIELDS):
        cells = [_cell(report.facts, field) for report in scenario.reports]
        chosen = _cell(scenario.verdict.facts, field)
        agreed = len(set(cells)) <= 1
        style = "" if agreed else "yellow"
        table.add_row(field.name, *(Text(cell, style=style) for cell in cells), chosen, _belief(scenario, field))
    risks = [_risk(report.facts) for report in scenario.reports]
    table.add_row(
        "risk",
        *(Text(risk, style="" if len(set(risks)) <= 1 else "yellow") for risk in risks),
        _risk(scenario.verdict.facts),
        "",
    )
    points = [f"{score(report.facts, scenario.grounding).total:+g}" for report in scenario.reports]
    table.add_row("reward", *points, f"{scenario.verdict.reward.total:+g}", "", style="dim")
    return table


def _cell(facts: Facts, field: Field) -> str:
    value = getattr(facts, field.name)
    if field.many:
        return "\n".join(value) or "–"
    return "not stated" if value is None else str(value)


def _risk(facts: Facts) -> str:
    return "not stated" if facts.risk is None else str(facts.risk)


def _belief(scenario: Scenario, field: Field) -> str:
    value = getattr(scenario.verdict.facts, field.name)
    if field.many:
        return "\n".join(share(scenario.beliefs.of(field.name, member).probability) for member in value)
    return "" if value is None else share(scenario.beliefs.of(field.name, value).probability)


def _print_descriptions(scenario: Scenario) -> None:
    for report in scenario.reports:
        line = Text(f"{plain(report.scout)}: ", style="bold").append(
            plain(report.facts.description or "no description")
        )
        console.print(line, soft_wrap=True)
    agreement = scenario.verdict.agreement
    if agreement is not None:
        console.print(f"scouts agree on {agreement:.0%} of the fields\n", style="dim")


def _tags_table(scenario: Scenario) -> Table:
    table = Table(
        "tag", "belief", "", "votes", "grounding", title="Beliefs in the tags", title_justify="left", title_style="bold"
    )
    words = {True: "supports", False: "nothing seen", None: "cannot tell"}
    for belief in scenario.beliefs.values:
        if belief.field == "tags":
            votes = f"{len(belief.voters)}/{len(scenario.reports)} {', '.join(belief.voters)}".strip()
            held = "bold" if belief.value in scenario.verdict.facts.tags else "dim"
            bars = bar(belief.probability, 1)
            table.add_row(
                belief.value, share(belief.probability), bars, Text(plain(votes)), words[belief.grounded], style=held
            )
    return table


def _print_reward(scenario: Scenario) -> None:
    console.print(Text("Reward", style="bold").append(f" {scenario.verdict.reward.total:+g}", style="default"))
    for reason in scenario.verdict.reward.reasons:
        console.print(
            Text(f"  {reason.points:+g}  {plain(reason.text)}", style="green" if reason.points > 0 else "red")
        )
    if not scenario.verdict.reward.reasons:
        console.print("  nothing that the detections or the other fields could confirm or deny", style="dim")


def _print_reasoning(scenario: Scenario) -> None:
    """What each scout thought, and what a reader should know about how it came to be."""
    for report in scenario.reports:
        if report.reasoning:
            console.print(Text(f"{plain(report.scout)} reasoned:", style="bold"))
            for line in report.reasoning.splitlines():
                console.print(Text(f"  {plain(line)}"), soft_wrap=True)
        for note in report.notes:
            console.print(Text(plain(f"{report.scout}: {note}"), style="yellow"), soft_wrap=True)
    for note in (*scenario.verdict.notes, *scenario.grounding.notes):
        console.print(Text(plain(note), style="yellow"), soft_wrap=True)


def _print_raw(scenario: Scenario) -> None:
    for report in scenario.reports:
        for found in report.irregularities:
            became = f"read as {found.kept}" if found.kept else "dropped"
            line = f"{report.scout} wrote {found.field} {found.raw!r}, which is outside the vocabulary: {became}"
            console.print(Text(plain(line), style="yellow"), soft_wrap=True)


def _print_provenance(scenario: Scenario) -> None:
    models = ", ".join(f"{report.scout} = {report.model}" for report in scenario.reports if report.model)
    provenance = scenario.provenance
    made_by = ", ".join(f"{name} {fingerprint}" for name, fingerprint in provenance.backends.items())
    parts = [models, f"made by {made_by}", f"schema {provenance.schema_version}", *provenance.notes]
    console.print(Text(plain(" · ".join(part for part in parts if part)), style="dim"), soft_wrap=True)
