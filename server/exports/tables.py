"""Tables: one frame a row, the same columns everywhere (`search.results.FLAT_COLUMNS`)."""

import csv
import io
import json
from collections.abc import Generator
from typing import Any

from scenario.texts import visible
from scenario.vocabulary import SCALAR_FIELDS
from search.results import FLAT_COLUMNS, WHOLE_COLUMNS
from server.exporting import Batches
from server.exports.formats import Format
from server.exports.sink import Sink

LIST_COLUMNS = ("tags", "traffic_controls", "objects")
TEXT_COLUMNS = (
    *("token", "scene", "scene_key", "log", "location", "description", "verdict"),
    *(field.name for field in SCALAR_FIELDS),
)
# A spreadsheet runs a cell that begins so; the wide forms are what an input method makes of them.
FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


class JsonLines(Format):
    about, text = "a JSON object a frame, one a line", True
    suffix, media_type = ".jsonl", "application/x-ndjson"

    def chunks(self, batches: Batches) -> Generator[bytes, None, None]:
        """One JSON object a line, in ASCII: some readers break lines at U+2028, and a terminal obeys U+009B."""
        for batch in batches:
            yield "".join(json_line(exported.hit.flat()) for exported in batch).encode()


class Csv(Format):
    about, text = "a table, one row a frame", True
    suffix, media_type = ".csv", "text/csv; charset=utf-8"

    def chunks(self, batches: Batches) -> Generator[bytes, None, None]:
        """A header, then a line a frame; lists are joined by `; `. No cell is a formula, none steers a terminal."""
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        writer.writerow(FLAT_COLUMNS)
        for batch in batches:
            writer.writerows([_cell(value) for value in exported.hit.flat().values()] for exported in batch)
            yield _taken(buffer)
        yield _taken(buffer)  # the header, where there were no frames


class Parquet(Format):
    about = "a typed table, one row a frame"
    suffix, media_type = ".parquet", "application/vnd.apache.parquet"

    def chunks(self, batches: Batches) -> Generator[bytes, None, None]:
        """A row group a batch, lists as lists, the types always the same."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        columns, sink = pa.schema([(name, _type_of(name)) for name in FLAT_COLUMNS]), Sink()
        with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), columns, compression="zstd") as writer:
            for batch in batches:
                writer.write_table(pa.Table.from_pylist([exported.hit.flat() for exported in batch], schema=columns))
                yield sink.taken()
        yield sink.taken()


def json_line(values: dict[str, Any]) -> str:
    """One line of ASCII."""
    # DEL is the one control character that JSON leaves as it is.
    return json.dumps(values).replace("\x7f", "\\u007f") + "\n"


def _cell(value: Any) -> Any:
    if isinstance(value, tuple):
        value = "; ".join(value)
    if not isinstance(value, str):
        return value
    cell = visible(value, keep="\n")
    return f"'{cell}" if cell.lstrip().startswith(FORMULA_STARTS) else cell


def _taken(buffer: io.StringIO) -> bytes:
    taken = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return taken


def _type_of(column: str) -> Any:
    import pyarrow as pa

    if column in LIST_COLUMNS:
        return pa.list_(pa.utf8())
    return pa.utf8() if column in TEXT_COLUMNS else pa.int64() if column in WHOLE_COLUMNS else pa.float64()
