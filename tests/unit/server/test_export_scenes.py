"""COCO, FiftyOne and frames: boxes, pictures, and what is counted where it cannot be written."""

import io
import json
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from exported import exported, hit, picture, rows, seen
from scenario.records import Camera, Detection
from server.exporting import ExportRows
from server.exports.fiftyone import FiftyOne

BOXED = Detection(label="person", camera="CAM_FRONT", confidence=0.9, box_xyxy_px=(8.0, 6.0, 24.0, 30.0), range_m=9.5)
UNBOXED = Detection(label="car", camera="CAM_FRONT")


@pytest.fixture
def two_frames(tmp_path: Path) -> ExportRows:
    """A frame of two cameras, one with a person; and one that a recorded run knows without pictures."""
    cameras = {
        "CAM_FRONT": Camera(image=picture(tmp_path / "front", "a.jpg"), width_px=64, height_px=48),
        "CAM_BACK": Camera(image=picture(tmp_path / "back", "a.jpg")),
    }
    scenarios = [seen("token-1", cameras, [BOXED, UNBOXED], weather="rain"), seen("token-2", {}, [UNBOXED])]
    return rows([hit(1, facts={**hit().facts, "weather": "rain"}), hit(2)], scenarios)


def test_coco_boxes_are_left_top_width_height_and_refer_to_their_image_and_category(two_frames):
    data, format = exported("coco", two_frames)
    coco = json.loads(data)
    (box,) = coco["annotations"]
    images = {image["id"]: image for image in coco["images"]}
    names = {category["id"]: category["name"] for category in coco["categories"]}
    assert (box["bbox"], box["area"], box["score"]) == ([8.0, 6.0, 16.0, 24.0], 384.0, 0.9)
    assert names[box["category_id"]] == "person"
    image = images[box["image_id"]]
    assert (image["token"], image["camera"], image["width"], image["height"]) == ("token-1", "CAM_FRONT", 64, 48)
    assert format.left_out == {"detections without a box": 2}


def test_coco_reads_the_size_of_a_picture_that_the_log_does_not_state(two_frames):
    back = json.loads(exported("coco", two_frames)[0])["images"][1]
    assert (back["camera"], back["width"], back["height"]) == ("CAM_BACK", 64, 48)


def test_pycocotools_reads_our_coco(two_frames, tmp_path, capsys):
    api = pytest.importorskip("pycocotools.coco")
    (tmp_path / "coco.json").write_bytes(exported("coco", two_frames)[0])
    read = api.COCO(tmp_path / "coco.json")
    assert len(read.getImgIds()) == 2
    assert len(read.getAnnIds(catIds=read.getCatIds(catNms=["person"]))) == 1


def test_a_picture_of_unknown_size_is_left_out_of_coco_and_counted():
    scenarios = [seen("token-1", {"CAM_FRONT": Camera(image="/nowhere/a.jpg")}, [BOXED])]
    data, format = exported("coco", rows([hit(1)], scenarios))
    assert json.loads(data)["images"] == []
    assert format.left_out == {"pictures of unknown size": 1, "detections without a picture": 1}


def test_frames_are_pictures_as_they_are_and_a_line_a_frame(two_frames):
    data, format = exported("frames", two_frames)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names, lines = archive.namelist(), archive.read("metadata.jsonl").splitlines()
        assert archive.testzip() is None
    assert names == ["token-1/CAM_FRONT.jpg", "token-1/CAM_BACK.jpg", "metadata.jsonl"]
    first, second = map(json.loads, lines)
    assert first["pictures"] == {"CAM_FRONT": "token-1/CAM_FRONT.jpg", "CAM_BACK": "token-1/CAM_BACK.jpg"}
    assert (second["token"], second["pictures"]) == ("token-2", {})
    assert format.left_out == {"frames without a picture": 1}


def test_coco_names_the_pictures_as_the_frames_archive_does(two_frames):
    images = json.loads(exported("coco", two_frames)[0])["images"]
    with zipfile.ZipFile(io.BytesIO(exported("frames", two_frames)[0])) as archive:
        assert {image["file_name"] for image in images} <= set(archive.namelist())


@pytest.mark.parametrize("name", ["frames", "fiftyone"])
def test_no_token_or_camera_leads_out_of_an_archive(name, tmp_path):
    image = picture(tmp_path, "a.jpg")
    tokens = ["../../up", "/abs", "..", "a/b", "a_b", "C:\\x", "nul\0", "x" * 300, ".hidden"]
    scenarios = [seen(token, {"../CAM": Camera(image=image), "CAM.": Camera(image=image)}) for token in tokens]
    data, _ = exported(name, rows([hit(1 + n, token) for n, token in enumerate(tokens)], scenarios))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [entry for entry in archive.namelist() if entry.endswith(".jpg")]
    assert len(set(names)) == 2 * len(tokens)
    for entry in names:
        parts = entry.split("/")
        assert all(part and not part.startswith(".") and len(part) < 120 for part in parts)
        assert "\\" not in entry
        assert ":" not in entry


