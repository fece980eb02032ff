"""`invoke init`: what it makes, what it leaves alone, and what it refuses."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from mooring.cli.init import init
from mooring.cli.starter import STARTER
from mooring.errors import UsageError
from mooring.inventory.inventory import Inventory
from mooring.playbook.playbook import Playbook
from mooring.project import Project
from mooring.run.action_files import check_action

ROOT = Path(__file__).parents[3]


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def invoke(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Invoke's own program in the folder, with Mooring where Python finds it."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    argv = [sys.executable, "-m", "invoke", *words]
    return subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, check=False)


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


def test_the_tasks_work_there_from_any_folder_of_it(tmp_path: Path) -> None:
    init(str(tmp_path))
    for folder in (tmp_path, tmp_path / "tests" / "hosts"):
        ran = invoke(folder, "provision-clients", "--list-hosts")
        assert (ran.returncode, ran.stderr) == (0, ""), ran
        assert "docker1.example.com\n" in ran.stdout
    assert "no such file" in invoke(tmp_path / "roles", "provision-clients", "-i", "inventory.yml").stderr
    ran = invoke(tmp_path / "roles", "provision-clients", "-i", "../inventory.yml", "--list-hosts")
    assert "docker1.example.com\n" in ran.stdout


OWN_PLAYBOOK = "- name: Of our own\n  hosts: clients\n  roles: [docker, ours]\n"


@pytest.mark.parametrize("task", ["provision-clients", "status", "verify", "explain web1 busybox", "doctor"])
def test_without_an_inventory_a_command_says_how_to_have_one(tmp_path: Path, task: str) -> None:
    init(str(tmp_path))
    (tmp_path / "inventory.yml").unlink()
    ran = invoke(tmp_path, *task.split())
    assert ran.returncode != 0
    assert ran.stderr.startswith("inventory.yml: there is no inventory here (name yours with -i; "), ran
    assert "invoke init DIR" in ran.stderr


def test_its_own_playbooks_and_roles_come_first(tmp_path: Path) -> None:
    init(str(tmp_path))
    listed = invoke(tmp_path, "provision-clients", "--list-tasks").stdout
    assert "docker : Refuse packages without a signing key" in listed
    for role, name in (("docker", "Our docker"), ("ours", "Ours")):
        (tmp_path / "roles" / role / "tasks").mkdir(parents=True)
        (tmp_path / "roles" / role / "tasks" / "main.yml").write_text(f"- name: {name}\n  ping:\n")
    listed = invoke(tmp_path, "provision-clients", "--list-tasks").stdout
    assert "docker : Our docker" in listed
    assert "Refuse packages" not in listed
    assert "registry_client : " in listed

    (tmp_path / "playbooks" / "clients.yml").write_text(OWN_PLAYBOOK)
    listed = invoke(tmp_path / "files", "provision-clients", "--list-tasks").stdout
    assert "Of our own" in listed
    assert "ours : Ours" in listed
    (tmp_path / "playbooks" / "all.yml").write_text("- import_playbook: site.yml\n")
    listed = invoke(tmp_path, "play", "playbooks/all.yml", "--list-tasks").stdout
    assert "Set up the registry's server" in listed
    assert "ours : Ours" in listed


def test_a_relative_path_is_looked_for_in_the_directorys_files(tmp_path: Path) -> None:
    """Also for Mooring's own playbooks and roles, and by look-ups, from wherever the task is called."""
    init(str(tmp_path))
    (tmp_path / "files" / "word.txt").write_text("found\n")
    project = Project(tmp_path)
    for play in Playbook.load(project.playbook("site.yml"), check_action, project).plays:
        for role in play.roles:
            context = replace(play.context, role=role)
            assert context.find("word.txt", "files", play.where) == tmp_path / "files" / "word.txt"
    (tmp_path / "playbooks" / "look.yml").write_text(
        "- hosts: clients\n  gather_facts: false\n  tasks:\n"
        "    - debug:\n        msg: \"{{ lookup('file', 'word.txt') }} {{ playbook_dir }}\"\n"
    )
    ran = invoke(tmp_path / "roles", "play", "../playbooks/look.yml", "-v", "-l", "docker1*")
    assert f"found {tmp_path}/playbooks" in ran.stdout, ran


def test_left_over_hosts_are_noted_in_the_directory(tmp_path: Path) -> None:
    init(str(tmp_path))
    (tmp_path / "inventory.yml").write_text(
        "all:\n  children:\n    clients:\n      hosts:\n        a: {ansible_host: 127.0.0.1, ansible_port: 1}\n"
    )
    for folder in (tmp_path, tmp_path / "files"):
        ran = invoke(folder, "provision-clients", "-T", "3")
        assert ran.returncode == 4, ran
        assert [path.name for path in (tmp_path / ".mooring").iterdir()] == ["clients.retry"]
        assert "--resume" in ran.stdout
