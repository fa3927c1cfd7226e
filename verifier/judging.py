"""From reports to a verdict: the judge proposes, the reward chooses (Best-of-N), and the scouts' agreement is noted."""

from collections.abc import Sequence
from itertools import combinations
from statistics import fmean

from scenario.protocols import Judge
from scenario.records import Candidate, Grounding, ScoutReport, Verdict
from verifier.judges.vote import VoteJudge, agreement
from verifier.reward import score

STAND_IN = f"stand-in {VoteJudge.fingerprint}"  # the fingerprint of a vote in place of a judge that failed


def decide(judge: Judge, grounding: Grounding, reports: Sequence[ScoutReport]) -> Verdict:
    """The candidate with the highest reward; the first of them on a tie. Raises what `judge.propose` raises."""
    candidates = tuple(
        Candidate(facts=facts, reward=score(facts, grounding)) for facts in judge.propose(grounding, reports)
    )
    chosen = max(range(len(candidates)), key=lambda i: (candidates[i].reward.total, -i))
    return Verdict(judge=judge.name, candidates=candidates, chosen=chosen, agreement=scout_agreement(reports))


def stand_in(judge: Judge, grounding: Grounding, reports: Sequence[ScoutReport], reason: str) -> Verdict:
    """The vote's verdict in place of that of a judge that failed for `reason`, which it notes."""
    verdict = decide(VoteJudge(), grounding, reports)
    return verdict.model_copy(update={"notes": (f"judge {judge.name!r} failed, so the scouts voted: {reason}",)})


def scout_agreement(reports: Sequence[ScoutReport]) -> float | None:
    """Mean over all pairs of scouts of the share of fields they agree in; None with fewer than two scouts."""
    pairs = list(combinations([report.facts for report in reports], 2))
    return fmean(agreement(one, other) for one, other in pairs) if pairs else None
