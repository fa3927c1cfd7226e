"""Giving a label: only for a frame of the sample it is given for, and only blind."""

from collections.abc import Sequence

from gold_set.curation import sample_named
from scenario.curation import Label
from scenario.errors import InputError
from scenario.ledger import Ledger


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
