"""The last stage: scenarios and their vectors, out of the ledger, into a published table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from indexer.stages import Progress, batches
from scenario.assembly import load_scenarios
from scenario.ledger import Ledger, digest
from scenario.protocols import Embedder
from search.schema import TABLE_VERSION, IndexRow, Vector
from search.store import Build, Store


@dataclass(frozen=True)
class EmbeddedScenario:
    """A frame's token, and the ledger keys of its scenario and its vectors."""

    token: str
    scenario: str
    vectors: str


@dataclass(frozen=True)
class Built:
    """Whether the table was written, the version that is published now, and how many frames of the one before it lacks.

    An index holds the frames of its latest run: one over fewer frames takes the others out.
    """

    written: bool = False
    version: int | None = None
    dropped: int = 0


def build_index(
    embedded: Sequence[EmbeddedScenario], embedder: Embedder, ledger: Ledger, store: Store, run: int, progress: Progress
) -> Built:
    """Write and publish the table, unless the published one was made from the very same results."""
    contents = [(item.token, item.scenario, item.vectors) for item in embedded]
    fingerprint = digest(TABLE_VERSION, contents)
    version = store.published_version()
    before = store.snapshot() if version is not None else None
    if not embedded or (before is not None and before.build.fingerprint == fingerprint):
        ledger.record_indexed((item.token for item in embedded), run)  # in case it was published and then stopped
        return Built(version=version)
    kept = {item.token for item in embedded}
    dropped = set(before.columns(["token"])["token"].to_pylist()) - kept if before else ()
    progress.start("build index", len(embedded))
    build = Build(fingerprint, embedder.fingerprint, embedder.dim)
    published = store.write(_rows(embedded, ledger), build, run, progress.advance)
    ledger.record_indexed((item.token for item in embedded), run)
    return Built(True, published, len(dropped))


def _rows(embedded: Sequence[EmbeddedScenario], ledger: Ledger) -> Iterator[IndexRow]:
    for batch in batches(embedded, 256):
        vectors = ledger.payloads(item.vectors for item in batch)
        scenarios = load_scenarios(ledger, [item.scenario for item in batch])
        for item, scenario in zip(batch, scenarios, strict=True):
            description, reasoning = decode_vectors(vectors[item.vectors])
            yield IndexRow(scenario, item.scenario, description, reasoning)


def encode_vectors(vectors: Sequence[Vector | None]) -> bytes:
    """Which of the two vectors are there, one byte; then those, as little-endian float32."""
    flags = sum(1 << place for place, vector in enumerate(vectors) if vector is not None)
    return bytes([flags]) + b"".join(vector.astype("<f4").tobytes() for vector in vectors if vector is not None)


def decode_vectors(payload: bytes) -> tuple[Vector | None, Vector | None]:
    flags = payload[0]
    count = flags.bit_count()
    rows = iter(np.frombuffer(payload[1:], dtype="<f4").reshape(count, -1) if count else ())
    first, second = (next(rows) if flags & (1 << place) else None for place in range(2))
    return first, second
