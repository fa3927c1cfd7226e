"""Pictures of the pages for the documentation: tools/screenshots.py [--out docs/images]

Serves copies of the sample drive's index and of the released run's (where SEMDRIVE_SHARED has it), both made under
build/ when they are not there yet, and looks at every page in Chromium: on a desk and on a phone, light and dark.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import httpx
from PIL import Image
from playwright.sync_api import sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
BUILD = Path("build")
RELEASE = Path(os.environ.get("SEMDRIVE_SHARED", "../shared")) / "semantic_drive_release"
COLOURS = 128
POLL_MS, PATIENCE = 100, 1200


@dataclass(frozen=True)
class Size:
    name: str
    width_px: int
    height_px: int  # what is longer is cut
    kept_px: int  # the picture's width in the file


SIZES = (Size("1440", 1440, 1150, 960), Size("390", 390, 1300, 390))


@dataclass(frozen=True)
class View:
    """A page of an index, by the path that `path` finds, or None where there is no such page (yet)."""

    index: str
    name: str
    path: Callable[[httpx.Client], str | None]
    act: Callable[[Any], None] = lambda page: None


def searching(query: str, **options: str) -> Callable[[httpx.Client], str]:
    tail = "".join(f"&{name}={value}" for name, value in options.items())
    return lambda client: f"/search?q={quote(query)}{tail}"


def frame_of(query: str) -> Callable[[httpx.Client], str]:
    """The page of the first frame that a query finds."""

    def path(client: httpx.Client) -> str:
        found = client.get("/api/search", params={"q": query, "limit": 1}).raise_for_status().json()
        return f"/frame/{found['hits'][0]['token']}?q={quote(query)}"

    return path


def labelling(sample: str) -> Callable[[httpx.Client], str | None]:
    """The page that labels the first frame of a sample, which is drawn if it was not before."""

    def path(client: httpx.Client) -> str | None:
        client.post("/api/samples", json={"name": sample, "size": 20, "method": "stratified", "seed": 3})
        page = f"/curate/{sample}?annotator=ada"
        return page if client.get(page).is_success else None

    return path


def until(page: Any, holds: str) -> None:
    """Wait until an expression is true. The page's policy forbids Playwright's own way, which is to eval."""
    for _ in range(PATIENCE):
        if page.evaluate(holds):
            return
        page.wait_for_timeout(POLL_MS)
    raise SystemExit(f"{page.url}: {holds} did not come true in {PATIENCE * POLL_MS / 1000:.0f} s")


def verify(page: Any) -> None:
    page.keyboard.press("v")
    until(page, "document.querySelector('.card .verdict:is(.yes, .no, .unsure)') !== null")
    until(page, "document.querySelector('#verify button').textContent === 'Ask again'")


VIEWS = (
    View("sample", "search", searching("risk>=4 barrels in the lane")),
    View("sample", "verify", searching("pedestrian in the lane scene:scene-0012,scene-0008"), verify),
    View("sample", "frame", frame_of("vru_hazard sort:risk-desc")),
    View("sample", "curate", labelling("looks")),
    View("release", "search", searching("construction worker in the lane risk:>=6")),
    View("release", "frame", frame_of("construction AND vru_hazard sort:risk-desc")),
)


def semdrive(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "semdrive", *arguments]


def sample_index() -> Path:
    drive, index = BUILD / "demo-drive", BUILD / "demo"
    if not index.is_dir():
        if not drive.is_dir():
            subprocess.run(semdrive("sample", str(drive)), check=True)
        log = ("--dataroot", str(drive), "--version", "v1.0-sample")
        subprocess.run(semdrive("index", "nuscenes", *log, "--index", str(index)), check=True)
    return index


def release_index() -> Path | None:
    index = BUILD / "release"
    if not index.is_dir():
        if not RELEASE.is_dir():
            return None
        scouts = {"gemma": "index_gemma_run.jsonl", "kimi": "index_kimi_run_reasoning.jsonl"}
        given = [word for name, file in scouts.items() for word in ("--scout", f"{name}={RELEASE / file}")]
        subprocess.run(semdrive("index", "recorded", "--index", str(index), *given), check=True)
    return index


@contextmanager
def served(index: Path) -> Iterator[str]:
    """The address of the real server over a copy of an index, which may write to it."""
    with TemporaryDirectory() as folder:
        copy = shutil.copytree(index, Path(folder) / "index")
        command = semdrive("serve", "--index", str(copy), "--port", "0", "--no-demo")
        server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            assert server.stderr is not None
            said = server.stderr.readline()
            address = re.search(r"http://[\w.:]+", said)
            if address is None:
                raise SystemExit(f"the server did not start: {said}{server.stderr.read()}")
            yield address[0]
        finally:
            server.terminate()
            server.wait()


def picture(page: Any, size: Size) -> bytes:
    """A PNG of few colours of what the page shows, cut at the bottom."""
    page.evaluate("document.querySelectorAll('img').forEach((one) => { one.loading = 'eager'; })")
    until(page, "[...document.images].every((one) => one.complete)")
    height_px = min(size.height_px, page.evaluate("document.documentElement.scrollHeight"))
    page.set_viewport_size({"width": size.width_px, "height": height_px})
    shot = Image.open(BytesIO(page.screenshot())).convert("RGB")
    if size.kept_px < shot.width:
        shot = shot.resize((size.kept_px, round(shot.height * size.kept_px / shot.width)), Image.Resampling.LANCZOS)
    made = BytesIO()
    # By octree: a median cut spends all its colours on the photographs, and a red bar turns brown.
    few = shot.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.save(made, "PNG", optimize=True)
    return made.getvalue()


def looked_at(browser: Any, address: str, view: View, out: Path) -> int:
    """The bytes that its pictures take."""
    with httpx.Client(base_url=address, timeout=300) as client:
        path = view.path(client)
        if path is not None:
            client.get(path).raise_for_status()  # loads the embedder, which no picture should wait for
    if path is None:
        sys.stderr.write(f"{view.index} {view.name}: there is no such page; left out\n")
        return 0
    total = 0
    for size in SIZES:
        for theme in ("light", "dark"):
            viewport = {"width": size.width_px, "height": 900}
            context = browser.new_context(viewport=viewport, color_scheme=theme, reduced_motion="reduce")
            context.set_default_timeout(POLL_MS * PATIENCE)  # the first words of all wait for the embedder
            page = context.new_page()
            page.goto(address + path, wait_until="networkidle")
            view.act(page)
            data = picture(page, size)
            context.close()
            file = out / f"{view.index}-{view.name}-{size.name}-{theme}.png"
            file.write_bytes(data)
            total += len(data)
            sys.stderr.write(f"{file}: {len(data) / 1000:.0f} kB\n")
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    parser.add_argument("--only", help="views whose names hold this, as: frame, sample-search")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    wanted = [view for view in VIEWS if (given.only or "") in f"{view.index}-{view.name}"]
    makers: dict[str, Callable[[], Path | None]] = {"sample": sample_index, "release": release_index}
    total = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name in dict.fromkeys(view.index for view in wanted):
            index = makers[name]()
            if index is None:
                sys.stderr.write(f"{name}: not beside this project; left out (SEMDRIVE_SHARED says where it is)\n")
                continue
            with served(index) as address:
                total += sum(looked_at(browser, address, view, given.out) for view in wanted if view.index == name)
        browser.close()
    sys.stderr.write(f"{total / 1000:,.0f} kB in all\n")


if __name__ == "__main__":
    main()
