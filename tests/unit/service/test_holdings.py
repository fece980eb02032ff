"""What a host has, by canonical names: whatever its engines call an image, and whatever
a hostile one says."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.service.holdings import MOST, Holdings, RegistryNames, read_holdings

A, B, C = ("sha256:" + digit * 64 for digit in "abc")
REGISTRY = RegistryNames(("registry.example.com", "registry2.example.com:8080"), ("mirror.registry.example.com",))
NGINX = "docker.io/library/nginx"


def image(digests: list[str], tags: list[str], running: bool = False, identity: str = A) -> dict[str, Any]:
    return {"id": identity, "tags": tags, "digests": digests, "running": running}


def read(*images: dict[str, Any], problems: tuple[str, ...] = (), platform: str = "linux/amd64") -> Holdings:
    engine = {"name": "docker", "platform": platform, "images": list(images)}
    return read_holdings("web1", {"engines": [engine], "problems": list(problems)}, REGISTRY)


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("nginx", NGINX),
        ("docker.io/nginx", NGINX),
        ("mirror.registry.example.com/library/nginx", NGINX),
        ("mirror.registry.example.com/nginx", NGINX),
        ("mirror.registry.example.com/ghcr.io/owner/app", "ghcr.io/owner/app"),
        ("registry.example.com/nginx", "registry.example.com/nginx"),
        ("registry2.example.com:8080/team/app", "registry.example.com/team/app"),
        ("registry2.example.com/team/app", "registry2.example.com/team/app"),
        ("ghcr.io/owner/app", "ghcr.io/owner/app"),
    ],
)
def test_an_image_has_one_name(name: str, canonical: str) -> None:
    holdings = read(image([f"{name}@{B}"], [f"{name}:1"], running=True))
    assert dict(holdings.images) == {(canonical, "1", B): True}
    assert not holdings.sourceless


def test_a_name_that_no_registry_had_is_without_a_source() -> None:
    holdings = read(image([f"nginx@{B}"], ["nginx:1.25", "nginx:latest", "app:1"], running=True))
    assert dict(holdings.images) == {(NGINX, "1.25", B): True, (NGINX, "latest", B): True}
    assert dict(holdings.sourceless) == {(A, "app:1"): True}


def test_images_without_a_name() -> None:
    holdings = read(image([f"nginx@{B}"], []), image([], [], identity=C))
    assert dict(holdings.images) == {(NGINX, "", B): False}
    assert dict(holdings.sourceless) == {(C, ""): False}


def test_one_image_by_two_engines_runs_where_one_runs_it() -> None:
    holdings = read(
        image([f"nginx@{B}"], ["nginx:1"]), image([f"docker.io/library/nginx@{B}"], ["docker.io/library/nginx:1"], True)
    )
    assert dict(holdings.images) == {(NGINX, "1", B): True}


def test_a_tag_whose_image_has_two_digests_has_both() -> None:
    holdings = read(image([f"nginx@{B}", f"nginx@{C}"], ["nginx:1"]))
    assert set(holdings.images) == {(NGINX, "1", B), (NGINX, "1", C)}


@pytest.mark.parametrize(
    ("digests", "tags"),
    [
        (["nginx"], []),
        ([f"nginx@{B[:-1]}"], []),
        ([f"nginx@{B}\n"], []),
        (["Nginx@" + B], []),
        ([f"\x1b[2Jnginx@{B}"], []),
        ([f"../../etc/passwd@{B}"], []),
        ([], ["nginx:1\nPLAY RECAP"]),
        ([], ["nginx:\u202e1"]),
        ([], ["x" * 500]),
    ],
)
def test_what_is_no_name_is_left_out_and_counted(digests: list[str], tags: list[str]) -> None:
    holdings = read(image(digests, tags))
    assert not holdings.images
    assert holdings.left_out == 1
    assert set(holdings.sourceless) == {(A, "")}


def test_an_id_and_a_platform_that_are_none_are_left_out() -> None:
    holdings = read(image([], ["app:1"], identity="../x"), platform="linux/\x1b[31m")
    assert (holdings.sourceless, holdings.left_out, holdings.platforms) == ({}, 1, ())


def test_a_flood_ends() -> None:
    many = [f"nginx:{number}" for number in range(MOST)]
    with pytest.raises(ValueError, match=f"more than {MOST} names"):
        read(image([f"nginx@{B}", f"nginx@{C}"], many))
    with pytest.raises(ValueError, match="more than"):
        read(image([], [f"x{number}:1" for number in range(MOST + 1)]))
