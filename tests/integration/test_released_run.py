"""The released run that the paper was made from: what it holds is known, to the count."""

from collections import Counter
from contextlib import closing

import pytest

from indexer.grounding.inventory import parse_inventory
from indexer.grounding.recorded import RecordedGrounder
from indexer.logs.recorded import recorded_frames
from samples import LOOKED_NOWHERE
from scenario.protocols import Deadline
from scenario.records import Frame
from verifier.scouts.recorded import RecordedRun, RecordedScout

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def runs(released):
    files = {"gemma": "index_gemma_run.jsonl", "kimi": "index_kimi_run_reasoning.jsonl"}
    return {name: RecordedRun.scan(released / file) for name, file in files.items()}


@pytest.fixture(scope="module")
def reports(runs):
    """Every report of each scout."""

    def read(scout):
        with closing(scout):
            return [scout.report(Frame(token=t), LOOKED_NOWHERE, deadline=Deadline()) for t in scout.run.lines]

    return {name: read(RecordedScout(name, run)) for name, run in runs.items()}


@pytest.fixture(scope="module")
def found(reports):
    """Scout → what was irregular in its reports: (in tags?, kind) → how often."""
    return {
        name: Counter((item.field == "tags", item.kind) for report in of_scout for item in report.irregularities)
        for name, of_scout in reports.items()
    }


@pytest.fixture(scope="module")
def groundings(runs):
    with closing(RecordedGrounder(list(runs.values()))) as grounder:
        return grounder.ground(recorded_frames(list(runs.values())))


def test_every_line_can_be_read(runs):
    assert [run.unreadable for run in runs.values()] == [[], []]


def test_kimi_is_absent_on_five_of_the_frames(runs):
    assert len(runs["gemma"].lines) == 2550
    assert len(runs["gemma"].lines.keys() - runs["kimi"].lines.keys()) == 5
    assert runs["kimi"].lines.keys() <= runs["gemma"].lines.keys()


@pytest.mark.parametrize(("scout", "tags", "fields"), [("gemma", 3, 109), ("kimi", 527, 878)])
def test_values_outside_the_vocabulary_are_counted(found, scout, tags, fields):
    assert found[scout][True, "outside"] == tags
    assert found[scout][False, "outside"] + found[scout][False, "resolved"] == fields


def test_the_tag_key_is_misspelt_four_times(found):
    assert sum(counter[True, "key"] for counter in found.values()) == 4
    assert sum(counter[False, "key"] for counter in found.values()) == 0


def test_no_report_has_a_reasoning_of_its_own(reports):
    assert {report.reasoning for of_scout in reports.values() for report in of_scout} == {None}


def test_every_frame_has_an_inventory_that_can_be_read(groundings):
    assert len(groundings) == 2550
    assert all(grounding.cameras for grounding in groundings)


def test_the_inventory_of_every_line_can_be_read(runs):
    for run in runs.values():
        with run.open() as file:
            for token in run.lines:
                cameras, _ = parse_inventory(run.read(token, file)["yolo_inventory"])
                assert cameras


def test_some_groups_count_more_than_they_list(groundings):
    groups = {
        (number, detection.camera, detection.label)
        for number, grounding in enumerate(groundings)
        for detection in grounding.detections
        if detection.confidence is None
    }

    assert len(groups) == 632
