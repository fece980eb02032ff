"""The lab's front: bring the fleet up, take it down, look at it, log in to it."""

from __future__ import annotations

import fcntl
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from lab import containers, keys
from lab.commands import LabError, Say
from lab.engine import Engine, ensure_engine, find_engine, install_missing, stop_our_engine
from lab.images import TOOLS, ensure_images, remove_stale_images
from lab.places import cache
from lab.topology import HOSTS, NETWORK, OPT_IN, SMALL_FLEET, LabHost, find_host


def to_stderr(line: str) -> None:
    """The progress line of somebody who handed in nothing better."""
    sys.stderr.write(f"lab: {line}\n")
    sys.stderr.flush()


def up(fresh: bool = False, with_opt_in: bool = False, say: Say = to_stderr) -> None:
    """Everything that is missing of the lab: engine, images, keys, network, hosts. Returns when all
    hosts have booted.

    WITH_OPT_IN boots the opt-in hosts too; without it those of them that run are left alone.
    FRESH also makes the hosts anew that are up already, for a fleet in its first state.
    """
    began = time.monotonic()
    hosts = HOSTS if with_opt_in else SMALL_FLEET
    engine = ensure_engine(say)
    with _alone():
        ensure_images(engine, {host.image for host in hosts}, say)
        install_missing({name: TOOLS[name] for name in ("ssh-keygen", "openssl")}, "make the lab's keys", say)
        keys.ensure_keys()
        containers.ensure_network(engine)
        with ThreadPoolExecutor(len(hosts)) as pool:
            jobs = [pool.submit(_bring_up, engine, host, fresh, say) for host in hosts]
            for job in jobs:
                job.result()
        remove_stale_images(engine)
    say(f"{', '.join(host.name for host in hosts)} are up ({time.monotonic() - began:.0f} s)")


def down(only_opt_in: bool = False, say: Say = to_stderr) -> None:
    """Removes the lab's hosts, their volumes and network; images stay. An engine that the lab
    started is stopped.

    ONLY_OPT_IN removes the opt-in hosts, and the small fleet stays up.
    """
    hosts = OPT_IN if only_opt_in else HOSTS
    engine = find_engine()
    if engine is None:
        say("no Docker engine answers, so the lab is down")
        return
    with _alone():
        with ThreadPoolExecutor(len(hosts)) as pool:
            for job in [pool.submit(containers.remove_container, engine, host) for host in hosts]:
                job.result()
        if only_opt_in:
            say("the opt-in hosts are down; their images are kept for the next time")
            return
        if engine.succeeds("network", "inspect", NETWORK):
            engine.run("network", "rm", NETWORK)
        stop_our_engine(say)
    say("the lab is down; its images are kept for the next time")


def status() -> str:
    """One line per host: name, state, address in the lab, how to log in."""
    engine = find_engine()
    lines = []
    for host in HOSTS:
        state = _describe(engine, host)
        login = f"ssh -F {os.path.relpath(keys.SSH / 'config')} {host.name}"
        lines.append(f"{host.name:<18} {state:<12} {host.address:<14} {login}")
    return "\n".join(lines)


def ssh(name: str) -> None:
    """Becomes the ssh client that logs in to the host called NAME."""
    host = find_host(name)
    if host is None:
        raise LabError(f"the lab has no host {name!r}; it has {', '.join(host.name for host in HOSTS)}")
    if not containers.answers(host):
        task = "lab.up --all" if host.is_opt_in else "lab.up"
        raise LabError(f"lab host {name} is not up; bring it up with: ./invoke {task}")
    os.execvp("ssh", ["ssh", "-F", str(keys.SSH / "config"), name])


def _bring_up(engine: Engine, host: LabHost, anew: bool, say: Say) -> None:
    if anew:
        containers.remove_container(engine, host)
    if containers.ensure_container(engine, host):
        say(f"booting {host.name}")
    containers.wait_until_booted(engine, host)


def _describe(engine: Engine | None, host: LabHost) -> str:
    if engine is None:
        return "no engine"
    state = containers.state_of(engine, host)
    if state == "running":
        return "up" if containers.answers(host) else "booting"
    return state


@contextmanager
def _alone() -> Iterator[None]:
    """Two builds of the same lab at once would get in each other's way: the second waits."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
