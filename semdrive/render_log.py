"""Sample drives, failures and scores as terminal text."""

from typing import Any

from rich.table import Table
from rich.text import Text

from indexer.report import OpenFailures
from semdrive.text import Terminal, plain

console = Terminal()
LISTED = 200


def render_sample(written: Any) -> None:
    console.print(
        f"{written.scenes} scenes, {written.frames} key frames, {written.annotations:,} annotations"
        f" in {written.directory} (version {written.version}), in {written.seconds:.1f} s",
        soft_wrap=True,
    )
    console.print(f"its truth: {written.gold}", soft_wrap=True)
    console.print(
        f"\nNext:  semdrive index nuscenes --dataroot {written.directory} --version {written.version}",
        style="dim",
        soft_wrap=True,
    )


def render_failures(found: OpenFailures, location: str) -> None:
    if not found.failures:
        console.print("nothing failed in the latest run" if found.run is not None else "nothing was run yet")
        return
    table = Table("stage", "frame", "error", "what", box=None, header_style="dim")
    for failure in found.failures[:LISTED]:
        cells = (failure.stage, failure.token or "–", failure.error, failure.message)
        table.add_row(*(Text(plain(cell), overflow="fold") for cell in cells))
    console.print(table)
    if len(found.failures) > LISTED:
        console.print(f"… and {len(found.failures) - LISTED:,} more: --json lists them all")
    console.print(
        f"\n{len(found.failures):,} failures; try them again: semdrive index --retry-failed --index {location}",
        soft_wrap=True,
    )
