import pytest

from scenario.config import Settings, load_settings
from scenario.errors import ConfigError
from scenario.registry import JUDGES


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "semdrive.toml").write_text('limit = 20\nindex = "from-file"\n')
    return tmp_path


def test_without_any_source_the_defaults_hold(tmp_path):
    assert load_settings({}, {}, tmp_path) == Settings()


def test_the_file_is_over_the_defaults(folder):
    assert load_settings({}, {}, folder).limit == 20


def test_the_environment_is_over_the_file(folder):
    settings = load_settings({}, {"SEMDRIVE_LIMIT": "30"}, folder)

    assert (settings.limit, settings.index) == (30, "from-file")


def test_a_flag_is_over_the_environment(folder):
    assert load_settings({"limit": 40}, {"SEMDRIVE_LIMIT": "30"}, folder).limit == 40


def test_a_flag_that_was_not_given_hides_nothing(folder):
    assert load_settings({"limit": None}, {"SEMDRIVE_LIMIT": "30"}, folder).limit == 30


def test_an_unknown_key_in_the_file_is_refused_with_the_nearest_one(tmp_path):
    (tmp_path / "semdrive.toml").write_text("limmit = 20\n")

    with pytest.raises(ConfigError, match=r"semdrive\.toml: no setting named 'limmit'; did you mean 'limit'\?"):
        load_settings({}, {}, tmp_path)


def test_an_unknown_variable_is_refused_with_the_nearest_one(tmp_path):
    with pytest.raises(ConfigError, match=r"SEMDRIVE_LIMT; did you mean SEMDRIVE_LIMIT\?"):
        load_settings({}, {"SEMDRIVE_LIMT": "1"}, tmp_path)


def test_the_place_of_the_shared_data_is_no_setting(tmp_path):
    assert load_settings({}, {"SEMDRIVE_SHARED": "/data", "PATH": "/bin"}, tmp_path) == Settings()


def test_the_environment_may_name_the_file(folder, tmp_path_factory):
    environ = {"SEMDRIVE_CONFIG": str(folder / "semdrive.toml")}

    assert load_settings({}, environ, tmp_path_factory.mktemp("elsewhere")).limit == 20


def test_a_named_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"SEMDRIVE_CONFIG names .*absent\.toml"):
        load_settings({}, {"SEMDRIVE_CONFIG": str(tmp_path / "absent.toml")}, tmp_path)


def test_a_variable_that_is_empty_names_no_file(folder):
    assert load_settings({}, {"SEMDRIVE_CONFIG": ""}, folder).limit == 20
    assert load_settings({}, {"SEMDRIVE_CONFIG": ""}, folder / "elsewhere") == Settings()


def test_a_back_end_without_options_says_so():
    with pytest.raises(ConfigError, match="judge 'vote' takes no options, and was given 'temperature'"):
        JUDGES.create("vote", temperature=1.0)


@pytest.mark.parametrize("content", [b"limit = ", b"\xff\xfe"])
def test_a_file_that_is_no_toml_is_refused_by_name(tmp_path, content):
    (tmp_path / "semdrive.toml").write_bytes(content)

    with pytest.raises(ConfigError, match=r"semdrive\.toml"):
        load_settings({}, {}, tmp_path)


@pytest.mark.parametrize(("key", "value"), [("limit", 0), ("limit", "many"), ("batch_size", 10_001)])
def test_a_value_that_cannot_be_used_is_named_with_what_it_is(tmp_path, key, value):
    with pytest.raises(ConfigError, match=f"setting '{key}' is {value!r}"):
        load_settings({key: value}, {}, tmp_path)
