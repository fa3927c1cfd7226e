"""Which model files the profiles need, which are here, and whether those are whole. Contacts no hub."""

import hashlib
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from indexer.grounding.detector import find_weights
from indexer.profiles import Endpoint, ModelFile, Profile, StageProfile
from scenario.errors import ConfigError, WeightsMissing
from scenario.records import Record
from scenario.weights import HubFile, locate, parse

if TYPE_CHECKING:
    from verifier.models.probe import EndpointReport

# Sizes in bytes of the files that the shipped profiles name, so that room on the disk can be judged before the hub is
# asked. Those that end in zeros are rounded; a pull asks the hub for the true ones.
KNOWN_BYTES: Mapping[str, int] = {
    "hf:jameslahm/yoloe/yoloe-11l-seg.pt": 70_982_416,
    "mobileclip_blt.ts": 572_000_000,
    "hf:openai/clip-vit-base-patch32/tokenizer.json": 2_200_000,
    "hf:unsloth/Qwen3-VL-30B-A3B-Thinking-GGUF/Qwen3-VL-30B-A3B-Thinking-Q4_K_M.gguf": 18_600_000_000,
    "hf:unsloth/Qwen3-VL-30B-A3B-Thinking-GGUF/mmproj-F16.gguf": 1_090_000_000,
    "hf:ggml-org/Kimi-VL-A3B-Thinking-2506-GGUF/Kimi-VL-A3B-Thinking-2506-Q4_K_M.gguf": 10_540_747_680,
    "hf:ggml-org/Kimi-VL-A3B-Thinking-2506-GGUF/mmproj-Kimi-VL-A3B-Thinking-2506-f16.gguf": 1_100_000_000,
    "hf:unsloth/gemma-3-27b-it-GGUF/gemma-3-27b-it-Q4_K_M.gguf": 16_500_000_000,
    "hf:unsloth/gemma-3-27b-it-GGUF/mmproj-F16.gguf": 860_000_000,
    "hf:mistralai/Ministral-3-14B-Instruct-2512-GGUF/Ministral-3-14B-Instruct-2512-Q4_K_M.gguf": 8_239_593_024,
    "hf:unsloth/Qwen3-VL-4B-Instruct-GGUF/Qwen3-VL-4B-Instruct-Q4_K_M.gguf": 2_500_000_000,
    "hf:unsloth/Qwen3-VL-4B-Instruct-GGUF/mmproj-F16.gguf": 840_000_000,
}
CHUNK_BYTES = 4 << 20
_ASSET = re.compile(r"yoloe-[\w-]+\.pt|mobileclip2?_\w+\.ts")
_GIT_SHA1, _SHA256 = 40, 64  # hexadecimal digits: what the hub calls a small file's version, and a large one's

Advance = Callable[[int], None]  # told how many bytes more were read


class FileState(Record):
    """One model file: its size as it is here, or, where it is not, as it is known to be (None: not known)."""

    reference: str
    role: str
    path: str | None = None
    size_bytes: int | None = None

    @property
    def here(self) -> bool:
        return self.path is not None


