"""`semdrive index …`: build or resume an index, from a log or from recorded reports."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from semdrive.options import DryRun, Index, Json, answer, settings_of

index_app = typer.Typer(
    help="Build or resume an index.",
    epilog="Examples: semdrive index nuscenes --dataroot DIR --version v1.0-mini; semdrive index --retry-failed",
    rich_markup_mode=None,
)
Embedder = Annotated[str | None, typer.Option(help="`minilm`, or a sentence-transformers model by name or path.")]
BatchSize = Annotated[int | None, typer.Option(help="Frames a stage takes at a time.")]
ProfileName = Annotated[
    str | None,
    typer.Option("--profile", "-p", help="Back ends: a profile's name or its file.", show_default="weights-free"),
]
MoreScouts = Annotated[
    list[str] | None,
    typer.Option("--add-scout", help="A scout beyond the profile, as NAME@PROFILE, or `rules`. Repeatable."),
]
BeliefFile = Annotated[
    Path | None, typer.Option("--beliefs", help="Fitted beliefs, from semdrive gold fit.", show_default=False)
]
Retry = Annotated[bool, typer.Option("--retry-failed", help="Try again what failed in an earlier run.")]


@index_app.callback(invoke_without_command=True)
def repeat(
    context: typer.Context,
    index: Index = None,
    retry_failed: Retry = False,
    add_scout: MoreScouts = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Build or resume an index. Without a command: repeat the last run on a log, to retry, or with another scout."""
    if context.invoked_subcommand:
        if index or retry_failed or add_scout or dry_run or as_json:
            name = context.invoked_subcommand
            raise typer.BadParameter(f"options go behind the command: semdrive index {name} …", param_hint=name)
        return
    if not (retry_failed or add_scout or dry_run):
        raise typer.BadParameter(f"name what to index, or --retry-failed or --add-scout\n\n{context.get_help()}")
    from indexer.live import last_invocation
    from scenario.workspace import Workspace

    last = last_invocation(Workspace.open(settings_of(index=index).index))
    added = _scouts_from_anywhere(add_scout)
    more = (*last.more_scouts, *(scout for scout in added if scout not in last.more_scouts))
    _index_log(last.model_copy(update={"more_scouts": more}), index, None, dry_run, retry_failed, as_json)


