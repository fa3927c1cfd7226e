"""Answers in a notebook: as a table, and as cards that cannot be made to run anything."""

import subprocess
import sys
from html.parser import HTMLParser

import pytest

from exported import hit
from search.results import FLAT_COLUMNS, ReadAs, SearchPage

HOSTILE = "</div><script>alert(1)</script><img src=x onerror=alert(1)>\u202egnp.exe\x1b[31m & \"quoted\" 'single'"


def _page(*hits, query: str = "barrels") -> SearchPage:
    return SearchPage(
        search_id="s",
        table_version=1,
        read_as=ReadAs(query=query, filter=None, text=query),
        matching=40,
        ranked=30,
        groups=None,
        offset=10,
        limit=10,
        elapsed_ms=1.0,
        loading_ms=0.0,
        hits=hits,
    )


class _Seen(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.depth, self.text = 0, ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.depth += 1

    def handle_endtag(self, tag):
        self.depth -= 1

    def handle_data(self, data):
        self.text += data


def test_a_page_is_a_table_with_a_row_a_hit_and_the_columns_of_every_export():
    pytest.importorskip("pandas")
    table = _page(hit(1, timestamp_us=1_772_698_261_034_992), hit(2, risk=None)).to_pandas()
    assert list(table.columns) == list(FLAT_COLUMNS)
    assert table["token"].tolist() == ["token-1", "token-2"]
    assert table["timestamp_us"][0] == 1_772_698_261_034_992
    assert (table["risk"].dtype.name, table["risk"].isna().tolist()) == ("Int64", [False, True])
    assert table["tags"][0] == ("construction",)


def test_an_empty_page_is_a_table_without_rows():
    pytest.importorskip("pandas")
    assert _page().to_pandas().shape == (0, len(FLAT_COLUMNS))


def test_without_pandas_the_error_says_what_to_install():
    program = (
        "import sys; sys.modules['pandas'] = None\n"
        "from search.results import ReadAs, SearchPage\n"
        "page = SearchPage.model_construct(hits=())\n"
        "try:\n    page.to_pandas()\n"
        "except Exception as error:\n    print(type(error).__name__, error)\n"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert "MissingExtra" in said
    assert "pip install 'semantic-drive-search[notebook]'" in said


def test_a_card_says_rank_risk_tags_description_and_verdict():
    said = _Seen(hit(3, "abc", verdict="yes", location="boston")._repr_html_()).text
    for words in ("3", "risk 7", "construction", "Two barrels in the lane.", "✓ yes", "scene-0001 · boston · abc"):
        assert words in said
    assert "risk not stated" in hit(1, risk=None)._repr_html_()


def test_a_page_shows_its_query_how_many_there_are_and_its_cards():
    said = _Seen(_page(hit(11), hit(12))._repr_html_()).text
    assert "barrels 30 ranked of 40 matching, 11–12 shown" in said
    assert "token-12" in said


def test_hostile_text_in_a_card_stays_text():
    one = hit(1, HOSTILE, description=HOSTILE, scene=HOSTILE, location=HOSTILE, objects=(HOSTILE,), verdict=HOSTILE)
    html = _page(one, query=HOSTILE)._repr_html_()
    seen = _Seen(html)
    assert seen.elements <= {"div", "span", "b"}
    assert seen.attributes <= {"style", "title"}
    assert seen.depth == 0
    assert "<script>alert(1)</script>" in seen.text
    assert "\u202e" not in html
    assert "\x1b" not in html
