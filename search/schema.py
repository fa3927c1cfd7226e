"""The index table: its typed columns, and the row that a scenario becomes."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from scenario.records import Scenario
from scenario.vocabulary import FIELDS, SCALAR_FIELDS, Tag
from search.query.compile import TEXT_COLUMN, fold

TABLE_VERSION = 1  # raise it when the columns, or the texts they are made from, change
DESCRIPTION_VECTOR, REASONING_VECTOR = "description_vector", "reasoning_vector"
VECTOR_COLUMNS = (DESCRIPTION_VECTOR, REASONING_VECTOR)
RUN_COLUMNS = ("run",)  # what may differ between two equal indexes
Vector = npt.NDArray[np.float32]  # (dim,), unit length


def belief_column(field: str, value: str) -> str:
    return f"p_{field}_{value}"


BELIEF_COLUMNS = tuple(belief_column(field.name, value) for field in FIELDS.values() for value in field.values)
_IN_PARENTHESES = re.compile(r" \([^()]*\)")
_EXACT = frozenset(belief_column("tags", tag) for tag in Tag)  # compared with numbers that users write: float64


@dataclass(frozen=True)
class IndexRow:
    """A scenario on its way into the index, with the key it has in the ledger and its vectors (None: no text)."""

    scenario: Scenario
    scenario_key: str
    description_vector: Vector | None
    reasoning_vector: Vector | None


def schema(dim: int, metadata: dict[str, str] | None = None) -> pa.Schema:
    """The columns, for vectors of `dim`; `metadata` is stored with the table."""
    text, names = pa.utf8(), pa.list_(pa.utf8())
    vector = pa.list_(pa.float32(), dim)
    return pa.schema(
        [
            pa.field("token", text, nullable=False),
            pa.field("sequence", pa.int64()),
            pa.field("scene_key", text, nullable=False),
            *(pa.field(name, text) for name in ("scene", "scene_token", "log", "location")),
            pa.field("timestamp_us", pa.int64()),
            *(pa.field(field.name, text) for field in SCALAR_FIELDS),
            *(pa.field(name, names, nullable=False) for name in ("traffic_controls", "tags", "objects")),
            pa.field("risk", pa.int32()),
            *(pa.field(name, pa.float64()) for name in ("risk_mean", "risk_spread", "agreement")),
            *(
                pa.field(name, pa.float64() if name in _EXACT else pa.float32(), nullable=False)
                for name in BELIEF_COLUMNS
            ),
            *(pa.field(name, text) for name in ("description", "reasoning")),
            *(pa.field(name, text, nullable=False) for name in ("text", TEXT_COLUMN)),
            *(pa.field(name, vector) for name in VECTOR_COLUMNS),
            pa.field("scenario_key", text, nullable=False),
            pa.field("run", pa.int64(), nullable=False),
        ],
        metadata=metadata,
    )


def batch(rows: Sequence[IndexRow], run: int, columns: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([_row(row, run) for row in rows], schema=columns)


def _row(row: IndexRow, run: int) -> dict[str, Any]:
    scenario, facts = row.scenario, row.scenario.verdict.facts
    frame = scenario.frame
    texts = searchable_texts(scenario)
    return {
        **{name: getattr(frame, name) for name in ("token", "sequence", "scene_key", "scene", "scene_token", "log")},
        "location": frame.location,
        "timestamp_us": frame.timestamp_us,
        **{field.name: getattr(facts, field.name) for field in SCALAR_FIELDS},
        "traffic_controls": list(facts.traffic_controls),
        "tags": list(facts.tags),
        "objects": _unique(detection.label for detection in scenario.grounding.detections),
        "risk": facts.risk,
        "risk_mean": scenario.beliefs.risk_mean,
        "risk_spread": scenario.beliefs.risk_spread,
        "agreement": scenario.verdict.agreement,
        **{belief_column(b.field, b.value): b.probability for b in scenario.beliefs.values},
        "description": facts.description,
        "reasoning": reasoning_text(scenario),
        "text": "\n".join(texts),
        TEXT_COLUMN: "\n".join(fold(text) for text in texts),  # a phrase holds blanks only, so it crosses no border
        DESCRIPTION_VECTOR: row.description_vector,
        REASONING_VECTOR: row.reasoning_vector,
        "scenario_key": row.scenario_key,
        "run": run,
    }


def searchable_texts(scenario: Scenario) -> list[str]:
    """What BM25 ranks and phrases match: the verdict's and the scouts' descriptions, and the labels detected."""
    descriptions = [scenario.verdict.facts.description, *(report.facts.description for report in scenario.reports)]
    labels = _unique(detection.label for detection in scenario.grounding.detections)
    return _unique(text for text in [*descriptions, ", ".join(labels)] if text)


def reasoning_text(scenario: Scenario) -> str | None:
    """What the scouts reasoned; where a run recorded no reasoning, their descriptions; and the reward's reasons.

    Without the confidences that reasons give in parentheses: to an embedding they are noise, and half its work.
    """
    spoken = [report.reasoning or report.facts.description for report in scenario.reports]
    reasons = [_IN_PARENTHESES.sub("", reason.text) for reason in scenario.verdict.reward.reasons]
    return "\n".join(_unique(text for text in [*spoken, *reasons] if text)) or None


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
