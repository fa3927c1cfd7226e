"""The real predict path of ultralytics, with a YOLOE of random weights and real photographs."""

import logging
import os
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("ultralytics", reason="needs the extra 'vision'")

import torch

import random_yoloe
from indexer.grounding import detector
from indexer.grounding.detector import Detector, chosen_device, find_weights
from indexer.grounding.yoloe import YoloeGrounder, yoloe_grounder
from scenario.errors import ConfigError, ImageUnreadable, WeightsMissing
from scenario.images import read
from scenario.labels import LABELS, ROAD_USERS
from scenario.records import Camera, Frame, Pose
from scenario.registry import GROUNDERS

QUICK = {"image_size": 320, "device": "cpu", "threshold": 0.2}
CALIBRATED = {
    "intrinsic": ((900.0, 0.0, 405.0), (0.0, 900.0, 540.0), (0.0, 0.0, 1.0)),
    "mounting": Pose(translation_m=(1.7, 0.0, 1.5), rotation_wxyz=(0.5, -0.5, 0.5, -0.5)),
}


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """A cache folder of our own, also for the settings that ultralytics writes."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("XDG_CACHE_HOME", str(folder))
        patch.setenv("LOCALAPPDATA", str(folder))
        yield folder / "semdrive"


@pytest.fixture(scope="module")
def pictures(cache):
    return random_yoloe.real_pictures()


@pytest.fixture(scope="module")
def fixed(tmp_path_factory, cache):
    """A checkpoint that has our labels."""
    return random_yoloe.save_fixed(tmp_path_factory.mktemp("fixed") / "yoloe-tiny.pt")


@pytest.fixture(scope="module")
def open_vocabulary(tmp_path_factory, cache):
    """A checkpoint that must be told our labels."""
    return random_yoloe.save_open(tmp_path_factory.mktemp("open") / "yoloe-tiny.pt")


@dataclass
class TextFiles:
    encoder: Path
    tokenizer: Path

    def options(self):
        return {"text_encoder": str(self.encoder), "tokenizer": str(self.tokenizer)}


@pytest.fixture
def text_files(tmp_path):
    encoder = random_yoloe.save_text_encoder(tmp_path / "encoder.ts")
    return TextFiles(encoder, random_yoloe.save_tokenizer(tmp_path / "tokenizer.json"))


@pytest.fixture
def grounder(fixed):
    grounder = yoloe_grounder(checkpoint=str(fixed), **QUICK)
    yield grounder
    grounder.close()


@pytest.fixture
def frame(pictures):
    """Two cameras with pictures of different sizes, one of them calibrated."""
    front = Camera(image=str(pictures["bus"]), width_px=810, height_px=1080, **CALIBRATED)
    return Frame(token="both", cameras={"CAM_FRONT": front, "CAM_FRONT_LEFT": Camera(image=str(pictures["zidane"]))})


def another(frame, token="other"):
    """The same pictures under the other cameras' names."""
    names = list(frame.cameras)
    return frame.model_copy(
        update={"token": token, "cameras": dict(zip(names, reversed(frame.cameras.values()), strict=True))}
    )


def test_what_is_seen_is_of_our_taxonomy_and_lies_in_its_picture(grounder, frame):
    (grounding,) = grounder.ground([frame])
    assert grounding.backend == "yoloe"
    assert grounding.fingerprint == grounder.fingerprint
    assert grounding.cameras == ("CAM_FRONT", "CAM_FRONT_LEFT")
    assert {detection.camera for detection in grounding.detections} == {"CAM_FRONT", "CAM_FRONT_LEFT"}
    sizes = {name: read(camera.image).size for name, camera in frame.cameras.items()}
    for detection in grounding.detections:
        width, height = sizes[detection.camera]
        left, top, right, bottom = detection.box_xyxy_px
        assert detection.label in LABELS
        assert detection.confidence >= QUICK["threshold"]
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height


def test_detections_stand_in_the_order_of_the_cameras_and_then_surest_first(grounder, frame):
    (grounding,) = grounder.ground([frame])
    order = [(grounding.cameras.index(one.camera), -one.confidence) for one in grounding.detections]
    assert order == sorted(order)


def test_ranges_are_known_where_the_camera_is_calibrated(grounder, frame):
    (grounding,) = grounder.ground([frame])
    ranged = {one.camera for one in grounding.detections if one.range_m is not None}
    assert ranged == {"CAM_FRONT"}
    assert all(one.path == "straight" for one in grounding.detections if one.range_m is not None)


