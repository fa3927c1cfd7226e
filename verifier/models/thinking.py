"""Thoughts before answers: the marks that set them apart in what a model writes, and taking them apart again."""

import re
from dataclasses import dataclass

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # all but tab and line feed


@dataclass(frozen=True)
class Marks:
    """What a model writes around its thoughts, as `<think>` and `</think>`."""

    open: str = "<think>"
    close: str = "</think>"

    def ending(self, prompt: str, *, thinks: bool) -> str:
        """What to put after `prompt`, the end of a rendered chat template, so that thoughts or the answer come next.

        Templates of models that always think open the thoughts themselves; those of others leave it to the model.
        """
        opened = prompt.rstrip().endswith(self.open.strip())
        if thinks:
            return "" if opened else self.open
        return f"\n\n{self.close}\n\n" if opened else ""

    def reasoning(self, text: str) -> str | None:
        """The thoughts alone, of `text` up to the closing mark. None where there are none."""
        thoughts = text.partition(self.close)[0].strip().removeprefix(self.open.strip())
        return _CONTROL.sub("", thoughts).strip() or None
