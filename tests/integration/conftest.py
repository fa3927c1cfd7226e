"""Fixtures that several integration tests share."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from logs import MadeLog, write_log
from made_log import CAR, PERSON

if TYPE_CHECKING:
    from llama import Opened
    from tiny_models import TinyModel, TinyModels
    from verifier.models.llama_cpp import LlamaCppModel


@pytest.fixture
def made(tmp_path: Path) -> MadeLog:
    """A whole log of two scenes with a person and a car in each frame, for the test to break."""
    return write_log(tmp_path / "log", scenes=2, frames=4, boxes=(PERSON, CAR))


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> "TinyModels":
    """Tiny models for llama.cpp, written once: a test that needs another file writes its own."""
    from tiny_models import write_tiny_models

    return write_tiny_models(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def opened(tiny: "TinyModels") -> "Iterator[Opened]":
    """Opens one of the tiny models, or any other, and closes it after the test."""
    from verifier.models.llama_cpp import llama_cpp_model

    models = []

    def open_model(which: "str | TinyModel", **changes: Any) -> "LlamaCppModel":
        model = tiny.by_name[which] if isinstance(which, str) else which
        files = {"model": str(model.model)} | ({"projector": str(model.projector)} if model.projector else {})
        given = {**files, "threads": 1, "context_tokens": 4096, "image_tokens": 512, "answer_tokens": 1024, **changes}
        models.append(llama_cpp_model(**given))
        return models[-1]

    yield open_model
    for model in models:
        model.close()
