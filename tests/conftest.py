"""The released run beside the project: found through SEMDRIVE_SHARED, or the tests that need it are skipped."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--require-shared", action="store_true", help="fail, rather than skip, without the shared data")


@pytest.fixture(scope="session")
def released(request: pytest.FixtureRequest) -> Path:
    """The folder of the paper's released outputs."""
    folder = Path(os.environ.get("SEMDRIVE_SHARED", ROOT.parent / "shared")).resolve() / "semantic_drive_release"
    if not folder.is_dir():
        reason = f"the released run is not at {folder}; name its parent with SEMDRIVE_SHARED"
        if request.config.getoption("--require-shared"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture(scope="session")
def made_up_run() -> Path:
    """The folder of our own small recorded run, with every irregularity of the released one."""
    return Path(__file__).parent / "fixtures" / "made_up_run"
