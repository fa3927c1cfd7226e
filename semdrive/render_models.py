"""What `semdrive models` says, as terminal text."""

from types import TracebackType

from rich.console import Console
from rich.progress import DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn
from rich.text import Text

from indexer.fetch import PlannedFile, Pulled, PullPlan
from indexer.models import FileState, ModelChecks, ModelList
from semdrive.text import Terminal, plain

console = Terminal()
said = Console(stderr=True, highlight=False, markup=False)  # what is said on the way: --json owns standard output


def size(size_bytes: int | None) -> str:
    """Bytes as the hub writes them, in thousands: 18.6 GB."""
    if size_bytes is None:
        return "size not known"
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size_bytes >= scale:
            return f"{size_bytes / scale:,.1f} {unit}"
    return f"{size_bytes} bytes"


def render_list(found: ModelList) -> None:
    for state in found.profiles:
        name = Text(plain(state.profile), style="bold").append(f"  {plain(state.description)}", style="not bold dim")
        console.print(name, soft_wrap=True)
        for file in state.files:
            mark, style = ("✓", "green") if file.here else ("·", "yellow")
            _print_line(Text(mark, style=style), _size_of(file), file.role, file.reference)
        for server in state.endpoints:
            _print_line(Text("→"), "server", server.role, f"{server.url} ({server.model or 'any model'})")
        console.print(_what_is_missing(state.profile, state.missing, bool(state.files)), style="dim", soft_wrap=True)
    console.print(f"\n{size(found.free_bytes)} free at {plain(found.folder)}", soft_wrap=True)


def _print_line(mark: Text, what: str, role: str, name: str) -> None:
    text = f" {what:>14}  {plain(role):<28}  {plain(name)}"
    console.print(Text("  ").append_text(mark).append(text, style="default"), soft_wrap=True)


def _size_of(file: FileState) -> str:
    about = "" if file.here or file.size_bytes is None else "about "
    return about + size(file.size_bytes)


def _what_is_missing(profile: str, missing: tuple[FileState, ...], any_files: bool) -> str:
    if not any_files:
        return "    needs no model file"
    if not missing:
        return "    every file is here"
    total = sum(file.size_bytes or 0 for file in missing)
    return f"    {len(missing)} missing, about {size(total)}: semdrive models pull --profile {plain(profile)}"


def render_checks(found: ModelChecks) -> None:
    marks = {"fine": ("✓", "green"), "missing": ("·", "yellow"), "broken": ("✗", "red")}
    for profile in found.profiles:
        console.print(Text(plain(profile.profile), style="bold"))
        for check in profile.checks:
            mark, style = marks[check.status]
            line = Text(f"  {mark} ", style=style).append(f"{plain(check.role)}  {plain(check.name)}", style="default")
            console.print(line, soft_wrap=True)
            console.print(Text(f"      {plain(check.detail)}", style="dim"), soft_wrap=True)
            if check.remedy:
                console.print(Text(f"      → {plain(check.remedy)}", style="dim"), soft_wrap=True)
        if not profile.checks:
            console.print("  needs no model file", style="dim")


def say_plan(plan: PullPlan) -> None:
    if plan.files:
        said.print(_plan(plan), soft_wrap=True)


def say_fetched(file: PlannedFile) -> None:
    said.print(f"✓ {plain(file.reference)}", soft_wrap=True)


def say_pulled(pulled: Pulled) -> None:
    plan = pulled.plan
    if not plan.files:
        console.print(f"nothing to fetch: {_here(plan)}" if plan.here else "nothing to fetch: no model file is needed")
    elif not pulled.dry_run:
        console.print(f"{_files(plan)} fetched to {plain(plan.folder)}", soft_wrap=True)
    else:
        for file in plan.files:
            begun = f", {size(file.fetched_bytes)} of it fetched before" if file.fetched_bytes else ""
            console.print(f"  {size(file.size_bytes):>10}  {plain(file.reference)} ({plain(file.role)}{begun})")
        console.print(f"dry run: {_plan(plan)}; nothing was fetched", soft_wrap=True)


def _here(plan: PullPlan) -> str:
    return "its file is here" if len(plan.here) == 1 else f"all {len(plan.here)} files are here"


def _files(plan: PullPlan) -> str:
    return "1 file" if len(plan.files) == 1 else f"{len(plan.files)} files"


def _plan(plan: PullPlan) -> str:
    here = f", {len(plan.here)} here already" if plan.here else ""
    return (
        f"{_files(plan)} to fetch{here}: {size(plan.need_bytes)}; {size(plan.free_bytes)} free at {plain(plan.folder)}"
    )


class Reading:
    """How much of the files was read, on standard error, gone when it is done."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("reading"), DownloadColumn(), TransferSpeedColumn(), console=Console(stderr=True), transient=True
        )
        self._task: TaskID | None = None

    def advance(self, count: int) -> None:
        if self._task is None:
            self._progress.start()
            self._task = self._progress.add_task("reading", total=None)
        self._progress.advance(self._task, count)

    def __enter__(self) -> "Reading":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._progress.stop()
