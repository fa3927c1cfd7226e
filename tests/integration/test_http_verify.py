"""Verdicts over HTTP as they come, stopped by closing the connection; reviews and labels that are written."""

import json
from dataclasses import dataclass, field
from threading import Event

import pytest
from PIL import Image

from drives import Drives, scenario
from fakes import ScriptedAnswerer
from scenario.answers import Answer
from scenario.curation import Sample, SampledFrame
from scenario.ledger import Ledger
from scenario.records import Camera, Facts
from scenario.vocabulary import Tag, Weather
from server.api.context import Services
from server.api.passes import Passes
from server.app import create_app
from server.engine import Engine
from serving import serving
from verifier.live import LiveVerifier

TOKENS = [f"t{number}" for number in range(4)]
PATIENCE_S = 20


@dataclass
class Looks:
    """What a scout does in the middle of a look: nothing, or wait until it is let go or cancelled."""

    waits: bool = False
    began: Event = field(default_factory=Event)
    let_go: Event = field(default_factory=Event)
    cancelled: Event = field(default_factory=Event)

    def __call__(self, frame, deadline):
        self.began.set()
        while self.waits and not self.let_go.wait(0.01):
            if deadline.cancelled:
                self.cancelled.set()
                return


@pytest.fixture
def looks():
    return Looks()


@pytest.fixture
def engine(tmp_path, looks):
    picture = tmp_path / "front.png"
    Image.new("RGB", (800, 450), "grey").save(picture)
    drives = Drives.at(tmp_path / "workspace")
    facts = Facts(weather=Weather.RAIN, risk=5)
    cameras = {"CAM_FRONT": Camera(image=str(picture))}
    drives.write([scenario(token, facts, cameras=cameras, scene="s", sequence=i) for i, token in enumerate(TOKENS)])
    now = Facts(weather=Weather.SNOW, risk=5)
    scout = ScriptedAnswerer(
        by_token=dict.fromkeys(TOKENS, now), answers={"t0": Answer(verdict="yes", probability=0.9)}, hold=looks
    )
    return Engine(drives.workspace, lambda _: drives.embedder, make_verifier=lambda _: LiveVerifier([scout]))


@pytest.fixture
def client(engine):
    with serving(create_app(engine, services=Services(engine, passes=Passes(at_once=1, per_minute=3)))) as asking:
        yield asking


def events(response):
    """(event, data) of each event of an answer that is whole."""
    assert response.headers["content-type"].startswith("text/event-stream")
    blocks = [block for block in response.text.split("\n\n") if block and not block.startswith(":")]
    lines = [dict(line.split(": ", 1) for line in block.splitlines()) for block in blocks]
    return [(one["event"], json.loads(one["data"])) for one in lines]


def fault(response, status):
    assert response.status_code == status, response.text
    return response.json()["error"]


def test_each_verdict_is_an_event_and_the_last_one_sums_up(client, engine):
    told = events(client.post("/api/verify", json={"tokens": TOKENS[:2], "question": "is a man in the lane?"}))
    assert [(name, data.get("token")) for name, data in told[:2]] == [("verification", "t0"), ("verification", "t1")]
    name, summary = told[2]
    assert (name, summary["verifications"], summary["verdicts"]) == ("summary", 2, {"yes": 1, "unsure": 1})
    assert {one.token for one in engine.verifications()} == {"t0", "t1"}
    assert 'semdrive_verdicts_total{verdict="yes"} 1.0' in client.get("/metrics").text


def test_the_first_hits_of_a_search_are_asked_the_question_of_that_search(client):
    page = client.get("/api/search", params={"q": "weather:rain risk>=4"}).json()
    told = events(client.post("/api/verify", json={"search_id": page["search_id"], "top": 2}))
    assert [data["question"] for name, data in told if name == "verification"] == [page["read_as"]["query"]] * 2


def test_closing_the_connection_ends_the_look_under_way_and_gives_the_place_back(client, looks):
    looks.waits = True
    body = {"tokens": TOKENS, "question": "q"}
    with client.stream("POST", "/api/verify", json=body) as response:
        lines = response.iter_lines()  # kept: the connection closes with it
        assert next(lines).startswith(":")
        assert looks.began.wait(PATIENCE_S)
    assert looks.cancelled.wait(PATIENCE_S)
    looks.waits = False
    while (again := client.post("/api/verify", json=body)).status_code == 503:
        pass
    assert events(again)[-1][1]["verifications"] == 4


