"""Where things are kept that can be made again."""

from pathlib import Path

import pytest

from scenario.cache import cache_folder

HOME = Path("/home/someone").absolute()
NAMED = Path("/somewhere").absolute()


@pytest.mark.parametrize(
    ("platform", "variable", "usual"),
    [
        ("linux", "XDG_CACHE_HOME", HOME / ".cache" / "semdrive"),
        ("darwin", "XDG_CACHE_HOME", HOME / "Library" / "Caches" / "semdrive"),
        ("win32", "LOCALAPPDATA", HOME / "AppData" / "Local" / "semdrive"),
    ],
)
def test_the_cache_is_where_the_platform_keeps_caches_unless_a_variable_moves_it(platform, variable, usual):
    assert cache_folder({}, platform, HOME) == usual
    assert cache_folder({variable: str(NAMED)}, platform, HOME) == NAMED / "semdrive"


def test_a_relative_folder_counts_as_unset():
    assert cache_folder({"XDG_CACHE_HOME": "here"}, "linux", HOME) == HOME / ".cache" / "semdrive"
