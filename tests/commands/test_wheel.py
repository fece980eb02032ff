"""An installed wheel: what it brings, and a directory of one's own that is made and used with it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.installed import ROOT, Installed


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed.make(tmp_path_factory.mktemp("a wheel"))


def tracked(*folders: str) -> set[str]:
    """The files of the folders that git knows."""
    ran = subprocess.run(["git", "ls-files", "-z", *folders], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name for name in ran.stdout.split("\0") if name and (ROOT / name).exists()}


def test_it_brings_all_playbooks_roles_and_checks_of_the_tree(installed: Installed) -> None:
    shipped = installed.packages / "mooring" / "shipped"
    found = {str(path.relative_to(shipped)) for path in shipped.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert found >= tracked("playbooks", "roles", "tests/hosts")
    assert "tests/hosts/test_proof.py" in found
    for name in found & tracked("playbooks", "roles", "tests/hosts"):
        assert (shipped / name).read_bytes() == (ROOT / name).read_bytes()
    package = installed.packages
    assert all((package / name).is_file() for name in tracked("mooring"))


def test_it_makes_a_directory_where_no_tasks_are_and_works_there(installed: Installed, tmp_path: Path) -> None:
    made = installed.run(tmp_path, "init", "my fleet")
    assert (made.returncode, made.stderr) == (0, ""), made
    assert "invoke provision-server --check --diff" in made.stdout
    assert "pip install" not in made.stdout
    fleet = tmp_path / "my fleet"
    for folder, options, program in ((fleet / "roles", [], "invoke"), (tmp_path, ["--search-root", fleet], "mooring")):
        ran = installed.run(folder, *options, "provision-clients", "--list-tasks", program=program)
        assert (ran.returncode, ran.stderr) == (0, ""), ran
        assert f"({installed.packages}/mooring/shipped/roles/registry_client/tasks/main.yml:" in ran.stdout
    again = installed.run(tmp_path, "init", "my fleet", program="mooring")
    assert "nothing was changed" in again.stdout


def test_invokes_own_program_runs_the_tasks_there_too(installed: Installed, tmp_path: Path) -> None:
    installed.run(tmp_path, "init", tmp_path / "fleet")
    ran = installed.run(tmp_path / "fleet", "-m", "invoke", "provision-server", "--list-hosts", program="python")
    assert (ran.returncode, ran.stderr) == (0, ""), ran
    assert "registry1.example.com" in ran.stdout


def test_the_tasks_change_no_file_of_the_directory(installed: Installed, tmp_path: Path) -> None:
    installed.run(tmp_path, "init", "fleet")
    files = [path for path in (tmp_path / "fleet").rglob("*") if path.is_file()]
    before = [(path.read_bytes(), path.stat().st_mtime_ns) for path in files]
    for task in ("provision-server", "provision-clients", "deprovision-clients"):
        assert installed.run(tmp_path / "fleet", task, "--syntax-check").returncode == 0
    assert [(path.read_bytes(), path.stat().st_mtime_ns) for path in files] == before


def test_the_program_that_was_called_is_named(installed: Installed, tmp_path: Path) -> None:
    for program in ("invoke", "mooring"):
        listed = installed.run(tmp_path, program=program)
        assert listed.returncode == 0, listed
        assert listed.stdout.startswith(f"Usage: {program} TASK")
