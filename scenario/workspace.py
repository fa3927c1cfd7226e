"""A workspace: a local directory that names where the index, the ledger and the data are."""

import json
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import ValidationError

from scenario.errors import NoLedger, NoWorkspace, WorkspaceBusy, WorkspaceError
from scenario.records import Record

FILE_NAME = "workspace.toml"


class WorkspaceFile(Record):
    """What `workspace.toml` may hold; relative paths are relative to the workspace."""

    index: str = "./index.lance"
    ledger: str = "./ledger.sqlite"
    data_roots: tuple[str, ...] = ()


@dataclass(frozen=True)
class Workspace:
    location: str
    index_uri: str
    ledger: Path | None  # None: a read-only replica, an index alone
    data_roots: tuple[str, ...] = ()

    @classmethod
    def open(cls, location: str | Path) -> "Workspace":
        """The workspace at a directory, or the bare index at a URI or `*.lance` directory. Raises `WorkspaceError`."""
        name = str(location)
        if is_uri(name) or (name.rstrip("/").endswith(".lance") and Path(name).is_dir()):
            return cls(name, name, None)
        root = Path(name)
        if not (root / FILE_NAME).is_file():
            raise NoWorkspace(name)
        stored = _read(root / FILE_NAME)
        return cls(name, _resolve(root, stored.index), root / stored.ledger, stored.data_roots)

    @classmethod
    def create(cls, location: str | Path, index: str | None = None) -> "Workspace":
        """Open the workspace, making the directory and its `workspace.toml` first where there is none."""
        root = Path(location)
        if is_uri(str(location)):
            raise WorkspaceError(f"{str(location)!r} is an index URI; a workspace to write to is a local directory")
        if not (root / FILE_NAME).is_file():
            if root.exists() and (not root.is_dir() or any(root.iterdir())):
                raise WorkspaceError(f"{str(location)!r} exists and is no workspace; name a new or empty directory")
            root.mkdir(parents=True, exist_ok=True)
            stored = WorkspaceFile() if index is None else WorkspaceFile(index=index)
            partial = root / f"{FILE_NAME}.partial"
            partial.write_text(_toml(stored), encoding="utf-8")
            partial.replace(root / FILE_NAME)  # atomic: a killed run leaves no half-written file
        return cls.open(root)

    def require_ledger(self, what: str) -> Path:
        if self.ledger is None:
            raise NoLedger(what, self.location)
        return self.ledger

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the workspace for one indexer; released when the process ends, however it ends."""
        lock = FileLock(Path(self.location) / ".indexer.lock")
        try:
            with lock.acquire(timeout=0):
                yield
        except Timeout as error:
            raise WorkspaceBusy(self.location) from error


def is_uri(location: str) -> bool:
    return "://" in location


def _resolve(root: Path, uri: str) -> str:
    return uri if is_uri(uri) else str(root / uri)


def _read(path: Path) -> WorkspaceFile:
    try:
        return WorkspaceFile(**tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise WorkspaceError(f"{path}: {error}") from error


def _toml(stored: WorkspaceFile) -> str:
    # A JSON string or list of strings is a TOML one too.
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in stored.model_dump().items())
