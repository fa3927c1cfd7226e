"""Annotations as they really come: some missing, some a little off."""

import numpy as np

from indexer.logs.sample.dice import Dice
from indexer.logs.sample.geometry import quaternion, turned
from indexer.logs.sample.tables import Row, Tables, link

DROPPED, JITTERED = 0.1, 0.1


def perturbed(rows: Tables, seed: int) -> Tables:
    """The same tables with a tenth of the annotations gone, and a tenth of the rest moved by 0.3 to 0.5 m and turned
    by up to 4 degrees. Neighbours in time and instances are linked anew."""
    dice = Dice(seed, "perturb")
    categories = {row["token"]: row["category_token"] for row in rows["instance"]}
    kept = []
    for row in rows["sample_annotation"]:
        fate = dice.between(0.0, 1.0)
        if fate < DROPPED:
            continue
        moved = _jittered(row, dice) if fate < DROPPED + (1 - DROPPED) * JITTERED else dict(row)
        kept.append(moved | {"category_token": categories[row["instance_token"]]})
    result = {**rows, "sample_annotation": kept}
    link(result)
    return result


def _jittered(row: Row, dice: Dice) -> Row:
    distance, way, turn = dice.between(0.3, 0.5), dice.between(-np.pi, np.pi), np.radians(dice.between(-4.0, 4.0))
    x, y, z = row["translation"]
    w, _, _, s = row["rotation"]
    heading = 2 * np.arctan2(s, w) + turn
    return row | {
        "translation": [x + distance * float(np.cos(way)), y + distance * float(np.sin(way)), z],
        "rotation": list(quaternion(turned(float(heading)))),
    }
