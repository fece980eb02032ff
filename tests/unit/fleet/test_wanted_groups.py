"""A list of hosts has no groups: what Mooring's own tasks say of it. And -i, which may be given
several times."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mooring.cli.doctor import diagnose
from mooring.cli.options import Request
from mooring.cli.provision import run_playbook
from mooring.cli.status import show_status
from mooring.cli.verify import verify
from mooring.errors import UsageError
from mooring.inventory.inventory import Inventory

ROOT = Path(__file__).parents[3]
WRITTEN = """
all:
  children:
    server:
      hosts:
        host1:
    clients:
      hosts:
        "192.0.2.7": {ansible_port: 2222}
        "no":"""
COMMANDS: dict[str, Callable[[Request], int]] = {
    "provision-server": lambda request: run_playbook("playbooks/server.yml", request),
    "provision-clients": lambda request: run_playbook("playbooks/clients.yml", request),
    "deprovision-clients": lambda request: run_playbook("playbooks/deprovision-clients.yml", request),
    "verify": verify,
    "status": show_status,
    "doctor": lambda request: diagnose("", request),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_list_of_hosts_has_no_groups(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(UsageError) as caught:
        COMMANDS[name](Request(inventory=("host1,192.0.2.7:2222,no",)))
    message, _, inventory = str(caught.value).partition("\n")
    assert 'want the groups "server" and "clients", which a list of hosts does not have' in message
    assert inventory == WRITTEN
    (tmp_path / "inventory.yml").write_text(inventory)
    read = Inventory.load(str(tmp_path / "inventory.yml"))
    assert read.group_members()["clients"] == ["192.0.2.7", "no"]
    assert read.hosts["192.0.2.7"].vars == {"ansible_port": 2222}


def test_one_host_is_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(UsageError) as caught:
        verify(Request(inventory=("2001:db8::1,",)))
    assert str(caught.value).count('        "2001:db8::1":') == 2


def test_a_file_without_the_groups_is_told_as_before(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(ROOT)
    (tmp_path / "hosts").write_text("a\n")
    with pytest.raises(UsageError, match=r"no host of .*hosts and b, is meant by"):
        run_playbook("playbooks/server.yml", Request(inventory=(str(tmp_path / "hosts"), "b,")))
