import numpy as np
import pytest

from indexer.build import decode_vectors, encode_vectors

ONE, OTHER = np.array([0.6, 0.8], dtype=np.float32), np.array([0, -1], dtype=np.float32)


@pytest.mark.parametrize("pair", [(ONE, OTHER), (ONE, None), (None, OTHER), (None, None)])
def test_two_vectors_of_which_any_may_be_absent_read_back(pair):
    for vector, back in zip(pair, decode_vectors(encode_vectors(pair)), strict=True):
        assert (vector is None) == (back is None)
        assert vector is None or np.array_equal(vector, back)


def test_vectors_are_stored_as_four_little_endian_bytes_a_number():
    assert encode_vectors([None, np.array([1.0], dtype=">f8")]) == b"\x02\x00\x00\x80\x3f"
