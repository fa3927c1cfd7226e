"""Text that a log, a model or a person means ill by: it reaches a page, an API, an agent and a file as mere text."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any, get_args
from urllib.parse import quote

import anyio
import pytest
from PIL import Image

from drives import Drives, engine_over, scenario
from scenario.records import Camera, Facts, ScoutReport
from server.app import create_app
from server.exports.formats import FormatName
from serving import serving
from shell import semdrive_here

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "\x1b[31mred\x1b]0;title\x07\x9b2J",
    "safe \u202etxt.exe\u2069",
    "line\nbreak\r\nSet-Cookie: a=b",
    "wörd" * 25_000,
    "a/b?c#d%e f",
    "../../etc/passwd",
    "{{7*7}}${7*7}",
    "' OR 1=1 --",
    "=cmd|' /C calc'!A0",
    "front.json",
    'back\\slash"quote',
    "\u2028next \U0001f600",
    "javascript:alert(1)",
    "-dash",
)
ADDRESSABLE = tuple(text for text in HOSTILE if len(text) < 100)  # no address is longer than servers take
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
LOOKING = {"accept": "text/html"}


class _Page(HTMLParser):
    """What a browser makes of a page: its elements, its handlers, where it leads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.scripts: list[str | None] = []
        self.handlers: list[str] = []
        self.links: list[str] = []
        self.tokens: list[str] = []
        self.shown: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.handlers += [name for name in given if name.startswith("on")] + (["style"] if "style" in given else [])
        self.links += [given[name] or "" for name in ("href", "src", "action", "formaction") if name in given]
        self.shown += [given[name] or "" for name in ("title", "alt", "aria-label", "placeholder") if name in given]
        if tag == "script":
            self.scripts.append(given.get("src"))
        if given.get("name") == "token":
            self.tokens.append(given["value"] or "")

    def handle_data(self, data: str) -> None:
        self.shown.append(data)


@pytest.fixture(scope="module")
def drives(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    image = folder / "front.png"
    Image.new("RGB", (64, 36)).save(image)
    made = Drives.at(folder / "index")
    made.write([_frame(number, text, str(image)) for number, text in enumerate(HOSTILE)])
    return made


def _frame(number: int, text: str, image: str):
    facts = Facts(risk=9, description=text, tags=("construction",))
    named = {text[:60]: Camera(image=image, width_px=64, height_px=36), "CAM_FRONT": Camera(image=image)}
    report = ScoutReport(scout=text[:60], model=text, facts=facts, reasoning=text)
    where = dict.fromkeys(("scene", "scene_token", "log", "location", "description"), text)
    return scenario(
        text, facts, labels=("person",), reports=[report], reasons=(text,), cameras=named, sequence=number, **where
    )


@pytest.fixture(scope="module")
def client(drives):
    with serving(create_app(engine_over(drives)), **LOOKING) as asking:
        yield asking


def _harmless(answer) -> _Page:
    page = _Page(answer.text)
    assert not any(map(STEERING.search, page.shown))
    assert page.handlers == []
    assert all(script and script.startswith("/static/") for script in page.scripts)
    assert all(link.startswith(("/", "#", "?")) and not link.startswith("//") for link in page.links)
    return page


def test_the_search_page_shows_it_and_obeys_none_of_it(client):
    seen = []
    for offset in range(0, len(HOSTILE), 10):
        seen += _harmless(client.get("/search", params={"offset": offset}).raise_for_status()).tokens
    # A form cannot hold a carriage return of its own: HTML reads every line break as a line feed.
    assert {token.replace("\r\n", "\n") for token in seen} == {text.replace("\r\n", "\n") for text in HOSTILE}


@pytest.mark.parametrize("text", ADDRESSABLE)
def test_a_frames_page_shows_it_and_obeys_none_of_it(client, text):
    page = _harmless(client.get(f"/frame/{quote(text, safe='')}", params={"q": text}).raise_for_status())
    own = [link for link in page.links if link.startswith(f"/api/frames/{quote(text, safe='')}/images/")]
    assert len(own) == 2
    assert {client.get(link).headers["content-type"] for link in own} == {"image/jpeg"}


@pytest.mark.parametrize("text", ADDRESSABLE)
def test_the_api_names_a_frame_by_any_token(client, text):
    address = f"/api/frames/{quote(text, safe='')}"
    assert client.get(address).raise_for_status().json()["frame"]["token"] == text
    assert client.get(f"{address}/neighbours").raise_for_status().json()["scene"] == text
    picture = client.get(f"{address}/images/{quote(text[:60], safe='')}").raise_for_status()
    assert picture.headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize("text", HOSTILE)
def test_a_query_of_it_is_an_answer_or_a_named_error(client, text):
    for path in ("/search", "/search.json", "/api/search", "/api/explain", "/api/facets"):
        answer = client.get(path, params={"q": text[:3000]})
        assert answer.status_code in (200, 422)
        if path == "/search":
            _harmless(answer)
        else:
            assert answer.headers["content-type"] == "application/json"
    assert client.get("/api/suggest", params={"prefix": text[:2000]}).status_code == 200
    assert all(STEERING.search(value) is None for answer in [answer] for value in answer.headers.values())


EXPORTS = get_args(FormatName)


@pytest.mark.parametrize("name", [name for name in EXPORTS if name != "tokens"])
def test_an_export_holds_it_whole_and_steers_nothing(client, name):
    answer = client.get("/api/export", params={"format": name}).raise_for_status()
    disposition = answer.headers["content-disposition"]
    assert re.fullmatch(r'attachment; filename="semdrive-[a-z0-9.-]+"', disposition)
    if name in ("jsonl", "nuscenes", "coco"):
        assert answer.content.isascii()
        assert not STEERING.search(answer.text)
    if name == "jsonl":
        assert {json.loads(line)["token"] for line in answer.text.splitlines()} == set(HOSTILE)
    if name == "csv":
        cells = [cell for row in csv.reader(io.StringIO(answer.text)) for cell in row]
        assert not any(STEERING.search(cell) or cell.startswith(("=", "@")) for cell in cells)
    if name in ("frames", "fiftyone"):
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            assert archive.testzip() is None
            assert all(re.fullmatch(r"[A-Za-z0-9_./-]{1,200}", entry) for entry in archive.namelist())
            assert not any(".." in entry or entry.startswith("/") for entry in archive.namelist())


def test_tokens_that_lines_cannot_hold_are_refused_by_name(client):
    refused = client.get("/api/export", params={"format": "tokens"})
    assert (refused.status_code, refused.json()["error"]) == (400, "ExportError")
    assert not STEERING.search(refused.json()["message"])


@pytest.mark.parametrize(
    "asked",
    [
        ("search", "--limit", "50"),
        *(("show", text) for text in ADDRESSABLE if not text.startswith("-")),
        ("facets",),
        ("search", "\x1b[31mred"),
        ("search", "token:\x1b[31mred"),
        ("search", 'verified:"\x1b[31m\x9b2J\u202e"'),
        ("explain", "risk>=4 \u202eAND\x9b2J wether:rain"),
    ],
    ids=repr,
)
def test_the_command_line_prints_nothing_that_a_terminal_obeys(drives, asked):
    verb, *rest = asked
    told = semdrive_here(verb, "--index", str(drives.workspace.ledger.parent), *rest)
    assert not STEERING.search(told.stdout)
    assert not STEERING.search(told.stderr)
    assert "Traceback" not in told.stderr


def _told_to_an_agent(drives, *calls: tuple[str, dict[str, object]]) -> list[Any]:
    """What agents get: text, and the same as structured content."""
    mcp = pytest.importorskip("server.mcp", reason="needs the extra 'mcp'")
    server = mcp.create_mcp(engine_over(drives))

    async def asked() -> list[Any]:
        return [await server.call_tool(name, arguments) for name, arguments in calls]

    told = anyio.run(asked)
    for result in told:
        blocks = [block.text for block in result.content if block.type == "text"]
        assert not any(map(STEERING.search, [*blocks, *_texts(result.structured_content)]))
    return told


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for pair in value.items() for part in pair for text in _texts(part))
    elif isinstance(value, list):
        yield from (text for one in value for text in _texts(one))


