"""Checkpoints of YOLOE: found, given our labels once, kept, and refused with the reason when they cannot be used."""

import os
import shutil
import socket
from pathlib import Path

import pytest

import random_yoloe
from indexer.grounding import detector
from indexer.grounding.detector import find_weights
from indexer.grounding.yoloe import yoloe_grounder
from scenario.errors import ConfigError, WeightsMissing
from yoloe import QUICK, opened


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


@pytest.mark.parametrize("config", ["yoloe-11n-seg.yaml", "yoloe-26n.yaml"])
def test_other_shapes_of_yoloe_are_read_too(tmp_path, frame, config):
    checkpoint = random_yoloe.save_fixed(tmp_path / "other.pt", config)
    grounder = yoloe_grounder(checkpoint=str(checkpoint), **QUICK | {"threshold": 0.05})
    (grounding,) = grounder.ground([frame])
    grounder.close()
    assert {one.camera for one in grounding.detections} == {"CAM_FRONT", "CAM_FRONT_LEFT"}
