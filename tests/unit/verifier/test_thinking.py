"""Thoughts and the marks around them."""

import pytest

from verifier.models.thinking import Marks

KIMI = Marks("◁think▷", "◁/think▷")


@pytest.mark.parametrize(
    ("marks", "prompt", "thinks", "ending"),
    [
        (Marks(), "<|im_start|>assistant\n", True, "<think>"),
        (Marks(), "<|im_start|>assistant\n<think>\n", True, ""),
        (Marks(), "<|im_start|>assistant\n", False, ""),
        (Marks(), "<|im_start|>assistant\n<think>\n", False, "\n\n</think>\n\n"),
        (Marks("<think>\n"), "assistant\n<think>\n", True, ""),
        (KIMI, "<|im_middle|>", True, "◁think▷"),
    ],
)
def test_a_prompt_ends_where_thoughts_or_the_answer_come_next(marks, prompt, thinks, ending):
    assert marks.ending(prompt, thinks=thinks) == ending


@pytest.mark.parametrize(
    ("marks", "text", "reasoning"),
    [
        (Marks(), "\nIt rains.\n</think>\n\n{", "It rains."),
        (Marks(), "<think>It rains.", "It rains."),
        (KIMI, "◁think▷Es regnet ◁/think▷", "Es regnet"),
        (Marks(), "a\x00b\x1b\tc\nd\x85", "ab\tc\nd"),
        (Marks(), " \n</think>", None),
        (Marks(), "", None),
    ],
)
def test_reasoning_is_what_stands_before_the_closing_mark_without_marks(marks, text, reasoning):
    assert marks.reasoning(text) == reasoning
