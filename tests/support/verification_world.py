"""A server and its clients in memory, with a real registry on loopback: what
verification sees of a fleet."""

from __future__ import annotations

import json
import shlex
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mooring.registry.addresses import ServerAddresses
from mooring.registry.image import digest_of
from mooring.registry.transport import Endpoint, HttpTransport
from mooring.verification.member import Member
from tests.support.registry_server import RegistryServer

NAMES = ("registry.example.com",)
MIRROR = "mirror.registry.example.com"
ADDRESSES = ServerAddresses(NAMES, "192.0.2.10", 80, 443, has_tls=False, mirror_names=(MIRROR,))
VARIABLES = {
    "registry_client_engine": "docker",
    "registry_client_names": list(NAMES),
    "registry_client_add_registries": list(NAMES),
    "mirror_names": [MIRROR],
    "registry_client_mirrors": [f"http://{MIRROR}"],
    "registry_client_insecure_registries": [*NAMES, MIRROR],
    "registry_client_certs_directory": "/etc/docker/certs.d",
    "hosts_file_names": [*NAMES, MIRROR],
    "hosts_file_address": "192.0.2.10",
    "nginx_container_name": "mooring-nginx",
    "nginx_restart_policy": "always",
    "nginx_server_names": list(NAMES),
    "nginx_http_port": 80,
    "nginx_https_port": 443,
    "nginx_publish_address": "0.0.0.0",
    "nginx_tls_certificate": "",
    "nginx_redirect_to_https": False,
    "registry_container_name": "mooring-registry",
    "registry_restart_policy": "always",
    "registry_storage_directory": "/srv/registry",
    "registry_environment": {},
    "registry_accept_empty_storage": "",
    "registry_record_path": "/etc/mooring/registry.json",
    "registry_network": "mooring",
    "registry_publish_address": "127.0.0.1",
    "registry_port": 5000,
    "registry_server_address": "192.0.2.10",
}


def container(port: str, *bindings: str, **more: Any) -> dict[str, Any]:
    """What Docker says of a container that is as it should be."""
    published = [dict(zip(("HostIp", "HostPort"), binding.split(":"), strict=True)) for binding in bindings]
    return {
        "State": {"Running": True, "Status": "running", "ExitCode": 0},
        "HostConfig": {"RestartPolicy": {"Name": "always"}, "PortBindings": {port: published}},
        "NetworkSettings": {"Networks": {"mooring": {}}},
        "Mounts": [{"Destination": "/var/lib/registry", "Source": "/srv/registry"}],
        **more,
    }


CONTAINERS = {
    "mooring-nginx": container("8080/tcp", "0.0.0.0:80"),
    "mooring-registry": container("5000/tcp", "127.0.0.1:5000"),
}


def log_line(address: str, method: str, path: str) -> str:
    """A line of nginx's access log, with all keys."""
    entry = {
        "time": "2026-11-23T18:00:00+00:00", "address": address, "host": NAMES[0], "method": method, "uri": path,
        "status": 200, "bytes": 2, "agent": "docker/1.13.1", "account": "", "digest": "", "served_by": "own",
        "seconds": 0.002,
    }  # fmt: skip
    return json.dumps(entry)


