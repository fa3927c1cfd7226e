import json
from contextlib import closing

import pytest

from indexer.grounding.recorded import RecordedGrounder
from indexer.logs.recorded import recorded_frames
from samples import MADE_UP_SCOUTS, made_up_token
from scenario.errors import InventoryUnreadable
from scenario.records import Frame
from verifier.scouts.recorded import RecordedRun

FRAME = Frame(token="t")
CAR, BUS, BAD, WORSE = "[C]: 1 car", "[C]: 1 bus", "[C]: some cars", "nothing"


@pytest.fixture
def ground(tmp_path):
    """The grounding, and what it was read from, given the inventory of each run (None: none; ... : no line)."""

    def ground(*inventories):
        runs = []
        for number, inventory in enumerate(inventories):
            path = tmp_path / f"{number}.jsonl"
            line = {"token": "other"} if inventory is ... else {"token": "t", "yolo_inventory": inventory}
            path.write_text(json.dumps(line))
            runs.append(RecordedRun.scan(path))
        with closing(RecordedGrounder(runs)) as grounder:
            return grounder.ground([FRAME])[0], grounder.inputs(FRAME)

    return ground


def labels(grounding):
    return [detection.label for detection in grounding.detections]


def test_the_first_run_with_an_inventory_grounds_the_frame(ground):
    for inventories in ([CAR, BUS], [..., CAR, BUS], [None, CAR], ["", CAR], ["None", CAR], [BAD, CAR, BUS]):
        assert labels(ground(*inventories)[0]) == ["car"]


def test_a_frame_without_any_inventory_was_looked_at_nowhere(ground):
    grounding, inputs = ground(None, ...)

    assert (grounding.cameras, grounding.detections, inputs) == ((), (), ())


def test_a_clear_inventory_is_not_the_same_as_none(ground):
    assert ground("[C]: Clear")[0].cameras == ("C",)


@pytest.mark.parametrize("inventories", [[BAD], [BAD, WORSE], [..., BAD, None]])
def test_a_frame_whose_inventories_cannot_be_read_fails_by_file_and_line(ground, inventories):
    with pytest.raises(InventoryUnreadable, match=r"\d\.jsonl:1: inventory group 'some cars'"):
        ground(*inventories)


@pytest.mark.parametrize("inventory", [3, ["[C]: 1 car"], "  ", {"C": 1}], ids=str)
def test_an_inventory_that_is_no_text_is_unreadable_and_not_empty(ground, inventory):
    with pytest.raises(InventoryUnreadable):
        ground(inventory)


def test_only_what_was_read_decides_the_result(ground):
    assert ground(CAR, BUS)[1] == ground(CAR, None)[1] == ground(..., CAR)[1]
    assert ground(BAD, CAR)[1] != ground(CAR)[1]
    assert ground(CAR)[1] != ground(BUS)[1]


def test_frames_are_those_of_the_first_run_and_then_what_the_others_add():
    frames = recorded_frames([RecordedRun.scan(path) for path in MADE_UP_SCOUTS.values()])

    assert [frame.token for frame in frames] == [made_up_token(number) for number in range(1, 17)]
    assert [frame.sequence for frame in frames] == list(range(16))


def test_the_frames_of_the_made_up_run_are_grounded_as_its_readme_says():
    runs = [RecordedRun.scan(path) for path in MADE_UP_SCOUTS.values()]
    with closing(RecordedGrounder(runs)) as grounder:
        crowd, none, rescued = grounder.ground([Frame(token=made_up_token(number)) for number in (11, 12, 13)])

        with pytest.raises(InventoryUnreadable, match=r"alfa\.jsonl:19"):
            grounder.ground([Frame(token=made_up_token(14))])
    assert labels(crowd) == ["bus"] * 2 + ["person"] * 4 + ["worker in safety vest"] * 3
    assert none.cameras == ()
    assert labels(rescued) == ["school bus", "school zone sign"]
