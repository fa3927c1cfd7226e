"""From reports to a verdict: the judge proposes, the reward chooses (Best-of-N), and the scouts' agreement is noted."""

from collections.abc import Sequence
from itertools import combinations
from statistics import fmean

from scenario.errors import JudgeError
from scenario.protocols import Judge
from scenario.records import Candidate, Grounding, ScoutReport, Verdict
from verifier.judges.vote import VoteJudge, agreement
from verifier.reward import score


def decide(judge: Judge, grounding: Grounding, reports: Sequence[ScoutReport]) -> Verdict:
    """The candidate with the highest reward; the first of them on a tie. A judge that fails leaves it to the vote."""
    name = judge.name
    notes: tuple[str, ...] = ()
    try:
        proposed = judge.propose(grounding, reports)
    except JudgeError as error:
        stand_in = VoteJudge()
        proposed = stand_in.propose(grounding, reports)
        name, notes = stand_in.name, (f"judge {judge.name!r} failed, so the scouts voted: {error}",)
    candidates = tuple(Candidate(facts=facts, reward=score(facts, grounding)) for facts in proposed)
    chosen = max(range(len(candidates)), key=lambda i: (candidates[i].reward.total, -i))
    return Verdict(judge=name, candidates=candidates, chosen=chosen, agreement=scout_agreement(reports), notes=notes)


def scout_agreement(reports: Sequence[ScoutReport]) -> float | None:
    """Mean over all pairs of scouts of the share of fields they agree in; None with fewer than two scouts."""
    pairs = list(combinations([report.facts for report in reports], 2))
    return fmean(agreement(one, other) for one, other in pairs) if pairs else None
