"""What a check finds wrong: the layer, what was seen, and what to do about it. Pure judging."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mooring.errors import RegistryError
from mooring.invocation import invocation
from mooring.records import causes
from mooring.registry.answers import API_HEADER, API_VERSION
from mooring.registry.transport import Endpoint

# From the ground up: the first one that is wrong explains those after it.
NAME, TCP, TLS, HTTP, SETTING, REGISTRY = "name", "TCP", "TLS", "HTTP", "daemon setting", "registry"
# The host itself was lost, so none of these can be told.
HOST = "host"

REMEDIES = {
    NAME: "run the host's provisioning task again (role hosts_file), or mend DNS or registry_server_address",
    TCP: "see on the server whether nginx runs and which ports it publishes (`docker ps`), then the firewalls"
    " in between",
    TLS: "see whether the certificate has this name and is valid today, and registry_client_ca_file is"
    " the authority that signed it",
    HTTP: f"something else answers there, or nginx's configuration was changed: run `{invocation('provision-server')}`",
    SETTING: f"run `{invocation('provision-clients')}`; if it changes nothing, see `journalctl -u docker` for what the"
    " daemon refused",
    REGISTRY: "see `docker ps -a` and the registry container's `docker logs` on the server, or run"
    f" `{invocation('provision-server')}`",
}


class Finding(causes.Finding):
    """One thing that is wrong; `layer` is one of LAYERS."""

    @classmethod
    def of(cls, layer: str, message: str, remedy: str = "") -> Finding:
        """A finding with the layer's usual remedy where no better one is known."""
        return cls(layer, message, remedy or REMEDIES.get(layer, ""))


class Wrong(AssertionError):
    """Raised by a check; carries its finding to the report."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(f"{finding}\n  remedy: {finding.remedy}")
        self.finding = finding


def expect(finding: Finding | None) -> None:
    """Fail the running check when something was found."""
    __tracebackhide__ = True
    if finding is not None:
        raise Wrong(finding)


def judge_error(error: RegistryError) -> Finding:
    return Finding.of(error.layer, error.reason)


def judge_name(probe: Mapping[str, Any], endpoint: Endpoint, address: str) -> Finding | None:
    """The name resolves, and to the address that the inventory gives (empty: any)."""
    if probe["layer"] == NAME:
        return Finding.of(NAME, probe["msg"])
    if address and address not in probe["addresses"]:
        addresses = ", ".join(probe["addresses"])
        return Finding.of(NAME, f"{endpoint.host} resolves to {addresses}, not to {address}")
    return None


def judge_reach(probe: Mapping[str, Any], layer: str) -> Finding | None:
    """The probe came past TCP, or past TLS."""
    return Finding.of(layer, probe["msg"]) if probe["layer"] == layer else None


def judge_answer(probe: Mapping[str, Any], endpoint: Endpoint) -> Finding | None:
    """`/v2/` answers `{}` and names the API's version exactly once, or asks for a login."""
    if probe["layer"]:
        return Finding.of(probe["layer"], probe["msg"]) if probe["layer"] == HTTP else None
    where, status = f"{endpoint.url}/v2/", probe["status"]
    if status in (502, 503, 504):
        return Finding.of(REGISTRY, f"{where}: nginx answers {status}, the registry behind it does not answer")
    versions = [value for name, value in probe["headers"] if name.lower() == API_HEADER.lower()]
    if status not in (200, 401):
        layer = REGISTRY if API_VERSION in versions and status >= 500 else HTTP
        return Finding.of(layer, f"{where} answers {status} instead of 200")
    if versions != [API_VERSION]:
        shown = " and ".join(versions) or "missing"
        return Finding.of(HTTP, f"{where}: {API_HEADER} must be {API_VERSION} once, but is {shown}")
    if status == 200 and probe["body"].strip() != "{}":
        return Finding.of(HTTP, f"{where} answers {probe['body'][:40]!r} instead of {{}}")
    return None


def judge_probe(probe: Mapping[str, Any], endpoint: Endpoint, address: str) -> Finding | None:
    """The first layer that is wrong, from the name up to the registry's answer."""
    return (
        judge_name(probe, endpoint, address)
        or judge_reach(probe, TCP)
        or judge_reach(probe, TLS)
        or judge_answer(probe, endpoint)
    )
