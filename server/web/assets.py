"""Scripts, styles and icons: under an address that changes with them, so that browsers keep them, and never stale."""

import os
import re
from functools import cache
from hashlib import sha256
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).with_name("static")
LASTING = "private, max-age=31536000, immutable"
_STAMP = re.compile("[0-9a-f]{12}")


@cache
def stamp() -> str:
    """Twelve digits that change with any of the files."""
    found = sha256()
    for file in sorted(path for path in STATIC.rglob("*") if path.is_file()):
        found.update(file.relative_to(STATIC).as_posix().encode() + b"\0" + file.read_bytes())
    return found.hexdigest()[:12]


def asset(name: str) -> str:
    """The address of a file, as a page names it; the modules that a script imports are beside it."""
    return f"/static/{stamp()}/{name}"


class Assets(StaticFiles):
    """The files, to be mounted at `/static`: with the stamp of today to be kept, with another or none to be checked."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC)

    async def get_response(self, path: str, scope: Scope) -> Response:
        first, _, rest = path.partition(os.sep)
        response = await super().get_response(rest if _STAMP.fullmatch(first) else path, scope)
        response.headers["Cache-Control"] = LASTING if first == stamp() else "no-cache"
        return response
