"""What an export format is, and the names they go by."""

from collections import Counter
from collections.abc import Iterator
from typing import ClassVar

from scenario.registry import Registry
from server.exporting import Batches


class Format:
    """One export under way. What could not be written is counted in `left_out`, under words that say what it was."""

    suffix: ClassVar[str]  # of a file name, with its dot
    media_type: ClassVar[str]
    scenarios: ClassVar[bool] = False  # whether it needs everything that is known about a frame, so the ledger
    text: ClassVar[bool] = False  # whether a terminal may show it

    def __init__(self) -> None:
        self.left_out: Counter[str] = Counter()

    def chunks(self, batches: Batches) -> Iterator[bytes]:
        """The export, piece by piece, in the order of the frames."""
        raise NotImplementedError


FORMATS: Registry[Format] = Registry(
    "export format",
    {
        "tokens": "server.exports.lists:Tokens",
        "nuscenes": "server.exports.lists:NuScenesTokens",
        "jsonl": "server.exports.tables:JsonLines",
        "csv": "server.exports.tables:Csv",
        "parquet": "server.exports.tables:Parquet",
    },
)
