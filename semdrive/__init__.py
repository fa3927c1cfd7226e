"""The door: the command line, and `semdrive.open(workspace)`, which returns the engine."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from server.engine import Engine

__all__ = ["open"]
__version__ = "0.1.0"


def open(workspace: str | Path) -> "Engine":
    """The engine of a workspace directory or an index URI. Raises `NoWorkspace` where there is none."""
    from scenario.workspace import Workspace
    from search.embedding import embedder_of
    from server.engine import Engine

    return Engine(Workspace.open(workspace), embedder_of)
