"""The command line as a user meets it: real processes, the real embedding model, the made-up run."""

import json
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from time import sleep

import pytest

from shell import HEEDING_INTERRUPTS, semdrive

HEAVY = {"torch", "lancedb", "pyarrow", "numpy", "pydantic", "sentence_transformers", "lark", "nuscenes", "fastapi"}


@pytest.fixture(scope="module")
def index(tmp_path_factory, made_up_run) -> str:
    folder = tmp_path_factory.mktemp("cli") / "workspace"
    result = semdrive("index", "recorded", *scouts(made_up_run), "--index", str(folder), "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["built"]
    return str(folder)


def scouts(run: Path) -> list[str]:
    return ["--scout", f"alfa={run / 'alfa.jsonl'}", "--scout", f"bravo={run / 'bravo.jsonl'}"]


def hits(*arguments: str) -> list[dict]:
    result = semdrive("search", *arguments, "--json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)["hits"]


def test_help_imports_nothing_heavy():
    code = "import sys; import semdrive.cli; print(' '.join(m.partition('.')[0] for m in sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert HEAVY.isdisjoint(loaded)


def test_help_names_every_verb_and_gives_an_example():
    shown = semdrive("--help").stdout
    assert all(verb in shown for verb in ("index", "search", "facets", "show", "explain", "doctor", "Example"))


def test_indexing_says_what_was_irregular_and_what_failed(tmp_path, made_up_run):
    result = semdrive("index", "recorded", *scouts(made_up_run), "--index", str(tmp_path / "w"))
    assert result.returncode == 0, result.stderr
    assert "values outside the vocabulary" in result.stdout
    assert "alfa.jsonl:" in result.stdout  # an unreadable line is named with file and line
    assert "InventoryUnreadable" in result.stdout


def test_a_dry_run_writes_nothing(tmp_path, made_up_run):
    folder = str(tmp_path / "w")
    result = semdrive("index", "recorded", *scouts(made_up_run), "--index", folder, "--dry-run")
    assert result.returncode == 0, result.stderr
    assert "nothing was written" in result.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_filter_query_finds_only_what_passes(index):
    found = hits("risk>=4", "--index", index)
    assert found
    assert all(hit["risk"] >= 4 for hit in found)


def test_words_are_ranked_by_every_retriever_and_show_their_chips(index):
    result = semdrive("search", "construction workers at night", "--index", index)
    assert result.returncode == 0, result.stderr
    assert "~time_of_day:night" in result.stdout
    assert "dense #" in result.stdout
    assert "bm25 #" in result.stdout


def test_a_page_follows_the_page_before_it(index):
    whole = [hit["token"] for hit in hits("", "--index", index, "--limit", "6")]
    pages = [
        hit["token"] for offset in ("0", "3") for hit in hits("", "--index", index, "--limit", "3", "--offset", offset)
    ]
    assert pages == whole


def test_a_wrong_field_gets_a_caret_a_suggestion_and_exit_code_2(index):
    result = semdrive("search", "rsk>=4", "--index", index)
    assert result.returncode == 2
    assert "^^^" in result.stderr
    assert "did you mean risk?" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_error_is_json_where_json_was_asked_for(index):
    result = semdrive("search", "rsk>=4", "--index", index, "--json")
    error = json.loads(result.stderr)
    assert (error["error"], error["start"], error["end"]) == ("QueryError", 0, 3)


def test_facets_count_what_matches(index):
    counted = json.loads(semdrive("facets", "construction", "--index", index, "--json").stdout)
    assert counted["facets"]["tags"]["construction"] == counted["matching"] > 0


def test_show_puts_scouts_side_by_side_with_reasons_and_detections(index):
    token = hits("construction", "--index", index)[0]["token"]
    shown = semdrive("show", token, "--index", index).stdout
    assert all(part in shown for part in (token, "alfa", "vote", "Reward", "Detections", "Beliefs"))


def test_explain_says_how_a_query_is_understood(index):
    shown = semdrive("explain", "risk>=4 AND NOT weather:rain jaywalker", "--index", index).stdout
    assert "IS NOT TRUE" in shown
    assert "dense:" in shown
    assert "vru_status:jaywalking" in shown


def test_doctor_finds_nothing_broken(index):
    result = semdrive("doctor", "--index", index, "--json")
    assert result.returncode == 0, result.stdout
    checks = {check["name"]: check["status"] for check in json.loads(result.stdout)}
    assert checks["index"] == checks["ledger"] == checks["embedder"] == "fine"


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        (["search", "x", "--index", "nowhere"], {}, "no workspace at 'nowhere'"),
        (["show", "nosuchtoken", "--index", "{index}"], {}, "no frame with token 'nosuchtoken'"),
        (["search", "similar:nosuchtoken", "--index", "{index}"], {}, "no frame with token 'nosuchtoken'"),
        (["index", "recorded", "--scout", "alfa", "--index", "w"], {}, "is not NAME=FILE"),
        (["index", "recorded", "--scout", "alfa=missing.jsonl", "--index", "w"], {}, "cannot read 'missing.jsonl'"),
        (["search", "x"], {"SEMDRIVE_INDX": "w"}, "did you mean SEMDRIVE_INDEX?"),
        (["search", "x", "--limit", "0", "--index", "{index}"], {}, "limit"),
    ],
)
def test_bad_input_gets_one_clear_message_and_exit_code_2(tmp_path, index, arguments, environment, expected):
    filled = [argument.replace("{index}", index) for argument in arguments]
    result = semdrive(*filled, cwd=tmp_path, **environment)
    assert result.returncode == 2
    assert expected in result.stderr
    assert "Traceback" not in result.stderr


