"""Chapter 5: a client that is down is named, and the others are done."""

from __future__ import annotations

import pytest
from invocations import provision, succeed
from lab_hosts import LookedAt

FORGET_NAMES = "sed -i '/registry names, managed by mooring/,/registry names, managed by mooring/d' /etc/hosts"


# The clients are set up one by one: the first of them being
# down must not keep the second from its turn.
@pytest.mark.parametrize("down", [0, 1], ids=["client-el7", "client-debian"])
def test_the_others_are_done(down: int, clients: list[LookedAt]) -> None:
    lost, other = clients[down], clients[1 - down]
    other.run(FORGET_NAMES)
    lost.stop()
    try:
        run = provision("clients")
    finally:
        lost.start()
    assert run.status == 4, run.transcript
    assert run.count("unreachable") == {lost.name: 1, other.name: 0}
    assert run.count("failed") == {lost.name: 0, other.name: 0}
    # The settings of the mirror were checked before any host was asked.
    assert run.recap[lost.name]["ok"] == 1
    assert "refuses the connection" in run.reasons()[lost.name]
    assert {(host, task) for host, task, _ in run.changes} == {(other.name, "hosts_file : Write the registry's names")}


def test_a_client_that_is_up_again_is_as_it_was(clients: list[LookedAt]) -> None:
    run = succeed(provision("clients"))
    assert run.count("changed") == {client.name: 0 for client in clients}
