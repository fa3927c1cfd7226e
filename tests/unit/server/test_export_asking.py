"""What an export is called, and the pieces it goes out in."""

import re

from hypothesis import given
from hypothesis import strategies as st

from server.exports.asking import SLUG_CHARS, Wanted, gathered


@given(st.text())
def test_no_query_makes_a_file_name_that_could_mean_anything_else(query):
    name = Wanted(query, "csv").file_name
    assert re.fullmatch(r"semdrive-csv(-[a-z0-9]+)*\.csv", name)
    assert len(name) <= len("semdrive-csv-.csv") + SLUG_CHARS


def test_a_file_is_named_by_its_format_and_the_words_of_its_query():
    assert Wanted("risk>=4 AND construction", "fiftyone").file_name == "semdrive-fiftyone-risk-4-and-construction.zip"
    assert Wanted("", "tokens").file_name == "semdrive-tokens.txt"


@given(st.lists(st.binary(max_size=9)), st.integers(1, 20))
def test_pieces_hold_the_same_bytes_none_is_empty_and_only_the_last_is_small(chunks, at_least):
    pieces = list(gathered(chunks, at_least))
    assert b"".join(pieces) == b"".join(chunks)
    assert all(pieces)
    assert all(len(piece) >= at_least for piece in pieces[:-1])
