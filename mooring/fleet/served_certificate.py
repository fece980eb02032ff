"""The certificate that a server really serves, judged as its clients do: by its names, and what
they trust it by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from mooring.certificates.parse import parse_der, parse_pem
from mooring.certificates.problems import Judgement, check_certificate
from mooring.certificates.subjects import names_of, trusted_by
from mooring.errors import MooringError, RegistryError
from mooring.files.reading import LARGEST_SETTING, read_text
from mooring.fleet.site import SERVER_ROLE
from mooring.fleet.survey import FleetHost
from mooring.registry.addresses import ServerAddresses
from mooring.registry.handshake import fetch_chain
from mooring.registry.transport import Endpoint


@dataclass(frozen=True)
class Served:
    """What came of each name that was asked for: a judgement, or why there is none.

    `authorities` are the files of the control machine that clients are given, `unread` those that
    cannot be read.
    """

    judgements: Mapping[str, Judgement] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)
    authorities: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def valid_until(self) -> datetime | None:
        """When the first of them ends."""
        return min((judgement.valid_until for judgement in self.judgements.values()), default=None)


def look(fleet_host: FleetHost) -> Served | None:
    """Shake hands by every name; None where the server has no TLS. It must have been called
    before."""
    variables = fleet_host.roles[SERVER_ROLE]
    server_addresses = ServerAddresses.of(variables)
    if not server_addresses.has_tls:
        return None
    known, unread = read_authorities(fleet_host, variables)
    names = names_of(variables)
    judgements, failures = dict[str, Judgement](), dict[str, str]()
    for host in names or list(server_addresses.names[:1]):
        endpoint = Endpoint(host, server_addresses.https_port, "https")
        try:
            open_stream = partial(fleet_host.open_stream, endpoint, server_addresses.address)
            chain = parse_der(fetch_chain(endpoint, open_stream))
        except RegistryError as error:
            failures[host] = str(error)
        except (ValueError, UnsupportedAlgorithm) as error:
            failures[host] = f"{endpoint.url}: a certificate that cannot be read: {error}"
        else:
            judgements[host] = check_certificate(chain, [host] if names else [], known, datetime.now(timezone.utc))
    return Served(judgements, failures, tuple(known), unread)


def read_authorities(
    host: FleetHost, variables: Mapping[str, Any]
) -> tuple[dict[str, list[x509.Certificate]], tuple[str, ...]]:
    """The clients' authorities by their files, and sentences on files that cannot be read."""
    hosts = variables["hostvars"]
    known, unread = dict[str, list[x509.Certificate]](), list[str]()
    for name in trusted_by(variables, hosts, hosts):
        try:
            path: Path = host.find(SERVER_ROLE, name)
            known[name] = parse_pem(read_text(path, LARGEST_SETTING))
        except (MooringError, ValueError, UnsupportedAlgorithm) as error:
            unread.append(f"registry_client_ca_file: {name}: {error}")
    return known, tuple(unread)
