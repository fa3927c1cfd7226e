"""What a browser is sent: pages that are small, and files and pictures that it need not fetch twice."""

import gzip
import re
import socket

import pytest

from drives import Drives, drive, engine_over
from semdrive.serve_cli import _listening
from server.app import create_app
from serving import serving
from staged import noise, standing

PAGE_BYTES = 300_000
COUNT = 60


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """Over frames with pictures, long descriptions, and as many scenes as a facet shows at length."""
    folder = tmp_path_factory.mktemp("pages")
    picture = noise(folder / "front.jpg")
    drives = Drives.at(folder / "w")
    said = "a pedestrian walks beside the barrels that close the lane " * 5
    staged = [
        standing(f"t{n}", 0.2, picture, scene=f"scene-{n:04d}", risk=n % 11, tags=("construction",), description=said)
        for n in range(COUNT)
    ]
    drives.write([*staged, *drive(300)])
    with serving(create_app(engine_over(drives))) as asking:
        yield asking


@pytest.mark.parametrize("query", ["", "tag:construction", "risk>=2 a pedestrian at night", "scene:scene-0003"])
def test_a_search_page_weighs_less_than_300_kb(client, query):
    page = client.get("/search", params={"q": query, "more": "scene"}).raise_for_status()
    assert page.headers["content-encoding"] == "gzip"
    assert len(page.content) < PAGE_BYTES
    assert len(gzip.compress(page.content)) < PAGE_BYTES / 10


def test_a_first_visit_weighs_less_than_300_kb_with_its_scripts_and_styles(client):
    page = client.get("/search", params={"q": "tag:construction"}).raise_for_status()
    weight = {"/search": len(page.content)}
    waiting = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
    assert waiting
    while waiting:
        path = waiting.pop()
        file = client.get(path).raise_for_status()
        weight[path] = len(file.content)
        folder = path.rpartition("/")[0]
        imported = [f"{folder}/{name}" for name in re.findall(r'from "\./([^"]+)"', file.text)]
        waiting += [name for name in imported if name not in weight]
    assert sum(weight.values()) < PAGE_BYTES, weight


def test_files_are_kept_for_good_under_the_address_that_a_page_names(client):
    page = client.get("/search").text
    named = re.search(r'href="(/static/[0-9a-f]{12})/style\.css"', page)
    assert named is not None
    kept = client.get(f"{named[1]}/style.css").raise_for_status()
    assert "immutable" in kept.headers["cache-control"]
    assert (
        "immutable" in client.get(f"{named[1]}/vendor/htmx-2.0.11.min.js").raise_for_status().headers["cache-control"]
    )


@pytest.mark.parametrize("path", ["/static/style.css", "/static/000000000000/style.css"])
def test_files_under_any_other_address_are_checked_each_time(client, path):
    first = client.get(path).raise_for_status()
    assert first.headers["cache-control"] == "no-cache"
    again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path", ["/static/", "/static/000000000000/", "/static/..%2ftemplating.py", "/static/nothing.js"]
)
def test_nothing_but_the_files_is_served_as_one(client, path):
    assert client.get(path).status_code == 404


def test_a_picture_that_a_browser_has_is_not_sent_again(client):
    path = "/api/frames/t3/images/CAM_FRONT?width=160"
    first = client.get(path).raise_for_status()
    assert first.headers["content-type"] == "image/jpeg"
    assert "max-age" in first.headers["cache-control"]
    again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get(path, headers={"If-None-Match": '"something else"'})
    assert (other.status_code, other.content) == (200, first.content)


def test_pictures_on_a_page_are_loaded_when_they_are_looked_at_and_hold_their_place(client):
    page = client.get("/search", params={"q": "tag:construction"}).text
    pictures = re.findall(r"<img [^>]*/api/frames/[^>]*>", page)
    assert pictures
    assert all('loading="lazy"' in one and "width=" in one and "height=" in one for one in pictures)


def test_an_answer_does_not_wait_for_the_acknowledgement_of_its_head():
    """Nagle's algorithm holds the body back until then, which a client delays by 40 ms."""
    with _listening("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
