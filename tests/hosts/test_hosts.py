"""Every host: it is reached at all."""

from __future__ import annotations

from mooring.verification.findings import HOST, HTTP, REGISTRY, TCP, TLS, Finding, Wrong
from mooring.verification.plugin import Verification

hosts = "all"


def test_host_is_reached(host_name: str, verification: Verification) -> None:
    """The host is reached"""
    reason = verification.fleet.unreachable.get(host_name)
    if reason:
        is_server = host_name in verification.fleet.server_variables
        raise Wrong(Finding(HOST, reason, explains=(TCP, TLS, HTTP, REGISTRY) if is_server else ()))
