"""What belongs below certs.d: authorities, client certificates, and hosts.toml for mirrors of any registry.

The daemon reads these at every request; nothing is to be reloaded for them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from mooring.daemon.plan.host import Host, digest_of
from mooring.daemon.plan.record import Record
from mooring.daemon.plan.refusal import Refusal
from mooring.daemon.plan.wanted import Registry, Wanted


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


def arrange(host: Host, wanted: Wanted, record: Record) -> Folder:
    """The files of all registries, beside those that the operator has there."""
    root = host.paths.certificates
    ours = {f"{root}/{name}/ca.crt" for name in record.ca} | {one for one in record.files if one.startswith(root)}
    placed = [one for registry in wanted.registries for one in _files(registry, host, ours)]
    placed += _hosts_files(wanted, host, {one.path for one in placed})
    kept = [one for one in placed if one.path in ours or host.digest(one.path) != digest_of(one.text)]
    paths = {one.path for one in kept}
    authorities = {f"{root}/{one.name}/ca.crt": one.name for one in wanted.registries}
    gone = sorted(path for path in ours - paths if host.digest(path) is not None)
    ca = tuple(authorities[one.path] for one in kept if one.path in authorities)
    return Folder(tuple(kept), tuple(gone), ca, tuple(sorted(paths - {f"{root}/{name}/ca.crt" for name in ca})))


def find_foreign(host: Host, folder: Folder, record: Record) -> Iterator[Refusal]:
    """A hosts.toml of somebody else's: what it says as a whole, only its writer knows."""
    for one in folder.files:
        if one.path.endswith("hosts.toml") and one.path not in record.files and host.digest(one.path) is not None:
            yield Refusal(f"{one.path} is not Mooring's", "put the mirror into it by hand, or move it away")


def _files(registry: Registry, host: Host, ours: set[str]) -> Iterator[WholeFile]:
    folder = f"{host.paths.certificates}/{registry.name}"
    if registry.ca:
        name = _free(host, ours, folder, {"ca.crt": registry.ca}, "mooring-ca")
        yield WholeFile(f"{folder}/{name}.crt", registry.ca)
    if registry.certificate:
        pair = {"client.cert": registry.certificate, "client.key": registry.key}
        name = _free(host, ours, folder, pair, "mooring")
        yield WholeFile(f"{folder}/{name}.cert", registry.certificate)
        yield WholeFile(f"{folder}/{name}.key", registry.key, "0600", True)


def _free(host: Host, ours: set[str], folder: str, files: dict[str, str], other: str) -> str:
    """The usual name without its ending, or another one where somebody else's file has it."""
    for name, text in files.items():
        path = f"{folder}/{name}"
        if path not in ours and host.digest(path) not in (None, digest_of(text)):
            return other
    return next(iter(files)).rpartition(".")[0]


def _hosts_files(wanted: Wanted, host: Host, placed: set[str]) -> Iterator[WholeFile]:
    """hosts.toml as containerd's documentation describes it (docs/hosts.md); the upstream is asked last."""
    for name in dict.fromkeys(mirror.registry for mirror in wanted.other_mirrors):
        lines = [f"server = {json.dumps(f'https://{name}')}", *_trust(name, wanted, host, placed, "")]
        for mirror in wanted.other_mirrors:
            if mirror.registry == name:
                lines += ["", f"[host.{json.dumps(mirror.url)}]", '  capabilities = ["pull", "resolve"]']
                lines += _trust(mirror.url.partition("://")[2], wanted, host, placed, "  ")
        yield WholeFile(f"{host.paths.certificates}/{name}/hosts.toml", "\n".join(lines) + "\n")


def _trust(name: str, wanted: Wanted, host: Host, placed: set[str], indent: str) -> Iterator[str]:
    """Beside a hosts.toml the other files of a folder do not count, so it must name them."""
    folder = f"{host.paths.certificates}/{name}"
    texts = [*placed, *(f"{folder}/{one}" for one in host.texts.certificates.get(name, ()))]
    names = sorted({path for path in texts if path.rpartition("/")[0] == folder})
    authorities = [path for path in names if path.endswith(".crt")]
    pairs = [[path, path[:-4] + "key"] for path in names if path.endswith(".cert") and path[:-4] + "key" in names]
    if name in wanted.insecure:
        yield f"{indent}skip_verify = true"
    elif authorities:
        yield f"{indent}ca = {json.dumps(authorities)}"
    if pairs:
        yield f"{indent}client = {json.dumps(pairs)}"
