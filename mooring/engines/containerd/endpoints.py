"""Where containerd's CRI plugin pulls an image from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from mooring.engines.containerd import hosts_toml
from mooring.engines.containerd.config import Effective
from mooring.engines.containerd.hosts_toml import Host, HostsToml
from mooring.engines.docker.registries import Registries
from mooring.engines.origin import Origin
from mooring.engines.route import ANY_ERROR, SYSTEM, split_image
from mooring.engines.texts import ContainerEngine, ContainerTexts
from mooring.engines.toml import get
from mooring.records.hub import HUB, HUB_URL
from mooring.records.route import Endpoint, Route

PODS = "the pod's"
NO_TLS = "an answer without TLS; on any other error the host after that is next"
# source: `dockerResolver.Resolve` of 1.6 on; containerd#4531
OLD_RULE = "no connection, or the answer that there is no such image; other errors end the pull (containerd#4531)"
NOTES = "ctr reads no config.toml (give it --hosts-dir), nerdctl reads /etc/containerd/certs.d and /etc/docker/certs.d"


def explain(image: str, effective: Effective) -> Route:
    """The route of `crictl pull IMAGE`."""
    registry, repository = split_image(image)
    registry = registry or HUB
    if registry == HUB and "/" not in repository:
        repository = f"library/{repository}"
    roots = effective.config_paths
    if roots:
        folder, hosts = folder_hosts(registry, roots, effective.texts)
        notes = [f"by {folder}" if folder else f"nothing below {' or '.join(roots)} concerns {registry}"]
        endpoints = list(attempts(registry, repository, hosts, effective.engine))
    else:
        notes = []
        endpoints = list(_mirrors(registry, repository, effective))
    rule = ANY_ERROR if effective.engine.is_at_least(1, 5) else OLD_RULE
    endpoints = [endpoint if endpoint.next_on else replace(endpoint, next_on=rule) for endpoint in endpoints]
    endpoints[-1:] = [replace(endpoint, next_on="") for endpoint in endpoints[-1:]]
    if not endpoints:
        return Route(refusal="hosts.toml leaves no host that images can be pulled from", notes=(*notes, NOTES))
    return Route(tuple(endpoints), notes=(*notes, *_capabilities(endpoints), NOTES))


def folder_hosts(registry: str, roots: tuple[str, ...], texts: ContainerTexts) -> tuple[str, tuple[Host, ...]]:
    """(the folder that counts or "", its hosts in order); the last one may be the registry
    itself."""
    for root in roots:
        for folder in hosts_toml.folders(root, registry):
            names = texts.certificates.get(root, {}).get(folder.rpartition("/")[2])
            if names is not None:
                return folder, of_folder(folder, names, texts.files.get(f"{folder}/{hosts_toml.NAME}"))
    return "", ()


def of_folder(folder: str, names: tuple[str, ...], text: str | None) -> tuple[Host, ...]:
    """The hosts of one folder: by its hosts.toml, or where that has a mistake or is not there, by
    its certificates."""
    file: HostsToml | None = hosts_toml.parse(text, f"{folder}/{hosts_toml.NAME}") if text else None
    if file is None or file.error:
        return (hosts_toml.from_certificates(folder, names),)
    return file.hosts


def attempts(
    registry: str, repository: str, hosts: tuple[Host, ...], engine: ContainerEngine, credentials: str = PODS
) -> Iterator[Endpoint]:
    """Each host's URLs in the order in which they are tried; without hosts the registry itself."""
    for host in hosts or (hosts_toml.from_certificates("", ()),):
        if not {"pull", "resolve"} & set(host.capabilities):
            continue
        url, host = (host.url, host) if host.url else _own(registry, host, engine)
        kind = "registry" if not host.url or urlsplit(url).netloc in (registry, urlsplit(HUB_URL).netloc) else "mirror"
        if "resolve" not in host.capabilities:
            kind += " (content only)"
        yield from _schemes(Endpoint(kind, url, repository, "verified", "", credentials), host, engine)


def _own(registry: str, host: Host, engine: ContainerEngine) -> tuple[str, Host]:
    """The registry under its own name (source: `ConfigureHosts`); one on this machine is
    insecure by itself."""
    if registry == HUB:
        return HUB_URL, host
    port = registry.rpartition(":")[2] if ":" in registry else ""
    if not Registries().is_insecure(registry):
        return f"https://{registry}", host
    if engine.is_at_least(1, 7):
        scheme = "https" if port in ("", "443") else "http"
        return f"{scheme}://{registry}", host if port == "80" else replace(host, skip_verify=True)
    return f"http://{registry}", replace(host, skip_verify=True)


def _schemes(endpoint: Endpoint, host: Host, engine: ContainerEngine) -> Iterator[Endpoint]:
    """An http host with anything said about TLS is asked over HTTPS first, since
    1.7, but on port 80."""
    parts = urlsplit(endpoint.url)
    secure = replace(
        endpoint,
        url=endpoint.url.replace("http://", "https://", 1),
        tls="unverified" if host.skip_verify else "verified",
        trust="" if host.skip_verify else _trust(host),
    )
    if parts.scheme == "https":
        yield secure
        return
    if host.has_tls and engine.is_at_least(1, 7) and not parts.netloc.endswith(":80"):
        yield replace(secure, next_on=NO_TLS)
    yield replace(endpoint, tls="none")


def _trust(host: Host) -> str:
    text = " and ".join([SYSTEM, *host.authorities])
    return f"{text}; shows {', '.join(host.client)}" if host.client else text


def _mirrors(registry: str, repository: str, effective: Effective) -> Iterator[Endpoint]:
    """The old way: the mirrors of the registry, or of "*", then the registry, unless a
    mirror is it already."""
    mirrors = effective.table("mirrors")
    listed = get(mirrors.get(registry, mirrors.get("*")), "endpoint")
    urls = [name if "://" in name else _scheme(name) for name in map(str, listed if isinstance(listed, list) else [])]
    hosts = [_configured(url, effective) for url in urls]
    if registry not in [urlsplit(url).netloc for url in urls]:
        own = HUB_URL if registry == HUB else _scheme(registry)
        hosts.append(_configured(own, effective))
    yield from attempts(registry, repository, tuple(hosts), effective.engine)


def _scheme(host: str) -> str:
    """source: `addDefaultScheme`"""
    return f"http://{host}" if Registries().is_insecure(host) else f"https://{host}"


def _configured(url: str, effective: Effective) -> Host:
    """A host with the TLS settings of `configs`, which 2.x does not read any more."""
    configs = effective.registry.get("configs")
    place = (configs or next(iter(effective.registry.values()), None)) if effective.registry else None
    origin = place.origin if place is not None else Origin("the engine's default")
    tls = None if effective.engine.is_at_least(2) else get(effective.table("configs"), urlsplit(url).netloc, "tls")
    return Host(
        url.rstrip("/"),
        origin,
        authorities=tuple(filter(None, [get(tls, "ca_file")])),
        client=tuple(filter(None, [get(tls, "cert_file")])),
        skip_verify=True if get(tls, "insecure_skip_verify") is True else None,
    )


def _capabilities(endpoints: list[Endpoint]) -> Iterator[str]:
    if any("content only" in endpoint.kind for endpoint in endpoints):
        yield "a host without the capability resolve is not asked what a tag means, only for content"
