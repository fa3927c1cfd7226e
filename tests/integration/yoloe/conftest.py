"""Tiny checkpoints of random weights, the files beside them, and a frame of real photographs."""

from dataclasses import dataclass
from pathlib import Path

import pytest

import random_yoloe
from indexer.grounding.yoloe import yoloe_grounder
from scenario.records import Camera, Frame, Pose
from yoloe import QUICK

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
