"""Chapter 18: a roll-out whose first host fails stops there, and goes on from there
when that is mended."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from invocations import CHECKOUT, Run, invoke, provision, succeed
from lab_hosts import LookedAt

RETRY = CHECKOUT / ".mooring" / "clients.retry"
# A mirror more, so that there is something to roll out.
MORE = json.dumps({"registry_client_mirrors": ["http://mirror.registry.example.com", "http://192.0.2.50"]})


@pytest.fixture(scope="module")
def stopped(client_el7: LookedAt) -> Iterator[Run]:
    """client-el7, which goes first, has its Docker masked and stopped: its new settings cannot come
    into effect."""
    client_el7.run("systemctl stop docker.socket docker; systemctl mask docker")
    try:
        yield invoke("provision-clients", "-e", MORE)
    finally:
        client_el7.run("systemctl unmask docker; systemctl start docker")
        succeed(provision("clients"))
        RETRY.unlink(missing_ok=True)


def test_the_roll_out_stops_at_the_first_host(stopped: Run, client_debian: LookedAt) -> None:
    assert stopped.status == 2, stopped.transcript
    assert RETRY.read_text() == "client-el7\nclient-debian\n"
    *_, first, last = stopped.out.splitlines()
    assert first == "did not get through: client-el7, client-debian (noted in .mooring/clients.retry)"
    assert last == "to go on with them: the same command with --resume"
    assert "client-debian" not in stopped.out.partition("PLAY RECAP")[0]
    assert "192.0.2.50" not in client_debian.run("cat /etc/docker/daemon.json")


def test_it_stops_again_as_long_as_nothing_is_mended(stopped: Run) -> None:
    again = invoke("provision-clients", "--resume", "-e", MORE)
    assert again.status == 2, again.transcript
    assert RETRY.read_text() == "client-el7\nclient-debian\n"


def test_it_goes_on_when_that_is_mended(stopped: Run, clients: list[LookedAt]) -> None:
    clients[0].run("systemctl unmask docker; systemctl start docker")
    done = succeed(provision("clients", "--resume", "-e", MORE))
    assert set(done.recap) == {"client-el7", "client-debian"}
    assert not RETRY.exists()
    for host in clients:
        assert "192.0.2.50" in host.run("docker info")
    nothing = invoke("provision-clients", "--resume")
    assert nothing.status == 1
    assert "nothing is left over" in nothing.err