def test_boxes_that_end_below_the_picture_are_noted(grounder, frame):
    (grounding,) = grounder.ground([frame])
    cut = [one for one in grounding.detections if one.range_m is not None and one.box_xyxy_px[3] >= 1078]
    assert cut
    assert grounding.notes == (f"{len(cut)} boxes end at the lower border: they are no farther than their range says",)


def test_a_batch_of_frames_with_several_cameras_equals_one_by_one(fixed, grounder, frame):
    frames = [frame, another(frame), frame.model_copy(update={"token": "again"})]
    together = grounder.ground(frames)
    single = yoloe_grounder(checkpoint=str(fixed), batch_images=1, **QUICK)
    for grounding, alone in zip(together, [single.ground([one])[0] for one in frames], strict=True):
        assert [one.model_dump(exclude={"confidence", "box_xyxy_px"}) for one in grounding.detections] == [
            one.model_dump(exclude={"confidence", "box_xyxy_px"}) for one in alone.detections
        ]
        for one, other in zip(grounding.detections, alone.detections, strict=True):
            assert one.confidence == pytest.approx(other.confidence, abs=2e-4)
            assert one.box_xyxy_px == pytest.approx(other.box_xyxy_px, abs=0.11)
    single.close()


def test_a_frame_without_cameras_is_grounded_nowhere(grounder):
    (grounding,) = grounder.ground([Frame(token="blind")])
    assert (grounding.cameras, grounding.detections) == ((), ())


def test_a_higher_threshold_for_a_group_takes_only_that_group_away(fixed, grounder, frame):
    (before,) = grounder.ground([frame])
    seen = {one.label for one in before.detections}
    strict = yoloe_grounder(checkpoint=str(fixed), thresholds={"person": 1.0, "rider": 1.0}, **QUICK)
    (after,) = strict.ground([frame])
    strict.close()
    left = {one.label for one in after.detections}
    gone = seen - left
    assert gone
    assert gone <= ROAD_USERS
    assert not left & ROAD_USERS


def test_after_close_it_loads_again_and_sees_the_same(grounder, frame):
    before = grounder.ground([frame])
    grounder.close()
    assert grounder.ground([frame]) == before
    grounder.close()
    grounder.close()


def test_labels_are_given_once_and_then_the_text_encoder_is_not_needed(open_vocabulary, text_files, frame):
    options = {"checkpoint": str(open_vocabulary), **QUICK, **text_files.options()}
    first = yoloe_grounder(**options)
    before = first.ground([frame])
    first.close()
    assert before[0].detections
    text_files.encoder.unlink()
    text_files.tokenizer.unlink()
    second = yoloe_grounder(**options)
    assert second.ground([frame]) == before
    second.close()


def test_the_checkpoint_with_our_labels_is_kept_whole_and_leaves_no_draft(open_vocabulary, text_files, frame, cache):
    shutil.rmtree(cache / "yoloe", ignore_errors=True)
    grounder = yoloe_grounder(checkpoint=str(open_vocabulary), **QUICK, **text_files.options())
    before = grounder.ground([frame])[0].detections
    grounder.close()
    (kept,) = (cache / "yoloe").iterdir()
    moved = kept.rename(kept.parent.parent / "ready.pt")  # on a machine that has nothing else
    ready = yoloe_grounder(checkpoint=str(moved), **QUICK)
    assert ready.ground([frame])[0].detections == before
    ready.close()
    assert list((cache / "yoloe").iterdir()) == []


def test_embeddings_made_elsewhere_stand_for_the_text_encoder(open_vocabulary, tmp_path, frame):
    model = random_yoloe.build()
    model.save(tmp_path / open_vocabulary.name)  # embeddings are bound to the checkpoint's name
    stored = detector.open_checkpoint(tmp_path / open_vocabulary.name).save_prompt_embeddings(tmp_path / "labels.npz")
    grounder = yoloe_grounder(checkpoint=str(open_vocabulary), embeddings=str(stored), **QUICK)
    assert grounder.ground([frame])[0].detections
    grounder.close()


def test_a_cache_that_cannot_be_written_is_named(open_vocabulary, text_files, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "file"))
    with pytest.raises(ConfigError, match="XDG_CACHE_HOME moves it"):
        opened(open_vocabulary, **text_files.options())


