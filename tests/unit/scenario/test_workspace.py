import subprocess
import sys
import tomllib

import pytest

from scenario.errors import NoLedger, NoWorkspace, WorkspaceBusy, WorkspaceError
from scenario.workspace import Workspace


def test_a_new_workspace_names_an_index_and_a_ledger_in_itself(tmp_path):
    workspace = Workspace.create(tmp_path / "new" / "ws")

    assert workspace.index_uri == str(tmp_path / "new" / "ws" / "index.lance")
    assert workspace.ledger == tmp_path / "new" / "ws" / "ledger.sqlite"


def test_what_was_created_is_what_is_opened(tmp_path):
    assert Workspace.create(tmp_path / "ws", index="elsewhere.lance") == Workspace.open(tmp_path / "ws")


def test_creating_a_workspace_that_is_there_opens_it(tmp_path):
    first = Workspace.create(tmp_path / "ws", index="elsewhere.lance")

    assert Workspace.create(tmp_path / "ws") == first


def test_the_index_may_live_at_a_uri(tmp_path):
    assert Workspace.create(tmp_path / "ws", index="s3://bucket/a b").index_uri == "s3://bucket/a b"


def test_the_file_of_a_workspace_is_toml_whatever_is_in_it(tmp_path):
    name = 'quo"te \\ and – 自'
    Workspace.create(tmp_path / "ws", index=name)

    assert tomllib.loads((tmp_path / "ws" / "workspace.toml").read_text(encoding="utf-8"))["index"] == name


def test_no_half_written_file_is_left(tmp_path):
    Workspace.create(tmp_path / "ws")

    assert [path.name for path in (tmp_path / "ws").iterdir()] == ["workspace.toml"]


def test_a_directory_with_other_things_in_it_is_not_made_a_workspace(tmp_path):
    (tmp_path / "thesis.tex").touch()

    with pytest.raises(WorkspaceError, match="is no workspace"):
        Workspace.create(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_is_not_made_a_workspace(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(WorkspaceError, match="is no workspace"):
        Workspace.create(tmp_path / "file")


def test_nothing_is_written_to_a_bare_index(tmp_path):
    with pytest.raises(WorkspaceError, match="is an index URI"):
        Workspace.create("s3://bucket/index")


def test_a_place_without_a_workspace_is_named_with_the_remedy(tmp_path):
    with pytest.raises(NoWorkspace, match="semdrive index"):
        Workspace.open(tmp_path / "absent")


@pytest.mark.parametrize("content", ['indx = "typo"', "index = 3", "index ="])
def test_a_broken_workspace_file_is_named(tmp_path, content):
    (tmp_path / "workspace.toml").write_text(content)

    with pytest.raises(WorkspaceError, match=r"workspace\.toml"):
        Workspace.open(tmp_path)


def test_a_bare_index_is_a_replica_without_a_ledger(tmp_path):
    (tmp_path / "index.lance").mkdir()

    for location in ("s3://bucket/index", str(tmp_path / "index.lance"), f"{tmp_path / 'index.lance'}/"):
        replica = Workspace.open(location)
        assert (replica.index_uri, replica.ledger) == (location, None)


def test_what_needs_the_ledger_says_so_in_a_replica():
    with pytest.raises(NoLedger, match="live verification needs the ledger"):
        Workspace.open("s3://bucket/index").require_ledger("live verification")


def test_a_second_indexer_is_refused_while_the_first_one_writes(tmp_path):
    workspace = Workspace.create(tmp_path / "ws")

    with (
        workspace.writing(),
        pytest.raises(WorkspaceBusy, match="another indexer"),
        Workspace.open(tmp_path / "ws").writing(),
    ):
        pass


def test_the_workspace_is_free_again_after_writing_even_after_an_error(tmp_path):
    workspace = Workspace.create(tmp_path / "ws")
    with pytest.raises(RuntimeError), workspace.writing():
        raise RuntimeError

    with workspace.writing():
        held = True
    assert held


def test_an_indexer_that_was_killed_holds_nothing(tmp_path):
    Workspace.create(tmp_path / "ws")
    killed = (
        "import os, signal, sys; from scenario.workspace import Workspace\n"
        "with Workspace.open(sys.argv[1]).writing(): os.kill(os.getpid(), signal.SIGKILL)"
    )

    assert subprocess.run([sys.executable, "-c", killed, str(tmp_path / "ws")], check=False).returncode == -9
    with Workspace.open(tmp_path / "ws").writing():
        held = True
    assert held


def test_what_a_killed_run_left_behind_is_taken_over(tmp_path):
    root = tmp_path / "ws"
    root.mkdir()
    for name in ("ledger.sqlite", "ledger.sqlite-wal", ".indexer.lock", "workspace.toml.partial"):
        (root / name).touch()
    assert Workspace.create(root).ledger == root / "ledger.sqlite"


def test_an_unknown_key_in_the_workspace_file_gets_a_suggestion(tmp_path):
    (tmp_path / "workspace.toml").write_text('indx = "elsewhere.lance"\n')
    with pytest.raises(WorkspaceError, match="did you mean 'index'"):
        Workspace.open(tmp_path)
