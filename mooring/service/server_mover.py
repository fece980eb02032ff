"""The way of layers from an upstream straight to the server, by the agent's module
registry_blobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mooring.errors import RegistryError
from mooring.fleet.survey import LookFailed
from mooring.registry.transport import Endpoint, shorten
from mooring.registry.upstream import Upstream
from mooring.service.copying import Copy, Mover, Tell
from mooring.service.manifests import Part
from mooring.service.movers import PARALLEL, Holders

MODULE = "registry_blobs"
CHUNK = 8 * 1024 * 1024
# Runs the module with these arguments and tells of its progress; returns its reply.
Run = Callable[[Mapping[str, Any], Tell], Mapping[str, Any]]


@dataclass(frozen=True)
class Server:
    """The server as layers come to it: how its module is run, its registry's own
    port, where drafts lie."""

    run: Run
    target: Endpoint
    directory: str
    ca_path: str = ""


class ServerMover:
    """Has the server fetch layers by itself; what its Python may not fetch goes the `other` way, as
    `note` is told."""

    def __init__(
        self, server: Server, upstream: Upstream, holders: Holders, other: Mover, note: Callable[[str], None]
    ) -> None:
        self._server, self._upstream, self._holders = server, upstream, holders
        self._other, self._note = other, note
        self._is_able = True

    def move(self, copy: Copy, parts: Sequence[Part], tell: Tell) -> int:
        """See Mover."""
        if self._is_able and parts:
            try:
                return self._count(copy, self._server.run(self._arguments(copy, parts), tell))
            except LookFailed as error:
                if not error.reply.get("lacks_tls"):
                    raise RegistryError("registry", f"{copy}: {error}") from None
                self._is_able = False
                self._note(f"{error}; this run does that by itself")
        return self._other.move(copy, parts, tell) if parts else 0

    def _arguments(self, copy: Copy, parts: Sequence[Part]) -> dict[str, Any]:
        account, repository = self._upstream.account, copy.origin.target
        blobs = [
            {
                "source_repository": copy.origin.repository,
                "target_repository": repository,
                "digest": part.digest,
                "size": part.size,
                "mount_from": self._holders.others(part.digest, repository)[:1],
            }
            for part in parts
        ]
        arguments: dict[str, Any] = {
            "source": self._upstream.endpoint.url,
            "target": self._server.target.url,
            "blobs": blobs,
        }
        arguments |= {"parallel": PARALLEL, "chunk_size": CHUNK, "directory": self._server.directory}
        if account.name:
            arguments |= {"source_username": account.name, "source_password": account.password}
        return arguments | ({"ca_path": self._server.ca_path} if self._server.ca_path else {})

    def _count(self, copy: Copy, reply: Mapping[str, Any]) -> int:
        """The bytes that were fetched; RegistryError where a layer is not there now."""
        for blob in reply["blobs"]:
            if blob["state"] == "failed":
                reason = shorten(str(blob.get("message") or "failed without a reason"))
                raise RegistryError("registry", f"{copy}: {shorten(str(blob['digest']), 80)}: {reason}")
            self._holders.note(str(blob["digest"]), copy.origin.target)
        return sum(int(blob["sent"]) for blob in reply["blobs"])
