"""A search under a name says how many of its frames came since somebody looked."""

import pytest

from drives import Drives, engine_over, scenario
from scenario.errors import ConfigError, QueryError, WorkspaceError
from scenario.records import Facts
from scenario.vocabulary import Weather
from shell import semdrive_here


@pytest.fixture
def drives(tmp_path):
    drives = Drives.at(tmp_path / "workspace")
    drives.write([rainy("t1"), rainy("t2"), scenario("dry", Facts(risk=1))])
    return drives


def rainy(token):
    return scenario(token, Facts(weather=Weather.RAIN, risk=6, description="rain on the road"))


def counts(engine):
    return {one.name: (one.new, one.found) for one in engine.saved.all()}


def test_frames_that_come_later_are_new_until_somebody_looks(drives):
    engine = engine_over(drives)
    engine.saved.save("wet", "weather:rain")
    engine.saved.save("risky", "risk>=8")
    assert counts(engine) == {"wet": (0, 2), "risky": (0, 0)}

    drives.write([rainy("t1"), rainy("t2"), rainy("t3"), scenario("dry2", Facts(risk=2))], "second")
    assert counts(engine) == {"wet": (1, 3), "risky": (0, 0)}
    assert engine.saved.look("wet").new == 1
    assert counts(engine)["wet"] == (0, 3)


def test_a_frame_that_was_gone_for_a_while_is_not_new(drives):
    engine = engine_over(drives)
    engine.saved.save("wet", "weather:rain")
    drives.write([rainy("t1")], "second")
    drives.write([rainy("t1"), rainy("t2")], "third")
    assert counts(engine) == {"wet": (0, 2)}


def test_words_count_what_they_rank(drives):
    engine = engine_over(drives)
    engine.saved.save("words", "rain on the road")
    drives.write([rainy("t1"), rainy("t4")], "second")
    assert counts(engine)["words"][0] == 1


def test_a_name_is_taken_until_it_is_removed_and_a_wrong_one_is_told(drives):
    saved = engine_over(drives).saved
    saved.save("wet", "weather:rain", "Ada")
    with pytest.raises(WorkspaceError, match="'wet' is saved already"):
        saved.save("wet", "weather:snow")
    with pytest.raises(WorkspaceError, match="did you mean 'wet'"):
        saved.look("wett")
    saved.remove("wet")
    assert saved.all() == []
    assert saved.save("wet", "weather:snow").query == "weather:snow"


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a/b", "x" * 101])
def test_a_name_that_is_none_is_refused(drives, name):
    with pytest.raises(ConfigError, match="1 to 100 printable"):
        engine_over(drives).saved.save(name, "weather:rain")


def test_a_query_that_is_none_is_refused_and_one_that_means_nothing_any_more_says_so(drives):
    engine = engine_over(drives)
    with pytest.raises(QueryError):
        engine.saved.save("wrong", "wether:rain")
    engine.saved.save("like", "similar:t2")
    drives.write([rainy("t1")], "second")
    (one,) = engine.saved.all()
    assert (one.found, one.new) == (None, None)
    assert "t2" in one.error


def test_the_command_line_saves_lists_looks_and_removes(drives):
    index = ("--index", str(drives.workspace.location))
    assert semdrive_here("saved", *index).stdout.startswith("no search is saved yet")
    semdrive_here("saved", "add", "wet", "weather:rain", *index)
    drives.write([rainy("t1"), rainy("t9")], "second")
    assert "1 new of 2 frames" in semdrive_here("saved", *index).stdout
    assert "1 new" in semdrive_here("saved", "look", "wet", *index).stdout
    assert "0 new" in semdrive_here("saved", *index).stdout
    assert "removed" in semdrive_here("saved", "remove", "wet", *index).stdout
    assert semdrive_here("saved", "look", "wet", *index).returncode == 2
