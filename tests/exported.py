"""Made-up frames on their way out, without an index: hits, and scenarios with pictures and boxes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from drives import scenario
from scenario.records import Camera, Detection, Facts, Scenario
from scenario.vocabulary import SCALAR_FIELDS, Tag
from search.results import Hit, TagBelief
from server.exporting import ExportRows
from server.exports.formats import FORMATS, Format


def hit(rank: int = 1, token: str | None = None, **given: object) -> Hit:
    values: dict[str, object] = {
        "rank": rank,
        "token": token or f"token-{rank}",
        "scene": "scene-0001",
        "scene_key": "scene-0001",
        "sequence": rank,
        "risk": 7,
        "risk_percentile": 90.0,
        "risk_mean": 6.5,
        "risk_spread": None,
        "tags": tuple(TagBelief(tag=tag, probability=0.5, held=tag == Tag.CONSTRUCTION) for tag in Tag),
        "facts": {field.name: None for field in SCALAR_FIELDS},
        "traffic_controls": (),
        "objects": ("person", "car"),
        "description": "Two barrels in the lane.",
        "agreement": None,
        "score": None,
        "why": {},
        **given,
    }
    return Hit.model_validate(values)


def seen(token: str, cameras: dict[str, Camera], detections: Sequence[Detection] = (), **facts: object) -> Scenario:
    made = scenario(token, Facts.model_validate(facts), cameras=cameras)
    grounding = made.grounding.model_copy(update={"cameras": tuple(cameras), "detections": tuple(detections)})
    return made.model_copy(update={"grounding": grounding})


def picture(folder: Path, name: str, size_px: tuple[int, int] = (64, 48)) -> str:
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size_px).save(folder / name)
    return str(folder / name)


def rows(hits: Sequence[Hit], scenarios: Sequence[Scenario] = ()) -> ExportRows:
    return ExportRows(
        np.arange(len(hits)),
        lambda chosen: [hits[i].token for i in chosen],
        lambda chosen: [hits[i] for i in chosen],
        lambda chosen: [scenarios[i] for i in chosen],
    )


def exported(name: str, given: ExportRows) -> tuple[bytes, Format]:
    """The whole export, and the format with what it counted."""
    format = FORMATS.create(name)
    return b"".join(format.chunks(given.batches(format.reads))), format
