"""Put together: a driving log and a profile become a pipeline."""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError

from indexer.pipeline import Pipeline
from indexer.profiles import Profile, ScoutProfile, load_profile
from indexer.report import RunSummary
from indexer.sources import Invocation, Log
from indexer.stages import Progress, Silent
from scenario.config import NoOptions
from scenario.config import options as validated
from scenario.errors import ConfigError, InputError, NoRunYet, ProfileError, unknown
from scenario.ledger import Ledger
from scenario.protocols import Answerer, Embedder, Grounder
from scenario.registry import GROUNDERS, JUDGES, SCOUTS
from scenario.workspace import Workspace
from search.store import Store
from verifier.fitted import check_scouts, read_fit


def index_log(
    invocation: Invocation,
    workspace: Workspace,
    embedder: Embedder,
    *,
    batch_size: int = 256,
    progress: Progress | None = None,
    dry_run: bool = False,
    retry_failed: bool = False,
) -> RunSummary:
    """Index a log with the back ends of a profile. Raises `InputError`, `ConfigError` or `WorkspaceBusy`."""
    fit = read_fit(Path(invocation.beliefs)) if invocation.beliefs else None
    profile = profile_of(invocation)
    if fit:
        check_scouts(fit, [scout.name for scout in profile.scouts])
    progress = progress or Silent()
    with (
        nullcontext() if dry_run else workspace.writing(),
        workspace.open_ledger(dry_run=dry_run) as ledger,
        TemporaryDirectory(prefix="semdrive-") if dry_run else nullcontext() as scratch,
    ):
        progress.start("read log", 1)
        log = invocation.source.open(Path(workspace.location) / "frames", Path(scratch) if scratch else None)
        progress.advance(1)
        if not log.frames:
            raise InputError(_nothing_in(log))
        pipeline = Pipeline(
            frames=log.frames,
            grounder=_grounder(profile, log),
            scouts=scouts_of(profile),
            judge=JUDGES.create(profile.judge.backend, **profile.judge.options),
            embedder=embedder,
            ledger=ledger,
            store=Store(workspace.index_uri),
            batch_size=batch_size,
            progress=progress,
            retry_failed=retry_failed,
            expected_s=_expected_seconds(profile),
            invocation=invocation.model_dump(mode="json"),
            fit=fit,
        )
        return pipeline.run(log.unreadable, dry_run=dry_run)


def last_invocation(workspace: Workspace) -> Invocation:
    """What the latest run on a log was asked for. Raises `NoRunYet` where there was none, `ConfigError` where another
    version made it."""
    with Ledger(workspace.require_ledger("repeating a run"), read_only=True) as ledger:
        asked = [run["config"].get("invocation") for run in ledger.runs()]
    for given in reversed(asked):
        if given:
            try:
                return Invocation(**given)
            except ValidationError as error:
                raise ConfigError(f"the last run of {workspace.location!r} was made by another version") from error
    raise NoRunYet(workspace.location)


def profile_of(invocation: Invocation) -> Profile:
    """The profile of a run, with the scouts that were added to it. Raises `ProfileError`."""
    return _with_more_scouts(load_profile(invocation.profile), invocation.more_scouts)


def scouts_of(profile: Profile) -> list[Answerer]:
    """The scouts that a profile names, in its order. Raises `ConfigError` for options that they do not take."""
    return [SCOUTS.create(scout.backend, name=scout.name, **scout.options) for scout in profile.scouts]


def _with_more_scouts(profile: Profile, more: Sequence[str]) -> Profile:
    """The profile and the scouts that `NAME@PROFILE`, or a bare back end that needs no options, name."""
    scouts = list(profile.scouts)
    for text in more:
        scout = _scout(text)
        if scout.name in [known.name for known in scouts]:
            raise ProfileError(f"scout {scout.name!r} is in the profile already; a name is one scout")
        scouts.append(scout)
    return profile.model_copy(update={"scouts": tuple(scouts)})


def _scout(text: str) -> ScoutProfile:
    name, at, where = text.partition("@")
    if not at:
        if name not in SCOUTS.targets:
            raise ProfileError(f"{unknown('scout back end', name, SCOUTS.targets)}; or name NAME@PROFILE")
        return ScoutProfile(name=name, backend=name)
    scouts = {scout.name: scout for scout in load_profile(where).scouts}
    if name not in scouts:
        raise ProfileError(f"profile {where!r}: {unknown('scout', name, scouts)}")
    return scouts[name]


def _grounder(profile: Profile, log: Log) -> Grounder:
    options = profile.grounder.options
    if profile.grounder.backend == "annotations":  # the only one that reads more of a log than its frames
        validated(NoOptions, "grounder 'annotations'", options)
        return GROUNDERS.create("annotations", log=log)
    return GROUNDERS.create(profile.grounder.backend, **options)


def _expected_seconds(profile: Profile) -> dict[str, float]:
    stages = {
        "ground": profile.grounder,
        **{f"report {scout.name}": scout for scout in profile.scouts},
        "judge": profile.judge,
    }
    return {name: stage.seconds for name, stage in stages.items() if stage.seconds is not None}


def _nothing_in(log: Log) -> str:
    reasons = [str(error) for error in log.unreadable]
    more = f" and {len(reasons) - 3} more" if len(reasons) > 3 else ""
    return "no frame can be read: " + ("; ".join(reasons[:3]) + more if reasons else "the log has none")
