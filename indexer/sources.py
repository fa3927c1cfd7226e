"""Where frames come from, as a run remembers it so that it can be repeated."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Protocol

from pydantic import Field

from scenario.errors import SemdriveError
from scenario.records import Frame, Record


class Log(Protocol):
    """A driving log that was read: its frames in order, and what of it could not be read."""

    @property
    def frames(self) -> Sequence[Frame]: ...

    @property
    def unreadable(self) -> Sequence[SemdriveError]: ...


class NuScenesSource(Record):
    """A log in nuScenes format. No camera named: the front three."""

    kind: Literal["nuscenes"] = "nuscenes"
    dataroot: str
    version: str
    cameras: tuple[str, ...] = ()
    per_scene: int | None = Field(None, ge=1)
    scenes: tuple[str, ...] = ()
    split: str | None = None

    def open(self, cache: Path, scratch: Path | None = None) -> Log:
        from indexer.logs.nuscenes import FRONT_CAMERAS, NuScenesLog

        return NuScenesLog.open(
            Path(self.dataroot),
            self.version,
            cameras=self.cameras or FRONT_CAMERAS,
            per_scene=self.per_scene,
            scenes=self.scenes,
            split=self.split,
        )


class FolderSource(Record):
    """Pictures or a video, without calibration. Frames of a video are kept as pictures in the workspace."""

    kind: Literal["folder"] = "folder"
    path: str
    every_s: float = 0.5

    def open(self, cache: Path, scratch: Path | None = None) -> Log:
        """Frames of a video are kept in `cache`; where `scratch` is given, as in a dry run, new ones go there."""
        from indexer.logs.folder import FolderLog

        return FolderLog.open(Path(self.path), every_s=self.every_s, frames_dir=cache, scratch=scratch)


class Invocation(Record):
    """What an index run was asked for: a source, a profile (name or file), scouts beyond it (`NAME@PROFILE`),
    an embedder, and fitted beliefs.

    A run keeps it, so that it can be repeated.
    """

    source: Annotated[NuScenesSource | FolderSource, Field(discriminator="kind")]
    profile: str
    embedder: str
    more_scouts: tuple[str, ...] = ()
    beliefs: str | None = None  # the file of a fit
