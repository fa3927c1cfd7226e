"""Text that scouts, files and users wrote, made harmless to whatever shows it."""

import unicodedata

_UNSEEN = ("Cc", "Cf", "Cs")  # control characters, direction overrides and other marks, lone surrogates


def visible(text: str, keep: str = "") -> str:
    """The text without characters that nobody sees but a terminal or a browser obeys; those in `keep` stay."""
    return "".join(c for c in text if c in keep or unicodedata.category(c) not in _UNSEEN)


def in_place(text: str) -> str:
    """As `visible`, with a sign in the place of each that is taken out, so that places stay places."""
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in _UNSEEN else c for c in text)


def is_text(text: str) -> bool:
    """Whether it can be stored and sent: no NUL, no half of a surrogate pair (what bytes that were no UTF-8 become)."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\0" not in text
