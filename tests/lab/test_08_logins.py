"""Chapter 8: sudo with a password, and hosts whose keys are not known; every refusal says
why and what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from invocations import invoke, succeed

from lab.keys import PASSWORD, SSH
from lab.topology import OPERATOR, SMALL_FLEET

PLAYBOOK = """\
- hosts: server:clients
  gather_facts: false
  become: true
  tasks:
    - name: Say who it is
      ansible.builtin.command: id --user --name
      register: who
      changed_when: false
    - name: Be root
      ansible.builtin.assert:
        that: who.stdout == "root"
"""
WriteSecrets = Callable[..., str]
"""Takes variables; returns the option that hands them over."""
FLEET = [host for host in SMALL_FLEET if host.name != "hub"]


@pytest.fixture
def playbook(tmp_path: Path) -> Path:
    path = tmp_path / "who.yml"
    path.write_text(PLAYBOOK)
    return path


@pytest.fixture
def secrets(tmp_path: Path) -> WriteSecrets:
    """Variables, given in a file, as one gives passwords."""

    def write(**variables: str) -> str:
        path = tmp_path / "variables.json"
        path.write_text(json.dumps(variables))
        return f"--extra-vars=@{path}"

    return write


def test_the_right_password(playbook: Path, secrets: WriteSecrets) -> None:
    password = PASSWORD.read_text().strip()
    run = succeed(invoke("play", playbook, "--json", secrets(ansible_user=OPERATOR, ansible_become_password=password)))
    assert run.count("ok") == {host.name: 2 for host in FLEET}
    assert password not in run.out + run.err


@pytest.mark.parametrize(
    ("password", "reason"),
    [(None, "sudo wants a password for operator"), ("wrong", "sudo refuses the password of operator")],
)
def test_no_password_or_a_wrong_one(playbook: Path, secrets: WriteSecrets, password: str | None, reason: str) -> None:
    variables = {"ansible_user": OPERATOR} | ({"ansible_become_password": password} if password else {})
    run = invoke("play", playbook, "--json", secrets(**variables))
    assert run.status == 2, run.transcript
    failed = {event["host"]: event["message"] for event in run.finished("failed")}
    assert set(failed) == {host.name for host in FLEET}
    assert all(reason in message and "ansible_become_password" in message for message in failed.values())


@pytest.fixture
def known_hosts(tmp_path: Path) -> Path:
    path = tmp_path / "known_hosts"
    path.touch()
    return path


def lines_of_the_fleet() -> set[str]:
    ports = {f"[127.0.0.1]:{host.ssh_port}" for host in FLEET}
    return {line for line in (SSH / "known_hosts").read_text().splitlines() if line.split()[0] in ports}


def test_an_unknown_host_key(playbook: Path, known_hosts: Path, secrets: WriteSecrets) -> None:
    options = secrets(ansible_ssh_common_args=f"-o UserKnownHostsFile={known_hosts} -o IdentitiesOnly=yes")
    run = invoke("play", playbook, "--json", options)
    assert run.status == 4, run.transcript
    assert {reason.splitlines()[-1] for reason in run.reasons().values()} == lines_of_the_fleet()
    assert all(str(known_hosts) in reason for reason in run.reasons().values())
    assert known_hosts.read_text() == ""

    succeed(invoke("play", playbook, "--json", options, "--accept-new-host-keys"))
    assert set(known_hosts.read_text().splitlines()) == lines_of_the_fleet()
    succeed(invoke("play", playbook, "--json", options))


def test_a_changed_host_key(playbook: Path, known_hosts: Path, secrets: WriteSecrets) -> None:
    name, kind, _ = next(iter(lines_of_the_fleet())).split()
    other = (SSH / "id_ed25519.pub").read_text().split()[1]
    known_hosts.write_text(f"{name} {kind} {other}\n")
    options = secrets(ansible_ssh_common_args=f"-o UserKnownHostsFile={known_hosts} -o IdentitiesOnly=yes")
    run = invoke("play", playbook, "--json", options, "--accept-new-host-keys")
    assert run.status == 4, run.transcript
    (message,) = run.reasons().values()
    assert "has changed" in message
    assert f"{known_hosts}:1" in message
    assert known_hosts.read_text().splitlines()[0] == f"{name} {kind} {other}"
