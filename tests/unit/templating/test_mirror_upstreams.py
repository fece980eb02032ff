"""The list of the mirror's upstreams: what is wrong with it, and what its caches are."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.templating.mirror_upstreams import find_problems, plan_caches

HUB = {"registry": "docker.io"}


def test_docker_hub_needs_no_more_than_its_name() -> None:
    (cache,) = plan_caches([HUB])
    assert (cache["slug"], cache["port"], cache["prefix"], cache["namespaces"]) == (
        "docker-io",
        9001,
        "",
        ["docker.io"],
    )
    assert [address["url"] for address in cache["addresses"]] == ["https://registry-1.docker.io"]
    assert (cache["token"]["url"], cache["token"]["service"]) == ("https://auth.docker.io/token", "registry.docker.io")


def test_another_registry_is_asked_by_its_name_and_has_its_own_port() -> None:
    _, cache = plan_caches(
        [HUB, {"registry": "r.example.com:5000", "addresses": ["http://192.0.2.9:80", "https://b/"]}]
    )
    assert (cache["slug"], cache["port"], cache["prefix"]) == ("r-example-com-5000", 9002, "r.example.com_5000")
    assert [(a["scheme"], a["place"]) for a in cache["addresses"]] == [("http", "192.0.2.9:80"), ("https", "b")]
    assert cache["token"] == {}
    (plain,) = plan_caches([{"registry": "ghcr.io"}])
    assert [address["url"] for address in plain["addresses"]] == ["https://ghcr.io"]


@pytest.mark.parametrize(
    ("upstreams", "words"),
    [
        ({}, "must be a list"),
        (["docker.io"], "entry 1 has no registry"),
        ([{"registry": "https://ghcr.io"}], '"https://ghcr.io" is no registry'),
        ([{**HUB, "addresses": ["registry-1.docker.io"]}], "no scheme: write https://"),
        ([{**HUB, "addresses": ["registry-1.docker.io:443"]}], "no scheme"),
        ([{**HUB, "addresses": ["ftp://registry-1.docker.io"]}], "no scheme"),
        ([{**HUB, "addresses": ["https://a.example.com/path"]}], "must be https://host[:port]"),
        ([{**HUB, "addresses": ["https://a.example.com;x"]}], "must be https://host[:port]"),
        ([{**HUB, "addresses": "https://a.example.com"}], "addresses must be a list"),
        ([{**HUB, "namespaces": ["a b"]}], 'namespace "a b"'),
        ([{**HUB, "adresses": []}], '"adresses" is no key'),
        ([HUB, HUB], "docker.io and docker.io are one"),
        ([{"registry": "a.b"}, {"registry": "a-b"}], "both are mooring-mirror-a-b"),
        ([HUB, {"registry": "ghcr.io", "namespaces": ["docker.io"]}], "docker.io is a namespace of docker.io already"),
        ([{**HUB, "username": "me"}], "username with password_env or password_file"),
        ([{**HUB, "password_env": "X"}], "username with password_env or password_file"),
        ([{**HUB, "username": "me", "password_env": "X", "password_file": "y"}], "keep one"),
        ([{**HUB, "token_url": "auth.example.com"}], "no scheme"),
        ([{**HUB, "token_service": "a b"}], 'token_service "a b"'),
    ],
)
def test_what_is_wrong_is_one_sentence(upstreams: Any, words: str) -> None:
    (problem,) = find_problems(upstreams)
    assert words in problem


def test_a_login_in_an_address_is_never_shown() -> None:
    (problem,) = find_problems([{**HUB, "addresses": ["https://me:geheim@a.example.com"]}])
    assert "login" in problem
    assert "geheim" not in problem


def test_what_the_documentation_shows_is_right() -> None:
    account = {"username": "me", "password_file": "hub.password", "addresses": ["https://a.example.com:8443/"]}
    assert not list(find_problems([{**HUB, **account}, {"registry": "ghcr.io"}, {"registry": "quay.io"}]))