def test_one_pass_too_many_is_told_when_to_come_again(client, looks):
    looks.waits = True
    body = {"tokens": TOKENS, "question": "q"}
    with client.stream("POST", "/api/verify", json=body):
        refused = client.post("/api/verify", json=body)
        assert fault(refused, 503) == "Busy"
        assert int(refused.headers["retry-after"]) > 0


def test_a_client_that_begins_too_many_passes_a_minute_is_slowed_down(client):
    for _ in range(3):
        client.post("/api/verify", json={"tokens": ["t0"], "question": "q"}).raise_for_status()
    refused = client.post("/api/verify", json={"tokens": ["t0"], "question": "q"})
    assert fault(refused, 429) == "TooManyRequests"
    assert 0 < int(refused.headers["retry-after"]) <= 61


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"tokens": ["t0", "nobody"], "question": "q"}, 404, "UnknownToken"),
        ({"tokens": ["t0"]}, 400, "ConfigError"),
        ({"question": "q"}, 400, "RequestInvalid"),
        ({"tokens": ["t0"], "search_id": "x", "question": "q"}, 400, "RequestInvalid"),
        ({"tokens": ["t0"], "filter": "wether:rain"}, 422, "QueryError"),
        ({"search_id": "gone"}, 410, "SearchExpired"),
        ({"tokens": ["t0"], "question": "q", "budget_s": 0}, 422, "RequestInvalid"),
        ({"tokens": ["t0"], "question": "q", "path": "/etc/passwd"}, 422, "RequestInvalid"),
        ({"tokens": ["\ud800"], "question": "\x00"}, 404, "UnknownToken"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_the_stream_and_takes_no_place(client, body, status, error):
    assert fault(client.post("/api/verify", content=json.dumps(body), headers=JSON), status) == error
    client.post("/api/verify", json={"tokens": ["t0"], "question": "q"}).raise_for_status()


JSON = {"Content-Type": "application/json"}


def test_a_verification_is_undone_once_and_a_proposal_accepted(client):
    events(client.post("/api/verify", json={"tokens": ["t0", "t1"], "question": "q"}))
    listed = client.get("/api/verifications", params={"token": "t0"}).raise_for_status().json()
    proposed = client.get("/api/proposals").raise_for_status().json()
    assert {one["token"] for one in proposed} == {"t0", "t1"}

    undo = f"/api/verifications/{listed[0]['id']}/undo"
    assert client.post(undo, json={"who": "Ada"}).raise_for_status().json()["token"] == "t0"
    assert fault(client.post(undo, json={"who": "Ada"}), 409) == "WorkspaceError"
    accepted = client.post("/api/proposals/t1/accept", json={"who": "Ada"}).raise_for_status().json()
    assert (accepted["facts"]["weather"], accepted["who"]) == ("snow", "Ada")
    assert fault(client.post("/api/proposals/t2/accept", json={"who": "Ada"}), 409) == "WorkspaceError"
    assert fault(client.post("/api/proposals/t1/accept", json={"who": ""}), 422) == "RequestInvalid"


def test_labels_are_taken_blind_frame_by_frame(client, engine):
    frames = tuple(SampledFrame(token=token, inclusion_probability=0.5, stratum="high") for token in TOKENS[:2])
    with Ledger(engine.workspace.ledger) as ledger:
        ledger.append_sample(Sample(name="first", method="simple", seed=0, population=4, frames=frames))
    assert client.get("/api/samples").json() == [{"name": "first", "method": "simple", "frames": 2}]
    shown = client.get("/api/samples/first/next", params={"annotator": "Ada"}).raise_for_status().json()
    assert shown["task"]["pictures"] == {"CAM_FRONT": "/api/frames/t0/images/CAM_FRONT"}
    assert not {"stratum", "facts", "verdict", "risk"} & set(shown["task"])

    said = {"token": "t0", "annotator": "Ada", "sample": "first", "tags": ["construction"], "risk": 7}
    assert client.post("/api/labels", json=said).raise_for_status().json()["tags"] == [Tag.CONSTRUCTION]
    client.post("/api/labels", json={"token": "t1", "annotator": "Ada", "status": "unsure"}).raise_for_status()
    done = client.get("/api/samples/first/next", params={"annotator": "Ada"}).json()
    assert done == {"done": 2, "task": None}


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"token": "nobody", "risk": 3}, 404),
        ({"token": "t0"}, 400),
        ({"token": "t3", "risk": 3, "sample": "none"}, 400),
        ({"token": "t0", "scalars": {"wether": "rain"}}, 400),
        ({"token": "t0", "scalars": {"weather": "frogs"}}, 400),
        ({"token": "t0", "risk": 11}, 422),
        ({"token": "t0", "risk": 3, "status": "unsure"}, 400),
    ],
)
def test_a_label_that_says_nothing_or_something_impossible_is_refused(client, said, status):
    fault(client.post("/api/labels", json={"annotator": "Ada", **said}), status)


