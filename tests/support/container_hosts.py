"""Hosts with podman, CRI-O, containerd or BuildKit as texts, for the tests of what their configuration means."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from mooring.engines.podman.effective import Effective, resolve
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
