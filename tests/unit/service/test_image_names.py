"""An image has one name, whatever an engine calls it."""

from __future__ import annotations

import pytest

from mooring.service.image_names import canonicalise, explain_name, is_digest, is_platform, is_registry


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("nginx", "docker.io/library/nginx"),
        ("library/nginx", "docker.io/library/nginx"),
        ("docker.io/nginx", "docker.io/library/nginx"),
        ("index.docker.io/library/nginx", "docker.io/library/nginx"),
        ("owner/app", "docker.io/owner/app"),
        ("ghcr.io/owner/app", "ghcr.io/owner/app"),
        ("Registry.Example.com:8080/app", "registry.example.com:8080/app"),
        ("localhost/app", "localhost/app"),
        ("localhost:5000/app", "localhost:5000/app"),
        ("[2001:db8::1]:5000/app", "[2001:db8::1]:5000/app"),
        ("192.0.2.1/app", "192.0.2.1/app"),
        ("", ""),
        ("Nginx", ""),
        ("<none>", ""),
        ("ghcr.io/", ""),
        ("ghcr.io/Owner/app", ""),
        ("-bad.example.com/app", ""),
        ("registry.example.com:/app", ""),
        ("registry.example.com:port/app", ""),
        ("a b/c", ""),
        ("owner/app\n", ""),
        ("x" * 300, ""),
        (f"{'x.' * 200}example.com/app", ""),
    ],
)
def test_a_name_as_docker_understands_it(name: str, canonical: str) -> None:
    assert canonicalise(name) == canonical
    if canonical:
        assert canonicalise(canonical) == canonical
        assert explain_name(canonical) == ("", "")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nginx", 'write "docker.io/library/nginx"'),
        ("nginx:1.25", 'write "docker.io/library/nginx", and the tag as "tag"'),
        ("ghcr.io/owner/app@sha256:12", 'write it as "digest"'),
        ("docker.io/Library/nginx", "write registry/repository"),
    ],
)
def test_another_name_gets_a_remedy(name: str, words: str) -> None:
    problem, hint = explain_name(name)
    assert name in problem
    assert words in hint


def test_words() -> None:
    assert is_digest("sha256:" + "0" * 64)
    assert is_digest("sha512:" + "f" * 128)
    assert not any(map(is_digest, ("sha256:" + "0" * 63, "sha256:" + "F" * 64, "md5:" + "0" * 32, "0" * 64, "")))
    assert all(map(is_platform, ("linux/amd64", "linux/arm/v7", "windows/amd64", "linux/riscv64")))
    assert not any(map(is_platform, ("linux", "amd64", "linux/", "linux/amd64/", "Linux/amd64", "linux/amd64\n")))
    assert all(map(is_registry, ("ghcr.io", "localhost", "registry:5000")))
    assert not any(map(is_registry, ("registry", "library", "", "ghcr.io/owner")))
