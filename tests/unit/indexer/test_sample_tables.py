"""The tables of a sample drive: linked, in the vocabulary, and perturbed by a tenth."""

import math

import pytest

from indexer.logs.sample.catalogue import KINDS
from indexer.logs.sample.perturb import perturbed
from indexer.logs.sample.rig import CHANNELS, rig
from indexer.logs.sample.script import FRAMES
from indexer.logs.sample.stories import MOST, tell
from indexer.logs.sample.tables import TABLES, Row, Tables, staged, tables
from scenario.labels import LABELS


@pytest.fixture(scope="module")
def rows() -> Tables:
    return tables(staged(5, tell(5, MOST)), rig(5))


def test_the_same_seed_gives_the_same_tables_and_another_seed_others(rows: Tables) -> None:
    assert tables(staged(5, tell(5, MOST)), rig(5)) == rows
    other = tables(staged(6, tell(6, MOST)), rig(6))
    assert not {row["token"] for row in rows["sample"]} & {row["token"] for row in other["sample"]}


def by_token(table: list[Row]) -> dict[str, Row]:
    return {row["token"]: row for row in table}


def test_there_are_thirteen_tables_and_every_token_is_unique(rows: Tables) -> None:
    assert set(rows) == set(TABLES)
    assert len(TABLES) == 13
    for name, table in rows.items():
        assert len(by_token(table)) == len(table), name


def test_every_reference_finds_its_row(rows: Tables) -> None:
    references = {
        "sample": {"scene_token": "scene", "prev": "sample", "next": "sample"},
        "sample_data": {
            "sample_token": "sample",
            "ego_pose_token": "ego_pose",
            "calibrated_sensor_token": "calibrated_sensor",
            "prev": "sample_data",
            "next": "sample_data",
        },
        "sample_annotation": {
            "sample_token": "sample",
            "instance_token": "instance",
            "visibility_token": "visibility",
            "prev": "sample_annotation",
            "next": "sample_annotation",
        },
        "instance": {
            "category_token": "category",
            "first_annotation_token": "sample_annotation",
            "last_annotation_token": "sample_annotation",
        },
        "scene": {"log_token": "log", "first_sample_token": "sample", "last_sample_token": "sample"},
        "calibrated_sensor": {"sensor_token": "sensor"},
    }
    for table, fields in references.items():
        for row in rows[table]:
            for field, target in fields.items():
                assert row[field] == "" or row[field] in by_token(rows[target]), f"{table}.{field}"


def test_every_frame_has_three_pictures_and_every_scene_six_frames(rows: Tables) -> None:
    assert len(rows["sample"]) == FRAMES * MOST
    assert len(rows["sample_data"]) == len(CHANNELS) * FRAMES * MOST


def test_categories_have_names_that_the_devkit_can_draw_and_finer_words_in_our_taxonomy(rows: Tables) -> None:
    from nuscenes.utils.color_map import get_colormap

    for row in rows["category"]:
        assert row["name"] in get_colormap()
        finer = row["description"]
        label = finer.rsplit(".", 1)[-1].replace("_", " ")
        assert finer == row["name"] or label in LABELS, finer
    assert {row["description"] for row in rows["category"]} == {kind.category for kind in KINDS.values()}


def test_perturbing_drops_and_moves_a_tenth(rows: Tables) -> None:
    noisy = perturbed(rows, 5)
    before, after = by_token(rows["sample_annotation"]), by_token(noisy["sample_annotation"])
    assert set(after) < set(before)
    assert 0.86 < len(after) / len(before) < 0.94
    moved = [math.dist(after[key]["translation"], before[key]["translation"]) for key in after]
    shifts = [distance for distance in moved if distance > 0]
    assert 0.06 < len(shifts) / len(after) < 0.14
    assert all(0.299 < distance < 0.501 for distance in shifts)


def test_perturbed_tables_are_linked_anew_and_the_others_stay(rows: Tables) -> None:
    noisy = perturbed(rows, 5)
    annotations = by_token(noisy["sample_annotation"])
    for instance in noisy["instance"]:
        key, count = instance["first_annotation_token"], 0
        while key:
            count, last, key = count + 1, key, annotations[key]["next"]
        assert count == instance["nbr_annotations"]
        assert last == instance["last_annotation_token"]
    for name in set(TABLES) - {"sample_annotation", "instance"}:
        assert noisy[name] == rows[name]


def test_names_and_log_names_do_not_give_the_story_away(rows: Tables) -> None:
    for log in rows["log"]:
        assert not any(word in log["logfile"] for word in ("night", "rain", "dusk", "fog"))
    assert [scene["name"] for scene in rows["scene"]] == [f"scene-{n:04d}" for n in range(1, MOST + 1)]
