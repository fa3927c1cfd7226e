"""The grounding that an earlier run recorded beside its reports."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from indexer.grounding.inventory import parse_inventory
from scenario.errors import InventoryUnreadable
from scenario.ledger import digest
from scenario.records import Frame, Grounding
from verifier.scouts.recorded import RecordedRun


@dataclass
class RecordedGrounder:
    """Reads the inventory of the first run that has a readable one for the frame.

    A frame without any inventory gets a grounding that looked nowhere; an unreadable one raises
    `InventoryUnreadable`, unless another run's can be read: it never becomes an empty grounding.
    """

    runs: Sequence[RecordedRun]
    fingerprint: str = "recorded-inventory-1"
    _files: dict[int, BinaryIO] = field(default_factory=dict, repr=False)

    def inputs(self, frame: Frame) -> tuple[str, ...]:
        """Digests of the inventory texts up to the first readable one: later ones are not read."""
        read: list[str] = []
        for _, text in self._texts(frame):
            read.append(digest(text))
            try:
                parse_inventory(text)
            except InventoryUnreadable:
                continue
            break
        return tuple(dict.fromkeys(read))

    def ground(self, frames: Sequence[Frame]) -> list[Grounding]:
        return [self._ground(frame) for frame in frames]

    def _ground(self, frame: Frame) -> Grounding:
        failure: InventoryUnreadable | None = None
        for place, text in self._texts(frame):
            try:
                cameras, detections = parse_inventory(text)
            except InventoryUnreadable as error:
                failure = failure or InventoryUnreadable(f"{place}: {error}")
                continue
            return Grounding(backend="recorded", fingerprint=self.fingerprint, cameras=cameras, detections=detections)
        if failure:
            raise failure
        return Grounding(backend="recorded", fingerprint=self.fingerprint)

    def _texts(self, frame: Frame) -> Iterator[tuple[str, str]]:
        """The inventories recorded for a frame, each with the file and line it stands in."""
        for number, run in enumerate(self.runs):
            if frame.token not in run.lines:
                continue
            if number not in self._files:
                self._files[number] = run.open()
            text = run.read(frame.token, self._files[number]).get("yolo_inventory")
            if text not in (None, "", "None"):
                yield f"{run.path}:{run.lines[frame.token].number}", str(text)

    def close(self) -> None:
        for file in self._files.values():
            file.close()
        self._files.clear()
