"""Fetching model files from a hub that answers, fails half way, lies, or is not there."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from indexer.fetch import RESERVE_BYTES, fetch, plan_pull
from indexer.models import KNOWN_BYTES, check_file, find
from indexer.profiles import ModelFile
from model_hub import COMMIT, Failing, ModelHub, put_in_cache, sha256
from scenario.errors import DownloadError, WeightsMissing
from scenario.weights import locate

REFERENCE = "hf:maker/vision-GGUF/vision-Q4.gguf"
CONTENT = b"GGUF\x03\x00\x00\x00" + bytes(range(256)) * 100_000  # 25.6 MB
CHUNK = 10 << 20  # huggingface_hub writes in chunks of so many bytes; what a cut leaves of one is fetched again
FILE = ModelFile(reference=REFERENCE, role="scout qwen: weights")


@pytest.fixture
def hub():
    with ModelHub({REFERENCE.removeprefix("hf:"): CONTENT}) as serving:
        yield serving


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "hub"


def pull(hub: ModelHub, cache: Path, *files: ModelFile) -> None:
    plan = plan_pull(files or [FILE], cache=cache, endpoint=hub.url)
    for _ in fetch(plan, cache=cache, endpoint=hub.url):
        pass


def partial_bytes(cache: Path) -> int:
    return sum(path.stat().st_size for path in cache.glob("*/blobs/*.incomplete"))


def test_a_pulled_file_is_where_locate_looks_and_holds_what_the_hub_holds(hub, cache):
    pull(hub, cache)
    path = locate(REFERENCE, cache=cache)
    assert path.read_bytes() == CONTENT
    assert check_file(FILE, cache).status == "fine"
    assert partial_bytes(cache) == 0


def test_sizes_are_asked_before_anything_is_fetched(hub, cache):
    plan = plan_pull([FILE], cache=cache, endpoint=hub.url)
    assert (plan.need_bytes, COMMIT in plan.files[0].url) == (len(CONTENT), True)
    assert [asked.method for asked in hub.asked] == ["HEAD"]


def test_a_file_that_is_named_twice_is_fetched_once(hub, cache):
    plan = plan_pull([FILE, FILE], cache=cache, endpoint=hub.url)
    assert (len(plan.files), plan.need_bytes) == (1, len(CONTENT))


def test_a_file_that_is_here_is_not_fetched_again(hub, cache):
    pull(hub, cache)
    before = len(hub.asked)
    plan = plan_pull([FILE], cache=cache, endpoint=hub.url)
    assert (plan.files, plan.here) == ((), (REFERENCE,))
    assert len(hub.asked) == before


def test_a_full_disk_is_named_before_a_byte_is_fetched(hub, cache):
    free = len(CONTENT) + RESERVE_BYTES - 1
    with pytest.raises(DownloadError, match=r"no room for the download: it needs 0\.0 GB .* are free at .*hub"):
        plan_pull([FILE], cache=cache, endpoint=hub.url, free=lambda _: free)
    assert hub.bodies == []
    assert plan_pull([FILE], cache=cache, endpoint=hub.url, free=lambda _: free + 1).need_bytes == len(CONTENT)


def test_a_hopeless_pull_of_files_of_known_size_asks_nobody(hub, cache):
    known = ModelFile(reference=max(KNOWN_BYTES, key=lambda name: KNOWN_BYTES[name]), role="scout")
    with pytest.raises(DownloadError, match=r"it needs 18\.6 GB"):
        plan_pull([known], cache=cache, endpoint=hub.url, free=lambda _: 10**9)
    assert hub.asked == []


def test_a_connection_that_is_cut_goes_on_by_itself_from_there(hub, cache):
    hub.failing = Failing(cut_after_bytes=15_000_000)
    pull(hub, cache)
    assert locate(REFERENCE, cache=cache).read_bytes() == CONTENT
    assert [asked.range for asked in hub.bodies] == [None, f"bytes={CHUNK}-"]


def test_a_pull_that_failed_keeps_what_it_fetched_and_the_next_one_resumes(hub, cache):
    hub.failing = Failing(cut_after_bytes=15_000_000, body_status=503)
    with pytest.raises(DownloadError, match=r"answered 503 for hf:maker.*run the same command again"):
        pull(hub, cache)
    assert partial_bytes(cache) == CHUNK
    hub.failing = Failing()
    assert plan_pull([FILE], cache=cache, endpoint=hub.url).need_bytes == len(CONTENT) - CHUNK
    pull(hub, cache)
    assert locate(REFERENCE, cache=cache).read_bytes() == CONTENT
    assert hub.bodies[-1].range == f"bytes={CHUNK}-"


def test_a_pull_that_was_killed_resumes_where_it_stood(hub, cache):
    hub.failing = Failing(stall_after_bytes=15_000_000)
    code = (
        "import sys; from pathlib import Path; from indexer.fetch import *; from indexer.profiles import ModelFile\n"
        "where = dict(cache=Path(sys.argv[1]), endpoint=sys.argv[2])\n"
        f"list(fetch(plan_pull([ModelFile(reference={REFERENCE!r}, role='x')], **where), **where))"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(cache), hub.url], stderr=subprocess.DEVNULL)
    while process.poll() is None and partial_bytes(cache) < CHUNK:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert partial_bytes(cache) == CHUNK
    hub.failing = Failing()
    pull(hub, cache)
    assert locate(REFERENCE, cache=cache).read_bytes() == CONTENT
    assert hub.bodies[-1].range == f"bytes={CHUNK}-"


def test_a_server_that_ignores_ranges_still_gives_the_whole_file_once(hub, cache):
    hub.failing = Failing(cut_after_bytes=15_000_000, ignores_ranges=True)
    pull(hub, cache)
    assert locate(REFERENCE, cache=cache).read_bytes() == CONTENT


def test_a_body_shorter_than_announced_is_no_finished_file(hub, cache):
    hub.failing = Failing(short_by=10)
    with pytest.raises(DownloadError, match=rf"should be of size {len(CONTENT)} but has size {len(CONTENT) - 10}"):
        pull(hub, cache)
    with pytest.raises(WeightsMissing):
        locate(REFERENCE, cache=cache)


def test_content_that_is_not_what_the_hub_says_is_thrown_away(hub, cache):
    hub.failing = Failing(flip=True)
    with pytest.raises(DownloadError, match="arrived damaged"):
        pull(hub, cache)
    assert partial_bytes(cache) == 0
    hub.failing = Failing()
    pull(hub, cache)
    assert check_file(FILE, cache).status == "fine"


@pytest.mark.parametrize(
    ("reference", "failing", "says"),
    [
        (
            "hf:maker/vision-GGUF/typo.gguf",
            Failing(),
            "the hub has no file hf:maker/vision-GGUF/typo.gguf; the repository's files are at http",
        ),
        ("hf:nobody/nothing/x.gguf", Failing(), "there is no repository http.*/nobody/nothing that you may read"),
        (REFERENCE, Failing(gated=True), "is gated: accept its terms at http.*/maker/vision-GGUF, then log in"),
    ],
)
def test_what_the_hub_refuses_is_said_with_what_to_do(hub, cache, reference, failing, says):
    hub.failing = failing
    with pytest.raises(DownloadError, match=says):
        pull(hub, cache, ModelFile(reference=reference, role="scout"))


def test_without_a_network_the_error_says_so_and_where_it_asked(cache):
    with ModelHub({}) as gone:
        url = gone.url
    with pytest.raises(DownloadError, match=rf"from {url} failed: .*check the network"):
        plan_pull([FILE], cache=cache, endpoint=url)


def test_a_local_path_cannot_be_pulled(hub, cache, tmp_path):
    with pytest.raises(WeightsMissing, match="it is a local path"):
        pull(hub, cache, ModelFile(reference=str(tmp_path / "mine.gguf"), role="scout mine: weights"))


def test_a_release_file_that_the_hub_lacks_is_fetched_into_our_own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    encoder, name = b"PK\x03\x04" + bytes(2 * CHUNK), "mobileclip_blt.ts"
    with ModelHub({name: encoder}, Failing(cut_after_bytes=15_000_000, body_status=503)) as releases:
        where = {"cache": tmp_path, "published": f"{releases.url}/cdn"}
        files = [ModelFile(reference=name, role="grounder: text encoder")]
        with pytest.raises(DownloadError, match=r"answered 503 for mobileclip_blt.ts"):
            list(fetch(plan_pull(files, **where)))
        releases.failing = Failing()
        plan = plan_pull(files, **where)
        assert plan.need_bytes == len(encoder) - CHUNK
        list(fetch(plan))
    assert find(name).read_bytes() == encoder
    assert check_file(files[0]).status == "fine"


def test_a_page_in_place_of_a_release_file_is_thrown_away(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with ModelHub({"mobileclip_blt.ts": b"<html>Log in to your network</html>"}) as releases:
        files = [ModelFile(reference="mobileclip_blt.ts", role="grounder: text encoder")]
        with pytest.raises(DownloadError, match="arrived damaged: is no PyTorch file"):
            list(fetch(plan_pull(files, cache=tmp_path, published=f"{releases.url}/cdn")))
    with pytest.raises(WeightsMissing):
        find("mobileclip_blt.ts")


def test_a_release_file_of_another_name_is_said_to_be_unknown(tmp_path):
    with (
        ModelHub({}) as releases,
        pytest.raises(DownloadError, match=r"answered 404; check the name 'yoloe-99-seg\.pt'"),
    ):
        plan_pull(
            [ModelFile(reference="yoloe-99-seg.pt", role="grounder")], cache=tmp_path, published=f"{releases.url}/cdn"
        )


def test_the_token_goes_to_the_hub_and_not_to_the_host_it_sends_us_to(hub, cache, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    pull(hub, cache)
    assert {asked.authorized for asked in hub.asked if asked.path.startswith("/maker")} == {True}
    assert [asked.authorized for asked in hub.bodies] == [False]


def test_two_pulls_of_one_file_do_not_write_into_each_other(hub, cache):
    from filelock import FileLock

    blobs = cache / "models--maker--vision-GGUF" / "blobs"
    blobs.mkdir(parents=True)
    plan = plan_pull([FILE], cache=cache, endpoint=hub.url)
    with (
        FileLock(blobs / f"{sha256(CONTENT)}.semdrive.incomplete.lock"),
        pytest.raises(DownloadError, match="another pull is fetching"),
    ):
        list(fetch(plan, cache=cache, endpoint=hub.url))


def test_a_check_finds_a_file_that_was_changed_after_the_download(cache):
    path = put_in_cache(cache, REFERENCE, CONTENT)
    assert check_file(FILE, cache).status == "fine"
    path.resolve().write_bytes(CONTENT[:-1])
    check = check_file(FILE, cache)
    assert (check.status, "not what the hub recorded" in check.detail) == ("broken", True)
    assert check.remedy is not None
    assert str(path.resolve()) in check.remedy


def test_a_check_finds_a_file_that_is_no_gguf(cache):
    put_in_cache(cache, REFERENCE, b"<html>Log in to your network</html>")
    check = check_file(FILE, cache)
    assert (check.status, "is no GGUF file" in check.detail) == ("broken", True)


def semdrive(hub: ModelHub, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(home), "COLUMNS": "200"}
    command = [sys.executable, "-m", "semdrive", "models", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_the_command_line_lists_pulls_and_checks_a_profile_of_your_own(hub, tmp_path):
    profile = tmp_path / "mine.toml"
    profile.write_text(
        'name = "mine"\n[grounder]\nbackend = "annotations"\n[[scouts]]\nname = "tiny"\nbackend = "llama_cpp"\n'
        f'[scouts.options]\nmodel = "{REFERENCE}"\n',
        encoding="utf-8",
    )
    mine = ("--profile", str(profile))
    assert "1 missing" in semdrive(hub, tmp_path, "list", *mine).stdout
    assert semdrive(hub, tmp_path, "check", *mine).returncode == 1
    planned = semdrive(hub, tmp_path, "pull", *mine, "--dry-run")
    assert "dry run: 1 file to fetch: 25.6 MB" in planned.stdout, planned.stderr
    assert hub.bodies == []
    pulled = semdrive(hub, tmp_path, "pull", *mine)
    assert (pulled.returncode, "1 file fetched" in pulled.stdout) == (0, True), pulled.stderr
    assert semdrive(hub, tmp_path, "check", *mine).returncode == 0
    assert "every file is here" in semdrive(hub, tmp_path, "list", *mine).stdout
    again = semdrive(hub, tmp_path, "pull", *mine)
    assert "nothing to fetch: its file is here" in again.stdout


def test_the_command_line_needs_to_know_what_to_pull(hub, tmp_path):
    result = semdrive(hub, tmp_path, "pull")
    assert (result.returncode, "--profile NAME" in result.stderr) == (2, True)
