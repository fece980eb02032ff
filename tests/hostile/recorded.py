"""What hosts answer that are as they should be: tables for hosts that run nothing, as
real ones said it."""

from __future__ import annotations

import base64
import json
from typing import Any

from mooring.engines.plan.record import PATH as RECORD
from tests.hostile.host import Answers, Request

NAME = "registry.example.com"
HOSTS = "127.0.0.1 localhost\n"
UNIT = "# /lib/systemd/system/docker.service\n[Service]\nExecStart=/usr/sbin/dockerd -H fd://\n"
SETTINGS = {"registry-mirrors": [f"http://{NAME}"], "insecure-registries": [NAME]}
STATES = {"LoadState": "loaded", "ActiveState": "active", "SubState": "running", "UnitFileState": "enabled"}
FACTS: dict[str, Any] = {
    "ansible_os_family": "Debian",
    "ansible_distribution": "Debian",
    "ansible_distribution_version": "12.5",
    "ansible_distribution_major_version": "12",
    "ansible_distribution_release": "bookworm",
    "ansible_architecture": "x86_64",
    "ansible_machine": "x86_64",
    "ansible_pkg_mgr": "apt",
    "ansible_service_mgr": "systemd",
    "ansible_hostname": "web1",
    "ansible_nodename": "web1.example.com",
    "ansible_fqdn": "web1.example.com",
    "ansible_selinux": {"status": "disabled"},
    "ansible_python": {"executable": "/usr/bin/python3", "version": {"major": 3, "minor": 11, "micro": 2}},
    "ansible_python_version": "3.11.2",
    "ansible_env": {"HOME": "/root", "PATH": "/usr/bin:/bin"},
    "ansible_mounts": [{"mount": "/", "device": "/dev/vda1", "fstype": "ext4"}],
    "ansible_all_ipv4_addresses": ["192.0.2.21"],
    "ansible_default_ipv4": {"address": "192.0.2.21", "interface": "eth0"},
    "ansible_date_time": {"epoch": "1764290000", "iso8601": "2026-11-28T00:33:20Z"},
}


def docker_config(request: Request, settings: Any = None) -> dict[str, Any]:
    """An engine; with `settings` it uses the registry, without it is as it came."""
    known = json.dumps(settings) if settings else None
    running = settings or {}
    return {
        "unit": UNIT,
        "state": STATES,
        "registries_service": dict.fromkeys(STATES, ""),
        "needs_reload": False,
        "argv": ["/usr/sbin/dockerd", "-H", "fd://"],
        "files": {
            **dict.fromkeys(request.args["paths"]),
            "/etc/docker/daemon.json": known,
            RECORD: known,
            "/etc/hosts": HOSTS,
        },
        "certificates": {},
        "digests": {},
        "version": "20.10.24",
        "error": "",
        "containers": [{"id": "c0ffee", "name": "shop", "restart": "always"}],
        "info": {
            "RegistryConfig": {
                "Mirrors": [f"{url}/" for url in running.get("registry-mirrors", ())],
                "IndexConfigs": {
                    "docker.io": {"Secure": True},
                    **{name: {"Secure": False} for name in running.get("insecure-registries", ())},
                },
                "InsecureRegistryCIDRs": ["127.0.0.0/8"],
            }
        },
    }


def container_config(request: Request) -> dict[str, Any]:
    """containerd as it came."""
    paths = dict.fromkeys(request.args["paths"])
    return {
        "programs": {"containerd": "containerd 1.7.24"},
        "files": {**paths, "/etc/hosts": HOSTS, "/etc/containerd/config.toml": "version = 2\n"},
        "certificates": {},
        "digests": {},
        "units": {"containerd": {"text": UNIT, "states": STATES, "argv": ["containerd"], "newer": []}},
        "environment": {},
        "docker": False,
    }


def slurp(request: Request) -> dict[str, Any]:
    """A file with one line."""
    text = HOSTS if request.args["src"] == "/etc/hosts" else "0123456789abcdef"
    return {"content": base64.b64encode(text.encode()).decode(), "encoding": "base64", "source": request.args["src"]}


def ran(request: Request, stdout: str = "") -> dict[str, Any]:
    """A program that went well; a container has an address."""
    command = request.args.get("cmd") or request.args.get("_raw_params")
    stdout = "192.0.2.9" if ".IPAddress" in str(command) else stdout
    return {"rc": 0, "stdout": stdout, "stderr": "", "cmd": command}


def trouble(request: Request) -> dict[str, Any]:
    """Containers that are well."""
    well = {"state": "running", "is_well": True, "cause": "", "words": "runs"}
    return {"containers": dict.fromkeys(request.args["names"], well), "msg": ""}


def container_images(request: Request) -> dict[str, Any]:
    """Docker with an image that runs, and one that was loaded from a file."""
    images = [
        {"id": f"sha256:{'1' * 64}", "tags": ["nginx:1.25"], "digests": [f"nginx@{NGINX}"], "running": True},
        {"id": f"sha256:{'2' * 64}", "tags": ["app:1"], "digests": [], "running": False},
    ]
    return {"engines": [{"name": "docker", "platform": "linux/amd64", "images": images}], "problems": []}


NGINX = "sha256:" + "a" * 64
PLACE = {"name": "/var/lib/registry", "repositories": 3, "is_bare": False, "trouble": "", "warning": ""}
OWNED = {"uid": 0, "gid": 0, "pw_name": "root", "gr_name": "root", "mode": "0755"}
CLIENT: Answers = {
    "setup": {"ansible_facts": FACTS},
    "stat": {"stat": {**OWNED, "exists": True, "isreg": True, "isdir": True, "path": "/usr/bin/dockerd"}},
    "systemd": {"name": "docker", "state": "started", "enabled": True, "status": {"ActiveState": "active"}},
    "slurp": slurp,
    "blockinfile": {"changed": True, "msg": "Block inserted"},
    "docker_settled": lambda request: {"is_open": False, "configuration": "new", "answers": True},
    "docker_config": docker_config,
    "container_images": container_images,
    "docker_settings": {"changed": True, "msg": "reloaded", "containers": {}, "seconds": 1, "events": []},
    "command": ran,
    "shell": ran,
    "ping": {"ping": "pong"},
}
# One that was set up before.
PROVISIONED: Answers = {**CLIENT, "docker_config": lambda request: docker_config(request, SETTINGS)}
SERVER: Answers = {
    **CLIENT,
    "file": {"changed": False, **OWNED, "state": "directory", "path": "/etc/mooring"},
    "copy": {"changed": True, "dest": "/etc/mooring/x", "checksum": "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
    "docker_image": {"changed": False, "image": {"Id": "sha256:1"}, "actions": []},
    "docker_network": {"changed": False, "network": {"Name": "mooring"}, "actions": []},
    "docker_container": {"changed": False, "container": {"Id": "c0ffee", "State": {"Running": True}}},
    "container_trouble": trouble,
    "registry_storage": {
        "wanted": PLACE,
        "earlier": PLACE,
        "refusal": "",
        "record": {"storage": PLACE["name"], "has_repositories": True},
    },
    "uri": {"status": 200, "url": "http://127.0.0.1/v2/", "json": {}, "content": "{}"},
}
