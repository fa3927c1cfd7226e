"""Text that scouts, files and users wrote, made harmless to whatever shows it."""

import unicodedata

_UNSEEN = ("Cc", "Cf", "Cs")  # control characters, direction overrides and other marks, lone surrogates


def visible(text: str, keep: str = "") -> str:
    """The text without characters that nobody sees but a terminal or a browser obeys; those in `keep` stay."""
    return "".join(c for c in text if c in keep or unicodedata.category(c) not in _UNSEEN)
