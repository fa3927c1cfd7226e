"""Samples over HTTP: drawn by a method, or picked by hand out of a search."""

import pytest

from drives import Drives, drive, engine_over
from scenario.ledger import Ledger
from server.app import create_app
from serving import serving


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    drives = Drives.at(tmp_path_factory.mktemp("workspace"))
    drives.write(drive(20))
    return engine_over(drives)


@pytest.fixture(scope="module")
def client(engine):
    with serving(create_app(engine)) as opened:
        yield opened


def refused(answer, status):
    assert answer.status_code == status, answer.text
    return answer.json()["message"]


def test_a_sample_is_drawn_and_tells_neither_frames_nor_strata(client, engine):
    said = {"name": "first", "size": 8, "method": "stratified", "tag": "construction", "seed": 3}
    assert client.post("/api/samples", json=said).json() == {"name": "first", "method": "stratified", "frames": 8}
    with Ledger(engine.workspace.ledger, read_only=True) as ledger:
        drawn = next(one for one in ledger.samples() if one.name == "first")
    assert (len(drawn.frames), drawn.seed, drawn.tag) == (8, 3, "construction")
    assert "was drawn before" in refused(client.post("/api/samples", json=said), 409)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"size": 21}, 400),
        ({"size": 0}, 422),
        ({"size": 2, "method": "picked"}, 422),
        ({"size": 2, "tag": "constriction"}, 422),
    ],
)
def test_a_sample_that_cannot_be_drawn_is_refused(client, said, status):
    refused(client.post("/api/samples", json={"name": "never", **said}), status)


def test_frames_are_picked_and_added_to_in_somebodys_name(client, engine):
    tokens = [hit.token for hit in engine.search("", limit=3).hits]
    where = "/api/samples/barrels at night/frames"
    first = client.post(where, json={"tokens": tokens[:2], "who": "Ada"}).raise_for_status().json()
    assert first == {"name": "barrels at night", "method": "picked", "frames": 2, "added": 2}
    again = client.post(where, json={"tokens": tokens, "who": "Bob"}).raise_for_status().json()
    assert (again["frames"], again["added"]) == (3, 1)
    listed = client.get("/api/samples").json()
    assert {"name": "barrels at night", "method": "picked", "frames": 3} in listed


def test_frames_that_are_not_there_and_samples_that_were_drawn_take_no_picks(client, engine):
    token = engine.search("", limit=1).hits[0].token
    client.post("/api/samples", json={"name": "drawn", "size": 2}).raise_for_status()
    assert "'drawn' was drawn" in refused(
        client.post("/api/samples/drawn/frames", json={"tokens": [token], "who": "Ada"}), 409
    )
    assert "nobody" in refused(client.post("/api/samples/p/frames", json={"tokens": ["nobody"], "who": "Ada"}), 404)
    refused(client.post("/api/samples/p/frames", json={"tokens": [], "who": "Ada"}), 422)
    refused(client.post("/api/samples/p/frames", json={"tokens": [token]}), 422)


def test_the_pages_take_hostile_names_as_text_and_tell_nothing_of_a_frame(client, engine):
    evil = '"><script>alert(1)</script>\u202e'
    tokens = [hit.token for hit in engine.search("", limit=2).hits]
    client.post("/api/samples/evil/frames", json={"tokens": tokens, "who": "Ada"}).raise_for_status()
    for path, asked in (("/curate", {}), ("/curate/evil", {}), ("/curate/evil", {"at": evil})):
        shown = client.get(path, params={"annotator": evil, **asked}).text
        assert "<script>alert" not in shown
    scenario = engine.show(tokens[0])
    page = client.get("/curate/evil", params={"annotator": "Ada"}).text
    assert tokens[0] in page
    assert str(scenario.verdict.facts.description) not in page
    assert str(scenario.frame.scene) not in page


def test_a_page_of_another_site_labels_nothing(client, engine):
    token = engine.search("", limit=1).hits[0].token
    client.post("/api/samples/own/frames", json={"tokens": [token], "who": "Ada"}).raise_for_status()
    sent = {"annotator": "Ada", "token": token, "risk": "3"}
    foreign = client.post("/curate/own", data=sent, headers={"Origin": "https://elsewhere.example"})
    assert foreign.status_code == 403
    assert client.post("/curate/own", data=sent).status_code == 303
    assert client.post("/curate/own", data={**sent, "risk": "11"}).status_code == 422
