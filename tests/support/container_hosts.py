"""Hosts with podman, CRI-O, containerd or BuildKit as texts, for the tests of what their
configuration means."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from mooring.engines.containerd import config as containerd_config
from mooring.engines.containerd.endpoints import explain as explain_containerd
from mooring.engines.plan.containers.host import ContainerHost, written
from mooring.engines.plan.plan import Plan
from mooring.engines.podman.effective import Effective, resolve
from mooring.engines.podman.endpoints import explain as explain_podman
from mooring.engines.texts import ContainerTexts

ETC = "/etc/containers"
POLICY = f"{ETC}/policy.json"
NOTHING: Mapping[str, str | None] = MappingProxyType({})
CONF, DROP_IN = f"{ETC}/registries.conf", f"{ETC}/registries.conf.d/50-own.conf"


def podman(
    conf: str | None = None, version: str = "5.4.2", files: Mapping[str, str | None] = NOTHING, **more: Any
) -> Effective:
    """podman with this registries.conf."""
    engine = more.pop("engine", "podman")
    texts = {POLICY: "{}", CONF: conf, **files}
    return resolve(ContainerTexts({engine: version}, texts, **more), engine)


def after_plan(before: ContainerHost, made: Plan) -> ContainerHost:
    """The host as a plan leaves it."""
    assert not made.refusals, list(map(str, made.refusals))
    return ContainerHost(before.name, written(before.texts, made.changes), record=before.record)


def endpoints_of(host: ContainerHost, image: str) -> list[tuple[str, str]]:
    """URL and TLS of each endpoint that the host's engine asks for the image, in order."""
    if host.name == "containerd":
        route = explain_containerd(image, containerd_config.resolve(host.texts))
    else:
        route = explain_podman(image, resolve(host.texts, host.name))
    return [(endpoint.url, endpoint.tls) for endpoint in route.endpoints]