def test_an_agent_reads_it_as_data_without_what_steers(drives):
    asked = [("search", {"limit": 50}), ("facets", {})]
    asked += [("get_frame", {"token": token}) for token in HOSTILE]
    asked += [("export", {"format": name}) for name in EXPORTS]
    found, *others = _told_to_an_agent(drives, *asked)
    assert len(found.structured_content["hits"]) == len(HOSTILE)
    assert [told.is_error for told in others if told.is_error] == [True]  # the list of tokens, which lines cannot hold


@pytest.mark.parametrize("text", HOSTILE)
def test_an_agent_that_sends_it_gets_an_answer_or_a_sentence(drives, text):
    for told in _told_to_an_agent(
        drives, ("search", {"query": text}), ("get_frame", {"token": f"no {text}"}), (text, {}), ("search", {text: 1})
    ):
        assert told.content
        assert "Traceback" not in told.content[0].text
        assert len(told.content[0].text) < 100_000  # though one frame's five texts are larger than that, each


def test_tokens_with_blanks_go_through_a_file_and_back(tmp_path):
    made = Drives.at(tmp_path / "index")
    made.write([scenario("a b"), scenario("c")])
    index = ("--index", str(tmp_path / "index"))
    semdrive_here("export", "--out", str(tmp_path / "tokens.txt"), *index)
    (tmp_path / "bom.txt").write_text((tmp_path / "tokens.txt").read_text(), encoding="utf-8-sig")
    again = semdrive_here("export", "--tokens", str(tmp_path / "bom.txt"), "--out", str(tmp_path / "again.txt"), *index)
    assert again.returncode == 0, again.stderr
    assert sorted((tmp_path / "again.txt").read_text().splitlines()) == ["a b", "c"]


@pytest.mark.parametrize("text", ADDRESSABLE)
def test_what_is_completed_is_a_query_that_finds_it(client, text):
    for field in ("token", "scene", "location"):
        found = client.get("/api/suggest", params={"prefix": f"{field}:{text[:3]}", "limit": 100}).json()["suggestions"]
        for one in found:
            assert client.get("/api/search", params={"q": one["text"]}).json()["ranked"] == 1


def test_a_token_with_blanks_and_quotes_is_completed_as_one_value(client):
    (one,) = client.get("/api/suggest", params={"prefix": "token:back"}).json()["suggestions"]
    assert one["text"] == 'token:"back\\\\slash\\"quote"'
