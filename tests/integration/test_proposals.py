"""What a second look saw otherwise is proposed, accepted by a person, and taken up by the next build."""

import pytest

from fakes import HashEmbedder
from indexer.live import index_log
from indexer.sources import Invocation, NuScenesSource
from logs import MadeBox, write_log
from scenario.answers import FactChange, Verification
from scenario.assembly import load_scenario
from scenario.errors import ConfigError, WorkspaceError
from scenario.ledger import Ledger
from scenario.records import Facts
from scenario.vocabulary import Tag, Weather
from scenario.workspace import Workspace
from server.engine import Engine
from verifier.fitted import BeliefFit, FitProvenance, RiskFit, TagFit
from verifier.verifying import changes

PERSON = MadeBox("human.pedestrian.adult", ahead_m=14, left_m=-6.0, attributes=("pedestrian.standing",))


@pytest.fixture
def log(tmp_path):
    return write_log(tmp_path / "log", scenes=1, frames=3, boxes=lambda *_: [PERSON], speed_mps=3.0, size_px=(240, 135))


@pytest.fixture
def workspace(tmp_path):
    return Workspace.create(tmp_path / "workspace")


def index(log, workspace, **changes):
    source = NuScenesSource(dataroot=str(log.dataroot), version=log.version)
    invocation = Invocation(source=source, profile="weights-free", embedder="hash").model_copy(update=changes)
    return index_log(invocation, workspace, HashEmbedder())


@pytest.fixture
def engine(log, workspace):
    index(log, workspace)
    return Engine(workspace, lambda _: HashEmbedder())


def looked(engine, token, now, **changed):
    """A verification that saw `now` in place of the stored facts, kept in the ledger."""
    stored = engine.show(token).verdict.facts
    fresh = stored.model_copy(update=now)
    made = Verification(token=token, question="q", verdict="yes", facts_now=fresh, changes=changes(stored, fresh))
    with Ledger(engine.workspace.ledger) as ledger:
        return ledger.append_verification(made.model_copy(update=changed))


SNOW = {"weather": Weather.SNOW, "tags": (Tag.VRU_HAZARD,)}


def test_a_look_that_saw_other_facts_is_a_proposal_and_one_that_did_not_is_none(engine, log):
    first, second, third = log.tokens
    made = looked(engine, first, SNOW)
    looked(engine, second, {})
    looked(engine, third, SNOW, verdict="error", error="it was late")

    (proposal,) = engine.proposals()
    assert (proposal.token, proposal.verification) == (first, made.id)
    with Ledger(engine.workspace.ledger, read_only=True) as ledger:
        assert load_scenario(ledger, proposal.base) == engine.show(first)
    assert {change.field for change in proposal.changes} == {"weather", "tags"}
    assert proposal.facts == engine.show(first).verdict.facts.model_copy(update=SNOW)


def test_a_later_look_that_sees_what_is_stored_takes_the_proposal_away_and_its_undo_brings_it_back(engine, log):
    looked(engine, log.tokens[0], SNOW)
    again = looked(engine, log.tokens[0], {})
    assert engine.proposals() == []
    engine.undo_verification(again.id, "Ada")
    assert len(engine.proposals()) == 1


def test_what_is_not_stated_this_time_stays_as_it_was(engine, log):
    token = log.tokens[0]
    stored = engine.show(token).verdict.facts
    fresh = Facts(weather=Weather.SNOW, tags=stored.tags, traffic_controls=stored.traffic_controls)
    looked(engine, token, {}, facts_now=fresh, changes=changes(stored, fresh))
    (proposal,) = engine.proposals()
    assert proposal.facts == stored.model_copy(update={"weather": Weather.SNOW})


def test_a_field_that_the_look_did_not_name_is_not_proposed(engine, log):
    token = log.tokens[0]
    looked(engine, token, SNOW, changes=(FactChange(field="weather", stored="rain", now="snow"),))
    (proposal,) = engine.proposals()
    assert [change.field for change in proposal.changes] == ["weather"]
    assert proposal.facts.tags == engine.show(token).verdict.facts.tags


