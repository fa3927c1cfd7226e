"""Where a model's file is. A reference is a local path, or `hf:OWNER/REPOSITORY/FILE` in the hub's cache."""

import re
from dataclasses import dataclass
from pathlib import Path

from scenario.errors import ConfigError, WeightsMissing

PREFIX = "hf:"
FORMS = "a local path, or hf:OWNER/REPOSITORY/FILE for a file of the Hugging Face hub"
_PART = re.compile(r"[A-Za-z0-9][\w.-]*")


@dataclass(frozen=True)
class HubFile:
    """One file of a repository of the hub; `file` may lie in a folder of it."""

    repository: str  # OWNER/REPOSITORY
    file: str

    def __str__(self) -> str:
        return f"{PREFIX}{self.repository}/{self.file}"


def parse(reference: str) -> HubFile | Path:
    """What a reference names, whether it is here or not. Raises `ConfigError` for what is no reference."""
    text = reference.strip()
    if not text or "://" in text:
        raise ConfigError(f"{reference!r} names no model file; a reference is {FORMS}")
    if not text.startswith(PREFIX):
        return Path(text).expanduser()
    parts = text.removeprefix(PREFIX).split("/")
    if len(parts) < 3 or not all(_PART.fullmatch(part) for part in parts):
        raise ConfigError(f"{reference!r} names no file of the hub; a reference is {FORMS}")
    return HubFile("/".join(parts[:2]), "/".join(parts[2:]))


def locate(reference: str, *, cache: Path | None = None) -> Path:
    """The file that `reference` names. Raises `WeightsMissing`, whose message says how to get it. Fetches nothing.

    `cache` is the hub's cache folder; None is the usual one, which `HF_HOME` and `HF_HUB_CACHE` move.
    """
    named = parse(reference)
    if isinstance(named, Path):
        if not named.is_file():
            what = "is a folder" if named.is_dir() else "does not exist"
            raise WeightsMissing(reference, f"the path {what}; a reference is {FORMS}")
        return named
    found = _cached(named, cache)
    if found is None:
        raise WeightsMissing(reference, f"get it with: semdrive models pull {named}")
    return found


def _cached(named: HubFile, cache: Path | None) -> Path | None:
    """The file in the hub's cache: of the newest commit that was asked for, or else of one that came before it."""
    from huggingface_hub import constants, try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(named.repository, named.file, cache_dir=cache)
    except HFValidationError as error:
        raise ConfigError(f"{str(named)!r} names no file of the hub: {error}") from error
    if isinstance(found, str):  # the hub's word for "no such file" is an object
        return Path(found)
    # A later pull of a sister file moves the repository's newest commit; what was here before it is still here.
    folder = (cache or Path(constants.HF_HUB_CACHE)) / f"models--{named.repository.replace('/', '--')}" / "snapshots"
    older = [path for path in folder.glob(f"*/{named.file}") if path.is_file()]
    return max(older, key=lambda path: path.stat().st_mtime, default=None)
