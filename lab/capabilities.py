"""What a container needs on this machine so that systemd and a Docker engine run inside
it. Pure functions."""

from __future__ import annotations

import re
from pathlib import Path

CAP_SYS_RESOURCE = 24
UNIFIED = Path("/sys/fs/cgroup/unified")
"""Where a machine on cgroup v1 may have a v2 tree (without controllers) beside it."""

_UNCONFINED = ["seccomp=unconfined", "apparmor=unconfined", "systempaths=unconfined"]


def may_be_privileged(status: str) -> bool:
    """Whether `docker run --privileged` can work: it asks for every capability, and a machine may
    lack SYS_RESOURCE.

    STATUS is the text of /proc/self/status.
    """
    bounding = re.search(r"^CapBnd:\s*([0-9a-fA-F]+)", status, re.MULTILINE)
    return bounding is None or bool(int(bounding.group(1), 16) >> CAP_SYS_RESOURCE & 1)


def cgroup_version(filesystem: str) -> int:
    """1 or 2, from the type of the file system at the engine's /sys/fs/cgroup (`stat -f -c %T`, or
    docker info)."""
    return 2 if filesystem.strip() in ("cgroup2fs", "2") else 1


def run_options(privileged: bool, cgroups: int, needs_cgroup2: bool = False) -> list[str]:
    """Options of `docker run`. On cgroup v2 a container has a tree of its own; on v1 it works on
    the machine's tree, where systemd keeps to the container's part of it. A systemd that knows v2
    only gets the v2 tree beside v1's."""
    if privileged:
        rights = ["--privileged"]
    else:
        rights = ["--cap-add=ALL", "--cap-drop=SYS_RESOURCE"]
        rights += [f"--security-opt={option}" for option in _UNCONFINED]
    if cgroups == 2:
        return [*rights, "--cgroupns=private"]
    tree = UNIFIED if needs_cgroup2 else "/sys/fs/cgroup"
    return [*rights, "--cgroupns=host", f"--volume={tree}:/sys/fs/cgroup:rw"]


def boot_command(cgroups: int) -> list[str]:
    """What the container runs instead of its image's command: its own cgroup v2 tree is read-only
    unless privileged."""
    if cgroups == 2:
        return ["/bin/sh", "-c", "mount -o remount,rw /sys/fs/cgroup && exec /lib/systemd/systemd"]
    return []
