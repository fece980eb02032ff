"""The nginx template holds the rules that a registry needs from the proxy in front of it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.support.nginx_template import render

OWN = "192.0.2.7 192.0.2.8 198.51.100.7 [2001:db8::7] localhost 127.0.0.1 [::1]"
TLS = {"nginx_tls_certificate": "tls/a.crt", "nginx_tls_key": "tls/a.key"}


@pytest.mark.parametrize(
    "directive",
    [
        "client_max_body_size 0;",
        "chunked_transfer_encoding on;",
        "proxy_set_header Host $authority;",
        "proxy_set_header X-Forwarded-For $remote_addr;",
        'proxy_set_header X-Forwarded-Host "";',
        'proxy_set_header X-HTTP-Method-Override "";',
        "client_header_timeout 10s;",
        "client_body_timeout 60s;",
        "send_timeout 180s;",
        "keepalive_timeout 60s;",
        "reset_timedout_connection on;",
        "limit_conn pulls 1200;",
        "limit_req zone=layers burst=2000;",
        "limit_conn pushes 400;",
        "worker_connections 16384;",
        "worker_rlimit_nofile 17408;",
        "proxy_set_header X-Forwarded-Proto $scheme;",
        'proxy_set_header Forwarded "";',
        "add_header Docker-Distribution-Api-Version $missing_api_version always;",
        "proxy_request_buffering off;",
        "proxy_http_version 1.1;",
        "proxy_buffering off;",
        "proxy_read_timeout 900s;",
        "resolver 127.0.0.11 valid=10s ipv6=off;",
        "set $registry http://mooring-registry:5000;",
        "proxy_pass $registry;",
        "access_log /dev/stdout mooring;",
    ],
)
def test_every_rule_is_there(directive: str) -> None:
    assert directive in render().splitlines()


def served(text: str) -> list[str]:
    """The names of each server in turn."""
    return re.findall(r"^server_name (.*);$", text, flags=re.M)


def test_the_registrys_names_and_the_servers_addresses_are_served_and_no_other() -> None:
    text = render()
    assert served(text) == [f"registry.example.com {OWN}", "mirror.registry.example.com", '""']
    assert "listen 8080;\nserver_name registry.example.com" in text
    assert 'listen 8080 default_server;\nserver_name "";' in text
    assert text.count("default_server") == 1
    assert "return 421 " in text


def test_every_name_that_clients_may_use_is_served() -> None:
    values = {"registry_names": ["b.example.com", "a.b.example.com"], "nginx_server_names": ["c.example.com"]}
    names = f"c.example.com b.example.com a.b.example.com 203.0.113.1 {OWN}"
    assert served(render(**values, registry_server_address="203.0.113.1"))[0] == names
    assert served(render(registry_server_address="192.0.2.7"))[0].split().count("192.0.2.7") == 1
    assert "[2001:db8::9]" in served(render(registry_server_address="2001:db8::9"))[0].split()


def test_docker_s_own_bridges_come_and_go_and_are_not_served() -> None:
    assert "172." not in served(render())[0]


def test_before_facts_are_known_the_names_are_served() -> None:
    assert served(render(ansible_facts={}))[0] == "registry.example.com localhost 127.0.0.1 [::1]"


def test_any_name_is_served_only_when_told() -> None:
    text = render(nginx_serve_other_names=True)
    assert served(text) == [f"registry.example.com {OWN}", "mirror.registry.example.com"]
    assert "listen 8080 default_server;\nserver_name registry.example.com" in text
    assert "421" not in text


def test_what_a_client_says_of_its_host_is_never_passed_on_as_it_is() -> None:
    for text in (render(), render(nginx_serve_other_names=True), render(**TLS, nginx_redirect_to_https=True)):
        assert "$http_host;" not in text.replace('"$host $http_host"', "")


def test_deleting_is_closed_unless_opened() -> None:
    assert "'~^DELETE ' 0;" not in render()
    assert "'~^DELETE /v2/" in render()
    assert "'~^DELETE ' 0;" in render(nginx_allow_delete=True)


def test_limits_can_be_set_and_left_out() -> None:
    text = render(nginx_pulls_per_address=0, nginx_pushes_per_address=7, nginx_worker_connections=100)
    assert "limit_conn pulls" not in text
    assert "limit_req" not in render(nginx_layers_per_second=0)
    assert "limit_conn pushes 7;" in text
    assert "worker_rlimit_nofile 1124;" in text


def test_behind_a_proxy_its_clients_are_counted_and_not_itself() -> None:
    assert "1 $binary_remote_addr;" in render()
    behind = render(nginx_behind_proxy=True)
    assert "1 $client_address;" in behind
    assert "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;" in behind


def test_without_a_certificate_there_is_no_tls() -> None:
    assert "ssl" not in render()


def test_with_a_certificate_both_are_served() -> None:
    text = render(**TLS)
    assert "listen 8080;\nlisten 8443 ssl;" in text
    assert "listen 8080 default_server;\nlisten 8443 ssl default_server;" in text
    assert "ssl_protocols TLSv1.2 TLSv1.3;" in text


def test_plain_http_can_lead_to_https() -> None:
    text = render(**TLS, nginx_redirect_to_https=True, nginx_https_port=8443)
    servers = re.split(r"^server \{$", text, flags=re.M)[1:]
    assert "return 301 https://$host:8443$request_uri;" in servers[0]
    assert "listen 8080" not in servers[1]


def test_a_proxy_in_front_is_believed_only_when_told() -> None:
    assert "http_x_forwarded_proto" not in render()
    assert "proxy_set_header X-Forwarded-Proto $client_scheme;" in render(nginx_behind_proxy=True)


def test_credentials_for_docker_hub_end_here() -> None:
    assert 'proxy_set_header Authorization "";' in render()
    assert "Authorization" not in render(nginx_pass_authorization=True, mirror_names=[])
    # Of a mirror's client never, whatever the registry itself is told.
    assert render(nginx_pass_authorization=True).count('proxy_set_header Authorization "";') == 2


def test_ports_of_names_are_none_of_nginxs() -> None:
    text = render(registry_names=["registry.example.com:8080"], registry_server_address="192.0.2.7")
    assert served(text)[:2] == [f"registry.example.com {OWN}", "mirror.registry.example.com"]


def mirror_block(**overrides: Any) -> str:
    """The server of the mirror's names, and the maps before it."""
    return render(**overrides).partition("map $arg_ns $asked_upstream")[2]


