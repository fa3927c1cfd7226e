"""Verifications and proposals as terminal text."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.text import Text

from scenario.answers import FactChange, Verification
from semdrive.text import SIGNS, Terminal, plain, share

console = Terminal()
ERROR = ("! error ", "magenta")
EVIDENCE = 3


def render_verification(verification: Verification) -> None:
    """The verdict, clause by clause, what it rests on, and what is seen differently now."""
    console.print(_head(verification), soft_wrap=True)
    if verification.error:
        console.print(Text("      " + plain(verification.error), style="magenta"), soft_wrap=True)
    if len(verification.clauses) > 1:
        for clause in verification.clauses:
            sign, style = SIGNS[clause.verdict]
            line = Text(f"      {sign[0]} ", style=style).append(plain(clause.clause))
            console.print(line.append(f"  {plain(clause.because)}" if clause.because else "", style="dim"))
    else:
        for clause in verification.clauses:
            if clause.because and not verification.evidence:
                console.print(Text("      " + plain(clause.because), style="dim"), soft_wrap=True)
    for item in verification.evidence[:EVIDENCE]:
        where = " ".join(part for part in (item.scout, item.camera) if part)
        console.print(Text(f"      {plain(where)}: {plain(item.seen)}", style="dim"), soft_wrap=True)
    if verification.changes:
        console.print(Text(f"      now: {_changed(verification.changes)}", style="cyan"), soft_wrap=True)
    for note in verification.notes:
        console.print(Text(f"      note: {plain(note)}", style="dim"), soft_wrap=True)


def _head(verification: Verification) -> Text:
    sign, style = SIGNS.get(verification.verdict, ERROR)
    sure = f" {share(verification.confidence)}" if verification.confidence is not None else "    "
    head = Text(sign, style=f"bold {style}").append(f"{sure:>5}  ", style=style)
    head.append(plain(verification.token), style="cyan")
    if verification.remembered:
        return head.append("  remembered", style="dim")
    return head.append(f"  {verification.latency_s:.1f} s" if verification.latency_s is not None else "", style="dim")


def _changed(changes: Sequence[FactChange]) -> str:
    return "; ".join(f"{c.field} {plain(c.stored or 'not stated')} → {plain(c.now or 'not stated')}" for c in changes)


def render_summary(counted: Counter[str], model_s: float, accepted: int) -> None:
    names = {"yes": "confirmed", "no": "refuted", "unsure": "unsure", "error": "failed"}
    parts = [f"{counted[verdict]:,} {name}" for verdict, name in names.items() if counted[verdict]]
    took = f" · {model_s:.1f} s of looking" if model_s else ""
    more = f" · changed facts of {accepted:,} accepted; the next index build takes them up" if accepted else ""
    console.print(Text(f"\n{', '.join(parts) or 'nothing was asked'}{took}{more}", style="bold"), soft_wrap=True)


def render_verifications(listed: Sequence[Verification], *, of_all: bool) -> None:
    if not listed and not of_all:
        console.print("no verification is like that")
    elif not listed:
        console.print("nothing was verified yet; ask with: semdrive search QUERY --verify 10")
    for one in listed:
        sign, style = SIGNS.get(one.verdict, ERROR)
        line = Text(f"{one.id:>6}  ").append(sign, style=style).append(f"  {plain(one.token)}", style="cyan")
        by = f"by {plain(one.who)}  " if one.who else ""
        line.append(f"  {plain(one.question)}").append(f"  {by}{one.created_at}", style="dim")
        console.print(line, soft_wrap=True)


def render_undone(undone: Verification) -> None:
    console.print(f"verification {undone.id} ({undone.verdict}: {plain(undone.question)}) counts no more")


def render_proposals(listed: Sequence[Any]) -> None:
    if not listed:
        console.print("no proposals: no second look saw other facts than the index holds")
    for one in listed:
        console.print(Text(plain(one.token), style="cyan").append(f"  verification {one.verification}", style="dim"))
        console.print(Text(f"      {_changed(one.changes)}"), soft_wrap=True)
    if listed:
        console.print("\naccept with: semdrive proposals accept TOKEN --who NAME", style="dim")


def render_accepted(revisions: Sequence[Any]) -> None:
    for one in revisions:
        console.print(f"{plain(one.token)}: accepted by {plain(one.who)}; the next index build takes it up")
