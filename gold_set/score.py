"""How well stated facts agree with a gold file: tags, risk, and every scalar field.

A gold file is flat JSON lines: a `token`, any field of the Scenario DNA by its name, `risk_score` (or `risk`) and
`wod_e2e_tags` (or `tags`); what else a line holds is left alone. A scalar that a gold line lacks, or leaves null, is
not judged there. A line without tags judges none; an empty list says that no tag holds.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from scenario.errors import InputError, LineUnreadable, unknown
from scenario.records import Facts, Record
from scenario.vocabulary import FIELDS, RISK_MAX, RISK_MIN, SCALAR_FIELDS, Tag

TAG_KEYS = ("wod_e2e_tags", "tags")
RISK_KEYS = ("risk_score", "risk")


class GoldLine(Record):
    """The truth about one frame. None: the file does not say."""

    token: str
    scene: str | None = None
    scalars: dict[str, str] = Field(default_factory=dict)
    tags: tuple[Tag, ...] | None = None
    risk: int | None = None


class Counts(Record):
    """True and false positives, false negatives; precision, recall and F1 are None where nothing is counted."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(tp=self.tp + other.tp, fp=self.fp + other.fp, fn=self.fn + other.fn)

    @property
    def precision(self) -> float | None:
        return _share(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float | None:
        return _share(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float | None:
        return _share(2 * self.tp, 2 * self.tp + self.fp + self.fn)


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


def read_gold(path: Path) -> list[GoldLine]:
    """The lines of a gold file, in order. Raises `InputError` where it cannot be opened, `LineUnreadable`."""
    lines: list[GoldLine] = []
    seen: dict[str, int] = {}
    for number, raw in _lines(path):
        try:
            line = _gold_line(json.loads(raw))
            if line.token in seen:
                raise ValueError(f"frame {line.token} again; line {seen[line.token]} has it")
        except json.JSONDecodeError as error:
            raise LineUnreadable(str(path), number, f"not JSON at column {error.colno}: {error.msg}") from error
        except ValueError as error:
            raise LineUnreadable(str(path), number, str(error)) from error
        seen[line.token] = number
        lines.append(line)
    return lines


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the gold file {str(path)!r}: {error}; name a JSONL file") from error
    for number, raw in enumerate(text.split("\n"), start=1):
        if raw.strip():
            yield number, raw


def _gold_line(raw: Any) -> GoldLine:
    """One line as a record. Raises `ValueError` naming the field."""
    if not isinstance(raw, dict):
        raise ValueError(f"a {type(raw).__name__}, not an object with a token and facts")
    token, scene = raw.get("token"), raw.get("scene")
    if not isinstance(token, str) or not token.strip():
        raise ValueError(f"field 'token' is {token!r}; a gold line needs its frame's token as text")
    return GoldLine(
        token=token,
        scene=scene if isinstance(scene, str) else None,
        scalars=_scalars(raw),
        tags=_tags(raw),
        risk=_risk_of(raw),
    )


def _scalars(raw: Mapping[str, Any]) -> dict[str, str]:
    stated = {field.name: raw[field.name] for field in SCALAR_FIELDS if raw.get(field.name) is not None}
    for name, value in stated.items():
        if value not in FIELDS[name].values:
            raise ValueError(f"field {name!r}: {unknown('value', str(value), FIELDS[name].values)}")
    return stated


def _tags(raw: Mapping[str, Any]) -> tuple[Tag, ...] | None:
    key = next((key for key in TAG_KEYS if raw.get(key) is not None), None)
    if key is None:
        return None
    if not isinstance(raw[key], list):
        raise ValueError(f"field {key!r} is {raw[key]!r}; it is a list of tags, [] where none holds")
    for value in raw[key]:
        if value not in FIELDS["tags"].values:
            raise ValueError(f"field {key!r}: {unknown('tag', str(value), FIELDS['tags'].values)}")
    return tuple(Tag(value) for value in raw[key])


def _risk_of(raw: Mapping[str, Any]) -> int | None:
    key = next((key for key in RISK_KEYS if raw.get(key) is not None), None)
    if key is None:
        return None
    value = raw[key]
    if isinstance(value, bool) or not isinstance(value, int) or not RISK_MIN <= value <= RISK_MAX:
        raise ValueError(f"field {key!r} is {value!r}; a risk is a whole number from {RISK_MIN} to {RISK_MAX}")
    return value


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
