"""A tree that goes to another owner, by the real agent on every interpreter. Needs root, as the
module does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mooring.agent import host
from mooring.agent.modules import tree_owner
from mooring.playbook import arguments
from mooring.transport.agent_client import Remote
from mooring.transport.bundle import Bundle
from mooring.transport.connection.local import LocalConnection

USER, GROUP = 65532, 65531
ASKED = {"owner": USER, "group": GROUP}
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")


@pytest.fixture(scope="module")
def remote(interpreter: str) -> Iterator[Remote]:
    with Remote.start(LocalConnection(), Bundle(), interpreter=interpreter) as remote:
        yield remote


def call(remote: Remote, path: Path, check: bool = False, **more: Any) -> dict[str, Any]:
    args = {"path": str(path), **ASKED, **more}
    return remote.call("tree_owner", arguments.normalize(arguments.find_module("tree_owner"), args, None), check=check)


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    """Four directories, a file, a name that is not UTF-8, a link and a pipe: eight entries."""
    top = tmp_path / "registry"
    (top / "docker/registry/v2").mkdir(parents=True)
    (top / "docker/data").write_text("layer")
    Path(os.fsdecode(bytes(top) + b"/docker/registry/v2/\xff")).write_text("")
    (top / "docker/link").symlink_to("/etc/passwd")
    os.mkfifo(top / "docker/pipe")
    return top


def owners(top: Path) -> set[tuple[int, int]]:
    everything = [top, *top.rglob("*")]
    return {(path.lstat().st_uid, path.lstat().st_gid) for path in everything}


def test_everything_goes_to_the_new_owner_and_back(remote: Remote, storage: Path) -> None:
    password_owner = os.stat("/etc/passwd").st_uid
    foretold = call(remote, storage, check=True)
    assert (foretold["changed"], foretold["count"], foretold["owners"]) == (True, 8, {"0": 8}), foretold
    assert owners(storage) == {(0, 0)}
    done = call(remote, storage)
    assert (done["changed"], done["count"]) == (True, 8), done
    assert owners(storage) == {(USER, GROUP)}
    assert os.stat("/etc/passwd").st_uid == password_owner
    again = call(remote, storage)
    assert (again["changed"], again["count"]) == (False, 0), again
    assert call(remote, storage, owner=0, group=0)["count"] == 8
    assert owners(storage) == {(0, 0)}


def test_a_run_that_was_cut_short_goes_on(remote: Remote, storage: Path) -> None:
    os.chown(storage / "docker/data", USER, GROUP)
    os.chown(storage / "docker/registry", USER, GROUP)
    assert call(remote, storage)["count"] == 6
    assert owners(storage) == {(USER, GROUP)}


def test_nothing_is_there_yet(remote: Remote, tmp_path: Path) -> None:
    assert call(remote, tmp_path / "none", check=True)["changed"] is False
    failed = call(remote, tmp_path / "none")
    assert failed["msg"].startswith(f"{tmp_path}/none: No such file"), failed


def test_the_groups_of_ones_own_files_stay(remote: Remote, storage: Path) -> None:
    """A directory may hand its group down; that is no reason to change the files at each run."""
    call(remote, storage)
    os.chown(storage / "docker/data", USER, 100)
    assert call(remote, storage)["changed"] is False
    assert (storage / "docker/data").stat().st_gid == 100


def test_modes_stay(remote: Remote, storage: Path) -> None:
    (storage / "docker/data").chmod(0o640)
    call(remote, storage)
    assert (storage / "docker/data").stat().st_mode & 0o7777 == 0o640


def test_a_second_name_of_roots_file_is_not_given_away(remote: Remote, storage: Path, tmp_path: Path) -> None:
    """Whoever owns the directory may have put it there, where the kernel lets links to others'
    files be made."""
    secret = tmp_path / "secret"
    secret.write_text("root's")
    os.link(secret, storage / "docker/linked")
    os.chown(storage / "docker", USER, GROUP)
    failed = call(remote, storage)
    assert "1 files of root, linked first, have a second name" in failed["msg"], failed
    assert (secret.stat().st_uid, (storage / "docker/data").stat().st_uid) == (0, 0)


def test_hard_links_in_roots_own_directories_are_taken_along(remote: Remote, storage: Path) -> None:
    os.link(storage / "docker/data", storage / "docker/same")
    assert "failed" not in call(remote, storage)
    assert owners(storage) == {(USER, GROUP)}


def test_a_tree_of_any_depth_ends(remote: Remote, tmp_path: Path) -> None:
    here = os.getcwd()
    try:
        for _ in range(260):
            os.mkdir("deep" if os.getcwd() != here else tmp_path / "deep")
            os.chdir("deep" if os.getcwd() != here else tmp_path / "deep")
    finally:
        os.chdir(here)
    failed = call(remote, tmp_path / "deep")
    assert "more than 200 levels" in failed["msg"], failed
    assert call(remote, tmp_path, check=True)["failed"]


@pytest.fixture
def trap(storage: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A directory of the tree, and a foreign one that must keep its owner."""
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "data").write_text("root's")
    return storage / "docker", victim


def swap(folder: Path, victim: Path) -> None:
    if not folder.is_symlink():
        folder.rename(folder.with_name("moved"))
        folder.symlink_to(victim)


@pytest.mark.parametrize("moment", ["open", "listdir"])
def test_a_directory_that_becomes_a_link_meanwhile_leads_nowhere(
    trap: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Swapped just before it is entered, and just after."""
    folder, victim = trap
    real = getattr(os, moment)

    def act(what: Any, *more: Any) -> Any:
        inside = b"docker" if moment == "open" else b"."
        if what == inside and (moment == "open" or os.getcwd().endswith("docker")):
            swap(folder, victim)
        return real(what, *more)

    monkeypatch.setattr(os, moment, act)
    tree_owner.run({"path": str(folder.parent), **ASKED})
    monkeypatch.undo()
    assert folder.is_symlink()
    assert owners(victim) == {(0, 0)}
    tree_owner.run({"path": str(folder.parent), **ASKED})
    assert owners(folder.parent) == {(USER, GROUP)}
    assert owners(victim) == {(0, 0)}


def test_a_file_system_that_refuses_is_told_with_a_remedy(storage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "lchown", refuse)
    with pytest.raises(
        host.Failed, match=r"/docker/\S+: Operation not permitted; 0 of 8 entries were changed.*where it is served"
    ):
        tree_owner.run({"path": str(storage), **ASKED})
    assert os.getcwd() == str(Path.cwd())


def test_a_file_system_that_only_pretends_is_found_out(storage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "lchown", lambda *_: None)
    with pytest.raises(host.Failed, match="keeps the old one; 0 of 8 entries were changed"):
        tree_owner.run({"path": str(storage), **ASKED})
