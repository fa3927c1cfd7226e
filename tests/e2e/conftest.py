"""What the tests of pages share."""

from collections.abc import Iterator
from typing import Any

import pytest

from browsing import chromium


@pytest.fixture(scope="module")  # its event loop must end before tests that run one of their own
def browser() -> Iterator[Any]:
    """One for all tests of a file: each opens a context of its own."""
    with chromium() as opened:
        yield opened