class ProfileState(Record):
    profile: str
    description: str
    files: tuple[FileState, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()

    @property
    def missing(self) -> tuple[FileState, ...]:
        return tuple(file for file in self.files if not file.here)


class ModelList(Record):
    """Every profile's files, and the folder that a pull would write to with the room that it has."""

    profiles: tuple[ProfileState, ...]
    folder: str
    free_bytes: int


class FileCheck(Record):
    name: str  # the file's reference, or a server's address
    role: str
    status: Literal["fine", "missing", "broken"]
    detail: str
    remedy: str | None = None


class ProfileChecks(Record):
    profile: str
    checks: tuple[FileCheck, ...]


class ModelChecks(Record):
    profiles: tuple[ProfileChecks, ...]

    @property
    def complete(self) -> bool:
        return all(check.status == "fine" for profile in self.profiles for check in profile.checks)

    @property
    def broken(self) -> bool:
        return any(check.status == "broken" for profile in self.profiles for check in profile.checks)


def cache_folder(cache: Path | None = None) -> Path:
    """The hub's cache, which `HF_HOME` and `HF_HUB_CACHE` move."""
    if cache is not None:
        return cache
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


def free_bytes(folder: Path) -> int:
    """The room on the disk that holds a folder, or that would once it is made."""
    existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    return shutil.disk_usage(existing).free


def list_models(profiles: tuple[Profile, ...], cache: Path | None = None) -> ModelList:
    folder = cache_folder(cache)
    states = tuple(profile_state(profile, cache) for profile in profiles)
    return ModelList(profiles=states, folder=str(folder), free_bytes=free_bytes(folder))


def profile_state(profile: Profile, cache: Path | None = None) -> ProfileState:
    return ProfileState(
        profile=profile.name,
        description=profile.description,
        files=tuple(file_state(file, cache) for file in profile.files()),
        endpoints=profile.endpoints(),
    )


def asset_name(reference: str) -> str | None:
    """The name of a file that ultralytics publishes beside its releases and the hub lacks; None for any other."""
    named = parse(reference)
    return str(named) if isinstance(named, Path) and _ASSET.fullmatch(str(named)) else None


def find(reference: str, cache: Path | None = None) -> Path:
    """The file on this machine. Raises `WeightsMissing`."""
    return find_weights(reference) if asset_name(reference) else locate(reference, cache=cache)


def file_state(file: ModelFile, cache: Path | None = None) -> FileState:
    try:
        path = find(file.reference, cache)
    except WeightsMissing:
        size = KNOWN_BYTES.get(file.reference)
        return FileState(reference=file.reference, role=file.role, size_bytes=size)
    return FileState(reference=file.reference, role=file.role, path=str(path), size_bytes=path.stat().st_size)


def check_models(
    profiles: tuple[Profile, ...], *, servers: bool, cache: Path | None = None, advance: Advance | None = None
) -> ModelChecks:
    """Every file of every profile, each read once; with `servers`, every model server is asked what it can do."""
    files = {file.reference: file for profile in profiles for file in profile.files()}
    checks = {reference: check_file(file, cache, advance) for reference, file in files.items()}
    return ModelChecks(
        profiles=tuple(
            ProfileChecks(
                profile=profile.name,
                checks=(
                    *(checks[file.reference].model_copy(update={"role": file.role}) for file in profile.files()),
                    *(check for owner, stage in profile.stages() if servers for check in check_servers(owner, stage)),
                ),
            )
            for profile in profiles
        )
    )


def check_file(file: ModelFile, cache: Path | None = None, advance: Advance | None = None) -> FileCheck:
    """Whether a file is here, is what its name says, and has the content that the hub recorded. Reads all of it."""
    try:
        path = find(file.reference, cache)
    except WeightsMissing as error:
        pull = isinstance(parse(file.reference), HubFile) or asset_name(file.reference) is not None
        remedy = f"semdrive models pull {file.reference}" if pull else None
        detail = "not on this machine" if pull else str(error)
        return FileCheck(name=file.reference, role=file.role, status="missing", detail=detail, remedy=remedy)
    fault = _fault(path, file.reference, advance)
    return FileCheck(
        name=file.reference,
        role=file.role,
        status="broken" if fault else "fine",
        detail=fault or f"{path.stat().st_size:,} bytes at {path}",
        remedy=_remedy(path, file.reference) if fault else None,
    )


def check_servers(owner: str, stage: StageProfile) -> list[FileCheck]:
    """What the model servers of a back end say they can do, in some small requests."""
    if (settings := stage.servers) is None:
        return []
    from verifier.models.openai import openai_reports

    try:
        return [_checked(owner, found) for found in openai_reports(settings)]
    except ConfigError as error:  # the key is not set: what was found of the files is worth saying nevertheless
        remedy = f"set {settings.api_key_env} in the environment"
        return [
            FileCheck(name=url, role=owner, status="broken", detail=str(error), remedy=remedy)
            for url in settings.endpoints
        ]


def _checked(owner: str, found: "EndpointReport") -> FileCheck:
    fit = found.usable or (owner == "judge" and found.reachable and found.error is None)  # a judge only reads
    return FileCheck(
        name=found.endpoint,
        role=owner,
        status="fine" if fit else "broken" if found.reachable else "missing",
        detail="; ".join(" ".join(line.split()) for line in found.lines()[1:]),
        remedy=None if found.reachable else "start the server, or name its address in a profile of your own",
    )


def _remedy(path: Path, reference: str) -> str:
    if isinstance(parse(reference), HubFile) or asset_name(reference):
        return f"delete {path.resolve()} and run: semdrive models pull {reference}"
    return f"replace {path}"


def _fault(path: Path, reference: str, advance: Advance | None) -> str | None:
    """What is wrong with a file that is here, or None."""
    try:
        if wrong := wrong_kind(path):
            return wrong
        etag = path.resolve().name  # the cache names a file's content by what the hub said its digest is
        if isinstance(parse(reference), HubFile) and is_digest(etag) and digest(path, etag, advance) != etag:
            return f"its content is not what the hub recorded ({etag[:12]}…): it was cut or changed after the download"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return None


def wrong_kind(path: Path, suffix: str | None = None) -> str | None:
    """What speaks against a file being what `suffix`, or its own, says: GGUF and PyTorch files begin alike."""
    suffix = suffix or path.suffix
    with path.open("rb") as file:
        head = file.read(8)
    if suffix == ".gguf" and (head[:4] != b"GGUF" or int.from_bytes(head[4:8], "little") not in (2, 3)):
        return f"is no GGUF file of version 2 or 3: it begins with {head!r}"
    if suffix in (".pt", ".ts") and head[:2] != b"PK":
        return f"is no PyTorch file: it begins with {head!r}"
    return None


def is_digest(etag: str) -> bool:
    return len(etag) in (_GIT_SHA1, _SHA256) and re.fullmatch(r"[0-9a-f]+", etag) is not None


def digest(path: Path, etag: str, advance: Advance | None = None) -> str:
    """A file's digest, of the kind that `etag` is: SHA-256 of a large file, git's SHA-1 of a small one."""
    if len(etag) == _SHA256:
        total = hashlib.sha256()
    else:
        total = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            total.update(chunk)
            if advance:
                advance(len(chunk))
    return total.hexdigest()
