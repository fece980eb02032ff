"""The registry's API, asked over real HTTP on loopback."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from mooring.errors import RegistryError
from mooring.registry import client
from mooring.registry.client import Registry
from mooring.registry.image import OCI, SCHEMA2, Blob, build_image
from mooring.registry.transport import Endpoint, HttpTransport
from tests.support.registry_server import VERSION, RegistryServer, serve_registry


@pytest.fixture
def server() -> Iterator[RegistryServer]:
    with serve_registry() as running:
        yield running


@pytest.fixture
def registry(server: RegistryServer) -> Iterator[Registry]:
    opened = Registry(HttpTransport(server.endpoint))
    yield opened
    opened.close()


@pytest.mark.parametrize("kind", [SCHEMA2, OCI])
def test_a_pushed_image_is_found(registry: Registry, kind: str) -> None:
    image = build_image({"proof": b"42"}, kind=kind)
    digest = registry.push("library/proof", "one", image)
    assert digest == image.digest == registry.resolve("library/proof", "one")
    assert registry.fetch_manifest("library/proof", "one") == image.manifest
    assert all(registry.has_blob("library/proof", blob.digest) for blob in image.blobs)
    assert registry.tags("library/proof") == ["one"]
    assert registry.tags("library/none") == []
    assert registry.fetch_manifest("library/proof", "two") is None


def test_a_layer_goes_in_chunks_and_comes_out_whole(registry: Registry, server: RegistryServer) -> None:
    layer = Blob(bytes(range(256)) * 10, "layer")
    registry.push_blob_in_chunks("proof", layer, size=1000)
    assert server.blobs[layer.digest] == layer.content
    assert sum(line.startswith("PATCH") for line in server.requests) == 3


def test_a_blob_that_is_there_is_not_sent_again(registry: Registry, server: RegistryServer) -> None:
    layer = Blob(b"layer", "layer")
    registry.push_blob("proof", layer)
    before = len(server.requests)
    registry.push_blob("proof", layer)
    registry.push_blob_in_chunks("proof", layer)
    assert [line.split()[0] for line in server.requests[before:]] == ["HEAD", "HEAD"]


def test_the_catalog_is_read_page_by_page(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PAGE", 2)
    for name in "abcde":
        registry.push(name, "one", build_image({}))
    assert registry.catalog() == list("abcde")


@pytest.mark.parametrize(
    ("headers", "kind"),
    [([VERSION, VERSION], "registry/2.0 and registry/2.0"), ([], "nothing")],
)
def test_the_version_header_must_be_there_exactly_once(
    registry: Registry, server: RegistryServer, headers: list[tuple[str, str]], kind: str
) -> None:
    registry.ping()
    server.version_headers = headers
    with pytest.raises(RegistryError, match=f"must be registry/2.0 once, but is {kind}") as caught:
        registry.ping()
    assert caught.value.layer == "HTTP"


def test_an_upload_that_is_sent_elsewhere_is_the_proxys_fault(registry: Registry, server: RegistryServer) -> None:
    server.location_origin = "http://127.0.0.1"
    with pytest.raises(RegistryError, match=r"http://127\.0\.0\.1, not to .*\$http_host") as caught:
        registry.push("proof", "one", build_image({}))
    assert caught.value.layer == "HTTP"


def test_an_absolute_location_of_our_own_is_followed(registry: Registry, server: RegistryServer) -> None:
    server.location_origin = server.endpoint.url
    registry.push("proof", "one", build_image({}))
    assert registry.tags("proof") == ["one"]


def test_a_gateway_error_means_that_the_registry_is_down(registry: Registry, server: RegistryServer) -> None:
    server.gateway_error = 502
    with pytest.raises(RegistryError, match="502: <h1>Bad Gateway") as caught:
        registry.ping()
    assert (caught.value.layer, caught.value.status) == ("registry", 502)


def test_a_connection_that_was_closed_meanwhile_is_opened_again(registry: Registry, server: RegistryServer) -> None:
    server.hangs_up_after = 2
    for _ in range(5):
        registry.ping()
    assert len(server.requests) == 5


def test_nobody_listening_is_a_fault_of_tcp() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(RegistryError, match="refused") as caught:
        Registry(HttpTransport(Endpoint("127.0.0.1", port))).ping()
    assert caught.value.layer == "TCP"


def test_plain_http_behind_https_is_a_fault_of_tls(server: RegistryServer) -> None:
    endpoint = Endpoint("127.0.0.1", server.endpoint.port, "https")
    with pytest.raises(RegistryError) as caught:
        Registry(HttpTransport(endpoint)).ping()
    assert caught.value.layer == "TLS"


class Channel:
    """A byte stream that is no socket, as an SSH channel is none; its `close` takes effect at
    once."""

    def __init__(self, server: RegistryServer) -> None:
        self.inner = socket.create_connection(server.server_address)  # type: ignore[arg-type]

    def recv(self, size: int, /) -> bytes:
        return self.inner.recv(size)

    def sendall(self, data: bytes, /) -> None:
        self.inner.sendall(data)

    def close(self) -> None:
        try:
            self.inner.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.inner.close()


def test_any_byte_stream_will_do_and_the_host_header_is_the_endpoints(server: RegistryServer) -> None:
    endpoint = Endpoint("registry.example.com", 5000)
    server.location_origin = endpoint.url
    registry = Registry(HttpTransport(endpoint, lambda: Channel(server)))
    image = build_image({"proof": b"x" * 100_000})
    assert registry.push("proof", "one", image) == image.digest
    registry.close()
