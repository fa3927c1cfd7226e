"""What may stand in a vector column."""

import numpy as np
import pytest

from scenario.errors import EmbeddingError, IndexMismatch
from search.embedding import SentenceEmbedder, checked, embedder_of

UNIT = [0.6, 0.8]


def test_unit_vectors_pass_unchanged():
    vectors = np.array([UNIT, [1.0, 0.0]], dtype=np.float32)
    assert checked(vectors) is vectors


@pytest.mark.parametrize("row", [[0.0, 0.0], [np.nan, 1.0], [np.inf, 0.0], [3.0, 4.0], [0.06, 0.08]])
def test_a_vector_that_is_zero_not_finite_or_not_of_unit_length_is_refused(row):
    with pytest.raises(EmbeddingError, match="cosine"):
        checked(np.array([UNIT, row], dtype=np.float32))


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_an_empty_text_is_refused_before_any_model_is_loaded(text):
    with pytest.raises(EmbeddingError, match="empty text"):
        SentenceEmbedder("no/such-model").embed(["a road", text])


def test_a_fingerprint_names_its_embedder():
    embedder = SentenceEmbedder()
    assert embedder_of(embedder.fingerprint) == embedder


@pytest.mark.parametrize("fingerprint", ["hash-embedder", "sentence-transformers:minilm@0.0.1", "clip:minilm", ""])
def test_a_fingerprint_of_what_is_not_installed_is_a_mismatch(fingerprint):
    with pytest.raises(IndexMismatch, match="index again"):
        embedder_of(fingerprint)
