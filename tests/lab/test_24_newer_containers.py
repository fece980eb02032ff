"""Chapter 24, told with --long only: the containers on newer engines, whose lab hosts limit nothing
that they run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from invocations import CHECKOUT, provision, succeed
from lab_hosts import LookedAt

pytestmark = pytest.mark.long

NAMES = ("client-docker26", "client-docker28")
LIMITS = ("-e", json.dumps({"registry_memory": "300m", "nginx_pids_limit": 60}))


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lab's fleet, but that two of its clients are servers."""
    text = (CHECKOUT / "lab/fleet.yml").read_text().replace("{{ inventory_dir }}/..", str(CHECKOUT))
    fleet = yaml.safe_load(text)
    clients = fleet["all"]["children"]["clients"]["children"]["docker"]["hosts"]
    fleet["all"]["children"]["server"]["hosts"] = {name: clients.pop(name) for name in NAMES}
    path = tmp_path_factory.mktemp("engines") / "fleet.yml"
    path.write_text(yaml.safe_dump(fleet))
    return path


def test_the_containers_run_without_rights_and_without_limits(opt_in: list[LookedAt], inventory: Path) -> None:
    hosts = [host for host in opt_in if host.name in NAMES]
    first = succeed(provision("server", "-i", inventory, *LIMITS))
    for limit in ("pids_limit", "memory"):
        assert f"{limit} is not applied: this host's kernel does not limit it for containers" in first.out
    try:
        for host in hosts:
            assert host.run("curl -fsS -H 'Host: registry.example.com' http://127.0.0.1/v2/").strip() == "{}"
            for role in ("registry", "nginx"):
                (pid,) = host.lines(f"docker inspect -f '{{{{.State.Pid}}}}' mooring-{role}")
                status = host.run(f"cat /proc/{pid}/status")
                assert "CapEff:\t0000000000000000\n" in status
                assert "NoNewPrivs:\t1\n" in status
                assert "Uid:\t0\t" not in status
        before = [host.containers() for host in hosts]
        again = succeed(provision("server", "-i", inventory, *LIMITS))
        assert again.count("changed") == dict.fromkeys(NAMES, 0), again.changes
        assert [host.containers() for host in hosts] == before
    finally:
        for host in hosts:
            host.run("docker rm -f mooring-registry mooring-nginx && rm -r /var/lib/registry /etc/mooring")
