"""Asking again from the command line and from Python, over an index of three frames."""

import json

import pytest

from drives import Drives, engine_over, scenario, tokens
from scenario.errors import ConfigError, NoLedger, QueryError, UnknownToken
from scenario.ledger import Ledger
from scenario.protocols import Cancel
from scenario.records import Facts
from scenario.workspace import Workspace
from server.engine import Engine
from shell import semdrive_here
from staged import noise, standing
from verifier.live import Limits

QUESTION = "is a pedestrian in the lane?"


@pytest.fixture
def drives(tmp_path):
    picture = noise(tmp_path / "front.jpg")
    made = Drives.at(tmp_path / "w")
    made.write(
        [
            standing("lane", 0.2, picture, risk=8, weather="rain"),
            standing("pavement", 6.0, picture, risk=7),
            standing("empty", None, picture, risk=6),
            scenario("blind", Facts(risk=1)),
        ]
    )
    return made


@pytest.fixture
def at(drives):
    return drives.workspace.location


def said(text: str) -> dict[str, str]:
    return {one["token"]: one["verdict"] for one in map(json.loads, text.splitlines())}


def test_the_person_in_the_lane_is_confirmed_and_the_one_on_the_pavement_refuted(at):
    ran = semdrive_here("verify", "lane", "pavement", "empty", "--question", QUESTION, "--index", at, "--json")

    assert ran.returncode == 0
    assert said(ran.stdout) == {"lane": "yes", "pavement": "no", "empty": "no"}
    shown = semdrive_here("verify", "lane", "pavement", "--question", QUESTION, "--index", at).stdout
    assert "✓ yes" in shown
    assert "pedestrian in the ego path, 10 m ahead" in shown
    assert "1 confirmed, 1 refuted" in shown
    assert shown.count("remembered") == 2


def test_a_filter_is_verified_clause_by_clause(at):
    ran = semdrive_here("verify", "lane", "--filter", "risk>=4 AND weather:rain", "--index", at, "--json")
    (one,) = map(json.loads, ran.stdout.splitlines())

    assert [clause["clause"] for clause in one["clauses"]] == ["risk:>=4", "weather:rain"]
    assert one["clauses"][0]["verdict"] == "yes"
    assert one["question"] == "risk:>=4 AND weather:rain"


