"""`verify` where the operator's variables take a host's facts: what a host makes of its own ones is
its own trouble."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.hostile.honest_words import MODULES_OF_VERIFY
from tests.hostile.host import Request
from tests.hostile.payloads import TAINT, expect_law
from tests.hostile.recorded import FACTS
from tests.hostile.yard import TRACE, Watched, Yard
from tests.support.registry_server import serve_registry
from tests.support.verification_world import World

# What inventories may say of a host by its facts; its facts
# then say something else than was thought of.
ODD: dict[str, tuple[str, dict[str, Any], Any]] = {
    "no engine": ("clients", {"registry_client_engine": "{{ ansible_word }}"}, TAINT),
    "no word": ("clients", {"registry_client_engine": "{{ ansible_word }}"}, None),
    "no list": ("clients", {"registry_client_mirrors": "{{ ansible_word }}"}, 7),
    "no names": ("clients", {"registry_client_names": "{{ ansible_word }}"}, [7]),
    "no JSON": ("clients", {"registry_client_names": "{{ ansible_word | from_json }}"}, "x"),
    "no URL": ("clients", {"registry_client_mirrors": ["{{ ansible_word }}"]}, f"x://{TAINT}:1:1"),
    "no mapping": ("clients", {"hosts_file_address": "{{ ansible_word.address }}"}, "x"),
    "no port": ("server", {"nginx_http_port": "{{ ansible_word }}"}, "x"),
    "no such list": ("server", {"nginx_server_names": "{{ ansible_word }}"}, 7),
    "nothing of it": ("server", {"nginx_http_port": "{{ ansible_word.port }}"}, "x"),
}


def verify(yard: Yard, world: World, odd: str) -> Watched:
    """A server and two clients; the server or the second client has the variables."""
    group, variables, word = ODD[odd]
    for name in ("server", "client1", "client2"):

        def answer(request: Request, name: str = name) -> dict[str, Any]:
            return world.answer(name, request.module, request.args)

        is_odd = name == {"server": "server", "clients": "client2"}[group]
        facts = {**FACTS, "ansible_word": word} if is_odd else FACTS
        answers = {"setup": {"ansible_facts": facts}, **dict.fromkeys(MODULES_OF_VERIFY, answer)}
        yard.add(name, None, answers, "server" if name == "server" else "clients", **(variables if is_odd else {}))
    yard.tunnels_to = world.registry.server_address  # type: ignore[assignment]
    return yard.invoke("verify", "--json")


@pytest.mark.parametrize("odd", ODD)
def test_a_hosts_facts_spoil_its_own_part_alone(yard: Yard, odd: str) -> None:
    with serve_registry() as registry:
        run = verify(yard, World(registry), odd)
    assert TRACE not in run.out, run.transcript
    expect_law(run, yard)
    assert run.status == 2, run.transcript
    summary = json.loads(run.out)
    assert set(summary["hosts"]) == {"server", "client1", "client2"}, run.transcript
    if ODD[odd][0] == "clients":
        assert summary["hosts"]["server"]["status"] == "ok", run.transcript
        assert summary["hosts"]["client1"]["status"] == "ok", run.transcript
        routes = summary["hosts"]["client1"]["routes"]
        assert routes, run.transcript
        assert all(route["status"] == "ok" for route in routes.values()), run.transcript
        errors = [error for error in summary["errors"] if error.startswith("client2: ")]
        assert errors or summary["hosts"]["client2"]["status"] == "failed", run.transcript