@index_app.command(
    "nuscenes",
    epilog="Example: semdrive index nuscenes --dataroot /data/nuscenes --version v1.0-mini -p rtx-3090 --dry-run",
)
def index_nuscenes(
    dataroot: Annotated[Path, typer.Option(help="The log's root: the folder that holds samples/ and the version.")],
    version: Annotated[str, typer.Option(help="The version's folder, as v1.0-mini.")] = "v1.0-mini",
    camera: Annotated[
        list[str] | None, typer.Option(help="A camera, or `all` six. Repeatable.", show_default="the front three")
    ] = None,
    per_scene: Annotated[
        int | None, typer.Option(min=1, help="Key frames a scene, evenly spread.", show_default="all")
    ] = None,
    scene: Annotated[list[str] | None, typer.Option(help="Only this scene, as scene-0061. Repeatable.")] = None,
    split: Annotated[str | None, typer.Option(help="Only the scenes of an official split, as mini_val.")] = None,
    profile: ProfileName = None,
    add_scout: MoreScouts = None,
    beliefs: BeliefFile = None,
    index: Index = None,
    embedder: Embedder = None,
    batch_size: BatchSize = None,
    retry_failed: Retry = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Index a driving log in nuScenes format. Stop it whenever you like: the same command goes on from there."""
    from indexer.sources import NuScenesSource

    source = NuScenesSource(
        dataroot=str(dataroot.absolute()),
        version=version,
        cameras=tuple(camera or ()),
        per_scene=per_scene,
        scenes=tuple(scene or ()),
        split=split,
    )
    asked = _invocation(source, profile, add_scout, embedder, beliefs)
    _index_log(asked, index, batch_size, dry_run, retry_failed, as_json)


@index_app.command(
    "folder", epilog="Examples: semdrive index folder pictures/; semdrive index folder drive.mp4 --every 1"
)
def index_folder(
    path: Annotated[Path, typer.Argument(help="A folder of pictures (a subfolder is a scene), or a video.")],
    every: Annotated[float, typer.Option(help="Seconds between the frames taken from a video.")] = 0.5,
    profile: ProfileName = None,
    add_scout: MoreScouts = None,
    beliefs: BeliefFile = None,
    index: Index = None,
    embedder: Embedder = None,
    batch_size: BatchSize = None,
    retry_failed: Retry = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Index pictures or a video as a log without calibration or annotations."""
    from indexer.sources import FolderSource

    asked = _invocation(FolderSource(path=str(path.absolute()), every_s=every), profile, add_scout, embedder, beliefs)
    _index_log(asked, index, batch_size, dry_run, retry_failed, as_json)


@index_app.command(
    "recorded", epilog="Example: semdrive index recorded --scout gemma=gemma.jsonl --scout kimi=kimi.jsonl"
)
def index_recorded(
    scout: Annotated[list[str], typer.Option(help="A scout's recorded reports (JSONL), as NAME=FILE. Repeatable.")],
    beliefs: BeliefFile = None,
    index: Index = None,
    embedder: Embedder = None,
    batch_size: BatchSize = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Index recorded scout reports. Run it again after a crash, a changed file or with another scout: it resumes."""
    from indexer.recorded import index_recorded as build
    from verifier.fitted import read_fit

    model = settings_of(embedder=embedder).embedder
    fit = read_fit(beliefs) if beliefs else None
    _run(partial(build, _scout_files(scout), fit=fit), model, index, batch_size, dry_run, as_json)


def _scout_files(scouts: list[str]) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for text in scouts:
        name, equals, path = (part.strip() for part in text.partition("="))
        if not (equals and name and path):
            raise typer.BadParameter(f"{text!r} is not NAME=FILE, as in gemma=reports.jsonl", param_hint="--scout")
        if name in files:
            raise typer.BadParameter(f"scout {name!r} is given twice; a name is one file", param_hint="--scout")
        files[name] = Path(path)
    return files


def _invocation(
    source: Any, profile: str | None, add_scout: list[str] | None, embedder: str | None, beliefs: Path | None
) -> Any:
    from indexer.sources import Invocation

    settings = settings_of(profile=profile, embedder=embedder)
    return Invocation(
        source=source,
        profile=_from_anywhere(settings.profile),
        more_scouts=_scouts_from_anywhere(add_scout),
        embedder=settings.embedder,
        beliefs=str(beliefs.absolute()) if beliefs else None,
    )


def _from_anywhere(profile: str) -> str:
    """A profile's name, or the whole path of its file: a run keeps it, and may be repeated from elsewhere."""
    from indexer.profiles import is_file_name

    return str(Path(profile).expanduser().absolute()) if is_file_name(profile) else profile


def _scouts_from_anywhere(scouts: list[str] | None) -> tuple[str, ...]:
    parts = (scout.partition("@") for scout in scouts or ())
    return tuple(f"{name}{at}{_from_anywhere(profile)}" for name, at, profile in parts)


def _index_log(
    asked: Any,
    index: str | None,
    batch_size: int | None,
    dry_run: bool,
    retry_failed: bool,
    as_json: bool,
) -> None:
    from indexer.live import index_log

    run = partial(index_log, asked, retry_failed=retry_failed)
    _run(run, asked.embedder, index, batch_size, dry_run, as_json)


def _run(
    build: Callable[..., Any], embedder: str, index: str | None, batch_size: int | None, dry_run: bool, as_json: bool
) -> None:
    """Index under a progress bar, and say what came of it; exit 1 where nothing could be indexed."""
    from scenario.registry import EMBEDDERS
    from scenario.workspace import Workspace
    from semdrive.progress import Bars
    from semdrive.render import render_run

    settings = settings_of(index=index, batch_size=batch_size)
    with Bars() as progress:
        summary = build(
            Workspace.planned(settings.index) if dry_run else Workspace.create(settings.index),
            EMBEDDERS.create("sentence_transformers", model=embedder),
            batch_size=settings.batch_size,
            progress=progress,
            dry_run=dry_run,
        )
    answer(summary, as_json, lambda run: render_run(run, settings.index))
    if not summary.indexed:
        raise typer.Exit(1)
