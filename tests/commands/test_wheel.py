"""An installed wheel: what it brings, and a directory of one's own that is made and used with
it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from mooring import __version__
from tests.installed import ROOT, Installed, build_wheel


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed.make(tmp_path_factory.mktemp("a wheel"))


def tracked(*folders: str) -> set[str]:
    """The files of the folders that git knows."""
    ran = subprocess.run(["git", "ls-files", "-z", *folders], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name for name in ran.stdout.split("\0") if name and (ROOT / name).exists()}


def test_it_brings_all_playbooks_roles_and_checks_of_the_tree(installed: Installed) -> None:
    shipped = installed.packages / "mooring" / "shipped"
    files = {str(path.relative_to(shipped)) for path in shipped.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert files >= tracked("playbooks", "roles", "tests/hosts")
    assert "tests/hosts/test_proof.py" in files
    for name in files & tracked("playbooks", "roles", "tests/hosts"):
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
    for task in ("provision-server", "provision-clients", "deprovision-clients", "deprovision-server"):
        assert installed.run(tmp_path / "fleet", task, "--syntax-check").returncode == 0
    assert [(path.read_bytes(), path.stat().st_mtime_ns) for path in files] == before


def test_the_program_that_was_called_is_named(installed: Installed, tmp_path: Path) -> None:
    for program in ("invoke", "mooring"):
        listed = installed.run(tmp_path, program=program)
        assert listed.returncode == 0, listed
        assert listed.stdout.startswith(f"Usage: {program} TASK")


OLDER = "0.0.9"


def make_older_tree(place: Path) -> Path:
    """What a release before this one could have been: another version, a role, a module and a
    playbook's word more."""
    for name in tracked("mooring", "playbooks", "roles", "tests/hosts", "pyproject.toml", "README.md", "LICENSE"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, place / name)
    for name in ("pyproject.toml", "mooring/__init__.py"):
        text = (place / name).read_text()
        assert __version__ in text
        (place / name).write_text(text.replace(f'"{__version__}"', f'"{OLDER}"'))
    (place / "mooring" / "gone.py").write_text("")
    (place / "roles" / "gone" / "tasks").mkdir(parents=True)
    (place / "roles" / "gone" / "tasks" / "main.yml").write_text("- name: Of an earlier release\n  ping:\n")
    playbook = place / "playbooks" / "clients.yml"
    playbook.write_text(f"{playbook.read_text()}\n- name: Earlier\n  hosts: clients\n  roles: [gone]\n")
    return place


def test_a_newer_wheel_leaves_the_directory_alone_and_the_tasks_work(tmp_path: Path) -> None:
    for name in ("older", "newer"):
        (tmp_path / name).mkdir()
    installed = Installed.make(tmp_path / "older", make_older_tree(tmp_path / "tree"))
    assert installed.run(tmp_path, "--version").stdout == f"Mooring {OLDER}\n"
    installed.run(tmp_path, "init", "fleet")
    fleet = tmp_path / "fleet"
    (fleet / "inventory.yml").write_text((fleet / "inventory.yml").read_text().replace("docker1.", "own1."))
    (fleet / "group_vars" / "all.yml").write_text("---\n# ours\n")
    (fleet / "roles" / "hosts_file" / "tasks").mkdir(parents=True)
    (fleet / "roles" / "hosts_file" / "tasks" / "main.yml").write_text("- name: Our own\n  ping:\n")
    assert "Of an earlier release" in installed.run(fleet, "provision-clients", "--list-tasks").stdout
    files = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in fleet.rglob("*") if path.is_file()}

    installed.install(build_wheel(tmp_path / "newer"))
    assert installed.run(tmp_path, "--version").stdout == f"Mooring {__version__}\n"
    listed = installed.run(fleet, "provision-clients", "--list-tasks")
    assert (listed.returncode, listed.stderr) == (0, ""), listed
    assert "Our own" in listed.stdout
    assert "registry_client : " in listed.stdout
    assert "Of an earlier release" not in listed.stdout
    assert not (installed.packages / "mooring" / "gone.py").exists()
    assert "own1.example.com" in installed.run(fleet, "provision-clients", "--list-hosts").stdout
    for task in ("provision-server", "deprovision-clients"):
        assert installed.run(fleet, task, "--syntax-check").returncode == 0
    assert installed.run(tmp_path, "init", "fleet").stdout.count("nothing was changed") == 1
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in fleet.rglob("*") if path.is_file()} == files