def test_embeddings_of_other_labels_are_refused(open_vocabulary, tmp_path):
    other = detector.open_checkpoint(open_vocabulary).save_prompt_embeddings(tmp_path / "other.npz")
    with pytest.raises(ConfigError, match="other labels than the"):
        opened(open_vocabulary, embeddings=str(other))


def test_a_file_that_holds_no_embeddings_is_refused(open_vocabulary, tmp_path):
    (tmp_path / "labels.npz").write_text("not an archive")
    with pytest.raises(ConfigError, match="holds no prompt embeddings"):
        opened(open_vocabulary, embeddings=str(tmp_path / "labels.npz"))


def test_a_text_encoder_of_another_size_is_refused(open_vocabulary, text_files):
    random_yoloe.save_text_encoder(text_files.encoder, dim=256)
    with pytest.raises(ConfigError, match="makes features of shape"):
        opened(open_vocabulary, **text_files.options())


def test_a_text_encoder_that_is_none_is_refused(open_vocabulary, text_files):
    text_files.encoder.write_bytes(b"nothing of the kind")
    with pytest.raises(ConfigError, match="is no TorchScript text encoder"):
        opened(open_vocabulary, **text_files.options())


def test_missing_weights_are_named_with_the_remedy_before_anything_runs(cache):
    with pytest.raises(WeightsMissing, match=r"semdrive models pull yoloe-11l-seg\.pt \(into .*weights\)"):
        _ = yoloe_grounder().fingerprint
    with pytest.raises(WeightsMissing, match=r"semdrive models pull hf:owner/models/yoloe\.pt"):
        _ = yoloe_grounder(checkpoint="hf:owner/models/yoloe.pt").fingerprint


def test_a_missing_text_encoder_is_named_with_the_remedy(open_vocabulary, frame):
    grounder = yoloe_grounder(checkpoint=str(open_vocabulary), **QUICK)
    with pytest.raises(WeightsMissing, match=r"mobileclip_blt\.ts"):
        grounder.ground([frame])


def test_a_bare_name_is_found_in_the_cache_folder(fixed, cache):
    (cache / "weights").mkdir(parents=True, exist_ok=True)
    kept = Path(shutil.copy(fixed, cache / "weights" / "yoloe-kept.pt"))
    assert find_weights("yoloe-kept.pt") == kept


def test_nothing_asks_the_network(fixed, open_vocabulary, text_files, frame, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    grounder = yoloe_grounder(checkpoint=str(fixed), **QUICK)
    grounder.ground([frame])
    grounder.close()
    with pytest.raises(WeightsMissing):
        opened(open_vocabulary, text_encoder="mobileclip_blt.ts", tokenizer=str(text_files.tokenizer))
    assert (os.environ["YOLO_OFFLINE"], os.environ["YOLO_AUTOINSTALL"]) == ("1", "false")


def test_a_broken_picture_is_named_with_its_frame_and_the_rest_can_be_seen(grounder, frame, tmp_path):
    whole = Path(frame.cameras["CAM_FRONT"].image).read_bytes()
    short = tmp_path / "short.jpg"
    short.write_bytes(whole[: len(whole) // 2])
    broken = Frame(token="broken", cameras={"CAM_FRONT": Camera(image=str(short))})
    with pytest.raises(ImageUnreadable, match=r"short\.jpg") as failure:
        grounder.ground([frame, broken])
    assert failure.value.token == "broken"
    assert grounder.ground([frame])[0].detections


def test_a_missing_picture_is_named_when_its_stamp_is_asked_for(grounder, tmp_path):
    gone = Frame(token="gone", cameras={"CAM_FRONT": Camera(image=str(tmp_path / "gone.jpg"))})
    with pytest.raises(ImageUnreadable, match=r"gone\.jpg"):
        grounder.inputs(gone)


def test_inputs_change_with_the_pictures_and_with_all_that_places_what_is_seen(grounder, frame):
    pose = Pose(translation_m=(1.0, 2.0, 0.0), rotation_wxyz=(1.0, 0.0, 0.0, 0.0))
    lifted = frame.cameras["CAM_FRONT"].model_copy(update={"mounting": pose})
    others = [
        frame.model_copy(update={"ego_pose": pose}),
        frame.model_copy(update={"ego_pose": pose, "ego_path": (pose,)}),
        frame.model_copy(update={"cameras": frame.cameras | {"CAM_FRONT": lifted}}),
        another(frame),
    ]
    keys = [grounder.inputs(one) for one in (frame, *others)]
    assert len(set(keys)) == len(keys)
    assert grounder.inputs(frame.model_copy(update={"token": "same", "description": "other"})) == keys[0]


def test_the_fingerprint_names_what_decides_and_not_where_it_runs(fixed):
    def fingerprint(**options):
        return yoloe_grounder(checkpoint=str(fixed), **options).fingerprint

    assert fingerprint() == fingerprint(device="cpu", batch_images=2)
    changed = [fingerprint(image_size=320), fingerprint(threshold=0.5), fingerprint(thresholds={"debris": 0.1})]
    assert len({fingerprint(), *changed}) == 4
    assert fingerprint().startswith("yoloe:yoloe-tiny.pt:")


def test_a_device_that_is_not_here_or_does_not_exist_is_refused():
    with pytest.raises(ConfigError, match="no device named 'gpu'"):
        chosen_device("gpu")
    absent = "mps" if torch.cuda.is_available() else "cuda:0"
    with pytest.raises(ConfigError, match=f"device '{absent}' is not on this machine"):
        chosen_device(absent)


def test_the_device_is_the_first_gpu_or_else_the_processor():
    assert chosen_device(None) == torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
    assert chosen_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"thresholds": {"persons": 0.5}}, "no label group named 'persons'; did you mean 'person'"),
        ({"threshold": 1.5}, "threshold"),
        ({"image_size": 333}, "image_size"),
        ({"batch": 3}, "no option named 'batch'"),
    ],
)
def test_an_option_that_cannot_be_used_is_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        yoloe_grounder(**options)


