"""Progress bars on standard error: stage, frames done, rate, time left."""

from collections.abc import Callable
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        if speed is None:
            return Text("")
        # Below one a second, people count seconds a frame.
        rate = f"{speed:,.0f} frames/s" if speed >= 10 else f"{speed:.1f} frames/s" if speed >= 1 else _slow(speed)
        return Text(rate, style="dim")


def _slow(speed: float) -> str:
    return f"{1 / speed:,.1f} s/frame" if speed > 0 else ""


class Bars:
    """One bar a stage. Finished stages stay, so that the whole run can be read afterwards."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description:<16}", markup=False),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            _Rate(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._task: TaskID | None = None

    def start(self, stage: str, total: int) -> None:
        self._task = self._progress.add_task(stage, total=total)

    def advance(self, count: int) -> None:
        if self._task is not None:
            self._progress.advance(self._task, count)

    def of(self, stage: str) -> Callable[[int, int], None]:
        """A bar for work that counts itself: told how many are done, of how many."""
        self.start(stage, 0)

        def update(done: int, total: int) -> None:
            if self._task is not None:
                self._progress.update(self._task, completed=done, total=total)

        return update

    def __enter__(self) -> "Bars":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
