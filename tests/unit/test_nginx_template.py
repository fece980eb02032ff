"""The nginx template holds the rules that a registry needs from the proxy in front of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from mooring.roles import load_variables
from mooring.templating import Templar
from mooring.variables import Variables

ROLE = Path(__file__).parents[2] / "roles/nginx"
TLS = {"nginx_tls_certificate": "tls/a.crt", "nginx_tls_key": "tls/a.key"}


def render(**given: Any) -> str:
    """nginx.conf without its comments and blank lines."""
    layers = [
        (load_variables(ROLE / "defaults/main.yml"), False),
        (load_variables(ROLE / "vars/main.yml"), False),
        (given, True),
    ]
    text = Templar().render_file(ROLE / "templates/nginx.conf.j2", Variables(Templar(), layers))
    lines = [line.strip() for line in text.splitlines()]
    return "\n".join(line for line in lines if line and not line.startswith("#"))


@pytest.mark.parametrize(
    "directive",
    [
        "client_max_body_size 0;",
        "chunked_transfer_encoding on;",
        "proxy_set_header Host $http_host;",
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
        "access_log /dev/stdout combined;",
    ],
)
def test_every_rule_is_there(directive: str) -> None:
    assert directive in render().splitlines()


def test_any_name_is_answered_unless_refused() -> None:
    assert "listen 8080 default_server;\nserver_name registry.example.com;" in render()
    strict = render(nginx_serve_other_names=False)
    assert "listen 8080;\nserver_name registry.example.com;" in strict
    assert "listen 8080 default_server;\nserver_name _;\nreturn 444;" in strict


def test_several_names() -> None:
    assert "server_name b.example.com a.b.example.com;" in render(registry_names=["b.example.com", "a.b.example.com"])


def test_without_a_certificate_there_is_no_tls() -> None:
    assert "ssl" not in render()


def test_with_a_certificate_both_are_served() -> None:
    text = render(**TLS)
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
    assert "Authorization" not in render(nginx_pass_authorization=True)