def opened(checkpoint, **options):
    """The detector of a checkpoint, as the grounder would open it."""
    return Detector(str(checkpoint), **{"tokenizer": "none.json", "device": "cpu", **options})


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("cut.pt", b"PK\x03\x04 cut short", "is no checkpoint that ultralytics can read"),
        ("text.pt", b"hello", "is no checkpoint that ultralytics can read"),
        ("yoloe-11n.yaml", b"nc: 80", r"is no \.pt checkpoint"),
    ],
)
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        opened(tmp_path / name)


def test_a_detector_with_a_closed_vocabulary_is_refused(tmp_path):
    closed = detector.ultralytics_offline().YOLO("yolo11n.yaml")
    closed.ckpt = {}
    closed.save(tmp_path / "yolo11n.pt")
    with pytest.raises(ConfigError, match="is no YOLOE checkpoint but DetectionModel"):
        opened(tmp_path / "yolo11n.pt")


def test_when_suppression_runs_out_of_time_the_batch_is_seen_picture_by_picture(fixed, pictures):
    seeing = opened(fixed)
    real, sizes = seeing._model, []

    class OutOfTime:
        """Says what ultralytics says when it leaves the rest of a batch without boxes, and leaves it so."""

        def predict(self, batch, **options):
            sizes.append(len(batch))
            results = real.predict(batch, **options)
            if len(batch) > 1:
                logging.getLogger("ultralytics").warning("NMS time limit 2.100s exceeded")
                results[-1] = results[-1][:0]
            return results

    picture = read(str(pictures["bus"]))
    (alone,) = seeing.see([picture], image_size=320, threshold=0.3)
    seeing._model = OutOfTime()
    assert seeing.see([picture, picture], image_size=320, threshold=0.3) == [alone, alone]
    assert sizes == [2, 1, 1]


@pytest.mark.parametrize("config", ["yoloe-11n-seg.yaml", "yoloe-26n.yaml"])
def test_other_shapes_of_yoloe_are_read_too(tmp_path, frame, config):
    checkpoint = random_yoloe.save_fixed(tmp_path / "other.pt", config)
    grounder = yoloe_grounder(checkpoint=str(checkpoint), **QUICK | {"threshold": 0.05})
    (grounding,) = grounder.ground([frame])
    grounder.close()
    assert {one.camera for one in grounding.detections} == {"CAM_FRONT", "CAM_FRONT_LEFT"}


def test_the_registry_knows_it(fixed):
    assert isinstance(GROUNDERS.create("yoloe", checkpoint=str(fixed)), YoloeGrounder)


@pytest.mark.shared
def test_real_key_frames_go_through(grounder, released):
    samples = released.parent / "nuscenes_frames" / "samples"
    cameras = {folder.name: sorted(folder.glob("*.jpg"))[0] for folder in sorted(samples.glob("CAM_*"))}
    real = Frame(token="real", cameras={name: Camera(image=str(path)) for name, path in cameras.items()})
    (grounding,) = grounder.ground([real])
    assert grounding.cameras == tuple(cameras)
