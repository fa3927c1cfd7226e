"""The tables of a nuScenes-format log as streams of typed rows: one row in memory at a time, and a fault has a name."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, BinaryIO, TypeVar

import ijson
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from scenario.errors import InputError, LogUnreadable
from scenario.labels import LABELS
from scenario.records import Quaternion, Vector3

READ_BYTES = 1 << 20
Matrix3 = tuple[Vector3, Vector3, Vector3]


def _turns(rotation: Quaternion) -> Quaternion:
    if not any(rotation):
        raise ValueError("a rotation of four zeros turns nothing")
    return rotation


def _has_focus(intrinsic: Matrix3 | None) -> Matrix3 | None:
    if not intrinsic:
        return intrinsic
    (wide, skew, _), (slant, high, _), last = intrinsic
    if not (wide > 0 and high > 0 and wide * high != skew * slant and last == (0, 0, 1)):
        raise ValueError("a camera has focal lengths above 0, a last row of 0, 0, 1, and an inverse")
    return intrinsic


# Empty for lidar and radar.
Intrinsic = Annotated[Matrix3 | None, BeforeValidator(lambda given: given or None), AfterValidator(_has_focus)]
Rotation = Annotated[Quaternion, AfterValidator(_turns)]
Length = Annotated[float, Field(gt=0)]


class Row(BaseModel):
    """What is read of one record of a table; the rest of the record is passed over."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)


class SensorRow(Row):
    token: str
    channel: str
    modality: str


class CalibrationRow(Row):
    token: str
    sensor_token: str
    translation: Vector3
    rotation: Rotation
    camera_intrinsic: Intrinsic = None


class LogRow(Row):
    token: str
    logfile: str
    location: str | None = None


class MapRow(Row):
    filename: str


class SceneRow(Row):
    token: str
    name: str
    log_token: str
    description: str | None = None


class SampleRow(Row):
    token: Annotated[str, Field(min_length=1)]
    timestamp: int
    scene_token: str


class SampleDataRow(Row):
    sample_token: str
    ego_pose_token: str
    calibrated_sensor_token: str
    is_key_frame: bool
    filename: str
    width: int | None = None
    height: int | None = None


class EgoPoseRow(Row):
    token: str
    timestamp: int | None = None
    translation: Vector3
    rotation: Rotation


class NamedRow(Row):
    token: str
    name: str


class CategoryRow(NamedRow):
    """A category. A log of our own names it as nuScenes does, so that the devkit can draw it, and may describe it by a
    finer name whose last part is a detection label (`movable_object.construction_barrel`)."""

    description: str | None = None

    @property
    def kind(self) -> str:
        finer = self.description or ""
        # Not a sentence: one of nuScenes' own ends in "vehicle.trailer".
        known = " " not in finer and "." in finer and finer.rpartition(".")[2].replace("_", " ") in LABELS
        return finer if known else self.name


class VisibilityRow(Row):
    token: str
    level: str  # "v40-60"


class InstanceRow(Row):
    token: str
    category_token: str


class AnnotationRow(Row):
    sample_token: str
    instance_token: str
    visibility_token: str | None = None
    attribute_tokens: tuple[str, ...] = ()
    translation: Vector3
    size: tuple[Length, Length, Length]  # width, length, height
    rotation: Rotation


R = TypeVar("R", bound=Row)


@dataclass
class Tables:
    """The folder of a version. What cannot be read is noted in `faults`, once a table, and its name in `damaged`."""

    folder: Path
    faults: list[InputError] = field(default_factory=list)
    damaged: set[str] = field(default_factory=set)
    empty: set[str] = field(default_factory=set)  # the tables that gave no row at all

    def rows(self, table: str, row: type[R]) -> Iterator[R]:
        """The rows of a table in its order, up to where it can be read; a record that lacks a field is passed over."""
        number, bad, first_bad = 0, 0, ""
        for record in self._records(table):
            number += 1
            try:
                yield row.model_validate(record)
            except ValidationError as error:
                bad += 1
                first_bad = first_bad or f"record {number}: {_what_is_wrong(error)}"
        if bad:
            self._fault(table, f"{bad} of {number} records cannot be used and are left out, the first is {first_bad}")
        if number == bad:
            self.empty.add(table)

    def fault(self, table: str, reason: str, token: str | None = None) -> None:
        """Note something wrong with what a table says, of one frame where a token is given."""
        self.faults.append(LogUnreadable(str(self.folder / f"{table}.json"), reason, token))

    def gone(self, table: str) -> bool:
        """Whether a table is so broken that no row came of it: said once, not again for all that depends on it."""
        return table in self.damaged and table in self.empty

    def stop_without(self, table: str) -> None:
        """Raise `LogUnreadable` where a table that was read gave no row."""
        path = str(self.folder / f"{table}.json")
        if self.gone(table):
            raise next(fault for fault in self.faults if isinstance(fault, LogUnreadable) and fault.path == path)
        if table in self.empty:
            raise LogUnreadable(path, "this table is empty, so the log has no frame")

    def _fault(self, table: str, reason: str) -> None:
        self.damaged.add(table)
        self.fault(table, reason)

    def _records(self, table: str) -> Iterator[Any]:
        number = 0
        try:
            with (self.folder / f"{table}.json").open("rb") as file:
                _must_be_a_list(file)
                for record in ijson.items(file, "item", use_float=True, buf_size=READ_BYTES):
                    yield record
                    number += 1
        except ijson.IncompleteJSONError:
            self._fault(table, f"cut short or damaged after {number} records; those are kept")
        except (ijson.JSONError, UnicodeDecodeError) as error:
            self._fault(table, f"not JSON after {number} records, which are kept: {error}")
        except OSError as error:
            self._fault(table, f"{error.strerror or error}; a log needs this table, which may be an empty list, []")


def _must_be_a_list(file: BinaryIO) -> None:
    """Raise `JSONError` where the file is JSON of another kind, which would read as a table without records."""
    start = file.read(64).lstrip()[:1]
    file.seek(0)
    if start not in (b"[", b""):
        raise ijson.JSONError(f"a table is a list of records and starts with '[', not with {start.decode('latin-1')!r}")


def _what_is_wrong(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place!r} is missing" if first["type"] == "missing" else f"{place!r}: {first['msg']}"


def open_tables(dataroot: Path, version: str) -> Tables:
    """The tables of a version. Raises `LogUnreadable`, naming the versions that are there."""
    folder = dataroot / version
    if folder.is_dir() and version:
        return Tables(folder)
    if not dataroot.is_dir():
        raise LogUnreadable(str(dataroot), "there is no such folder; --dataroot names the folder that holds the log")
    found = sorted(path.parent.name for path in dataroot.glob("*/sample.json"))
    there = f"found here: {', '.join(found)}" if found else "no folder here holds a sample.json, so this is no dataroot"
    raise LogUnreadable(str(dataroot), f"no version named {version!r}; {there}")
