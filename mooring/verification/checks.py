"""What a host is asked about a registry and its own engine; used by the checks, and to explain a
failed pull."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mooring.errors import HostUnreachable, MooringError
from mooring.fleet.senseless import SENSELESS
from mooring.registry.transport import Endpoint
from mooring.verification.backend import CheckFailed
from mooring.verification.findings import HOST, SETTING, Finding, judge_probe
from mooring.verification.member import Member
from mooring.verification.routes import FULL_NAME, MIRROR, SHORT_NAME, Route, is_verified


def probe_route(client: Member, route: Route) -> Mapping[str, Any]:
    """How far the client comes on a route, trusting the authorities that its engine trusts for
    it."""
    if route.endpoint.scheme == "http":
        return client.probe(route.endpoint)
    is_strict = is_verified(route, client.variables["registry_client_insecure_registries"])
    path = f"{client.engine.certs_directory}/{route.endpoint.authority}"
    return client.probe(route.endpoint, validate_certs=is_strict, ca_path=path)


def expected_address(member: Member, endpoint: Endpoint) -> str:
    """The address that /etc/hosts should give for this name on this host; empty
    where it says nothing."""
    if endpoint.host in member.variables["hosts_file_names"]:
        return str(member.variables["hosts_file_address"] or "")
    return ""


def examine_route(client: Member, route: Route) -> Finding | None:
    """The first layer that is wrong between this client and the registry."""
    probe = probe_route(client, route)
    return judge_probe(probe, route.endpoint, expected_address(client, route.endpoint))


def examine_setting(client: Member, route: Route) -> Finding | None:
    """Whether the engine itself reports the setting that this route needs."""
    try:
        client.engine.expect_answer()  # settings may be in files, which say nothing of an engine that is down
        if route.kind == MIRROR:
            return client.engine.judge_mirrors([route.registry])
        if route.kind == FULL_NAME:
            insecure = client.variables["registry_client_insecure_registries"]
            wanted = [route.registry] if route.registry in insecure else []
            return client.engine.judge_insecure(wanted)
        return client.engine.judge_added([route.registry])
    except CheckFailed as error:
        return Finding.of(SETTING, str(error), client.engine.words.start)


def explain_pull(client: Member, route: Route, finding: Finding) -> Finding:
    """Why a pull failed: what the host itself sees is surer than what its engine said about it."""
    try:
        return (
            examine_route(client, route)
            or examine_setting(client, route)
            or client.engine.explain_detour(is_mirror=route.kind == MIRROR, is_short=route.kind == SHORT_NAME)
            or finding
        )
    except HostUnreachable as error:
        return Finding(HOST, str(error))
    except (MooringError, *SENSELESS):
        return finding
