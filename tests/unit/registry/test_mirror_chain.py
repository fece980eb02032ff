"""What a server is said to do with a pull: the same as its nginx decides."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.errors import UsageError
from mooring.registry.mirror_chain import UNASKED, Copy, MirrorSetting, split_reference

NAME, MIRROR = "https://registry.example.com", "http://mirror.registry.example.com"
VARIABLES: dict[str, Any] = {
    "nginx_server_names": ["registry.example.com"],
    "mirror_names": ["mirror.registry.example.com"],
    "nginx_http_port": 80,
    "nginx_https_port": 443,
    "mirror_own_namespaces": ["acme", "ghcr.io/acme"],
    "mirror_upstreams": [
        {"registry": "docker.io", "addresses": ["https://fast.example.com", "https://registry-1.docker.io"]},
        {"registry": "ghcr.io"},
        {"registry": "host.example.com:5000", "namespaces": ["host.example.com:5000", "alias.example.com"]},
    ],
}
SETTING = MirrorSetting.of(VARIABLES)


def kinds(url: str, repository: str, namespace: str = "", copy: Copy = UNASKED) -> list[str]:
    return [step.kind for step in SETTING.list_steps(url, repository, namespace, copy)]


@pytest.mark.parametrize(
    ("repository", "namespace", "own", "cache", "inner"),
    [
        ("library/nginx", "", "library/nginx", "docker-io", "library/nginx"),
        ("library/nginx", "docker.io", "library/nginx", "docker-io", "library/nginx"),
        ("docker.io/library/nginx", "", "library/nginx", "docker-io", "library/nginx"),
        ("ghcr.io/owner/app", "", "ghcr.io/owner/app", "ghcr-io", "owner/app"),
        ("owner/app", "ghcr.io", "ghcr.io/owner/app", "ghcr-io", "owner/app"),
        ("app", "alias.example.com", "host.example.com_5000/app", "host-example-com-5000", "app"),
        ("acmeother/app", "", "acmeother/app", "docker-io", "acmeother/app"),
    ],
)
def test_own_images_then_the_cache_then_the_upstream(
    repository: str, namespace: str, own: str, cache: str, inner: str
) -> None:
    own_step, cache_step, upstream, end = SETTING.list_steps(MIRROR, repository, namespace)
    assert [own_step.kind, cache_step.kind, upstream.kind, end.kind] == ["own", "cache", "upstream", "end"]
    assert (own_step.repository, cache_step.repository, upstream.repository) == (own, inner, inner)
    assert f"mooring-mirror-{cache})" in cache_step.text


def test_the_addresses_of_the_upstream_come_in_their_order() -> None:
    upstream = SETTING.list_steps(MIRROR, "library/nginx")[2]
    assert upstream.urls == ("https://fast.example.com", "https://registry-1.docker.io")
    assert "https://fast.example.com, then https://registry-1.docker.io" in upstream.text


@pytest.mark.parametrize(
    ("repository", "namespace", "words"),
    [
        ("acme/app", "", "acme is in mirror_own_namespaces: no upstream is asked"),
        ("acme/app", "docker.io", "acme is in mirror_own_namespaces"),
        ("ghcr.io/acme/app", "", "ghcr.io/acme is in mirror_own_namespaces"),
        ("acme/app", "ghcr.io", "ghcr.io/acme is in mirror_own_namespaces"),
        ("owner/app", "gcr.io", "gcr.io is no upstream of the mirror: answers 404, and the client goes on"),
        ("gcr.io/owner/app", "", "gcr.io is no upstream of the mirror"),
    ],
)
def test_where_no_upstream_is_asked(repository: str, namespace: str, words: str) -> None:
    assert kinds(MIRROR, repository, namespace) == ["own", "end"]
    assert words in SETTING.list_steps(MIRROR, repository, namespace)[1].text


def test_an_own_copy_ends_it() -> None:
    own, end = SETTING.list_steps(MIRROR, "library/nginx", "", Copy(True))
    assert (own.is_there, end.text) == (True, "the own copy answers; Docker Hub's is not asked")
    assert SETTING.list_steps(MIRROR, "acme/app", "", Copy(True))[1].text == "the own copy answers"
    assert kinds(MIRROR, "library/nginx", "", Copy(False)) == ["own", "cache", "upstream", "end"]
    silent = SETTING.list_steps(MIRROR, "library/nginx", "", Copy(reason="no route"))
    assert ("no route" in silent[0].text, silent[0].is_there, len(silent)) == (True, None, 4)


def test_the_registrys_own_door_falls_through_nowhere() -> None:
    own, end = SETTING.list_steps(NAME, "library/nginx")
    assert (own.repository, end.text) == ("library/nginx", "own images only; nothing falls through")


@pytest.mark.parametrize(
    "url",
    [
        "https://registry-1.docker.io",
        "http://registry.example.com:5000",
        "http://mirror.registry.example.com:99999999",
        "http://[::1",
        "https://registry.example.com/v1",
        "",
        "mirror.registry.example.com",
    ],
)
def test_other_places_are_not_the_servers(url: str) -> None:
    assert SETTING.list_steps(url, "library/nginx") == []


def test_a_names_port_is_one_of_the_servers() -> None:
    setting = MirrorSetting.of({**VARIABLES, "mirror_names": ["mirror.registry.example.com:8080"]})
    assert setting.list_steps("http://mirror.registry.example.com:8080", "library/nginx")


def test_without_docker_hub_among_the_upstreams() -> None:
    setting = MirrorSetting.of({**VARIABLES, "mirror_upstreams": [{"registry": "ghcr.io"}]})
    assert "docker.io is no upstream of the mirror" in setting.list_steps(MIRROR, "library/nginx")[1].text


@pytest.mark.parametrize("wrong", [{"mirror_upstreams": [1]}, {"nginx_http_port": "x"}, {"mirror_names": ["a:b"]}])
def test_variables_that_are_none(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        MirrorSetting.of({**VARIABLES, **wrong})


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("library/nginx", ("library/nginx", "latest")),
        ("library/nginx:1.25", ("library/nginx", "1.25")),
        (f"app:1@sha256:{'0' * 64}", ("app", f"sha256:{'0' * 64}")),
    ],
)
def test_a_repository_with_its_tag(text: str, parts: tuple[str, str]) -> None:
    assert split_reference(text) == parts
