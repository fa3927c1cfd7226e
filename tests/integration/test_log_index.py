"""A log in nuScenes format into an index, with the weights-free back ends, a real ledger and a real LanceDB."""

import random
import signal
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import av
import numpy as np
import pytest

from fakes import HashEmbedder
from helpers import differences
from indexer.live import index_log, last_invocation
from indexer.sources import FolderSource, Invocation, NuScenesSource
from logs import MadeBox, write_log
from scenario.assembly import load_scenario
from scenario.errors import ConfigError, InputError, LogUnreadable, ProfileError
from scenario.ledger import Ledger
from scenario.vocabulary import BlockingFactor, Tag
from scenario.workspace import Workspace
from search.store import Store
from server.engine import Engine

CONES = [
    MadeBox("movable_object.trafficcone", ahead_m=12 + 5 * number, left_m=-0.9 + 0.3 * number, size_m=(0.4, 0.4, 0.7))
    for number in range(6)
]
BESIDE = [MadeBox("human.pedestrian.adult", ahead_m=14, left_m=-6.0, attributes=("pedestrian.standing",))]


def boxes(scene, frame):
    return CONES if scene == 0 else BESIDE


@pytest.fixture
def log(tmp_path):
    return write_log(tmp_path / "log", scenes=2, frames=4, boxes=boxes, speed_mps=3.0, size_px=(480, 270))


@pytest.fixture
def workspace(tmp_path):
    return Workspace.create(tmp_path / "workspace")


def asked(log, **changes):
    source = NuScenesSource(dataroot=str(log.dataroot), version=log.version)
    return Invocation(source=source, profile="weights-free", embedder="hash-embedder").model_copy(update=changes)


def index(log, workspace, **options):
    return index_log(asked(log), workspace, HashEmbedder(), batch_size=4, **options)


def snapshot(workspace):
    return Store(workspace.index_uri).snapshot()


def engine(workspace):
    return Engine(workspace, lambda _: HashEmbedder())


def failures(workspace):
    with Ledger(workspace.ledger, read_only=True) as ledger:
        return ledger.failures(ledger.runs()[-1]["id"])


def test_a_log_becomes_an_index_that_tells_a_closed_lane_from_a_person_aside(log, workspace):
    summary = index(log, workspace)
    found = engine(workspace)

    assert (summary.indexed, summary.failures) == (8, ())
    closed, aside = (found.show(log.tokens[place]) for place in (0, 4))
    assert Tag.LANE_DIVERSION in closed.verdict.facts.tags
    assert closed.verdict.facts.blocking_factor is BlockingFactor.CONSTRUCTION_BARRIER
    assert Tag.VRU_HAZARD not in aside.verdict.facts.tags
    assert closed.verdict.facts.risk > aside.verdict.facts.risk
    assert {hit.token for hit in found.search("lane_diversion").hits} <= set(log.tokens[:4])


def test_every_detection_is_reviewed_with_a_reason_before_facts_are_stated(log, workspace):
    index(log, workspace)
    scenario = engine(workspace).show(log.tokens[0])
    (report,) = scenario.reports

    assert [review.detection for review in report.reviews] == list(range(len(scenario.grounding.detections)))
    assert all(review.reason for review in report.reviews)
    assert report.reasoning


def test_a_second_run_finds_everything_done(log, workspace):
    first = index(log, workspace)
    second = index(log, workspace)

    assert second.built is False
    assert second.table_version == first.table_version
    assert sum(count.made for count in second.stages.values()) == 0


def test_a_run_over_fewer_frames_says_how_many_left_the_index_and_a_full_one_brings_them_back(log, workspace):
    index(log, workspace)
    source = NuScenesSource(dataroot=str(log.dataroot), version=log.version, per_scene=1)
    fewer = index_log(asked(log, source=source), workspace, HashEmbedder())
    again = index(log, workspace)

    assert (fewer.indexed, fewer.dropped) == (2, 6)
    assert (again.indexed, again.dropped) == (8, 0)
    assert again.stages["report rules"].made == 0


def test_a_dry_run_writes_nothing(log, tmp_path):
    planned = Workspace.planned(tmp_path / "planned")
    summary = index_log(asked(log), planned, HashEmbedder(), dry_run=True)

    assert (summary.frames, summary.stages["ground"].made) == (8, 8)
    assert not (tmp_path / "planned").exists()


def test_a_run_is_repeated_as_it_was_asked_for(log, workspace):
    index(log, workspace)

    assert last_invocation(workspace) == asked(log)


def test_nothing_can_be_repeated_where_nothing_was_run(workspace):
    Ledger(workspace.ledger).close()
    with pytest.raises(ConfigError, match="no run on a log to repeat"):
        last_invocation(workspace)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gemma@rtx-3009", "did you mean 'rtx-3090'"),
        ("gema@rtx-3090", "did you mean 'gemma'"),
        ("ruls", "did you mean 'rules'"),
        ("rules", "in the profile already"),
    ],
)
def test_a_scout_that_cannot_be_added_says_which_could(log, workspace, name, said):
    with pytest.raises(ProfileError, match=said):
        index_log(asked(log, more_scouts=(name,)), workspace, HashEmbedder())


