"""Reviews and saved searches over HTTP: what people say is written once it is whole, and only then."""

import pytest

from drives import Drives, drive, engine_over
from server.app import create_app
from serving import serving


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    drives = Drives.at(tmp_path_factory.mktemp("workspace"))
    drives.write(drive(12))
    with serving(create_app(engine_over(drives))) as asking:
        yield asking


@pytest.fixture(scope="module")
def token(client):
    return client.get("/api/search", params={"limit": 1}).json()["hits"][0]["token"]


def test_tags_and_a_verdict_are_written_together_and_read_back(client, token):
    said = {"tokens": [token], "who": "Ada", "holds": ["construction"], "query": "risk>=1", "verdict": "no"}
    written = client.post("/api/reviews", json=said).raise_for_status().json()
    assert written["reviews"][0]["holds"] == ["construction"]
    assert (written["verifications"][0]["verdict"], written["verifications"][0]["who"]) == ("no", "Ada")
    assert client.get("/api/reviews", params={"token": token}).json() == written["reviews"]
    assert client.get("/api/verifications", params={"token": token}).json()[0]["who"] == "Ada"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"tokens": ["nobody"]}, 404),
        ({"tokens": []}, 422),
        ({"who": ""}, 422),
        ({"who": "  "}, 400),
        ({"holds": []}, 400),
        ({"holds": ["wet"]}, 422),
        ({"does_not_hold": ["construction"]}, 400),
        ({"does_not_hold": ["construction"], "query": "risk>=1", "verdict": "no"}, 400),
        ({"verdict": "no"}, 400),
        ({"query": "", "verdict": "no"}, 400),
        ({"query": "wether:rain", "verdict": "no"}, 422),
    ],
)
def test_a_review_that_is_none_writes_nothing(client, token, change, status):
    before = client.get("/api/reviews").json(), client.get("/api/verifications").json()
    said = {"tokens": [token], "who": "Ada", "holds": ["construction"], **change}
    answer = client.post("/api/reviews", json=said)
    assert (answer.status_code, set(answer.json())) == (status, {"error", "message", "start", "end", "hint"})
    assert (client.get("/api/reviews").json(), client.get("/api/verifications").json()) == before


def test_a_search_is_saved_looked_at_and_removed(client):
    saved = client.post("/api/saved", json={"name": "wet & risky ?", "query": "risk >= 4"}).raise_for_status().json()
    assert saved["query"] == "risk:>=4"
    (listed,) = client.get("/api/saved").json()
    assert (listed["name"], listed["new"]) == ("wet & risky ?", 0)
    assert client.post("/api/saved", json={"name": "wet & risky ?", "query": "risk>=4"}).status_code == 409
    assert client.put("/api/saved/wet%20&%20risky%20%3F/look").raise_for_status().json()["found"] == listed["found"]
    assert client.delete("/api/saved/wet%20&%20risky%20%3F").raise_for_status().json()["name"] == "wet & risky ?"
    assert client.get("/api/saved").json() == []
    for unfit in ("a/b", ".", ".."):  # no address could look at it or remove it
        assert client.post("/api/saved", json={"name": unfit, "query": "risk>=4"}).status_code == 400
    assert client.delete("/api/saved/gone").status_code == 409
