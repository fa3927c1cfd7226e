"""Profiles: which back ends look at a drive, with which options, and what the machine must have. One TOML file each."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, ValidationError

from scenario.errors import ConfigError, ProfileError, did_you_mean, unknown
from scenario.records import Record
from scenario.registry import GROUNDERS, JUDGES, SCOUTS
from scenario.weights import parse

if TYPE_CHECKING:
    from verifier.models.openai import OpenAISettings

HOME = Path(__file__).with_name("profiles")
DEFAULT = "weights-free"
SERVED = "openai"  # the back end whose models are behind servers

# Which options of a back end name model files, and what the files are.
_FILE_OPTIONS: Mapping[str, Mapping[str, str]] = {
    "llama_cpp": {"model": "weights", "projector": "image projector"},
    "yoloe": {
        "checkpoint": "detector",
        "embeddings": "class embeddings",
        "text_encoder": "text encoder",
        "tokenizer": "its tokenizer",
    },
}

Gib = Annotated[float, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0, description="estimated seconds a frame, for --dry-run")]


class Needs(Record):
    """What a machine must have. GPU memory is one card's: one model is resident at a time."""

    gpu_memory_gib: Gib = 0.0
    memory_gib: Gib = 0.0
    extras: tuple[Literal["vision", "llama"], ...] = ()


class StageProfile(Record):
    """A back end by its name in the registry, and the options that its factory takes."""

    backend: str
    seconds: Seconds | None = None
    options: dict[str, Any] = Field(default_factory=dict)

    @property
    def runs(self) -> str:
        """What runs its model: the `llm` judge has a back end of its own."""
        return str(self.options.get("backend", "llama_cpp")) if self.backend == "llm" else self.backend

    @property
    def files(self) -> dict[str, str]:
        """Option → what it is, for those of its options that name model files."""
        known = _FILE_OPTIONS.get(self.runs, {})
        return {option: what for option, what in known.items() if isinstance(self.options.get(option), str)}

    @property
    def servers(self) -> "OpenAISettings | None":
        """The model servers that it asks, and how; None for a model in this process. Raises `ConfigError`."""
        if self.runs != SERVED:
            return None
        from verifier.models.openai import OpenAISettings, openai_settings

        known = {option: value for option, value in self.options.items() if option in OpenAISettings.model_fields}
        return openai_settings(**known)


class ScoutProfile(StageProfile):
    name: str = Field(pattern=r"^[A-Za-z0-9][\w.-]*$")


class ModelFile(Record):
    """A file that a profile needs, and what for."""

    reference: str
    role: str


class Endpoint(Record):
    """A model server that a profile names: what for, the model asked for, and the variable that holds its key."""

    url: str
    role: str
    model: str | None = None
    api_key_env: str | None = None


