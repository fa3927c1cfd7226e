"""The data beside the project: found through SEMDRIVE_SHARED, or the tests that need it are skipped."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--require-shared", action="store_true", help="fail, rather than skip, without the shared data")


def _shared(request: pytest.FixtureRequest, name: str) -> Path:
    folder = Path(os.environ.get("SEMDRIVE_SHARED", ROOT.parent / "shared")).resolve() / name
    if not folder.is_dir():
        reason = f"there is no {folder}; name its parent with SEMDRIVE_SHARED"
        if request.config.getoption("--require-shared"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture(scope="session")
def released(request: pytest.FixtureRequest) -> Path:
    """The folder of the paper's released outputs."""
    return _shared(request, "semantic_drive_release")


@pytest.fixture(scope="session")
def real_frames(request: pytest.FixtureRequest) -> Path:
    """The dataroot of 29 real key frames, version v1.0-frames."""
    return _shared(request, "nuscenes_frames")


@pytest.fixture(scope="session")
def made_up_run() -> Path:
    """The folder of our own small recorded run, with every irregularity of the released one."""
    return Path(__file__).parent / "fixtures" / "made_up_run"
