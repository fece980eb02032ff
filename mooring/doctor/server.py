"""Everything about the registry's server: nginx at each of its addresses, and
what stands behind it."""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from mooring.doctor import backing, certificate, mirror, nginx_probe, storage, unread
from mooring.errors import RegistryError
from mooring.fleet import served_certificate
from mooring.fleet.site import SERVER_ROLE
from mooring.fleet.survey import FleetHost
from mooring.records.diagnosis import Finding, Verdict
from mooring.registry import served_names
from mooring.registry.addresses import ServerAddresses

STORAGE = "/var/lib/registry"


def examine(host: FleetHost) -> Iterator[Finding]:
    """All rules about a server, in its play's words; nothing that is begun stays behind."""
    variables = host.roles[SERVER_ROLE]
    addresses = ServerAddresses.of(variables)
    repository = f"mooring-doctor-{secrets.token_hex(6)}"
    containers = backing.read_containers(host, *names(variables))
    yield from backing.judge_containers(containers, *names(variables), backing.read_trouble(host, *names(variables)))
    yield from storage.look(host, variables)
    if containers.configuration:
        yield backing.judge_limits(containers.configuration)
    yield from unread.look(host, variables)
    yield from mirror.look(host)
    yield judge_clients(host.name, variables)
    served = served_certificate.look(host)
    if served is not None:
        yield from certificate.judge_served(served)
    own = addresses.own
    for endpoint in addresses.endpoints():
        probe = nginx_probe.NginxProbe(
            endpoint,
            partial(host.open_stream, endpoint, addresses.address),
            repository,
            bool(variables["nginx_behind_proxy"]),
            bool(variables["nginx_allow_delete"]),
            bool(variables["nginx_serve_other_names"]),
        )
        try:
            yield from nginx_probe.examine(probe)
            if not backing.find_trouble(containers.registry) and not backing.find_trouble(containers.nginx):
                yield backing.judge_way(probe, host, own, containers)
        except RegistryError as error:
            remedy = "see nginx's log on the server (`docker logs`)"
            yield Finding(nginx_probe.ANSWERS, Verdict.BREAKS, str(error), remedy)
        finally:
            left = cancel(probe)
        yield from (Finding("left-behind", Verdict.HARMS, line, "restart the registry; it purges it") for line in left)
    tidy(host, containers, repository)


def judge_clients(server: str, variables: Mapping[str, Any]) -> Finding:
    """Whether nginx serves every name that the inventory's clients use, as the variables say."""
    hosts, clients = variables["hostvars"], variables["groups"].get("clients", ())
    unserved = served_names.find_unserved(variables, hosts, clients)
    if not unserved:
        return Finding("nginx-client-names", Verdict.HOLDS, "no client uses a name that nginx is known not to serve")
    return Finding("nginx-client-names", Verdict.HARMS, served_names.tell(server, unserved), served_names.REMEDY)


def names(variables: Any) -> tuple[str, str]:
    """The containers of the registry and of nginx."""
    return str(variables["registry_container_name"]), str(variables["nginx_container_name"])


def cancel(probe: nginx_probe.NginxProbe) -> list[str]:
    """Take all uploads back."""
    try:
        return probe.cancel_uploads()
    except RegistryError as error:
        return [f"uploads that were begun in {probe.repository}: {error}"]


def tidy(host: FleetHost, containers: backing.Containers, repository: str) -> None:
    """Cancelling leaves folders of the repository on a disk. Its name is ours alone, so nobody else
    is in there."""
    for mount in containers.registry.get("Mounts") or []:
        if mount.get("Destination") == STORAGE:
            place = f"{mount['Source']}/docker/registry/v2/repositories/{repository}"
            host.call("shell", cmd=f"rm -rf -- {shlex.quote(place)}")
