"""Put together: recorded runs of scouts become a pipeline over their frames."""

from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path

from indexer.grounding.recorded import RecordedGrounder
from indexer.logs.recorded import recorded_frames
from indexer.pipeline import Pipeline
from indexer.report import RunSummary
from indexer.stages import Progress, Silent
from scenario.errors import ConfigError, InputError
from scenario.protocols import Embedder
from scenario.registry import JUDGES
from scenario.workspace import Workspace
from search.store import Store
from verifier.fitted import BeliefFit, check_scouts
from verifier.scouts.recorded import RecordedRun, RecordedScout

NOTE = "recorded run: reasoning text is the scouts' descriptions and the reward's reasons"


def index_recorded(
    files: Mapping[str, Path],
    workspace: Workspace,
    embedder: Embedder,
    *,
    batch_size: int = 256,
    progress: Progress | None = None,
    dry_run: bool = False,
    fit: BeliefFit | None = None,
) -> RunSummary:
    """Index the recorded runs of scouts, name → file; `fit` gives the beliefs.

    Raises `InputError`, `ConfigError` or `WorkspaceBusy`.
    """
    if not files:
        raise ConfigError("no scouts; name at least one: --scout NAME=FILE")
    if fit:
        check_scouts(fit, [*files])
    runs = {name: RecordedRun.scan(path) for name, path in files.items()}
    frames = recorded_frames(list(runs.values()))
    if not frames:
        raise InputError(f"no frames in {', '.join(str(path) for path in files.values())}; name JSONL scout reports")
    with nullcontext() if dry_run else workspace.writing(), workspace.open_ledger(dry_run=dry_run) as ledger:
        pipeline = Pipeline(
            frames=frames,
            grounder=RecordedGrounder(list(runs.values())),
            scouts=[RecordedScout(name, run) for name, run in runs.items()],
            judge=JUDGES.create("vote"),
            embedder=embedder,
            ledger=ledger,
            store=Store(workspace.index_uri),
            batch_size=batch_size,
            progress=progress or Silent(),
            notes=(NOTE,),
            fit=fit,
        )
        return pipeline.run([line for run in runs.values() for line in run.unreadable], dry_run=dry_run)
