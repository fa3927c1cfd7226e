"""Signing in with a browser, at a server that was started with a token."""

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from drives import Drives, drive

sync_api = pytest.importorskip("playwright.sync_api", reason="the browser's driver is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt install chromium")
TOKEN = "correct-horse-battery"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("signin") / "index"
    Drives.at(folder).write(drive(12))
    command = [sys.executable, "-m", "semdrive", "serve", "--index", str(folder), "--port", "0"]
    with subprocess.Popen(
        ["env", f"SERVE_TOKEN={TOKEN}", *command, "--token-env", "SERVE_TOKEN"], stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr is not None
        found = re.search(r"http://127\.0\.0\.1:\d+", server.stderr.readline())
        assert found
        yield found[0]
        server.send_signal(signal.SIGINT)


@pytest.mark.parametrize("scripts", [True, False])
def test_a_link_that_a_colleague_sent_is_open_after_signing_in(address, scripts):
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(java_script_enabled=scripts, viewport={"width": 390, "height": 800})
        page = context.new_page()
        page.goto(f"{address}/search?q=risk:0..10&group=1")
        page.fill("#token", "a wrong one")
        page.keyboard.press("Enter")
        page.wait_for_selector("[role=alert]:has-text('wrong token')")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.fill("#token", TOKEN)
        page.click("button:has-text('Sign in')")
        page.wait_for_selector("#q")

        assert page.url == f"{address}/search?q=risk:0..10&group=1"
        assert page.input_value("#q") == "risk:0..10"
        page.goto("data:text/html,<a href='" + address + "/search?q=risk:1..9'>see this</a>")
        page.click("a")  # from elsewhere, as out of a chat
        page.wait_for_selector("#q")
        assert page.input_value("#q") == "risk:1..9"
        browser.close()