class TestABrokenLog:
    def test_loses_the_frame_of_a_corrupt_picture_by_name(self, log, workspace):
        log.picture(log.tokens[2], "CAM_FRONT").write_bytes(b"\xff\xd8\xff no picture")
        summary = index(log, workspace)
        (failure,) = failures(workspace)

        assert summary.indexed == 7
        assert (failure.token, failure.error) == (log.tokens[2], "ImageUnreadable")
        assert "CAM_FRONT" in failure.message

    def test_mended_and_tried_again_is_whole(self, log, workspace):
        picture = log.picture(log.tokens[2], "CAM_FRONT")
        whole = picture.read_bytes()
        picture.write_bytes(whole[: len(whole) // 2])
        index(log, workspace)
        picture.write_bytes(whole)
        summary = index(log, workspace, retry_failed=True)

        assert (summary.indexed, failures(workspace)) == (8, [])

    def test_goes_on_without_a_camera_that_is_missing(self, log, workspace):
        log.picture(log.tokens[5], "CAM_FRONT_LEFT").unlink()
        summary = index(log, workspace)
        (failure,) = failures(workspace)

        assert summary.indexed == 8
        assert (failure.stage, failure.token, failure.error) == ("read", log.tokens[5], "ImageUnreadable")
        assert "CAM_FRONT_LEFT" not in engine(workspace).show(log.tokens[5]).frame.cameras

    def test_whose_annotations_are_cut_short_indexes_every_frame_and_takes_no_absence_for_evidence(
        self, log, workspace
    ):
        log.cut("sample_annotation", 0.5)
        summary = index(log, workspace)
        scenario = engine(workspace).show(log.tokens[7])

        assert summary.indexed == 8
        assert [(f.stage, f.token, f.error) for f in failures(workspace)] == [("read", None, "LogUnreadable")]
        assert scenario.grounding.cameras == ()
        assert scenario.grounding.notes

    def test_without_its_map_says_so_and_goes_on(self, log, workspace):
        (log.dataroot / "maps" / "blank.png").unlink()
        summary = index(log, workspace)

        assert summary.indexed == 8
        assert [f.error for f in failures(workspace)] == ["LogUnreadable"]

    def test_without_samples_cannot_be_indexed_and_says_which_table(self, log, workspace):
        log.table("sample").unlink()
        with pytest.raises(LogUnreadable, match="sample"):
            index(log, workspace)


def test_a_folder_of_pictures_is_a_log_too(log, workspace, tmp_path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number, token in enumerate(log.tokens):
        (pictures / f"{number}.jpg").write_bytes(log.picture(token, "CAM_FRONT").read_bytes())
    source = FolderSource(path=str(pictures))
    summary = index_log(asked(log, source=source), workspace, HashEmbedder())

    assert (summary.indexed, summary.failures) == (8, ())
    assert snapshot(workspace).count(None) == 8


def test_a_dry_run_over_a_video_writes_nothing_and_stands_in_no_runs_way(log, tmp_path):
    clip = tmp_path / "clip.mp4"
    with av.open(str(clip), "w") as container:
        stream = container.add_stream("mpeg4", rate=2)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(4):
            grey = np.full((48, 64, 3), 90, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        container.mux(stream.encode())
    video = asked(log, source=FolderSource(path=str(clip)))
    planned = index_log(video, Workspace.planned(tmp_path / "video"), HashEmbedder(), dry_run=True)

    assert planned.frames == 4
    assert not (tmp_path / "video").exists()

    workspace = Workspace.create(tmp_path / "video")
    index_log(video, workspace, HashEmbedder())
    done = index_log(video, workspace, HashEmbedder(), dry_run=True)

    assert sum(count.made for count in done.stages.values()) == 0


def test_an_empty_folder_says_so(log, workspace, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no "):
        index_log(asked(log, source=FolderSource(path=str(tmp_path / "empty"))), workspace, HashEmbedder())


KILLS, WORKSPACES = 20, 5


def test_a_run_killed_at_twenty_random_moments_and_resumed_gives_the_same_index(log, workspace, tmp_path):
    started = perf_counter()
    index(log, workspace)
    whole_s = perf_counter() - started
    moments = random.Random(20)
    died = 0
    for number in range(WORKSPACES):
        place = tmp_path / f"killed-{number}"
        for _ in range(KILLS // WORKSPACES):
            died += killed(log, place, moments.uniform(0, whole_s / 2)) == -signal.SIGKILL
        again = Workspace.create(place)
        index(log, again)
        assert differences(snapshot(workspace), snapshot(again)) == []
    assert died >= KILLS // 2, "the kills came too late to test anything"


def killed(log, place, after_s):
    program = Path(__file__).parents[1] / "killed_log_indexer.py"
    command = [sys.executable, str(program), str(place), str(log.dataroot), log.version, f"{after_s:.3f}"]
    return subprocess.run(command, check=False, capture_output=True, timeout=120).returncode


@pytest.mark.shared
def test_the_real_frames_are_indexed_with_what_stands_where(real_frames, workspace):
    source = NuScenesSource(dataroot=str(real_frames), version="v1.0-frames")
    invocation = Invocation(source=source, profile="weights-free", embedder="hash-embedder")
    summary = index_log(invocation, workspace, HashEmbedder())
    scenario = engine(workspace).show("ca9a282c9e77460f8360f564131a8af5")
    seen = {detection.label for detection in scenario.grounding.detections}

    assert (summary.indexed, summary.failures) == (29, ())
    assert {"traffic barrier", "truck", "pedestrian"} <= seen
    assert all(d.range_m is not None and d.lateral_m is not None for d in scenario.grounding.detections)
    with Ledger(workspace.ledger, read_only=True) as ledger:
        rows = snapshot(workspace).columns(["scenario_key"]).to_pylist()
        assert {load_scenario(ledger, row["scenario_key"]).frame.scene for row in rows} >= {"scene-0061"}
