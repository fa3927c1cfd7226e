"""Hits are selected and worked on in the page: tagged, rejected, verified, sent to gold, exported, searches saved."""

from collections.abc import Iterator
from typing import Any

import pytest

from browsing import address_of, needs_chromium, page_of
from drives import Drives, engine_over
from server.app import create_app
from server.engine import Engine
from staged import noise, standing

pytestmark = needs_chromium
QUERY = "pedestrian in the lane"


@pytest.fixture
def engine(tmp_path: Any) -> Engine:
    picture = noise(tmp_path / "front.jpg")
    drives = Drives.at(tmp_path / "w")
    drives.write(
        [
            standing("t1", 0.2, picture, scene="s-1", risk=8, description="A man in the road"),
            standing("t2", 6.0, picture, scene="s-1", risk=5, description="A man on the pavement"),
            *(standing(f"t{n}", None, picture, risk=1, weather="fog") for n in range(3, 15)),
        ]
    )
    return engine_over(drives)


@pytest.fixture
def address(engine: Engine) -> Iterator[str]:
    with address_of(create_app(engine)) as at:
        yield at


def select(page: Any, *tokens: str) -> None:
    for token in tokens:
        page.check(f"#t-{token} input[name=token]")


def test_selected_hits_are_tagged_by_a_number_key_in_the_name_of_who_says_so(page, address, engine):
    page.goto(f"{address}/search?q=scene:s-1")
    assert not page.is_visible("#actions")
    select(page, "t1", "t2")
    assert page.inner_text("#selected") == "2 selected"
    page.keyboard.press("1")
    assert "say who you are" in page.inner_text("#told"), "a person's word needs a person"
    page.fill("#actions [name=who]", "Ada")
    page.keyboard.press("Tab")
    page.keyboard.press("1")
    page.wait_for_selector("#t-t2 .said:has-text('+ construction')")

    assert [(one.token, one.who, one.holds) for one in engine.reviews()] == [
        ("t1", "Ada", ("construction",)),
        ("t2", "Ada", ("construction",)),
    ]
    page.reload()
    assert "+ construction" in page.inner_text("#t-t1 .said")
    assert page.input_value("#actions [name=who]") == "Ada", "nobody writes a name twice"


def test_a_rejected_hit_is_refuted_in_the_person_s_name_and_stays_so(page, address, engine):
    page.goto(f"{address}/search?q={QUERY} scene:s-1")
    page.keyboard.press("j")
    rejected = page.get_attribute(".card.at", "data-token")
    page.keyboard.press("x")
    page.fill("#actions [name=who]", "Ada")
    page.keyboard.press("Tab")
    page.keyboard.press("x")
    page.wait_for_selector(f"#t-{rejected} .verdict.no:has-text('by Ada')")
    (said,) = engine.verifications()
    assert (said.token, said.verdict, said.who) == (rejected, "no", "Ada")

    page.goto(f"{address}/search?q={QUERY} scene:s-1&rerank=1")
    assert page.locator(".card").last.get_attribute("data-token") == rejected, "it sinks, and does not vanish"


def test_only_what_is_selected_is_verified(page, address, engine):
    page.goto(f"{address}/search?q={QUERY} scene:s-1")
    select(page, "t2")
    page.keyboard.press("v")
    page.wait_for_selector("#t-t2 .verdict.no")
    page.wait_for_function("document.querySelector('#verify button').textContent === 'Ask again'")
    assert [one.token for one in engine.verifications()] == ["t2"]


def test_a_selection_lasts_over_pages_and_is_exported_whole(page, address):
    page.goto(f"{address}/search?q=weather:fog")
    first = page.locator(".card").first.get_attribute("data-token")
    select(page, first)
    page.click(".pager a[rel=next]")
    page.wait_for_url("**offset=10*")
    second = page.locator(".card").first.get_attribute("data-token")
    select(page, second)
    assert page.inner_text("#selected") == "2 selected"
    page.select_option("#format", "tokens")
    with page.expect_download() as download:
        page.keyboard.press("e")
    assert set(download.value.path().read_text().split()) == {first, second}

    page.keyboard.press("Escape")
    assert not page.is_visible("#actions")


def test_all_of_an_answer_is_exported_from_the_menu(page, address):
    page.goto(f"{address}/search?q=weather:fog")
    page.click("summary:has-text('export')")
    with page.expect_download() as download:
        page.click(".menu a:text-is('csv')")
    assert len(download.value.path().read_text().splitlines()) == 1 + 12


def test_selected_hits_are_sent_to_gold(page, address):
    page.goto(f"{address}/search?q=scene:s-1")
    select(page, "t1", "t2")
    page.fill("#actions [name=who]", "Ada")
    page.fill("#sample", "walkers")
    page.keyboard.press("Tab")
    page.keyboard.press("g")
    page.wait_for_selector("#selected:has-text('2 added to walkers, which holds 2')")
    (sample,) = page.request.get(f"{address}/api/samples").json()
    assert (sample["name"], sample["method"], sample["frames"]) == ("walkers", "picked", 2)


def test_a_search_is_saved_and_a_name_that_cannot_be_is_refused_before_it_is_sent(page, address):
    page.goto(f"{address}/search?q=weather:fog")
    page.click("summary:has-text('save')")
    page.fill(".menu [name=name]", "foggy/wet")
    page.click("text=Save this search")
    assert page.url.startswith(f"{address}/search")
    page.fill(".menu [name=name]", "foggy & <b>wet")
    page.click("text=Save this search")
    page.wait_for_url("**/saved")
    assert page.inner_text(".saved b") == "foggy & <b>wet"


def test_without_javascript_the_same_is_done_by_buttons(browser, address, engine):
    with page_of(browser, "400", java_script_enabled=False) as page:
        page.goto(f"{address}/search?q={QUERY} scene:s-1")
        page.check("#t-t2 input[name=token]")
        page.click("#actions button[value=construction]")
        assert "say whose" in page.inner_text(".trouble")
        page.click("text=back")
        page.check("#t-t2 input[name=token]")
        page.fill("#actions [name=who]", "Ada Ü")
        page.click("#actions button[value=construction]")
        assert "+ construction" in page.inner_text("#t-t2 .said")
        assert page.input_value("#actions [name=who]") == "Ada Ü"

        page.check("#t-t2 input[name=token]")
        page.click("#actions button[value=no]")
        assert page.inner_text("#t-t2 .verdict") == "✗ refuted"
        page.click("#actions button:has-text('verify')")
        assert page.inner_text("#t-t1 .verdict") == "✓ confirmed"
        page.click("#actions button[value=no]")
        assert "no frame is selected" in page.inner_text(".trouble")
        assert {one.who for one in engine.verifications(token="t2")} == {"Ada Ü"}

        page.goto(f"{address}/search?q=weather:fog")
        page.click("summary:has-text('save')")
        page.fill(".menu [name=name]", "foggy & <b>wet")
        page.click("text=Save this search")
        assert page.url == f"{address}/saved"
        assert "0 new" in page.inner_text(".saved")
        page.click(".saved button.link")
        assert "weather" in page.url
        page.goto(f"{address}/saved")
        page.click("[aria-label^=Remove]")
        assert "None yet" in page.inner_text("main")
        assert page.request.get(f"{address}/saved.json").json() == []
