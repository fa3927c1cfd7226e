"""The grounding that an earlier run recorded beside its reports."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from indexer.grounding.inventory import parse_inventory
from scenario.errors import InventoryUnreadable
from scenario.records import Frame, Grounding
from verifier.scouts.recorded import LineRef, RecordedRun


@dataclass
class RecordedGrounder:
    """Reads the inventory of the first run that has a readable one for the frame.

    A frame without any inventory gets a grounding that looked nowhere; an unreadable one raises
    `InventoryUnreadable`, unless another run's can be read: it never becomes an empty grounding.
    """

    runs: Sequence[RecordedRun]
    fingerprint: str = "recorded-inventory-1"
    _files: dict[int, BinaryIO] = field(default_factory=dict, repr=False)

    def ground(self, frames: Sequence[Frame]) -> list[Grounding]:
        return [self._ground(frame) for frame in frames]

    def _ground(self, frame: Frame) -> Grounding:
        failure: InventoryUnreadable | None = None
        for number, run in enumerate(self.runs):
            if frame.token not in run.lines:
                continue
            if number not in self._files:
                self._files[number] = run.open()
            text = run.read(frame.token, self._files[number]).get("yolo_inventory")
            if text in (None, "", "None"):
                continue
            try:
                return self._parsed(text)
            except InventoryUnreadable as error:
                failure = failure or _located(error, run, run.lines[frame.token])
        if failure:
            raise failure
        return Grounding(backend="recorded", fingerprint=self.fingerprint)

    def _parsed(self, text: Any) -> Grounding:
        if not isinstance(text, str):
            raise InventoryUnreadable(f"inventory is a {type(text).__name__}, not text")
        cameras, detections = parse_inventory(text)
        return Grounding(backend="recorded", fingerprint=self.fingerprint, cameras=cameras, detections=detections)

    def close(self) -> None:
        for file in self._files.values():
            file.close()
        self._files.clear()


def _located(error: InventoryUnreadable, run: RecordedRun, ref: LineRef) -> InventoryUnreadable:
    return InventoryUnreadable(f"{run.path}:{ref.number}: {error}")
