"""Facts that a second look saw otherwise: proposed, and accepted by a person as a revision for the next build."""

from collections.abc import Mapping, Sequence

from scenario.answers import FactChange, Revision, Verification
from scenario.errors import ConfigError, WorkspaceError
from scenario.ledger import Ledger
from scenario.records import Facts, Record, Scenario
from scenario.reviews import TagWords, with_tag_words
from verifier.verifying import changes


class Proposal(Record):
    """What would change in a frame's facts, and the verification that saw it.

    `base` is the key of the scenario it is proposed against.
    """

    token: str
    verification: int
    question: str
    changes: tuple[FactChange, ...]
    facts: Facts  # all of the frame's facts, with the changes
    base: str
    created_at: str | None = None


def proposals(
    seen: Sequence[Verification],
    scenarios: Mapping[str, Scenario],
    keys: Mapping[str, str],
    revisions: Mapping[str, Revision],
    words: Mapping[str, TagWords],
) -> list[Proposal]:
    """What the latest look at each frame, in `seen`, saw otherwise than is stored, or accepted since.

    Only what it named as a change, or what a revision had changed: a field that agreed then differs now because the
    index changed, not the frame. Nor a tag that a person spoke of: `words`.
    """
    made = []
    for one in seen:
        if one.token not in scenarios or one.facts_now is None or one.id is None:
            continue
        accepted = revisions.get(one.token)
        if accepted and accepted.verification >= one.id:
            continue
        of_index = scenarios[one.token].verdict.facts
        stored = accepted.facts if accepted else of_index
        named = {change.field for change in (*one.changes, *(changes(of_index, accepted.facts) if accepted else ()))}
        spoken = words.get(one.token, {})
        stored, now = (
            facts.model_copy(update={"tags": with_tag_words(facts.tags, spoken)}) for facts in (stored, one.facts_now)
        )
        differ = tuple(change for change in changes(stored, now) if change.field in named)
        if differ:
            facts = stored.model_copy(update={change.field: getattr(now, change.field) for change in differ})
            made.append(
                Proposal(
                    token=one.token,
                    verification=one.id,
                    question=one.question,
                    changes=differ,
                    facts=facts,
                    base=keys[one.token],
                    created_at=one.created_at,
                )
            )
    return made


def accept(ledger: Ledger, token: str, found: Sequence[Proposal], who: str) -> Revision:
    """The revision that a frame's proposal becomes; the one it became before, where it is accepted twice.

    Raises `ConfigError` where nobody is named, `WorkspaceError` where nothing is proposed.
    """
    if not who.strip():
        raise ConfigError("accepting is a person's word; say whose: --who NAME")
    for one in found:
        if one.token == token:
            note = "; ".join(f"{change.field}: {change.stored} → {change.now}" for change in one.changes)
            revision = Revision(
                token=token, facts=one.facts, base=one.base, verification=one.verification, who=who.strip(), note=note
            )
            return ledger.append_revision(revision)
    accepted = ledger.revisions().get(token)
    if accepted is None:
        raise WorkspaceError(f"nothing is proposed for frame {token!r}; semdrive proposals lists what is")
    return accepted
