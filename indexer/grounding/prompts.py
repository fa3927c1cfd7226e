"""The label prompts as vectors: texts → tokens → features, once for each checkpoint.

YOLOE was trained beside MobileCLIP, whose text tower ultralytics publishes as TorchScript and reads with CLIP's
tokenizer. Both are plain files here, so neither CLIP package, which PyPI does not have, is needed.
"""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scenario.errors import ConfigError

if TYPE_CHECKING:
    import torch

CONTEXT = 77  # tokens that CLIP reads at a time; shorter texts are filled with zeros


def tokens(texts: Sequence[str], tokenizer: Path) -> "torch.Tensor":
    """(n, 77) int32, start and end marks included, as CLIP's own tokenizer gives them."""
    import torch
    from tokenizers import Tokenizer

    reader = Tokenizer.from_str(_text_of(tokenizer))
    reader.enable_truncation(CONTEXT)
    reader.enable_padding(length=CONTEXT, pad_id=0)
    return torch.tensor([encoding.ids for encoding in reader.encode_batch(list(texts))], dtype=torch.int32)


def text_features(texts: Sequence[str], encoder: Path, tokenizer: Path) -> "torch.Tensor":
    """(1, n, dim) float32. Raises `ConfigError` where a file is not what it was given for."""
    import torch

    ids = tokens(texts, tokenizer)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.filterwarnings("ignore", r"`torch\.jit\.", DeprecationWarning)  # how the encoder is published
        try:
            model = torch.jit.load(str(encoder), map_location="cpu")  # type: ignore[no-untyped-call]
        except RuntimeError as error:
            raise ConfigError(f"{encoder} is no TorchScript text encoder: {_first_line(error)}") from error
        features: torch.Tensor = model(ids)
    return features.float().unsqueeze(0)


def _text_of(tokenizer: Path) -> str:
    try:
        return tokenizer.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{tokenizer} is no tokenizer.json: it is not text") from error


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
