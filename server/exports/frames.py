"""Frames as a ZIP: every camera's picture, and `metadata.jsonl` with the same columns as the tables."""

from collections.abc import Generator, Iterator
from tempfile import SpooledTemporaryFile

from server.exporting import Batches, Exported
from server.exports.formats import Format
from server.exports.pictures import picture_bytes, picture_name
from server.exports.tables import json_line
from server.exports.zips import Entry, zipped

IN_MEMORY_BYTES = 1 << 20


class Frames(Format):
    about = "a ZIP of every camera's picture, with metadata.jsonl"
    suffix, media_type, reads, pictures = ".zip", "application/zip", "scenarios", True

    def chunks(self, batches: Batches) -> Generator[bytes, None, None]:
        """Pictures first, in the order of the frames; `metadata.jsonl` names each frame's pictures by camera."""
        return zipped(self._entries(batches))

    def _entries(self, batches: Batches) -> Iterator[Entry]:
        with SpooledTemporaryFile(IN_MEMORY_BYTES) as lines:
            for batch in batches:
                for exported in batch:
                    held: dict[str, str] = {}
                    yield from self._pictures(exported, held)
                    lines.write(json_line({**exported.hit.flat(), "pictures": held}).encode())
            lines.seek(0)
            yield "metadata.jsonl", iter(lines)

    def _pictures(self, exported: Exported, held: dict[str, str]) -> Iterator[Entry]:
        for name, camera in exported.known.frame.cameras.items():
            picture = picture_bytes(camera.image)
            if picture is None:
                self.left_out["pictures that cannot be read"] += 1
                continue
            held[name] = picture_name(exported.hit.token, name, camera.image)
            yield held[name], [picture]
        if not held:
            self.left_out["frames without a picture"] += 1
