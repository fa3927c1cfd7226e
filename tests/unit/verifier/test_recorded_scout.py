import json
from contextlib import closing

import pytest

from samples import LOOKED_NOWHERE, MADE_UP_SCOUTS, made_up_token
from scenario.errors import InputError, LineUnreadable, ReportMissing
from scenario.protocols import Deadline
from scenario.records import Frame
from verifier.scouts.recorded import RecordedRun, RecordedScout


@pytest.fixture
def write(tmp_path):
    def write(*lines):
        path = tmp_path / "run.jsonl"
        path.write_bytes(b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines))
        return path

    return write


def report_on(path, token):
    with closing(RecordedScout("alfa", RecordedRun.scan(path))) as scout:
        return scout.report(Frame(token=token), LOOKED_NOWHERE, deadline=Deadline())


def reasons(path):
    return [(error.line, error.reason) for error in RecordedRun.scan(path).unreadable]


def test_a_run_knows_the_line_of_each_frame():
    run = RecordedRun.scan(MADE_UP_SCOUTS["alfa"])

    assert len(run.lines) == 15
    assert (run.lines[made_up_token(1)].number, run.lines[made_up_token(15)].number) == (1, 20)


def test_lines_that_cannot_be_read_are_named_and_the_rest_goes_on():
    run = RecordedRun.scan(MADE_UP_SCOUTS["alfa"])

    assert [error.line for error in run.unreadable] == [12, 13, 14, 15]
    assert all(str(error).startswith(f"{run.path}:{error.line}: ") for error in run.unreadable)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"token": "t"', "not JSON at column 14"),
        ("[1]", "a list, not an object"),
        ("null", "a NoneType, not an object"),
        ("{}", "'token' is None"),
        ('{"token": 7}', "'token' is 7"),
        ('{"token": " "}', "'token' is ' '"),
        (b'{"token": "\xff"}', "not UTF-8"),
        ("[" * 100_000, "nested too deeply"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_line_that_is_no_report_is_told_by_its_number_and_reason(write, line, reason):
    ((number, told),) = reasons(write('{"token": "first"}', line, '{"token": "last"}'))

    assert number == 2
    assert reason in told


@pytest.mark.parametrize(
    "line",
    ['{"token": "\\ud83d"}', '{"token": "t", "description": "\\ud83d"}', '{"token": "t", "wod_e2e_tags": ["\\ud83d"]}'],
)
def test_a_line_with_half_a_surrogate_pair_cannot_be_stored_and_is_told(write, line):
    assert [number for number, _ in reasons(write('{"token": "first"}', line))] == [2]


def test_a_whole_emoji_written_as_a_surrogate_pair_is_text(write):
    path = write('{"token": "t", "description": "\\ud83d\\ude97"}')

    assert report_on(path, "t").facts.description == "🚗"


def test_the_first_line_of_a_frame_is_kept(write):
    path = write('{"token": "t", "description": "first"}', '{"token": "t", "description": "second"}')

    assert reasons(path) == [(2, "frame t again; line 1 is kept")]
    assert report_on(path, "t").facts.description == "first"


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n\n  \n"])
def test_blank_lines_and_line_ends_do_not_matter(tmp_path, end):
    path = tmp_path / "run.jsonl"
    path.write_bytes(b'{"token": "s"}' + end + b'{"token": "t", "description": "here"}' + end)

    assert reasons(path) == []
    assert report_on(path, "t").facts.description == "here"


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"absent\.jsonl.*name a JSONL file"):
        RecordedRun.scan(tmp_path / "absent.jsonl")


def test_a_directory_is_no_run(tmp_path):
    with pytest.raises(InputError, match="no regular file"):
        RecordedRun.scan(tmp_path)


def test_a_report_holds_the_facts_and_what_did_not_fit():
    report = report_on(MADE_UP_SCOUTS["alfa"], made_up_token(2))

    assert (report.scout, report.model, report.facts.risk) == ("alfa", "made_up_alfa", 5)
    assert report.facts.tags == ("vru_hazard",)
    assert report.facts.traffic_controls == ("red_light",)
    assert sorted((item.field, item.raw) for item in report.irregularities) == [
        ("blocking_factor", "tree"),
        ("tags", "pedestrian_hazard"),
        ("traffic_controls", "flashing_light"),
        ("weather", "drizzly"),
    ]


def test_the_reasoning_none_is_no_reasoning():
    assert report_on(MADE_UP_SCOUTS["alfa"], made_up_token(1)).reasoning is None


def test_a_recorded_reasoning_is_kept(write):
    path = write(json.dumps({"token": "t", "_reasoning_trace": "because"}))

    assert report_on(path, "t").reasoning == "because"


def test_a_frame_without_a_line_is_missing_by_name():
    with pytest.raises(ReportMissing, match=f"'alfa' has no line for frame {made_up_token(16)}"):
        report_on(MADE_UP_SCOUTS["alfa"], made_up_token(16))


def test_what_a_scout_reads_is_its_line_and_not_the_grounding(write):
    frame = Frame(token="t")
    before = RecordedScout("a", RecordedRun.scan(write('{"token": "t"}')))
    after = RecordedScout("a", RecordedRun.scan(write('{"token": "t", "description": "new"}')))

    assert before.inputs(frame, "one grounding") == before.inputs(frame, "another")
    assert before.inputs(frame, "") != after.inputs(frame, "")


def test_a_line_that_moved_is_the_same_line(write):
    run = RecordedRun.scan(write('{"token": "t"}'))
    moved = RecordedRun.scan(write("", '{"token": "s"}', '{"token": "t"}  ', ""))

    assert moved.lines["t"].digest == run.lines["t"].digest


def test_a_file_that_changed_after_it_was_scanned_is_told(write):
    run = RecordedRun.scan(write('{"token": "t", "description": "before"}'))
    write('{"token": "t", "description": "after."}')

    with closing(RecordedScout("a", run)) as scout, pytest.raises(LineUnreadable, match="the file changed"):
        scout.report(Frame(token="t"), LOOKED_NOWHERE, deadline=Deadline())
