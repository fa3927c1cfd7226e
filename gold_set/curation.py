"""Labels taken blind: the frame's pictures and nothing else. Two annotators are compared and merged.

What a label says of a frame goes to the ledger and out of it as the flat lines that `gold_set.labels` reads.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import Field

from gold_set.agreement import cohen_kappa, weighted_kappa
from gold_set.labels import GoldLine
from gold_set.sampling import Estimate, Weighing, check_drawn, mean, ratio, share
from scenario.curation import Label, Sample
from scenario.errors import InputError, unknown
from scenario.records import Facts, Frame, Record
from scenario.vocabulary import FIELDS, SCALAR_FIELDS, Tag, TrafficControl


class BlindTask(Record):
    """A frame to label: where it stands in the sample, and its pictures. Nothing that was said of it, by anyone."""

    sample: str
    annotator: str
    token: str
    place: int  # from 1
    frames: int
    done: int
    pictures: dict[str, str]  # camera → file


class FieldAgreement(Record):
    """Two annotators on one field, or one tag, over the frames that both judged. None: undefined."""

    field: str
    frames: int
    same: int
    kappa: float | None


class Disagreement(Record):
    """One field of one frame on which two annotators differ; sets as text, sorted as the vocabulary is."""

    token: str
    field: str
    first: str
    second: str


class Agreement(Record):
    first: str
    second: str
    frames: int
    fields: tuple[FieldAgreement, ...]
    disagreements: tuple[Disagreement, ...]


class Exported(Record):
    """What a gold file holds. `unstated`: (frame, field) pairs left out because annotators differ on them."""

    path: str
    frames: int
    unstated: int


class Imported(Record):
    """What came from a gold file. `empty` are lines that say nothing of their frame; they were left out."""

    annotator: str
    labels: int
    empty: int


class Estimates(Record):
    """What a sample says of the corpus. `missing` were drawn and not labelled; `unsure` of them, said so."""

    sample: str
    method: str
    population: int
    labelled: int
    missing: int
    unsure: int
    prevalence: dict[Tag, Estimate]
    precision: dict[Tag, Estimate] = Field(default_factory=dict)
    recall: dict[Tag, Estimate] = Field(default_factory=dict)
    risk: Estimate


def sample_named(samples: Sequence[Sample], name: str) -> Sample:
    """Raises `InputError` where there is none."""
    found = {sample.name: sample for sample in samples}
    if name not in found:
        hint = unknown("sample", name, found) if found else f"no sample named {name!r}: none was drawn yet"
        raise InputError(f"{hint}; draw one: semdrive gold sample --name {name}")
    return found[name]


def next_token(sample: Sample, labels: Iterable[Label], annotator: str) -> tuple[str | None, int]:
    """The first frame of the sample without an answer of this annotator, and how many have one."""
    answered = {label.token for label in labels if label.annotator == annotator}
    left = [frame.token for frame in sample.frames if frame.token not in answered]
    return (left[0] if left else None), len(sample.frames) - len(left)


def blind_task(sample: Sample, frame: Frame, annotator: str, done: int) -> BlindTask:
    tokens = [drawn.token for drawn in sample.frames]
    return BlindTask(
        sample=sample.name,
        annotator=annotator,
        token=frame.token,
        place=tokens.index(frame.token) + 1,
        frames=len(tokens),
        done=done,
        pictures={name: camera.image for name, camera in frame.cameras.items()},
    )


def label_of(line: GoldLine, annotator: str, sample: str | None) -> Label:
    return Label(
        token=line.token,
        annotator=annotator,
        sample=sample,
        scalars=line.scalars,
        controls=None if line.controls is None else tuple(c for c in TrafficControl if c in line.controls),
        tags=None if line.tags is None else tuple(tag for tag in Tag if tag in line.tags),  # equal sets, equal labels
        risk=line.risk,
    )


def gold_text(labels: Iterable[Label], samples: Sequence[Sample]) -> str:
    """The labels as flat gold lines, each with its sample's chance; a picked frame has none. Unsure and skipped frames
    are left out."""
    chances = {(s.name, f.token): f.inclusion_probability for s in samples for f in s.frames}
    lines = [
        _flat(label, chances.get((label.sample or "", label.token))) for label in labels if label.status == "labelled"
    ]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _flat(label: Label, chance: float | None) -> dict[str, Any]:
    line: dict[str, Any] = {"token": label.token, **label.scalars}
    if label.controls is not None:
        line["traffic_controls"] = list(label.controls)
    if label.risk is not None:
        line["risk_score"] = label.risk
    if label.tags is not None:
        line["wod_e2e_tags"] = list(label.tags)
    if chance is not None:
        line["inclusion_probability"] = chance
    return {**line, "annotator": label.annotator}


def agreement(first: Sequence[Label], second: Sequence[Label]) -> Agreement:
    """Of two annotators' labels. Raises `InputError` where they share no frame."""
    one, other = _by_token(first), _by_token(second)
    shared = [(one[token], other[token]) for token in one if token in other]
    if not shared:
        raise InputError("these two annotators have no labelled frame in common")
    fields = [_on_tag(tag, shared) for tag in Tag] + [_on_field(field.name, shared) for field in SCALAR_FIELDS]
    return Agreement(
        first=first[0].annotator,
        second=second[0].annotator,
        frames=len(shared),
        fields=(*fields, _on_risk(shared)),
        disagreements=tuple(found for a, b in shared for found in differences(a, b)),
    )


