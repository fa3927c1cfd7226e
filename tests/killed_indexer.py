"""A program for `test_recorded_index.py`: it indexes, and kills itself at a given moment, as an outage would.

Arguments: workspace, the stage to die in, after how many of its batches (0: at its start), then NAME=FILE scouts.
"""

import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from fakes import HashEmbedder
from indexer.recorded import index_recorded
from scenario.workspace import Workspace


@dataclass
class Deadly:
    """Progress that ends the process, without a chance to clean up."""

    stage: str
    batches: int
    alive: bool = True  # False in the stage to die in

    def start(self, stage: str, total: int) -> None:
        self.alive = stage != self.stage
        self._die_if_it_is_time()

    def advance(self, count: int) -> None:
        if not self.alive:
            self.batches -= 1
            self._die_if_it_is_time()

    def _die_if_it_is_time(self) -> None:
        if not self.alive and self.batches == 0:
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    location, stage, batches, *scouts = sys.argv[1:]
    files = {name: Path(file) for name, _, file in (scout.partition("=") for scout in scouts)}
    workspace = Workspace.create(location)
    index_recorded(files, workspace, HashEmbedder(), batch_size=2, progress=Deadly(stage, int(batches)))
