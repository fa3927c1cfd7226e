"""Frames are labelled blind in the page: by keyboard alone, and without JavaScript by form."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browsing import address_of, needs_chromium, page_of
from drives import Drives, engine_over, scenario
from gold_set.picking import hand_picked, keep
from scenario.curation import Label, Sample, SampledFrame
from scenario.ledger import Ledger
from scenario.records import Camera, Facts, ScoutReport
from scenario.vocabulary import Tag, Weather
from server.app import create_app
from server.engine import Engine
from staged import noise

pytestmark = needs_chromium
CAMERAS = ("BACK", "BACK_LEFT", "BACK_RIGHT", "FRONT", "FRONT_LEFT", "FRONT_RIGHT")
TOKENS = tuple(f"f{number}" for number in range(6))
SECRETS = ("overturned", "wheelbarrow", "suspected", "scout-one", "jersey barrier", "scene-0042", "/frame/")
ALARM = Facts(tags=(Tag.CONSTRUCTION,), risk=9, weather=Weather.HEAVY_RAIN, description="an overturned wheelbarrow")
GRAVE = {"serious", "critical"}


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    picture = str(noise(tmp_path / "seen.jpg"))
    cameras = {f"CAM_{name}": Camera(image=picture, width_px=160, height_px=90) for name in CAMERAS}
    report = ScoutReport(scout="scout-one", facts=ALARM, reasoning="suspected roadworks")
    about: dict[str, Any] = {"labels": ("jersey barrier",), "reports": (report,), "scene": "scene-0042"}
    drives = Drives.at(tmp_path / "w")
    drives.write([scenario(token, ALARM, cameras=cameras, description="suspected", **about) for token in TOKENS])
    frames = tuple(SampledFrame(token=token, inclusion_probability=1.0, stratum="all") for token in TOKENS)
    with Ledger(drives.workspace.ledger) as ledger:  # type: ignore[arg-type]
        ledger.append_sample(Sample(name="first one", method="simple", seed=0, population=6, frames=frames))
        keep(ledger, hand_picked("picked/ones", TOKENS[:2], TOKENS), "Bob")
    return engine_over(drives)


@pytest.fixture
def address(engine: Engine) -> Iterator[str]:
    with address_of(create_app(engine)) as at:
        yield at


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    with page_of(browser, "422") as opened:
        yield opened


def labels(engine: Engine) -> dict[str, Label]:
    with Ledger(engine.workspace.ledger, read_only=True) as ledger:  # type: ignore[arg-type]
        return {label.token: label for label in ledger.labels()}


def keys(page: Any, *strokes: str) -> None:
    for stroke in strokes:
        page.keyboard.press(stroke)


def send(page: Any, stroke: str) -> None:
    """A stroke that leads to another page."""
    with page.expect_navigation():
        page.keyboard.press(stroke)


def place(page: Any) -> str:
    return str(page.inner_text(".bearings span >> nth=0"))


def test_frames_are_labelled_skipped_and_left_unsure_by_keyboard_alone(page, address, engine):
    page.goto(f"{address}/curate/first%20one?annotator=Ada")
    assert place(page) == "frame 1 of 6 · 0 done"
    keys(page, "1", "3", "1")  # construction and a hazard, and construction let go again
    keys(page, "ArrowDown", "4", "ArrowRight", "ArrowRight", "ArrowLeft", "j", "2")
    send(page, "Enter")
    assert place(page) == "frame 2 of 6 · 1 done"
    keys(page, "0", "j", "j", "3", "0", "k", "9", "ArrowRight", "ArrowRight")  # none of these; a value let go; ten
    send(page, "s")
    keys(page, "0", "2", "ArrowLeft")  # some of them, so no longer none; risk steps down from the top
    send(page, "Enter")
    send(page, "x")
    send(page, "u")
    assert place(page) == "frame 6 of 6 · 5 done"

    said = labels(engine)
    assert (said["f0"].tags, said["f0"].risk, said["f0"].scalars) == (
        (Tag.VRU_HAZARD,),
        5,
        {"vru_status": "legal_crossing"},
    )
    assert (said["f1"].tags, said["f1"].risk, said["f1"].scalars) == ((), 10, {})
    assert (said["f2"].tags, said["f2"].risk) == ((Tag.INTERSECTION_COMPLEX,), 10)
    assert (said["f3"].status, said["f4"].status) == ("skipped", "unsure")
    assert {label.sample for label in said.values()} == {"first one"}
    assert all(label.seconds is not None and label.seconds >= 0 for label in said.values())
    send(page, "x")
    assert "3 labelled · 1 unsure · 2 skipped" in page.inner_text("main")


def test_the_focus_moves_with_the_field_and_what_is_chosen_is_announced(page, address):
    page.goto(f"{address}/curate/first%20one?annotator=Ada")
    assert page.evaluate("document.activeElement.name") == "tags"
    keys(page, "ArrowDown", "ArrowDown")
    assert page.evaluate("document.activeElement.name") == "vru_status"
    assert page.get_attribute("fieldset.here", "data-field") == "vru status"
    keys(page, "5")
    assert page.inner_text("#said") == "vru status: roadside static"
    assert page.evaluate("document.activeElement.value") == "roadside_static"
    page.click("fieldset[data-field=weather] label:has-text('snow')")
    assert page.get_attribute("fieldset.here", "data-field") == "weather"
    keys(page, "ArrowUp", "?", "x", "Escape")  # while the keys are shown, none of them works
    assert place(page) == "frame 1 of 6 · 0 done"
    keys(page, "p", "p")
    assert page.get_attribute(".views .large img", "alt") == "CAM_FRONT_LEFT"
    keys(page, "Escape")
    assert page.locator(".views .large").count() == 0


def test_the_last_label_is_corrected_and_its_earlier_self_is_kept(page, address, engine):
    page.goto(f"{address}/curate/first%20one?annotator=Ada")
    keys(page, "1")
    send(page, "Enter")
    keys(page, "2")
    send(page, "Enter")
    send(page, "z")
    send(page, "z")
    assert place(page) == "frame 1 of 6 · 2 done"
    assert page.is_checked("input[value=construction]"), "what was said is there to be corrected"
    keys(page, "1", "0")
    send(page, "Enter")
    assert place(page) == "frame 3 of 6 · 2 done"
    assert labels(engine)["f0"].tags == ()
    with Ledger(engine.workspace.ledger, read_only=True) as ledger:
        assert [label.token for label in ledger.labels(history=True)] == ["f0", "f1", "f0"]


def test_nothing_of_the_prediction_is_on_the_page_until_a_label_is_given(page, address):
    blind = f"{address}/curate/first%20one?annotator=Ada"
    page.goto(blind)
    shown = page.content() + page.request.get(blind.replace("?", ".json?")).text()
    assert [secret for secret in (*SECRETS, "seen.jpg") if secret in shown] == []
    assert page.locator("fieldset input:checked:not([value=''])").count() == 0, "nothing is pre-filled"
    assert [one.get_attribute("alt") for one in page.query_selector_all(".views img")][:3] == [
        "CAM_FRONT",
        "CAM_FRONT_LEFT",
        "CAM_FRONT_RIGHT",
    ]
    for method in (page.request.get, page.request.post):
        early = method(f"{address}/curate/first%20one/compare/f0?annotator=Ada")
        assert (early.status, "wheelbarrow" in early.text()) == (400, False)


def test_a_label_stands_beside_the_prediction_and_then_it_stands(page, address, engine):
    page.goto(f"{address}/curate/first%20one?annotator=Ada")
    keys(page, "1", "j", "3", "j", "1")
    send(page, "Enter")
    send(page, "c")
    assert page.url.endswith("/curate/first%20one/compare/f0?annotator=Ada")
    assert "1 of 2 fields that both state differ" in page.inner_text(".note")
    assert page.inner_text("tr.differs").split("\t") == ["risk", "3", "≠ 9"]
    assert "an overturned wheelbarrow" in page.inner_text("main")
    twin = page.request.get(page.url.replace("?", ".json?")).json()
    assert twin["fields"][1] == {"field": "risk", "label": "3", "verdict": "9"}

    send(page, "Enter")
    assert place(page) == "frame 2 of 6 · 1 done"
    send(page, "z")
    assert "your label stands" in page.inner_text(".note")
    assert page.locator("fieldset:not(:disabled)").count() == 0
    form = {"annotator": "Ada", "token": "f0", "status": "labelled", "risk": "9"}
    assert page.request.post(f"{address}/curate/first%20one", form=form).status == 422
    assert labels(engine)["f0"].risk == 3


def test_a_label_that_says_nothing_comes_back_with_what_is_missing(page, address, engine):
    page.goto(f"{address}/curate/first%20one?annotator=Ada")
    send(page, "Enter")
    assert "the label says nothing" in page.inner_text("[role=alert]")
    assert labels(engine) == {}
    keys(page, "7")
    send(page, "Enter")
    assert labels(engine)["f0"].tags == (Tag.LANE_DIVERSION,)


def test_without_javascript_it_is_a_form(browser, address, engine):
    with page_of(browser, "422", java_script_enabled=False) as page:
        page.goto(f"{address}/curate")
        page.fill("#annotator", "Ada")
        page.click("text=Show my samples")
        page.click("text=picked/ones")
        for box in ("construction", "none of these"):
            page.click(f"fieldset[data-field=tags] label:has-text('{box}')")
        page.click("button:has-text('Save')")
        assert "none of these, and some" in page.inner_text("[role=alert]")
        page.click("fieldset[data-field=tags] label:has-text('none of these')")
        page.click("fieldset[data-field=risk] label:has-text('7')")
        page.click("fieldset[data-field=weather] label:has-text('fog')")
        page.click("button:has-text('Save')")
        assert place(page) == "frame 2 of 2 · 1 done"
        page.click("text=Compare last")
        assert "≠ heavy rain" in page.inner_text("table")
        page.click("text=Next frame")
        page.click("text=Unsure")
        assert "1 labelled · 1 unsure" in page.inner_text("main")
        page.click("text=All samples")
        assert "✓ all" in page.inner_text("tr:has-text('picked')")
    said = labels(engine)
    assert (said["f0"].tags, said["f0"].risk, said["f0"].seconds) == ((Tag.CONSTRUCTION,), 7, None)


def test_a_sample_is_drawn_in_the_page_and_begun(page, address, engine):
    page.goto(f"{address}/curate?annotator=Ada")
    page.fill("#name", "second")
    page.fill("#size", "7")
    page.click("button:has-text('Draw')")
    assert "has 6 frames to draw from" in page.inner_text("[role=alert]")
    page.fill("#size", "4")
    page.select_option("#method", "active")
    page.select_option("#tag", "construction")
    page.click("button:has-text('Draw')")
    assert place(page) == "frame 1 of 4 · 0 done"
    listed = page.request.get(f"{address}/curate.json?annotator=Ada").json()
    assert listed[-1] == {"name": "second", "method": "active", "frames": 4, "done": 0}


def test_who_labels_is_asked_and_what_is_not_there_is_said_in_words(page, address):
    page.goto(f"{address}/curate/first%20one")
    page.fill("#annotator", "Ada")
    page.keyboard.press("Enter")
    assert place(page) == "frame 1 of 6 · 0 done"
    for path, words in (
        ("/curate/fist%20one?annotator=Ada", "did you mean 'first one'?"),
        ("/curate/first%20one?annotator=Ada&at=f9", "does not hold frame 'f9'"),
    ):
        answer = page.request.get(address + path)
        assert answer.status == 400
        assert words.replace("'", "&#39;") in answer.text()
    nobody = page.request.post(f"{address}/curate/first%20one", form={"token": "f0", "risk": "3"})
    assert "a label needs its annotator" in nobody.text()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width_px", [1440, 390])
def test_it_fits_and_keeps_nobody_out(browser, address, theme, width_px):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    with page_of(browser, width_px=width_px, color_scheme=theme) as page:

        def fine() -> None:
            assert page.evaluate("document.documentElement.scrollWidth") <= width_px
            found = axe.Axe().run(page).response["violations"]
            assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in GRAVE] == []

        page.goto(f"{address}/curate?annotator=Ada")
        fine()
        page.goto(f"{address}/curate/first%20one?annotator=Ada")
        keys(page, "1", "j", "3", "j", "2")
        fine()
        send(page, "Enter")
        send(page, "c")
        fine()
