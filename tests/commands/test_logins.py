"""Who logs in and with which passwords: files of passwords and `remote_user` of ansible.cfg, over
real SSH and sudo's own dialogue."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import paramiko
import pytest

from tests.support.program import CHECKOUT, call
from tests.support.ssh_server import Rules, SshServer

LOGIN, SUDO = "login pass", "sudo päss"
PLAY = """\
- hosts: all
  gather_facts: false
  become: true
  tasks: [{command: "true", changed_when: false}]
"""
# Asks as sudo does, by the prompt that it is given, and notes whom it was to become.
SUDO_STAND_IN = """\
#!/bin/sh
for word in "$@"; do
    case $word in --) break ;; esac
    [ "$last" = -p ] && prompt=$word
    [ "$last" = -u ] && user=$word
    last=$word
done
printf %s "$prompt" >&2
IFS= read -r password
[ "$password" = '{password}' ] || {{ echo 'sudo: 1 incorrect password attempt' >&2; exit 1; }}
echo "$user" >>'{log}'
while [ "$1" != -- ]; do shift; done
shift
exec "$@"
"""


@dataclass
class Site:
    """An operator's directory, with one host that lets `deploy` in by password alone."""

    folder: Path

    @property
    def log(self) -> list[str]:
        path = self.folder / "sudo.log"
        return path.read_text().splitlines() if path.exists() else []

    def put(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")
        (self.folder / name).chmod(0o600)

    def play(self, *words: str, **names: str) -> subprocess.CompletedProcess[str]:
        return call("play", "site.yml", *words, folder=self.folder, **names)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    host_key = paramiko.ECDSAKey.generate()
    server = SshServer(Rules(user="deploy", password=LOGIN), (host_key,))
    site = Site(tmp_path)
    site.put("known_hosts", f"[127.0.0.1]:{server.port} {host_key.get_name()} {host_key.get_base64()}\n")
    site.put(
        "inventory.yml",
        f"all:\n  hosts:\n    web1:\n      ansible_host: 127.0.0.1\n      ansible_port: {server.port}\n"
        f"      ansible_python_interpreter: {sys.executable}\n"
        f"      ansible_ssh_common_args: -F none -o UserKnownHostsFile={tmp_path}/known_hosts\n",
    )
    site.put("tasks.py", "from mooring.cli.tasks import namespace\n")
    site.put("site.yml", PLAY)
    site.put("login", f"{LOGIN}\n")
    site.put("sudo-password", f"{SUDO}\n")
    (tmp_path / "bin").mkdir()
    sudo = tmp_path / "bin" / "sudo"
    sudo.write_text(SUDO_STAND_IN.format(password=SUDO, log=tmp_path / "sudo.log"), encoding="utf-8")
    sudo.chmod(0o755)
    # The server is in this process, so its commands find the stand-in.
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    yield site
    server.close()


def test_all_of_it_by_ansible_cfg(site: Site) -> None:
    site.put(
        "ansible.cfg",
        "[defaults]\nremote_user = deploy\nconnection_password_file = login\nbecome_password_file = sudo-password\n",
    )
    ran = site.play()
    assert (ran.returncode, ran.stderr) == (0, ""), ran
    assert site.log == ["root"]


def test_the_environment_and_options_name_files(site: Site) -> None:
    site.put("ansible.cfg", "[defaults]\nremote_user = deploy\nconnection_password_file = nowhere\n")
    ran = site.play("--become-password-file", "sudo-password", MOORING_CONNECTION_PASSWORD_FILE="login")
    assert (ran.returncode, ran.stderr) == (0, ""), ran
    assert site.log == ["root"]


def test_a_program_gives_the_password(site: Site) -> None:
    """As the documents say: <(pass show sudo)."""
    words = "play site.yml -e ansible_user=deploy --connection-password-file <(cat login) --become-password-file"
    script = f'export PYTHONPATH={CHECKOUT}; exec "$0" -m mooring.cli {words} <(cat sudo-password)'
    argv = ["bash", "-c", script, sys.executable]
    ran = subprocess.run(argv, cwd=site.folder, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, ""), ran
    assert site.log == ["root"]


@pytest.mark.parametrize(
    ("cfg", "status", "message"),
    [
        ("remote_user = somebody\nconnection_password_file = login\n", 4, "somebody"),
        ("remote_user = deploy\nconnection_password_file = sudo-password\n", 4, "password"),
        (
            "remote_user = deploy\nconnection_password_file = login\nbecome_password_file = login\n",
            2,
            "sudo refuses the password of deploy",
        ),
    ],
)
def test_another_user_or_password_is_refused(site: Site, cfg: str, status: int, message: str) -> None:
    site.put("ansible.cfg", f"[defaults]\n{cfg}")
    ran = site.play()
    assert ran.returncode == status, ran
    assert message in ran.stdout
    assert LOGIN not in ran.stdout + ran.stderr
    assert site.log == []