@dataclass
class World:
    """A server and its clients, as far as the proof sees them: their images, and the access log."""

    registry: RegistryServer
    log: list[str] = field(default_factory=list)
    images: dict[str, dict[str, str]] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    requests: list[tuple[str, str, int]] = field(default_factory=list)
    passes_by: bool = False
    interrupts: int = 0
    aborted: list[str] = field(default_factory=list)
    containers: dict[str, dict[str, Any]] = field(default_factory=lambda: dict(CONTAINERS))
    mirrors: tuple[str, ...] = (f"http://{MIRROR}/",)
    layer: str = ""
    trouble: str = ""
    status: int = 200
    # What docker_config answers on clients that have Red Hat's engine.
    redhat: dict[str, Any] = field(default_factory=dict)

    def note(self, client: str, path: str) -> None:
        self.log.append(log_line(f"10.0.0.{client[-1]}", "GET", path))

    def answer(self, name: str, module: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """What the agent of a client (or of the server) answers."""
        if module == "shell":
            rc, out, err = self.shell(name, args["_raw_params"] if "_raw_params" in args else args["cmd"])
            return {"rc": rc, "stdout": out, "stderr": err, "failed": rc != 0}
        if module == "container_trouble":
            return {"containers": {name: self.trouble_of(name) for name in args["names"]}, "msg": ""}
        if module == "registry_storage":
            place = {"name": "/srv/registry", "repositories": 1, "trouble": self.trouble, "warning": ""}
            return {"wanted": place, "earlier": place, "refusal": "", "record": {}}
        if module == "uri":
            return self.ask(name, args)
        if module == "registry_probe":
            self.note(name, args["path"])
            if args["connect_only"]:
                return {"layer": "TCP", "msg": "refused"}
            return {
                "layer": self.layer,
                "msg": "down",
                "addresses": ["192.0.2.10"],
                "status": self.status,
                "headers": [["Docker-Distribution-Api-Version", "registry/2.0"]],
                "body": "{}",
            }
        if module == "docker_config":
            return self.redhat
        settings = {
            "Mirrors": list(self.mirrors),
            "IndexConfigs": {name: {"Secure": False} for name in (*NAMES, MIRROR)},
        }
        return {"host_info": {"Architecture": "aarch64", "RegistryConfig": settings}}

    def trouble_of(self, name: str) -> dict[str, Any]:
        """What the host says of a container."""
        state = self.containers[name]["State"]
        words = f"does not run ({state['Status']}, exit status {state['ExitCode']}): it broke"
        runs = state["Running"]
        return {"state": state["Status"], "is_well": runs, "cause": "it broke", "words": "runs" if runs else words}

    def member(self, name: str, engine: str = "docker") -> Member:
        def send(request: Mapping[str, Any]) -> Mapping[str, Any]:
            return self.answer(name, request["module"], request["args"])

        def tunnel(host: str, port: int) -> socket.socket:
            assert (host in (*NAMES, MIRROR), port) == (True, 80)
            return socket.create_connection(self.registry.server_address)  # type: ignore[arg-type]

        variables = {**VARIABLES, "registry_client_engine": engine}
        return Member(name, variables, send, tunnel, lambda: self.aborted.append(name))

    def ask(self, name: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """The server itself asks the registry by its own port, past nginx."""
        origin, path = args["url"][:21], args["url"][21:]
        assert (name, origin, args["use_proxy"]) == ("server", "http://127.0.0.1:5000", False)
        transport = HttpTransport(Endpoint(*self.registry.server_address))  # type: ignore[arg-type]
        status = transport.send(args["method"], path, None, {}).status
        transport.close()
        self.requests.append((args["method"], path, status))
        msg = f"Status code was {status} and not {args['status_code']}"
        return {"status": status, "failed": status not in args["status_code"], "msg": msg}

    def shell(self, client: str, line: str) -> tuple[int, str, str]:
        words = shlex.split(line)
        if words[0] == "date":
            return 0, "1764000000\n", ""
        if words[0] == "command":
            return 0 if self.redhat else 1, "", ""
        if words[:2] == ["docker", "logs"]:
            return 0, "\n".join(self.log), ""
        if words[:2] == ["docker", "inspect"]:
            container = self.containers.get(words[-1])
            return (0, json.dumps([container]), "") if container else (1, "", "No such container")
        if words[:2] == ["podman", "info"]:
            return 0, json.dumps({"host": {"arch": "amd64"}, "registries": {"search": list(NAMES)}}), ""
        if words[1:2] == ["images"]:
            images = self.images.get(client, {})
            lines = [f"{name.rpartition(':')[0]} proof {digest} sha256:1" for name, digest in images.items()]
            return 0, "\n".join(lines), ""
        if words[1:2] == ["rmi"]:
            for name in words[3:]:
                self.images[client].pop(name)
            return 0, "", ""
        if words[0] == "timeout":
            if self.interrupts:
                self.interrupts -= 1
                raise KeyboardInterrupt
            return self.pull(client, words[4])
        self.removed += words
        return 0, "", ""

    def pull(self, client: str, reference: str) -> tuple[int, str, str]:
        name = reference.rpartition("/")[2].rpartition(":")[0]
        is_hubs = "/" not in reference or reference.startswith("docker.io/library/")
        repository = f"library/{name}" if is_hubs else name
        _, manifest = self.registry.manifests[repository, "proof"]
        digest = digest_of(manifest)
        self.images.setdefault(client, {})[reference] = digest
        if not self.passes_by:
            self.note(client, f"/v2/{repository}/manifests/proof")
        return 0, f"Digest: {digest}\n", ""
