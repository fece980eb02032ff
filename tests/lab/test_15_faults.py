"""Chapter 15: what is wrong on a host while its engine is changed: disks, units, daemon.json. The engine works on."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from drilled import DOCKER
from drills import Drill
from fault_places import full, mounted
from lab_hosts import LookedAt

NAME = "drill.example.com"
NAMES = ["registry.example.com", "docker.registry.example.com", NAME]
DAEMON_JSON = DOCKER.files[0]
DROP_IN = "/etc/systemd/system/docker.service.d/drill.conf"


@pytest.fixture(scope="module")
def drill(client_debian: LookedAt) -> Iterator[Drill]:
    """A change that docker takes over by a reload."""
    drill = Drill(client_debian, {"registry_client_insecure_registries": NAMES}, NAME)
    drill.prepare()
    yield drill
    drill.finish()


@pytest.fixture(autouse=True)
def as_before(drill: Drill) -> None:
    drill.put_back()


@pytest.mark.parametrize("folder", ["/etc/docker", "/var/lib/mooring"])
def test_a_full_disk(drill: Drill, folder: str) -> None:
    with mounted(drill.client, full(folder), folder):
        run = drill.attempt()
        assert run.status == 2, run.said
        assert "No space left on device; nothing was changed" in drill.message(run)
        drill.is_whole(drill.old, [f"{folder}/drill-filler"] if folder.startswith("/var") else [])
    drill.client.run("rmdir /var/lib/mooring 2>/dev/null || true")
    drill.is_whole(drill.old)


def test_a_file_system_that_cannot_be_written(drill: Drill) -> None:
    with mounted(drill.client, "mount --bind /etc /etc && mount -o remount,bind,ro /etc", "/etc"):
        run = drill.attempt()
        assert run.status == 2, run.said
        assert "Read-only file system; nothing was changed" in drill.message(run)
        drill.is_whole(drill.old)


def test_a_masked_engine(drill: Drill) -> None:
    drill.client.run("systemctl mask docker")
    try:
        run = drill.attempt()
        assert run.status == 2, run.said
        assert "docker.service is masked" in drill.message(run)
        drill.is_whole(drill.old)
    finally:
        drill.client.run("systemctl unmask docker")


@pytest.mark.parametrize(
    ("text", "said"), [('{"drill": true}', "drill"), ('{"insecure-registries": [}', "daemon.json")], ids=["key", "JSON"]
)
def test_a_daemon_json_that_would_stop_the_daemon(drill: Drill, text: str, said: str) -> None:
    """It runs on with what it read once; a change must neither hide this nor make it worse."""
    drill.client.run(f"cp -p {DAEMON_JSON} /root/drill.json && echo '{text}' > {DAEMON_JSON}")
    spoiled = drill.digests()
    try:
        run = drill.attempt()
        assert run.status == 2, run.said
        assert said in drill.message(run)
        drill.is_whole(spoiled)
    finally:
        drill.client.run(f"mv /root/drill.json {DAEMON_JSON}")


def test_a_drop_in_that_conflicts(drill: Drill) -> None:
    """Flag and file may not say the same; a reload would not show it."""
    conflict = r"[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd -H fd:// --insecure-registry=192.0.2.0/24\n"
    drill.client.run(f"mkdir -p {DROP_IN.rpartition('/')[0]} && printf '{conflict}' > {DROP_IN}")
    drill.client.run("systemctl daemon-reload")
    try:
        run = drill.attempt()
        assert run.status == 2, run.said
        assert DROP_IN in drill.message(run)
        assert DAEMON_JSON in drill.message(run)
        drill.is_whole(drill.old)
    finally:
        drill.client.run(f"rm -r {DROP_IN.rpartition('/')[0]} && systemctl daemon-reload")


def test_a_file_that_changes_meanwhile(drill: Drill) -> None:
    """Between plan and lock: somebody's edit is never overwritten."""
    with drill.hanging("locked") as run:
        text = drill.client.run(f"cat {DAEMON_JSON}")
        drill.client.run(f"echo '{json.dumps({**json.loads(text), 'debug': False})}' > {DAEMON_JSON}")
        edited = drill.digests()
        run.kill()
    drill.is_whole(edited)
    drill.client.run(f"cat > {DAEMON_JSON} <<'EOF'\n{text}EOF")
    assert drill.digests() == drill.old
