"""What the engine reads from the ledger, and what it answers without one."""

import subprocess
import sys

import pytest

from drives import Drives, drive, engine_over, no_embedder, scenario, tokens
from scenario.answers import Verification
from scenario.errors import NoLedger, UnknownToken
from scenario.ledger import Ledger
from scenario.records import Facts
from scenario.workspace import Workspace
from server.engine import Engine

SCENARIOS = drive(30, seed=12)
FRAME = SCENARIOS[4].frame.token


@pytest.fixture(scope="module")
def drives(tmp_path_factory):
    made = Drives.at(tmp_path_factory.mktemp("engine") / "w")
    made.write(SCENARIOS)
    return made


@pytest.fixture(scope="module")
def engine(drives):
    return engine_over(drives)


def verification(token, verdict):
    return Verification(token=token, question="is it there?", verdict=verdict)


def test_is_joins_the_latest_verification_that_came_to_a_verdict(tmp_path):
    drives = Drives.at(tmp_path / "w")
    drives.write([scenario(token, Facts(risk=5)) for token in "abcdef"])
    with Ledger(drives.workspace.ledger) as ledger:
        for token, verdict in [("a", "yes"), ("b", "no"), ("c", "unsure"), ("d", "error"), ("e", "no"), ("e", "yes")]:
            ledger.append_verification(verification(token, verdict))
        ledger.append_verification(verification("a", "error"))
    engine = Engine(drives.workspace, no_embedder)
    assert tokens(engine.search("is:verified")) == ["a", "e"]
    assert tokens(engine.search("is:refuted")) == ["b"]
    assert tokens(engine.search("is:unverified")) == ["c", "d", "f"]
    assert tokens(engine.search("is:verified,refuted")) == ["a", "b", "e"]
    assert tokens(engine.search("NOT is:verified risk:5")) == ["b", "c", "d", "f"]
    assert engine.facets("is:verified").matching == 2


def test_a_new_verification_is_seen_by_the_next_search(tmp_path):
    drives = Drives.at(tmp_path / "w")
    drives.write([scenario("a"), scenario("b")])
    engine = Engine(drives.workspace, no_embedder)
    assert tokens(engine.search("is:unverified")) == ["a", "b"]
    with Ledger(drives.workspace.ledger) as ledger:
        ledger.append_verification(verification("a", "yes"))
    assert tokens(engine.search("is:unverified")) == ["b"]


def test_show_gives_the_whole_scenario(engine):
    for one in SCENARIOS[:5]:
        assert engine.show(one.frame.token) == one


def test_show_of_an_unknown_frame_is_an_error(engine):
    with pytest.raises(UnknownToken, match="it's"):
        engine.show("it's nowhere")


def test_a_replica_without_a_ledger_searches_and_names_what_it_lacks(drives, engine):
    replica = Engine(Workspace.open(drives.workspace.index_uri), lambda fingerprint: drives.embedder)
    assert replica.search("pedestrian at night").hits == engine.search("pedestrian at night").hits
    assert replica.facets("risk:>=4") == engine.facets("risk:>=4")
    with pytest.raises(NoLedger, match="show needs the ledger"):
        replica.show(FRAME)
    for query in ("is:verified", "risk:4 OR NOT is:unverified", "person -is:refuted"):
        for ask in (replica.search, replica.facets, replica.explain):
            with pytest.raises(NoLedger, match="is: needs the ledger"):
                ask(query)


def test_a_filter_imports_no_model_library(drives):
    program = (
        "import sys; from scenario.workspace import Workspace; from server.engine import Engine;"
        "from search.embedding import embedder_of;"
        f"engine = Engine(Workspace.open({drives.workspace.location!r}), embedder_of);"
        "assert engine.search('risk:>=4', group='scene').matching; engine.facets('construction');"
        "print(sorted({'torch', 'transformers', 'sentence_transformers', 'fastapi'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
