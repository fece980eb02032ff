"""Where images come from, and what they are called in one's own registry."""

from __future__ import annotations

import pytest

from mooring.service.image_places import OwnNames

OWN = OwnNames.of(["registry.example.com:8080"], ["mirror.registry.example.com:8080"], ["acme", "ghcr.io/acme"])


@pytest.mark.parametrize(
    ("name", "registry", "target"),
    [
        ("docker.io/library/nginx", "docker.io", "library/nginx"),
        ("ghcr.io/owner/name", "ghcr.io", "ghcr.io/owner/name"),
        ("registry.example.org:5000/app", "registry.example.org:5000", "registry.example.org_5000/app"),
        ("mirror.registry.example.com:8080/library/nginx", "docker.io", "library/nginx"),
        ("mirror.registry.example.com:8080/quay.io/owner/name", "quay.io", "quay.io/owner/name"),
        ("docker.io/acmes/app", "docker.io", "acmes/app"),
    ],
)
def test_an_image_of_an_upstream(name: str, registry: str, target: str) -> None:
    origin = OWN.find_origin(name)
    assert origin is not None
    assert (origin.registry, origin.target) == (registry, target)


@pytest.mark.parametrize(
    "name",
    [
        "registry.example.com:8080/library/app",
        "docker.io/acme/app",
        "ghcr.io/acme/app",
        "mirror.registry.example.com:8080/acme/app",
    ],
)
def test_an_image_of_ones_own(name: str) -> None:
    assert OWN.find_origin(name) is None
