"""Frames picked by hand: worth labelling, kept apart from those that were drawn."""

import pytest
from pydantic import ValidationError

from gold_set.curation import estimates, gold_text
from gold_set.picking import hand_picked, keep
from gold_set.sampling import Weighing
from scenario.curation import Label, Sample, SampledFrame
from scenario.errors import InputError, UnknownToken, WorkspaceError
from scenario.ledger import Ledger
from scenario.vocabulary import Tag

DRAWN = Sample(
    name="drawn",
    method="simple",
    seed=0,
    population=4,
    frames=(SampledFrame(token="a", inclusion_probability=0.25, stratum="all"),),
)


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "ledger.sqlite") as opened:
        yield opened


def picked(*tokens, name="barrels"):
    return hand_picked(name, tokens, frozenset("abcd"))


def test_a_frame_is_picked_once_and_has_no_chance():
    sample = picked("c", "a", "c")
    assert [(frame.token, frame.inclusion_probability) for frame in sample.frames] == [("c", None), ("a", None)]
    assert (sample.method, sample.seed, sample.population) == ("picked", None, 4)


def test_what_cannot_be_picked_says_why():
    with pytest.raises(UnknownToken, match="'nobody'"):
        picked("a", "nobody")
    with pytest.raises(InputError, match="no frame was picked"):
        picked()
    with pytest.raises(InputError, match="name of the sample is empty"):
        picked("a", name=" ")


def test_a_picked_sample_is_added_to_and_nothing_of_it_is_lost(ledger):
    assert (keep(ledger, picked("b", "a"), "Ada").added, keep(ledger, picked("a", "d"), "Bob").added) == (2, 1)
    (sample,) = ledger.samples()
    assert [frame.token for frame in sample.frames] == ["b", "a", "d"]


def test_nobody_picks_into_a_sample_that_was_drawn_nor_draws_over_a_picked_one(ledger):
    ledger.append_sample(DRAWN)
    with pytest.raises(WorkspaceError, match=r"'drawn' was drawn \(simple\)"):
        keep(ledger, picked("b", name="drawn"), "Ada")
    keep(ledger, picked("b"), "Ada")
    with pytest.raises(WorkspaceError, match="another --name"):
        ledger.append_sample(DRAWN.model_copy(update={"name": "barrels"}))


def test_a_picked_sample_never_passes_for_one_that_was_drawn():
    labels = [Label(token="a", annotator="ann", sample="barrels", tags=(Tag.CONSTRUCTION,))]
    for estimate in (lambda: estimates(picked("a"), labels, {}), lambda: Weighing.of(picked("a"), ["a"])):
        with pytest.raises(InputError, match="picked by hand"):
            estimate()
    assert "inclusion_probability" not in gold_text(labels, [picked("a")])
    with pytest.raises(ValidationError, match="have a chance unless they were picked"):
        Sample.model_validate({**DRAWN.model_dump(), "method": "picked"})
    with pytest.raises(ValidationError, match="have a chance unless they were picked"):
        Sample.model_validate({**picked("a").model_dump(), "method": "simple"})
