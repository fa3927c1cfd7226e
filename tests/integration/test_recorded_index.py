"""Recorded runs into an index, with a real ledger and a real LanceDB, on the made-up run (see its README)."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fakes import HashEmbedder
from helpers import differences
from indexer.recorded import index_recorded
from samples import MADE_UP_SCOUTS, made_up_token
from scenario.assembly import load_scenario
from scenario.errors import ConfigError, InputError, NoIndex, NoLedger, WorkspaceBusy
from scenario.ledger import Ledger
from scenario.workspace import Workspace
from search.store import TABLE, Store

FRAMES, INDEXED = 16, 15  # the inventories of frame 14 cannot be read
STAGES = ("ground", "report alfa", "report bravo", "judge", "believe", "assemble", "embed")


@pytest.fixture
def workspace(tmp_path):
    return Workspace.create(tmp_path / "workspace")


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """A workspace with the index of the whole made-up run, only to be read."""
    workspace = Workspace.create(tmp_path_factory.mktemp("uninterrupted") / "workspace")
    index(workspace)
    return workspace


def index(workspace, scouts=MADE_UP_SCOUTS, **options):
    return index_recorded(scouts, workspace, HashEmbedder(), batch_size=4, **options)


def snapshot(workspace):
    return Store(workspace.index_uri).snapshot()


def rows(workspace, *columns):
    return {row["token"]: row for row in snapshot(workspace).columns(["token", *columns]).to_pylist()}


def made(summary):
    return {stage: count.made for stage, count in summary.stages.items()}


def copies(folder, **changed):
    """The made-up scouts copied into a folder, their lines changed by the functions given."""
    for name, path in MADE_UP_SCOUTS.items():
        lines = path.read_text(encoding="utf-8").split("\n")
        changed.get(name, lambda lines: None)(lines)
        (folder / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return {name: folder / f"{name}.jsonl" for name in MADE_UP_SCOUTS}


@pytest.fixture(scope="module")
def summary(uninterrupted):
    """What the ledger keeps of the run that made it."""
    with Ledger(uninterrupted.ledger, read_only=True) as ledger:
        (run,) = ledger.runs()
    return run["summary"]


class TestTheFirstRun:
    def test_counts_every_frame(self, summary):
        assert (summary["frames"], summary["indexed"], summary["built"]) == (FRAMES, INDEXED, True)

    def test_counts_what_each_stage_made_and_failed_to_make(self, summary):
        counted = {name: (count["made"], count["reused"], count["failed"]) for name, count in summary["stages"].items()}

        assert counted == {
            "ground": (15, 0, 1),
            "report alfa": (14, 0, 0),
            "report bravo": (14, 0, 0),
            "judge": (15, 0, 0),
            "believe": (15, 0, 0),
            "assemble": (15, 0, 0),
            "embed": (15, 0, 0),
        }

    def test_counts_what_did_not_fit_by_scout_and_field(self, summary):
        alfa, bravo = summary["scouts"]
        counts = {
            (scout["scout"], field): (found["outside"], found["resolved"], found["key"])
            for scout in (alfa, bravo)
            for field, found in scout["fields"].items()
        }

        assert (alfa["reports"], alfa["absent"], alfa["irregular_frames"]) == (14, 1, 7)
        assert (bravo["reports"], bravo["absent"], bravo["irregular_frames"]) == (14, 1, 2)
        assert counts == {
            ("alfa", "weather"): (1, 0, 0),
            ("alfa", "blocking_factor"): (1, 0, 0),
            ("alfa", "traffic_controls"): (1, 0, 0),
            ("alfa", "tags"): (1, 0, 1),
            ("alfa", "special_agent_class"): (1, 2, 0),
            ("alfa", "road_surface_friction"): (1, 0, 0),
            ("alfa", "sensor_integrity"): (0, 1, 0),
            ("alfa", "risk"): (1, 0, 0),
            ("bravo", "risk"): (1, 0, 0),
            ("bravo", "tags"): (1, 0, 0),
        }

    def test_names_unreadable_lines_by_file_and_number(self, summary):
        lost = [failure["message"] for failure in summary["failures"] if failure["stage"] == "read"]
        alfa = MADE_UP_SCOUTS["alfa"]

        assert [message.partition(": ")[0] for message in lost] == [f"{alfa}:{line}" for line in (12, 13, 14, 15)]

    def test_names_the_frame_whose_inventories_cannot_be_read(self, summary):
        (failure,) = [failure for failure in summary["failures"] if failure["stage"] != "read"]

        assert (failure["stage"], failure["token"]) == ("ground", made_up_token(14))
        assert failure["error"] == "InventoryUnreadable"
        assert f"{MADE_UP_SCOUTS['alfa']}:19: " in failure["message"]

    def test_indexes_every_other_frame_once(self, uninterrupted):
        tokens = snapshot(uninterrupted).columns(["token"])["token"].to_pylist()

        assert sorted(tokens) == [made_up_token(number) for number in range(1, 17) if number != 14]


class TestTheIndex:
    def test_holds_the_verdict_of_the_scouts(self, uninterrupted):
        row = rows(uninterrupted, "tags", "risk", "blocking_factor", "ego_required_action")[made_up_token(1)]

        # Two scouts: half say lane_diversion, and the barrels are there; the risk is the median, half rounded up.
        assert row["tags"] == ["construction", "lane_diversion"]
        assert (row["risk"], row["blocking_factor"]) == (6, "construction_barrier")
        assert row["ego_required_action"] == "slow_down"

    def test_holds_detections_as_objects(self, uninterrupted):
        objects = rows(uninterrupted, "objects")

        assert objects[made_up_token(11)]["objects"] == ["bus", "person", "worker in safety vest"]
        assert objects[made_up_token(12)]["objects"] == []

    def test_a_frame_that_nobody_describes_has_no_description_and_no_vector_for_one(self, uninterrupted):
        row = rows(uninterrupted, "description", "description_vector", "risk")[made_up_token(8)]

        assert (row["description"], row["description_vector"], row["risk"]) == (None, None, 1)

    def test_the_text_none_is_no_text_of_a_frame(self, uninterrupted):
        found = rows(uninterrupted, "description", "reasoning", "text").values()
        texts = [row[column] or "" for row in found for column in ("description", "reasoning", "text")]

        assert len(texts) == 3 * INDEXED
        assert not [text for text in texts if "None" in text.split("\n")]

    def test_text_beyond_ascii_is_kept(self, uninterrupted):
        assert rows(uninterrupted, "description")[made_up_token(15)]["description"].endswith("自転車.")

    def test_a_row_leads_back_to_its_scenario_in_the_ledger(self, uninterrupted):
        key = rows(uninterrupted, "scenario_key")[made_up_token(2)]["scenario_key"]
        with Ledger(uninterrupted.ledger, read_only=True) as ledger:
            scenario = load_scenario(ledger, key)

        assert scenario.frame.token == made_up_token(2)
        assert [report.scout for report in scenario.reports] == ["alfa", "bravo"]
        assert "recorded run" in scenario.provenance.notes[0]


class TestAnotherRun:
    def test_on_the_same_files_makes_nothing_and_does_not_rebuild(self, workspace):
        first = index(workspace)
        second = index(workspace)

        assert set(made(second).values()) == {0}
        assert (second.built, second.table_version) == (False, first.table_version)
        assert second.indexed == INDEXED

    def test_on_a_changed_line_redoes_only_what_depends_on_it(self, workspace, tmp_path):
        def describe_anew(lines):
            wire = json.loads(lines[0])
            lines[0] = json.dumps(wire | {"description": "A person steps out from behind a barrier."})

        files = copies(tmp_path)
        index(workspace, files)
        before = rows(workspace, "description", "scenario_key")
        second = index(workspace, copies(tmp_path, bravo=describe_anew))
        after = rows(workspace, "text", "scenario_key")

        assert made(second) == {
            "ground": 0,
            "report alfa": 0,
            "report bravo": 1,
            "judge": 1,
            "believe": 1,
            "assemble": 1,
            "embed": 1,
        }
        assert second.built
        changed = {token for token in before if before[token]["scenario_key"] != after[token]["scenario_key"]}
        assert changed == {made_up_token(2)}
        assert "behind a barrier" in after[made_up_token(2)]["text"]

    def test_on_a_mended_line_indexes_the_frame_and_forgets_its_failure(self, workspace, tmp_path):
        def mend(lines):
            lines[18] = lines[18].replace("a few cones here and there", "3 traffic cones (Med/0.80)")

        index(workspace, copies(tmp_path))
        second = index(workspace, copies(tmp_path, alfa=mend))

        assert made(second) == dict.fromkeys(STAGES, 1)
        assert second.indexed == FRAMES
        assert {failure.stage for failure in second.failures} == {"read"}

    def test_with_one_scout_more_runs_that_scout_and_the_judge_onward(self, workspace):
        index(workspace, {"alfa": MADE_UP_SCOUTS["alfa"]})
        second = index(workspace)

        # Frame 16 is bravo's alone, and alfa could not ground frame 13: those two are new. Frame 15 is alfa's alone:
        # nothing about it is made again.
        assert made(second) == {
            "ground": 2,
            "report alfa": 1,
            "report bravo": 14,
            "judge": 14,
            "believe": 14,
            "assemble": 14,
            "embed": 14,
        }

    def test_with_one_scout_more_equals_an_index_made_at_once(self, workspace, uninterrupted):
        index(workspace, {"alfa": MADE_UP_SCOUTS["alfa"]})
        index(workspace)

        assert differences(snapshot(workspace), snapshot(uninterrupted)) == []

    def test_of_fewer_scouts_publishes_what_they_say(self, workspace):
        index(workspace)
        second = index(workspace, {"bravo": MADE_UP_SCOUTS["bravo"]})

        assert second.built
        assert sorted(rows(workspace)) == [made_up_token(n) for n in range(1, 17) if n not in (14, 15)]

    def test_by_another_embedder_embeds_anew_and_nothing_else(self, workspace):
        index(workspace)
        second = index_recorded(MADE_UP_SCOUTS, workspace, HashEmbedder("another", dim=16))

        assert [stage for stage, count in made(second).items() if count] == ["embed"]
        assert made(second)["embed"] == INDEXED
        assert (snapshot(workspace).build.embedder, snapshot(workspace).build.dim) == ("another", 16)


class TestADryRun:
    def test_says_what_a_run_would_make_and_writes_no_result(self, workspace):
        summary = index(workspace, dry_run=True)

        assert (summary.dry_run, summary.built, made(summary)["report alfa"]) == (True, False, 15)
        with pytest.raises(NoIndex):
            snapshot(workspace)
        assert not workspace.ledger.exists()

    def test_changes_nothing_that_is_there(self, workspace, tmp_path):
        index(workspace, {"alfa": MADE_UP_SCOUTS["alfa"]})
        with Ledger(workspace.ledger) as ledger:
            before = ledger.counts(), len(ledger.runs()), Store(workspace.index_uri).published_version()
        summary = index(workspace, dry_run=True)
        with Ledger(workspace.ledger) as ledger:
            after = ledger.counts(), len(ledger.runs()), Store(workspace.index_uri).published_version()

        assert made(summary)["report bravo"] == 15
        assert after == before

    def test_goes_beside_a_run_that_is_writing(self, workspace):
        with workspace.writing():
            assert index(workspace, dry_run=True).dry_run


class TestWhatCannotBeIndexed:
    def test_no_scouts(self, workspace):
        with pytest.raises(ConfigError, match="no scouts"):
            index(workspace, {})

    def test_a_file_without_a_frame(self, workspace, tmp_path):
        (tmp_path / "empty.jsonl").write_text("\n[]\n")

        with pytest.raises(InputError, match=r"no frames in .*empty\.jsonl"):
            index(workspace, {"alfa": tmp_path / "empty.jsonl"})

    def test_into_a_workspace_that_another_run_writes_to(self, workspace):
        with workspace.writing(), pytest.raises(WorkspaceBusy):
            index(workspace)

    def test_into_a_replica(self, uninterrupted):
        with pytest.raises(NoLedger, match="indexing needs the ledger"):
            index(Workspace.open(uninterrupted.index_uri))


def killed(workspace, stage, batches, scouts=MADE_UP_SCOUTS):
    """Index in a process of its own (LanceDB must not be forked), which dies where it is told to."""
    program = str(Path(__file__).parents[1] / "killed_indexer.py")
    named = [f"{name}={path}" for name, path in scouts.items()]
    finished = subprocess.run(
        [sys.executable, program, workspace.location, stage, str(batches), *named],
        check=False,
        capture_output=True,
        text=True,
    )
    assert finished.returncode == -signal.SIGKILL, finished.stderr


class TestAKilledRun:
    @pytest.mark.parametrize(
        ("stage", "batches"),
        [
            ("ground", 3),
            ("report alfa", 1),
            ("report bravo", 7),
            ("judge", 2),
            ("believe", 4),
            ("assemble", 0),
            ("embed", 5),
            ("build index", 0),
            ("build index", 1),
        ],
    )
    def test_goes_on_where_it_was_killed_and_equals_one_that_was_not(self, workspace, uninterrupted, stage, batches):
        killed(workspace, stage, batches)
        with Ledger(workspace.ledger) as ledger:
            kept = ledger.counts()
        resumed = index(workspace)

        assert {name: count.reused for name, count in resumed.stages.items()} == {
            name: kept.get(name, 0) for name in STAGES
        }
        assert {name: count.made + count.reused for name, count in resumed.stages.items()} == {
            name: 14 if name.startswith("report") else 15 for name in STAGES
        }
        assert resumed.built
        assert differences(snapshot(workspace), snapshot(uninterrupted)) == []

    def test_that_had_only_begun_to_write_the_table_left_no_index(self, workspace, uninterrupted):
        """What a kill within LanceDB's first write leaves, if it comes at the wrong moment: data without a manifest."""
        begun = Path(workspace.index_uri) / f"{TABLE}.lance" / "data"
        begun.mkdir(parents=True)
        (begun / "half.lance").write_bytes(b"half")

        with pytest.raises(NoIndex):
            snapshot(workspace)
        assert index(workspace).built
        assert differences(snapshot(workspace), snapshot(uninterrupted)) == []

    def test_leaves_the_published_index_in_place_until_the_next_one_is_finished(self, workspace, uninterrupted):
        index(workspace, {"alfa": MADE_UP_SCOUTS["alfa"]})
        before = snapshot(workspace)
        killed(workspace, "build index", 1)

        assert differences(snapshot(workspace), before) == []
        index(workspace)
        assert differences(snapshot(workspace), snapshot(uninterrupted)) == []

    def test_may_be_killed_again_and_again(self, workspace, uninterrupted):
        for stage in ("ground", "judge", "build index"):
            killed(workspace, stage, 1)
        index(workspace)

        assert differences(snapshot(workspace), snapshot(uninterrupted)) == []


def test_a_difference_between_two_indexes_is_found(workspace, uninterrupted, tmp_path):
    def soften(lines):
        lines[0] = lines[0].replace('"risk_score": 6', '"risk_score": 4')

    index(workspace, copies(tmp_path, alfa=soften))
    found = differences(snapshot(workspace), snapshot(uninterrupted))

    assert found
    assert all(difference.startswith(made_up_token(1)) for difference in found)
    assert f"{made_up_token(1)} risk: 5 != 6" in found
