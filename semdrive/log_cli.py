"""`semdrive sample` and `semdrive failures`."""

from pathlib import Path
from typing import Annotated

import typer

from semdrive.options import Index, Json, answer, settings_of


def sample(
    directory: Annotated[Path, typer.Argument(help="Where to write the log; new, empty, or an earlier sample.")],
    seed: Annotated[int, typer.Option(help="Moves everything: places, colours, speeds, weather, the order.")] = 0,
    perturb: Annotated[bool, typer.Option(help="Drop and jitter a tenth of the annotations.")] = False,
    scenes: Annotated[int | None, typer.Option(min=1, help="Only that many scenes.", show_default="all")] = None,
    as_json: Json = False,
) -> None:
    """Render a small driving log in nuScenes format, with its truth as a gold file."""
    from indexer.logs.sample import write_sample
    from semdrive.progress import Bars
    from semdrive.render_log import render_sample

    with Bars() as progress:
        written = write_sample(directory, seed=seed, perturb=perturb, scenes=scenes, progress=progress.of("render"))
    answer(written, as_json, render_sample)


def failures(index: Index = None, as_json: Json = False) -> None:
    """List what failed and still stands: by stage, frame and error. Retry with: semdrive index --retry-failed."""
    from indexer.report import open_failures
    from scenario.ledger import Ledger
    from scenario.workspace import Workspace
    from semdrive.render_log import render_failures

    workspace = Workspace.open(settings_of(index=index).index)
    with Ledger(workspace.require_ledger("listing failures"), read_only=True) as ledger:
        listed = open_failures(ledger)
    answer(listed, as_json, lambda found: render_failures(found, workspace.location))