def test_an_accepted_proposal_is_taken_up_by_the_next_build_and_by_nothing_else(engine, log, workspace):
    first, *others = log.tokens
    before = {token: engine.show(token) for token in log.tokens}
    looked(engine, first, SNOW)
    revision = engine.accept_proposal(first, " Ada ")

    assert (revision.who, revision.note.split(":")[0]) == ("Ada", "weather")
    assert engine.proposals() == []
    assert engine.show(first) == before[first]

    summary = index(log, workspace)
    assert (summary.built, summary.stages["revise"].made, summary.stages["judge"].made) == (True, 1, 0)
    revised = engine.show(first)
    assert revised.verdict.facts == revision.facts
    assert revised.verdict.notes[-1].startswith("facts by revision 1 by Ada, ")
    assert revised.provenance.backends["revision"] == "revision 1 by Ada"
    assert revised.beliefs == before[first].beliefs
    assert [hit.token for hit in engine.search("weather:snow").hits] == [first]
    assert [engine.show(token) for token in others] == [before[token] for token in others]
    assert engine.proposals() == []

    again = index(log, workspace)
    assert (again.built, sum(count.made for count in again.stages.values())) == (False, 0)


def test_without_revisions_a_build_has_no_such_stage_and_makes_nothing_anew(engine, log, workspace):
    looked(engine, log.tokens[0], SNOW)
    again = index(log, workspace)
    assert "revise" not in again.stages
    assert not again.built


def test_undoing_the_look_takes_the_revision_back_with_the_next_build(engine, log, workspace):
    first = log.tokens[0]
    before = engine.show(first)
    made = looked(engine, first, SNOW)
    engine.accept_proposal(first, "Ada")
    index(log, workspace)
    engine.undo_verification(made.id, "Ada")
    assert index(log, workspace).built
    assert engine.show(first) == before


def test_accepting_twice_gives_the_same_revision(engine, log, workspace):
    looked(engine, log.tokens[0], SNOW)
    once = engine.accept_proposal(log.tokens[0], "Ada")
    assert engine.accept_proposal(log.tokens[0], "Bob") == once
    index(log, workspace)
    assert engine.accept_proposal(log.tokens[0], "Bob") == once


def test_accepting_nothing_or_in_nobodys_name_teaches(engine, log):
    with pytest.raises(WorkspaceError, match=r"nothing is proposed for frame .*; semdrive proposals lists what is"):
        engine.accept_proposal(log.tokens[0], "Ada")
    looked(engine, log.tokens[0], SNOW)
    with pytest.raises(ConfigError, match="accepting is a person's word"):
        engine.accept_proposal(log.tokens[0], "  ")


def test_a_frame_that_left_the_index_is_not_proposed_for(engine):
    with Ledger(engine.workspace.ledger) as ledger:
        ledger.append_verification(
            Verification(
                token="gone",
                question="q",
                verdict="yes",
                facts_now=Facts(risk=3),
                changes=(FactChange(field="risk", stored="4", now="3"),),
            )
        )
    assert engine.proposals() == []


def test_of_a_fit_and_a_revision_the_revision_wins(engine, log, workspace, tmp_path):
    looked(engine, log.tokens[0], SNOW | {"risk": 9})
    engine.accept_proposal(log.tokens[0], "Ada")
    tags = tuple(TagFit(tag=tag, positives=0, threshold=0.9) for tag in Tag)
    made = FitProvenance(gold="g", gold_digest="d", frames=1, missing=0, weighted=False, regularisation=1.0)
    risk = RiskFit(intercept=1.0, weights={}, low=-1, high=1)
    fit = BeliefFit(scouts=("rules",), tags=tags, risk=risk, provenance=made)
    (tmp_path / "fit.json").write_bytes(fit.to_bytes())
    index(log, workspace, beliefs=str(tmp_path / "fit.json"))

    revised, fitted = (engine.show(token).verdict for token in log.tokens[:2])
    assert (fitted.facts.risk, revised.facts.risk, revised.facts.tags) == (1, 9, (Tag.VRU_HAZARD,))
    assert [note.partition(" by ")[0] for note in revised.notes] == ["tags and risk", "facts"]


def test_what_a_live_pass_says_is_what_hits_show_and_are_reranked_by(engine, log):
    query = "risk>=1 is there a pedestrian sort:token-asc"
    said = {one.token: one.verdict for one in engine.verify(log.tokens, query)}
    assert set(said) == set(log.tokens)
    verdicts = {token: verdict for token, verdict in said.items() if verdict != "error"}
    page = engine.search(query, rerank=True)
    assert page.hits
    assert {hit.token: hit.verdict for hit in page.hits} == {hit.token: verdicts.get(hit.token) for hit in page.hits}
    (question,) = {one.question for one in engine.verifications()}
    for state, verdict in (("verified", "yes"), ("refuted", "no")):
        wanted = {token for token in log.tokens if verdicts.get(token) == verdict}
        asked = question.replace('"', '\\"')
        assert {hit.token for hit in engine.search(f'{state}:"{asked}"').hits} == wanted
