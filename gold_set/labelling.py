"""Giving a label: only for a frame of the sample it is given for, and only blind. Afterwards it may be compared."""

from collections.abc import Mapping, Sequence
from typing import Any

from gold_set.curation import label_of, sample_named, stated
from gold_set.labels import gold_line
from scenario.curation import Label
from scenario.errors import InputError
from scenario.ledger import Ledger
from scenario.records import Facts, Record
from scenario.vocabulary import SCALAR_FIELDS


class Compared(Record):
    """One field as the annotator and as the index say it; None: not stated."""

    field: str
    label: str | None
    verdict: str | None

    @property
    def differs(self) -> bool:
        """Both say something, and not the same. What is not stated is not judged."""
        return self.label is not None and self.verdict is not None and self.label != self.verdict


class Comparison(Record):
    """A label beside the verdict of the index."""

    label: Label
    verdict: Facts
    fields: tuple[Compared, ...]


def label_from(
    token: str, annotator: str, facts: Mapping[str, Any], *, sample: str | None = None, seconds: float | None = None
) -> Label:
    """A label that states `facts`, by field as a gold file has them. Raises `InputError`."""
    try:
        line = gold_line({"token": token, **facts})
    except ValueError as error:
        raise InputError(str(error)) from error
    return label_of(line, annotator, sample).model_copy(update={"seconds": seconds})


def give(ledger: Ledger, label: Label) -> Label:
    """Keep a label, the latest of its annotator on its frame. Raises `InputError`."""
    check_blind(ledger, label.token, label.annotator)
    check_sampled(ledger, label.sample, [label.token])
    if label.says_nothing:
        raise InputError("the label says nothing: state a tag, no tags, a risk or a field, or skip it, or be unsure")
    ledger.append_labels([label])
    return label


def check_blind(ledger: Ledger, token: str, annotator: str) -> None:
    if (token, annotator) in ledger.looked():
        raise InputError(
            f"{annotator!r} was shown the prediction of {token}, so a label would not be blind;"
            " what was said before stands, and another annotator may label it"
        )


def check_sampled(ledger: Ledger, sample: str | None, tokens: Sequence[str]) -> None:
    if sample is None:
        return
    drawn = {frame.token for frame in sample_named(ledger.samples(), sample).frames}
    strange = [token for token in tokens if token not in drawn]
    if strange:
        raise InputError(f"sample {sample!r} does not hold {strange[0]}; {len(strange)} of {len(tokens)} are not in it")


def look(ledger: Ledger, token: str, annotator: str) -> Label:
    """The label of an annotator who is now shown the prediction; the ledger remembers that, and the label stands.

    Raises `InputError` where there is no label yet.
    """
    given = label_given(ledger, token, annotator)
    if given is None or given.status == "skipped":
        raise InputError(
            f"{annotator!r} has not labelled {token} yet; labels are taken blind, predictions shown after:"
            " semdrive gold label"
        )
    if (token, annotator) not in ledger.looked():
        ledger.append_look(token, annotator)
    return given


def label_given(ledger: Ledger, token: str, annotator: str) -> Label | None:
    return next((one for one in ledger.labels() if (one.token, one.annotator) == (token, annotator)), None)


def comparison(label: Label, verdict: Facts) -> Comparison:
    """Field by field, in the vocabulary's order."""
    scalars = {field.name: getattr(verdict, field.name) for field in SCALAR_FIELDS}
    predicted = Label(
        token=label.token,
        annotator="verdict",
        scalars={name: value for name, value in scalars.items() if value is not None},
        controls=verdict.traffic_controls,
        tags=verdict.tags,
        risk=verdict.risk,
    )
    said, index = stated(label), stated(predicted)
    names = ("tags", "risk", *scalars, "traffic_controls")
    return Comparison(
        label=label,
        verdict=verdict,
        fields=tuple(Compared(field=name, label=said.get(name), verdict=index.get(name)) for name in names),
    )