def test_square_brackets_are_text_and_not_markup(index, tmp_path, made_up_run):
    assert '"[/red]"' in semdrive("search", '"[/red]"', "--index", index).stdout
    folder = tmp_path / "[bold]workspace"
    result = semdrive("index", "recorded", "--scout", f"[/b]={made_up_run / 'bravo.jsonl'}", "--index", str(folder))
    assert result.returncode == 0, result.stderr
    assert "[bold]workspace" in result.stdout


def test_a_reader_that_goes_away_is_no_error(index):
    command = f"{sys.executable} -m semdrive search --limit 10 --index {index} | head -1; exit ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


def test_an_offset_beyond_the_end_says_so(index):
    assert "Nothing at offset 500" in semdrive("search", "--offset", "500", "--index", index).stdout


def test_an_interrupt_says_that_what_was_finished_is_kept(tmp_path):
    run, folder = tmp_path / "long.jsonl", tmp_path / "w"
    lines = [
        {"token": f"{n:032x}", "description": f"Frame {n} of a drive that is long enough to stop."} for n in range(3000)
    ]
    run.write_text("\n".join(json.dumps(line) for line in lines))
    command = [sys.executable, "-m", "semdrive", "index", "recorded", "--scout", f"a={run}", "--index", str(folder)]
    heeding = [*HEEDING_INTERRUPTS, *command]
    with subprocess.Popen(heeding, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        while not is_running(folder / "ledger.sqlite"):
            assert process.poll() is None
            sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate()
    assert process.returncode == 130
    assert "what was finished is kept" in said


def is_running(path: Path) -> bool:
    """Whether an indexer has begun its run: its models are loaded, and it works."""
    if not path.exists():
        return False
    with closing(sqlite3.connect(path)) as ledger:
        try:
            return bool(ledger.execute("SELECT count(*) FROM runs").fetchone()[0])
        except sqlite3.OperationalError:  # no table yet
            return False


def test_usage_errors_are_json_too_where_json_was_asked_for(index):
    result = semdrive("search", "x", "--offset=-1", "--json", "--index", index)
    assert result.returncode == 2
    assert "--offset" in json.loads(result.stderr)["message"]


def test_an_embedder_that_cannot_be_loaded_fails_before_any_work(tmp_path, made_up_run):
    folder, model = str(tmp_path / "w"), str(tmp_path / "no-such-model")
    arguments = ["index", "recorded", *scouts(made_up_run), "--index", folder, "--embedder", model]
    result = semdrive(*arguments, HF_HUB_OFFLINE="1")
    assert result.returncode == 2
    assert "cannot load embedding model" in result.stderr
    assert "ground" not in result.stderr
