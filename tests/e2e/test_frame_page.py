"""The page of one frame, in a real browser and without JavaScript. Skipped where no Chromium is installed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browsing import address_of, needs_chromium, page_of
from drives import Drives, engine_over
from scenario.records import Detection, DetectionReview, Facts, ReviewVerdict, Scenario, ScoutReport
from scenario.vocabulary import Tag
from server.app import create_app
from staged import noise, standing

pytestmark = needs_chromium
EVIL = '<script>document.title="owned"</script>\u202e\x1b[31m'
CROWD = 150


def _with_scouts(one: Scenario) -> Scenario:
    review = DetectionReview(detection=0, verdict=ReviewVerdict.REJECTED, reason=f"a poster {EVIL}")
    said = {"weather": "rain", "risk": 8, "tags": ("vru_hazard",)}
    reports = (
        ScoutReport(
            scout="anna", model="m-1", facts=Facts.model_validate(said), reviews=(review,), reasoning="I looked."
        ),
        ScoutReport(scout="bert", facts=Facts.model_validate({**said, "weather": "fog"}), latency_s=2.0),
    )
    return one.model_copy(update={"reports": reports})


def _crowd(one: Scenario) -> Scenario:
    """Many people at the curb, one of whom has no known place, in one of three cameras."""
    people = [
        Detection(
            label="pedestrian",
            camera="CAM_FRONT",
            confidence=0.5,
            box_xyxy_px=(float(n), 10.0, n + 8.0, 40.0),
            ahead_m=5.0 + n % 30,
            lateral_m=3.0 + n % 9,
            path="straight",
        )
        for n in range(CROWD - 1)
    ]
    unplaced = Detection(label="dog", camera="CAM_FRONT_LEFT", confidence=0.4)
    front = one.frame.cameras["CAM_FRONT"]
    cameras = dict.fromkeys(("CAM_FRONT_RIGHT", "CAM_FRONT", "CAM_FRONT_LEFT"), front)
    frame = one.frame.model_copy(update={"cameras": cameras})
    grounding = one.grounding.model_copy(update={"detections": (*people, unplaced), "cameras": tuple(cameras)})
    return one.model_copy(update={"frame": frame, "grounding": grounding})


def _without_pictures(one: Scenario) -> Scenario:
    seen = tuple(Detection(label=label, camera="CAM_FRONT", confidence=0.6) for label in ("bus", "truck", "truck"))
    grounding = one.grounding.model_copy(update={"detections": seen, "cameras": ("CAM_FRONT", "CAM_BACK")})
    return one.model_copy(update={"frame": one.frame.model_copy(update={"cameras": {}}), "grounding": grounding})


def _rows(picture: Path) -> list[Scenario]:
    hazard: dict[str, Any] = {"scene": "s-1", "tags": ("vru_hazard",), "ego_required_action": "stop"}
    return [
        standing("t1", None, picture, scene="s-1", risk=2, ego_required_action="lane_keep"),
        _with_scouts(standing("t2", 0.2, picture, risk=8, weather="rain", description="A man in the road", **hazard)),
        standing("t3", 6.0, picture, **hazard),
        standing("t4", None, picture, scene="s-1", risk=1),
        _crowd(standing("t5", None, picture, risk=4, description="A crowd in the road")),
        _without_pictures(standing("t6", None, picture, risk=5)),
    ]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("frames")
    drives = Drives.at(folder / "w")
    drives.write(_rows(noise(folder / "front.jpg")))
    engine = engine_over(drives)
    engine.review(["t4"], EVIL, holds=[Tag.CONSTRUCTION], does_not_hold=[Tag.VRU_HAZARD])
    with address_of(create_app(engine)) as at:
        yield at


@pytest.fixture
def plain(browser: Any) -> Iterator[Any]:
    """A page without JavaScript."""
    with page_of(browser, "422", "409", java_script_enabled=False) as opened:
        yield opened


def test_what_happens_in_the_scene_stands_as_bands_under_its_risk(page, address):
    page.goto(f"{address}/frame/t4")

    bands = [band.get_attribute("aria-label") for band in page.query_selector_all(".bands a")]
    assert bands == ["vru hazard, frames 2 to 3", "stop, frames 2 to 3"]
    assert page.locator(".line circle").count() == 4
    assert page.locator(".line a[aria-label='frame 3, risk not stated']").count() == 1
    page.click(".bands a[aria-label='stop, frames 2 to 3']")
    page.wait_for_url("**/frame/t2")


def test_a_query_goes_along_the_scene_and_back_to_its_answer(page, address):
    page.goto(f"{address}/frame/t2?q=scene:s-1")
    page.keyboard.press("]")
    page.wait_for_url("**/frame/t3?q=scene*")
    page.click("text=back to the answer")
    page.wait_for_url("**/search?q=scene*")


def test_pointing_at_a_detection_lights_it_wherever_it_stands(page, address):
    page.goto(f"{address}/frame/t2")
    assert page.locator(".lit").count() == 0
    page.hover(".detections tbody tr")

    assert page.locator(".boxes .lit").count() == page.locator(".bird .lit").count() == 1
    assert "10 m ahead, 0.2 m left of the path (straight)" in page.inner_text("#pointed")
    page.hover("h1")
    assert page.locator(".lit").count() == 0
    page.hover(".boxes rect")
    assert page.locator(".detections .lit").count() == 1


def test_a_box_is_found_from_the_list_without_javascript(plain, address):
    plain.goto(f"{address}/frame/t2")
    before = plain.evaluate("getComputedStyle(document.querySelector('.boxes rect')).strokeWidth")
    plain.click(".detections a")

    assert plain.url.endswith("#box-0")
    assert plain.evaluate("getComputedStyle(document.querySelector('.boxes rect')).strokeWidth") != before
    plain.uncheck("#boxes")
    assert not plain.is_visible(".boxes rect")


def test_scouts_stand_side_by_side_and_a_disagreement_is_told_in_words_too(page, address):
    page.goto(f"{address}/frame/t2")

    weather = page.locator(".facts tr:has(th:text-is('weather')) td").all_inner_texts()
    assert weather[0] == "rain"
    assert weather[2] == "rain"
    assert "differs: fog" in " ".join(weather[3].split())
    assert "a poster <script>" in page.inner_text(".detections .rejected + .dim")
    page.click(".scout summary")
    assert page.inner_text(".scout pre") == "I looked."
    assert page.title() != "owned"


def test_a_crowd_is_drawn_listed_and_light(page, address):
    answer = page.goto(f"{address}/frame/t5")

    assert len(answer.body()) < 300_000
    assert page.locator(".boxes rect").count() == CROWD - 1
    assert 0 < page.locator(".boxes text").count() < 20  # they never stand on each other
    assert page.locator(".detections tbody tr").count() == CROWD
    assert "1 of unknown place" in page.inner_text("section:has(.bird)")
    assert "place not known" in page.inner_text(".detections tbody tr:last-child")
    assert page.locator("figure").all_inner_texts()[0].startswith("CAM FRONT LEFT 0 boxes, 1 seen without one")


def test_a_frame_without_pictures_shows_what_the_detector_saw_by_camera(page, address):
    page.goto(f"{address}/frame/t6")

    assert page.locator(".inventory").inner_text().split("\n") == [
        *("CAM FRONT", "bus 0.60", "2 × truck 0.60, 0.60"),
        *("CAM BACK", "clear"),
    ]
    assert "indexed without pictures" in page.inner_text("main")
    assert page.locator("img, .bird, .detections").count() == 0


def test_the_answer_to_a_question_appears_where_it_was_asked(page, address):
    page.goto(f"{address}/frame/t2")
    page.fill("#question", "Is a pedestrian in the lane?")
    page.press("#question", "Enter")
    page.wait_for_selector("#asking.yes")

    assert page.inner_text("#asking").startswith("✓ confirmed Is a pedestrian in the lane?")
    page.reload()
    assert "Is a pedestrian in the lane?" in page.inner_text(".verified li")


def test_without_javascript_a_question_an_undo_and_an_acceptance_are_forms(plain, address):
    plain.goto(f"{address}/frame/t3")
    plain.fill("#question", "Is a pedestrian in the lane?")
    plain.click("#ask button")
    number = plain.url.partition("#v")[2]
    assert "✗ refuted" in plain.inner_text(f"#v{number}")
    assert plain.locator(".changes li").count() > 0
    plain.fill("#proposals input[name=who]", "Ada")
    plain.click("#proposals button")
    assert plain.locator(".changes li").count() == 0
    plain.click(f"#v{number} summary")
    plain.fill(f"#v{number} input[name=who]", "Ada")
    plain.click(f"#v{number} button")
    assert "taken back" in plain.inner_text(f"#v{number}")


def test_what_people_said_of_its_tags_is_told_with_their_names(page, address):
    page.goto(f"{address}/frame/t4")

    assert page.inner_text("h3 + .verified").startswith("+ construction − vru hazard <script>document.title")


@pytest.mark.parametrize(
    ("action", "form", "said"),
    [
        ("ask", {"question": " "}, "ask in 1 to 2000 characters"),
        ("undo", {"number": "999", "who": "Ada"}, "has no verification &#39;999&#39; to take back"),
        ("undo", {"number": "1"}, "say whose word it is"),
        ("accept", {"who": "Ada"}, "nothing is proposed"),
    ],
)
def test_what_a_form_cannot_do_is_said_on_the_page(plain, address, action, form, said):
    answer = plain.request.post(f"{address}/frame/t1/{action}", form=form)

    assert answer.status in (409, 422)
    assert said in answer.text()
    assert 'role="alert"' in answer.text()


def test_a_verification_is_taken_back_on_its_own_frame_s_page_alone(plain, address):
    asked = plain.request.post(f"{address}/frame/t2/ask", form={"question": "Is a person in the lane?"})
    assert asked.ok
    (number, *_) = [one["id"] for one in plain.request.get(f"{address}/api/verifications?token=t2").json()]

    answer = plain.request.post(f"{address}/frame/t1/undo", form={"number": str(number), "who": "Ada"})

    assert answer.status == 409
    assert number in [one["id"] for one in plain.request.get(f"{address}/api/verifications?token=t2").json()]


def test_a_form_of_another_site_is_turned_away(plain, address):
    elsewhere = {"Origin": "http://elsewhere.example"}
    assert plain.request.post(f"{address}/frame/t1/undo", form={}, headers=elsewhere).status == 403


def test_an_unknown_frame_is_a_page_that_says_so(plain, address):
    answer = plain.request.get(f"{address}/frame/nothing")

    assert answer.status == 404
    assert "nothing" in answer.text()


def test_no_frame_is_too_wide_for_a_phone(browser, address):
    with page_of(browser, width_px=390) as page:
        for token in ("t2", "t5", "t6"):
            page.goto(f"{address}/frame/{token}")
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
