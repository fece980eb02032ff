"""What belongs below certs.d: authorities, client certificates, and hosts.toml for
mirrors of any registry.

The daemon reads these at every request; nothing is to be reloaded for them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from mooring.engines.docker.effective import Effective
from mooring.engines.docker.image_store import has_hosts_files
from mooring.engines.docker.registries import by_files
from mooring.engines.plan.host import Host, digest_of
from mooring.engines.plan.record import Record
from mooring.engines.plan.refusal import Refusal
from mooring.engines.plan.wanted import Mirror, Registry, Wanted
from mooring.records.hub import HUB, HUB_URL


@dataclass(frozen=True)
class WholeFile:
    """A file that is Mooring's from its first line to its last."""

    path: str
    text: str
    mode: str = "0644"
    secret: bool = False


@dataclass(frozen=True)
class Folder:
    """What is wanted below certs.d, what of Mooring's is to go, and what the record says of it."""

    files: tuple[WholeFile, ...] = ()
    gone: tuple[str, ...] = ()
    ca: tuple[str, ...] = ()
    ours: tuple[str, ...] = ()


def arrange(host: Host, before: Effective, wanted: Wanted, record: Record) -> Folder:
    """The files of all registries, beside those that the operator has there."""
    root = host.paths.certificates
    own_paths = {f"{root}/{name}/ca.crt" for name in record.ca} | {
        file_path for file_path in record.files if file_path.startswith(root)
    }
    placed = [file for registry in wanted.registries for file in _files(registry, host, own_paths)]
    insecure = frozenset(wanted.insecure + by_files(before).insecure)
    trust = Trust(host, insecure, frozenset(file.path for file in placed))
    mirrors = wanted.other_mirrors + _hub_mirrors(before, wanted, record)
    placed += [_hosts_file(name, mirrors, trust) for name in dict.fromkeys(mirror.registry for mirror in mirrors)]
    kept = [file for file in placed if file.path in own_paths or host.digest(file.path) != digest_of(file.text)]
    paths = {file.path for file in kept}
    authorities = {f"{root}/{known.name}/ca.crt": known.name for known in wanted.registries}
    if wanted.mirrors and not host.is_running:
        # A daemon that is down does not tell its image store, so nobody knows whether these are
        # needed.
        paths |= {path for path in own_paths if path.endswith("/hosts.toml")}
    gone = sorted(path for path in own_paths - paths if host.digest(path) is not None)
    ca = tuple(authorities[file.path] for file in kept if file.path in authorities)
    return Folder(tuple(kept), tuple(gone), ca, tuple(sorted(paths - {f"{root}/{name}/ca.crt" for name in ca})))


def find_foreign(host: Host, folder: Folder, record: Record) -> Iterator[Refusal]:
    """A hosts.toml of somebody else's: what it says as a whole, only its writer knows."""
    for file in folder.files:
        if file.path.endswith("hosts.toml") and file.path not in record.files and host.digest(file.path) is not None:
            yield Refusal(f"{file.path} is not Mooring's", "put the mirror into it by hand, or move it away")


def _files(registry: Registry, host: Host, own_paths: set[str]) -> Iterator[WholeFile]:
    folder = f"{host.paths.certificates}/{registry.name}"
    if registry.ca:
        name = _free(host, own_paths, folder, {"ca.crt": registry.ca}, "mooring-ca")
        yield WholeFile(f"{folder}/{name}.crt", registry.ca)
    if registry.certificate:
        pair = {"client.cert": registry.certificate, "client.key": registry.key}
        name = _free(host, own_paths, folder, pair, "mooring")
        yield WholeFile(f"{folder}/{name}.cert", registry.certificate)
        yield WholeFile(f"{folder}/{name}.key", registry.key, "0600", True)


def _free(host: Host, own_paths: set[str], folder: str, files: dict[str, str], other: str) -> str:
    """The usual name without its ending, or another one where somebody else's file has it."""
    for name, text in files.items():
        path = f"{folder}/{name}"
        if path not in own_paths and host.digest(path) not in (None, digest_of(text)):
            return other
    return next(iter(files)).rpartition(".")[0]


@dataclass(frozen=True)
class Trust:
    """Whom a host is trusted by; `placed` are the paths that the plan writes below certs.d."""

    host: Host
    insecure: frozenset[str]
    placed: frozenset[str]

    def lines(self, name: str, indent: str = "") -> Iterator[str]:
        """What hosts.toml says of it: beside that file the others of its folder do not
        count, so it names them."""
        folder = f"{self.host.paths.certificates}/{name}"
        there = {f"{folder}/{file}" for file in self.host.texts.certificates.get(name, ())}
        paths = sorted(path for path in self.placed | there if path.rpartition("/")[0] == folder)
        authorities = [path for path in paths if path.endswith(".crt")]
        pairs = [[path, path[:-4] + "key"] for path in paths if path.endswith(".cert") and path[:-4] + "key" in paths]
        if name in self.insecure:
            yield f"{indent}skip_verify = true"
        elif authorities:
            yield f"{indent}ca = {json.dumps(authorities)}"
        if pairs:
            yield f"{indent}client = {json.dumps(pairs)}"


def _hub_mirrors(before: Effective, wanted: Wanted, record: Record) -> tuple[Mirror, ...]:
    """Docker Hub's mirrors, all of them, where its hosts.toml must name them.

    The containerd image store reads a mirror's authority from certs.d/docker.io, not from the
    mirror's own folder, and with hosts.toml from where that says (tried with docker 28.5.2). Where
    it names hosts, registry-mirrors do not count.
    """
    known = {registry.name for registry in wanted.registries if registry.ca or registry.certificate}
    has_own = any(url.startswith("https:") and url.partition("//")[2] in known for url in wanted.hub_mirrors)
    if not (has_own and has_hosts_files(before.engine)):
        return ()
    gone = set(record.of("registry-mirrors")) - set(wanted.hub_mirrors)
    urls = dict.fromkeys([*(url for url in by_files(before).mirrors if url not in gone), *wanted.hub_mirrors])
    return tuple(Mirror(url) for url in urls)


def _hosts_file(name: str, mirrors: tuple[Mirror, ...], trust: Trust) -> WholeFile:
    """hosts.toml as containerd's documentation describes it (docs/hosts.md); the
    upstream is asked last."""
    lines = [f"server = {json.dumps(HUB_URL if name == HUB else f'https://{name}')}", *trust.lines(name)]
    for url in (mirror.url for mirror in mirrors if mirror.registry == name):
        lines += ["", f"[host.{json.dumps(url)}]", '  capabilities = ["pull", "resolve"]']
        lines += trust.lines(url.partition("://")[2], "  ") if url.startswith("https:") else ()
    return WholeFile(f"{trust.host.paths.certificates}/{name}/hosts.toml", "\n".join(lines) + "\n")
