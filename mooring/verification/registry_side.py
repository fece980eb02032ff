"""The server's part of the proof: pushing through its nginx, reading the access log,
removing every trace."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

from mooring.errors import MooringError
from mooring.fleet.senseless import SENSELESS, describe
from mooring.fleet.tunnels import open_stream
from mooring.registry.addresses import ServerAddresses
from mooring.registry.client import Registry
from mooring.registry.transport import HttpTransport
from mooring.transport.reply_shapes import TEXT, ListOf, parse
from mooring.verification import access_log
from mooring.verification.backend import CheckFailed
from mooring.verification.member import Member
from mooring.verification.proof import Proof

STORAGE = "/var/lib/registry"
CONTAINERS = ListOf({"Mounts": ListOf({"Destination": TEXT, "Source": TEXT})})
# Deleted; not there; deleting is switched off, and then the storage is emptied all the same.
DELETED = (202, 404, 405)


@dataclass
class RegistrySide:
    """The server that the images are pushed to."""

    server: Member
    server_addresses: ServerAddresses

    def now(self) -> str:
        """The server's own clock, which its logs go by."""
        return self.server.run("date", "+%s").out.strip()

    def push(self, proof: Proof) -> None:
        """Push every image; raises RegistryError."""
        with self._open() as registry:
            proof.push(registry)

    def read_log(self, since: str) -> access_log.Log:
        """nginx's access log from that second on."""
        name = str(self.server.variables["nginx_container_name"])
        ran = self.server.run("docker", "logs", "--since", since, name)
        return access_log.Log(access_log.parse(ran.out.splitlines()))

    def remove(self, proof: Proof) -> list[str]:
        """Remove images and repositories; returns what could not be removed, as sentences."""
        left: list[str] = []
        if not proof.pushed:
            return left
        try:
            for path in proof.manifest_paths():
                self._delete(path)
        except MooringError as error:
            left.append(f"{self.server.name}: images {proof.mark}-*: {error}")
        try:
            self._empty_storage(proof)
        except (MooringError, *SENSELESS) as error:
            reason = error if isinstance(error, MooringError) else describe(error)
            left.append(f"{self.server.name}: repositories {proof.mark}-* in the registry's storage: {reason}")
        return left

    def _open(self) -> Registry:
        """Through the server's own SSH connection, since nothing else may lead to it from here."""
        endpoint = self.server_addresses.endpoints()[0]
        way = partial(open_stream, self.server.open_tunnel, endpoint, self.server_addresses.address)
        return Registry(HttpTransport(endpoint, way))

    def _delete(self, path: str) -> None:
        """From the server's side, by the registry's own port: nginx lets nobody delete."""
        url = f"{self.server_addresses.own.url}{path}"
        self.server.call("uri", url=url, method="DELETE", status_code=list(DELETED), use_proxy=False)

    def _empty_storage(self, proof: Proof) -> None:
        """Remove what the API leaves behind: the repositories' names and the blobs."""
        root = self._storage_root()
        paths = [root / path for path in proof.storage_paths()]
        ran = self.server.run("rm", "-rf", "--", *map(str, paths))
        if ran.rc != 0:
            raise CheckFailed(ran.err.strip())
        # Folders that were made for ours alone: library/, and the blobs' first digits. They go only
        # if empty.
        parents = sorted({str(path.parent) for path in paths if path.parent.name != "repositories"})
        self.server.run("rmdir", "--ignore-fail-on-non-empty", "--", *parents)

    def _storage_root(self) -> PurePosixPath:
        """Where the registry's storage is on the server, whatever it is mounted from."""
        name = str(self.server.variables["registry_container_name"])
        ran = self.server.run("docker", "inspect", "--type", "container", name)
        if ran.rc != 0:
            raise CheckFailed(ran.err.strip())
        try:
            containers = parse(ran.out, CONTAINERS, "`docker inspect`")
        except ValueError as error:
            raise CheckFailed(f"{self.server.name}: {error}") from None
        for mount in (mount for container in containers for mount in container["Mounts"]):
            if mount["Destination"] == STORAGE:
                return PurePosixPath(mount["Source"])
        raise CheckFailed(f"container {name} has nothing mounted at {STORAGE}")
