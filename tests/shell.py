"""The command line, run as a user runs it: as a process, or faster in this one."""

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

# Before a command: tests that run in the background ignore Ctrl-C, and so would their children.
HEEDING_INTERRUPTS = ("env", "--default-signal=INT")


def semdrive(*arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "semdrive", *arguments]
    env = {**os.environ, **environment, "COLUMNS": "160"}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=env)


def semdrive_here(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The same without a process of its own, whose imports take seconds: for tests of many commands in a row."""
    from semdrive.cli import main

    out, err, code = io.StringIO(), io.StringIO(), 0
    with (
        redirect_stdout(out),
        redirect_stderr(err),
        mock.patch.object(sys, "argv", ["semdrive", *arguments]),
        mock.patch.dict(os.environ, COLUMNS="160"),
    ):
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())
