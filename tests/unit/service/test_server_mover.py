"""Layers by the server's own module: what it is asked, what becomes of its answers,
and the other way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from mooring.errors import RegistryError
from mooring.fleet.survey import LookFailed
from mooring.registry.pool import Pool
from mooring.registry.tokens import Account
from mooring.registry.transport import Endpoint
from mooring.registry.upstream import Upstream
from mooring.service.copying import Copy
from mooring.service.image_places import Origin
from mooring.service.manifests import Part
from mooring.service.movers import Holders
from mooring.service.server_mover import Server, ServerMover

PARTS = [Part(f"sha256:{number:064d}", 10 * number, "layer") for number in (1, 2)]


def copy_of(repository: str) -> Copy:
    return Copy(Origin("ghcr.io", repository), "1", "sha256:" + "f" * 64)


class Asked:
    """The module on the server: gives each of `replies` in turn, and keeps what it was asked."""

    def __init__(self, *replies: Any) -> None:
        self.replies, self.arguments = list(replies), list[Mapping[str, Any]]()
        self.moved, self.notes = list[str](), list[str]()

    def __call__(self, arguments: Mapping[str, Any], tell: Any) -> Mapping[str, Any]:
        self.arguments.append(arguments)
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return {"blobs": reply}

    def move(self, copy: Copy, parts: Any, tell: Any) -> int:
        """The way through this machine."""
        self.moved.append(str(copy))
        return 7

    def mover(self) -> ServerMover:
        server = Server(self, Endpoint("127.0.0.1", 5000), "/var/lib/mooring/sync", "/ca.crt")
        upstream = Upstream([Endpoint("ghcr.io", 443, "https")], Pool(), Account("ada", "s3cret"))
        return ServerMover(server, upstream, Holders(), self, self.notes.append)


def blobs(*states: str, sent: int = 5) -> list[dict[str, Any]]:
    return [
        {"digest": part.digest, "target_repository": "x", "state": state, "sent": sent, "message": "no\nway"}
        for part, state in zip(PARTS, states, strict=True)
    ]


def tell(done: int, total: int) -> None:
    pass


def test_the_server_is_asked_for_what_the_manifest_names() -> None:
    server = Asked(blobs("copied", "present"), blobs("mounted", "mounted", sent=0))
    mover = server.mover()
    assert mover.move(copy_of("a/b"), PARTS, tell) == 10
    assert mover.move(copy_of("c/d"), PARTS, tell) == 0
    first, second = server.arguments
    assert (first["source"], first["target"], first["ca_path"]) == (
        "https://ghcr.io",
        "http://127.0.0.1:5000",
        "/ca.crt",
    )
    assert (first["source_username"], first["source_password"], first["parallel"]) == ("ada", "s3cret", 3)
    assert [blob["mount_from"] for blob in first["blobs"]] == [[], []]
    assert [blob["mount_from"] for blob in second["blobs"]] == [["ghcr.io/a/b"], ["ghcr.io/a/b"]]
    assert {blob["target_repository"] for blob in second["blobs"]} == {"ghcr.io/c/d"}
    assert {blob["source_repository"] for blob in second["blobs"]} == {"c/d"}
    assert mover.move(copy_of("e/f"), [], tell) == 0


def test_a_layer_that_the_server_did_not_get_is_told() -> None:
    with pytest.raises(RegistryError, match=rf"ghcr\.io/a/b:1: {PARTS[1].digest}: no way"):
        Asked(blobs("copied", "failed")).mover().move(copy_of("a/b"), PARTS, tell)


def test_a_server_that_cannot_check_certificates_is_told_and_gone_around() -> None:
    server = Asked(LookFailed({"msg": "this host's Python is too old", "lacks_tls": True}))
    mover = server.mover()
    assert [mover.move(copy_of(name), PARTS, tell) for name in ("a/b", "c/d")] == [7, 7]
    assert server.moved == ["ghcr.io/a/b:1", "ghcr.io/c/d:1"]
    assert len(server.arguments) == 1
    assert server.notes == ["this host's Python is too old; this run does that by itself"]


def test_another_failure_of_the_module_is_no_reason_to_go_around() -> None:
    server = Asked(LookFailed({"msg": "no space left"}))
    with pytest.raises(RegistryError, match=r"ghcr\.io/a/b:1: no space left"):
        server.mover().move(copy_of("a/b"), PARTS, tell)
    assert server.moved == []
