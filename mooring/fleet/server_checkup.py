"""What a look at the registry's server tells: its two containers, whether they answer, the
certificate, the disk."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from typing import Any

from mooring.certificates.problems import count_days
from mooring.errors import RegistryError
from mooring.fleet import mirror_checkup, served_certificate, server_storage
from mooring.fleet.served_certificate import Served
from mooring.fleet.site import SERVER_ROLE
from mooring.fleet.survey import FleetHost, LookFailed
from mooring.records.fleet import Disk, ServerRecord, Service
from mooring.records.mirror import MirrorRecord
from mooring.registry.addresses import ServerAddresses
from mooring.registry.transport import Endpoint, HttpTransport
from mooring.transport.reply_shapes import MAYBE, TEXT, ListOf, OrNull, parse

SECONDS = 20.0
ALIVE = (200, 401)
MARK = "-- disk --"
# The disk of the nearest directory that is there; the place of the storage may not have been made
# yet.
LOOK = """\
docker inspect --type container {containers} 2>/dev/null || true
echo; echo '{mark}'
place={storage}
while test ! -d "$place"; do place=$(dirname "$place"); done
df -P -k "$place" 2>/dev/null | tail -n 1"""
STATE = {"Status": TEXT, "Running": bool, "Health": OrNull({"Status": MAYBE})}
CONTAINER = {"Name": TEXT, "State": STATE, "RestartCount": OrNull(int)}


@dataclass(frozen=True)
class ServerCheckup:
    """The server as it stands; None for a certificate that is not asked for, and a disk that cannot
    be looked at.

    `storage` says what keeps images from being written or seen, "" where nothing does.
    """

    registry: Service
    nginx: Service
    certificate: Served | None = None
    disk: Disk | None = None
    storage: str = ""
    mirror: MirrorRecord | None = None

    def record(self) -> ServerRecord:
        """The same as plain values."""
        certificate = certificate_as_dict(self.certificate)
        return ServerRecord(self.registry, self.nginx, certificate, self.disk, self.storage, self.mirror)


def certificate_as_dict(served: Served | None) -> dict[str, Any] | None:
    """The certificate of the name that is worst off, as plain data."""
    if served is None:
        return None
    until = served.valid_until
    judgements = served.judgements
    return {
        "not_after": None if until is None else until.isoformat().replace("+00:00", "Z"),
        "days_left": None if until is None else count_days(until, datetime.now(timezone.utc)),
        "names": sorted({name for judgement in judgements.values() for name in judgement.names}),
        "missing_names": sorted({name for judgement in judgements.values() for name in judgement.missing_names}),
        "trusted": all(judgement.is_trusted for judgement in judgements.values())
        if judgements and served.authorities
        else None,
        "problems": list(certificate_problems(served, errors_only=False)),
    }


def certificate_problems(served: Served, errors_only: bool = True) -> Iterator[str]:
    """What clients do not take, in sentences; with all that will be so soon."""
    yield from served.failures.values()
    yield from served.unread
    for host, judgement in served.judgements.items():
        yield from (f"{host}: {problem.seen}" for problem in judgement.problems if problem.is_error or not errors_only)


def look(host: FleetHost) -> ServerCheckup:
    """Ask the server's engine, then the registry and nginx as clients do."""
    variables = host.roles[SERVER_ROLE]
    server_addresses = ServerAddresses.of(variables)
    names = [str(variables[f"{role}_container_name"]) for role in ("registry", "nginx")]
    parts = mirror_checkup.name_containers(variables)
    storage = shlex.quote(str(variables["registry_storage_directory"]))
    script = LOOK.format(containers=shlex.join([*names, *parts]), storage=storage, mark=MARK)
    output = str(host.call("shell", cmd=script).get("stdout") or "")
    containers, _, disk = output.partition(MARK)
    services = parse_containers(containers)
    registry, nginx = (services.get(name, Service()) for name in names)
    ends = server_addresses.endpoints()
    registry = ask(registry, [server_addresses.own], host, "")
    states = {name: services.get(name, Service()).condition for name in parts}
    return ServerCheckup(
        registry,
        ask(nginx, ends, host, server_addresses.address),
        served_certificate.look(host),
        parse_disk(disk),
        server_storage.find_trouble(server_storage.ask(host, variables)),
        mirror_checkup.look(host, states, is_listed=registry.answers),
    )


def parse_containers(text: str) -> dict[str, Service]:
    """The containers in what `docker inspect` prints, by name; LookFailed where it
    prints something else."""
    try:
        containers = parse(text.strip() or "[]", ListOf(CONTAINER), "`docker inspect`")
    except ValueError as error:
        raise LookFailed({"msg": str(error)}) from None
    services = {}
    for container in containers:
        health = str((container["State"].get("Health") or {}).get("Status") or "").replace("none", "")
        restarts = int(container.get("RestartCount") or 0)
        services[container["Name"].lstrip("/")] = Service(container["State"]["Status"], health, restarts)
    return services


def parse_disk(text: str) -> Disk | None:
    """The last line of `df -P -k`; None where it does not print one."""
    words = text.split()
    if len(words) < 6 or not all(word.isdecimal() and len(word) < 20 for word in words[1:4]):
        return None
    total, _, free = (int(word) * 1024 for word in words[1:4])
    return Disk(" ".join(words[5:]), total, free)


def ask(service: Service, endpoints: list[Endpoint], host: FleetHost, address: str) -> Service:
    """The service with what it answered; all of its endpoints must answer."""
    values = vars(service) | {"answers": True}
    for endpoint in endpoints:
        transport = HttpTransport(endpoint, partial(host.open_stream, endpoint, address), SECONDS)
        try:
            status = transport.send("GET", "/v2/", None, {}).status
            reason = "" if status in ALIVE else f"{endpoint.url}/v2/ answers {status} in place of 200 or 401"
        except RegistryError as error:
            reason = str(error)
        finally:
            transport.close()
        if reason:
            return Service(**{**values, "answers": False, "reason": reason})
    return Service(**values)


def find_trouble(server: ServerCheckup) -> str:
    """The gravest thing that is not as it should be; "" where all is."""
    if not server.registry.answers or not server.nginx.answers:
        return "registry does not answer"
    for name, service in (("registry", server.registry), ("nginx", server.nginx)):
        if not service.is_well:
            return f"{name} is {service.word}"
    if server.certificate is not None and any(certificate_problems(server.certificate)):
        return "clients refuse the certificate"
    if server.storage:
        return "storage is in trouble"
    return "mirror does not run" if server.mirror is not None and server.mirror.stopped else ""


def details(server: ServerCheckup) -> Iterator[str]:
    """What `find_trouble` found, in full, and what will be so soon."""
    for name, service in (("registry", server.registry), ("nginx", server.nginx)):
        if not service.is_well:
            again = f", restarted {service.restarts} times" if service.restarts else ""
            health = f", {service.health}" if service.health else ""
            reason = f": {service.reason}" if service.reason else ""
            yield f"{name}'s container is {service.state}{health}{again}{reason}"
    if server.storage:
        yield server.storage
    if server.mirror is not None:
        yield from mirror_checkup.list_notes(server.mirror)
    if server.certificate is not None:
        yield from (f"certificate: {text}" for text in certificate_problems(server.certificate, errors_only=False))