def differences(first: Label, second: Label) -> list[Disagreement]:
    """What two labels of one frame both state and state differently."""
    one, other = stated(first), stated(second)
    return [
        Disagreement(token=first.token, field=name, first=said, second=other[name])
        for name, said in one.items()
        if name in other and other[name] != said
    ]


def stated(label: Label) -> dict[str, str]:
    """Field → what the label says of it, sets as text; what it does not state is not there."""
    said = dict(label.scalars)
    if label.controls is not None:
        said["traffic_controls"] = _as_text(label.controls, TrafficControl)
    if label.tags is not None:
        said["tags"] = _as_text(label.tags, Tag)
    return said if label.risk is None else {**said, "risk": str(label.risk)}


def _as_text(values: Sequence[str], order: Iterable[str]) -> str:
    return ", ".join(str(value) for value in order if value in values) or "none"


def _by_token(labels: Sequence[Label]) -> dict[str, Label]:
    return {label.token: label for label in labels if label.status == "labelled"}


Pairs = Sequence[tuple[Label, Label]]


def _on_tag(tag: Tag, pairs: Pairs) -> FieldAgreement:
    said = [(tag in a.tags, tag in b.tags) for a, b in pairs if a.tags is not None and b.tags is not None]
    return _agreement_on(f"tag {tag}", said)


def _on_field(name: str, pairs: Pairs) -> FieldAgreement:
    return _agreement_on(
        name, [(a.scalars[name], b.scalars[name]) for a, b in pairs if name in a.scalars and name in b.scalars]
    )


def _on_risk(pairs: Pairs) -> FieldAgreement:
    said = [(a.risk, b.risk) for a, b in pairs if a.risk is not None and b.risk is not None]
    kappa = weighted_kappa([a for a, _ in said], [b for _, b in said])
    return FieldAgreement(field="risk (quadratic)", frames=len(said), same=sum(a == b for a, b in said), kappa=kappa)


def _agreement_on(field: str, said: Sequence[tuple[object, object]]) -> FieldAgreement:
    kappa = cohen_kappa([a for a, _ in said], [b for _, b in said])
    return FieldAgreement(field=field, frames=len(said), same=sum(a == b for a, b in said), kappa=kappa)


