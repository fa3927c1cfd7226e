"""Exports over a real connection: every form arrives as the engine makes it, streamed, whole or visibly not."""

import csv
import io
import json
import time
import zipfile
from pathlib import Path
from typing import get_args

import httpx
import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from drives import Drives, drive, engine_over, scenario, tokens
from exported import exported
from scenario.records import Camera, Detection, Facts, Grounding
from scenario.workspace import Workspace
from server.api.context import Services
from server.api.exporting import KINDS
from server.api.passes import Passes
from server.app import create_app
from server.engine import Engine
from server.exporting import SCENARIOS_AT_ONCE
from server.exports.formats import FORMATS, FormatName
from serving import serving

PATIENCE_S = 20
HOSTILE = (
    "=cmd|' /C calc'!A0",
    "＋1+1",
    " -2+3",
    "@SUM(A1)",
    "<script>alert(1)</script>\x1b[31m",
    "safe \u202etxt.exe\u2069 \u2028next",
)


def _noise(path: Path, size_px: tuple[int, int]) -> str:
    pixels = np.random.default_rng(0).integers(0, 256, (*size_px[::-1], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return str(path)


def _pictured(token: str, image: str, **frame):
    camera = Camera(image=image, width_px=64, height_px=48)
    person = Detection(label="person", camera="CAM_FRONT", confidence=0.9, box_xyxy_px=(8.0, 6.0, 24.0, 30.0))
    made = scenario(
        token, Facts(risk=9, description=frame.pop("description", None)), cameras={"CAM_FRONT": camera}, **frame
    )
    grounding = Grounding(backend="t", fingerprint="t", cameras=("CAM_FRONT",), detections=(person,))
    return made.model_copy(update={"grounding": grounding})


@pytest.fixture(scope="module")
def engine(tmp_path_factory) -> Engine:
    folder = tmp_path_factory.mktemp("export")
    small = _noise(folder / "small.png", (64, 48))
    hostile = [_pictured(f"evil-{n}", small, description=text, location=text) for n, text in enumerate(HOSTILE)]
    drives = Drives.at(folder / "index")
    drives.write([*drive(80), *hostile, _pictured("../../etc/passwd", small)])
    return engine_over(drives)


@pytest.fixture(scope="module")
def client(engine):
    with serving(create_app(engine)) as asking:
        yield asking


@pytest.fixture
def heavy(tmp_path) -> Drives:
    """Two batches of frames, the first of which no connection can hold: what is not read yet is not sent."""
    image = _noise(tmp_path / "large.png", (640, 480))  # 0.9 MB
    drives = Drives.at(tmp_path / "index")
    drives.write([_pictured(f"t{n:03}", image) for n in range(SCENARIOS_AT_ONCE + 1)])
    return drives


def _fault(response, status):
    assert response.status_code == status, response.text
    body = response.json()
    assert set(body) == {"error", "message", "start", "end", "hint"}
    return body


def _within_patience(holds) -> bool:
    for _ in range(int(PATIENCE_S / 0.02)):
        if holds():
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("name", get_args(FormatName))
def test_every_format_arrives_as_the_engine_makes_it(client, engine, name):
    got = client.get("/api/export", params={"q": "risk>=4", "format": name, "limit": 20}).raise_for_status()
    made, format = exported(name, engine.export_rows("risk>=4", limit=20))
    assert got.content == made
    assert got.headers["content-type"] == format.media_type
    assert got.headers["content-disposition"] == f'attachment; filename="semdrive-{name}-risk-4{format.suffix}"'
    assert got.headers["semdrive-frames"] == "20"
    assert got.headers["cache-control"] == "no-store"


def test_what_arrives_can_be_read_by_the_tools_it_is_for(client, engine):
    def read(name):
        return client.get("/api/export", params={"q": "risk>=4", "format": name}).raise_for_status()

    expected = tokens(engine.search("risk>=4", limit=1000))
    assert read("tokens").text.split("\n") == [*expected, ""]
    assert read("nuscenes").json() == expected
    assert [json.loads(line)["token"] for line in read("jsonl").text.splitlines()] == expected
    assert [row["token"] for row in csv.DictReader(io.StringIO(read("csv").text, newline=""))] == expected
    assert pq.read_table(io.BytesIO(read("parquet").content))["token"].to_pylist() == expected
    assert len(read("coco").json()["images"]) == len(HOSTILE) + 1
    with zipfile.ZipFile(io.BytesIO(read("frames").content)) as archive:
        assert archive.testzip() is None
        kept = [json.loads(line)["token"] for line in archive.read("metadata.jsonl").splitlines()]
        assert kept == expected
    with zipfile.ZipFile(io.BytesIO(read("fiftyone").content)) as archive:
        samples = json.loads(archive.read("samples.json"))["samples"]
        assert {sample["filepath"] for sample in samples} < set(archive.namelist())


def test_a_request_by_post_takes_more_tokens_than_an_address_and_keeps_their_order(client, engine):
    every = tokens(engine.search("", limit=1000))[::-1]
    got = client.post("/api/export", json={"tokens": every, "format": "tokens"}).raise_for_status()
    assert got.text.split("\n") == [*every, ""]
    some = client.get("/api/export", params={"tokens": every[:3], "format": "tokens"}).raise_for_status()
    assert some.text.split() == every[:3]


def test_no_tokens_are_no_frames_and_not_all(client):
    assert client.post("/api/export", json={"tokens": [], "format": "nuscenes"}).json() == []


def test_chips_that_are_left_out_and_a_limit_mean_what_they_mean_for_a_search(client, engine):
    asked = {"q": "a pedestrian at night", "without": "time_of_day:night", "limit": 7, "format": "tokens"}
    expected = engine.search("a pedestrian at night", without=["time_of_day:night"], limit=7)
    assert client.get("/api/export", params=asked).text.split() == tokens(expected)


def test_the_formats_are_listed_with_what_they_need(client):
    listed = {one["name"]: one for one in client.get("/api/export/formats").raise_for_status().json()}
    assert list(listed) == list(FORMATS.targets)
    assert [name for name, one in listed.items() if one["ledger"]] == ["coco", "fiftyone", "frames"]
    assert [name for name, one in listed.items() if one["pictures"]] == ["fiftyone", "frames"]
    assert {one["media_type"].partition(";")[0] for one in listed.values()} == {*KINDS, "application/json"}


@pytest.mark.parametrize(
    ("asked", "status", "error"),
    [
        ({"q": "wether:rain"}, 422, "QueryError"),
        ({"q": "risk>=4", "tokens": "nobody"}, 404, "UnknownToken"),
        ({"format": "parket"}, 422, "RequestInvalid"),
        ({"limit": 0}, 422, "RequestInvalid"),
    ],
)
def test_what_is_wrong_with_a_request_is_an_ordinary_error(client, asked, status, error):
    assert _fault(client.get("/api/export", params=asked), status)["error"] == error


def test_an_index_without_a_ledger_exports_tables_and_says_what_the_rest_needs(engine):
    alone = Engine(Workspace.open(engine.workspace.index_uri), lambda _: None)
    with serving(create_app(alone)) as client:
        assert client.get("/api/export", params={"q": "risk>=4"}).status_code == 200
        for name in ("coco", "fiftyone", "frames"):
            assert _fault(client.get("/api/export", params={"format": name}), 409)["error"] == "NoLedger"


def test_a_page_of_another_site_begins_no_export(client):
    refused = client.get("/api/export", headers={"Sec-Fetch-Site": "cross-site"})
    assert _fault(refused, 403)["error"] == "ForeignPage"
    assert client.get("/api/export?limit=1", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_text_is_compressed_on_the_way_and_archives_are_not(client):
    def encoding(name):
        return client.get("/api/export", params={"format": name}).headers.get("content-encoding")

    assert encoding("jsonl") == "gzip"
    assert {encoding(name) for name in ("parquet", "frames", "fiftyone")} == {None}


# Hostile text


@pytest.mark.parametrize(
    "query", ['a"; filename="evil.exe', "a\r\nSet-Cookie: a=b", "../../etc/passwd", "\u202efdp.exe", "日本", "-" * 300]
)
def test_a_query_cannot_name_the_file(client, query):
    got = client.get("/api/export", params={"q": query, "format": "csv"})
    if got.status_code != 200:
        assert _fault(got, 422)["error"] == "QueryError"
        return
    name = got.headers["content-disposition"].removeprefix('attachment; filename="').removesuffix('"')
    assert name.removesuffix(".csv").replace("-", "").isalnum()
    assert name.isascii()
    assert "set-cookie" not in got.headers


def test_no_cell_of_a_table_is_a_formula_or_steers_a_terminal(client):
    text = client.get("/api/export", params={"q": "risk:9", "format": "csv"}).raise_for_status().text
    assert not {"\x1b", "\u202e", "\u2069"} & set(text)
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row if not _is_number(cell)]
    assert not [cell for cell in cells if cell.lstrip()[:1] in (*"=+-@", "＝", "＋", "－", "＠") and cell]
    assert "'=cmd|" in text


def _is_number(cell: str) -> bool:
    try:
        return bool(float(cell)) or True
    except ValueError:
        return False


def test_lines_of_json_keep_the_text_whole_and_are_plain_ascii(client, engine):
    got = client.get("/api/export", params={"q": "risk:9"}).raise_for_status()
    assert got.content.isascii()
    assert not {0x1B, 0x7F} & set(got.content)
    told = {json.loads(line)["token"]: json.loads(line)["description"] for line in got.text.splitlines()}
    assert {f"evil-{n}": text for n, text in enumerate(HOSTILE)}.items() <= told.items()
    assert got.headers["x-content-type-options"] == "nosniff"


def test_no_entry_of_an_archive_leads_out_of_it_and_no_path_of_this_machine_is_told(client, engine):
    for name in ("frames", "fiftyone"):
        got = client.get("/api/export", params={"q": "risk:9", "format": name}).raise_for_status()
        with zipfile.ZipFile(io.BytesIO(got.content)) as archive:
            assert not [entry for entry in archive.namelist() if entry.startswith("/") or ".." in entry]
        assert str(engine.workspace.location).encode() not in got.content


# Streams


def _rest_of(pieces) -> None:
    for _ in pieces:
        pass


def test_an_export_that_fails_on_its_way_does_not_look_whole(heavy, caplog):
    with serving(create_app(engine_over(heavy))) as client:
        with client.stream("GET", "/api/export?format=frames") as got:
            pieces = got.raise_for_status().iter_raw()
            next(pieces)
            Path(heavy.workspace.require_ledger("the test")).unlink()  # the second batch is not read yet
            with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
                _rest_of(pieces)
        assert "an export as frames broke off: WorkspaceError" in caplog.text
        assert client.get("/api/export?format=tokens").status_code == 200


def test_closing_the_connection_ends_the_reading_and_gives_the_place_back(heavy):
    services = Services(engine_over(heavy), exports=Passes(at_once=1, what="exports"))
    with serving(create_app(services.engine, services=services)) as client:
        with client.stream("GET", "/api/export?format=frames") as got:
            pieces = got.iter_raw()  # held: httpx closes the connection of one that is let go
            next(pieces)
            busy = client.get("/api/export?format=tokens")
            assert _fault(busy, 503)["message"] == "1 exports are under way, of 1 allowed at once"
            assert int(busy.headers["retry-after"]) > 0
            assert "semdrive_exports 1.0" in client.get("/metrics").text
        assert _within_patience(lambda: services.exports.running == 0)
        assert client.get("/api/export?format=tokens").status_code == 200


def test_a_client_that_takes_nothing_loses_its_place(heavy):
    services = Services(engine_over(heavy), exports=Passes(at_once=1, what="exports"), stalled_s=0.2)
    app = create_app(services.engine, services=services)
    with serving(app) as client, client.stream("GET", "/api/export?format=frames") as got:
        pieces = got.iter_raw()
        next(pieces)
        assert _within_patience(lambda: services.exports.running == 0)
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
            _rest_of(pieces)


def test_a_request_that_is_refused_gives_its_place_back(engine):
    services = Services(engine, exports=Passes(at_once=1, what="exports"))
    with serving(create_app(engine, services=services)) as client:
        for _ in range(3):
            assert client.get("/api/export?q=wether:rain").status_code == 422
        assert client.get("/api/export?limit=1").status_code == 200


# The form of the page


def _form(client, **fields):
    return client.post("/export", data=fields, headers={"Origin": str(client.base_url).rstrip("/")})


def test_the_form_of_the_page_exports_what_was_selected(client, engine):
    some = tokens(engine.search("risk>=4", limit=3))
    got = _form(client, q="risk>=4", format="tokens", token=some[1:]).raise_for_status()
    assert got.text.split() == some[1:]
    assert got.headers["content-disposition"].startswith("attachment;")
    assert len(_form(client, q="risk>=4", format="nuscenes", limit="2").json()) == 2
    assert len(_form(client, format="nuscenes").json()) == len(engine.search("", limit=1000).hits)


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"q": "wether:<script>"}, 422, "did you mean"),
        ({"q": "", "token": "<script>nobody"}, 404, "no frame with token"),
        ({"format": "parket"}, 422, "format is"),
        ({"limit": "many"}, 422, "limit is"),
        ({"limit": "9" * 5000}, 422, "limit is"),
    ],
)
def test_what_is_wrong_with_a_form_is_a_page_that_says_so(client, fields, status, words):
    got = _form(client, **fields)
    assert (got.status_code, got.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert words in got.text
    assert "<script>nobody" not in got.text
    assert "wether:<script>" not in got.text


def test_a_form_of_another_site_exports_nothing(client):
    got = client.post("/export", data={"q": ""}, headers={"Origin": "https://evil.example"})
    assert _fault(got, 403)["error"] == "ForeignPage"
