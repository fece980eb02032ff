"""What an engine knows of registries: by its files, and as it runs."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from functools import cached_property
from typing import Any

from mooring.engines.docker import insecure, mirrors, registry_names, signatures
from mooring.engines.docker.effective import Effective, running_command
from mooring.engines.docker.engine import Engine
from mooring.engines.docker.type_rules import TRUE
from mooring.engines.go_net import parse_network
from mooring.records.hub import HUB, HUB_HOST, HUB_INDEX

EVERYTHING = "*"
BLOCK_WORDS = {"all": EVERYTHING, "public": HUB}
LOOPBACK = ("127.0.0.0/8", "::1/128")


@dataclass(frozen=True)
class Registries:
    """Mirrors of Docker Hub as URLs without a slash behind; insecure hosts and networks; added and
    blocked hosts.

    `loopback` are the insecure networks that the engine adds by itself; `is_v2_only` says that
    nobody asks the old protocol, which Red Hat's engine also takes for a reason to look at no
    blocked host (source: `lookupEndpoints`); `verifies_signatures` that it asks Docker Hub itself
    for each manifest before a mirror.
    """

    mirrors: tuple[str, ...] = ()
    insecure: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    loopback: tuple[str, ...] = LOOPBACK[:1]
    is_v2_only: bool = False
    _: KW_ONLY
    verifies_signatures: bool = False

    def is_insecure(self, host: str) -> bool:
        """Whether TLS to `host[:port]` goes unverified; 127.0.0.0/8 always is.
        Names are not resolved."""
        if host in self._insecure_names:
            return True
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
        address = _address("127.0.0.1" if name == "localhost" else name.strip("[]"))
        return address is not None and any(
            int(address) >> address.max_prefixlen - bits in starts
            for (version, bits), starts in self._starts.items()
            if version == address.version
        )

    @cached_property
    def networks(self) -> tuple[str, ...]:
        """The insecure entries that are networks."""
        return tuple(entry for entry in self.insecure if is_network(entry))

    # A host may list thousands, and ask about as many: what is looked up often is a set, made once.

    @cached_property
    def _insecure_names(self) -> frozenset[str]:
        return frozenset(self.insecure)

    @cached_property
    def _starts(self) -> Mapping[tuple[int, int], set[int]]:
        """By version and number of bits: the bits with which the insecure networks begin."""
        starts: dict[tuple[int, int], set[int]] = {}
        for text in (*self.loopback, *self.networks):
            network = ipaddress.ip_network(text, strict=False)
            bits = int(network.network_address) >> network.max_prefixlen - network.prefixlen
            starts.setdefault((network.version, network.prefixlen), set()).add(bits)
        return starts

    @cached_property
    def _blocked_names(self) -> frozenset[str]:
        return frozenset(BLOCK_WORDS.get(name, name) for name in self.blocked)

    @cached_property
    def _added_names(self) -> frozenset[str]:
        return frozenset(self.added)

    def blocks(self, host: str) -> bool:
        """Whether Red Hat's engine refuses the host of a registry or mirror (source:
        `IsIndexBlocked`).

        `all` spares the added ones, `public` means Docker Hub, which is blocked by its name alone,
        never by its host's.
        """
        host = HUB if host == HUB_HOST else host
        blocked = self._blocked_names
        return host in blocked or (EVERYTHING in blocked and host not in self._added_names)

    def short_names(self) -> list[str]:
        """The registries that are asked for a name without one, in their order: one that was added
        twice is asked twice, and so is Docker Hub where it was added. An unusable one is left out;
        where it is the first, all are."""
        names = self._defaults()
        return (
            [] if self.unusable_first is not None else [name for name in names if not registry_names.find_problem(name)]
        )

    @property
    def unusable_first(self) -> str | None:
        """The first added registry, where it cannot stand before a short name: every pull of such a
        name fails then, before anybody is asked. None where it can, and where none is added."""
        first = next(iter(self._defaults()), HUB)
        return first if registry_names.find_problem(first) else None

    def _defaults(self) -> list[str]:
        """The engine's `DefaultRegistries`: what was added, then Docker Hub, unless that or
        everything is blocked."""
        has_hub = not {HUB, EVERYTHING} & {BLOCK_WORDS.get(name, name) for name in self.blocked}
        return [*(name for name in self.added if not self.blocks(name)), *([HUB] if has_hub else [])]


def is_network(text: str) -> bool:
    """Whether an insecure entry is a network such as 10.0.0.0/8."""
    return bool(parse_network(text))


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def by_files(effective: Effective) -> Registries:
    """What the next start will know."""

    def names(key: str) -> tuple[str, ...]:
        values = effective.values(key) if effective.engine.is_redhat else []
        return tuple(HUB if effective.is_flag(value) and value.text == HUB_INDEX else value.text for value in values)

    added, blocked = names("add-registry"), names("block-registry")
    refused = {BLOCK_WORDS.get(name, name) for name in blocked}
    added = tuple(name for name in added if name not in refused)
    values = [value.text for value in effective.values(signatures.KEY)]
    registries = Registries(
        mirrors_of(effective),
        added=added,
        blocked=blocked,
        is_v2_only=_is_v2_only(effective),
        verifies_signatures=signatures.are_verified(effective.engine, values),
    )
    return with_insecure(registries, effective)


def _is_v2_only(effective: Effective) -> bool:
    values = effective.values("disable-legacy-registry")
    return bool(values) and values[-1].text in TRUE


def mirrors_of(effective: Effective) -> tuple[str, ...]:
    """The mirrors as the engine uses them; all but the oldest take each one once."""
    engine, values = effective.engine, effective.values("registry-mirrors")
    urls = [mirrors.taken(value.text, engine, effective.is_flag(value)) for value in values]
    return tuple(dict.fromkeys(urls) if mirrors.judges_files(engine) else urls)


def with_insecure(registries: Registries, effective: Effective) -> Registries:
    """The same with the insecure entries of the files. Red Hat's engine also lists an
    added registry among them where a network makes it insecure; Docker's own take no word
    against Docker Hub."""
    engine, values = effective.engine, effective.values("insecure-registries")
    entries = [insecure.taken(value.text, engine, effective.is_flag(value)) for value in values]
    is_dropped = insecure.drops_all(engine) and any(insecure.has_hyphen(value.text) for value in values)
    if is_dropped:
        entries = []
    names = tuple(
        entry for entry in dict.fromkeys(entries) if entry not in LOOPBACK and (engine.is_redhat or entry != HUB)
    )
    registries = replace(registries, insecure=names, loopback=() if is_dropped else _loopback(engine, entries))
    known = set(names)
    listed = dict.fromkeys(name for name in registries.added if name not in known and registries.is_insecure(name))
    return replace(registries, insecure=(*names, *listed))


def _loopback(engine: Engine, networks: Sequence[str]) -> tuple[str, ...]:
    """127.0.0.0/8 is insecure without anybody's word; ::1 with 28.5.2 too, but not
    with 26.1.5 (asked)."""
    return LOOPBACK if engine.is_at_least(28) or LOOPBACK[1] in networks else LOOPBACK[:1]


def as_it_runs(effective: Effective) -> Registries | None:
    """What the running daemon says itself; None where none runs.

    Added and blocked registries are in no API but `.Registries` of Red Hat's; what it does not say
    is taken from the process's own command line, and from the file, which that engine never reads
    again while it runs.
    """
    config = effective.texts.info.get("RegistryConfig")
    if not config:
        return None
    command = running_command(effective.texts)

    def listed_flags(key: str) -> tuple[str, ...]:
        if not effective.engine.is_redhat:
            return ()
        flags = (HUB if flag.value == HUB_INDEX else flag.value for flag in command.of(key))
        return (*flags, *effective.file.texts(key))

    listed, blocked = effective.texts.info.get("Registries"), listed_flags("block-registry")
    networks = [str(network) for network in config.get("InsecureRegistryCIDRs") or []]
    return Registries(
        tuple(mirrors.taken(url, effective.engine, is_flag=False) for url in config.get("Mirrors") or []),
        _insecure_of(config, networks),
        _names(listed, blocked) if isinstance(listed, list) else listed_flags("add-registry"),
        blocked,
        # Red Hat's engine has none where one bad entry of the list has taken all away.
        _loopback(effective.engine, networks) if networks or not insecure.drops_all(effective.engine) else (),
        _is_v2_only(effective),
        verifies_signatures=_runs_with_signatures(effective),
    )


def _runs_with_signatures(effective: Effective) -> bool:
    """Whether the running daemon verifies signatures; where its command line is not
    known, as the files say."""
    command = running_command(effective.texts) if effective.texts.argv else effective.command
    in_file = [value.text for value in effective.values(signatures.KEY) if not effective.is_flag(value)]
    values = [*(flag.value for flag in command.of(signatures.KEY)), *in_file]
    return signatures.are_verified(effective.engine, values)


def _insecure_of(config: Mapping[str, Any], networks: Sequence[str]) -> tuple[str, ...]:
    indexes = config.get("IndexConfigs") or {}
    names = [name for name, index in indexes.items() if not index.get("Secure", True)]
    return (*names, *(network for network in networks if network not in LOOPBACK))


def _names(listed: list[Any], blocked: Sequence[str]) -> tuple[str, ...]:
    """Red Hat's `.Registries`: the added ones, with Docker Hub at its end where
    that is not blocked."""
    names = [str(entry.get("Name") if isinstance(entry, dict) else entry) for entry in listed]
    has_own = names[-1:] == [HUB] and not {"all", EVERYTHING} & set(blocked)
    return tuple(names[:-1] if has_own else names)
