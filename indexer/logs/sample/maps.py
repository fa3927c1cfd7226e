"""The map of a town: white where one may drive, black elsewhere, ten pixels a metre as nuScenes has it."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from indexer.logs.sample.geometry import Spot
from indexer.logs.sample.tables import CELL_M, Staged, side_cells

PX_PER_M = 10


def write_maps(folder: Path, scenes: Sequence[Staged]) -> None:
    """One PNG a town. Image rows run from north to south, so y is counted from the bottom."""
    folder.mkdir()
    stories = [scene.story for scene in scenes]
    for left_hand in (False, True):
        here = [scene for scene in scenes if scene.story.left_hand == left_hand]
        if not here:
            continue
        side_px = int(side_cells(stories, left_hand) * CELL_M * PX_PER_M)
        mask = Image.new("L", (side_px, side_px))
        draw = ImageDraw.Draw(mask)
        for scene in here:
            for outline in _roads(scene):
                pixels = [(x * PX_PER_M, side_px - 1 - y * PX_PER_M) for x, y in outline]
                draw.polygon(pixels, fill=255)
        mask.save(folder / f"{here[0].location}.png", optimize=True)


def _roads(scene: Staged) -> list[list[tuple[float, float]]]:
    """The outlines of a scene's roads in the global frame: the street, cut into slices, and a crossing road."""
    layout = scene.story.layout
    left, right = layout.left_m, layout.right_m
    steps = range(-15, 100, 5)
    street = [Spot(s, left) for s in steps] + [Spot(s, right) for s in reversed(steps)]
    outlines = [street]
    if layout.junction_s is not None:
        near, far = layout.junction_s - 6.0, layout.junction_s + 6.0
        outlines.append([Spot(near, -45.0), Spot(far, -45.0), Spot(far, 45.0), Spot(near, 45.0)])
    return [[_point(scene, spot) for spot in outline] for outline in outlines]


def _point(scene: Staged, spot: Spot) -> tuple[float, float]:
    place = scene.into_map(scene.story.place(spot))
    return place.x, place.y
