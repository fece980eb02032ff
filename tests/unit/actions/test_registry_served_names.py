"""Clients' names that nginx does not serve: told by provision-server and doctor, refused by
provision-clients."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mooring.actions.registry_served_names import run
from mooring.cli.options import Request
from mooring.cli.provision import run_playbook
from mooring.doctor.server import judge_clients
from mooring.errors import TemplateError
from mooring.records.diagnosis import Verdict

NAME, OTHER, ADDRESS = "registry.example.com", "old.example.com", "192.0.2.7"


class NeedsFacts(dict[str, Any]):
    """Variables of which one cannot be rendered without facts."""

    def get(self, name: str, default: Any = None) -> Any:
        if name == "nginx_server_names":
            raise TemplateError("ansible_fqdn is undefined")
        return super().get(name, default)


def ask(server: dict[str, Any], *clients: dict[str, Any], refuse: bool = True, served: tuple[str, ...] = ()) -> Any:
    """What the task says; the clients are c0, c1, …"""
    hosts = {"s": server, **{f"c{number}": client for number, client in enumerate(clients)}}
    args = {"servers": ["s"], "clients": [name for name in hosts if name != "s"], "served": served, "refuse": refuse}
    call: Any = SimpleNamespace(args=args, host="s", variables={"hostvars": hosts})
    return run(call)


def names(*subjects: str, **others: Any) -> dict[str, Any]:
    return {"registry_client_names": list(subjects), **others}


OURS = {"registry_names": [NAME]}


@pytest.mark.parametrize(
    ("server", "client"),
    [
        (OURS, names(NAME)),
        (OURS, names(f"{NAME.upper()}.:443")),
        (OURS, names(OTHER, registry_client_state="absent")),
        ({**OURS, "nginx_serve_other_names": True}, names(NAME, OTHER)),
        ({**OURS, "nginx_behind_proxy": True}, names(NAME, OTHER)),
        ({**OURS, "nginx_server_names": [OTHER]}, names(NAME, OTHER)),
        ({**OURS, "nginx_server_names": ["*.example.com"]}, names(NAME, OTHER)),
        ({**OURS, "nginx_server_names": ["~^old"]}, names(NAME, OTHER)),
        ({**OURS, "registry_server_address": ADDRESS}, names(NAME, ADDRESS)),
        ({**OURS, "registry_server_address": "2001:db8::7"}, names(NAME, "[2001:db8::7]:80")),
        ({}, names(NAME, OTHER)),
        (NeedsFacts(OURS), names(NAME, OTHER)),
        (OURS, {}),
    ],
)
def test_names_that_are_served_or_not_to_be_judged(server: dict[str, Any], client: dict[str, Any]) -> None:
    reply = ask(server, client)
    assert not reply.get("failed")
    assert not reply.get("warnings")


@pytest.mark.parametrize(
    ("server", "client"),
    [
        (OURS, names(NAME, OTHER)),
        (OURS, {"registry_names": [NAME, OTHER]}),
        (
            {**OURS, "registry_server_address": ADDRESS},
            {"registry_names": [OTHER], "registry_server_address": ADDRESS},
        ),
    ],
)
def test_a_name_that_is_this_registrys_is_refused(server: dict[str, Any], client: dict[str, Any]) -> None:
    reply = ask(server, client)
    assert reply["failed"]
    for word in (OTHER, "c0", "421", "registry_names", "nginx_server_names", "nginx_serve_other_names: true"):
        assert word in reply["msg"]
    warned = ask(server, client, refuse=False)
    assert not warned.get("failed")
    assert warned["warnings"] == reply["msg"].splitlines()


def test_a_name_that_may_be_another_registrys_is_told_only() -> None:
    reply = ask(OURS, names(OTHER))
    assert not reply.get("failed")
    assert len(reply["warnings"]) == 1
    assert OTHER in reply["warnings"][0]


LED = {"hosts_file_names": [NAME, OTHER], "hosts_file_address": ADDRESS}
ENTRIES = [
    ("registry_client_mirrors", [f"http://{OTHER}"]),
    ("registry_client_mirrors", ["https://mirror.example.net", f"https://{OTHER.upper()}:443"]),
    ("registry_client_registry_mirrors", [{"url": f"http://{OTHER}:80", "registry": "quay.io"}]),
    ("registry_client_registries", [{"name": OTHER, "insecure": True}]),
    ("registry_client_insecure_registries", [OTHER, "192.0.2.0/24"]),
    ("registry_client_add_registries", [f"{OTHER}."]),
]


@pytest.mark.parametrize(("variable", "entries"), ENTRIES)
def test_an_entry_that_leads_to_this_server_is_refused(variable: str, entries: list[Any]) -> None:
    server = {**OURS, "registry_server_address": ADDRESS}
    reply = ask(server, names(NAME, **LED, **{variable: entries}))
    assert reply["failed"]
    assert f"{OTHER} (c0; {variable})" in reply["msg"]
    assert "registry_client_registries;" not in reply["msg"].partition(variable)[2]
    for served in ({"nginx_serve_other_names": True}, {"nginx_server_names": [OTHER]}):
        assert not ask({**server, **served}, names(NAME, **LED, **{variable: entries})).get("warnings")


@pytest.mark.parametrize(("variable", "entries"), ENTRIES)
@pytest.mark.parametrize("server", [{"inventory_hostname": OTHER}, {"ansible_host": OTHER}])
def test_an_entry_by_the_servers_own_name_is_told(server: dict[str, Any], variable: str, entries: list[Any]) -> None:
    reply = ask({**OURS, **server}, names(NAME, **{variable: entries}))
    assert not reply.get("failed")
    (warning,) = reply["warnings"]
    assert f"{OTHER} (c0; {variable})" in warning
    assert "nginx_server_names" in warning


@pytest.mark.parametrize(
    "client",
    [
        *({variable: entries} for variable, entries in ENTRIES),
        {**LED, "registry_client_mirrors": [f"http://{OTHER}:5001"]},
        {**LED, "hosts_file_address": "192.0.2.8", "registry_client_mirrors": [f"http://{OTHER}"]},
        {**LED, "registry_client_registries": [{"name": OTHER, "block": True}]},
        {**LED, "registry_client_registries": [OTHER], "registry_client_mirrors": [{"url": OTHER}, None]},
    ],
)
def test_entries_that_lead_elsewhere_or_say_nothing(client: dict[str, Any]) -> None:
    reply = ask({**OURS, "registry_server_address": ADDRESS, "inventory_hostname": "s"}, names(NAME, **client))
    assert not reply.get("failed")
    assert not reply.get("warnings")


@pytest.mark.parametrize(
    ("second", "is_told"),
    [({}, True), ({"nginx_server_names": [OTHER]}, False), ({"nginx_serve_other_names": True}, False)],
)
def test_an_entry_that_leads_to_one_of_several_servers(second: dict[str, Any], is_told: bool) -> None:
    first = {**OURS, "registry_server_address": ADDRESS}
    hosts = {"s": first, "t": {**OURS, **second}, "c": names(NAME, **LED, registry_client_mirrors=[f"http://{OTHER}"])}
    args = {"servers": ["s", "t"], "clients": ["c"], "served": [], "refuse": True}
    call: Any = SimpleNamespace(args=args, host="s", variables={"hostvars": hosts})
    assert bool(run(call).get("failed")) is is_told


def test_an_entry_at_a_port_of_nginx_counts() -> None:
    server = {**OURS, "registry_server_address": ADDRESS, "nginx_http_port": 5001}
    assert ask(server, names(NAME, **LED, registry_client_mirrors=[f"http://{OTHER}:5001"]))["failed"]
    assert not ask(server, names(NAME, **LED, registry_client_mirrors=[f"http://{OTHER}:80"])).get("failed")


def test_addresses_are_judged_where_the_servers_own_are_known() -> None:
    assert not ask(OURS, names(NAME, "192.0.2.99")).get("warnings")
    assert not ask(OURS, names(NAME, "192.0.2.99"), refuse=False, served=(NAME, "192.0.2.99")).get("warnings")
    assert "192.0.2.99" in ask(OURS, names(NAME, "192.0.2.99"), refuse=False, served=(NAME,))["warnings"][0]


def test_what_the_role_works_out_counts() -> None:
    assert not ask(OURS, names(OTHER), served=(NAME, OTHER)).get("warnings")
    assert ask({**OURS, "nginx_server_names": [OTHER]}, names(OTHER), served=(NAME,))["warnings"]


def test_many_clients_are_one_line() -> None:
    reply = ask(OURS, *[names(NAME, OTHER)] * 50)
    assert f"{OTHER} (c0, c1, c2 and 47 more)" in reply["msg"]
    assert len(reply["msg"].splitlines()) == 1


def test_without_a_server_nothing_is_said() -> None:
    call: Any = SimpleNamespace(
        args={"servers": [], "clients": ["c"], "served": [], "refuse": True},
        variables={"hostvars": {"c": names(OTHER)}},
    )
    assert run(call).keys() == {"changed", "msg"}


def test_the_doctor_tells_it() -> None:
    hosts = {"s": OURS, "c": names(NAME, OTHER)}
    finding = judge_clients("s", {**OURS, "hostvars": hosts, "groups": {"clients": ["c"]}})
    assert finding.verdict is Verdict.HARMS
    assert f"{OTHER} (c)" in finding.seen
    assert "nginx_server_names" in finding.remedy
    well = judge_clients("s", {**OURS, "hostvars": hosts, "groups": {"clients": []}})
    assert well.verdict is Verdict.HOLDS


def provision(playbook: str, folder: Path, capsys: pytest.CaptureFixture[str], **server: Any) -> list[dict[str, Any]]:
    """What a shipped playbook tells in check mode of two clients, the second of which uses
    a name of its own."""
    client = {"registry_names": [NAME]}
    inventory = {
        "all": {
            "vars": {"ansible_connection": "local", "ansible_become": False},
            "children": {
                "server": {"hosts": {"s": {**OURS, **server}}},
                "clients": {"hosts": {"c1": client, "c2": {**client, **names(NAME, OTHER)}}},
            },
        }
    }
    path = folder / "hosts.yml"
    path.write_text(json.dumps(inventory))
    tags = "nginx,registry_client"
    run_playbook(f"playbooks/{playbook}", Request(inventory=(str(path),), check=True, json=True, tags=tags))
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_provision_clients_refuses_before_any_host_is_touched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events = provision("clients.yml", tmp_path, capsys)
    failed = [client for client in events if OTHER in json.dumps(client) and "421" in json.dumps(client)]
    assert failed
    assert "c1" in json.dumps(failed[0])
    assert not any(
        "Set up the engine" in json.dumps(client) or "registry_client :" in json.dumps(client) for client in events
    )


def test_provision_server_warns_before_its_roles(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    events = provision("server.yml", tmp_path, capsys, nginx_user="ends the role at its first task")
    lines = [json.dumps(client) for client in events]
    position = next((at for at, line in enumerate(lines) if OTHER in line and "421" in line), None)
    assert position is not None
    assert not any("must be root" in line for line in lines[:position])
    assert any("must be root" in line for line in lines[position:])
