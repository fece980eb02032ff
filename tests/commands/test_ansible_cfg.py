"""Settings of ansible.cfg and of MOORING_… names, as a whole run of the program takes them."""

from __future__ import annotations

from pathlib import Path

from tests.support.program import call

PLAY = """\
- hosts: all
  gather_facts: false
  roles: [hello]
"""


def test_a_whole_run_by_ansible_cfg(tmp_path: Path) -> None:
    """Inventory and roles by it; a play that does not become anybody, and one that does by the
    file's word."""
    (tmp_path / "tasks.py").write_text("from mooring.cli.tasks import namespace\n")
    (tmp_path / "site.yml").write_text(PLAY)
    (tmp_path / "fleet.yml").write_text("all: {hosts: {web1: {ansible_connection: local}}}\n")
    (tmp_path / "vendor" / "hello" / "tasks").mkdir(parents=True)
    (tmp_path / "vendor" / "hello" / "tasks" / "main.yml").write_text("- debug: {msg: hello from vendor}\n")
    (tmp_path / "ansible.cfg").write_text(
        "[defaults]\ninventory = fleet.yml\nroles_path = vendor\nretry_files_enabled = no\nforks = 2\n"
    )
    (tmp_path / "below").mkdir()
    ran = call("play", str(tmp_path / "site.yml"), folder=tmp_path / "below")
    assert ran.returncode == 0, ran
    assert "ok: [web1] => hello from vendor" in ran.stdout
    warning = f"WARNING: {tmp_path}/ansible.cfg: these keys mean nothing here: retry_files_enabled\n"
    assert ran.stderr == warning

    ran = call("play", "site.yml", folder=tmp_path, MOORING_INVENTORY="nowhere.yml")
    assert (ran.returncode, "nowhere.yml" in ran.stderr) == (1, True)
    ran = call("play", "site.yml", "--forks", "x", folder=tmp_path)
    assert ran.stderr.splitlines()[-1] == '--forks is "x": it takes a whole number from 1 on'
    (tmp_path / "ansible.cfg").write_text("[defaults]\nforks = x\n")
    ran = call("play", "site.yml", folder=tmp_path)
    assert ran.returncode == 1
    assert ran.stderr.startswith('ansible.cfg:2:1: forks is "x" (it takes a whole number from 1 on)\n')


def test_become_of_ansible_cfg_is_the_plays_default(tmp_path: Path) -> None:
    """Without sudo the words tell whom it would become; a play's own word wins."""
    (tmp_path / "inventory.yml").write_text("all: {hosts: {web1: {ansible_connection: local}}}\n")
    (tmp_path / "tasks.py").write_text("from mooring.cli.tasks import namespace\n")
    (tmp_path / "ansible.cfg").write_text("[privilege_escalation]\nbecome = true\nbecome_user = no-such-user\n")
    (tmp_path / "site.yml").write_text("- hosts: all\n  gather_facts: false\n  tasks: [{command: id}]\n")
    ran = call("play", "site.yml", folder=tmp_path)
    assert ran.returncode in (2, 4)
    assert "no-such-user" in ran.stdout
    (tmp_path / "site.yml").write_text("- hosts: all\n  gather_facts: false\n  become: no\n  tasks: [{command: id}]\n")
    assert call("play", "site.yml", folder=tmp_path).returncode == 0


def test_help_names_the_variables() -> None:
    shown = call("--help", "play").stdout
    for name in ("INVENTORY", "FORKS", "TIMEOUT", "CONNECTION_PASSWORD_FILE", "BECOME_PASSWORD_FILE"):
        assert f"(or MOORING_{name})" in shown
