"""How well stated facts agree with a gold file: tags, risk, and every scalar field."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import computed_field

from gold_set.labels import GoldLine, read_gold
from scenario.records import Facts, Record
from scenario.vocabulary import SCALAR_FIELDS, Tag


class Counts(Record):
    """True and false positives, false negatives; precision, recall and F1 are None where nothing is counted."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(tp=self.tp + other.tp, fp=self.fp + other.fp, fn=self.fn + other.fn)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def precision(self) -> float | None:
        return _share(self.tp, self.tp + self.fp)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def recall(self) -> float | None:
        return _share(self.tp, self.tp + self.fn)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def f1(self) -> float | None:
        """None also where nothing is true: then there was nothing to find, and 0 would say that it was missed."""
        return _share(2 * self.tp, 2 * self.tp + self.fp + self.fn) if self.tp + self.fn else None


class FieldScore(Record):
    """One scalar field: how many gold lines state it, how many of those the facts leave unsaid, how many they meet."""

    judged: int = 0
    unstated: int = 0
    right: int = 0

    @property
    def accuracy(self) -> float | None:
        """Of all that are judged; what is left unsaid is not right."""
        return _share(self.right, self.judged)


class RiskScore(Record):
    """Risk: frames judged, those without a stated risk, and the sum of the errors of the others."""

    judged: int = 0
    unstated: int = 0
    error_sum: int = 0

    @property
    def mae(self) -> float | None:
        """Mean absolute error over the frames whose risk was stated."""
        return _share(self.error_sum, self.judged - self.unstated)


class ScoreSummary(Record):
    """What a gold file says about a set of facts. `missing` are gold tokens that have no facts: they are not scored."""

    frames: int
    missing: tuple[str, ...]
    tags: dict[Tag, Counts]
    micro: Counts
    risk: RiskScore
    fields: dict[str, FieldScore]


def score_file(gold: Path, facts: Mapping[str, Facts]) -> ScoreSummary:
    """Scores facts, by frame token, against a gold file. Raises `InputError`, `LineUnreadable`."""
    return score(read_gold(gold), facts)


def score(gold: Sequence[GoldLine], facts: Mapping[str, Facts]) -> ScoreSummary:
    pairs = [(line, facts[line.token]) for line in gold if line.token in facts]
    tags = {tag: _count(tag, pairs) for tag in Tag}
    return ScoreSummary(
        frames=len(pairs),
        missing=tuple(line.token for line in gold if line.token not in facts),
        tags=tags,
        micro=sum(tags.values(), Counts()),
        risk=_risk(pairs),
        fields={field.name: _field(field.name, pairs) for field in SCALAR_FIELDS},
    )


Pairs = Sequence[tuple[GoldLine, Facts]]


def _count(tag: Tag, pairs: Pairs) -> Counts:
    judged = [(tag in line.tags, tag in facts.tags) for line, facts in pairs if line.tags is not None]
    return Counts(
        tp=sum(true and said for true, said in judged),
        fp=sum(said and not true for true, said in judged),
        fn=sum(true and not said for true, said in judged),
    )


def _risk(pairs: Pairs) -> RiskScore:
    judged = [(line.risk, facts.risk) for line, facts in pairs if line.risk is not None]
    stated = [abs(true - said) for true, said in judged if said is not None]
    return RiskScore(judged=len(judged), unstated=len(judged) - len(stated), error_sum=sum(stated))


def _field(name: str, pairs: Pairs) -> FieldScore:
    judged = [(line.scalars[name], getattr(facts, name)) for line, facts in pairs if name in line.scalars]
    return FieldScore(
        judged=len(judged),
        unstated=sum(said is None for _, said in judged),
        right=sum(true == said for true, said in judged),
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
