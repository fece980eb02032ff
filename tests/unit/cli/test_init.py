"""`invoke init`: what it makes, what it leaves alone, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mooring.cli.init import init
from mooring.cli.starter import STARTER
from mooring.errors import UsageError
from mooring.inventory.inventory import Inventory

ROOT = Path(__file__).parents[3]


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_it_makes_all_files_and_a_second_time_changes_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new" / "a fleet"
    assert init(str(folder)) == 0
    assert f"cd '{folder}'" in capsys.readouterr().out
    made = contents(folder)
    assert made == dict(STARTER)
    assert {"tasks.py", "inventory.yml", ".gitignore", "tests/hosts/README.md"} < set(made)
    for name in ("playbooks", "roles", "tests/hosts"):
        assert len(made[f"{name}/README.md"].splitlines()) == 1
    assert len(made["tasks.py"].splitlines()) == 3
    times = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert init(str(folder)) == 0
    assert "everything is there already, nothing was changed" in capsys.readouterr().out
    assert times == {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_its_inventory_is_one_with_both_groups_of_documentation_addresses(tmp_path: Path) -> None:
    init(str(tmp_path / "fleet"))
    inventory = Inventory.load(str(tmp_path / "fleet" / "inventory.yml"))
    assert set(inventory.groups) >= {"server", "clients"}
    assert all(str(host.vars["ansible_host"]).startswith("192.0.2.") for host in inventory.hosts.values())
    assert len(inventory.hosts) == 3
    assert yaml.safe_load(STARTER["group_vars/all.yml"])["registry_names"] == ["registry.example.com"]
    assert STARTER["inventory.yml"].count("#") > 5


def test_what_is_lived_in_keeps_its_files_and_gets_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    init(str(tmp_path))
    (tmp_path / "inventory.yml").write_text("all:\n")
    (tmp_path / "notes.txt").write_text("mine\n")
    (tmp_path / ".gitignore").unlink()
    (tmp_path / "roles" / "README.md").unlink()
    (tmp_path / "roles" / "README.md").symlink_to("nowhere")
    capsys.readouterr()
    assert init(str(tmp_path)) == 0
    assert "made .gitignore\n" in capsys.readouterr().out
    assert (tmp_path / "inventory.yml").read_text() == "all:\n"
    assert not (tmp_path / "roles" / "nowhere").exists()


def test_an_empty_checkout_of_git_with_its_venv_is_taken(tmp_path: Path) -> None:
    for name in (".git", ".venv"):
        (tmp_path / name).mkdir()
    assert init(str(tmp_path)) == 0
    assert (tmp_path / "tasks.py").exists()


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (["a.txt"], "holds a.txt: name a directory that is new or empty"),
        (["a", "b", "c", "d", "e"], "holds a, b, c and 2 more: "),
        (["tasks.py"], "holds a tasks.py of its own: "),
        (["inventory.yml", "x\ny"], "holds x\\ny: "),
    ],
)
def test_a_directory_that_holds_something_else_is_refused(tmp_path: Path, files: list[str], words: str) -> None:
    for name in files:
        (tmp_path / name).write_text("mine\n")
    with pytest.raises(UsageError) as caught:
        init(str(tmp_path))
    assert words in str(caught.value)
    assert contents(tmp_path) == dict.fromkeys(files, "mine\n")


def test_what_is_no_directory_is_refused_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for name in ("file", "file/below"):
        with pytest.raises(UsageError, match=r"file(/below: N| is n)ot a directory"):
            init(str(tmp_path / name))
    (tmp_path / "fleet").mkdir()
    (tmp_path / "fleet" / "roles").write_text("")
    with pytest.raises(UsageError, match=r"roles"):
        init(str(tmp_path / "fleet"))


def test_a_clone_is_no_place_for_it() -> None:
    with pytest.raises(UsageError, match="name a directory that is new or empty"):
        init(str(ROOT))
