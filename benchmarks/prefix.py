"""What it saves to evaluate the beginning of prompts once: llama.cpp with prefixes kept and without, side by side.

    python benchmarks/prefix.py [--model GGUF --projector GGUF] [--frames 4] [--questions 3] [--json FILE] [--quick]

Two models of the same file, one with `keep_prefix`, one without, are asked the same requests in turn, the first to be
asked changing each time, so that whatever else the machine does falls on both alike. Each frame has two pictures and is
asked several questions, as live verification does; `--questions 1` is what the indexer does. The system prompt is the
scouts' own. Answers are a few tokens long and drawn at temperature 0: what is measured is reading, and the two must
say the same. Prints Markdown.

Without `--model`, one of random weights is made, of qwen3vl's architecture and some 4 million parameters; for it the
texts are shortened to about as many tokens as they are to a real one. The share of tokens saved carries over to other
models; that of the seconds depends on how long they take to read and to write.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))  # which hold the models of random weights
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from PIL import Image

from scenario.images import jpeg
from scenario.protocols import Deadline
from tiny_models import write_projector, write_text_model
from verifier.models.base import ChatRequest, Picture
from verifier.models.llama_cpp import LlamaCppModel, llama_cpp_model
from verifier.prompt import scout_system_prompt

SIDES = ("kept", "each time")
SCHEMA = {"type": "integer", "minimum": 0, "maximum": 9}
PICTURE_PX = (448, 256)  # width, height: 112 tokens of 32 × 32
BYTES_PER_TOKEN = 4  # of English, about; the random model's tokens are single bytes, so it gets a fourth of the text
INVENTORY = "The detector lists a pedestrian, CAM_FRONT, 14 m ahead, 0.8 m left of the ego path.\n" * 6


@dataclass
class Side:
    """One way to read prompts: the model, and what each request took and gave."""

    model: LlamaCppModel
    seconds: list[float] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)

    def ask(self, request: ChatRequest) -> None:
        reply = self.model.complete(request, deadline=Deadline())
        self.seconds.append(reply.latency_s or 0.0)
        self.replies.append(reply.text)


def requests(frames: int, questions: int, share: int) -> list[ChatRequest]:
    """All requests, the system prompt and the inventory shortened to one part in `share`."""
    system, inventory = (text[: len(text) // share] for text in (scout_system_prompt(), INVENTORY))
    return [
        ChatRequest(system, (inventory, *_pictures(frame), f"Question {question}: the risk, 0 to 9?"), SCHEMA)
        for frame in range(frames)
        for question in range(questions)
    ]


def _pictures(frame: int) -> list[Picture]:
    width, height = PICTURE_PX
    noise = np.random.default_rng(frame).integers(0, 255, (2, height, width, 3), dtype=np.uint8)
    return [Picture(f"CAM_{n}", jpeg(Image.fromarray(pixels))) for n, pixels in enumerate(noise)]


def make_model(folder: Path, *, quick: bool) -> tuple[Path, Path]:
    dim, layers = (64, 2) if quick else (256, 6)
    model, projector = folder / "random.gguf", folder / "random-mmproj.gguf"
    write_text_model(model, "qwen3vl", dim=dim, layers=layers, heads=4 if quick else 8)
    write_projector(projector, "qwen3vl_merger", text_dim=dim, dim=32 if quick else 128, layers=2 if quick else 4)
    return model, projector


def measure(model: Path, projector: Path, asked: list[ChatRequest], threads: int) -> dict[str, Side]:
    """Each request to both sides in turn, after one that loads the model."""
    common: dict[str, Any] = {"model": str(model), "projector": str(projector), "temperature": 0.0, "threads": threads}
    sides = {name: Side(llama_cpp_model(**common, keep_prefix=name == "kept")) for name in SIDES}
    warm_up = ChatRequest("Warm up.", ("Now.",), SCHEMA)
    for side in sides.values():
        side.model.complete(warm_up, deadline=Deadline())
    for number, request in enumerate(asked):
        for name in SIDES if number % 2 else SIDES[::-1]:
            sides[name].ask(request)
    return sides


def summary(sides: dict[str, Side]) -> dict[str, Any]:
    """Numbers of both sides. Raises `SystemExit` where they said different things."""
    kept, each = (sides[name] for name in SIDES)
    if kept.replies != each.replies:
        raise SystemExit("keeping prefixes changed an answer: that is a bug")
    rows = {}
    for name, side in sides.items():
        work = side.model.work
        assert work is not None
        rows[name] = {
            "evaluated_tokens": work.evaluated_tokens,
            "pictures_encoded": work.pictures_encoded,
            "total_s": sum(side.seconds),
            "median_s": median(side.seconds),
        }
    return rows


def table(rows: dict[str, Any]) -> str:
    kept, each = (rows[name] for name in SIDES)
    lines = ["| | kept | each time | saved |", "|---|---|---|---|"]
    for key, title in (
        ("evaluated_tokens", "tokens evaluated"),
        ("pictures_encoded", "pictures encoded"),
        ("total_s", "seconds in all"),
        ("median_s", "seconds a request, median"),
    ):
        texts = [f"{one[key]:,.2f}" if isinstance(one[key], float) else f"{one[key]:,}" for one in (kept, each)]
        lines.append(f"| {title} | {texts[0]} | {texts[1]} | {1 - kept[key] / each[key]:.0%} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", type=Path, help="a GGUF file; needs --projector")
    parser.add_argument("--projector", type=Path)
    parser.add_argument("--frames", type=int, default=4)
    parser.add_argument("--questions", type=int, default=3, help="asked about each frame")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the numbers there too")
    parser.add_argument("--quick", action="store_true", help="a smoke test of seconds")
    given = parser.parse_args()
    if (given.model is None) != (given.projector is None):
        parser.error("--model and --projector go together")
    frames, questions = (2, 2) if given.quick else (given.frames, given.questions)
    with tempfile.TemporaryDirectory() as folder:
        files = (given.model, given.projector) if given.model else make_model(Path(folder), quick=given.quick)
        asked = requests(frames, questions, share=1 if given.model else BYTES_PER_TOKEN)
        sides = measure(files[0], files[1], asked, given.threads)
        rows = summary(sides)
        for side in sides.values():
            side.model.close()
    print(f"{frames} frames × {questions} questions, two pictures a frame, model `{files[0].name}`; ", end="")
    print(f"{platform.machine()}, {os.cpu_count()} cores, llama-cpp-python {version('llama-cpp-python')}\n")
    print(table(rows))
    if given.json:
        given.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