# Pictures


def test_a_picture_is_scaled_known_by_its_etag_and_never_sent_twice(client):
    where = "/api/frames/t0/images/CAM_FRONT"
    small, whole = client.get(where, params={"width": 300}), client.get(where)
    assert (small.headers["content-type"], size(small), size(whole)) == ("image/jpeg", (320, 180), (800, 450))
    assert "max-age" in small.headers["cache-control"]
    again = client.get(where, params={"width": 300}, headers={"If-None-Match": small.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(where, headers={"If-None-Match": small.headers["etag"]}).status_code == 200


def size(response):
    from io import BytesIO

    return Image.open(BytesIO(response.content)).size


def test_a_frame_names_the_address_of_its_picture_and_not_its_file(client, tmp_path):
    told = client.get("/api/frames/t0").raise_for_status()
    assert told.json()["frame"]["cameras"]["CAM_FRONT"]["image"] == "/api/frames/t0/images/CAM_FRONT"
    assert str(tmp_path) not in told.text


def test_a_picture_that_is_gone_or_never_was_is_no_server_error_and_tells_no_path(client, tmp_path):
    assert fault(client.get("/api/frames/t0/images/CAM_BACK"), 404) == "NoPicture"
    (tmp_path / "front.png").unlink()
    gone = client.get("/api/frames/t0/images/CAM_FRONT")
    assert fault(gone, 404) == "NoPicture"
    assert str(tmp_path) not in gone.text


# Who may write


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({**JSON, "Origin": "https://evil.example"}, 403),
        ({**JSON, "Origin": "null"}, 403),
        ({**JSON, "Origin": "http://[::"}, 403),
        ({**JSON, "Sec-Fetch-Site": "cross-site"}, 403),
        ({**JSON, "Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_no_page_of_another_site_can_write(client, headers, status):
    body = json.dumps({"tokens": ["t0"], "question": "q"})
    fault(client.post("/api/verify", content=body, headers=headers), status)
    assert client.get("/api/verifications").json() == []


def test_the_servers_own_page_can_write(client):
    origin = {**JSON, "Origin": str(client.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
    client.post("/api/verify", content='{"tokens": ["t0"], "question": "q"}', headers=origin).raise_for_status()


def test_a_body_without_end_is_not_read_to_its_end(client):
    def endless():
        for _ in range(64):
            yield b" " * 2**16

    assert fault(client.post("/api/labels", content=endless(), headers=JSON), 413) == "BodyTooLarge"
    assert fault(client.post("/api/labels", content=b" " * (2**20 + 1), headers=JSON), 413) == "BodyTooLarge"


def test_with_a_token_nothing_but_health_is_told_without_it(engine):
    with serving(create_app(engine, services=Services(engine, token="s3cret"))) as client:
        assert client.get("/health").status_code == 200
        for path in ("/api/stats", "/ready", "/metrics", "/openapi.json", "/", "/api/frames/t0/images/CAM_FRONT"):
            assert fault(client.get(path), 401) == "TokenNeeded"
        assert fault(client.get("/api/stats", headers={"Authorization": "Bearer wrong"}), 401) == "TokenNeeded"
        client.get("/api/stats", headers={"Authorization": "Bearer s3cret"}).raise_for_status()
        assert fault(client.post("/api/login", json={"token": "wrong"}), 401) == "TokenNeeded"
        client.post("/api/login", json={"token": "s3cret"}).raise_for_status()
        client.get("/api/stats").raise_for_status()  # by the cookie
