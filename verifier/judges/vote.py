"""The `vote` judge: deterministic and weights-free. Every rule is written here.

- A tag or traffic control holds when a strict majority of the scouts that answered says it, or when half of them
  say it and the grounding supports it with confidence of at least 0.5.
- A scalar field takes the plurality of the scouts that state it; a tie goes to the value that the grounding
  supports, then to the one that comes first in the vocabulary.
- Risk is the median of those stated, half rounded up.
- The description is that of the scout whose facts agree most with the result (first scout on a tie).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from statistics import median
from typing import Any

from scenario.answers import Answer, Testimony
from scenario.config import NoOptions, options
from scenario.records import Facts, Grounding, ScoutReport
from scenario.vocabulary import FIELDS, SCALAR_FIELDS, SET_FIELDS, Field
from verifier.evidence import grounded
from verifier.judges.pooling import pooled_answer


@dataclass(frozen=True)
class VoteJudge:
    name: str = "vote"
    fingerprint: str = "vote-1"
    concurrency: int = 1

    def propose(self, grounding: Grounding, reports: Sequence[ScoutReport]) -> list[Facts]:
        """One candidate: the result of the vote. `reports` holds the scouts that answered, at least one."""
        facts = [report.facts for report in reports]
        voted: dict[str, Any] = {field.name: plurality(field, facts, grounding) for field in SCALAR_FIELDS}
        voted.update({field.name: majority(field, facts, grounding) for field in SET_FIELDS})
        result = Facts(**voted, risk=median_risk([fact.risk for fact in facts]))
        spokesman = max(facts, key=lambda fact: (fact.description is not None, agreement(fact, result)))
        return [result.model_copy(update={"description": spokesman.description})]

    def close(self) -> None:
        """It holds nothing."""

    def decide(self, question: str, testimonies: Sequence[Testimony], grounding: Grounding) -> Answer:
        """One answer out of several: their log-odds, each weighed by what it rests on, added up (`pooled_answer`)."""
        return pooled_answer(testimonies, grounding)


def vote_judge(**given: Any) -> VoteJudge:
    """The judge from its TOML options, of which it has none. Raises `ConfigError`."""
    options(NoOptions, "judge 'vote'", given)
    return VoteJudge()


def majority(field: Field, facts: Sequence[Facts], grounding: Grounding) -> tuple[str, ...]:
    votes = Counter(value for fact in facts for value in getattr(fact, field.name))
    return tuple(
        value
        for value in field.values
        if 2 * votes[value] > len(facts)
        or (votes[value] and 2 * votes[value] == len(facts) and grounded(field.name, value, grounding))
    )


def plurality(field: Field, facts: Sequence[Facts], grounding: Grounding) -> str | None:
    votes = Counter(value for fact in facts if (value := getattr(fact, field.name)) is not None)
    if not votes:
        return None
    most = max(votes.values())
    tied = [value for value in field.values if votes[value] == most]
    return next((value for value in tied if grounded(field.name, value, grounding)), tied[0])


def median_risk(risks: Sequence[int | None]) -> int | None:
    stated = [risk for risk in risks if risk is not None]
    return floor(median(stated) + 0.5) if stated else None


def agreement(one: Facts, other: Facts) -> float:
    """The share of fields in which two facts are equal. A scalar that neither states does not count; an empty set
    says that nothing holds, so two empty sets agree."""
    pairs = [(getattr(one, name), getattr(other, name)) for name in FIELDS]
    counted = [bool(a == b) for a, b in pairs if not (a is None and b is None)]
    return sum(counted) / len(counted)
