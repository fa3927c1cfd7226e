"""`semdrive serve` as a user starts it: at the address it says, refused where it would be open to all."""

import re
import signal
import subprocess
import sys

import httpx

from drives import Drives, drive
from shell import semdrive

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


def test_it_serves_an_index_at_the_address_that_it_says_until_it_is_stopped(tmp_path):
    drives = Drives.at(tmp_path / "index")
    drives.write(drive(20))
    command = [sys.executable, "-m", "semdrive", "serve", "--index", str(tmp_path / "index"), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        found = ADDRESS.search(server.stderr.readline())
        assert found, server.stderr.read()
        assert httpx.get(f"{found[0]}/api/search?q=risk:0..10", timeout=30).raise_for_status().json()["hits"]
        server.send_signal(signal.SIGINT)
        assert server.wait(30) == 0


def test_beyond_this_machine_it_needs_a_token_that_is_one(tmp_path):
    refused = semdrive("serve", "--host", "0.0.0.0", "--index", str(tmp_path))
    assert (refused.returncode, "--token-env" in refused.stderr) == (2, True)
    weak = semdrive("serve", "--token-env", "SERVE_TOKEN", "--index", str(tmp_path), SERVE_TOKEN="guess")
    assert (weak.returncode, "16 to 200" in weak.stderr) == (2, True)


def test_a_misspelled_index_is_an_error_and_no_demo(tmp_path):
    refused = semdrive("serve", "--index", str(tmp_path / "nowhere"))
    assert (refused.returncode, "no workspace at" in refused.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_somebodys_is_not_filled_with_a_demo(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    refused = semdrive("serve", "--demo", "--index", str(tmp_path))
    assert (refused.returncode, "is no workspace" in refused.stderr) == (2, True)
    assert [entry.name for entry in tmp_path.iterdir()] == ["mine.txt"]
