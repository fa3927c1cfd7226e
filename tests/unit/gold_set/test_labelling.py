"""Looking at a prediction: only after a label, and then the label stands beside it."""

import pytest

from gold_set.labelling import comparison, give, look
from scenario.curation import Label
from scenario.errors import InputError
from scenario.ledger import Ledger
from scenario.records import Facts
from scenario.vocabulary import Tag, Weather

VERDICT = Facts(tags=(Tag.CONSTRUCTION,), risk=9, weather=Weather.FOG)


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "ledger.sqlite") as opened:
        yield opened


def test_nobody_looks_before_labelling_and_skipping_is_not_labelling(ledger):
    for given in ((), (Label(token="t", annotator="ann", status="skipped"),)):
        ledger.append_labels(given)
        with pytest.raises(InputError, match="has not labelled t yet"):
            look(ledger, "t", "ann")
    assert ledger.looked() == set()


def test_whoever_has_looked_labels_no_more(ledger):
    label = give(ledger, Label(token="t", annotator="ann", status="unsure"))
    assert look(ledger, "t", "ann").status == label.status
    assert look(ledger, "t", "ann").status == "unsure", "looking again is no new look"
    with pytest.raises(InputError, match="would not be blind"):
        give(ledger, Label(token="t", annotator="ann", risk=3))
    give(ledger, Label(token="t", annotator="bob", risk=3))


def test_what_one_side_does_not_state_is_no_difference():
    label = Label(token="t", annotator="ann", tags=(), risk=9, scalars={"scene_type": "highway"})
    found = {row.field: row for row in comparison(label, VERDICT).fields}
    assert [name for name, row in found.items() if row.differs] == ["tags"]
    assert (found["tags"].label, found["tags"].verdict) == ("none", "construction")
    assert (found["weather"].label, found["weather"].verdict) == (None, "fog")
    assert (found["scene_type"].label, found["scene_type"].verdict) == ("highway", None)
