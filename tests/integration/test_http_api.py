"""The HTTP API, asked over a real connection: it says what the engine says, in one shape where it cannot."""

from threading import Event, Thread

import pytest

from drives import Drives, drive, engine_over
from scenario.workspace import Workspace
from server.app import create_app
from server.engine import Engine
from serving import serving


@pytest.fixture(scope="module")
def scenarios():
    return drive(60)


@pytest.fixture(scope="module")
def engine(tmp_path_factory, scenarios):
    drives = Drives.at(tmp_path_factory.mktemp("workspace"))
    drives.write(scenarios)
    return engine_over(drives)


@pytest.fixture(scope="module")
def client(engine):
    with serving(create_app(engine)) as asking:
        yield asking


def fault(response, status):
    assert response.status_code == status, response.text
    body = response.json()
    assert set(body) == {"error", "message", "start", "end", "hint"}
    return body


def test_a_search_answers_what_the_engine_answers(client, engine):
    got = client.get("/api/search", params={"q": "risk>=4 a pedestrian", "limit": 5}).raise_for_status().json()
    expected = engine.search("risk>=4 a pedestrian", limit=5).model_dump(mode="json")
    assert [hit["token"] for hit in got["hits"]] == [hit["token"] for hit in expected["hits"]]
    assert got["read_as"] == expected["read_as"]


def test_pages_of_one_search_id_never_overlap(client):
    first = client.get("/api/search", params={"q": "a pedestrian", "limit": 7}).json()
    where = f"/api/search/{first['search_id']}"
    second = client.get(where, params={"limit": 7, "offset": 7}).raise_for_status().json()
    assert [hit["rank"] for hit in first["hits"] + second["hits"]] == list(range(1, 15))
    assert fault(client.get("/api/search/long-gone"), 410)["error"] == "SearchExpired"


def test_grouped_and_without_chips_as_the_engine_does(client, engine):
    asked = {"q": "a pedestrian at night", "group": "scene", "without": ["time_of_day:night"]}
    got = client.get("/api/search", params=asked).raise_for_status().json()
    expected = engine.search("a pedestrian at night", group="scene", without=["time_of_day:night"])
    assert got["groups"] == expected.groups
    assert got["read_as"] == expected.read_as.model_dump(mode="json")


def test_a_query_that_does_not_parse_says_where_and_what_to_write(client):
    body = fault(client.get("/api/search", params={"q": "risk>=4 AND wether:rain"}), 422)
    assert body["error"] == "QueryError"
    assert "risk>=4 AND wether:rain"[body["start"] : body["end"]] == "wether"
    assert "weather" in body["hint"]


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("/api/frames/nobody", 404, "UnknownToken"),
        ("/api/frames/nobody/neighbours", 404, "UnknownToken"),
        ("/api/frames/nobody/images/CAM_FRONT", 404, "UnknownToken"),
        ("/api/search?limit=0", 422, "RequestInvalid"),
        ("/api/search?limit=many", 422, "RequestInvalid"),
        ("/api/search?group=town", 422, "RequestInvalid"),
        ("/api/nowhere", 404, "NoSuchPage"),
        ("/api/search?q=similar:nobody", 422, "QueryError"),
    ],
)
def test_every_fault_has_one_shape(client, path, status, error):
    assert fault(client.get(path), status)["error"] == error


def test_facets_explain_and_stats_say_what_the_engine_says(client, engine):
    facets = client.get("/api/facets", params={"q": "risk>=4"}).raise_for_status().json()
    assert facets == engine.facets("risk>=4").model_dump(mode="json")
    explained = client.get("/api/explain", params={"q": "risk>=4 a cyclist"}).raise_for_status().json()
    assert explained["sql"] == engine.explain("risk>=4 a cyclist").sql
    assert client.get("/api/stats").raise_for_status().json()["frames"] == 60


def test_suggestions_are_fields_values_with_counts_and_tokens(client, engine, scenarios):
    def suggested(prefix):
        return client.get("/api/suggest", params={"prefix": prefix}).raise_for_status().json()["suggestions"]

    assert "weather:" in [one["text"] for one in suggested("wea")]
    rain = next(one for one in suggested("-weather:ra") if one["text"] == "-weather:rain")
    assert rain["frames"] == engine.search("weather:rain").matching
    token = scenarios[0].frame.token
    assert suggested(token[:8]) == [{"text": f"token:{token}", "kind": "token", "field": "token", "frames": None}]


