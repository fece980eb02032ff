"""What hosts reply of their engine, and the row of `status` that comes of it."""

from __future__ import annotations

import json
from typing import Any

from mooring.engines.plan.record import PATH as RECORD
from mooring.fleet import checkup, status
from mooring.records.fleet import Row

UNIT = "# /lib/systemd/system/docker.service\n[Service]\nExecStart=/usr/sbin/dockerd -H fd://\n"
SETTINGS = {"registry-mirrors": ["http://r.example.com"], "insecure-registries": ["r.example.com"]}
INFO = {
    "RegistryConfig": {
        "Mirrors": ["http://r.example.com/"],
        "IndexConfigs": {"r.example.com": {"Secure": False}, "docker.io": {"Secure": True}},
        "InsecureRegistryCIDRs": ["127.0.0.0/8"],
    }
}


def reply(settings: Any = SETTINGS, record: Any = SETTINGS, **more: Any) -> dict[str, Any]:
    """What docker_config says of a host; `settings` and `record` are texts or what stands in
    them."""

    def text(value: Any) -> str | None:
        return value if value is None or isinstance(value, str) else json.dumps(value)

    return {
        "unit": UNIT,
        "files": {"/etc/docker/daemon.json": text(settings), RECORD: text(record)},
        "certificates": {},
        "argv": ["/usr/sbin/dockerd", "-H", "fd://"],
        "info": INFO,
        "version": "20.10.24",
        "needs_reload": False,
        **more,
    }


def line(is_client: bool = True, **fields: Any) -> Row:
    return status.row("web1", (checkup.examine("web1", reply(**fields), ("r.example.com",)), is_client))


REDHAT_UNIT = "# /usr/lib/systemd/system/docker.service\n[Service]\nExecStart=/usr/bin/dockerd-current {}\n"


def redhat(flags: str) -> dict[str, Any]:
    """The same host with Red Hat's engine and these flags; as it runs, so its files say."""
    argv = ["/usr/bin/dockerd-current", *flags.split()]
    return {"unit": REDHAT_UNIT.format(flags), "argv": argv, "version": "1.13.1"}
