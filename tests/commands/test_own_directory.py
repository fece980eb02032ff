"""`invoke` in a directory that `invoke init` made: its own playbooks, roles and files, from any
folder of it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mooring.cli.init import init
from mooring.playbook.playbook import Playbook
from mooring.project import Project
from mooring.run.action_files import check_action

ROOT = Path(__file__).parents[2]


def invoke(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Invoke's own program in the folder, with Mooring where Python finds it."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    argv = [sys.executable, "-m", "invoke", *words]
    return subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, check=False)


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
    """Also for Mooring's own playbooks and roles, and by look-ups, from wherever
    the task is called."""
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


@pytest.mark.parametrize("task", ["provision-clients", "status", "images", "verify", "explain web1 busybox", "doctor"])
def test_without_an_inventory_a_command_says_how_to_have_one(tmp_path: Path, task: str) -> None:
    init(str(tmp_path))
    (tmp_path / "inventory.yml").unlink()
    ran = invoke(tmp_path, *task.split())
    assert ran.returncode != 0
    assert ran.stderr.startswith("inventory.yml: there is no inventory here (name yours with -i; "), ran
    assert "invoke init DIR" in ran.stderr