class Profile(Record):
    name: str
    description: str = ""
    needs: Needs = Needs()
    grounder: StageProfile
    scouts: Annotated[tuple[ScoutProfile, ...], Field(min_length=1)]
    judge: StageProfile = StageProfile(backend="vote")

    def stages(self) -> Iterator[tuple[str, StageProfile]]:
        """Every back end with what to call it, in the order in which they run."""
        yield "grounder", self.grounder
        for scout in self.scouts:
            yield f"scout {scout.name}", scout
        yield "judge", self.judge

    def files(self) -> tuple[ModelFile, ...]:
        """Every model file that its options name, each once."""
        roles: dict[str, list[str]] = {}
        for owner, stage in self.stages():
            for option, what in stage.files.items():
                roles.setdefault(stage.options[option], []).append(f"{owner}: {what}")
        return tuple(ModelFile(reference=reference, role=", ".join(used)) for reference, used in roles.items())

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Every model server that its options name."""
        return tuple(
            Endpoint(url=url, role=owner, model=servers.model, api_key_env=servers.api_key_env)
            for owner, stage in self.stages()
            if (servers := stage.servers)
            for url in servers.endpoints
        )


def shipped_profiles() -> tuple[str, ...]:
    """The names of the profiles that come with the product."""
    return tuple(sorted(path.stem for path in HOME.glob("*.toml")))


def is_file_name(name_or_path: str) -> bool:
    """Whether a profile is named by the path of its file; otherwise it is one of the shipped."""
    return name_or_path.endswith(".toml") or "/" in name_or_path or "\\" in name_or_path


def load_profile(name_or_path: str) -> Profile:
    """A shipped profile by its name, or one of your own by the path of its file. Raises `ProfileError`."""
    own = is_file_name(name_or_path)
    if not own and name_or_path not in shipped_profiles():
        sentence = unknown("profile", name_or_path, shipped_profiles())
        raise ProfileError(f"{sentence}; one of your own is named by its file: --profile path/to/mine.toml")
    path = Path(name_or_path).expanduser() if own else HOME / f"{name_or_path}.toml"
    return _profile(path, _table(path))


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ProfileError(
            f"no profile file at {str(path)!r}; shipped profiles are {', '.join(shipped_profiles())}"
        ) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProfileError(f"{path}: {error}") from error


def _profile(path: Path, table: dict[str, Any]) -> Profile:
    _refuse_unknown_keys(path, table)
    try:
        profile = Profile(**table)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        given = "is missing" if first["type"] == "missing" else f"is {first['input']!r}: {first['msg']}"
        raise ProfileError(f"{path}: {where} {given}") from error
    _refuse_unknown_backends(path, profile)
    _refuse_unusable_servers(path, profile)
    if any("name" in scout.options for scout in profile.scouts):
        raise ProfileError(f"{path}: a scout's name stands beside its back end, not in [scouts.options]")
    names = [scout.name for scout in profile.scouts]
    for name in names:
        if names.count(name) > 1:
            raise ProfileError(f"{path}: two scouts are named {name!r}; a name is one scout")
    return _with_absolute_paths(path, profile)


def _refuse_unknown_keys(path: Path, table: dict[str, Any]) -> None:
    scouts = table.get("scouts", [])
    tables: list[tuple[str, Any, type[Record]]] = [
        ("", table, Profile),
        ("[needs] ", table.get("needs"), Needs),
        ("[grounder] ", table.get("grounder"), StageProfile),
        ("[judge] ", table.get("judge"), StageProfile),
        *(("[[scouts]] ", scout, ScoutProfile) for scout in (scouts if isinstance(scouts, list) else [])),
    ]
    for where, given, model in tables:
        for key in given if isinstance(given, dict) else ():
            if key not in model.model_fields:
                raise ProfileError(f"{path}: {where}{unknown('key', key, model.model_fields)}{_hint(key)}")


def _hint(key: str) -> str:
    """An option that was written beside `backend` rather than under `options` is the commonest slip."""
    options = {option for named in _FILE_OPTIONS.values() for option in named} | {"endpoints", "temperature", "seed"}
    near = did_you_mean(key, options)
    return f". What a back end takes, as {near!r}, stands in its [….options] table" if near else ""


def _refuse_unknown_backends(path: Path, profile: Profile) -> None:
    kinds = {"grounder": GROUNDERS.targets, "scout": SCOUTS.targets, "judge": JUDGES.targets}
    for owner, stage in profile.stages():
        kind = owner.partition(" ")[0]
        if stage.backend not in kinds[kind]:
            raise ProfileError(f"{path}: {owner}: {unknown(f'{kind} back end', stage.backend, kinds[kind])}")


def _refuse_unusable_servers(path: Path, profile: Profile) -> None:
    """Before anything is listed or asked: a key that stands in the profile itself must not be shown."""
    for owner, stage in profile.stages():
        try:
            _ = stage.servers
        except ConfigError as error:
            raise ProfileError(f"{path}: {owner}: {error}") from error


def _published(path: Path, named: Path) -> bool:
    """A bare name that is no file beside the profile is a release file of ultralytics, kept in our cache."""
    return len(named.parts) == 1 and not (path.parent / named).exists()


def _with_absolute_paths(path: Path, profile: Profile) -> Profile:
    """A relative path in a profile is relative to its file, wherever the command runs."""

    def absolute(owner: str, stage: StageProfile) -> StageProfile:
        options = dict(stage.options)
        for option in stage.files:
            try:
                named = parse(options[option])
            except ConfigError as error:
                raise ProfileError(f"{path}: {owner}: option {option!r}: {error}") from error
            if isinstance(named, Path) and not (stage.backend == "yoloe" and _published(path, named)):
                options[option] = str(path.parent.absolute() / named)
        return stage.model_copy(update={"options": options})

    stages = dict(profile.stages())
    return profile.model_copy(
        update={
            "grounder": absolute("grounder", profile.grounder),
            "scouts": tuple(absolute(owner, stage) for owner, stage in stages.items() if owner.startswith("scout ")),
            "judge": absolute("judge", profile.judge),
        }
    )
