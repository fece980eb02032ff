"""containerd's hosts.toml: one for each registry that has a mirror or is insecure."""

from __future__ import annotations

import json
from collections.abc import Iterator

from mooring.engines.containerd.hosts_toml import NAME
from mooring.engines.docker.registries import is_network
from mooring.engines.plan.certificates import WholeFile
from mooring.engines.plan.containers.host import ContainerHost
from mooring.engines.plan.refusal import Refusal
from mooring.engines.plan.wanted import Wanted
from mooring.records.hub import HUB, HUB_URL

HEAD = "# Mooring's: it is written anew as a whole."


def find_impossible(host: ContainerHost, wanted: Wanted) -> Iterator[Refusal]:
    """What containerd cannot do. Short names are always Docker Hub's."""
    for registry in wanted.registries:
        if registry.search is True:
            yield Refusal(
                f"containerd asks Docker Hub alone for short names; it cannot search {registry.name}",
                f"use full names ({registry.name}/app), or let {registry.name} be a mirror of Docker Hub (mirrors)",
            )
        if registry.block:
            yield Refusal(
                f"containerd cannot block a registry ({registry.name})", "let the network or a policy do that"
            )
        if is_network(registry.name):
            yield Refusal(f"containerd knows no insecure networks, only hosts ({registry.name})", "name the registries")


def draw(host: ContainerHost, root: str, wanted: Wanted, placed: list[WholeFile]) -> list[WholeFile]:
    """A hosts.toml where one is needed; beside it the certificates of its folder do not
    count by themselves."""
    insecure = [entry for entry in wanted.insecure if not is_network(entry)]
    names = dict.fromkeys([*(mirror.registry for mirror in wanted.mirrors), *insecure])
    return [
        WholeFile(f"{folder(host, root, name)}/{NAME}", _text(host, root, name, wanted, placed)) for name in names
    ]  # fmt: skip


def folder(host: ContainerHost, root: str, registry: str) -> str:
    """The registry's folder: the one that is read first where there are two ways to write a
    port."""
    name, colon, port = registry.rpartition(":")
    special = f"{name}_{port}_"
    return f"{root}/{special if colon and special in host.texts.certificates.get(root, {}) else registry}"


def _text(host: ContainerHost, root: str, name: str, wanted: Wanted, placed: list[WholeFile]) -> str:
    lines = [HEAD]
    is_insecure = name in wanted.insecure
    url = HUB_URL if name == HUB else f"{'http' if is_insecure else 'https'}://{name}"
    lines.append(f"server = {json.dumps(url)}")
    lines += [] if is_insecure else _trust(host, root, name, placed)
    # An insecure registry that is its own mirror gets its table below.
    itself = f"https://{name}" if is_insecure else ""
    for mirror in (entry.url for entry in wanted.mirrors if entry.registry == name and entry.url != itself):
        lines += ["", f"[host.{json.dumps(mirror)}]", '  capabilities = ["pull", "resolve"]']
        scheme, _, location = mirror.partition("://")
        if scheme == "https" and location in wanted.insecure:
            lines.append("  skip_verify = true")
        elif scheme == "https":
            lines += [f"  {line}" for line in _trust(host, root, location, placed)]
    if itself:
        # HTTPS unverified first, then HTTP, as docker does it; 1.6 would not try both for one host.
        lines += ["", f"[host.{json.dumps(itself)}]", '  capabilities = ["pull", "resolve", "push"]']
        lines.append("  skip_verify = true")
    return "\n".join(lines) + "\n"


def _trust(host: ContainerHost, root: str, name: str, placed: list[WholeFile]) -> Iterator[str]:
    """The certificates of a registry's folder, ours and the operator's."""
    here = folder(host, root, name)
    there = [f"{here}/{file}" for file in host.texts.certificates.get(root, {}).get(here.rpartition("/")[2], ())]
    paths = sorted({*there, *(file.path for file in placed if file.path.rpartition("/")[0] == here)})
    authorities = [path for path in paths if path.endswith(".crt")]
    pairs = [[path, path[:-4] + "key"] for path in paths if path.endswith(".cert") and path[:-4] + "key" in paths]
    if authorities:
        yield f"ca = {json.dumps(authorities)}"
    if pairs:
        yield f"client = {json.dumps(pairs)}"
