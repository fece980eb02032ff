"""What Docker's engine says of its registries, against what the client was set up
for. Pure judging."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from mooring.engines.docker import registry_names
from mooring.engines.docker.entries import FIRST, MISLEADING, SIGNATURES
from mooring.verification.engines.engine import DOCKERS, lacking
from mooring.verification.findings import SETTING, Finding


def judge_mirrors(info: Mapping[str, Any], wanted: Sequence[str]) -> Finding | None:
    """Every wanted mirror is one of the engine's; later engines write a slash behind each."""
    urls = [url.rstrip("/") for url in _registries(info).get("Mirrors") or []]
    missing = [url for url in wanted if url.rstrip("/") not in urls]
    return _missing("mirrors", missing, urls)


def judge_insecure(info: Mapping[str, Any], wanted: Sequence[str]) -> Finding | None:
    """Every wanted host or network is one that the engine uses without verified TLS."""
    settings = _registries(info)
    indexes = settings.get("IndexConfigs") or {}
    names = [name for name, index in indexes.items() if not index.get("Secure", True)]
    networks = [str(network) for network in settings.get("InsecureRegistryCIDRs") or []]
    missing = [entry for entry in wanted if entry not in names and not _is_covered(entry, networks)]
    return _missing("insecure registries", missing, names + networks)


def judge_added(info: Mapping[str, Any], text: str, wanted: Sequence[str]) -> Finding | None:
    """Red Hat's engine asks every wanted registry for short names; `text` is what
    `docker info` prints."""
    names = added_registries(info, text)
    missing = [name for name in wanted if name not in names]
    return _missing("registries for short names", missing, names)


def judge_signatures() -> Finding:
    """Red Hat's engine verifies signatures and asks Docker Hub first, which does not know the
    proof's image."""
    message = (
        "the engine verifies signatures, so it asks Docker Hub itself for the manifest first: "
        "the mirror serves only what Docker Hub knows, which the proof's image is not"
    )
    return Finding(SETTING, message, MISLEADING[SIGNATURES])


def judge_first(name: str) -> Finding:
    """Red Hat's engine asks nobody for a short name, since its first added registry is unusable."""
    message = f'no pull of a short name works: the first added registry "{name}" {registry_names.find_problem(name)}'
    return Finding(SETTING, message, MISLEADING[FIRST])


def added_registries(info: Mapping[str, Any], text: str) -> list[str]:
    """The registries for short names: the API's field, or the line that its client prints."""
    listed = info.get("Registries")
    if isinstance(listed, list):
        return [str(entry.get("Name") if isinstance(entry, dict) else entry) for entry in listed]
    line = next((line.strip() for line in text.split("\n") if line.lstrip().startswith("Registries:")), "")
    words = line.removeprefix("Registries:").replace(",", " ").split(" ")
    return [name for name, word in pairwise(words) if name and word in ("(secure)", "(insecure)")]


def _registries(info: Mapping[str, Any]) -> Mapping[str, Any]:
    return info.get("RegistryConfig") or {}


def _is_covered(entry: str, networks: Sequence[str]) -> bool:
    """Whether a network, or an address by itself, lies in one of the engine's insecure networks."""
    wanted = _network(entry)
    known = [_network(network) for network in networks]
    return wanted is not None and any(
        wanted.version == network.version and wanted.subnet_of(network)  # type: ignore[arg-type]
        for network in known
        if network is not None
    )


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """None for what is not a network."""
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None


def _missing(setting: str, missing: Sequence[str], present: Sequence[str]) -> Finding | None:
    return lacking(setting, missing, present, DOCKERS)
