"""Small pieces of terminal text. What scouts, files and users wrote is shown as plain text, never as commands."""

import unicodedata

from rich.text import Text

BAR = 10


def plain(text: str) -> str:
    """Text without what could steer a terminal: control characters (line ends stay) and direction overrides."""
    return "".join(c for c in text if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))


def share(value: float) -> str:
    """A probability as people write it: .86, 1.0."""
    return f"{value:.2f}".removeprefix("0") if value < 0.995 else "1.0"


def bar(part: float, whole: float, width: int = BAR) -> str:
    filled = round(width * part / whole) if whole else 0
    return "█" * filled + "░" * (width - filled)


def risk_text(risk: int | None, percentile: float | None = None) -> Text:
    if risk is None:
        return Text("risk not stated", style="dim")
    style = "red" if risk >= 7 else "yellow" if risk >= 4 else "green"
    text = Text(f"risk {risk:>2} ", style=f"bold {style}").append(bar(risk, 10), style=style)
    return text.append(f" p{percentile:.0f}", style="dim") if percentile is not None else text
