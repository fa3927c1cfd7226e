"""Asking again from the command line: `semdrive verify`, `search --verify`, `verifications`, `proposals`."""

import sys
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from functools import partial
from typing import Annotated, Any

import typer

from semdrive.options import Index, Json, settings_of

Profile = Annotated[
    str | None,
    typer.Option("--profile", "-p", help="Whose scouts look.", show_default="those that the index was built with"),
]
Budget = Annotated[float | None, typer.Option("--budget-s", help="Seconds for all of it.", show_default="no limit")]
StopAfter = Annotated[
    int | None, typer.Option(min=1, help="Stop after that many confirmed frames.", show_default="never")
]
Fresh = Annotated[bool, typer.Option("--fresh", help="Ask again what the ledger could answer.")]
OrderOption = Annotated[
    str, typer.Option("--order", help="Which frames first: `rank`, or `uncertain` to the index.", metavar="ORDER")
]
EveryScout = Annotated[
    bool, typer.Option("--every-scout", help="Ask all scouts about all frames, not only where one is in doubt.")
]
Who = Annotated[str | None, typer.Option("--who", help="Your name, which is kept with what you decide.")]
VerdictOption = Annotated[str | None, typer.Option("--verdict", help="Only these: yes, no, unsure or error.")]

verifications_app = typer.Typer(
    help="List what was verified, newest first; undo what was wrong.",
    epilog="Examples: semdrive verifications --question 'pedestrian in the lane'; semdrive verifications undo 12",
    rich_markup_mode=None,
)
proposals_app = typer.Typer(
    help="List facts that a second look saw differently; accept them as a new revision of the frame.",
    epilog="Examples: semdrive proposals; semdrive proposals accept TOKEN --who Ada",
    rich_markup_mode=None,
)


def verify(
    tokens: Annotated[list[str], typer.Argument(help="Frames by their tokens; - reads them from standard input.")],
    question: Annotated[str | None, typer.Option("--question", "-q", help="What is asked, in your own words.")] = None,
    where: Annotated[str | None, typer.Option("--filter", "-f", help="A filter that must hold, too.")] = None,
    index: Index = None,
    profile: Profile = None,
    budget_s: Budget = None,
    stop_after: StopAfter = None,
    order: OrderOption = "rank",
    every_scout: EveryScout = False,
    fresh: Fresh = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="Accept what the facts are now, where they changed.")
    ] = False,
    who: Who = None,
    as_json: Json = False,
) -> None:
    """Have scouts look at frames again and answer your question. With --json, one line a verdict, as they come."""
    from server.asking import asked_in

    if accept and not who:
        raise typer.BadParameter("accepting is a person's word; say whose: --who NAME", param_hint="--accept")
    asked = asked_in(question, where)
    engine = open_engine(index, profile)
    limits = limits_of(budget_s, stop_after, order, every_scout)
    named = [token for given in tokens for token in (sys.stdin.read().split() if given == "-" else [given])]
    counted = stream(engine.verify(named, asked, limits=limits, fresh=fresh), as_json, engine if accept else None, who)
    if set(counted) == {"error"}:
        raise typer.Exit(1)


def open_engine(index: str | None, profile: str | None = None) -> Any:
    import semdrive

    return semdrive.open(settings_of(index=index).index, profile=profile)


def limits_of(
    budget_s: float | None, stop_after: int | None, order: str, every_scout: bool, top: int | None = None
) -> Any:
    from scenario.errors import unknown
    from verifier.live import Limits

    if order not in ("rank", "uncertain"):
        raise typer.BadParameter(unknown("order", order, ("rank", "uncertain")), param_hint="--order")
    return Limits(top=top, budget_s=budget_s, stop_after=stop_after, order=order, every_scout=every_scout)  # type: ignore[arg-type]


