"""Where podman and CRI-O pull from. The places and their order were asked of podman
4.3.1, 5.4.2 and 5.8.6."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.engines.podman.endpoints import MIRROR_RULE, NO_TLS, explain
from mooring.engines.route import ANY_ERROR, SYSTEM
from mooring.records.hub import HUB_URL
from mooring.records.route import Route
from tests.support.container_hosts import CONF, DROP_IN, ETC, POLICY, podman

TWO = 'unqualified-search-registries = ["a.example.com", "b.example.com"]\n'
MIRROR = (
    '[[registry]]\nprefix = "docker.io"\nlocation = "docker.io"\n[[registry.mirror]]\nlocation = "m.example.com:5000"\n'
)


def told(route: Route) -> list[tuple[str, str, str, str]]:
    return [(endpoint.url, endpoint.repository, endpoint.tls, endpoint.next_on) for endpoint in route.endpoints]


def test_what_ends_every_pull() -> None:
    """No policy, and half of a pair of a client certificate; a mirror that has only
    half is passed over."""
    unruled = explain("a.example.com/x", podman(files={POLICY: None}))
    assert not unruled.endpoints
    assert "policy.json" in unruled.refusal
    half = {f"{ETC}/certs.d": {"a.example.com": ("me.cert",), "m.example.com:5000": ("me.key",)}}
    assert "me.cert lacks the other half of its pair" in explain("a.example.com/x", podman(certificates=half)).refusal
    mirrored = explain("docker.io/x", podman(MIRROR, certificates=half))
    assert [endpoint.url for endpoint in mirrored.endpoints] == [HUB_URL]
    assert "me.key lacks the other half of its pair" in mirrored.notes[0]


@pytest.mark.parametrize(
    ("image", "conf", "wanted"),
    [
        ("docker.io/x", "", [(HUB_URL, "library/x", "verified", "")]),
        ("a.example.com:5000/x", "", [("https://a.example.com:5000", "x", "verified", "")]),
        ("x:1", TWO, [
            ("https://a.example.com", "x:1", "verified", ANY_ERROR), ("https://b.example.com", "x:1", "verified", ""),
        ]),
        ("x", 'unqualified-search-registries = ["docker.io"]\n', [(HUB_URL, "library/x", "verified", "")]),
        ("x", '[registries.search]\nregistries = ["a.example.com"]\n',
         [("https://a.example.com", "x", "verified", "")]),
        ("x:3", '[aliases]\n"x" = "a.example.com/y"\n', [("https://a.example.com", "y:3", "verified", "")]),
        ("x:3", '[aliases]\n"x" = "docker.io/y"\n', [(HUB_URL, "library/y:3", "verified", "")]),
        ("docker.io/x", MIRROR, [
            ("https://m.example.com:5000", "library/x", "verified", MIRROR_RULE),
            (HUB_URL, "library/x", "verified", ""),
        ]),
        ("docker.io/x", MIRROR + "insecure = true\n", [
            ("https://m.example.com:5000", "library/x", "unverified", NO_TLS),
            ("http://m.example.com:5000", "library/x", "none", MIRROR_RULE),
            (HUB_URL, "library/x", "verified", ""),
        ]),
        ("docker.io/x", MIRROR + 'pull-from-mirror = "digest-only"\n', [(HUB_URL, "library/x", "verified", "")]),
        ("a.example.com/x", '[[registry]]\nlocation = "a.example.com"\nblocked = true\n'
         '[[registry.mirror]]\nlocation = "m.example.com"\n', [("https://m.example.com", "x", "verified", "")]),
        ("a.example.com/x", '[[registry]]\nprefix = "a.example.com"\nlocation = "b.example.com/q"\nblocked = true\n',
         [("https://b.example.com", "q/x", "verified", "")]),
        ("a.example.com/x", '[[registry]]\nprefix = "*.example.com"\nlocation = "b.example.com/q"\n',
         [("https://b.example.com", "q/x", "verified", "")]),
        ("a.example.com/x", '[[registry]]\nprefix = "*.example.com"\ninsecure = true\n', [
            ("https://a.example.com", "x", "unverified", NO_TLS), ("http://a.example.com", "x", "none", ""),
        ]),
        ("a.example.com/p/x", '[[registry]]\nlocation = "a.example.com"\n[[registry]]\nprefix = "a.example.com/p"\n'
         'location = "b.example.com"\n', [("https://b.example.com", "x", "verified", "")]),
    ],
)  # fmt: skip
def test_routes(image: str, conf: str, wanted: list[Any]) -> None:
    assert told(explain(image, podman(conf))) == wanted


def test_digests_use_the_mirrors_for_digests() -> None:
    image = "docker.io/x@sha256:" + "0" * 64
    by_digest = podman(MIRROR + 'pull-from-mirror = "digest-only"\n')
    assert [endpoint.kind for endpoint in explain(image, by_digest).endpoints] == ["mirror", "registry"]
    by_tag = podman(MIRROR + 'pull-from-mirror = "tag-only"\n')
    assert [endpoint.kind for endpoint in explain(image, by_tag).endpoints] == ["registry"]


@pytest.mark.parametrize(
    ("image", "conf", "version", "refusal"),
    [
        ("x", "", "5.4.2", f'"x" is not an alias, and {CONF} sets no unqualified-search-registries'),
        ("x", None, "5.4.2", '"x" is not an alias, and any registries.conf sets no unqualified-search-registries'),
        ("x", TWO + 'short-name-mode = "enforcing"\n', "5.4.2", "short-name-mode is enforcing"),
        ("a.example.com/x", '[[registry]]\nlocation = "a.example.com"\nblocked = true\n', "5.4.2",
         "a.example.com is blocked"),
        ("docker.io/x", MIRROR.replace(':5000"', ':5000/"'), "5.4.2", "rewriting reference"),
        ("a.example.com:5/x", '[[registry]]\nprefix = "a.example.com"\nlocation = "b.example.com/q"\n', "5.8.6",
         "rewriting reference"),
    ],
)  # fmt: skip
def test_refusals(image: str, conf: str | None, version: str, refusal: str) -> None:
    route = explain(image, podman(conf, version))
    assert route.endpoints == ()
    assert route.refusal.startswith(refusal)


def test_a_slash_behind_a_mirror_is_mended_since_5_8() -> None:
    route = explain("docker.io/x", podman(MIRROR.replace(':5000"', ':5000/"'), "5.8.6"))
    assert told(route)[0][:2] == ("https://m.example.com:5000", "library/x")


def test_later_files_win() -> None:
    later = 'unqualified-search-registries = ["c.example.com"]\nshort-name-mode = "disabled"\n'
    later += '[aliases]\n"y" = "d.example.com/y"\n'
    effective = podman(TWO + '[aliases]\n"z" = "d.example.com/z"\n', files={DROP_IN: later})
    assert [endpoint.url for endpoint in explain("x", effective).endpoints] == ["https://c.example.com"]
    assert [endpoint.url for endpoint in explain("y", effective).endpoints] == ["https://d.example.com"]
    assert [endpoint.url for endpoint in explain("z", effective).endpoints] == ["https://d.example.com"]
    assert str(effective.settings()["short-name-mode"][0].origin) == f"{DROP_IN}:2"


def test_authorities_and_logins() -> None:
    certificates = {
        f"{ETC}/certs.d": {"m.example.com:5000": ("ca.crt", "me.cert", "me.key")},
        "/etc/docker/certs.d": {"m.example.com:5000": ("other.crt",), "docker.io": ("hub.crt",)},
    }
    mirror, hub = explain("docker.io/x", podman(MIRROR, certificates=certificates)).endpoints
    own = f"{ETC}/certs.d/m.example.com:5000"
    assert mirror.trust == f"{SYSTEM} and {own}/ca.crt; shows {own}/me.cert"
    assert mirror.credentials == "m.example.com:5000's"
    assert hub.trust == f"{SYSTEM} and /etc/docker/certs.d/docker.io/hub.crt"
    assert hub.credentials == "Docker Hub's"


def test_official_images_are_below_library() -> None:
    conf = '[[registry]]\nprefix = "docker.io/busybox"\nlocation = "a.example.com/busybox"\n'
    route = explain("docker.io/busybox:1", podman(conf))
    assert told(route) == [(HUB_URL, "library/busybox:1", "verified", "")]
    assert route.notes == ('the prefix "docker.io/busybox" does not fit: the full name is docker.io/library/busybox',)


def test_several_registries_to_search_are_a_question_on_a_terminal() -> None:
    assert explain("x", podman(TWO)).notes == ("on a terminal the user chooses the registry first",)
    assert explain("x", podman(TWO, engine="crio")).notes == ()


@pytest.mark.parametrize(
    ("entry", "tls"), [("10.1.0.0/16", "unverified"), ("10.1.2.3:5000", "unverified"), ("x", "verified")]
)
def test_cri_os_own_insecure_list(entry: str, tls: str) -> None:
    crio = {"/etc/crio/crio.conf": f'[crio.image]\ninsecure_registries = ["{entry}"]\n'}
    assert explain("10.1.2.3:5000/x", podman(engine="crio", files=crio)).endpoints[0].tls == tls
    assert explain("10.1.2.3:5000/x", podman(files=crio)).endpoints[0].tls == "verified"
