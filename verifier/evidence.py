"""What the grounding says for or against a value. Labels are matched whole, so a sign is never what it speaks of."""

from collections.abc import Collection, Sequence
from itertools import groupby

from scenario.labels import TAG_LABELS, VALUE_LABELS
from scenario.records import Detection, Grounding
from scenario.vocabulary import Tag

SURE = 0.5  # a detection at or above this confidence supports a value; one below it leaves the matter open


def grounded(field: str, value: str, grounding: Grounding) -> bool | None:
    """True: seen. False: cameras looked, and nothing of the kind is there. None: the grounding cannot tell."""
    labels = labels_for(field, value)
    if labels is not None:
        return _seen(labels, grounding)
    if value == "none" and field in VALUE_LABELS:
        everything = frozenset[str]().union(*VALUE_LABELS[field].values())
        seen = _seen(everything, grounding)
        return None if seen is None else not seen
    return None


def labels_for(field: str, value: str) -> frozenset[str] | None:
    """The labels that support a value, or None where no label can."""
    if field == "tags":
        return TAG_LABELS.get(Tag(value))
    return VALUE_LABELS.get(field, {}).get(value)


def _seen(labels: Collection[str], grounding: Grounding) -> bool | None:
    if grounding.sees(labels, SURE):
        return True
    if not grounding.cameras or grounding.sees(labels):
        return None
    return False


def describe(detections: Sequence[Detection]) -> str:
    """What was seen, for people: "3 construction barrels (.92, .88, .85), traffic cone (.61)"."""
    by_label = sorted(detections, key=lambda d: d.label)
    groups = [(label, list(seen)) for label, seen in groupby(by_label, key=lambda d: d.label)]
    return ", ".join(_describe_group(label, seen) for label, seen in groups)


def _describe_group(label: str, seen: list[Detection]) -> str:
    name = label if len(seen) == 1 else f"{len(seen)} {label}s"
    scores = sorted((d.confidence for d in seen if d.confidence is not None), reverse=True)
    listed = ", ".join(f"{score:.2f}".lstrip("0") for score in scores[:3])
    return f"{name} ({listed})" if listed else name
