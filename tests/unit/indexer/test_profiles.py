"""Profiles: the shipped ones are sound, and one of your own is refused with words that help."""

import json
from pathlib import Path

import pytest

from indexer.models import KNOWN_BYTES, asset_name, check_models
from indexer.profiles import HOME, Profile, load_profile, shipped_profiles
from scenario.errors import ConfigError, ProfileError
from scenario.registry import GROUNDERS, JUDGES, SCOUTS
from scenario.weights import HubFile, parse
from verifier.reply import report_schema
from verifier.scouts.vision import VisionOptions

PROMPT_TOKENS = 4000  # system prompt, vocabulary, inventory and schema of a crowded frame, rounded up
WORKING_GIB = 2.0  # what llama.cpp takes beside weights and context, roughly
CHARACTERS_A_TOKEN = 2.6  # of JSON with English words in it; fewer means more tokens
# 2 (keys and values) × 2 bytes × layers × heads of keys × their width, in KiB a token; and what the context does not
# change. Kimi as if its compressed keys were spelled out; Gemma 10 layers, and 52 with 1,536 tokens each.
CONTEXT = {"qwen": (96, 0), "kimi": (270, 0), "gemma": (80, 0.61), "judge": (160, 0)}
PIXELS = {"qwen": 32 * 32, "kimi": 28 * 28, "gemma": 896 * 896 // 256}

MINIMAL = """
name = "mine"
[grounder]
backend = "annotations"
[[scouts]]
name = "rules"
backend = "rules"
"""


@pytest.fixture
def own(tmp_path):
    def load(text: str) -> Profile:
        path = tmp_path / "mine.toml"
        path.write_text(text, encoding="utf-8")
        return load_profile(str(path))

    return load


@pytest.fixture(params=shipped_profiles())
def shipped(request) -> Profile:
    return load_profile(request.param)


def test_four_profiles_are_shipped():
    assert shipped_profiles() == ("cpu-small", "rtx-3090", "server", "weights-free")


def test_a_shipped_profile_is_named_as_its_file_and_says_what_it_is(shipped):
    assert (HOME / f"{shipped.name}.toml").is_file()
    assert shipped.description


def test_every_back_end_of_a_shipped_profile_takes_its_options(shipped):
    log = {"log": object()} if shipped.grounder.backend == "annotations" else {}
    GROUNDERS.create(shipped.grounder.backend, **log, **shipped.grounder.options)
    for scout in shipped.scouts:
        SCOUTS.create(scout.backend, name=scout.name, **scout.options)
    JUDGES.create(shipped.judge.backend, **shipped.judge.options)


def test_every_file_of_a_shipped_profile_can_be_pulled_and_its_size_is_known(shipped):
    for file in shipped.files():
        assert isinstance(parse(file.reference), HubFile) or asset_name(file.reference)
        assert KNOWN_BYTES[file.reference] > 0


def test_no_context_of_a_shipped_profile_cuts_a_reply(shipped):
    for _, stage in shipped.stages():
        options = stage.options
        if "context_tokens" in options:
            pictures = options["image_tokens"] if "projector" in options else 0
            thinking = options["thinking_tokens"] if options["thinking"] == "tags" else 0
            assert pictures + PROMPT_TOKENS + thinking + options["answer_tokens"] <= options["context_tokens"]


def test_each_model_of_one_card_fits_it():
    profile = load_profile("rtx-3090")
    room = profile.needs.gpu_memory_gib - WORKING_GIB
    for owner, stage in profile.stages():
        if "context_tokens" in stage.options:
            files = sum(KNOWN_BYTES[stage.options[option]] for option in stage.files) / 2**30
            a_token_kib, fixed_gib = CONTEXT[owner.removeprefix("scout ")]
            assert files + a_token_kib * stage.options["context_tokens"] / 2**20 + fixed_gib < room, owner


def test_an_answer_holds_the_reviews_that_a_profile_asks_for(shipped):
    for scout in shipped.scouts:
        if "answer_tokens" in scout.options:
            most = scout.options.get("max_detections", VisionOptions.model_fields["max_detections"].default)
            assert longest(report_schema(most)) / CHARACTERS_A_TOKEN <= scout.options["answer_tokens"]


def longest(schema) -> int:
    """Characters of the longest compact answer of a schema."""
    if "anyOf" in schema:
        return max(longest(option) for option in schema["anyOf"])
    if "enum" in schema:
        return max(len(json.dumps(value)) for value in schema["enum"])
    if schema["type"] == "object":
        return 1 + sum(len(f'"{key}":,') + longest(inner) for key, inner in schema["properties"].items())
    if schema["type"] == "array":
        return 2 + sum(len(f'"{value}",') for value in schema["items"]["enum"])
    return schema["maxLength"] + 2 if schema["type"] == "string" else len("null")


def test_no_size_is_kept_of_a_file_that_no_profile_needs():
    needed = {file.reference for name in shipped_profiles() for file in load_profile(name).files()}
    assert needed == set(KNOWN_BYTES)


def test_the_scouts_of_one_card_count_pixels_as_their_models_do():
    scouts = load_profile("rtx-3090").scouts
    assert {scout.name: scout.options["pixels_per_token"] for scout in scouts} == PIXELS


def test_the_default_needs_no_model_file_and_no_extra():
    profile = load_profile("weights-free")
    assert (profile.files(), profile.endpoints(), profile.needs.extras) == ((), (), ())


def test_a_profile_of_your_own_is_read_from_its_path_and_judged_by_vote_unless_it_says_else(own):
    profile = own(MINIMAL)
    assert (profile.name, profile.judge.backend) == ("mine", "vote")


def test_files_say_what_they_are_for_and_a_shared_one_is_named_once(own):
    profile = own(
        MINIMAL
        + """
[[scouts]]
name = "small"
backend = "llama_cpp"
[scouts.options]
model = "hf:maker/set/model.gguf"
projector = "hf:maker/set/eye.gguf"
[judge]
backend = "llm"
[judge.options]
model = "hf:maker/set/model.gguf"
"""
    )
    assert [(file.reference, file.role) for file in profile.files()] == [
        ("hf:maker/set/model.gguf", "scout small: weights, judge: weights"),
        ("hf:maker/set/eye.gguf", "scout small: image projector"),
    ]


def test_a_model_behind_a_server_is_no_file(own):
    profile = own(
        MINIMAL
        + '[judge]\nbackend = "llm"\n[judge.options]\nbackend = "openai"\nmodel = "big"\n'
        + 'endpoints = ["http://127.0.0.1:1/v1"]\napi_key_env = "KEY"\n'
    )
    assert profile.files() == ()
    (server,) = profile.endpoints()
    assert (server.url, server.role, server.model, server.api_key_env) == (
        "http://127.0.0.1:1/v1",
        "judge",
        "big",
        "KEY",
    )


SERVED = MINIMAL + '[[scouts]]\nname = "far"\nbackend = "openai"\n[scouts.options]\n'


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ('endpoints = "http://127.0.0.1:1/v1"', "scout far: openai: option 'endpoints' is"),
        ("endpoints = 5", "scout far: openai: option 'endpoints' is 5"),
        ('endpoints = ["http://127.0.0.1:1/v1"]\nmodel = 5', "option 'model' is 5"),
        ('model = "m"', "option 'endpoints' is needed"),
    ],
)
def test_a_server_that_cannot_be_asked_is_refused_when_the_profile_is_read(own, options, says):
    with pytest.raises(ProfileError, match=says):
        own(SERVED + options)


