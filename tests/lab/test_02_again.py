"""Chapter 2: provisioning again changes nothing and restarts nothing."""

from __future__ import annotations

from invocations import provision, succeed
from lab_hosts import LookedAt


def test_a_second_run_changes_nothing(fleet: list[LookedAt]) -> None:
    before = {host.name: host.state() for host in fleet}
    runs = [succeed(provision("server")), succeed(provision("clients"))]
    assert runs[0].count("changed") == {"server": 0}
    assert runs[1].count("changed") == {"client-el7": 0, "client-debian": 0}
    assert {host.name: host.state() for host in fleet} == before


def test_the_containers_that_were_not_restarted_are_there(server: LookedAt) -> None:
    assert set(server.containers()) == {
        f"/mooring-{name}" for name in ("registry", "nginx", "gate", "mirror-docker-io")
    }
    assert "MainPID=0" not in server.engine_process()
