"""From what the scouts said to one verification: pure, so that the live pass only has to ask and to wait."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from scenario.answers import Answer, ClauseVerdict, Evidence, FactChange, Said, Testimony, Verification
from scenario.errors import ConfigError, JudgeError
from scenario.protocols import Judge
from scenario.records import Facts, ReviewVerdict, Scenario, ScoutReport, Usage
from scenario.texts import is_text
from scenario.vocabulary import FIELDS, expand
from search.query import Filter, Query, conjunction, format_query, of_the_frame
from search.query.ast import And, OneOf
from verifier.clauses import FreshLook, all_of, clause_verdicts
from verifier.evidence import labels_for
from verifier.expectation import expected
from verifier.judging import decide, stand_in
from verifier.prompt import detection_text

OF_A_FILTER: Mapping[Said, float] = {"yes": 0.9, "unsure": 0.5, "no": 0.1}  # chosen: no labels say what it is worth
SHOWN = 3  # detections that a clause of the filter cites at most


@dataclass(frozen=True)
class Asked:
    """What is asked of each frame: words, a filter, or both, which must then both hold.

    `soft` is what the index reads out of the words. It is never verified; it says whether a scout contradicts the
    index. Raises `ConfigError` where there is nothing to ask.
    """

    words: str = ""
    filter: Filter | None = None
    soft: Filter | None = None

    def __post_init__(self) -> None:
        if not (self.words or self.filter):
            raise ConfigError("nothing is asked: give words, a filter, or both")
        if not is_text(self.words):
            raise ConfigError(f"the question {self.words!a} holds characters that are no text; write it in UTF-8")

    @classmethod
    def of(cls, query: Query, soft: Filter | None = None) -> "Asked":
        """A query without its order and without what it asks of the ledger."""
        asked = of_the_frame(query)
        return cls(asked.text, asked.filter, soft)

    @property
    def question(self) -> str:
        return format_query(Query(self.filter, self.words))


def conclude(scenario: Scenario, asked: Asked, testimonies: Sequence[Testimony], judge: Judge) -> Verification:
    """What the testimonies, at least one, come to. The filter is held against the judge's facts, the words against
    the scouts' answers; both must hold."""
    reports = [testimony.report for testimony in testimonies]
    facts, notes = _facts(scenario, reports, judge)
    look = FreshLook(scenario, facts, _texts(facts, reports), rejected_by(reports))
    answer = judge.decide(asked.words, testimonies, scenario.grounding) if asked.words else None
    of_filter = clause_verdicts(asked.filter, look) if asked.filter else ()
    clauses = (*_of_words(asked, answer), *of_filter)
    verdict = all_of([clause.verdict for clause in clauses])
    return Verification(
        token=scenario.frame.token,
        question=asked.question,
        verdict=verdict,
        probability=_probability(answer, of_filter),
        clauses=clauses,
        evidence=(*(answer.evidence if answer else ()), *_evidence(asked.filter, look)),
        testimonies=tuple(testimonies),
        facts_now=facts,
        changes=changes(scenario.verdict.facts, facts),
        notes=(*notes, *(f"{report.scout}: {note}" for report in reports for note in report.notes)),
        usage=Usage.total(report.usage for report in reports),
    )


def index_says(scenario: Scenario, asked: Asked) -> Said:
    """What the index answers by itself, by its stored facts: to the filter, and to what was read out of the words."""
    stored = FreshLook(scenario, scenario.verdict.facts, _texts(scenario.verdict.facts, scenario.reports))
    parts = [part for part in (asked.filter, asked.soft) if part]
    said = [clause.verdict for part in parts for clause in clause_verdicts(part, stored)]
    return all_of(said) if said else "unsure"


def certainty(scenario: Scenario, asked: Asked) -> float:
    """How far the index is from not knowing, 0 to 0.5."""
    whole = conjunction([part for part in (asked.filter, asked.soft) if part])
    return abs(expected(whole, scenario) - 0.5) if whole else 0.0


def changes(stored: Facts, now: Facts) -> tuple[FactChange, ...]:
    """The fields that are stated now and differ. That a field is not stated this time is no change."""
    return tuple(
        FactChange(field=name, stored=_shown(before), now=_shown(after))
        for name in (*FIELDS, "risk")
        for before, after in [(getattr(stored, name), getattr(now, name))]
        if after is not None and after != before
    )


def rejected_by(reports: Sequence[ScoutReport]) -> frozenset[int]:
    """Detections that some scout rejects and none confirms."""
    said: dict[ReviewVerdict, set[int]] = {verdict: set() for verdict in ReviewVerdict}
    for report in reports:
        for review in report.reviews:
            said[review.verdict].add(review.detection)
    return frozenset(said[ReviewVerdict.REJECTED] - said[ReviewVerdict.CONFIRMED])


def _facts(scenario: Scenario, reports: Sequence[ScoutReport], judge: Judge) -> tuple[Facts, tuple[str, ...]]:
    try:
        verdict = decide(judge, scenario.grounding, reports)
    except JudgeError as error:
        verdict = stand_in(judge, scenario.grounding, reports, str(error))
    return verdict.facts, verdict.notes


def _of_words(asked: Asked, answer: Answer | None) -> tuple[ClauseVerdict, ...]:
    if answer is None:
        return ()
    because = "; ".join(dict.fromkeys(item.seen for item in answer.evidence)) or None
    return (ClauseVerdict(clause=f'"{asked.words}"', verdict=answer.verdict, because=because),)


def _probability(answer: Answer | None, of_filter: Sequence[ClauseVerdict]) -> float | None:
    """That of the words, times that of the filter, as `OF_A_FILTER` takes it."""
    probability = answer.probability if answer else 1.0
    if not of_filter or probability is None:
        return probability
    return round(probability * OF_A_FILTER[all_of([clause.verdict for clause in of_filter])], 6)


def _texts(facts: Facts, reports: Sequence[ScoutReport]) -> tuple[str, ...]:
    spoken = [facts.description, *(report.facts.description for report in reports)]
    return tuple(dict.fromkeys(text for text in spoken if text))


def _evidence(node: Filter | None, look: FreshLook) -> Iterator[Evidence]:
    """For each clause that names a value that can be detected: what stands, the surest and nearest first."""
    clauses = node.children if isinstance(node, And) else (node,)
    seen = look.stored.grounding.detections
    for clause in clauses:
        labels = _labels(clause) if isinstance(clause, OneOf) else frozenset[str]()
        standing = [p for p, one in enumerate(seen) if one.label in labels and p not in look.rejected]
        standing.sort(key=lambda p: (-(seen[p].confidence or 0.0), seen[p].range_m or 0.0, p))
        things = {seen[p].instance or p: p for p in reversed(standing)}  # one thing in two cameras is one
        for position in [p for p in standing if p in things.values()][:SHOWN]:
            one = seen[position]
            yield Evidence(seen=detection_text(one, camera=False), camera=one.camera, detection=position)


def _labels(clause: OneOf) -> frozenset[str]:
    name = "tags" if clause.field == "tag" else clause.field
    if name == "object":
        return frozenset(map(str, clause.values))
    if name not in FIELDS:
        return frozenset()
    values = [stored for value in clause.values for stored in expand(name, str(value))]
    return frozenset[str]().union(*(labels_for(name, value) or frozenset() for value in values))


def _shown(value: object) -> str | None:
    if value is None:
        return None
    return (", ".join(map(str, value)) or "none") if isinstance(value, tuple) else str(value)
