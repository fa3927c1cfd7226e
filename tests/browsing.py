"""A browser, and a server for it to look at."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi import FastAPI

from serving import serving

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt install chromium")


@contextmanager
def address_of(app: FastAPI) -> Iterator[str]:
    with serving(app) as client:
        yield str(client.base_url).rstrip("/")


@contextmanager
def chromium() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="the browser's driver is not installed")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@contextmanager
def page_of(browser: Any, *forgiven: str, width_px: int = 1440, **options: Any) -> Iterator[Any]:
    """A page whose console must stay silent, but for messages that hold one of `forgiven`."""
    context = browser.new_context(viewport={"width": width_px, "height": 900}, **options)
    opened = context.new_page()
    troubles: list[str] = []
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    yield opened
    context.close()
    assert [text for text in troubles if not any(part in text for part in forgiven)] == []
