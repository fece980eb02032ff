"""Chapter 1: the demonstration from nothing, and once more on a lab that runs."""

from __future__ import annotations

import pytest
from invocations import Run, invoke, succeed

from lab.topology import SMALL_FLEET

TOLD = (
    "docker pull registry.example.com/",
    "docker push registry.example.com/",
    "lab.down",
    "provision-server",
    "provision-clients",
    "verify",
)


def show(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Times are shown, not judged: they are the machine's."""
    with capsys.disabled():
        print(f"\n    invoke {' '.join(run.words)}: {run.seconds:.0f} s ", end="")


@pytest.mark.parametrize("words", TOLD)
def test_demo_tells_how_to_go_on(demo: Run, words: str) -> None:
    assert words in demo.out


def test_demo_made_the_changes_and_proved_them(demo: Run, capsys: pytest.CaptureFixture[str]) -> None:
    show(demo, capsys)
    proofs = [line.split() for line in demo.out.splitlines() if line.startswith(("client-el7 ", "client-debian "))]
    assert ["client-el7", "ok", "ok", "ok", "ok"] in proofs
    assert ["client-debian", "ok", "ok", "-", "ok"] in proofs


def test_demo_again_on_a_running_lab(provisioned: None, capsys: pytest.CaptureFixture[str]) -> None:
    again = succeed(invoke("demo"))
    show(again, capsys)
    assert again.out.count("changed=0") == 3, again.transcript


def test_all_hosts_are_up(provisioned: None) -> None:
    status = succeed(invoke("lab.status"))
    states = dict(line.split()[:2] for line in status.out.splitlines())
    assert {host.name: states[host.name] for host in SMALL_FLEET} == {host.name: "up" for host in SMALL_FLEET}
