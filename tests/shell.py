"""The command line, run as a user runs it."""

import os
import subprocess
import sys
from pathlib import Path


def semdrive(*arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "semdrive", *arguments]
    env = {**os.environ, **environment, "COLUMNS": "160"}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=env)
