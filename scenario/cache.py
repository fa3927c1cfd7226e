"""The folder for what can be made or fetched again, where the platform keeps such things."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

NAME = "semdrive"


def cache_folder(
    environ: Mapping[str, str] = os.environ, platform: str = sys.platform, home: Path | None = None
) -> Path:
    """`$XDG_CACHE_HOME/semdrive`, or the platform's own place. Not made here; a relative variable counts as unset."""
    home = home or Path.home()
    named = environ.get("LOCALAPPDATA" if platform == "win32" else "XDG_CACHE_HOME", "")
    if named and Path(named).is_absolute():
        return Path(named) / NAME
    if platform == "win32":
        return home / "AppData" / "Local" / NAME
    if platform == "darwin":
        return home / "Library" / "Caches" / NAME
    return home / ".cache" / NAME
