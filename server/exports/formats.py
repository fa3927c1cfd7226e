"""What an export format is, and the names they go by."""

from collections import Counter
from collections.abc import Generator
from pathlib import PurePath
from typing import ClassVar, Literal

from scenario.errors import ExportError
from scenario.registry import Registry
from server.exporting import Batches, Reads

FormatName = Literal["tokens", "nuscenes", "jsonl", "csv", "parquet", "coco", "fiftyone", "frames"]  # as in FORMATS


class Format:
    """One export under way. What could not be written is counted in `left_out`, under words that say what it was."""

    about: ClassVar[str]  # what it is, for people
    suffix: ClassVar[str]  # of a file name, with its dot
    media_type: ClassVar[str]
    reads: ClassVar[Reads] = "hits"  # what it needs of a frame; scenarios need the ledger
    pictures: ClassVar[bool] = False  # whether it opens them
    text: ClassVar[bool] = False  # whether a terminal may show it

    def __init__(self) -> None:
        self.left_out: Counter[str] = Counter()

    def chunks(self, batches: Batches) -> Generator[bytes, None, None]:
        """The export, piece by piece, in the order of the frames; closing it lets go of what it holds."""
        raise NotImplementedError


FORMATS: Registry[Format] = Registry(
    "export format",
    {
        "tokens": "server.exports.lists:Tokens",
        "nuscenes": "server.exports.lists:NuScenesTokens",
        "jsonl": "server.exports.tables:JsonLines",
        "csv": "server.exports.tables:Csv",
        "parquet": "server.exports.tables:Parquet",
        "coco": "server.exports.coco:Coco",
        "fiftyone": "server.exports.fiftyone:FiftyOne",
        "frames": "server.exports.frames:Frames",
    },
)
BY_SUFFIX = {".txt": "tokens", ".jsonl": "jsonl", ".csv": "csv", ".parquet": "parquet"}


def format_of(out: str) -> str:
    """The format that a file's name means. Raises `ExportError` where it means none, or more than one."""
    suffix = PurePath(out).suffix.casefold()
    if out == "-":
        return "tokens"
    if suffix not in BY_SUFFIX:
        raise ExportError(f"{out!r} does not say its format; say --format, one of {', '.join(sorted(FORMATS.targets))}")
    return BY_SUFFIX[suffix]