def stream(
    passing: Any, as_json: bool, accepting: Any = None, who: str | None = None, wrapped: bool = False
) -> Counter[str]:
    """Print each verification as it comes; how many there were of each verdict. Ctrl-C ends the calls under way.

    With an engine to accept by, changed facts are accepted in the name of `who`.
    """
    from semdrive.render_verify import render_summary, render_verification

    counted: Counter[str] = Counter()
    model_s, accepted = 0.0, 0
    with closing(passing):
        for verification in passing:
            counted[verification.verdict] += 1
            model_s += 0.0 if verification.remembered else verification.model_s
            if as_json:
                line = verification.model_dump_json()
                sys.stdout.write(f'{{"verification":{line}}}\n' if wrapped else f"{line}\n")
                sys.stdout.flush()
            else:
                render_verification(verification)
            if accepting and verification.changes and accepting.proposals([verification.token]):
                accepting.accept_proposal(verification.token, who)
                accepted += 1
    if not as_json:
        render_summary(counted, model_s, accepted)
    return counted


@verifications_app.callback(invoke_without_command=True)
def verifications(
    context: typer.Context,
    token: Annotated[str | None, typer.Option(help="Only of this frame.")] = None,
    question: Annotated[str | None, typer.Option("--question", "-q", help="Only of this question.")] = None,
    verdict: VerdictOption = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="The newest so many.")] = 20,
    index: Index = None,
    as_json: Json = False,
) -> None:
    """List what was verified, newest first; undo what was wrong."""
    if context.invoked_subcommand:
        return
    from scenario.errors import unknown
    from semdrive.render_verify import render_verifications

    outcomes = ("yes", "no", "unsure", "error")
    if verdict is not None and verdict not in outcomes:
        raise typer.BadParameter(unknown("verdict", verdict, outcomes), param_hint="--verdict")
    listed = open_engine(index).verifications(token=token, question=question, verdict=verdict, limit=limit)
    list_records(listed, as_json, partial(render_verifications, of_all=not (token or question or verdict)))


@verifications_app.command("undo", epilog="Example: semdrive verifications undo 12 --who Ada")
def undo(
    number: Annotated[int, typer.Argument(help="The verification's number, as the list shows it.")],
    who: Who = None,
    index: Index = None,
    as_json: Json = False,
) -> None:
    """Take a verification back: it stays in the ledger, and counts no more."""
    from semdrive.render_verify import render_undone

    undone = open_engine(index).undo_verification(number, who or "")
    if as_json:
        sys.stdout.write(undone.model_dump_json() + "\n")
    else:
        render_undone(undone)


@proposals_app.callback(invoke_without_command=True)
def proposals(context: typer.Context, index: Index = None, as_json: Json = False) -> None:
    """List facts that a second look saw differently; accept them as a new revision of the frame."""
    if context.invoked_subcommand:
        return
    from semdrive.render_verify import render_proposals

    list_records(open_engine(index).proposals(), as_json, render_proposals)


@proposals_app.command("accept", epilog="Example: semdrive proposals accept TOKEN --who Ada")
def accept_proposals(
    tokens: Annotated[list[str], typer.Argument(help="Frames by their tokens.")],
    who: Annotated[str, typer.Option("--who", help="Your name, which is kept with the revision.")],
    index: Index = None,
    as_json: Json = False,
) -> None:
    """Accept proposals: each becomes a revision in the ledger, which the next index build takes up."""
    from semdrive.render_verify import render_accepted

    engine = open_engine(index)
    list_records([engine.accept_proposal(token, who) for token in tokens], as_json, render_accepted)


def list_records(records: Iterable[Any], as_json: bool, render: Any) -> None:
    """Records as text, or as JSON, one line each."""
    if as_json:
        sys.stdout.writelines(record.model_dump_json() + "\n" for record in records)
    else:
        render(list(records))


Rerank = Annotated[
    bool, typer.Option("--rerank", help="Confirmed frames first and refuted ones last, by what was verified.")
]
VerifyTop = Annotated[
    int | None, typer.Option("--verify", min=1, help="Ask scouts again about the first so many hits.")
]
