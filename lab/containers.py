"""The lab's hosts as containers: made, started, watched until they have booted, removed."""

from __future__ import annotations

import ipaddress
import json
import socket
import subprocess
import time
from pathlib import Path

from lab import capabilities, keys
from lab.commands import LabError, find_program, run
from lab.engine import Engine
from lab.images import tag_of
from lab.places import digest
from lab.topology import GATEWAY, HOSTS, HUB_ADDRESS, NETWORK, PREFIX, SUBNET, LabHost

LABEL = f"{PREFIX}.made-of"
BOOT_SECONDS = 120

_NETWORK_OPTIONS = (
    "--driver=bridge",
    f"--subnet={SUBNET}",
    f"--gateway={GATEWAY}",
    "--opt=com.docker.network.bridge.enable_ip_masquerade=false",
)


def ensure_network(engine: Engine) -> None:
    """The lab's bridge; without masquerading, so that no packet of the lab finds an answer
    outside."""
    made_of = digest(json.dumps(_NETWORK_OPTIONS))
    there = engine.run("network", "inspect", f'--format={{{{index .Labels "{LABEL}"}}}}', NETWORK, may_fail=True)
    if there.strip() == made_of:
        return
    if engine.succeeds("network", "inspect", NETWORK):
        for host in HOSTS:
            remove_container(engine, host)
        engine.run("network", "rm", NETWORK)
    taken = route_into(SUBNET, run(["ip", "-o", "route"]).splitlines() if find_program("ip") else [])
    if taken:
        raise LabError(f"the lab's network {SUBNET} is in use on this machine already (route: {taken})")
    engine.run("network", "create", f"--label={LABEL}={made_of}", *_NETWORK_OPTIONS, NETWORK)


def route_into(subnet: str, routes: list[str]) -> str:
    """The first of ROUTES (lines of `ip route`) that overlaps with SUBNET, "" if none does."""
    wanted = ipaddress.ip_network(subnet)
    for line in routes:
        target = line.split()[0] if line.split() else "default"
        try:
            if wanted.overlaps(ipaddress.ip_network(target)):
                return line.strip()
        except (ValueError, TypeError):
            continue
    return ""


def state_of(engine: Engine, host: LabHost) -> str:
    """ "running", "exited", "created", … or "absent"."""
    text = engine.run("container", "inspect", "--format={{.State.Status}}", host.container, may_fail=True)
    return text.strip() or "absent"


def ensure_container(engine: Engine, host: LabHost) -> bool:
    """HOST's container, running; made anew where it is not what the lab would make now. Whether it
    was started."""
    cgroups = capabilities.cgroup_version(engine.run("info", "--format={{.CgroupVersion}}"))
    if host.needs_cgroup2 and cgroups == 1 and not capabilities.UNIFIED.is_dir():
        raise LabError(f"lab host {host.name} needs cgroup v2, and this machine has no {capabilities.UNIFIED} either")
    options, boot = _options(host, cgroups), capabilities.boot_command(cgroups)
    made_of = digest(tag_of(host.image), keys.fingerprint(host), json.dumps(options + boot))
    there = engine.run(
        "container",
        "inspect",
        f'--format={{{{index .Config.Labels "{LABEL}"}}}}',
        host.container,
        may_fail=True,
    )
    if there.strip() != made_of:
        remove_container(engine, host)
        engine.run("create", f"--label={LABEL}={made_of}", *options, tag_of(host.image), *boot)
        _seed(engine, host)
    if state_of(engine, host) == "running":
        return False
    engine.run("start", host.container)
    return True


def remove_container(engine: Engine, host: LabHost) -> None:
    """HOST's container and volumes, if they are there."""
    if engine.succeeds("container", "inspect", host.container):
        engine.run("rm", "--force", "--volumes", host.container)
    for volume in host.volumes.values():
        if engine.succeeds("volume", "inspect", volume):
            engine.run("volume", "rm", volume)


def wait_until_booted(engine: Engine, host: LabHost) -> None:
    """Returns when systemd says that HOST is up and its sshd greets."""
    deadline = time.monotonic() + BOOT_SECONDS
    system = ""
    while time.monotonic() < deadline:
        command = ("exec", host.container, "systemctl", "is-system-running", "--wait")
        system = engine.run(*command, may_fail=True).strip()
        if system in ("running", "degraded") and answers(host):
            return
        time.sleep(0.1)
    failed = engine.run("exec", host.container, "systemctl", "--failed", "--no-legend", "--plain", may_fail=True)
    raise LabError(
        f"lab host {host.name} does not come up in {BOOT_SECONDS} s: "
        f"the system is {system or 'not answering'} {failed.strip()}\n"
        f"    see: {engine.client} exec {host.container} journalctl -b"
    )


def answers(host: LabHost) -> bool:
    """Whether an SSH server greets at HOST's published port."""
    try:
        with socket.create_connection(("127.0.0.1", host.ssh_port), timeout=2) as link:
            link.settimeout(5)
            return link.recv(4).startswith(b"SSH")
    except OSError:
        return False


def _options(host: LabHost, cgroups: int) -> list[str]:
    status = Path("/proc/self/status").read_text() if Path("/proc/self/status").exists() else ""
    return [
        f"--name={host.container}",
        f"--hostname={host.name}",
        *capabilities.run_options(capabilities.may_be_privileged(status), cgroups, host.needs_cgroup2),
        "--stop-signal=SIGRTMIN+3",
        "--tmpfs=/run:exec,mode=755",
        "--tmpfs=/tmp:exec,mode=1777",
        *[f"--volume={volume}:{path}" for path, volume in host.volumes.items()],
        f"--network={NETWORK}",
        f"--ip={host.address}",
        *[f"--network-alias={alias}" for alias in (host.name, *host.aliases)],
        # The hub answers at once that a name outside of the lab does not exist, and forwards
        # nothing.
        f"--dns={HUB_ADDRESS}",
        "--dns-opt=timeout:1",
        "--dns-opt=attempts:1",
        f"--publish=127.0.0.1:{host.ssh_port}:22",
    ]


def _seed(engine: Engine, host: LabHost) -> None:
    """Gives HOST its keys before the first boot."""
    done = subprocess.run(
        [engine.client, "cp", "-", f"{host.container}:/"],
        input=keys.seed_archive(host),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise LabError(f"cannot seed lab host {host.name}: {done.stderr.decode(errors='replace').strip()}")