def test_without_a_name_the_mirror_has_no_door() -> None:
    for overrides in ({"mirror_names": []}, {"registry_names": ["192.0.2.7"]}):
        assert mirror_block(**overrides) == ""


def test_the_mirrors_door_keeps_the_limits_of_the_other() -> None:
    whole, block = render(), mirror_block()
    for directive in ("limit_conn pulls 1200;", "limit_req zone=layers burst=2000;", "proxy_buffering off;"):
        assert directive in block
        assert whole.count(directive) > block.count(directive)
    assert "limit_conn" not in mirror_block(nginx_pulls_per_address=0, nginx_pushes_per_address=0)


def test_every_upstream_has_its_cache_and_its_place_among_ones_own() -> None:
    upstreams = [
        {"registry": "docker.io"},
        {"registry": "r.example.com:5000", "namespaces": ["r.example.com:5000", "r"]},
    ]
    block = mirror_block(mirror_upstreams=upstreams).splitlines()
    for line in (
        "'docker.io' docker-io;", "'r.example.com:5000' r-example-com-5000;",
        "'r.example.com%3A5000' r-example-com-5000;",
        "'r' r-example-com-5000;", "'r' 'r.example.com_5000/';", "'docker.io' '';",
        r"'~^r\.example\.com_5000/' r-example-com-5000;", "'0 docker-io' mooring-mirror-docker-io;",
        "'0 r-example-com-5000' mooring-mirror-r-example-com-5000;", "default docker-io;",
    ):  # fmt: skip
        assert line in block, line
    # Without Docker Hub among the upstreams, what means it leads nowhere.
    assert "default -;" in mirror_block(mirror_upstreams=[{"registry": "quay.io"}]).splitlines()


def test_ones_own_namespaces_are_in_the_map() -> None:
    block = mirror_block(mirror_own_namespaces=["acme", "docker.io/other", "ghcr.io/a.b"])
    for name in ("acme", "other", r"ghcr\.io/a\.b"):
        assert f"'~^{name}(?:/|$)' 1;" in block
