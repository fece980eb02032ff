"""Hosts as texts, for the tests of what their configuration means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mooring.engines.docker.effective import Effective, Texts, resolve

REDHAT_UNIT = (
    "# /usr/lib/systemd/system/docker.service\n"
    + (Path(__file__).parents[2] / "lab" / "redhat" / "docker.service").read_text()
)
OLD_REDHAT_UNIT = """\
# /usr/lib/systemd/system/docker.service
[Service]
EnvironmentFile=-/etc/sysconfig/docker
ExecStart=/usr/bin/docker-current daemon --exec-opt a=b $OPTIONS $ADD_REGISTRY $INSECURE_REGISTRY
KillMode=process
"""
DEBIAN_UNIT = """\
# /lib/systemd/system/docker.service
[Unit]
Description=Docker Application Container Engine

[Service]
Type=notify
EnvironmentFile=-/etc/default/docker
ExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock $DOCKER_OPTS
ExecReload=/bin/kill -s HUP $MAINPID
"""
POLICY = {"/etc/containers/policy.json": "{}"}
SYSCONFIG = "/etc/sysconfig/docker"
JSON = "/etc/docker/daemon.json"


def redhat(sysconfig: str = "", daemon_json: str | None = "{}", **more: Any) -> Effective:
    """Red Hat's 1.13.1 with this /etc/sysconfig/docker."""
    files = {SYSCONFIG: sysconfig, JSON: daemon_json, **POLICY, **more.pop("files", {})}
    return resolve(Texts(more.pop("unit", REDHAT_UNIT), files, version="1.13.1", **more))


def docker(
    daemon_json: str | Mapping[str, Any] | None = None, version: str = "20.10.24", options: str = "", **more: Any
) -> Effective:
    """Docker's own engine with this daemon.json and these flags more."""
    text = json.dumps(daemon_json) if isinstance(daemon_json, Mapping) else daemon_json
    files = {JSON: text, "/etc/default/docker": f"DOCKER_OPTS='{options}'\n", **more.pop("files", {})}
    return resolve(Texts(more.pop("unit", DEBIAN_UNIT), files, version=version, **more))
