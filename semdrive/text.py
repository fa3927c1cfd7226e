"""Small pieces of terminal text. What scouts, files and users wrote is shown as plain text, never as commands."""

from rich.console import Console
from rich.text import Text

from scenario.texts import visible

BAR = 10
# Verdicts of second looks: what is shown, and its colour.
SIGNS = {"yes": ("✓ yes   ", "green"), "no": ("✗ no    ", "red"), "unsure": ("? unsure", "yellow")}


class Terminal(Console):
    """Standard output. No markup: what users and scouts write in square brackets is text."""

    def __init__(self) -> None:
        super().__init__(highlight=False, markup=False)

    def on_broken_pipe(self) -> None:
        """The reader (head, less) went away: that is no error."""
        try:
            super().on_broken_pipe()
        except SystemExit:
            raise SystemExit(0) from None


def plain(text: str) -> str:
    """One line of text without what could steer a terminal: no control characters, no direction overrides."""
    return visible(" ".join(text.split()))


def share(value: float) -> str:
    """A probability as people write it: .86, 1.0."""
    return f"{value:.2f}".removeprefix("0") if value < 0.995 else "1.0"


def duration(seconds: float) -> str:
    """A time as people say it: 40 s, 12 min, 3.5 hours."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} hours"


def bar(part: float, whole: float, width: int = BAR) -> str:
    filled = round(width * part / whole) if whole else 0
    return "█" * filled + "░" * (width - filled)


def risk_text(risk: int | None, percentile: float | None = None) -> Text:
    if risk is None:
        return Text("risk not stated", style="dim")
    style = "red" if risk >= 7 else "yellow" if risk >= 4 else "green"
    text = Text(f"risk {risk:>2} ", style=f"bold {style}").append(bar(risk, 10), style=style)
    return text.append(f" p{percentile:.0f}", style="dim") if percentile is not None else text
