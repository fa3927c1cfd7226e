"""A program for `test_log_index.py`: it indexes a log, and is killed at a moment given, as by an outage.

Arguments: workspace, dataroot, version, seconds after which the kill comes (counted from when the run begins).
"""

import os
import signal
import sys
from threading import Timer

from fakes import HashEmbedder
from indexer.live import index_log
from indexer.sources import Invocation, NuScenesSource
from scenario.workspace import Workspace

if __name__ == "__main__":
    location, dataroot, version, seconds = sys.argv[1:]
    asked = Invocation(
        source=NuScenesSource(dataroot=dataroot, version=version), profile="weights-free", embedder="hash-embedder"
    )
    workspace = Workspace.create(location)
    outage = Timer(float(seconds), os.kill, (os.getpid(), signal.SIGKILL))
    outage.daemon = True
    outage.start()
    index_log(asked, workspace, HashEmbedder(), batch_size=4)
