"""Which ways a client is set up for, from its variables."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.errors import UsageError
from mooring.registry.addresses import ServerAddresses
from mooring.registry.transport import Endpoint
from mooring.verification.routes import endpoint_of, endpoint_of_url, is_verified, plan_routes

ADDRESSES = ServerAddresses(("registry.example.com", "example.com"), "192.0.2.10", 80, 443, has_tls=False)
SECURE = ServerAddresses(("registry.example.com",), "192.0.2.10", 80, 443, has_tls=True, redirects=True)
CLIENT: dict[str, Any] = {
    "registry_client_names": ["registry.example.com"],
    "registry_client_add_registries": ["registry.example.com"],
    "registry_client_mirrors": ["http://registry.example.com"],
}


def labels(server_addresses: ServerAddresses = ADDRESSES, short: bool = True, **changes: Any) -> list[str]:
    return [route.label for route in plan_routes({**CLIENT, **changes}, server_addresses, short)]


def test_red_hats_engine_has_all_three_routes_others_two() -> None:
    assert labels() == ["full name registry.example.com", "short name", "mirror"]
    assert labels(short=False) == ["full name registry.example.com", "mirror"]


def test_every_name_is_a_route_of_its_own() -> None:
    names = ["registry.example.com", "example.com"]
    assert labels(registry_client_names=names)[:2] == [f"full name {name}" for name in names]


def test_somebody_elses_mirror_or_registry_is_no_route() -> None:
    foreign = {
        "registry_client_mirrors": ["https://mirror.example.net"],
        "registry_client_add_registries": ["other.example.net"],
    }
    assert labels(**foreign) == ["full name registry.example.com"]


def test_a_mirror_by_address_is_ours() -> None:
    assert labels(registry_client_mirrors=["http://192.0.2.10"])[-1] == "mirror"


def test_what_is_pulled_and_what_the_registry_is_asked_for() -> None:
    full, short, mirror = plan_routes(CLIENT, ADDRESSES, True)
    assert full.reference("proof-1", "t") == "registry.example.com/proof-1:t"
    assert short.reference("proof-1", "t") == mirror.reference("proof-1", "t") == "proof-1:t"
    assert [route.repository("proof-1") for route in (full, short, mirror)] == [
        "proof-1",
        "proof-1",
        "library/proof-1",
    ]


@pytest.mark.parametrize(
    ("name", "server_addresses", "endpoint"),
    [
        ("registry.example.com", ADDRESSES, Endpoint("registry.example.com", 80, "http")),
        ("registry.example.com:5000", ADDRESSES, Endpoint("registry.example.com", 5000, "http")),
        ("registry.example.com", SECURE, Endpoint("registry.example.com", 443, "https")),
        ("registry.example.com:8443", SECURE, Endpoint("registry.example.com", 8443, "https")),
        ("registry.example.com:80", SECURE, Endpoint("registry.example.com", 80, "http")),
    ],
)
def test_where_an_engine_asks(name: str, server_addresses: ServerAddresses, endpoint: Endpoint) -> None:
    assert endpoint_of(name, server_addresses) == endpoint


def test_a_mirrors_url() -> None:
    assert endpoint_of_url("https://m.example.com") == Endpoint("m.example.com", 443, "https")
    assert endpoint_of_url("http://m.example.com:81") == Endpoint("m.example.com", 81, "http")
    with pytest.raises(UsageError, match=r"scheme://host"):
        endpoint_of_url("m.example.com")


def test_an_insecure_name_is_not_verified_on_any_route() -> None:
    full, _, mirror = plan_routes(CLIENT, SECURE, True)
    assert is_verified(full, [])
    assert is_verified(mirror, [])
    assert not is_verified(full, ["registry.example.com"])
    assert not is_verified(mirror, ["registry.example.com"])


def test_the_ways_into_the_server() -> None:
    assert [str(way) for way in ADDRESSES.endpoints()] == ["http://registry.example.com", "http://example.com"]
    assert [str(way) for way in SECURE.endpoints()] == ["https://registry.example.com"]


def test_addresses_from_the_servers_variables() -> None:
    server_addresses = ServerAddresses.of(
        {
            "nginx_server_names": ["registry.example.com"],
            "registry_server_address": "192.0.2.10",
            "nginx_http_port": "8080",
            "nginx_https_port": 443,
            "nginx_tls_certificate": "",
            "nginx_redirect_to_https": False,
            "registry_publish_address": "127.0.0.1",
            "registry_port": 5000,
        }
    )
    assert [way.url for way in server_addresses.endpoints()] == ["http://registry.example.com:8080"]
    assert server_addresses.leads_here("registry.example.com:8080")
    assert not server_addresses.leads_here("docker.io")
