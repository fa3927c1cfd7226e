"""Serves a made-up drive over standard input and output, with a scout that waits and back ends that print.

python tests/waiting_mcp.py FOLDER
"""

import os
import sys
from itertools import count
from pathlib import Path
from threading import Event

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from fakes import HashEmbedder, ScriptedAnswerer
from scenario.protocols import Deadline, Embedder
from scenario.records import Facts, Frame
from scenario.workspace import Workspace
from server.engine import Engine
from server.mcp import create_mcp
from verifier.live import LiveVerifier


def main(folder: Path) -> None:
    numbers = count(1)

    def hold(frame: Frame, deadline: Deadline) -> None:
        """Loud, as libraries are; one frame's look lasts until it is cancelled."""
        sys.stdout.write("a scout speaks\n")
        os.write(1, b"a library speaks\n")
        if frame.token != "waits":
            return
        ended = Event()
        with deadline.telling(ended.set):
            (folder / f"asked-{next(numbers)}").touch()
            ended.wait()
        (folder / "cancelled").touch()

    def embedder(fingerprint: str) -> Embedder:
        sys.stdout.write("loading a model\n")
        return HashEmbedder()

    workspace = Workspace.open(folder / "index")
    scout = ScriptedAnswerer(by_token={token: Facts() for token in ("front", "second", "waits")}, hold=hold)
    engine = Engine(workspace, embedder, make_verifier=lambda workspace: LiveVerifier([scout]))
    create_mcp(engine).run("stdio")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
