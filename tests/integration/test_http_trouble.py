"""Errors where somebody looks at a page: a page in the same words; where a program asks, JSON as ever."""

import pytest

from drives import Drives, drive, engine_over
from scenario.workspace import Workspace
from server.app import create_app
from server.engine import Engine
from serving import serving

LOOKING = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(scope="module")
def drives(tmp_path_factory):
    made = Drives.at(tmp_path_factory.mktemp("workspace"))
    made.write(drive(12))
    return made


@pytest.fixture(scope="module")
def client(drives):
    with serving(create_app(engine_over(drives))) as asking:
        yield asking


@pytest.fixture(scope="module")
def replica(drives):
    engine = Engine(Workspace.open(drives.workspace.index_uri), lambda fingerprint: drives.embedder)
    with serving(create_app(engine)) as asking:
        yield asking


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/nowhere", 404, "nothing is here"),
        ("/search?offset=x", 422, "offset"),
        ("/search?q=verified:x&offset=0", 422, "nobody asked"),
        ("/frame/nobody", 404, "nobody"),
        ("/frame/nobody?q=risk%3A%3E%3D4", 404, "risk:&gt;=4"),
    ],
)
def test_a_browser_gets_a_page_that_keeps_the_query(client, path, status, said):
    answer = client.get(path, headers=LOOKING)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert said in answer.text
    assert "default-src 'self'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/nowhere", "/search.json?q=wether:rain", "/api/search?q=wether:rain"])
def test_a_program_gets_json(client, path):
    for accept in ("*/*", "application/json"):
        answer = client.get(path, headers={"accept": accept})
        assert set(answer.json()) == {"error", "message", "start", "end", "hint"}


@pytest.mark.parametrize("path", ["/search.json?q=wether:rain", "/api/search?q=wether:rain", "/saved/x/look.json"])
def test_what_is_data_stays_data_for_a_browser(client, path):
    assert "error" in client.get(path, headers=LOOKING).json()


def test_a_form_that_cannot_be_read_is_a_page(client):
    body = "&".join(["token=x"] * 3000)
    kind = {"content-type": "application/x-www-form-urlencoded"}
    answer = client.post("/review", content=body, headers=LOOKING | kind)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/html; charset=utf-8")
    assert "select fewer frames" in answer.text


def test_a_replica_without_a_ledger_says_on_its_page_what_it_lacks(replica):
    answer = replica.get("/search", params={"q": "is:unverified"}, headers=LOOKING)
    assert (answer.status_code, answer.headers["content-type"]) == (409, "text/html; charset=utf-8")
    assert "ledger" in answer.text
    assert replica.get("/search", headers=LOOKING).status_code == 200


def test_what_the_page_swaps_in_is_a_page_too(client):
    answer = client.get("/search?offset=x", headers={"hx-request": "true"})
    assert 'id="content"' in answer.text


def test_writing_to_a_script_is_not_allowed_and_no_fault(client):
    assert client.post("/static/app.js", json={}).status_code == 405


@pytest.mark.parametrize(
    ("path", "field"), [("/review", "who"), ("/gold", "sample"), ("/gold", "who"), ("/saved", "name")]
)
def test_a_name_as_long_as_a_book_is_refused_and_not_kept(client, path, field):
    given = {"token": "x", "tag": "construction", "who": "Ada", "sample": "s", "name": "n", "q": "risk>=4"}
    answer = client.post(path, data=given | {field: "A" * 100_000}, headers=LOOKING)
    assert (answer.status_code, "set-cookie" in answer.headers) == (400, False)
    assert f"{field} has 100,000 characters, of 200 allowed" in answer.text
    assert client.get("/api/saved").json() == []
