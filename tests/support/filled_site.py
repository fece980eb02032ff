"""An operator's directory whose server is this machine, with real registries on loopback:
`invoke sync` in it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mooring.cli.init import init
from mooring.service.lock_file import LockedImage, LockFile, write_lock_file
from tests.support.local_registry import LocalRegistry
from tests.support.program import call


@dataclass(frozen=True)
class FilledSite:
    """The directory, one's own registry, and the registry that docker.io's images come from."""

    folder: Path
    own: LocalRegistry
    upstream: str

    @classmethod
    def make(cls, folder: Path, own: LocalRegistry, upstream: str, **variables: Any) -> FilledSite:
        """The directory as `invoke init` makes it, with an inventory for this machine."""
        init(str(folder))
        server = {
            "ansible_connection": "local",
            "ansible_become": False,
            "registry_names": ["registry.example.com"],
            "registry_port": int(own.authority.rpartition(":")[2]),
            "mirror_upstreams": [{"registry": "docker.io", "addresses": [upstream]}],
            "sync_directory": str(folder / "drafts"),
            **variables,
        }
        hosts = {"server": {"hosts": {"registry1": server}}, "clients": {"hosts": {"client1": None}}}
        (folder / "inventory.yml").write_text(yaml.safe_dump({"all": {"children": hosts}}))
        return cls(folder, own, upstream)

    def lock(self, *images: LockedImage, **more: Any) -> None:
        """Write the lock file."""
        write_lock_file(self.folder / "images.lock.yml", LockFile(images, **more))

    def sync(self, *words: str, **names: str) -> subprocess.CompletedProcess[str]:
        """The real command."""
        return call("sync", *words, folder=self.folder, **names)


def locked(name: str, tag: str, digest: str, *running: str) -> LockedImage:
    """An entry of the lock file."""
    return LockedImage(name, tag, digest, platforms=("linux/amd64",), running=running, idle=("client2",))