@pytest.mark.parametrize(
    "options",
    [
        'endpoints = ["http://me:hunter2@host/v1"]',
        'endpoints = ["http://host/v1"]\napi_key_env = "sk-hunter2"',
    ],
)
def test_a_key_in_a_profile_is_refused_before_it_could_be_listed(own, options):
    with pytest.raises(ProfileError, match="variable") as caught:
        own(SERVED + options)
    assert "hunter2" not in str(caught.value)


def test_a_key_that_is_not_set_is_a_fault_of_its_server_and_the_rest_is_still_checked(own, monkeypatch):
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    profile = own(SERVED + 'endpoints = ["http://127.0.0.1:1/v1"]\napi_key_env = "NO_SUCH_KEY"')
    (checked,) = check_models((profile,), servers=True).profiles
    assert [(check.name, check.status, check.remedy) for check in checked.checks] == [
        ("http://127.0.0.1:1/v1", "broken", "set NO_SUCH_KEY in the environment")
    ]


def test_a_relative_path_is_relative_to_the_profile(own, tmp_path):
    scout = '[[scouts]]\nname = "mine"\nbackend = "llama_cpp"\n[scouts.options]\nmodel = "weights/mine.gguf"\n'
    (file,) = own(MINIMAL + scout).files()
    assert file.reference == str(tmp_path / "weights" / "mine.gguf")


