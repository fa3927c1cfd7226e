"""A YOLOE of random weights that answers like a trained one: many labels, confidences of every size, boxes anywhere.

Left as it is initialised such a network answers the same everywhere: its activations fade on their way up. One picture
in training mode gives its normalisation layers statistics, and so its answers a spread.
"""

import warnings
from pathlib import Path
from typing import Any

from indexer.grounding import detector
from scenario.labels import LABELS

CONFIG = "yoloe-11n.yaml"
SCALE, BIAS = -4.2, -2.0  # of the logits: most answers are low, a few are sure


def real_pictures() -> dict[str, Path]:
    """The photographs that the package carries."""
    assets = Path(detector.ultralytics_offline().__file__).parent / "assets"
    return {name: assets / f"{name}.jpg" for name in ("bus", "zidane")}


def build(config: str = CONFIG, seed: int = 0) -> Any:
    """A YOLOE that has not been given any labels yet."""
    import numpy as np
    import torch
    from PIL import Image

    package = detector.ultralytics_offline()
    torch.manual_seed(seed)
    model = package.YOLOE(config)
    head = model.model.model[-1]
    for branch in (*head.cv4, *getattr(head, "one2one_cv4", ())):
        branch.logit_scale.data.fill_(SCALE)
        branch.bias.data.fill_(BIAS)
    for module in model.model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    model.set_classes(list(LABELS), prompts(seed))
    picture = np.array(Image.open(real_pictures()["bus"]).resize((320, 320)))
    model.model.train()
    with torch.no_grad():
        model.model(torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255)
    model.model.eval()
    model.ckpt = {}
    return model


def prompts(seed: int = 0) -> Any:
    """(1, labels, 512), unit rows."""
    import torch

    torch.manual_seed(seed)
    return torch.nn.functional.normalize(torch.randn(1, len(LABELS), 512), dim=-1)


def save_open(path: Path, config: str = CONFIG) -> Path:
    """A checkpoint as one downloads it: with other labels, to be told ours."""
    model = build(config)
    model.set_classes(["thing", "stuff"], prompts()[:, :2])
    model.save(path)
    return path


def save_fixed(path: Path, config: str = CONFIG) -> Path:
    """A checkpoint that already has our labels."""
    build(config).save(path)
    return path


def save_text_encoder(path: Path, dim: int = 512) -> Path:
    """TorchScript from tokens (n, 77) to features (n, dim), as MobileCLIP's is published."""
    import torch

    class Encoder(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words = torch.nn.Embedding(64, dim)

        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.normalize(self.words(tokens % 64).mean(dim=1), dim=-1)

    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"`torch\.jit\.", DeprecationWarning)
        torch.jit.trace(Encoder(), torch.zeros((1, 77), dtype=torch.int32)).save(str(path))
    return path


def save_tokenizer(path: Path) -> Path:
    """A tokenizer.json of the taxonomy's words, with a start and an end mark as CLIP's."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    words = sorted({word for label in LABELS for word in label.split()})
    vocabulary = {word: place for place, word in enumerate(["<pad>", "<start>", "<end>", *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<pad>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<start> $A <end>", special_tokens=[("<start>", 1), ("<end>", 2)]
    )
    tokenizer.save(str(path))
    return path
