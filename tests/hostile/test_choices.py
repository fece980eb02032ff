"""What a host's text or number picks among the operator's values: of use for all but keys,
certificates and ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.hostile.malice import add_facts
from tests.hostile.payloads import SECRET
from tests.hostile.recorded import CLIENT, FACTS
from tests.hostile.yard import AT_ONCE, Yard, expect_honest

KEY = f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----\n"
COUNTING = {**CLIENT, "setup": {"ansible_facts": {**FACTS, "ansible_processor_vcpus": 2}}, "copy": {"changed": True}}
CHOOSING = {
    "item": "{{ keys[ansible_hostname] }}",
    "get": "{{ keys.get(ansible_hostname) }}",
    "inline": "{{ {'web1': 'web1.pem'}[ansible_hostname] }}",
    "filter": "{{ (list | selectattr('name', 'equalto', ansible_hostname) | first).path }}",
    "number": "{{ ansible_processor_vcpus ~ '.pem' }}",
    "place": "{{ paths[ansible_processor_vcpus] }}",
    "variable": "{{ lookup('vars', 'file_of_' ~ ansible_hostname) }}",
    "kept": "{{ kept }}",
}
VARIABLES = """
- hosts: all
  vars:
    keys: {web1: web1.pem, other: other.pem}
    list: [{name: web1, path: web1.pem}]
    paths: [a.pem, web1.pem]
    file_of_web1: web1.pem
    families: {Debian: {tasks: family.yml, text: own, that: "1 == 1"}}
  tasks:
    - {name: kept, set_fact: {kept: "{{ keys[ansible_hostname] }}"}}
"""


def play_choices(yard: Yard, replies: Mapping[str, Any], arguments: str, text: str) -> None:
    """On each host a task takes a file by one way of choosing: it fails with TEXT, and the key's
    bytes stay here.

    The hosts reply by REPLIES; ARGUMENTS are the task's, with PATH for the choice.
    """
    files = yard.checkout / "playbooks" / "files"
    files.mkdir()
    for name in ("web1.pem", "1.pem"):
        (files / name).write_text(KEY)
    yard.add("honest", answers=COUNTING, which="")
    malice = add_facts({"ansible_hostname": "web1", "ansible_processor_vcpus": 1})
    for name in CHOOSING:
        yard.add(name, malice, replies, which=name)
    tasks = [
        f"    - {{name: {name}, {arguments.replace('PATH', path)}, when: which == '{name}'}}\n"
        for name, path in CHOOSING.items()
    ]
    run = yard.play(VARIABLES + "".join(tasks), *AT_ONCE)
    expect_honest(run)
    for name in CHOOSING:
        assert run.recap[name]["failed"] == 1, (name, run.transcript)
        assert text in run.messages(name, name)[-1], run.transcript
        assert SECRET not in yard.requests_of(name), name
    assert SECRET not in run.out


@pytest.mark.parametrize("argument", ["ca_file", "certificate_file", "key_file"])
def test_no_host_picks_a_key_or_a_certificate(yard: Yard, argument: str) -> None:
    arguments = f'registry_client: {{registries: [{{name: r.example.com, {argument}: "PATH"}}]}}'
    play_choices(yard, CLIENT, arguments, "text that a host sent")


def test_nor_a_key_to_be_copied(yard: Yard) -> None:
    play_choices(yard, COUNTING, 'copy: {src: "PATH", dest: /tmp/x}', "is a private key")


def test_what_is_picked_is_of_use_for_all_else(yard: Yard) -> None:
    """Names of files of variables, tasks and templates, also elsewhere; texts,
    conditions, users, loops."""
    folder = yard.checkout / "playbooks"
    (folder / "family.yml").write_text("- {name: of the family, debug: {msg: there}}\n")
    elsewhere = yard.place / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "debian.yml").write_text("word: read\n")
    (elsewhere / "debian.txt").write_text("text\n")
    yard.add("honest", answers=COUNTING, elsewhere=str(elsewhere))
    text = """
- hosts: all
  vars:
    names: {Debian: debian}
    families:
      Debian: {tasks: family.yml, text: own, that: "1 == 1", user: "own-user", words: [a, b], port: 80}
    paths: {Debian: "{{ elsewhere }}/debian.txt"}
  tasks:
    - {name: vars, include_vars: "{{ elsewhere }}/{{ names[ansible_os_family] }}.yml"}
    - {name: word, debug: {msg: "{{ word }}"}}
    - {name: tasks, include_tasks: "{{ families[ansible_os_family].tasks }}"}
    - {name: copied, copy: {src: "{{ paths[ansible_os_family] }}", dest: /tmp/x}}
    - {name: text, debug: {msg: "{{ families[ansible_os_family].text }} {{ families[ansible_os_family].port + 1 }}"}}
    - {name: when, debug: {msg: x}, when: "families[ansible_os_family].port == 80"}
    - {name: that, assert: {that: "{{ families[ansible_os_family].that }}"}}
    - {name: var, debug: {var: "{{ families[ansible_os_family].that }}"}}
    - {name: loop, debug: {msg: "{{ item }}"}, loop: "{{ families[ansible_os_family].words }}"}
    - {name: set, set_fact: {kept: "{{ families[ansible_os_family] }}"}}
    - {name: kept, debug: {msg: "{{ kept.words | join('-') }}"}}
    - {name: repeated, debug: {msg: "{{ '-' * ansible_processor_vcpus }}"}}
"""
    run = yard.play(text)
    expect_honest(run)
    assert run.recap["honest"]["failed"] == 0, run.transcript
    assert run.messages("honest", "word") == ["read"]
    assert run.messages("honest", "of the family") == ["there"]
    assert run.messages("honest", "text") == ["own 81"]
    assert run.messages("honest", "kept") == ["a-b"]


def test_a_hosts_number_takes_no_memory_here(yard: Yard) -> None:
    yard.add("honest", answers=COUNTING)
    yard.add("hostile", add_facts({"ansible_processor_vcpus": 10**10}), CLIENT)
    text = """
- hosts: all
  tasks:
    - {name: repeated, debug: {msg: "{{ ('x' * ansible_processor_vcpus) | length }}"}}
"""
    run = yard.play(text)
    expect_honest(run)
    assert run.recap["hostile"]["failed"] == 1, run.transcript
    assert "too much for a number that a host sent" in run.messages("hostile", "repeated")[0]
