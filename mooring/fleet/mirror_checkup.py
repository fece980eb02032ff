"""How a server's mirror stands: why there is none, whether its parts run, and what of one's own
wins over upstreams."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from mooring.certificates.names import strip_port
from mooring.errors import MooringError, RegistryError
from mooring.files.reading import LARGEST_SETTING, read_text
from mooring.fleet.site import SERVER, SERVER_ROLE
from mooring.fleet.survey import FleetHost
from mooring.records.mirror import MirrorRecord
from mooring.records.route import Route
from mooring.registry.addresses import ServerAddresses
from mooring.registry.client import Registry
from mooring.registry.mirror_chain import CONTAINER, MirrorSetting
from mooring.registry.transport import HttpTransport
from mooring.templating.mirror_names import find_hindrance

SECONDS = 20.0
# Of the repositories behind each prefix, and of all those that are named.
MOST, NAMED = 100, 5
GATE = "mirror_gate_container_name"
OFF = "mirror_names is empty"
SWITCHED_OFF = f"{OFF}: it is switched off"


def name_containers(variables: Mapping[str, Any]) -> list[str]:
    """The mirror's containers, the gate first; none where the mirror has no door, or no
    upstream."""
    if not variables.get("mirror_names"):
        return []
    caches = MirrorSetting.of(variables).caches
    gate = [str(variables.get(GATE) or "mooring-gate")] if caches else []
    return [*gate, *(f"{CONTAINER}{cache['slug']}" for cache in caches)]


def look(host: FleetHost, states: Mapping[str, str], is_listed: bool) -> MirrorRecord:
    """The mirror, with its containers' states; `is_listed` says whether the registry can be asked
    for its names."""
    variables = host.roles[SERVER_ROLE]
    if not variables.get("mirror_names"):
        return MirrorRecord(absence=explain_absence(host))
    if not is_listed:
        return MirrorRecord(containers=states, unread="the registry does not answer")
    setting, own = MirrorSetting.of(variables), ServerAddresses.of(variables).own
    try:
        with Registry(HttpTransport(own, partial(host.open_tunnel, own.host, own.port), SECONDS)) as registry:
            names, has_more = list_shadows(registry, setting)
    except RegistryError as error:
        return MirrorRecord(containers=states, unread=str(error))
    shadows = tuple(names[:NAMED])
    return MirrorRecord(containers=states, shadows=shadows, shadow_count=len(names), has_more=has_more)


def explain_absence(host: FleetHost) -> str:
    """Why the mirror has no name, as its default is made of the names and of all servers'
    certificates."""
    variables = host.roles[SERVER_ROLE]
    hosts = variables["hostvars"]
    names = [str(hosts[name].get("nginx_tls_certificate") or "") for name in variables["groups"].get(SERVER, ())]
    names.append(str(variables["nginx_tls_certificate"] or ""))
    texts = []
    for name in filter(None, dict.fromkeys(names)):
        try:
            texts.append(read_text(host.find(SERVER_ROLE, name), LARGEST_SETTING))
        except (MooringError, OSError) as error:
            return f"{OFF}, and nginx_tls_certificate cannot be read: {error}"
    return find_hindrance(map(str, variables["registry_names"]), texts) or SWITCHED_OFF


def list_shadows(registry: Registry, setting: MirrorSetting) -> tuple[list[str], bool]:
    """One's own repositories that win over an upstream's, and whether there are more
    than were asked for.

    They are those behind `library/` and behind upstreams' names; what is asked of no upstream
    shadows nothing.
    """
    names, has_more = list[str](), False
    for prefix in (cache["prefix"] or "library" for cache in setting.caches):
        page = registry.names_after(prefix, MOST)
        behind = [name for name in page if name.startswith(f"{prefix}/")]
        has_more = has_more or len(behind) >= MOST
        names += [name for name in behind[:MOST] if not setting.covers(name)]
    return names, has_more


def list_notes(mirror: MirrorRecord) -> Iterator[str]:
    """What there is to say of the mirror, in sentences."""
    if mirror.absence:
        yield f"there is no mirror: {mirror.absence}"
    for name in mirror.stopped:
        yield f"the mirror's container {name} is {mirror.containers[name]}"
    if mirror.unread:
        yield f"which of one's own images win over an upstream's is not known: {mirror.unread}"
    if mirror.shadow_count:
        count = f"{'at least ' if mirror.has_more else ''}{mirror.shadow_count}"
        more = ", …" if mirror.has_more or mirror.shadow_count > len(mirror.shadows) else ""
        yield f"own repositories that win over an upstream's: {count} ({', '.join(mirror.shadows)}{more})"


def find_old_mirrors(route: Route, variables: Mapping[str, Any]) -> tuple[str, ...]:
    """The URLs by which a client still uses the registry's own name as its mirror, by
    its play's variables."""
    mirrors = [strip_port(str(name)) for name in variables.get("registry_client_mirror_names") or ()]
    wanted = " ".join(map(str, variables.get("registry_client_mirrors") or ()))
    own = {strip_port(str(name)) for name in variables.get("registry_client_names") or ()}
    if not mirrors:
        return ()
    hosts = {
        endpoint.url: strip_port(endpoint.url.partition("://")[2])
        for endpoint in route.endpoints
        if endpoint.kind.startswith("mirror")
    }
    return tuple(url for url, host in hosts.items() if host in own - set(mirrors) and f"//{host}" not in wanted)
