"""Filling a server's registry: its variables become ways to upstreams and to its own port, over its
SSH connection."""

from __future__ import annotations

import random
import ssl
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

from mooring.errors import TemplateError, UsageError
from mooring.fleet.site import SERVER, SERVER_ROLE, Site
from mooring.fleet.survey import FleetHost
from mooring.records.sync import SyncReport, SyncSummary
from mooring.registry.addresses import ServerAddresses
from mooring.registry.pool import Dial, Pool
from mooring.registry.sockets import dial
from mooring.registry.upstream import Upstream
from mooring.service.budget import Budget
from mooring.service.bundle import Bundle, Delta
from mooring.service.copy_plan import CopyPlan
from mooring.service.copying import Copier, Mover
from mooring.service.image_places import OwnNames
from mooring.service.movers import ControlMover, Holders
from mooring.service.registry_target import RegistryTarget
from mooring.service.server_mover import MODULE, Server, ServerMover
from mooring.service.source import CountedSource, Source, Target
from mooring.service.sync import Sync, Ways
from mooring.service.upstreams import CONTROL, Secrets, SyncSettings, read_settings
from mooring.transport.content import FileContent

NAMES = ("registry_names", "mirror_names", "mirror_own_namespaces")


def find_server(site: Site) -> str:
    """The name of the one server that is meant; UsageError where there is none, or another one
    too."""
    meant = [host.name for kind, play in site.kinds() if kind == SERVER for host in site.inventory.match(play.hosts)]
    names = [name for name in dict.fromkeys(meant) if name in site.chosen()]
    if not names:
        raise UsageError(f"no host of {site.name} that is meant is the registry's server")
    if len(names) > 1:
        raise UsageError(f"one registry is filled at a time: choose {' or '.join(names[:5])} with --limit")
    return names[0]


# Makes the way of a registry's layers; the mover is that through this machine.
MakeMover = Callable[[str, Holders, Mover], Mover]


class Setup:
    """What the inventory says of a server: how it is entered, whose images are its own, where the
    others come from."""

    def __init__(self, host: FleetHost, secrets: Secrets) -> None:
        """Reads the variables and the files that they name; MooringError where they are wrong."""
        variables = host.roles[SERVER_ROLE]
        self.host = host
        self.door = ServerAddresses.of(variables)
        self.names = OwnNames.of(*(_texts(variables, name) for name in NAMES))
        self.settings = read_settings(variables, Secrets(secrets.environment, self._reader(secrets)))
        name = str(variables.get("mirror_ca_file") or "")
        self.authorities = host.find(SERVER_ROLE, name) if name else None
        self.context = _make_context(self.authorities)

    def make_server(self) -> Server:
        """The server, as layers come to it; the authorities of upstreams are put there,
        where there are any."""
        directory, path = self.settings.directory, ""
        if self.authorities is not None:
            content, path = FileContent(self.authorities), f"{directory}/authorities.crt"
            self.host.call("file", path=directory, state="directory", mode="0700")
            args = {"dest": path, "checksum": content.sha1(), "size": content.size, "mode": "0644"}
            self.host.work("copy", args, content=content)
        return Server(partial(self.host.work, MODULE), self.door.own, directory, path)

    def _reader(self, secrets: Secrets) -> Callable[[str], str]:
        return lambda name: secrets.read_file(str(self.host.find(SERVER_ROLE, name)))

    @property
    def dial(self) -> Dial:
        """How upstreams are reached: as the server reaches them, or from this machine."""
        return dial if self.settings.via == CONTROL else self.host.open_tunnel


class Sources:
    """The upstreams, each made when the first image of it is asked for."""

    def __init__(self, settings: SyncSettings, pool: Pool) -> None:
        self._settings, self._pool = settings, pool
        self._sources: dict[str, CountedSource] = {}

    def find(self, registry: str) -> CountedSource:
        """The source of a registry's images."""
        if registry not in self._sources:
            setting = self._settings.find(registry)
            budget = Budget(registry, self._settings.reserve, random.random, now)
            upstream = Upstream(setting.addresses, self._pool, setting.account, budget.observe)
            self._sources[registry] = CountedSource(upstream, budget)
        return self._sources[registry]


def make_ways(target: Target, find_source: Callable[[str], Source], make_mover: MakeMover | None = None) -> Ways:
    """Manifests through this machine, and layers too, unless `make_mover` knows another way."""
    copiers, holders = dict[str, Copier](), Holders()

    def find_copier(registry: str) -> Copier:
        if registry not in copiers:
            source = find_source(registry)
            mover: Mover = ControlMover(source, target, holders)
            copiers[registry] = Copier(source, target, make_mover(registry, holders, mover) if make_mover else mover)
        return copiers[registry]

    return Ways(target, find_source, find_copier, now)


def fill_server(setup: Setup, bundle: Bundle | None, sync: Run) -> None:
    """Make the server's registry hold the images, from their upstreams or from a bundle."""
    setup.host.call("ping")  # opens the connection that everything goes through
    with closing(Pool(setup.dial, setup.context)) as pool, closing(Pool(setup.host.open_tunnel)) as own_pool:
        target = RegistryTarget(setup.door.own, own_pool)
        sources = Sources(setup.settings, pool)

        def make_mover(registry: str, holders: Holders, other: Mover) -> Mover:
            return ServerMover(
                setup.make_server(), sources.find(registry).upstream, holders, other, sync.report.show_note
            )

        if bundle is not None:
            sync.run(make_ways(target, lambda registry: bundle))
        else:
            sync.run(make_ways(target, sources.find, None if setup.settings.via == CONTROL else make_mover))


def fill_bundle(setup: Setup, bundle: Bundle, sync: Run) -> None:
    """Make a bundle hold the images, from their upstreams as this machine reaches them."""
    with closing(Pool(context=setup.context)) as pool:
        sync.run(make_ways(bundle, Sources(setup.settings, pool).find))


def fill_delta(setup: Setup, bundle: Bundle, sync: Run) -> None:
    """The same with what the server's registry lacks alone."""
    setup.host.call("ping")
    with closing(Pool(context=setup.context)) as pool, closing(Pool(setup.host.open_tunnel)) as own_pool:
        target = Delta(bundle, RegistryTarget(setup.door.own, own_pool))
        sync.run(make_ways(target, Sources(setup.settings, pool).find))


@dataclass(frozen=True)
class Run:
    """One run: what is to be copied, what has become of it, and whom it is told to."""

    plan: CopyPlan
    summary: SyncSummary
    report: SyncReport

    def run(self, ways: Ways) -> None:
        """Look, then copy; a check only asks. RegistryError where the target does not answer."""
        sync = Sync(self.plan, ways, self.summary, self.report)
        sync.look()
        if self.summary.is_check:
            sync.check()
        else:
            sync.fill()


def now() -> datetime:
    """The time, with its zone."""
    return datetime.now(timezone.utc)


def _texts(variables: Mapping[str, Any], name: str) -> list[str]:
    """A list of texts; none where the variable is not there, or needs what only a run knows."""
    try:
        value = variables.get(name)
    except TemplateError:
        return []
    return [str(text) for text in value] if isinstance(value, (list, tuple)) else []


def _make_context(path: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(path) if path else None)
    except (OSError, ValueError) as error:
        raise UsageError(f"mirror_ca_file: {path}: {getattr(error, 'strerror', None) or error}") from None
