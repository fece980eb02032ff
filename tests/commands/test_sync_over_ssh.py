"""`invoke sync` to a server that is reached by SSH: everything but the layers goes
through its tunnels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.filled_site import FilledSite, locked
from tests.support.indexed_images import push_indexed
from tests.support.local_hub import run_hub
from tests.support.local_registry import crane, run_registry
from tests.support.ssh_world import World


@pytest.mark.parametrize("via", ["server", "control"])
def test_the_servers_connection_carries_it(tmp_path: Path, via: str) -> None:
    world = World(tmp_path)
    ways: list[Any] = []

    def note(destination: tuple[str, int]) -> tuple[str, int]:
        ways.append(destination)
        return destination

    world.rules.route = note
    with (
        run_registry(tmp_path / "upstream") as upstream,
        run_registry(tmp_path / "own") as own,
        run_hub(tmp_path / "hub", upstream.url) as hub,
    ):
        pushed = push_indexed(upstream.url, "library/app", "1", b"x" * 3_000_000)
        reached = {**world.variables, "ansible_connection": "ssh"}
        site = FilledSite.make(tmp_path / "site", own, hub.url, sync_via=via, **reached)
        site.lock(locked("docker.io/library/app", "1", pushed.index.digest))
        ran = site.sync()
        assert ran.returncode == 0, ran
        crane("validate", "--remote", f"{own.authority}/library/app:1")
        ports = {port for _, port in ways}
        to_own, to_hub = (int(endpoint.authority.rpartition(":")[2]) in ports for endpoint in (own, hub))
        # Where the server has no way out, this machine asks the upstream itself.
        assert (to_own, to_hub) == (True, via == "server")

        world.rules.forwards = False
        ran = site.sync()
        assert ran.returncode == 2
        assert "registry1: " in ran.stderr
        assert "sshd forbids tunnels (AllowTcpForwarding)" in ran.stderr
