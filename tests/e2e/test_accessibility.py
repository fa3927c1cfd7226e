"""Every page under axe, dark and light, on a desk and on a phone. Skipped where no Chromium is installed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from browsing import address_of, needs_chromium, page_of
from drives import Drives, engine_over
from scenario.records import Detection, Scenario
from scenario.vocabulary import Tag
from server.app import create_app
from staged import noise, standing

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
pytestmark = needs_chromium
PAGES = {
    "results": "/search?q=weather:rain",
    "words": "/search?q=a+pedestrian+in+the+lane+at+night&rerank=1",
    "groups": "/search?q=tag:construction&group=1",
    "an error": "/search?q=weather:ran",
    "nothing": "/search?q=weather:rain+risk:0..1",
    "a frame": "/frame/t1",
    "a frame without pictures": "/frame/t9",
    "no such frame": "/frame/nothing",
    "saved searches": "/saved",
    "samples": "/curate?annotator=Ada",
    "a frame to label": "/curate/drawn?annotator=Ada",
}
WCAG = {"wcag2a", "wcag2aa", "wcag21a", "wcag21aa"}
GRAVE = {"serious", "critical"}
REFUSED = ("404", "422")  # the browser's console tells of them


def _rows(picture: Path) -> list[Scenario]:
    rain: dict[str, Any] = {"scene": "s-1", "weather": "rain"}
    bare = standing("t9", None, picture, risk=5, description="A bus stands in the lane")
    seen = (Detection(label="bus", camera="CAM_FRONT", confidence=0.6),)
    grounding = bare.grounding.model_copy(update={"detections": seen})
    frame = bare.frame.model_copy(update={"cameras": {}})
    return [
        standing("t1", 0.2, picture, risk=8, tags=("vru_hazard",), description="A pedestrian in the lane", **rain),
        standing("t2", 6.0, picture, risk=5, description="A pedestrian on the pavement", **rain),
        *(standing(f"t{n}", None, picture, scene="s-2", risk=n, tags=("construction",)) for n in range(3, 7)),
        bare.model_copy(update={"frame": frame, "grounding": grounding}),
    ]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("axe")
    drives = Drives.at(folder / "w")
    drives.write(_rows(noise(folder / "front.jpg")))
    engine = engine_over(drives)
    for question in ("a pedestrian in the lane at night", "risk>=9"):
        list(engine.verify(["t1", "t2"], question))
    engine.review(["t1"], "Ada", holds=[Tag.CONSTRUCTION], does_not_hold=[Tag.VRU_HAZARD])
    engine.saved.save("rain", "weather:rain", "Ada")
    with address_of(create_app(engine)) as at:
        drawn = {"name": "drawn", "size": 3, "method": "simple"}
        httpx.post(f"{at}/api/samples", json=drawn).raise_for_status()
        yield at


def _violations(page: Any) -> list[str]:
    """Each with where it is and what axe says to do."""
    found = axe.Axe().run(page).response["violations"]
    return [
        f"{one['id']} ({one['impact']}): {node['html'][:160]}\n{node['failureSummary']}"
        for one in found
        if one["impact"] in GRAVE or WCAG & set(one["tags"])
        for node in one["nodes"]
    ]


@pytest.mark.parametrize(("theme", "width_px"), [("light", 390), ("dark", 1440)])  # colours differ by theme, not width
@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_axe_finds_nothing_that_keeps_anybody_out(browser, address, path, theme, width_px):
    with page_of(browser, *REFUSED, width_px=width_px, color_scheme=theme) as page:
        page.goto(address + path)

        assert "\n\n".join(_violations(page)) == ""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_opens_is_as_accessible_as_what_stands(browser, address, theme):
    with page_of(browser, color_scheme=theme) as page:
        page.goto(f"{address}/frame/t1")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        page.hover(".detections tbody tr")
        assert "\n\n".join(_violations(page)) == ""
        page.keyboard.press("?")
        assert "\n\n".join(_violations(page)) == ""
        page.goto(f"{address}/search?q=a+pedestrian+weather:rain")
        page.check("#t-t1 input[name=token]")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert "\n\n".join(_violations(page)) == ""
