"""Reviews and saved searches as terminal text."""

from collections.abc import Sequence
from typing import Any

from rich.text import Text

from semdrive.text import SIGNS, Terminal, plain

console = Terminal()


def render_reviews(reviews: Sequence[Any]) -> None:
    for one in reviews:
        line = Text(plain(one.token), style="cyan")
        line.append("".join(f"  +{tag}" for tag in one.holds), style="green")
        line.append("".join(f"  -{tag}" for tag in one.does_not_hold), style="red")
        console.print(line, soft_wrap=True)
    console.print("the next index build takes these tags up", style="dim")


def render_decided(verifications: Sequence[Any]) -> None:
    for one in verifications:
        sign, style = SIGNS[one.verdict]
        line = Text(sign, style=f"bold {style}").append(f"  {plain(one.token)}", style="cyan")
        console.print(line.append(f"  {plain(one.question)}", style="dim"), soft_wrap=True)


def render_saved(saved: Sequence[Any]) -> None:
    if not saved:
        console.print("no search is saved yet; save one with: semdrive saved add NAME QUERY")
    for one in saved:
        line = Text(plain(one.name), style="bold")
        if one.error:
            line.append(f"  {plain(one.error)}", style="magenta")
        else:
            line.append(f"  {one.new:,} new", style="green" if one.new else "dim")
            line.append(f" of {one.found:,} frames since {one.looked_at}", style="dim")
        console.print(line.append(f"  {plain(one.query)}"), soft_wrap=True)


def render_kept(saved: Sequence[Any]) -> None:
    for one in saved:
        console.print(f"{plain(one.name)}: saved; semdrive saved says what is new")


def render_removed(saved: Sequence[Any]) -> None:
    for one in saved:
        console.print(f"{plain(one.name)}: removed")
