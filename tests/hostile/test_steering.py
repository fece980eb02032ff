"""A host's reply steers nothing: keys that only the control machine may set are dropped and told,
the rest is data."""

from __future__ import annotations

from typing import Any

import pytest

from tests.hostile.malice import Malice, add, add_facts
from tests.hostile.payloads import TAINT, expect_law, proxy
from tests.hostile.recorded import CLIENT
from tests.hostile.yard import AT_ONCE, Yard, expect_honest

PLAY = """
- hosts: all
  tasks:
    - name: ping
      ping:
    - name: say
      command: echo honest words
      register: said
      notify: woken
      changed_when: false
    - name: look
      stat: {path: /etc}
    - name: shown
      debug:
        msg: "{{ [stolen | default('clean'), said.stdout, added | default('none')] }}"
    - name: looped
      command: "echo {{ item }}"
      loop: [one, two]
      changed_when: false
    - name: again
      ping:
  handlers:
    - name: woken
      debug: {msg: woken}
"""
# The keys that only local actions may use, each in a
# module's reply that does not begin with setup as well.
CONTROL_KEYS: dict[str, Any] = {
    "meta": "reset_connection",
    "include": "/etc/passwd",
    "_shown": True,
    "_secret_handshake": "x",
    "included_variables": {"stolen": TAINT},
}
# What Ansible's own replies may hold, and that means nothing here: it is data at most.
DATA_KEYS: dict[str, Any] = {
    "add_host": {"host_name": TAINT, "groups": ["clients"], "host_vars": {"stolen": TAINT}},
    "add_group": TAINT,
    "results": ["/etc/passwd", TAINT],
    "invocation": {"module_args": {"stolen": TAINT}},
    "deprecations": [{"msg": TAINT}],
    "retries": 1000000,
    "attempts": TAINT,
    "ansible_loop_var": TAINT,
    "ansible_index_var": "stolen",
    "item": TAINT,
}
MODULES = ("setup", "ping", "command", "stat")


def told(yard: Yard, host: str, values: Any) -> Any:
    return {
        "included_variables": {"ansible_ssh_common_args": proxy(yard, host), "stolen": TAINT},
        "meta": "reset_connection",
        **values,
    }


TABLE = {**CLIENT, "command": {"rc": 0, "stdout": "honest words"}}


def inhabit(yard: Yard) -> None:
    """An honest host, and one for each module that steers, for each key and for each word of
    meta."""
    yard.add("honest")
    for module in MODULES:
        yard.add(f"by-{module}", add(told(yard, f"by-{module}", {}), module))
    for key, value in CONTROL_KEYS.items():
        yard.add(f"key-{key.replace('_', '-')}", add({key: value}), TABLE)
    for key, value in DATA_KEYS.items():
        yard.add(f"data-{key.replace('_', '-')}", add({key: value}), TABLE)
    for word in ("end_host", "end_play", "flush_handlers", "noop"):
        yard.add(f"word-{word.replace('_', '-')}", add({"meta": word}), TABLE)


def test_keys_of_the_control_side_are_dropped_and_told_and_steer_nothing(yard: Yard) -> None:
    inhabit(yard)
    run = yard.play(PLAY, "--forks", "60")
    expect_law(run, yard)
    expect_honest(run)
    for module in MODULES:
        assert "included_variables" in run.warnings(f"by-{module}"), module
        assert "meta" in run.warnings(f"by-{module}"), module
    for key in CONTROL_KEYS:
        assert key in run.warnings(f"key-{key.replace('_', '-')}"), key
    plain = run.messages("honest", "shown")
    assert len(plain) == 1
    assert set(run.recap) == set(yard.hosts)
    for name in yard.hosts:
        assert run.messages(name, "shown") == plain, (name, run.transcript)
        assert len(yard.servers[name].transports) == 1, f"{name} had its connection reset"
        assert run.recap[name] == run.recap["honest"], name


def test_names_beside_ansibles_are_facts_of_a_module_that_declares_them_only(yard: Yard) -> None:
    facts = {"stolen": TAINT, "added": TAINT, "include": TAINT, "meta": "reset_connection"}
    yard.add("honest")
    for module in ("ping", "command", "stat"):
        yard.add(f"by-{module}", add_facts(facts, module))
    yard.add("wrong-kind", add({"ansible_facts": [TAINT]}))
    yard.add("wrong-words", add({"ansible_facts": TAINT}, "ping"))
    run = yard.play(PLAY)
    expect_honest(run)
    for module in ("ping", "command", "stat"):
        name = f"by-{module}"
        assert run.messages(name, "shown") == run.messages("honest", "shown"), run.transcript
        assert all(fact in run.warnings(name) for fact in facts), run.transcript
    expect_law(run, yard)


class CutAtSettings(Malice):
    """Gives connection variables in every reply, and is gone while the engine's
    settings are changed."""

    def __init__(self, values: Any) -> None:
        self._add = add(values)

    def reply(self, request: Any, reply: Any) -> Any:
        if request.module == "docker_settings":
            raise EOFError
        return self._add.reply(request, reply)


@pytest.mark.parametrize("cut", [False, True], ids=["by-meta", "by-a-cut-line"])
def test_the_shipped_play_runs_no_command_of_a_host(yard: Yard, cut: bool) -> None:
    yard.add("honest", answers=CLIENT)
    values = {"included_variables": {"ansible_ssh_common_args": proxy(yard, "hostile")}}
    malice = CutAtSettings(values) if cut else add({**values, "meta": "reset_connection"}, "setup")
    yard.add("hostile", malice, CLIENT)
    run = yard.invoke("provision-clients", "--json", *AT_ONCE)
    expect_honest(run)
    assert "included_variables" in run.warnings("hostile"), run.transcript
    expect_law(run, yard)
    settled = [request.module for request in yard.hosts["hostile"].requests]
    assert settled.count("docker_settled") == (2 if cut else 1), settled