def test_a_bare_yoloe_name_is_a_release_file_unless_it_lies_beside_the_profile(own, tmp_path):
    text = MINIMAL.replace('"annotations"', '"yoloe"\n[grounder.options]\ncheckpoint = "yoloe-11s-seg.pt"')
    assert own(text).files()[0].reference == "yoloe-11s-seg.pt"
    (tmp_path / "yoloe-11s-seg.pt").write_bytes(b"PK")
    assert own(text).files()[0].reference == str(tmp_path / "yoloe-11s-seg.pt")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (MINIMAL + "descripton = 1", r"\[\[scouts\]\] no key named 'descripton'"),
        ("descripton = 'x'" + MINIMAL, "no key named 'descripton'; did you mean 'description'"),
        (MINIMAL + "[need]\ngpu = 1", "no key named 'need'; did you mean 'needs'"),
        (MINIMAL + "[needs]\ngpu_memory = 1", r"\[needs\] no key named 'gpu_memory'; did you mean 'gpu_memory_gib'"),
        (MINIMAL + "model = 'x.gguf'", r"as 'model', stands in its \[….options\] table"),
        (
            MINIMAL.replace('"rules"\n', '"rule"\n', 1).replace('backend = "rules"', 'backend = "rule"'),
            "did you mean 'rules'",
        ),
        (MINIMAL.replace("annotations", "yolo"), "no grounder back end named 'yolo'; did you mean 'yoloe'"),
        (MINIMAL + '[judge]\nbackend = "votes"', "no judge back end named 'votes'; did you mean 'vote'"),
        (MINIMAL + '[[scouts]]\nname = "rules"\nbackend = "rules"', "two scouts are named 'rules'"),
        (MINIMAL + "[needs]\nmemory_gib = -1", "needs.memory_gib is -1: Input should be greater"),
        (MINIMAL + '[needs]\nextras = ["cuda"]', "needs.extras.0 is 'cuda': Input should be 'vision' or 'llama'"),
        (MINIMAL + '[scouts.options]\nname = "x"', "a scout's name stands beside its back end"),
        ('name = "mine"\n[grounder]\nbackend = "annotations"', "scouts is missing"),
        (MINIMAL.replace('name = "rules"', 'name = "a b"'), "scouts.0.name is 'a b'"),
        ("scouts = 1", "is missing|is 1"),
        ("name = ", "Invalid value"),
        (
            MINIMAL + '[[scouts]]\nname = "far"\nbackend = "llama_cpp"\n[scouts.options]\nmodel = "https://x/y.gguf"',
            "scout far: option 'model': 'https://x/y.gguf' names no model file",
        ),
    ],
)
def test_a_profile_that_cannot_be_used_is_refused_with_file_place_and_remedy(own, text, says):
    with pytest.raises(ProfileError, match=says) as caught:
        own(text)
    assert "mine.toml" in str(caught.value)


def test_an_unknown_name_gets_a_did_you_mean_and_how_to_name_a_file():
    with pytest.raises(ProfileError, match=r"did you mean 'rtx-3090'\? .*--profile path/to/mine\.toml"):
        load_profile("rtx3090")


def test_a_profile_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ProfileError, match=r"no profile file at .*nowhere\.toml.*; shipped profiles are cpu-small"):
        load_profile(str(tmp_path / "nowhere.toml"))


def test_an_option_that_a_back_end_does_not_take_is_its_own_word_to_say(own):
    profile = own(MINIMAL + "[scouts.options]\nnonsense = 1")
    with pytest.raises(ConfigError, match="nonsense"):
        SCOUTS.create("rules", name="rules", **profile.scouts[0].options)


def test_loading_a_profile_reads_one_file(own):
    assert load_profile("weights-free") == load_profile(str(Path(HOME) / "weights-free.toml"))
