"""Facts of any name: Ansible's own keep their place, the operator's words stand, nobody's way is a
host's to say."""

from __future__ import annotations

from typing import Any

from tests.hostile.malice import add_facts
from tests.hostile.payloads import SECRET, TAINT, expect_law, proxy, secret_file, template
from tests.hostile.recorded import CLIENT, FACTS
from tests.hostile.yard import AT_ONCE, Yard, expect_honest

PLAY = """
- hosts: all
  vars: {of_the_play: operator}
  tasks:
    - meta: reset_connection
    - name: who
      debug:
        msg: "{{ [of_the_play, of_all, of_the_host, role_like | default('none'), ansible_distribution] }}"
    - name: magic
      debug:
        msg: "{{ [inventory_dir, playbook_dir, inventory_hostname, groups.all | length, hostvars | length] }}"
    - name: left out
      stat: {path: /etc, follow: "{{ omit }}"}
    - meta: reset_connection
    - name: still there
      ping:
"""
# How the host is reached, and as whom.
WAYS = (
    "ansible_host", "ansible_port", "ansible_user", "ansible_password", "ansible_become", "ansible_become_user",
    "ansible_become_password", "ansible_become_method", "ansible_connection", "ansible_ssh_common_args",
    "ansible_ssh_extra_args", "ansible_ssh_args", "ansible_ssh_host", "ansible_ssh_private_key_file",
    "ansible_private_key_file", "ansible_python_interpreter", "ansible_timeout", "ansible_sudo_pass",
    "ansible_ssh_pass",
)  # fmt: skip
MAGIC = (
    "inventory_dir", "playbook_dir", "role_path", "groups", "omit", "hostvars", "inventory_hostname", "play_hosts",
    "ansible_play_hosts", "ansible_check_mode", "group_names", "ansible_facts", "vars",
)  # fmt: skip
OPERATORS = ("of_the_play", "of_all", "of_the_host", "role_like", "extra_ssh")


def inhabit(yard: Yard) -> None:
    """An honest host, and one for each name that it gives as a fact."""
    arguments = "{{ extra_ssh | default('') }}"
    yard.common = {"of_all": "operator"}
    own = {"of_the_host": "operator", "ansible_ssh_extra_args": arguments}
    yard.add("honest", answers=CLIENT, **own)
    for name in (*WAYS, *MAGIC, *OPERATORS):
        value: Any = proxy(yard, hosts_name(name)) if "args" in name or name == "extra_ssh" else TAINT
        value = True if name in ("ansible_become", "ansible_check_mode") else value
        yard.add(hosts_name(name), add_facts({name: value}), CLIENT, **own)


def hosts_name(fact: str) -> str:
    return fact.replace("_", "-")


def test_no_fact_says_how_a_host_is_reached_or_what_the_operator_or_ansible_says(yard: Yard) -> None:
    inhabit(yard)
    run = yard.play(PLAY, "--forks", "60")
    expect_law(run, yard)
    expect_honest(run)
    assert run.messages("honest", "who"), run.transcript
    for name in WAYS:
        host = hosts_name(name)
        assert run.messages(host, "still there") == run.messages("honest", "still there"), (name, run.transcript)
        assert name in run.warnings(host), name
    assert run.recap["extra-ssh"] == run.recap["honest"], run.transcript
    for name in (*MAGIC, *OPERATORS):
        host = hosts_name(name)
        for task in ("who", "left out"):
            assert run.messages(host, task) == run.messages("honest", task), (name, run.transcript)
        mine = [line.replace(host, "honest") for line in run.messages(host, "magic")]
        assert mine == run.messages("honest", "magic"), (name, run.transcript)
    for name in ("of_all", "of_the_host", "of_the_play"):
        assert name in run.warnings(hosts_name(name)), name


def test_no_host_is_sent_a_file_of_its_own_choice(yard: Yard) -> None:
    yard.add("honest", answers=CLIENT)
    own = [{"name": "evil.example.com", "ca_file": secret_file(yard, ".pem")}]
    variants = {
        "registries": {"registry_client_registries": own},
        "authority": {"registry_client_ca_file": secret_file(yard), "registry_client_insecure_registries": []},
        "archive": {"registry_image_archive": secret_file(yard), "registry_client_key_file": secret_file(yard)},
        "names": {"registry_names": [TAINT], "registry_client_names": [TAINT], "hosts_file_names": [TAINT]},
        "content": {"hosts_file_marker": template(yard), "hosts_file_address": template(yard)},
    }
    for name, facts in variants.items():
        yard.add(name, add_facts(facts), CLIENT)
    run = yard.invoke("provision-clients", "--json", *AT_ONCE)
    expect_honest(run)
    expect_law(run, yard)
    plain = [(request.module, request.args) for request in yard.hosts["honest"].requests]
    for name, facts in variants.items():
        assert [(request.module, request.args) for request in yard.hosts[name].requests] == plain, name
        assert all(fact in run.warnings(name) for fact in facts if fact.startswith("registry_client")), run.warnings(
            name
        )
    assert SECRET not in run.out


def test_honest_facts_count_as_ever(yard: Yard) -> None:
    text = """
- hosts: all
  tasks:
    - name: facts
      debug: {msg: "{{ [ansible_distribution, ansible_facts.os_family, ansible_facts['selinux'].status] }}"}
    - include_vars: "{{ ansible_os_family }}.yml"
    - name: included
      debug: {msg: "{{ of_the_family }}"}
    - set_fact: {kept: "{{ ansible_fqdn }}"}
    - name: kept
      debug: {msg: "{{ kept }}"}
"""
    folder = yard.checkout / "playbooks" / "vars"
    folder.mkdir()
    (folder / "Debian.yml").write_text("of_the_family: apt\n")
    yard.add("honest", answers=CLIENT)
    run = yard.play(text)
    expect_honest(run)
    assert run.messages("honest", "facts") == ["['Debian', 'Debian', 'disabled']"]
    assert run.messages("honest", "included") == ["apt"]
    assert run.messages("honest", "kept") == [FACTS["ansible_fqdn"]]
