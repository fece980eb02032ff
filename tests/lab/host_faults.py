"""What is wrong on a host while its engine is changed: disks, units, the engine's file.
The engine works on."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from drills import NAME, Drill
from lab_hosts import LookedAt

DAEMON_JSON = "/etc/docker/daemon.json"
DROP_IN = "/etc/systemd/system/docker.service.d/drill.conf"
BAD_KEY = f"echo '{{\"drill\": true}}' > {DAEMON_JSON}"
BAD_JSON = f"echo '{{\"insecure-registries\": [}}' > {DAEMON_JSON}"
# What the engine's start runs first, and what the run says then: it fails, or
# does not end, as long as the new settings are in the file.
STARTS = {
    "fails": (f"! grep -q {NAME} {DAEMON_JSON}", "docker.service does not start"),
    "hangs": (f"while grep -q {NAME} {DAEMON_JSON}; do sleep 1; done", "docker.service is still activating"),
}


@contextlib.contextmanager
def mounted(client: LookedAt, mount: str, folder: str) -> Iterator[None]:
    """A mount over FOLDER while the block runs."""
    client.run(mount)
    try:
        yield
    finally:
        client.run(f"umount {folder}")


def full(folder: str) -> str:
    """A file system of its own at FOLDER with the same files and not a byte free."""
    return (
        f"mkdir -p {folder} && cp -a {folder} /tmp/drill && mount -t tmpfs -o size=64k,mode=755 tmpfs {folder}"
        f" && cp -a /tmp/drill/. {folder} && rm -r /tmp/drill"
        f" && (dd if=/dev/zero of={folder}/drill-filler bs=1k 2>/dev/null; true)"
    )


@contextlib.contextmanager
def edited(client: LookedAt, path: str, edit: str) -> Iterator[None]:
    """The file at PATH as the shell command EDIT leaves it, while the block runs."""
    kept = f"/root/drill-{PurePosixPath(path).name}"
    client.run(f"cp -p {path} {kept} && {edit}")
    try:
        yield
    finally:
        client.run(f"mv {kept} {path}")


def with_keys(client: LookedAt, **keys: Any) -> str:
    """A shell command that gives the client's daemon.json KEYS beside those it has."""
    settings = {**json.loads(client.run(f"cat {DAEMON_JSON}")), **keys}
    return f"echo '{json.dumps(settings)}' > {DAEMON_JSON}"


@contextlib.contextmanager
def drop_in(client: LookedAt, text: str) -> Iterator[None]:
    """A drop-in of docker.service with TEXT (`\\n` for a line's end) while the block runs."""
    folder = PurePosixPath(DROP_IN).parent
    client.run(f"mkdir -p {folder} && printf '{text}' > {DROP_IN} && systemctl daemon-reload")
    try:
        yield
    finally:
        client.run(f"rm -r {folder} && systemctl daemon-reload")


# --- the drills ---


def fill_disk(drill: Drill, folder: str) -> None:
    with mounted(drill.client, full(folder), folder):
        drill.fail("No space left on device; nothing was changed")
        drill.assert_whole(drill.old, [f"{folder}/drill-filler"] if folder.startswith("/var") else [])
    drill.client.run("rmdir /var/lib/mooring 2>/dev/null || true")
    drill.assert_whole(drill.old)


def forbid_writing(drill: Drill) -> None:
    with mounted(drill.client, "mount --bind /etc /etc && mount -o remount,bind,ro /etc", "/etc"):
        drill.fail("Read-only file system; nothing was changed")
        drill.assert_whole(drill.old)


def mask_engine(drill: Drill) -> None:
    drill.client.run("systemctl mask docker")
    try:
        drill.fail("docker.service is masked")
        drill.assert_whole(drill.old)
    finally:
        drill.client.run("systemctl unmask docker")


def spoil_daemon_json(drill: Drill, edit: str, text: str) -> None:
    """The engine runs on with what it read once; a change must neither hide this nor make it worse.

    EDIT makes the mistake, as for `edited`; the run reports it by TEXT.
    """
    with edited(drill.client, DAEMON_JSON, edit):
        spoiled = drill.digests()
        drill.fail(text)
        drill.assert_whole(spoiled)
    drill.assert_whole(drill.old)


def contradict_by_drop_in(drill: Drill) -> None:
    """Flag and file may not say the same; a reload would not show it."""
    command = "/usr/sbin/dockerd -H fd:// --insecure-registry=192.0.2.0/24"
    with drop_in(drill.client, rf"[Service]\nExecStart=\nExecStart={command}\n"):
        drill.fail(DROP_IN, DAEMON_JSON)
        drill.assert_whole(drill.old)


def edit_between_plan_and_lock(drill: Drill) -> None:
    """Somebody's edit is never overwritten."""
    with drill.hanging("locked") as run:
        edit = with_keys(drill.client, debug=False)
        with edited(drill.client, DAEMON_JSON, edit):
            foreign = drill.digests()
            run.kill()
            drill.assert_whole(foreign)
    assert drill.digests() == drill.old


def keep_daemon_from_starting(drill: Drill, start: str, text: str) -> None:
    """The daemon runs the command START first; the run says TEXT of it."""
    with drop_in(drill.client, rf'[Service]\nExecStartPre=/bin/sh -c "{start}"\n'):
        undone = "the old configuration is in force again; 1 container kept running"
        drill.fail(text, undone, registry_client_deadline=20)
    drill.assert_whole(drill.old)


Fault = Callable[[Drill], None]
FAULTS: dict[str, Fault] = {
    "the engine's disk is full": partial(fill_disk, folder="/etc/docker"),
    "our disk is full": partial(fill_disk, folder="/var/lib/mooring"),
    "a file system cannot be written": forbid_writing,
    "the engine is masked": mask_engine,
    "daemon.json has an unknown key": partial(spoil_daemon_json, edit=BAD_KEY, text="drill"),
    "daemon.json is no JSON": partial(spoil_daemon_json, edit=BAD_JSON, text="daemon.json"),
    "a drop-in conflicts": contradict_by_drop_in,
    "a file changes meanwhile": edit_between_plan_and_lock,
}
"""What goes wrong on each host whose engine is Docker, by its name in the tests' names."""
