"""What a drill needs to know of an engine: its files, a container that runs on, and how it tells
its settings."""

from __future__ import annotations

from dataclasses import dataclass

CONTAINER = "mooring-drill"
AUTHORITY = "ca.example.com"
UNDONE = "the host has brought the old configuration back by itself"
# A container without limits, as the lab's machine may have
# no controllers for them, in a root of its own.
SPEC = """\
import json, sys
spec = json.load(sys.stdin)
spec["process"].update(args=["/bin/busybox", "sleep", "99999"], terminal=False)
spec["root"]["path"] = "/mnt/drill"
spec["linux"].pop("resources", None)
spec["linux"]["cgroupsPath"] = "/drill"
json.dump(spec, sys.stdout)
"""


@dataclass(frozen=True)
class DrilledEngine:
    """Scripts for one kind of engine. `settings` prints what the engine makes of its files.

    `undone` is what a run reports when the host has undone the change after the run was cut off.
    """

    folder: str
    files: tuple[str, ...]
    load: tuple[str, ...]
    start: str
    inspect: str
    remove: str
    settings: str
    undone: str = UNDONE


DOCKER = DrilledEngine(
    folder="/etc/docker",
    files=(
        "/etc/docker/daemon.json",
        "/etc/sysconfig/docker",
        "/etc/mooring/registry_client.json",
        f"/etc/docker/certs.d/{AUTHORITY}/ca.crt",
    ),
    load=("docker", "load"),
    start=f"docker run -d --stop-signal KILL --name {CONTAINER} busybox sleep 99999",
    inspect="docker inspect --format '{{.Id}} {{.State.StartedAt}} {{.State.Running}}' " + CONTAINER,
    remove=f"docker rm -f {CONTAINER}; docker rmi -f busybox:latest busybox:1.35",
    settings="docker info",
    undone=f"{UNDONE}; docker answers",
)
PODMAN = DrilledEngine(
    folder="/etc/containers",
    files=(
        "/etc/containers/registries.conf",
        "/etc/containers/registries.conf.d/50-mooring.conf",
        "/etc/mooring/registry_client.podman.json",
    ),
    load=("podman", "load"),
    start=f"podman run -d --stop-signal KILL --network none --name {CONTAINER} busybox sleep 99999",
    inspect="podman inspect --format '{{.Id}} {{.State.StartedAt}} {{.State.Running}}' " + CONTAINER,
    remove=f"podman rm -f -t 0 {CONTAINER}; podman rmi -f busybox:latest busybox:1.35",
    settings="podman info",
)
CONTAINERD = DrilledEngine(
    folder="/etc/containerd",
    files=(
        "/etc/containerd/config.toml",
        "/etc/containerd/certs.d/*/*",
        "/etc/mooring/registry_client.containerd.json",
    ),
    load=("ctr", "images", "import", "-"),
    start=(
        f"mkdir -p /mnt/drill && ctr images mount --rw docker.io/library/busybox:latest /mnt/drill"
        f" && ctr oci spec | python3 -c '{SPEC}' > /mnt/drill/spec.json"
        f" && ctr run -d --null-io --config /mnt/drill/spec.json {CONTAINER}"
    ),
    inspect=f"ctr tasks ls | grep {CONTAINER}; systemctl show containerd -p MainPID",
    remove=(
        f"ctr tasks kill -s KILL {CONTAINER}; sleep 1; ctr tasks rm {CONTAINER}; ctr containers rm {CONTAINER};"
        " ctr images unmount --rm /mnt/drill; rmdir /mnt/drill;"
        " ctr images rm docker.io/library/busybox:latest docker.io/library/busybox:1.35"
    ),
    settings="crictl info; cat /etc/containerd/certs.d/*/hosts.toml",
)
