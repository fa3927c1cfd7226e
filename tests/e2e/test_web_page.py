"""The web page in a real browser, and without JavaScript. Skipped where no Chromium is installed."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from browsing import address_of, needs_chromium, page_of
from drives import Drives, engine_over
from server.app import create_app
from staged import noise, standing

pytestmark = needs_chromium
EVIL = '<script>document.title="owned"</script><img src=x onerror="document.title=\'owned\'">'


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("web")
    picture = noise(folder / "front.jpg")
    drives = Drives.at(folder / "w")
    rows = [
        standing(
            "t1",
            0.2,
            picture,
            scene="s-1",
            risk=8,
            weather="rain",
            tags=("vru_hazard",),
            description="A man in the road",
        ),
        standing("t2", 6.0, picture, scene="s-1", risk=5, weather="rain", description="A man on the pavement"),
        standing("t3", None, picture, scene="s-1", risk=2, weather="clear", description=EVIL),
        *(
            standing(f"t{n}", None, picture, scene=f"s-{n}", risk=n % 4, weather="fog", tags=("construction",))
            for n in range(4, 18)
        ),
    ]
    drives.write(rows)
    with address_of(create_app(engine_over(drives))) as at:
        yield at


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    with page_of(browser, "422") as opened:
        yield opened


def titles(page: Any) -> list[str]:
    return [card.get_attribute("data-token") for card in page.query_selector_all(".card")]


def shows(page: Any, *tokens: str) -> None:
    """Waits until the cards are these: a link of the search page swaps what changes, and loads no page."""
    page.wait_for_function(
        "wanted => JSON.stringify([...document.querySelectorAll('.card')].map(card => card.dataset.token)) === wanted",
        arg=json.dumps(tokens, separators=(",", ":")),
    )


def test_a_search_shows_cards_chips_and_counts(page, address):
    page.goto(f"{address}/search?q=weather:rain")

    assert titles(page) == ["t1", "t2"]
    assert "weather rain" in page.inner_text(".chips")
    assert page.inner_text("#summary").startswith("2 frames")
    assert page.locator(".card img").first.evaluate("image => image.naturalWidth") > 0
    page.evaluate("window.same = true")
    page.click(".chip a")
    page.wait_for_selector("#summary:has-text('17 frames')")
    assert page.evaluate("window.same"), "what changes is swapped, and no page is loaded"
    assert page.url == f"{address}/search", "the URL is the whole state"
    page.wait_for_selector("#said:has-text('17 frames')", state="attached")  # it is announced, and the box says so, too
    assert page.input_value("#q") == ""
    page.go_back()
    shows(page, "t1", "t2")
    assert page.input_value("#q") == "weather:rain"


def test_words_are_marked_and_what_a_scout_wrote_is_text(page, address):
    page.goto(f"{address}/search?q=pavement")
    assert page.inner_text("#t-t2 mark") == "pavement"

    page.goto(f"{address}/frame/t3")
    assert EVIL.split("<img", maxsplit=1)[0] in page.inner_text(".text")
    assert page.title() != "owned"


def test_a_wrong_query_is_marked_where_it_is_wrong(page, address):
    answer = page.goto(f"{address}/search?q=weather:ran")

    assert answer.status == 422
    assert page.inner_text(".trouble mark") == "ran"
    assert "did you mean rain?" in page.inner_text(".trouble")
    assert page.input_value("#q") == "weather:ran"


def test_a_facet_narrows_and_is_let_go(page, address):
    page.goto(f"{address}/search")
    page.click(".facets a:has-text('rain')")
    shows(page, "t1", "t2")
    page.click(".facets a:has-text('clear')")  # values of one field are alternatives
    shows(page, "t1", "t2", "t3")
    page.click(".facets a:has-text('rain')")
    shows(page, "t3")
    page.click(".facets a:has-text('clear')")
    page.wait_for_selector("#summary:has-text('17 frames')")
    assert len(titles(page)) == 10


def test_a_wrong_query_typed_into_the_box_is_swapped_in_marked_and_announced(page, address):
    page.goto(f"{address}/search")
    page.fill("#q", "weather:ran")
    page.keyboard.press("Enter")
    page.wait_for_selector(".trouble mark:has-text('ran')")
    page.wait_for_selector("#said:has-text('did you mean rain?')", state="attached")
    page.fill("#q", "weather:rain")
    page.keyboard.press("Enter")
    shows(page, "t1", "t2")


def test_dragging_the_histogram_chooses_a_range_of_risk(page, address):
    page.goto(f"{address}/search?q=weather:rain,clear")
    boxes = [page.locator(f"#histogram a[data-risk='{risk}']").bounding_box() for risk in (4, 8)]
    middle = [(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in boxes]
    page.mouse.move(*middle[0])
    page.mouse.down()
    page.mouse.move(*middle[1], steps=6)
    page.mouse.up()
    page.wait_for_url("**risk*")

    assert page.input_value("#q").endswith("risk:4..8")
    assert titles(page) == ["t1", "t2"]


def test_completion_offers_values_with_counts(page, address):
    page.goto(f"{address}/search")
    page.fill("#q", "")
    page.type("#q", "weather:ra")
    page.wait_for_selector("#suggest li")
    assert page.inner_text("#suggest li:first-child .dim") == "2", "with how many frames it would find"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    assert page.input_value("#q") == "weather:rain"


def test_the_page_is_driven_by_keys(page, address):
    page.goto(f"{address}/search?q=scene:s-1")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.get_attribute(".card.at", "data-token") == "t2"
    page.keyboard.press("Enter")
    page.wait_for_url("**/frame/t2")
    page.keyboard.press("]")
    page.wait_for_url("**/frame/t3")
    page.keyboard.press("[")
    page.wait_for_url("**/frame/t2*")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert page.is_visible("#keys")


def test_verdicts_stream_onto_the_cards_and_the_refuted_sink(page, address):
    page.goto(f"{address}/search?q=a%20pedestrian%20in%20the%20lane%20scene:s-1%20sort:risk-asc")
    assert titles(page) == ["t3", "t2", "t1"]
    page.keyboard.press("v")
    page.wait_for_selector("#t-t2 .verdict.no")
    page.wait_for_selector("#t-t1 .verdict.yes")
    page.wait_for_function("document.querySelector('#verify button').textContent === 'Ask again'")

    assert titles(page) == ["t1", "t3", "t2"]
    assert "✓ confirmed · pedestrian in the ego path, 10 m ahead" in page.inner_text("#t-t1 .verdict")


def test_a_frame_shows_pictures_boxes_scouts_and_the_scene(page, address):
    page.goto(f"{address}/frame/t1")

    assert page.locator(".boxes rect").count() == 1
    assert "10 m ahead, 0.2 m left of the path" in page.locator(".boxes title").inner_html()
    assert "1 of 3" in page.inner_text(".timeline")
    page.keyboard.press("b")
    assert not page.is_visible(".boxes rect")
    page.click("text=Similar frames")
    assert "similar:t1" in page.input_value("#q")


def test_without_javascript_everything_is_a_link_or_a_form(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/search")
    page.fill("#q", "is a pedestrian in the lane? scene:s-1")
    page.click("button:has-text('Search')")
    page.click("#verify button")
    assert "rerank=1" in page.url
    assert page.inner_text("#t-t1 .verdict") == "✓ confirmed"
    assert page.inner_text("#t-t2 .verdict") == "✗ refuted"
    page.click("#t-t1 a.open")
    page.click("a[rel=next]")
    assert page.url.startswith(f"{address}/frame/t2")
    page.goto(f"{address}/search")
    page.click("a[rel=next]")
    assert "offset=10" in page.url
    context.close()


def test_nothing_is_too_wide_for_a_phone_and_the_theme_is_kept(browser, address):
    context = browser.new_context(viewport={"width": 390, "height": 800}, color_scheme="dark")
    page = context.new_page()
    for path in ("/search?q=weather:rain", "/frame/t1"):
        page.goto(f"{address}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 18, 22)"
    page.click("#theme")
    page.goto(f"{address}/search")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    context.close()


def test_every_page_has_a_json_twin(page, address):
    found = page.request.get(f"{address}/search.json?q=weather:rain").json()
    assert [hit["token"] for hit in found["hits"]] == ["t1", "t2"]
    assert page.request.get(f"{address}/frame/t1.json").json()["frame"]["token"] == "t1"


def test_an_empty_answer_says_which_clause_empties_it(page, address):
    page.goto(f"{address}/search?q=weather:rain risk:0..1")
    assert "No frame passes all of it." in page.inner_text(".nothing")
    page.click(".nothing a:has-text('Without risk')")
    shows(page, "t1", "t2")


def test_a_grouped_hit_leads_to_the_rest_of_its_scene(page, address):
    page.goto(f"{address}/search?q=risk>=0&group=1")
    page.click(".card a:has-text('+2 more of this scene')")
    page.wait_for_selector("#summary:has-text('3 frames')")
    assert {"t1", "t2", "t3"} == set(titles(page))


def test_a_facet_with_many_values_is_shown_at_length_on_demand(page, address):
    page.goto(f"{address}/search")
    scenes = page.locator(".facets section:has(summary:has-text('scene')):not(:has-text('scene type'))")
    assert scenes.locator("li").count() == 8
    scenes.locator("a:has-text('7 more')").click()
    page.wait_for_url("**more=scene*")
    assert scenes.locator("li").count() == 15