def test_a_frame_is_told_whole_and_stands_among_its_scene(client, scenarios):
    one = next(scenario for scenario in scenarios if scenario.frame.scene)
    told = client.get(f"/api/frames/{one.frame.token}").raise_for_status().json()
    assert told["verdict"]["candidates"][0]["facts"] == one.verdict.facts.model_dump(mode="json")
    around = client.get(f"/api/frames/{one.frame.token}/neighbours").raise_for_status().json()
    scene = {other.frame.token: other for other in scenarios if other.frame.scene_key == one.frame.scene_key}
    assert {frame["token"]: frame["risk"] for frame in around["frames"]} == {
        token: other.verdict.facts.risk for token, other in scene.items()
    }
    assert around["frames"][around["place"]]["token"] == one.frame.token


def test_what_no_index_can_hold_is_asked_in_vain_and_breaks_nothing(client):
    for text in ("\x00", "a\x00b", "'; DROP TABLE frames; --", "<script>alert(1)</script>", "\u202e", "💥" * 500):
        assert client.get("/api/search", params={"q": text}).status_code in (200, 422)
        assert client.get("/api/suggest", params={"prefix": text}).status_code == 200
    assert client.get("/api/frames/%00").status_code == 404
    assert client.get("/api/frames/..%2f..%2fetc%2fpasswd").status_code == 404
    assert client.get("/api/search?q=%ff%fe").status_code in (200, 422)


def test_an_index_that_is_not_there_yet_is_alive_and_not_ready(tmp_path):
    empty = Engine(Workspace.create(tmp_path / "empty"), lambda _: None)
    with serving(create_app(empty)) as client:
        assert client.get("/health").json() == {"status": "alive"}
        assert fault(client.get("/ready"), 503)["error"] == "NoIndex"
        assert fault(client.get("/api/search"), 503)["error"] == "NoIndex"


def test_metrics_count_requests_by_the_route_and_not_by_the_token(client):
    client.get("/api/frames/nobody")
    text = client.get("/metrics").raise_for_status().text
    assert 'semdrive_http_requests_total{method="GET",route="/api/frames/{token}",status="404"}' in text
    assert "nobody" not in text
    assert "semdrive_index_frames 60.0" in text


def test_a_large_answer_is_compressed(client):
    response = client.get("/api/search", params={"limit": 50})
    assert response.headers["content-encoding"] == "gzip"


def test_only_the_names_of_this_machine_reach_it(client):
    assert fault(client.get("/api/stats", headers={"Host": "evil.example"}), 421)["error"] == "WrongHost"
    assert client.get("/api/stats", headers={"Host": "localhost:8000"}).status_code == 200


def test_every_answer_forbids_scripts_frames_and_guessing(client):
    for response in (client.get("/api/stats"), client.get("/nowhere"), client.get("/", headers={"Host": "evil"})):
        assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
        assert "unsafe-inline" not in response.headers["content-security-policy"]
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "same-origin"


def test_searches_are_answered_whole_while_new_builds_are_published(tmp_path):
    drives = Drives.at(tmp_path / "workspace")
    drives.write(drive(20))
    done = Event()

    def publish():
        for seed in range(1, 6):
            drives.write(drive(20 + seed, seed))
        done.set()

    with serving(create_app(engine_over(drives))) as client:
        Thread(target=publish).start()
        seen, last = set(), False
        while not last:
            last = done.is_set()
            page = client.get("/api/search", params={"limit": 1000}).raise_for_status().json()
            assert page["matching"] == len(page["hits"])
            again = client.get(f"/api/search/{page['search_id']}", params={"limit": 1000})
            assert again.status_code == 410 or again.json()["hits"] == page["hits"]
            seen.add(page["matching"])
    assert seen <= set(range(20, 26))
    assert 25 in seen


def test_a_method_that_a_path_has_not_is_told_those_it_has(client):
    refused = client.request("OPTIONS", "/api/saved")
    assert fault(refused, 405)["error"] == "MethodNotAllowed"
    assert refused.headers["allow"] == "GET, POST"
