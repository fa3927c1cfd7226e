"""What the tests of pages share."""

from collections.abc import Iterator
from typing import Any

import pytest

from browsing import chromium, page_of


@pytest.fixture(scope="module")  # its event loop must end before tests that run one of their own
def browser() -> Iterator[Any]:
    """One for all tests of a file: each opens a context of its own."""
    with chromium() as opened:
        yield opened


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page whose console must stay silent; a file that makes errors on purpose has one of its own."""
    with page_of(browser) as opened:
        yield opened