def test_a_picture_that_is_gone_is_counted_and_the_rest_is_written(two_frames, tmp_path):
    (tmp_path / "back" / "a.jpg").unlink()
    data, format = exported("frames", two_frames)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == ["token-1/CAM_FRONT.jpg", "metadata.jsonl"]
    assert format.left_out["pictures that cannot be read"] == 1


@pytest.mark.parametrize("name", ["frames", "fiftyone", "coco", "parquet"])
def test_the_same_frames_are_the_same_bytes(name, two_frames):
    assert exported(name, two_frames)[0] == exported(name, two_frames)[0]


def _fiftyone(given: ExportRows) -> tuple[dict, list[dict], Counter[str]]:
    format = FiftyOne()
    files = {name: b"".join(content) for name, content in format.files(given.batches("scenarios"))}
    return json.loads(files["metadata.json"]), json.loads(files["samples.json"])["samples"], format.left_out


def test_a_frame_is_a_fiftyone_group_and_a_camera_its_slice(two_frames):
    document, samples, left_out = _fiftyone(two_frames)
    assert [sample["group"]["name"] for sample in samples] == ["CAM_FRONT", "CAM_BACK"]
    assert len({sample["group"]["_id"]["$oid"] for sample in samples}) == 1
    assert document["group_media_types"] == {"CAM_FRONT": "image", "CAM_BACK": "image"}
    assert document["default_group_slice"] == "CAM_FRONT"
    assert left_out == {
        "detections without a box": 1,
        "detections without a picture": 1,
        "frames without a picture": 1,
    }


def test_fiftyone_boxes_are_shares_of_the_picture(two_frames):
    front = _fiftyone(two_frames)[1][0]
    (box,) = front["detections"]["detections"]
    assert box["bounding_box"] == [8 / 64, 6 / 48, 16 / 64, 24 / 48]
    assert (box["label"], box["confidence"], box["range_m"]) == ("person", 0.9, 9.5)


def test_every_sample_says_the_frames_tags_risk_and_facts(two_frames):
    for sample in _fiftyone(two_frames)[1]:
        assert (sample["tags"], sample["risk"], sample["frame_token"]) == (["construction"], 7, "token-1")
        assert sample["weather"]["label"] == "rain"
        assert sample["time_of_day"] is None


def _check(values: dict, fields: list[dict]) -> None:
    declared = {field["db_field"]: field for field in fields}
    for name, value in values.items():
        if name == "_cls":
            continue
        assert name in declared, name
        inner = declared[name]["fields"]
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict) and inner:
                _check(one, inner)


def test_every_value_of_a_sample_has_a_declared_field_and_every_id_is_an_object_id(two_frames):
    document, samples, _ = _fiftyone(two_frames)
    ids = [sample["_id"]["$oid"] for sample in samples]
    assert all(len(one) == 24 and int(one, 16) for one in ids)
    assert len(set(ids)) == len(ids)
    for sample in samples:
        _check(sample, document["sample_fields"])


def test_a_fiftyone_archive_holds_its_pictures_where_its_samples_look(two_frames):
    with zipfile.ZipFile(io.BytesIO(exported("fiftyone", two_frames)[0])) as archive:
        samples = json.loads(archive.read("samples.json"))["samples"]
        assert {sample["filepath"] for sample in samples} == set(archive.namelist()) - {"samples.json", "metadata.json"}


def test_fiftyone_imports_what_we_export(two_frames, tmp_path):
    fiftyone = pytest.importorskip("fiftyone")
    with zipfile.ZipFile(io.BytesIO(exported("fiftyone", two_frames)[0])) as archive:
        archive.extractall(tmp_path / "set")
    try:
        dataset = fiftyone.Dataset.from_dir(
            dataset_dir=str(tmp_path / "set"), dataset_type=fiftyone.types.FiftyOneDataset
        )
    except fiftyone.core.config.FiftyOneConfigError as error:
        pytest.skip(f"fiftyone has no database here: {error}")
    try:
        front = dataset.first()
        assert dataset.media_type == "group"
        assert set(dataset.group_slices) == {"CAM_FRONT", "CAM_BACK"}
        assert Path(front.filepath).is_file()
        assert (front.tags, front.risk, front.weather.label) == (["construction"], 7, "rain")
        near = dataset.filter_labels("detections", fiftyone.ViewField("range_m") < 10)
        assert near.count("detections.detections") == 1
    finally:
        dataset.delete()


@pytest.mark.parametrize("name", ["frames", "fiftyone"])
def test_a_file_that_is_no_picture_never_leaves_whatever_the_index_calls_it(tmp_path, name):
    (tmp_path / "front.jpg").write_text("secret")
    cameras = {"CAM_FRONT": Camera(image=str(tmp_path / "front.jpg"), width_px=64, height_px=48)}
    sent, format = exported(name, rows([hit()], [seen("token-1", cameras)]))
    assert b"secret" not in sent
    assert format.left_out["pictures that cannot be read"] == 1
