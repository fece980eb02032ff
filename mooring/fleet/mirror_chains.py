"""What the servers of a site do with the requests of a pull: planned from their variables, asked
where they answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from mooring.errors import Interrupted, MooringError, RegistryError
from mooring.fleet.site import SERVER, SERVER_ROLE, Site
from mooring.fleet.survey import FleetHost, Lost, Survey
from mooring.records.mirror import ServerChain
from mooring.registry.addresses import ServerAddresses
from mooring.registry.client import Registry
from mooring.registry.mirror_chain import Copy, MirrorSetting, split_reference
from mooring.registry.names import is_digest, is_repository, is_tag
from mooring.registry.transport import HttpTransport

SECONDS = 10.0


@dataclass(frozen=True)
class Asking:
    """A request that an engine will make: `reference` is a repository with its tag or digest,
    `namespace` the ?ns=."""

    url: str
    reference: str
    namespace: str = ""


def find_chains(site: Site, askings: Sequence[Asking]) -> list[ServerChain]:
    """The chain of each request that leads to a server of the site; MooringError where its
    variables are wrong.

    A server that cannot be reached is told in the step that asks it.
    """
    pattern = ",".join(play.hosts for kind, play in site.kinds() if kind == SERVER)
    if not pattern or not site.inventory.match(pattern):
        return []
    everywhere = replace(site, options=replace(site.options, limit=""))
    chains = []
    with Survey(everywhere, pattern) as survey:
        settings = {
            host.name: MirrorSetting.of(host.roles[SERVER_ROLE])
            for host in survey.fleet_hosts
            if SERVER_ROLE in host.roles
        }
        wanted = {name: list_images(setting, askings) for name, setting in settings.items()}
        if not any(wanted.values()):
            return []
        outcomes = survey.look(lambda host: ask_copies(host, wanted.get(host.name, ())))
    for name, setting in settings.items():
        chains += plan_chains(name, setting, askings, outcomes[name])
    return chains


def list_images(setting: MirrorSetting, askings: Iterable[Asking]) -> list[tuple[str, str]]:
    """(repository, tag or digest) of what is asked of one's own registry, each once."""
    images = []
    for asking in askings:
        repository, reference = split_reference(asking.reference)
        own = setting.own_repository(asking.url, repository, asking.namespace)
        # A route is a host's own word.
        is_askable = is_repository(own) and (is_tag(reference) or is_digest(reference))
        images += [(own, reference)] if is_askable else []
    return list(dict.fromkeys(images))


def plan_chains(
    server: str,
    setting: MirrorSetting,
    askings: Iterable[Asking],
    outcome: Mapping[tuple[str, str], Copy] | Lost,
) -> list[ServerChain]:
    """The chains of one server, with what it said of its own images."""
    chains = []
    for asking in dict.fromkeys(askings):
        repository, reference = split_reference(asking.reference)
        image = (setting.own_repository(asking.url, repository, asking.namespace), reference)
        copy = Copy(reason=outcome.reason) if isinstance(outcome, Lost) else outcome.get(image, Copy())
        steps = setting.list_steps(asking.url, repository, asking.namespace, copy)
        if steps:
            chains.append(ServerChain(server, asking.url, asking.reference, tuple(steps)))
    return chains


def ask_copies(host: FleetHost, images: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Copy]:
    """Which of these images one's own registry has, by its own port on the server."""
    images = list(images)
    if not images:
        return {}
    host.call("ping")
    own = ServerAddresses.of(host.roles[SERVER_ROLE]).own
    copies = {}
    with Registry(HttpTransport(own, partial(host.open_tunnel, own.host, own.port), SECONDS)) as registry:
        for image in images:
            try:
                copies[image] = Copy(registry.resolve(*image) is not None)
            except RegistryError as error:
                copies[image] = Copy(reason=str(error))
    return copies


def try_chains(site: Site, askings: Sequence[Asking]) -> tuple[list[ServerChain], str]:
    """The chains, and why there are none where the site's words are not to be understood."""
    try:
        return find_chains(site, askings), ""
    except Interrupted:
        raise
    except MooringError as error:
        return [], str(error)
