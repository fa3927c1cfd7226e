"""The inventory text of released runs, read into detections.

Form: `[CAMERA]: N label (Size/conf, …); …` or `[CAMERA]: Clear`, one line a camera. Plurals are the label plus
`s`. At most three boxes are listed for a label; the others count, without confidence or size.
"""

import re

from scenario.errors import InventoryUnreadable, unknown
from scenario.labels import LABELS
from scenario.records import Detection, SizeClass

_LINE = re.compile(r"\[(\w+)\]: (\S.*)")
_GROUP = re.compile(r"(\d+) ([a-z][a-z ]*[a-z])(?: \(([^()]*)\))?")
_BOX = re.compile(rf"({'|'.join(SizeClass)})/(\d?\.\d+|[01])")
_MOST = 1000  # a count above this is a broken text, not a crowd


def parse_inventory(text: str) -> tuple[tuple[str, ...], tuple[Detection, ...]]:
    """Cameras looked at, and what was seen in them. Raises `InventoryUnreadable`, naming the part that does not fit."""
    cameras: list[str] = []
    detections: list[Detection] = []
    for line in text.strip().split("\n"):
        match = _LINE.fullmatch(line.strip())
        if not match:
            raise InventoryUnreadable(f"inventory line {line!r} is not of the form '[CAMERA]: N label (Size/conf); …'")
        camera, content = match.groups()
        if camera in cameras:
            raise InventoryUnreadable(f"inventory names camera {camera!r} twice")
        cameras.append(camera)
        if content != "Clear":
            for group in content.split("; "):
                detections.extend(_group(camera, group))
    return tuple(cameras), tuple(detections)


def _group(camera: str, text: str) -> list[Detection]:
    match = _GROUP.fullmatch(text.strip())
    if not match:
        raise InventoryUnreadable(f"inventory group {text!r} is not of the form 'N label (Size/conf, …)'")
    count, label, boxes = int(match[1]), _singular(match[2]), _boxes(match[3], text)
    if not len(boxes) <= count <= _MOST or count == 0:
        raise InventoryUnreadable(f"inventory group {text!r} counts {count} and lists {len(boxes)} boxes")
    unlisted = [Detection(label=label, camera=camera)] * (count - len(boxes))
    return [
        *(Detection(label=label, camera=camera, size_class=size, confidence=conf) for size, conf in boxes),
        *unlisted,
    ]


def _singular(name: str) -> str:
    """The label by exact look-up, of the name or of the name less its last `s` ("buss" is "bus", "bus" is "bus")."""
    for label in (name, name.removesuffix("s")):
        if label in LABELS:
            return label
    raise InventoryUnreadable(unknown("detection label", name, LABELS))


def _boxes(text: str | None, group: str) -> list[tuple[SizeClass, float]]:
    boxes = []
    for part in text.split(", ") if text else []:
        match = _BOX.fullmatch(part)
        if not match or float(match[2]) > 1:
            raise InventoryUnreadable(f"box {part!r} in inventory group {group!r} is not of the form 'Size/conf'")
        boxes.append((SizeClass(match[1]), float(match[2])))
    return boxes
