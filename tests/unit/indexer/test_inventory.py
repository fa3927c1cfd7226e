import pytest

from indexer.grounding.inventory import parse_inventory
from scenario.errors import InventoryUnreadable
from scenario.records import Grounding, SizeClass


def seen(text):
    return [(d.label, d.size_class, d.confidence) for d in parse_inventory(text)[1]]


def test_an_inventory_names_cameras_and_what_was_seen_in_them():
    cameras, detections = parse_inventory("[CAM_LEFT]: 1 car (Med/0.50)\n[CAM_FRONT]: 1 bus (Large/0.9); 1 dog")

    assert cameras == ("CAM_LEFT", "CAM_FRONT")
    assert [(d.camera, d.label) for d in detections] == [
        ("CAM_LEFT", "car"),
        ("CAM_FRONT", "bus"),
        ("CAM_FRONT", "dog"),
    ]


def test_a_clear_camera_was_looked_at():
    assert parse_inventory("[CAM_FRONT]: Clear") == (("CAM_FRONT",), ())


def test_a_box_has_a_size_and_a_confidence():
    assert seen("[C]: 2 cars (Large/1.0, Small/.25)") == [
        ("car", SizeClass.LARGE, 1.0),
        ("car", SizeClass.SMALL, 0.25),
    ]


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ("2 buss", "bus"),
        ("1 bus", "bus"),
        ("2 worker in safety vests", "worker in safety vest"),
        ("2 debriss", "debris"),
        ("1 debris", "debris"),
        ("2 persons", "person"),
    ],
)
def test_a_plural_is_the_whole_label_and_an_s(written, label):
    assert {name for name, _, _ in seen(f"[C]: {written}")} == {label}


def test_a_box_that_is_counted_but_not_listed_has_no_confidence_and_no_size():
    assert seen("[C]: 4 persons (Med/0.77, Med/0.64, Small/0.45)") == [
        ("person", SizeClass.MEDIUM, 0.77),
        ("person", SizeClass.MEDIUM, 0.64),
        ("person", SizeClass.SMALL, 0.45),
        ("person", None, None),
    ]


def test_the_text_of_a_grounding_reads_back():
    text = "[CAM_LEFT]: 2 buss (Large/0.88, Med/0.61); 3 cars (Small/0.40)\n[CAM_FRONT]: Clear"
    cameras, detections = parse_inventory(text)

    assert Grounding(backend="b", fingerprint="f", cameras=cameras, detections=detections).inventory() == text


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "line ''"),
        ("CAM_FRONT: 1 car", "line 'CAM_FRONT: 1 car'"),
        ("[CAM_FRONT]:", r"line '\[CAM_FRONT\]:'"),
        ("[C]: Clear\n\n[D]: Clear", "line ''"),
        ("[C]: Clear\n[C]: 1 car", "camera 'C' twice"),
        ("[C]: some cars", "group 'some cars'"),
        ("[C]: 1 car; clear", "group 'clear'"),
        ("[C]: 1 car, 1 bus", "group '1 car, 1 bus'"),
        ("[C]: 1 car (Med/0.5", r"group '1 car \(Med/0.5'"),
        ("[C]: 1 unicorn (Med/0.5)", "no detection label named 'unicorn'"),
        ("[C]: 2 person ins", "no detection label named 'person ins'"),
        ("[C]: 1 trafic cone", "did you mean 'traffic cone'"),
        ("[C]: 1 car (Med/0.5, Med/0.4)", "counts 1 and lists 2 boxes"),
        ("[C]: 0 cars", "counts 0"),
        ("[C]: 1001 cars", "counts 1001"),
        ("[C]: 1 car (Huge/0.5)", "box 'Huge/0.5' in inventory group"),
        ("[C]: 1 car (Med/1.5)", "box 'Med/1.5'"),
        ("[C]: 1 car (Med)", "box 'Med'"),
        ("[C]: 2 cars (Med/0.5,Med/0.4)", "box 'Med/0.5,Med/0.4'"),
    ],
)
def test_an_inventory_that_cannot_be_read_says_which_part(text, part):
    with pytest.raises(InventoryUnreadable, match=part):
        parse_inventory(text)
