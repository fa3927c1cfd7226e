"""A workspace: a local directory that names where the index, the ledger and the data are."""

import json
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import ValidationError

from scenario.errors import NoLedger, NoWorkspace, WorkspaceBusy, WorkspaceError, unknown
from scenario.ledger import Ledger
from scenario.records import Record

FILE_NAME = "workspace.toml"
PARTIAL = f"{FILE_NAME}.partial"
LOCK = ".indexer.lock"


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
    def planned(cls, location: str | Path, index: str | None = None) -> "Workspace":
        """The workspace at a directory, or the one that `create` would make there. Writes nothing."""
        root = Path(location)
        if is_uri(str(location)):
            raise WorkspaceError(f"{str(location)!r} is an index URI; a workspace to write to is a local directory")
        if (root / FILE_NAME).is_file():
            return cls.open(root)
        # What a killed or tidied-up run leaves behind is ours to take over; anything else is somebody's.
        if root.exists() and not (root.is_dir() and all(_ours(entry.name) for entry in root.iterdir())):
            raise WorkspaceError(f"{str(location)!r} exists and is no workspace; name a new or empty directory")
        stored = _new(index)
        return cls(str(location), _resolve(root, stored.index), root / stored.ledger)

    @classmethod
    def create(cls, location: str | Path, index: str | None = None) -> "Workspace":
        """Open the workspace, making the directory and its `workspace.toml` first where there is none.

        `index` is the URI of a new workspace's index, for one that lives elsewhere.
        """
        workspace, root = cls.planned(location, index), Path(location)
        if not (root / FILE_NAME).is_file():
            try:
                root.mkdir(parents=True, exist_ok=True)
                (root / PARTIAL).write_text(_toml(_new(index)), encoding="utf-8")
                (root / PARTIAL).replace(root / FILE_NAME)  # atomic: a killed run leaves no half-written settings
            except OSError as error:
                raise WorkspaceError(f"cannot make a workspace at {str(location)!r}: {error.strerror}") from error
        return workspace

    def require_ledger(self, what: str) -> Path:
        if self.ledger is None:
            raise NoLedger(what, self.location)
        return self.ledger

    def open_ledger(self, *, dry_run: bool = False) -> Ledger:
        """The ledger to write to; for a dry run one that cannot be written, or an empty one in memory."""
        path = self.require_ledger("indexing")
        if not dry_run:
            return Ledger(path)
        return Ledger(path, read_only=True) if path.is_file() else Ledger(Path(":memory:"))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the workspace for one indexer; released when the process ends, however it ends."""
        lock = FileLock(Path(self.location) / LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise WorkspaceBusy(self.location) from error
        except OSError as error:
            raise WorkspaceError(f"cannot write to {self.location!r}: {error.strerror}") from error
        try:
            yield
        finally:
            lock.release()


def _new(index: str | None) -> WorkspaceFile:
    return WorkspaceFile() if index is None else WorkspaceFile(index=index)


def _ours(name: str) -> bool:
    return name in (PARTIAL, LOCK, "index.lance") or name.startswith("ledger.sqlite")


def is_uri(location: str) -> bool:
    return "://" in location


def _resolve(root: Path, uri: str) -> str:
    return uri if is_uri(uri) else str(root / uri)


def _read(path: Path) -> WorkspaceFile:
    try:
        stored = tomllib.loads(path.read_text(encoding="utf-8"))
        for key in stored:
            if key not in WorkspaceFile.model_fields:
                raise WorkspaceError(f"{path}: {unknown('key', key, WorkspaceFile.model_fields)}")
        return WorkspaceFile(**stored)
    except ValidationError as error:
        first = error.errors()[0]
        raise WorkspaceError(f"{path}: {first['loc'][0]} is {first['input']!r}: {first['msg']}") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WorkspaceError(f"{path}: {error}") from error


def _toml(stored: WorkspaceFile) -> str:
    # A JSON string or list of strings is a TOML one too.
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in stored.model_dump().items())