def unstated(labels: Sequence[Label], whole: Sequence[Label]) -> int:
    """How many (frame, field) pairs somebody stated and their merged labels leave out."""
    said = {(label.token, field) for label in labels if label.status == "labelled" for field in stated(label)}
    return len(said - {(label.token, field) for label in whole for field in stated(label)})


def annotator_named(labels: Sequence[Label], name: str) -> str:
    """Raises `InputError` where nobody of that name has labelled."""
    known = {label.annotator for label in labels}
    if name not in known:
        raise InputError(unknown("annotator", name, known) if known else f"no labels of annotator {name!r}, or anyone")
    return name


def merged(labels: Sequence[Label], prefer: str | None = None) -> list[Label]:
    """One label a frame: what all who stated a field say alike; where they differ, what `prefer` says, or nothing.

    A tag on which they differ leaves the frame's tags unstated, for a half-known set would count as a whole one.
    """
    by_token: dict[str, list[Label]] = {}
    for label in labels:
        if label.status == "labelled":
            by_token.setdefault(label.token, []).append(label)
    return [_merge(given, prefer) for given in by_token.values()]


def _merge(given: Sequence[Label], prefer: str | None) -> Label:
    if len(given) == 1:
        return given[0]
    names = [name for name in FIELDS if any(name in label.scalars for label in given)]
    scalars = {name: _agreed([(x.annotator, x.scalars.get(name)) for x in given], prefer) for name in names}
    return Label(
        token=given[0].token,
        annotator="+".join(sorted(label.annotator for label in given)),
        sample=next((label.sample for label in given if label.sample), None),
        scalars={name: value for name, value in scalars.items() if value is not None},
        controls=_agreed([(x.annotator, x.controls) for x in given], prefer),
        tags=_agreed([(x.annotator, x.tags) for x in given], prefer),
        risk=_agreed([(x.annotator, x.risk) for x in given], prefer),
    )


def _agreed(said: Sequence[tuple[str, Any]], prefer: str | None) -> Any:
    claims = [(who, value) for who, value in said if value is not None]
    if not claims:
        return None
    if all(value == claims[0][1] for _, value in claims):
        return claims[0][1]
    return next((value for who, value in claims if who == prefer), None)


def estimates(sample: Sample, labels: Sequence[Label], verdicts: Mapping[str, Facts]) -> Estimates:
    """What merged labels say of the whole corpus, and of the verdicts of an index (token → facts).

    Raises `InputError` for a sample without labels, or one that was picked by hand.
    """
    check_drawn(sample)
    drawn = {frame.token for frame in sample.frames}
    here = [label for label in labels if label.token in drawn]
    tagged = [label for label in here if label.status == "labelled" and label.tags is not None]
    risked = [label for label in here if label.status == "labelled" and label.risk is not None]
    if not tagged and not risked:
        raise InputError(f"sample {sample.name!r} has no labels yet; see: semdrive gold next --sample {sample.name}")
    weighing = Weighing.of(sample, [label.token for label in tagged])
    truth = {tag: np.array([float(tag in (label.tags or ())) for label in tagged]) for tag in Tag}
    said = {
        tag: np.array([float(label.token in verdicts and tag in verdicts[label.token].tags) for label in tagged])
        for tag in Tag
    }
    risks = np.array([float(label.risk or 0) for label in risked])
    answered = {label.token for label in here if label.status == "labelled"}
    return Estimates(
        sample=sample.name,
        method=sample.method,
        population=sample.population,
        labelled=len(answered),
        missing=len(drawn - answered),
        unsure=sum(label.status == "unsure" for label in here),
        prevalence={tag: share(weighing, truth[tag]) for tag in Tag},
        precision={tag: ratio(weighing, truth[tag] * said[tag], said[tag]) for tag in Tag},
        recall={tag: ratio(weighing, truth[tag] * said[tag], truth[tag], hidden=True) for tag in Tag},
        risk=mean(Weighing.of(sample, [label.token for label in risked]), risks),
    )
