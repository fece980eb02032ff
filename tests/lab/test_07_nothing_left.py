"""Chapter 7: nothing is left on the hosts, neither processes nor files."""

from __future__ import annotations

from pathlib import Path

from invocations import invoke, provision, succeed
from lab_hosts import LookedAt, until

STORAGE = "/var/lib/registry"
# Not the blobs' folders: an empty one that a garbage collection
# forgot is removed with the proof that fell into it.
STORED = f"find {STORAGE} -type f; find {STORAGE}/docker/registry/v2/repositories"


def nothing_runs_that_did_not(fleet: list[LookedAt], before: dict[str, list[str]]) -> None:
    """A container's health check or a login that ends may be passing by, so this waits;
    what stays is found."""
    for host in fleet:
        until(lambda host=host: host.processes() == before[host.name], f"{host.name} runs what it ran before")


def settled(fleet: list[LookedAt]) -> dict[str, list[str]]:
    """What the hosts run while nobody is logged in and no health check is on its way."""
    for host in fleet:
        until(lambda host=host: not any("@notty" in line for line in host.processes()), f"{host.name} is quiet")
    return {host.name: host.processes() for host in fleet}


def test_after_provisioning(fleet: list[LookedAt]) -> None:
    processes = settled(fleet)
    places = {host.name: host.passing_places() for host in fleet}
    clocks = {host.name: host.clock() for host in fleet}
    succeed(provision("server"))
    succeed(provision("clients"))
    nothing_runs_that_did_not(fleet, processes)
    assert {host.name: host.touched_since(clocks[host.name]) for host in fleet} == {host.name: [] for host in fleet}
    assert {host.name: host.passing_places() for host in fleet} == places


def test_a_write_would_have_been_seen(server: LookedAt) -> None:
    clock = server.clock()
    server.run("touch /opt/story && rm /opt/story")
    assert server.touched_since(clock) == ["/opt"]


def test_after_verify(fleet: list[LookedAt], server: LookedAt, tmp_path: Path) -> None:
    processes = settled(fleet)
    before = {host.name: (host.passing_places(), host.images(), host.containers()) for host in fleet}
    stored = sorted(server.lines(STORED))
    clocks = {host.name: host.clock() for host in fleet}
    succeed(invoke("verify"))
    nothing_runs_that_did_not(fleet, processes)
    for host in fleet:
        touched = host.touched_since(clocks[host.name])
        # The registry writes and removes what is pushed: its
        # directories were touched, but hold what they held.
        assert [path for path in touched if not (host is server and path.startswith(STORAGE))] == []
    assert {host.name: (host.passing_places(), host.images(), host.containers()) for host in fleet} == before
    assert sorted(server.lines(STORED)) == stored
