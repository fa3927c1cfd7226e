"""The door: the command line, and `semdrive.open(workspace)`, which returns the engine."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from server.engine import Engine

__all__ = ["open"]
__version__ = "0.1.0"


def open(workspace: str | Path, *, profile: str | None = None) -> "Engine":
    """The engine of a workspace directory or an index URI. Raises `NoWorkspace` where there is none.

    `profile` names the scouts that verify hits; without it those that the index was built with are asked.
    """
    from functools import partial

    from scenario.workspace import Workspace
    from search.embedding import embedder_of
    from server.asking import verifier_of
    from server.engine import Engine

    return Engine(Workspace.open(workspace), embedder_of, make_verifier=partial(verifier_of, profile=profile))
