from indexer.report import FieldIrregularities, summarise_scout
from scenario.records import Facts, Irregularity, ScoutReport


def report(*irregularities):
    return ScoutReport(scout="alfa", facts=Facts(), irregularities=irregularities)


def outside(field, raw):
    return Irregularity(field=field, raw=raw, kind="outside")


def test_reports_and_frames_with_something_irregular_are_counted():
    summary = summarise_scout(
        "alfa", [report(), report(outside("tags", "a"), outside("tags", "b")), report()], absent=4
    )

    assert (summary.scout, summary.reports, summary.irregular_frames, summary.absent) == ("alfa", 3, 1, 4)


def test_each_kind_is_counted_by_field():
    summary = summarise_scout(
        "alfa",
        [
            report(outside("tags", "a"), Irregularity(field="tags", raw="wod_e2o_tags", kind="key")),
            report(Irregularity(field="weather", raw="fog, fog", kind="resolved", kept="fog")),
        ],
        absent=0,
    )

    assert summary.fields == {
        "tags": FieldIrregularities(outside=1, key=1, examples=("a", "wod_e2o_tags")),
        "weather": FieldIrregularities(resolved=1, examples=("fog, fog",)),
    }


def test_the_most_irregular_field_comes_first_then_by_name():
    irregularities = [outside(field, "x") for field in ("weather", "tags", "scene_type", "weather")]

    assert list(summarise_scout("alfa", [report(*irregularities)], 0).fields) == ["weather", "scene_type", "tags"]


def test_the_most_frequent_raw_values_are_the_examples():
    raw = ["d", "a", "b", "b", "c", "c", "c", "a", "a", "a"]
    summary = summarise_scout("alfa", [report(*(outside("tags", value) for value in raw))], 0)

    assert summary.fields["tags"].examples == ("a", "c", "b")


def test_a_scout_without_reports_has_an_empty_summary():
    assert summarise_scout("alfa", [], 7).model_dump() == {
        "scout": "alfa",
        "reports": 0,
        "absent": 7,
        "irregular_frames": 0,
        "fields": {},
    }
