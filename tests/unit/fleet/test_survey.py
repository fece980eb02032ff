"""Looking at many hosts at once: which ones, with whose variables, as whom; and
the ones in trouble."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from mooring.cli.options import Request
from mooring.cli.site import load_site
from mooring.errors import UsageError
from mooring.fleet.site import CLIENT_ROLE, SERVER_ROLE, looking_user
from mooring.fleet.survey import FleetHost, Lost, Survey

INVENTORY = """\
all:
  vars: {{ansible_connection: local, ansible_become: false}}
  children:
    server: {{hosts: {{s: {{nginx_http_port: 8080}}}}}}
    clients:
      hosts:
        a: {{registry_names: [r.example.com]}}
        down: {{ansible_connection: ssh, ansible_host: 127.0.0.1, ansible_port: {port}}}
    others: {{hosts: {{o: }}}}
"""


@pytest.fixture
def inventory(tmp_path: Path) -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = tmp_path / "hosts.yml"
    path.write_text(INVENTORY.format(port=port))
    return str(path)


def chosen(inventory: str, pattern: str = "", **options: Any) -> list[str]:
    with Survey(load_site(Request(inventory=(inventory,), **options)), pattern) as survey:
        return [visit.name for visit in survey.fleet_hosts]


def test_which_hosts(inventory: str) -> None:
    assert chosen(inventory) == ["s", "a", "down"]
    assert chosen(inventory, "clients:!down") == ["a"]
    assert chosen(inventory, limit="o") == ["o"]
    assert chosen(inventory, "all", limit="s,o") == ["s", "o"]
    with pytest.raises(UsageError, match=r"no host of .* is meant by"):
        chosen(inventory, "s", limit="a")


def test_variables_are_those_of_the_roles_in_the_hosts_play(inventory: str) -> None:
    with Survey(load_site(Request(inventory=(inventory,), extra_vars=("registry_port=5001",))), "s:a:o") as survey:
        visits = {visit.name: visit for visit in survey.fleet_hosts}
    assert visits["s"].roles[SERVER_ROLE]["nginx_http_port"] == 8080
    assert visits["s"].roles[SERVER_ROLE]["nginx_container_name"] == "mooring-nginx"
    assert visits["s"].roles[SERVER_ROLE]["registry_port"] == "5001"
    assert list(visits["a"].roles[CLIENT_ROLE]["registry_client_names"]) == ["r.example.com"]
    assert visits["o"].roles == {}


def test_a_host_in_trouble_is_an_answer_too(inventory: str) -> None:
    def look(visit: FleetHost) -> Any:
        return visit.call("command", cmd="false" if visit.name == "s" else "echo well").get("stdout")

    with Survey(load_site(Request(inventory=(inventory,)))) as survey:
        outcomes = survey.look(look)
    assert outcomes["a"] == "well"
    down, failed = outcomes["down"], outcomes["s"]
    assert isinstance(down, Lost)
    assert isinstance(failed, Lost)
    assert (down.is_unreachable, failed.is_unreachable) == (True, False)
    assert failed.reply["rc"] == 1


@pytest.mark.parametrize(
    ("variables", "user"),
    [
        ({}, "root"),
        ({"ansible_user": "admin"}, "root"),
        ({"ansible_user": "root"}, None),
        ({"ansible_become": False}, None),
        ({"ansible_become": "yes", "ansible_become_user": "docker"}, "docker"),
    ],
)
def test_whom_a_look_becomes(variables: dict[str, Any], user: str | None) -> None:
    assert looking_user(variables) == user
