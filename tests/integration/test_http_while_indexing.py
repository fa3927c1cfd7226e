"""Many clients ask while builds are published: nobody is refused, and every answer is of one build."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count, product
from threading import Event

import httpx
import pytest

from drives import Drives, drive, engine_over
from scenario.records import Scenario
from search.store import Build, Store
from server.app import create_app
from serving import serving

SCENARIOS = drive(60, seed=8)
CLIENTS, BUILDS, ASKED_EACH = 16, 4, 8
QUERIES = [f"risk>={risk}{words}" for risk, words in product(range(8), ("", " a pedestrian at night"))]
KINDS = ("/api/search?limit=20&q=", "/api/facets?q=")


def marked(number: int) -> Iterator[Scenario]:
    """The frames as those of a build: its number in every scene and location."""
    for one in SCENARIOS:
        where = {"scene": f"build-{number}", "location": f"build-{number}"}
        yield one.model_copy(update={"frame": one.frame.model_copy(update=where)})


def publish(drives: Drives, number: int) -> None:
    """As an indexer does, that removes what it replaces at once; the ledger's results are those of the first build."""
    keys = engine_over(drives).known_keys([one.frame.token for one in SCENARIOS])
    rows = [drives.row(one, keys[one.frame.token]) for one in marked(number)]
    build = Build(f"build {number}", drives.embedder.fingerprint, drives.embedder.dim)
    Store(drives.workspace.index_uri, keep_old_versions=timedelta(0)).write(rows, build, run=1)


@pytest.fixture
def drives(tmp_path):
    made = Drives.at(tmp_path / "w")
    made.write(list(marked(0)))
    return made


def asked(client: httpx.Client, kind: str, number: int, done: Event) -> tuple[set[int], list[str]]:
    """Ask until all builds are published: the builds that answered, and what was wrong."""
    seen: set[int] = set()
    wrong: list[str] = []
    turns = count()
    while (turn := next(turns)) < ASKED_EACH or not done.is_set():
        answer = client.get(kind + QUERIES[(number + turn) % len(QUERIES)])
        builds = set(re.findall(r"build-(\d+)", answer.text))
        if answer.status_code != 200 or len(builds) > 1:
            wrong.append(f"{answer.status_code} {sorted(builds)} {answer.text[:200]}")
        seen |= {int(build) for build in builds}
    return seen, wrong


def test_no_client_is_refused_and_no_answer_mixes_builds_while_they_are_published(drives):
    done = Event()
    with serving(create_app(engine_over(drives))) as client, ThreadPoolExecutor(CLIENTS) as pool:
        asking = [pool.submit(asked, client, KINDS[n % len(KINDS)], n, done) for n in range(CLIENTS)]
        try:
            for number in range(1, BUILDS + 1):
                publish(drives, number)
        finally:
            done.set()
        answered = [one.result() for one in asking]
    assert [text for _, wrong in answered for text in wrong] == []
    assert BUILDS in set().union(*(seen for seen, _ in answered))


def test_the_next_page_of_a_search_is_of_the_build_that_the_first_one_was_of(drives):
    with serving(create_app(engine_over(drives))) as client:
        first = client.get("/api/search", params={"q": "risk>=0", "limit": 5}).raise_for_status().json()
        publish(drives, 1)
        anew = client.get("/api/search", params={"q": "risk>=0", "limit": 5}).raise_for_status().json()
        second = client.get(f"/api/search/{first['search_id']}", params={"limit": 5, "offset": 5}).raise_for_status()
    assert anew["table_version"] != first["table_version"]
    assert {hit["location"] for hit in anew["hits"]} == {"build-1"}
    assert second.json()["table_version"] == first["table_version"]
    assert {hit["location"] for hit in second.json()["hits"]} == {"build-0"}
