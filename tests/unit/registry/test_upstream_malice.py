"""A malicious upstream: it ends soon, takes little, and gets no secret that is not its own."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

from mooring.errors import RegistryError
from mooring.registry import transport
from mooring.registry.pool import Pool
from mooring.registry.tokens import Account, Tokens, read_challenge
from mooring.registry.transport import Endpoint, Head
from mooring.registry.upstream import MOST_REDIRECTS, Upstream
from mooring.service.copying import Copy
from mooring.service.image_places import Origin
from mooring.service.manifests import Part
from mooring.service.movers import ControlMover, Holders
from tests.support.evil_server import DRIPS, FLOODS, LIES, EvilServer, body, say, serve_evil

DIGEST = "sha256:" + "a" * 64
ADA = Account("ada", "s3cret")
Behaviour = Callable[[EvilServer, socket.socket], None]


def upstream(server: EvilServer, account: Account = ADA) -> Upstream:
    return Upstream([Endpoint("127.0.0.1", server.port)], Pool(), account)


def answer(status: str, *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "Content-Length: 0", "", ""]).encode()


class Empty:
    """A target that takes whatever comes, without keeping it."""

    def __init__(self) -> None:
        self.taken = 0

    def has_blob(self, repository: str, digest: str) -> bool:
        return False

    def count_partial(self, digest: str) -> int:
        return 0

    def push_pieces(self, repository: str, digest: str, pieces: Any) -> None:
        for piece in pieces:
            self.taken += len(piece)


@pytest.mark.parametrize("name", FLOODS)
def test_a_manifest_without_an_end_is_cut_off(name: str) -> None:
    with serve_evil(FLOODS[name]) as server, pytest.raises(RegistryError):
        upstream(server).fetch_manifest("library/app", DIGEST)


@pytest.mark.parametrize("name", FLOODS)
def test_a_layer_without_an_end_is_cut_off_at_its_size(name: str) -> None:
    target, part = Empty(), Part(DIGEST, 1000, "layer")
    copy = Copy(Origin("docker.io", "library/app"), "1", DIGEST)
    with serve_evil(FLOODS[name]) as server:
        mover = ControlMover(upstream(server), target, Holders())  # type: ignore[arg-type]
        with pytest.raises(RegistryError):
            mover.move(copy, [part], lambda done, total: None)
    assert target.taken == 0


@pytest.mark.parametrize("name", [*DRIPS, *LIES])
def test_a_layer_that_does_not_come_is_given_up(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "IDLE", 0.3)
    with serve_evil({**DRIPS, **LIES}[name]) as server:
        patient = transport.HttpTransport(Endpoint("127.0.0.1", server.port), seconds=0.5)
        with pytest.raises(RegistryError), patient.receive("/", {}, 1000) as arrival:
            list(arrival.pieces)


def test_redirects_have_an_end() -> None:
    def lead_on(server: EvilServer, sock: socket.socket) -> None:
        server.send(sock, answer("307 Temporary Redirect", f"Location: http://127.0.0.1:{server.port}/on"))

    with serve_evil(lead_on) as server:
        with (
            pytest.raises(RegistryError, match="more than 5 redirects"),
            upstream(server).open_blob("a", DIGEST, 0, 1000),
        ):
            pass
        assert len(server.requests) == MOST_REDIRECTS + 1


@pytest.mark.parametrize("place", ["file:///etc/passwd", "", "http://", "gopher://127.0.0.1/", "http://[::1"])
def test_nobody_is_sent_to_what_is_no_registry(place: str) -> None:
    behaviour = say(answer("302 Found", f"Location: {place}"))
    with (
        serve_evil(behaviour) as server,
        pytest.raises(RegistryError),
        upstream(server).open_blob("a", DIGEST, 0, 1000),
    ):
        pass


def test_a_password_goes_to_the_token_service_and_a_token_to_the_registry_alone() -> None:
    with serve_evil(say(body(b"layer"))) as store, serve_evil(say(body(b'{"token": "t0ken"}'))) as service:

        def serve(server: EvilServer, sock: socket.socket) -> None:
            if b"Bearer t0ken" in server.requests[-1]:
                server.send(sock, answer("307 Temporary Redirect", f"Location: http://127.0.0.1:{store.port}/data"))
            else:
                realm = f"http://127.0.0.1:{service.port}/token"
                server.send(sock, answer("401 Unauthorized", f'WWW-Authenticate: Bearer realm="{realm}",service="s"'))

        with serve_evil(serve) as registry:
            with upstream(registry).open_blob("library/app", DIGEST, 0, 1000) as pieces:
                assert b"".join(pieces) == b"layer"
            assert [b"Basic" in head for head in registry.requests] == [False, False]
        assert [b"Authorization: Basic" in head for head in service.requests] == [True]
        assert b"scope=repository%3Alibrary%2Fapp%3Apull" in service.requests[0]
        assert [b"Authorization" in head for head in store.requests] == [False]


@pytest.mark.parametrize(
    "token",
    [b"[]", b"{", b'{"token": 5}', b'{"token": "a\\r\\nX: y"}', b'{"token": ""}', b'{"token": "%s"}' % (b"x" * 20000)],
)
def test_a_token_that_is_none(token: bytes) -> None:
    def serve(server: EvilServer, sock: socket.socket) -> None:
        if b"GET /token" in server.requests[-1]:
            server.send(sock, body(token))
        else:
            realm = f"http://127.0.0.1:{server.port}/token"
            server.send(sock, answer("401 Unauthorized", f'WWW-Authenticate: Bearer realm="{realm}"'))

    with serve_evil(serve) as server, pytest.raises(RegistryError):
        upstream(server).resolve("library/app", DIGEST)


def test_a_registry_with_tls_names_no_token_service_without() -> None:
    tokens = Tokens(Endpoint("registry.example.com", 443, "https"), ADA, Pool())
    challenge = Head(401, (("WWW-Authenticate", 'Bearer realm="http://auth.example.com/token"'),))
    with pytest.raises(RegistryError, match="names a token service without TLS") as caught:
        tokens.renew("scope", "", challenge)
    assert caught.value.layer == "TLS"


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ('Bearer realm="https://a.example.com/t",service="s",scope="x:y:pull"',
         {"realm": "https://a.example.com/t", "service": "s", "scope": "x:y:pull"}),
        ("bearer realm=https://a.example.com/t, service = s", {"realm": "https://a.example.com/t", "service": "s"}),
        ('Bearer realm="' + "x" * 100_000, {}),
        ("Bearer " + "a=" * 50_000, {}),
    ],
)  # fmt: skip
def test_challenges(text: str, parameters: dict[str, str]) -> None:
    challenge = read_challenge(Head(401, (("WWW-Authenticate", text),)))
    assert challenge is not None
    assert {key: challenge.parameters.get(key) for key in parameters} == parameters


def test_the_first_address_that_answers_is_asked_from_then_on() -> None:
    def found(server: EvilServer, sock: socket.socket) -> None:
        server.send(sock, answer("200 OK", f"Docker-Content-Digest: {DIGEST}"))

    with serve_evil(say(answer("503 Service Unavailable"))) as down, serve_evil(found) as up:
        places = [Endpoint("127.0.0.1", server.port) for server in (down, up)]
        both = Upstream(places, Pool())
        assert both.resolve("a", DIGEST) == both.resolve("a", DIGEST) == DIGEST
        assert (len(down.requests), len(up.requests), both.endpoint) == (1, 2, places[1])
