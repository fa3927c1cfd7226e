"""Settings: flags over environment (`SEMDRIVE_*`) over `semdrive.toml`. An unknown key is refused."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ConfigDict, Field, ValidationError

from scenario.errors import ConfigError, did_you_mean, unknown
from scenario.records import Record

PREFIX = "SEMDRIVE_"
EXEMPT = frozenset({"SEMDRIVE_SHARED", "SEMDRIVE_CONFIG"})
FILE_NAME = "semdrive.toml"


class Settings(Record):
    """Every setting with its default."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    index: str = Field("semdrive-index", description="workspace directory, or an index URI")
    profile: str = Field("weights-free", description="the back ends of a live index run: a profile's name, or its file")
    embedder: str = Field("minilm", description="`minilm`, or any sentence-transformers model by name or path")
    limit: int = Field(10, ge=1, le=1000, description="hits a page")
    batch_size: int = Field(256, ge=1, le=10_000, description="frames a stage takes at a time")


S = TypeVar("S", bound=Record)


class NoOptions(Record):
    """Of a back end that takes none."""


def options(model: type[S], owner: str, given: Mapping[str, Any]) -> S:
    """`given` as the settings record of a back end. Raises `ConfigError` naming `owner`, the key, what it takes."""
    for key in given:
        if not model.model_fields:
            raise ConfigError(f"{owner} takes no options, and was given {key!r}")
        if key not in model.model_fields:
            raise ConfigError(f"{owner}: {unknown('option', key, model.model_fields)}")
    try:
        return model(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        if first["type"] == "missing":
            raise ConfigError(f"{owner}: option {name!r} is needed: {model.model_fields[name].description}") from error
        raise ConfigError(f"{owner}: option {name!r} is {first['input']!r}: {first['msg']}") from error


def load_settings(
    flags: Mapping[str, Any], environ: Mapping[str, str] = os.environ, folder: Path | None = None
) -> Settings:
    """Merge the three sources; a flag that is None was not given. Raises `ConfigError`."""
    named = environ.get("SEMDRIVE_CONFIG")
    path = Path(named or (folder or Path.cwd()) / FILE_NAME)
    merged: dict[str, Any] = {**_from_file(path, bool(named)), **_from_environment(environ)}
    merged.update({key: value for key, value in flags.items() if value is not None})
    try:
        return Settings(**merged)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"setting {name!r} is {first['input']!r}: {first['msg']}") from error


def _from_file(path: Path, named: bool) -> dict[str, Any]:
    if not path.is_file():
        if named:
            raise ConfigError(f"SEMDRIVE_CONFIG names {str(path)!r}, which is not a file")
        return {}
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    for key in values:
        if key not in Settings.model_fields:
            raise ConfigError(f"{path}: {unknown('setting', key, Settings.model_fields)}")
    return values


def _from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    values = {}
    for variable, value in environ.items():
        if not variable.startswith(PREFIX) or variable in EXEMPT:
            continue
        key = variable.removeprefix(PREFIX).lower()
        if key not in Settings.model_fields:
            near = did_you_mean(key, Settings.model_fields)  # without the prefix, which makes everything near
            hint = f"; did you mean {PREFIX + near.upper()}?" if near else "."
            known = ", ".join(sorted(PREFIX + name.upper() for name in Settings.model_fields))
            raise ConfigError(f"no setting for environment variable {variable}{hint} Known: {known}")
        values[key] = value
    return values
