"""A host without docker as the planner is told of it, and the files that Mooring wants there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from mooring.engines.plan import record as records
from mooring.engines.plan.certificates import WholeFile
from mooring.engines.plan.host import digest_of
from mooring.engines.plan.step import FileChange, is_listed, list_names
from mooring.engines.plan.wanted import Registry
from mooring.engines.texts import CONTAINERD, CRIO, PODMAN, ContainerTexts

# The engines that a plan can be made for.
PLANNED = (PODMAN, CRIO, CONTAINERD)


def record_path(path: str, name: str) -> str:
    """Where Mooring keeps its record of this engine, beside docker's: a host may have both."""
    return f"{path.removesuffix('.json')}.{name}.json"


def record_paths(path: str) -> list[str]:
    """All of them."""
    return [record_path(path, name) for name in PLANNED]


@dataclass(frozen=True)
class ContainerHost:
    """`name` is the engine; `digests` the sha1 of files by path."""

    name: str
    texts: ContainerTexts
    digests: Mapping[str, str] = field(default_factory=dict)
    record: str = records.PATH

    def digest(self, path: str) -> str | None:
        """The sha1 of a file as it is, None where there is none."""
        if path in self.digests:
            return self.digests[path]
        text = self.texts.files.get(path)
        return None if text is None else digest_of(text)

    def change(self, file: WholeFile) -> FileChange:
        """The file as a change of what is there; a secret's text is not known."""
        before = None if file.secret else self.texts.files.get(file.path)
        return FileChange(file.path, before, file.text, file.mode, file.secret, self.digest(file.path))

    def removal(self, path: str) -> FileChange:
        return FileChange(path, self.texts.files.get(path), None, digest=self.digest(path))


def written(texts: ContainerTexts, changes: tuple[FileChange, ...]) -> ContainerTexts:
    """The host's texts after these files are written; folders of certificates grow
    and shrink with them."""
    files = {**texts.files, **{change.path: change.after for change in changes}}
    certificates = {root: dict(listed) for root, listed in texts.certificates.items()}
    for change in changes:
        if is_listed(change):
            root, registry, _ = change.path.rsplit("/", 2)
            listed = certificates.setdefault(root, {})
            listed[registry] = list_names(listed.get(registry, ()), change)
    return replace(texts, files=files, certificates=certificates)


def certificate_files(
    registry: Registry, folder: str, host: ContainerHost, own_paths: frozenset[str]
) -> list[WholeFile]:
    """The registry's authority and client certificate; under other names where somebody else's
    files have ours."""
    files: list[WholeFile] = []
    if registry.ca:
        name = "ca.crt" if _is_free(f"{folder}/ca.crt", registry.ca, host, own_paths) else "mooring-ca.crt"
        files.append(WholeFile(f"{folder}/{name}", registry.ca))
    if registry.certificate:
        name = "client" if _is_free(f"{folder}/client.cert", registry.certificate, host, own_paths) else "mooring"
        files.append(WholeFile(f"{folder}/{name}.cert", registry.certificate))
        files.append(WholeFile(f"{folder}/{name}.key", registry.key, "0600", True))
    return files


def _is_free(path: str, text: str, host: ContainerHost, own_paths: frozenset[str]) -> bool:
    return path in own_paths or host.digest(path) in (None, digest_of(text))
