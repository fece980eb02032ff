"""What an engine knows of registries: by its files, and as it runs."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mooring.daemon.effective import Effective, running_command
from mooring.daemon.engine import Engine

HUB = "docker.io"
# What every engine adds by itself, the second one from 23.0 on.
LOOPBACK = ("127.0.0.0/8", "::1/128")


@dataclass(frozen=True)
class Registries:
    """Mirrors of Docker Hub as URLs without a slash behind; insecure hosts and networks; added and blocked hosts."""

    mirrors: tuple[str, ...] = ()
    insecure: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()

    def is_insecure(self, host: str) -> bool:
        """Whether TLS to `host[:port]` goes unverified; 127.0.0.0/8 always is. Names are not resolved."""
        if host in self.insecure:
            return True
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
        address = _address("127.0.0.1" if name == "localhost" else name.strip("[]"))
        networks = ["127.0.0.0/8", *self.networks()]
        return address is not None and any(address in ipaddress.ip_network(one, strict=False) for one in networks)

    def networks(self) -> list[str]:
        """The insecure entries that are networks."""
        return [one for one in self.insecure if is_network(one)]

    def blocks(self, host: str) -> bool:
        """Whether Red Hat's engine refuses the registry; `all` spares the added ones, `public` means Docker Hub."""
        if host in self.blocked or ("all" in self.blocked and host not in self.added):
            return True
        return host == HUB and "public" in self.blocked


def is_network(text: str) -> bool:
    """Whether an insecure entry is a network such as 10.0.0.0/8."""
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return "/" in text


def is_address(text: str) -> bool:
    """Whether the text is an address by itself, also one of IPv6 without brackets."""
    return _address(text) is not None


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def by_files(effective: Effective) -> Registries:
    """What the next start will know."""

    def texts(key: str) -> list[str]:
        return [value.text for value in effective.values(key)]

    engine = effective.engine
    insecure = [_insecure(entry, engine) for entry in texts("insecure-registries")]
    return Registries(
        tuple(_mirror(url) for url in texts("registry-mirrors")),
        tuple(entry for entry in insecure if entry not in LOOPBACK),
        tuple(texts("add-registry")) if engine.is_redhat else (),
        tuple(texts("block-registry")) if engine.is_redhat else (),
    )


def as_it_runs(effective: Effective) -> Registries | None:
    """What the running daemon says itself; None where none runs.

    Added and blocked registries are in no API but `.Registries` of Red Hat's; what it does not say is taken from the
    process's own command line, and from the file, which that engine never reads again while it runs.
    """
    config = effective.texts.info.get("RegistryConfig")
    if not config:
        return None
    command = running_command(effective.texts)

    def told(key: str) -> tuple[str, ...]:
        if not effective.engine.is_redhat:
            return ()
        return (*(flag.value for flag in command.of(key)), *effective.file.texts(key))

    listed = effective.texts.info.get("Registries")
    return Registries(
        tuple(_mirror(url) for url in config.get("Mirrors") or []),
        _insecure_of(config),
        _names(listed) if isinstance(listed, list) else told("add-registry"),
        told("block-registry"),
    )


def _mirror(url: str) -> str:
    """1.13.1 does not look at a mirror in the file, and speaks https to one without a scheme."""
    return (url if "://" in url else f"https://{url}").rstrip("/")


def _insecure(entry: str, engine: Engine) -> str:
    """Newer engines take a scheme off; 1.13.1 keeps it, and so the entry matches nothing."""
    if engine.is_at_least(17):
        entry = entry.removeprefix("http://").removeprefix("https://")
    return str(ipaddress.ip_network(entry, strict=False)) if is_network(entry) else entry


def _insecure_of(config: Mapping[str, Any]) -> tuple[str, ...]:
    indexes = config.get("IndexConfigs") or {}
    names = [name for name, index in indexes.items() if not index.get("Secure", True)]
    networks = [str(one) for one in config.get("InsecureRegistryCIDRs") or []]
    return (*names, *(one for one in networks if one not in LOOPBACK))


def _names(listed: list[Any]) -> tuple[str, ...]:
    """Red Hat's `.Registries`: the added ones, with Docker Hub at its end."""
    names = [str(one.get("Name") if isinstance(one, dict) else one) for one in listed]
    return tuple(name for name in names if name != HUB)