def test_a_frame_without_pictures_is_an_error_and_alone_ends_with_1(at):
    ran = semdrive_here("verify", "blind", "--question", QUESTION, "--index", at)

    assert ran.returncode == 1
    assert "no pictures: this frame was indexed without its cameras' pictures" in ran.stdout
    assert semdrive_here("verify", "blind", "lane", "--question", QUESTION, "--index", at).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["nope", "-q", QUESTION], "no frame with token 'nope'"),
        (["lane"], "nothing is asked: give words, a filter, or both"),
        (["lane", "-f", "rain"], "did you mean weather:rain? A question in words goes into --question"),
        (["lane", "-f", "weather:ran"], "did you mean rain?"),
        (["lane", "-q", QUESTION, "--order", "rnk"], "did you mean 'rank'?"),
        (["lane", "-q", QUESTION, "--budget-s", "0"], "budget_s is 0.0"),
        (["lane", "-q", QUESTION, "--profile", "wights-free"], "did you mean 'weights-free'?"),
        (["lane", "-q", QUESTION, "--accept"], "--who NAME"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_asked(at, arguments, complaint):
    ran = semdrive_here("verify", *arguments, "--index", at)

    assert ran.returncode == 2
    assert complaint in " ".join(ran.stderr.split())
    assert semdrive_here("verifications", "--index", at, "--json").stdout == ""


def test_search_verifies_its_first_hits_and_puts_the_confirmed_first(at):
    ran = semdrive_here("search", "weather:rain OR risk>=6", "--verify", "2", "--index", at)
    assert ran.returncode == 0
    assert "of looking" in ran.stdout

    lines = semdrive_here(
        "search", "risk:6..8", "--verify", "3", "--rerank", "--index", at, "--json"
    ).stdout.splitlines()
    kinds = [next(iter(json.loads(line))) for line in lines]
    assert kinds == ["page", "verification", "verification", "verification", "page"]


def test_what_was_verified_is_listed_undone_and_a_filter(at):
    semdrive_here("verify", "lane", "pavement", "--question", QUESTION, "--index", at)
    listed = semdrive_here("verifications", "--index", at).stdout
    assert "pavement" in listed
    assert said(semdrive_here("verifications", "--verdict", "yes", "--index", at, "--json").stdout) == {"lane": "yes"}

    def found() -> list[str]:
        page = semdrive_here("search", f'verified:"{QUESTION}"', "--index", at, "--json").stdout
        return [hit["token"] for hit in json.loads(page)["hits"]]

    assert found() == ["lane"]
    (number,) = [
        json.loads(line)["id"]
        for line in semdrive_here("verifications", "--token", "lane", "--index", at, "--json").stdout.splitlines()
    ]
    assert "counts no more" in semdrive_here("verifications", "undo", str(number), "--index", at).stdout
    assert found() == []
    assert "was undone before" in semdrive_here("verifications", "undo", str(number), "--index", at).stderr


def test_facts_that_changed_are_proposed_and_accepted_by_name(at):
    semdrive_here("verify", "empty", "--question", QUESTION, "--index", at)
    assert "risk 6 →" in semdrive_here("proposals", "--index", at).stdout

    accepted = semdrive_here("proposals", "accept", "empty", "--who", "ada", "--index", at)
    assert "accepted by ada" in accepted.stdout
    with Ledger(Workspace.open(at).require_ledger("test"), read_only=True) as ledger:
        assert ledger.revisions()["empty"].who == "ada"


def test_a_filter_that_was_verified_is_found_however_it_is_spelt(at):
    semdrive_here("verify", "lane", "--filter", "risk>=2", "--index", at)
    for spelt in ("risk>=2", "risk:>=2", "risk≥2"):
        ran = semdrive_here("search", f'verified:"{spelt}"', "--index", at, "--json")
        assert ran.returncode == 0, ran.stderr
        assert [hit["token"] for hit in json.loads(ran.stdout)["hits"]] == ["lane"]


def test_verify_may_accept_at_once(at):
    ran = semdrive_here("verify", "empty", "-q", QUESTION, "--accept", "--who", "ada", "--index", at)

    assert "changed facts of 1 accepted" in ran.stdout
    assert semdrive_here("verify", "empty", "-q", QUESTION, "--accept", "--who", "ada", "--index", at).returncode == 0
    with Ledger(Workspace.open(at).require_ledger("test"), read_only=True) as ledger:
        assert set(ledger.revisions()) == {"empty"}


# Python


def test_the_engine_takes_hits_or_tokens_and_tells_what_it_knows(drives):
    engine = engine_over(drives)
    page = engine.search("risk>=6")
    first = {one.token: one.verdict for one in engine.verify(page.hits, QUESTION)}
    again = list(engine.verify(tokens(page), QUESTION))

    assert first == {"lane": "yes", "pavement": "no", "empty": "no"}
    assert all(one.remembered for one in again)
    assert not any(one.remembered for one in engine.verify(["lane"], QUESTION, fresh=True))
    engine.close()


def test_the_engine_says_what_is_wrong_when_it_is_asked_and_not_later(drives):
    engine = engine_over(drives)
    with pytest.raises(UnknownToken):
        engine.verify(["nope"], QUESTION)
    with pytest.raises(QueryError):
        engine.verify(["lane"], "risk>=")
    with pytest.raises(ConfigError, match="nothing is asked"):
        engine.verify(["lane"], "is:verified")
    replica = Engine(Workspace.open(drives.workspace.index_uri), lambda fingerprint: drives.embedder)
    with pytest.raises(NoLedger, match="verifying needs the ledger"):
        replica.verify(["lane"], QUESTION)


def test_the_engine_stops_when_it_is_told_to(drives):
    engine, cancel = engine_over(drives), Cancel()
    found = []
    for one in engine.verify(["lane", "pavement", "empty"], QUESTION, cancel=cancel, limits=Limits(concurrency=1)):
        found.append(one.token)
        cancel.set()
    assert found == ["lane"]
    assert len(list(engine.verify(["lane", "pavement"], QUESTION, limits=Limits(stop_after=1)))) == 1


def test_a_pass_that_was_never_begun_holds_nothing(drives):
    engine_over(drives).verify(["lane"], QUESTION).close()
    with Ledger(drives.workspace.ledger) as ledger:
        assert ledger.verifications() == []
