"""How long a person waits for a page of results: as a program fetches it, and as Chromium shows it.

    python benchmarks/first_page.py --index build/drive [--repeat 20]

Over a warm `semdrive serve` as a process of its own. Every page is a query that was not asked before. Prints Markdown:

- HTML: from the request, over a new connection, to the last byte of the page.
- Chromium, first visit: a browser that has nothing kept, from navigation to its load event: page, styles, scripts.
  Pictures that are not in sight are loaded later, those in sight are counted in.
- Chromium, next page: the same browser, which has styles and scripts.

Needs the extra `dev` and Chromium; without them only the HTML is measured.
"""

import argparse
import gzip
import http.client
import shutil
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # this file's folder would hide the room `search`

import numpy as np

from benchmarks.search import machine
from benchmarks.server import PLACES, SUBJECTS, TIMES, serving

LOADED_MS = "() => { const [n] = performance.getEntriesByType('navigation'); return n.loadEventEnd - n.startTime; }"
SIDES = ("HTML", "Chromium, first visit", "Chromium, next page")


def filters() -> Iterator[str]:
    for low, weather, number in product(range(8), ("rain", "fog", "snow", "overcast"), range(4)):
        yield f"risk:{low}..10 -weather:{weather} -scene:scene-{number}"


def words() -> Iterator[str]:
    for parts in product(SUBJECTS, PLACES, TIMES):
        yield " ".join(parts)


def fetch_ms(port: int, query: str) -> tuple[float, int, int]:
    """Milliseconds, and the page's bytes as sent and as they are."""
    started = perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", f"/search?q={quote(query)}", headers={"Accept-Encoding": "gzip", "Host": "localhost"})
    response = connection.getresponse()
    sent = response.read()
    elapsed_ms = 1000 * (perf_counter() - started)
    connection.close()
    if response.status != 200:
        raise SystemExit(f"{query}: {response.status} {sent[:300]!r}")
    return elapsed_ms, len(sent), len(gzip.decompress(sent))


def visit_ms(browser: Any, port: int, first: str, second: str) -> tuple[float, float]:
    """Milliseconds to the load event of a first page, and of the one after it."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page, elapsed = context.new_page(), []
    for query in (first, second):
        page.goto(f"http://127.0.0.1:{port}/search?q={quote(query)}", wait_until="load")
        page.wait_for_selector(".card")
        elapsed.append(float(page.evaluate(LOADED_MS)))
    context.close()
    return elapsed[0], elapsed[1]


def measure(port: int, repeat: int, browser: Any) -> Iterator[str]:
    yield f"| query | {' | '.join(f'{side} p50 / p95 ms' for side in SIDES)} | kB (gzip) |"
    yield "|---|--:|--:|--:|--:|"
    for name, queries in (("filter", filters()), ("words", words())):
        samples: dict[str, list[float]] = {side: [] for side in SIDES}
        sizes = []
        for number in range(repeat + 2):
            elapsed_ms, sent, page = fetch_ms(port, next(queries))
            loaded = visit_ms(browser, port, next(queries), next(queries)) if browser else ()
            if number >= 2:  # two to warm up
                sizes.append((page, sent))
                for side, value in zip(SIDES, (elapsed_ms, *loaded), strict=False):
                    samples[side].append(value)
        told = [_p50_p95(samples[side]) for side in SIDES]
        yield f"| {name} | {' | '.join(told)} | {max(sizes)[0] / 1000:.0f} ({max(sizes)[1] / 1000:.0f}) |"


def _p50_p95(samples: list[float]) -> str:
    return " / ".join(f"{value:,.0f}" for value in np.percentile(samples, [50, 95])) if samples else "—"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--index", default="build/drive", help="an index, best of the sample drive with its pictures")
    parser.add_argument("--repeat", type=int, default=20)
    options = parser.parse_args()
    print(f"{machine()}\n", flush=True)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with serving(options.index) as port:
        try:
            from playwright.sync_api import sync_playwright
        except ImportError:
            chromium = None
        if chromium is None:
            print("\n".join(measure(port, options.repeat, None)))
            return
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            print("\n".join(measure(port, options.repeat, browser)))
            browser.close()


if __name__ == "__main__":
    main()
