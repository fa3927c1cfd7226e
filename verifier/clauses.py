"""A filter against fresh facts, clause by clause, in three-valued logic (Kleene): yes, no, or unsure.

What nobody stated is unsure, and unsure is not no. What is known of the frame itself (its scene, its token) holds as
it is. What the index believes (`p(tag)`, `risk_mean`, …) is no fact of the frame that a second look could settle: it
holds as it is stored. Whether a frame was verified before (`is:`) says nothing about what is seen now.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from scenario.answers import ClauseVerdict, Said
from scenario.records import Facts, Scenario
from scenario.vocabulary import FIELDS
from search.query.ast import And, Compare, Filter, Not, OneOf, Or, Phrase, Range, Stated, format_filter, leaves
from search.query.compile import TEXT_COLUMN, fold
from search.query.evaluate import evaluate
from search.query.fields import QUERY_FIELDS, Kind

_OPPOSITE: dict[Said, Said] = {"yes": "no", "no": "yes", "unsure": "unsure"}
_OF_THE_INDEX = frozenset({"risk_mean", "risk_spread", "agreement"})
Leaf = OneOf | Compare | Range | Stated


@dataclass(frozen=True)
class FreshLook:
    """What a second look found: the facts, every text that was written, and what the scouts rejected.

    `stored` is the scenario as the index has it; `rejected` are positions in its grounding's detections that no scout
    believes in any more.
    """

    stored: Scenario
    facts: Facts
    texts: tuple[str, ...] = ()
    rejected: frozenset[int] = frozenset()


def clause_verdicts(node: Filter, look: FreshLook) -> tuple[ClauseVerdict, ...]:
    """A verdict for each clause that must hold: the parts of a top-level AND, or the whole."""
    clauses = node.children if isinstance(node, And) else (node,)
    return tuple(
        ClauseVerdict(clause=format_filter(clause), verdict=said, because=because)
        for clause in clauses
        for said, because in [_judged(clause, look)]
    )


def index_values(node: Filter | None, stored: Scenario) -> list[str]:
    """What a filter asks of the index itself and not of the picture, as it is stored."""
    return [
        f"{leaf.field}={_of_index(leaf.field, stored)[1]}"
        for leaf in leaves(node)
        if isinstance(leaf, OneOf | Compare | Range | Stated) and _is_of_index(leaf.field)
    ]


def _is_of_index(name: str) -> bool:
    return name.startswith("p(") or name in _OF_THE_INDEX


def all_of(verdicts: Sequence[Said]) -> Said:
    """Kleene's AND: one no is a no; without one, one unsure is unsure."""
    return "no" if "no" in verdicts else "unsure" if "unsure" in verdicts else "yes"


def any_of(verdicts: Sequence[Said]) -> Said:
    """Kleene's OR."""
    return "yes" if "yes" in verdicts else "unsure" if "unsure" in verdicts else "no"


def _judged(node: Filter, look: FreshLook) -> tuple[Said, str]:
    """The verdict, and what it rests on."""
    match node:
        case And(children) | Or(children):
            parts = [_judged(child, look) for child in children]
            join = all_of if isinstance(node, And) else any_of
            said = join([verdict for verdict, _ in parts])
            return said, "; ".join(dict.fromkeys(because for verdict, because in parts if verdict == said))
        case Not(child):
            verdict, because = _judged(child, look)
            return _OPPOSITE[verdict], because
        case Phrase():
            return _phrase(node, look)
        case OneOf() | Compare() | Range() | Stated():
            return _field(node, look)


def _phrase(node: Phrase, look: FreshLook) -> tuple[Said, str]:
    """Words that are there are there; that nobody wrote them this time does not make the picture another one."""
    if evaluate(node, {TEXT_COLUMN: "\n".join(fold(text) for text in look.texts)}):
        return "yes", f"the fresh description holds {node.text!r}"
    return "unsure", f"nobody wrote {node.text!r} this time"


def _field(node: Leaf, look: FreshLook) -> tuple[Said, str]:
    field = QUERY_FIELDS[node.field]
    if node.field == "object":
        return _object(node, look)
    if field.kind is Kind.STATE:
        return "unsure", f"{field.name}: asks what was verified before, not what is seen"
    value, shown = _value(node.field, look)
    if value is None:
        return "unsure", f"{field.name} is not stated"
    return ("yes" if evaluate(node, {field.column: value}) else "no"), f"{field.name} is {shown}"


def _value(name: str, look: FreshLook) -> tuple[object, str]:
    """The field's value now (None: not stated), and how it is shown. A set that was written says what holds and what
    doesn't: an empty one says that nothing does."""
    if name in ("tag", "traffic_controls"):
        held = look.facts.tags if name == "tag" else look.facts.traffic_controls
        return held, ", ".join(held) or "none"
    if name == "risk" or name in FIELDS:
        value = getattr(look.facts, name)
        return value, str(value)
    return _of_index(name, look.stored)


def _of_index(name: str, stored: Scenario) -> tuple[object, str]:
    value: float | None
    if name.startswith("p("):
        value = stored.beliefs.of("tags", name[2:-1]).probability
    elif name in _OF_THE_INDEX:
        value = stored.verdict.agreement if name == "agreement" else getattr(stored.beliefs, name)
    else:
        known = getattr(stored.frame, name)
        return known, str(known)
    return value, f"{value:.3g}, as the index believes" if value is not None else ""


def _object(node: Leaf, look: FreshLook) -> tuple[Said, str]:
    """What the detector saw and no scout denies. Where no camera is vouched for, that it saw nothing says nothing."""
    grounding, column = look.stored.grounding, QUERY_FIELDS["object"].column
    what = " or ".join(map(str, node.values)) if isinstance(node, OneOf) else "anything"
    found = [p for p, seen in enumerate(grounding.detections) if evaluate(node, {column: [seen.label]})]
    kept = [position for position in found if position not in look.rejected]
    if kept:
        return "yes", f"{len(kept)} × {what} detected"
    if found:
        return "no", f"the scouts reject every detection of {what}"
    return ("no", f"no {what} detected") if grounding.cameras else ("unsure", "no detector looked at this frame")
