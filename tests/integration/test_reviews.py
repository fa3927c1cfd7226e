"""What people say of frames: their verdicts count above scouts', their tags are taken up by the next build."""

import pytest

from fakes import HashEmbedder
from indexer.live import index_log
from indexer.sources import Invocation, NuScenesSource
from logs import MadeBox, write_log
from scenario.answers import Verification
from scenario.errors import ConfigError, UnknownToken
from scenario.ledger import Ledger
from scenario.vocabulary import Tag
from scenario.workspace import Workspace
from server.engine import Engine
from shell import semdrive_here
from verifier.verifying import changes

PERSON = MadeBox("human.pedestrian.adult", ahead_m=14, left_m=-6.0, attributes=("pedestrian.standing",))
QUESTION = "pedestrian in the lane"


@pytest.fixture
def log(tmp_path):
    return write_log(tmp_path / "log", scenes=1, frames=3, boxes=lambda *_: [PERSON], speed_mps=3.0, size_px=(240, 135))


@pytest.fixture
def workspace(tmp_path):
    return Workspace.create(tmp_path / "workspace")


def build(log, workspace):
    source = NuScenesSource(dataroot=str(log.dataroot), version=log.version)
    return index_log(Invocation(source=source, profile="weights-free", embedder="hash"), workspace, HashEmbedder())


@pytest.fixture
def engine(log, workspace):
    build(log, workspace)
    return Engine(workspace, lambda _: HashEmbedder())


def tags(engine, token):
    return engine.show(token).verdict.facts.tags


def test_a_tag_that_a_person_gives_is_the_index_s_with_its_next_build_and_the_last_word_counts(engine, log, workspace):
    first, second, _ = log.tokens
    before = tags(engine, first)
    engine.review([first, second], "Ada", holds=[Tag.CONSTRUCTION])
    engine.review([second], "Bob", does_not_hold=[Tag.CONSTRUCTION])
    assert tags(engine, first) == before, "the index is derived, and waits for its build"

    build(log, workspace)
    assert tags(engine, first) == tuple(tag for tag in Tag if tag in {*before, Tag.CONSTRUCTION})
    assert Tag.CONSTRUCTION not in tags(engine, second)
    assert [hit.token for hit in engine.search("construction").hits] == [first]
    assert any("reviews of construction" in note for note in engine.show(first).verdict.notes)

    build(log, workspace)  # nothing changed: what was said is not said again
    assert [one.who for one in engine.reviews([second])] == ["Ada", "Bob"]


def test_a_second_look_proposes_nothing_about_a_tag_that_a_person_spoke_of(engine, log):
    token = log.tokens[0]
    stored = engine.show(token).verdict.facts
    fresh = stored.model_copy(update={"tags": (Tag.CONSTRUCTION, Tag.FOD_DEBRIS)})
    with Ledger(engine.workspace.ledger) as ledger:
        ledger.append_verification(
            Verification(token=token, question="q", verdict="yes", facts_now=fresh, changes=changes(stored, fresh))
        )
    engine.review([token], "Ada", does_not_hold=[Tag.CONSTRUCTION])
    (proposal,) = engine.proposals([token])
    assert Tag.FOD_DEBRIS in proposal.facts.tags
    assert Tag.CONSTRUCTION not in proposal.facts.tags


def test_a_person_s_verdict_counts_and_no_scout_is_asked_again_unless_afresh(engine, log):
    token = log.tokens[0]
    engine.decide([token], "Ada", QUESTION, "yes")
    (told,) = engine.verify([token], QUESTION)
    assert (told.who, told.verdict, told.remembered, told.testimonies) == ("Ada", "yes", True, ())
    assert {hit.token: hit.verdict for hit in engine.search(QUESTION).hits}[token] == "yes"

    (looked,) = engine.verify([token], QUESTION, fresh=True)
    assert looked.testimonies, "asked afresh, scouts look"
    (latest,) = engine.verify([token], QUESTION)
    assert latest.who == "", "their later verdict counts"


def test_a_verdict_that_a_person_took_back_is_asked_about(engine, log):
    token = log.tokens[0]
    (said,) = engine.decide([token], "Ada", QUESTION, "yes")
    engine.undo_verification(said.id, "Ada")
    (told,) = engine.verify([token], QUESTION)
    assert told.testimonies


def test_a_review_says_something_of_frames_that_are_there_and_names_who_says_it(engine, log):
    token = log.tokens[0]
    with pytest.raises(ConfigError, match="says nothing"):
        engine.review([token], "Ada")
    with pytest.raises(ConfigError, match="say whose"):
        engine.review([token], " ", holds=[Tag.CONSTRUCTION])
    with pytest.raises(ConfigError, match="to hold and not to hold"):
        engine.review([token], "Ada", holds=[Tag.CONSTRUCTION], does_not_hold=[Tag.CONSTRUCTION])
    with pytest.raises(ConfigError, match="say whose"):
        engine.decide([token], "", QUESTION, "no")
    with pytest.raises(UnknownToken):
        engine.review([token, "nobody"], "Ada", holds=[Tag.CONSTRUCTION])
    assert engine.reviews() == [], "all or none"


def test_the_command_line_reviews_and_teaches(engine, log):
    token, index = log.tokens[0], str(engine.workspace.location)
    done = semdrive_here("review", token, "--who", "Ada", "--tag", "construction", "--index", index)
    assert (done.returncode, "+construction" in done.stdout) == (0, True), done.stderr
    done = semdrive_here("review", token, "--who", "Ada", "-q", QUESTION, "--verdict", "no", "--index", index)
    assert done.stdout.startswith("✗ no"), done.stderr
    wrong = semdrive_here("review", token, "--who", "Ada", "--tag", "constructon", "--index", index)
    assert (wrong.returncode, "did you mean 'construction'?" in wrong.stderr) == (2, True)
    assert semdrive_here("review", token, "--who", "Ada", "--index", index).returncode == 2
