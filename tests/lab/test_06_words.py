"""Chapter 6: a mistake is found before any host is touched, and what only lists
touches none either."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from invocations import invoke, provision, succeed
from lab_hosts import LookedAt

MISTAKE = """\
- hosts: all
  become: true
  tasks:
    - name: Start the engine
      ansible.builtin.systemd:
        name: docker
        sate: started
"""


@pytest.fixture
def no_logins(fleet: list[LookedAt]) -> Iterator[None]:
    """Nobody logs in to any host meanwhile."""
    before = {host.name: host.logins() for host in fleet}
    yield
    assert {host.name: host.logins() for host in fleet} == before


def test_logins_are_counted(fleet: list[LookedAt]) -> None:
    before = {host.name: host.logins() for host in fleet}
    succeed(provision("server", "--tags", "hosts_file"))
    after = {host.name: host.logins() for host in fleet}
    assert after == {**before, "server": before["server"] + 1}


@pytest.mark.usefixtures("no_logins")
def test_a_mistake_is_one_message_with_its_place(tmp_path: Path) -> None:
    playbook = tmp_path / "mistake.yml"
    playbook.write_text(MISTAKE)
    run = invoke("play", playbook)
    assert run.status == 1
    assert f"{playbook}:7:9: " in run.err
    assert '"sate"' in run.err
    assert '"state"' in run.err
    assert "Traceback" not in run.err
    assert run.out == ""


@pytest.mark.usefixtures("no_logins")
def test_a_mistake_in_json_has_a_recap_of_nobody(tmp_path: Path) -> None:
    playbook = tmp_path / "mistake.yml"
    playbook.write_text(MISTAKE)
    run = invoke("play", playbook, "--json")
    assert (run.status, run.recap) == (1, {})
    assert f"{playbook}:7:9: " in run.err


@pytest.mark.usefixtures("no_logins")
@pytest.mark.parametrize(
    ("words", "shown", "unsaid"),
    [
        (["--list-hosts"], ["client-el7", "client-debian"], ["server"]),
        (["--list-hosts", "--limit", "client-el7"], ["client-el7"], ["client-debian"]),
        (
            ["--list-tasks"],
            ["Start the engine", "Write the registry's names", "Set up the engine for the registry"],
            ["Run the registry container"],
        ),
        (["--list-tasks", "--tags", "hosts_file"], ["Write the registry's names"], ["Start the engine"]),
        (["--list-tasks", "--skip-tags", "hosts_file"], ["Start the engine"], ["Write the registry's names"]),
        (["--syntax-check"], [], ["Start the engine"]),
    ],
    ids=" ".join,
)
def test_listings(words: list[str], shown: list[str], unsaid: list[str]) -> None:
    run = succeed(invoke("provision-clients", *words))
    assert [word for word in shown if word not in run.out] == []
    assert [word for word in unsaid if word in run.out] == []


def test_limit_and_tags_choose() -> None:
    run = succeed(provision("clients", "--limit", "client-debian", "--tags", "hosts_file"))
    assert set(run.recap) == {"client-debian"}
    tasks = {event["task"] for event in run.events if event["event"] == "task_finished"}
    assert "hosts_file : Write the registry's names" in tasks
    assert not [task for task in tasks if task.startswith(("docker : ", "registry_client : "))]


def test_a_limit_that_means_nobody_is_a_mistake() -> None:
    run = provision("clients", "--limit", "server")
    assert run.status == 1
    assert "server" in run.err
