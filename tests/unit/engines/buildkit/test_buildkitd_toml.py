"""buildkitd.toml: what is wrong with it, and where a build pulls from."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.engines.buildkit.buildkitd_toml import DAEMONS, DEFAULT, Effective, resolve
from mooring.engines.buildkit.conflicts import find_conflicts
from mooring.engines.buildkit.endpoints import BUILDERS, NO_TLS, explain
from mooring.engines.docker.conflicts import Severity
from mooring.engines.route import ANY_ERROR, SYSTEM
from mooring.engines.texts import ContainerTexts
from mooring.records.hub import HUB_URL

STOPS, USELESS, SURPRISING = Severity.STOPS, Severity.USELESS, Severity.SURPRISING
HUB = '[registry."docker.io"]\nmirrors = ["m.example.com:5000", "n.example.com/proxy"]\n'
JSON = "/etc/docker/daemon.json"


def buildkit(text: str | None, **more: Any) -> Effective:
    """A host whose builders to come have this configuration."""
    return resolve(ContainerTexts(files={DEFAULT: text, **more.pop("files", {})}, **more))


def found(effective: Effective) -> list[tuple[str, Severity]]:
    return [(conflict.rule, conflict.severity) for conflict in find_conflicts(effective)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (None, []),
        ("", []),
        (HUB, []),
        ("[[", [("bad-toml", STOPS)]),
        ('[registry."a"]\nhttp = "yes"\n', [("wrong-type", STOPS)]),
        ('[registry."a"]\nmirrors = "m"\n', [("wrong-type", STOPS)]),
        ('[registry."a"]\nmirrors = ["http://m"]\n', [("mirror", USELESS)]),
        ('[registry."https://a"]\n', [("registry-name", USELESS)]),
        ('[registry."registry-1.docker.io"]\nhttp = true\n', [("registry-name", USELESS)]),
        ('[registry."a"]\nmirror = ["m"]\n', [("unknown-key", USELESS)]),
    ],
)
def test_rules(text: str | None, wanted: list[Any]) -> None:
    assert found(buildkit(text)) == wanted


@pytest.mark.parametrize(
    ("text", "daemon_json", "wanted"),
    [
        (None, '{"registry-mirrors": ["http://m.example.com:5000"]}', [("daemon-json-ignored", SURPRISING)]),
        (HUB, '{"registry-mirrors": ["http://m.example.com:5000/"]}', []),
        (None, '{"insecure-registries": ["r.example.com"]}', [("daemon-json-ignored", SURPRISING)]),
        ('[registry."r.example.com"]\nhttp = true\n', '{"insecure-registries": ["r.example.com"]}', []),
        (None, '{"debug": true}', []),
        (None, "{", []),
    ],
)
def test_builders_ignore_daemon_json(text: str | None, daemon_json: str, wanted: list[Any]) -> None:
    assert found(buildkit(text, files={JSON: daemon_json}, has_docker=True)) == wanted
    assert found(buildkit(text, files={JSON: daemon_json})) == []


@pytest.mark.parametrize(
    ("image", "text", "wanted"),
    [
        ("x", "", [(HUB_URL, "library/x", "verified", "")]),
        ("x", HUB, [
            ("https://m.example.com:5000", "library/x", "verified", ANY_ERROR),
            ("https://n.example.com", "proxy/library/x", "verified", ANY_ERROR),
            (HUB_URL, "library/x", "verified", ""),
        ]),
        ("x", HUB + '[registry."m.example.com:5000"]\nhttp = true\n', [
            ("http://m.example.com:5000", "library/x", "none", ANY_ERROR),
            ("https://n.example.com", "proxy/library/x", "verified", ANY_ERROR),
            (HUB_URL, "library/x", "verified", ""),
        ]),
        ("a.example.com/x", '[registry."a.example.com"]\ninsecure = true\n',
         [("https://a.example.com", "x", "unverified", "")]),
        ("a.example.com/x", '[registry."a.example.com"]\ninsecure = true\nhttp = true\n', [
            ("https://a.example.com", "x", "unverified", NO_TLS), ("http://a.example.com", "x", "none", ""),
        ]),
        ("localhost:5000/x", "", [("http://localhost:5000", "x", "none", "")]),
        ("localhost:5000/x", '[registry."localhost:5000"]\nhttp = false\n',
         [("https://localhost:5000", "x", "verified", "")]),
    ],
)  # fmt: skip
def test_routes(image: str, text: str, wanted: list[Any]) -> None:
    route = explain(image, buildkit(text))
    assert [
        (endpoint.url, endpoint.repository, endpoint.tls, endpoint.next_on) for endpoint in route.endpoints
    ] == wanted
    assert route.notes == (BUILDERS,)


def test_authorities_and_client_keys() -> None:
    text = '[registry."a.example.com"]\nca = ["/ca"]\n[[registry."a.example.com".keypair]]\nkey = "/k"\ncert = "/c"\n'
    assert explain("a.example.com/x", buildkit(text)).endpoints[0].trust == f"{SYSTEM} and /ca; shows /c"
    assert str(buildkit(text).settings()['registry "a.example.com"'][0].origin) == f"{DEFAULT}:1"


def test_a_buildkitd_of_the_hosts_own() -> None:
    effective = buildkit("[[", files={DAEMONS: HUB})
    assert found(effective) == []
    assert explain("x", effective).notes == ()
