"""The gate's template: the ladder of addresses of each upstream, and what goes to none of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from mooring.playbook.roles import load_variables
from mooring.templating.templar import Templar
from mooring.templating.variables import Variables

ROLE = Path(__file__).parents[3] / "roles/mirror"
ACCOUNT = {"registry": "docker.io", "username": "me", "password_env": "X"}


def layers(**values: Any) -> Variables:
    files = [(load_variables(ROLE / folder / "main.yml"), False) for folder in ("defaults", "vars")]
    return Variables(Templar(), [*files, (values, True)])


def render(*upstreams: dict[str, Any], **values: Any) -> str:
    """gate.conf without its comments and blank lines."""
    variables = layers(mirror_upstreams=list(upstreams) or [{"registry": "docker.io"}], **values)
    text = Templar().render_file(ROLE / "templates/gate.conf.j2", variables)
    return "\n".join(line for raw in text.splitlines() if (line := raw.strip()) and not line.startswith("#"))


@pytest.mark.parametrize(
    "directive",
    [
        "resolver 127.0.0.11 valid=10s ipv6=off;",
        "proxy_connect_timeout 2s;",
        "proxy_read_timeout 10s;",
        "proxy_next_upstream error timeout http_429 http_502 http_503 http_504;",
        "proxy_ssl_server_name on;",
        "proxy_ssl_verify on;",
        "proxy_ssl_trusted_certificate /etc/nginx/mooring/authorities.crt;",
        "listen 9001;",
        "proxy_pass $upstream_scheme://$place;",
    ],
)
def test_every_rule_is_there(directive: str) -> None:
    assert directive in render().splitlines()


def test_addresses_are_tried_in_their_order_and_nothing_comes_last() -> None:
    text = render(
        {"registry": "docker.io", "addresses": ["https://a", "https://b", "http://c"]}, {"registry": "quay.io"}
    )
    ladders = re.findall(r"upstream (\S+)-manifests \{\nzone \S+ 64k;\nserver unix:(\S+) .*\nserver unix:(\S+) ", text)
    assert ladders == [
        ("docker-io-0", "/run/address-docker-io-0.sock", "/run/step-docker-io-1.sock"),
        ("docker-io-1", "/run/address-docker-io-1.sock", "/run/step-docker-io-2.sock"),
        ("docker-io-2", "/run/address-docker-io-2.sock", "/run/none.sock"),
        ("quay-io-0", "/run/address-quay-io-0.sock", "/run/none.sock"),
    ]
    assert re.findall(r"set \$place (.*);", text) == ["a", "b", "c", "quay.io"]
    assert re.findall(r"^listen (\d+);", text, re.MULTILINE) == ["9001", "9002"]


def test_while_the_upstream_is_down_a_cache_gets_no_challenge_without_an_account() -> None:
    assert "error_page 429 500 502 503 504 = @down;" in render()
    assert "/token/account" not in render()


def test_an_account_is_for_its_own_token_service_and_the_first_address_alone() -> None:
    text = render({**ACCOUNT, "addresses": ["https://registry-1.docker.io", "https://b"]})
    challenge = 'Bearer realm="http://mooring-gate:9001/token",service="registry.docker.io"'
    assert f"add_header WWW-Authenticate '{challenge}' always;" in text
    assert "set $token_url https://auth.docker.io/token;" in text
    first, second = text.split("listen unix:/run/address-docker-io-")[1:]
    assert first.partition("location /")[0].count('proxy_set_header Authorization "";') == 0
    assert second.partition("location /")[0].count('proxy_set_header Authorization "";') == 1


def test_the_account_is_in_no_file_but_its_caches() -> None:
    variables = layers(mirror_upstreams=[ACCOUNT], mirror_password="geheim")
    assert "geheim" not in Templar().render_file(ROLE / "templates/gate.conf.j2", variables)
    cache = layers(mirror_password='ge"heim', cache=variables["mirror_caches"][0])
    text = Templar().render_file(ROLE / "templates/cache.yml.j2", cache)
    assert 'username: "me"\n  password: "ge\\"heim"\n' in text
    assert "remoteurl: http://mooring-gate:9001\n" in text


def test_where_the_mirror_has_no_door_there_is_no_container() -> None:
    assert layers()["mirror_container_names"] == ["mooring-mirror-docker-io", "mooring-gate"]
    assert layers(mirror_names=[])["mirror_container_names"] == []
    pattern = re.compile(layers()["mirror_container_pattern"])
    names = ["mooring-gate", "mooring-mirror-x", "mooring-registry", "mooring-gate2", "my-mooring-gate"]
    assert [name for name in names if pattern.match(name)] == ["mooring-gate", "mooring-mirror-x"]
