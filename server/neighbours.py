"""A frame among the others of its scene, with their risk: what comes before, what comes after."""

import numpy as np

from scenario.records import Record
from search.corpus import Corpus
from search.retrieval import position_of


class SceneFrame(Record):
    """One frame of a scene's time line."""

    token: str
    sequence: int | None
    timestamp_us: int | None
    risk: int | None
    tags: tuple[str, ...]


class Neighbours(Record):
    """The frames of a frame's scene in the order they were driven, and the one before and after it."""

    token: str
    scene: str | None
    scene_key: str
    place: int  # of the frame in `frames`, from 0
    previous: str | None
    next: str | None
    frames: tuple[SceneFrame, ...]


COLUMNS = ("token", "scene", "scene_key", "sequence", "timestamp_us", "risk", "tags")


def neighbours(corpus: Corpus, token: str) -> Neighbours:
    """Raises `UnknownToken`. Frames without a place in their source come last, by token."""
    codes = corpus.codes("scene_key").codes
    here = position_of(corpus, token)
    positions = np.flatnonzero(codes == codes[here])
    rows = corpus.rows(positions, COLUMNS)
    rows.sort(key=lambda row: (row["sequence"] is None, row["sequence"] or 0, row["token"]))
    tokens = [str(row["token"]) for row in rows]
    place = tokens.index(token)
    return Neighbours(
        token=token,
        scene=rows[place]["scene"],
        scene_key=rows[place]["scene_key"],
        place=place,
        previous=tokens[place - 1] if place else None,
        next=tokens[place + 1] if place + 1 < len(tokens) else None,
        frames=tuple(
            SceneFrame(
                **{name: row[name] for name in ("token", "sequence", "timestamp_us", "risk")}, tags=tuple(row["tags"])
            )
            for row in rows
        ),
    )
