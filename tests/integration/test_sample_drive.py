"""A sample drive as it is written: the devkit opens it, the pictures show what the annotations say."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from indexer.logs.sample import SampleSummary, write_sample
from indexer.logs.sample.pictures import take_scene
from indexer.logs.sample.rig import rig
from indexer.logs.sample.stories import tell
from indexer.logs.sample.tables import staged
from scenario.errors import InputError
from scenario.records import Facts
from scenario.vocabulary import SCALAR_FIELDS

SEED = 11


@pytest.fixture(scope="module")
def drive(tmp_path_factory: pytest.TempPathFactory) -> SampleSummary:
    """One scene: barrels that close a lane in rain."""
    return write_sample(tmp_path_factory.mktemp("drive") / "sample", seed=SEED, scenes=1)


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> SampleSummary:
    """Three scenes of another seed, drawn by other processes."""
    return write_sample(tmp_path_factory.mktemp("several") / "sample", seed=SEED + 1, scenes=3)


@pytest.fixture(scope="module")
def nusc(drive: SampleSummary) -> Any:
    import nuscenes

    return nuscenes.NuScenes(drive.version, drive.directory, verbose=False)


def contents(folder: str | Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def gold(folder: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (Path(folder) / "gold.jsonl").read_text(encoding="utf-8").splitlines()]


def test_the_devkit_opens_it(drive: SampleSummary, nusc: Any) -> None:
    assert (len(nusc.scene), len(nusc.sample), len(nusc.sample_data)) == (1, drive.frames, drive.frames * 3)
    assert len(nusc.sample_annotation) == drive.annotations > 20
    assert nusc.map[0]["mask"].mask().any()


def test_the_devkit_renders_a_sample_with_its_boxes(nusc: Any, tmp_path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    picture = tmp_path / "rendered.png"
    nusc.render_sample_data(nusc.sample[2]["data"]["CAM_FRONT"], out_path=str(picture), verbose=False)
    assert picture.stat().st_size > 10_000


def test_the_ego_stands_on_the_drivable_part_of_its_map(nusc: Any) -> None:
    for pose in nusc.ego_pose:
        x, y, _ = pose["translation"]
        assert nusc.map[0]["mask"].is_on_mask(x, y).all()


def _boxes(nusc: Any, frame: int, channel: str) -> tuple[np.ndarray, list[tuple[str, tuple[int, int, int, int]]]]:
    """The picture, and for every box in it our own category and the rectangle around it (x0, y0, x1, y1)."""
    from nuscenes.utils.geometry_utils import view_points

    path, boxes, intrinsic = nusc.get_sample_data(nusc.sample[frame]["data"][channel])
    found = []
    for box in boxes:
        corners = view_points(box.corners(), intrinsic, normalize=True)[:2]
        (x0, y0), (x1, y1) = corners.min(axis=1), corners.max(axis=1)
        instance = nusc.get("sample_annotation", box.token)["instance_token"]
        category = nusc.get("category", nusc.get("instance", instance)["category_token"])
        found.append((category["description"], (int(x0), int(y0), int(x1) + 1, int(y1) + 1)))
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"), dtype=int), found


def test_where_a_barrel_is_annotated_the_picture_is_orange(nusc: Any) -> None:
    pixels, boxes = _boxes(nusc, 4, "CAM_FRONT")
    barrels = [rectangle for name, rectangle in boxes if name == "movable_object.construction_barrel"]
    assert len(barrels) >= 6
    orange = (pixels[..., 0] > 1.3 * pixels[..., 2]) & (pixels[..., 0] > 90)
    near = sorted(barrels, key=lambda box: box[1] - box[3])[:4]
    inside = [orange[y0:y1, x0:x1].mean() for x0, y0, x1, y1 in near]
    assert min(inside) > 0.25
    covered = np.zeros_like(orange)
    for x0, y0, x1, y1 in barrels:
        covered[max(0, y0 - 3) : y1 + 3, max(0, x0 - 3) : x1 + 3] = True
    road = orange[250:, 250:550]
    assert (road & ~covered[250:, 250:550]).sum() < 0.3 * (road & covered[250:, 250:550]).sum()


def test_the_gold_file_speaks_the_vocabulary(drive: SampleSummary, nusc: Any) -> None:
    lines = gold(drive.directory)
    assert [line["token"] for line in lines] == [sample["token"] for sample in nusc.sample]
    for line in lines:
        values = {field.name: line[field.name] for field in SCALAR_FIELDS}
        facts = Facts.model_validate(
            values
            | {
                "traffic_controls": line["traffic_controls"],
                "tags": line["wod_e2e_tags"],
                "risk": line["risk_score"],
                "description": line["description"],
            }
        )
        assert facts.risk is not None
        assert facts.description
        assert line["scene"] == "scene-0001"
        assert set(facts.tags) == {"construction", "lane_diversion", "weather_adverse"}


def test_perturbing_leaves_everything_but_annotations_as_it_was_byte_for_byte(
    drive: SampleSummary, tmp_path: Path
) -> None:
    earlier = tmp_path / "samples" / "CAM_FRONT" / "of-an-earlier-drive.jpg"
    earlier.parent.mkdir(parents=True)
    earlier.write_bytes(b"old")
    (tmp_path / drive.version).mkdir()
    seen: list[tuple[int, int]] = []
    noisy = write_sample(
        tmp_path, seed=SEED, scenes=1, perturb=True, progress=lambda done, total: seen.append((done, total))
    )
    first, second = contents(drive.directory), contents(noisy.directory)
    assert set(first) == set(second)
    assert {name for name in first if first[name] != second[name]} == {
        "v1.0-sample/sample_annotation.json",
        "v1.0-sample/instance.json",
    }
    assert 0 < noisy.annotations < drive.annotations
    assert seen == [(18, 18)]


def test_a_scene_is_the_same_whichever_process_draws_it(several: SampleSummary) -> None:
    before = contents(several.directory)
    take_scene((staged(SEED + 1, tell(SEED + 1, 3))[1], rig(SEED + 1), several.directory))
    assert contents(several.directory) == before


def test_another_seed_writes_another_drive(drive: SampleSummary, several: SampleSummary) -> None:
    first, second = contents(drive.directory), contents(several.directory)
    moving = (".jpg", "sample.json", "ego_pose.json", "sample_annotation.json", "scene.json")
    assert not {*first.values()} & {data for name, data in second.items() if name.endswith(moving)}


def test_a_directory_that_holds_something_else_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("mine")
    with pytest.raises(InputError, match=r"letters\.txt"):
        write_sample(tmp_path, scenes=1)
    assert (tmp_path / "letters.txt").read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("wrong", [{"scenes": 0}, {"scenes": 99}, {"seed": -1}])
def test_a_drive_that_cannot_be_told_is_refused_before_anything_is_touched(
    tmp_path: Path, wrong: dict[str, int]
) -> None:
    with pytest.raises(InputError, match=str(next(iter(wrong.values())))):
        write_sample(tmp_path / "new", **wrong)  # type: ignore[arg-type]
    assert not (tmp_path / "new").exists()
