"""Where pulls go, by engine and version; and where the running daemon is not what its files say."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.engines.docker.effective import Effective
from mooring.engines.docker.endpoints import GOES_ON, NO_TLS, SOME_ERRORS, Host, explain
from mooring.engines.docker.old_protocol import ENDS
from mooring.engines.docker.registries import as_it_runs, by_files
from mooring.engines.docker.running import differences
from mooring.engines.route import ANY_ERROR, SYSTEM, split_image
from mooring.errors import UsageError
from mooring.records.explanation import Difference
from mooring.records.hub import HUB_URL
from mooring.records.route import Route
from tests.support.docker_hosts import docker, redhat

QUIET = "OPTIONS='--signature-verification=false --disable-legacy-registry'\n"
ADD = f"{QUIET}ADD_REGISTRY='--add-registry r.example.com'\nINSECURE_REGISTRY='--insecure-registry r.example.com'\n"
NO_SIGNATURES = "OPTIONS='--signature-verification=false'\n"
MIRROR = '{"registry-mirrors": ["http://m.example.com:5000/"]}'
HUB = (HUB_URL, "library/tiny:1", "verified", "")


def route(image: str, effective: Effective) -> Route:
    return explain(
        image, Host(effective.engine, by_files(effective), effective.texts.certificates, effective.texts.files)
    )  # fmt: skip


def told(route: Route) -> list[tuple[str, str, str, str]]:
    return [(endpoint.url, endpoint.repository, endpoint.tls, endpoint.next_on) for endpoint in route.endpoints]


@pytest.mark.parametrize(
    ("image", "sysconfig", "daemon_json", "wanted"),
    [
        ("tiny:1", "", "{}", [HUB]),
        ("tiny:1", ADD, "{}", [
            ("https://r.example.com", "tiny:1", "unverified", NO_TLS.replace(ENDS, GOES_ON)),
            ("http://r.example.com", "tiny:1", "none", ANY_ERROR),
            HUB,
        ]),
        ("docker.io/tiny:1", ADD, MIRROR, [("http://m.example.com:5000", "library/tiny:1", "none", SOME_ERRORS), HUB]),
        ("tiny:1", QUIET, '{"registry-mirrors": ["m.example.com"]}', [
            ("https://m.example.com", "library/tiny:1", "verified", SOME_ERRORS), HUB,
        ]),
        ("docker.io/tiny:1", f"{NO_SIGNATURES}BLOCK_REGISTRY='--block-registry docker.io'\n", MIRROR, [
            ("http://m.example.com:5000", "library/tiny:1", "none", ""),
        ]),
        ("tiny:1", "ADD_REGISTRY='--add-registry a.example.com'\nBLOCK_REGISTRY='--block-registry public'\n", "{}", [
            ("https://a.example.com", "tiny:1", "verified", ""),
        ]),
        ("r.example.com/a/b", "INSECURE_REGISTRY='--insecure-registry http://r.example.com'\n", "{}", [
            ("https://r.example.com", "a/b", "verified", ""),
        ]),
    ],
)  # fmt: skip
def test_red_hats_engine(image: str, sysconfig: str, daemon_json: str, wanted: list[Any]) -> None:
    assert told(route(image, redhat(sysconfig, daemon_json))) == wanted


@pytest.mark.parametrize(
    ("image", "blocked", "refusal"),
    [
        ("tiny", "docker.io", "No default registry configured."),
        ("docker.io/tiny", "public", "All endpoints blocked."),
        ("x.example.com/tiny", "all", "All endpoints blocked."),
    ],
)
def test_blocked_registries(image: str, blocked: str, refusal: str) -> None:
    pull_route = route(image, redhat(f"BLOCK_REGISTRY='--block-registry {blocked}'\n"))
    assert (pull_route.endpoints, pull_route.refusal) == ((), refusal)


@pytest.mark.parametrize(
    ("image", "version", "daemon_json", "wanted"),
    [
        ("tiny:1", "20.10.24", "{}", [HUB]),
        ("index.docker.io/library/tiny:1", "20.10.24", "{}", [HUB]),
        ("tiny:1", "20.10.24", MIRROR, [("http://m.example.com:5000", "library/tiny:1", "none", ANY_ERROR), HUB]),
        ("tiny:1", "17.09.0", MIRROR, [("http://m.example.com:5000", "library/tiny:1", "none", SOME_ERRORS), HUB]),
        ("quay.io/a/b", "20.10.24", MIRROR, [("https://quay.io", "a/b", "verified", "")]),
        ("localhost:5000/a", "20.10.24", "{}", [
            ("https://localhost:5000", "a", "unverified", NO_TLS), ("http://localhost:5000", "a", "none", ""),
        ]),
        ("10.1.2.3:5000/a", "20.10.24", '{"insecure-registries": ["10.1.0.0/16"]}', [
            ("https://10.1.2.3:5000", "a", "unverified", NO_TLS), ("http://10.1.2.3:5000", "a", "none", ""),
        ]),
        ("r.example.com/a", "20.10.24", '{"insecure-registries": ["http://r.example.com"]}', [
            ("https://r.example.com", "a", "unverified", NO_TLS), ("http://r.example.com", "a", "none", ""),
        ]),
        ("r.example.com:5000/a", "20.10.24", '{"insecure-registries": ["r.example.com"]}', [
            ("https://r.example.com:5000", "a", "verified", ""),
        ]),
    ],
)  # fmt: skip
def test_dockers_own_engine(image: str, version: str, daemon_json: str, wanted: list[Any]) -> None:
    assert told(route(image, docker(daemon_json, version))) == wanted


def test_authorities_and_logins() -> None:
    certificates = {"m.example.com": ("ca.crt", "me.cert", "me.key"), "docker.io": ("hub.crt",)}
    settings = {"registry-mirrors": ["https://m.example.com"]}
    mirror = route("tiny", docker(settings, certificates=certificates)).endpoints[0]
    own = "/etc/docker/certs.d/m.example.com"
    assert mirror.trust == f"{SYSTEM} and {own}/ca.crt; shows {own}/me.cert"
    assert mirror.credentials == "Docker Hub's"
    info = {"DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]}
    containerd = route("tiny", docker(settings, "29.0.0", certificates=certificates, info=info)).endpoints[0]
    assert containerd.trust == f"{SYSTEM} and /etc/docker/certs.d/docker.io/hub.crt"


def test_notes_say_what_a_name_alone_cannot_tell() -> None:
    info = {"DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]}
    certificates = {"r.example.com": ("hosts.toml",)}
    host = docker({"insecure-registries": ["10.0.0.0/8"]}, "29.0.0", certificates=certificates, info=info)
    notes = route("r.example.com/a", host).notes
    assert [word for word, note in zip(("resolves", "hosts.toml", "ignored"), notes, strict=True) if word in note] == [
        "resolves", "hosts.toml", "ignored",
    ]  # fmt: skip


STORE = {"DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]}
PATH = "/etc/docker/certs.d/r.example.com/hosts.toml"
SEVERAL = 'server = "https://r.example.com"\n[host."http://m.example.com:5000"]\n'
SEVERAL += '[host."https://n.example.com"]\nca = "n.crt"\n'


def with_hosts(text: str, info: dict[str, Any] = STORE) -> Effective:
    settings = {"insecure-registries": ["r.example.com"]}
    certificates = {"r.example.com": ("hosts.toml",)}
    return docker(settings, "28.5.2", certificates=certificates, info=info, files={PATH: text})


@pytest.mark.parametrize(
    ("mirror", "insecure", "wanted"),
    [
        ("http://m.example.com", [], [("https://m.example.com", "verified", ANY_ERROR)]),
        ("http://m.example.com", ["m.example.com"], [("https://m.example.com", "unverified", ANY_ERROR)]),
        ("https://m.example.com:80", ["m.example.com:80"], [
            ("https://m.example.com:80", "unverified", NO_TLS), ("http://m.example.com:80", "none", ANY_ERROR),
        ]),
        ("https://192.0.2.7", ["192.0.2.0/24"], [("https://192.0.2.7", "verified", ANY_ERROR)]),
    ],
)  # fmt: skip
def test_the_image_store_before_docker_28_asks_by_https(mirror: str, insecure: list[str], wanted: list[Any]) -> None:
    """As docker 26.1.5 does it."""
    settings = {"registry-mirrors": [mirror], "insecure-registries": insecure}
    endpoints = route("tiny", docker(settings, "26.1.5", info=STORE)).endpoints
    assert [(endpoint.url, endpoint.tls, endpoint.next_on) for endpoint in endpoints] == [
        *wanted,
        (HUB_URL, "verified", ""),
    ]


def test_the_image_store_before_docker_28_reads_each_hosts_own_folder() -> None:
    certificates = {"m.example.com": ("ca.crt",), "r.example.com": ("hosts.toml",)}
    settings = {
        "registry-mirrors": ["https://m.example.com"],
        "insecure-registries": ["r.example.com", "s.example.com:80"],
    }
    host = docker(settings, "26.1.5", certificates=certificates, info=STORE, files={PATH: SEVERAL})
    assert route("tiny", host).endpoints[0].trust == f"{SYSTEM} and /etc/docker/certs.d/m.example.com/ca.crt"
    assert told(route("r.example.com/a", host)) == [("https://r.example.com", "a", "unverified", "")]
    assert [endpoint.tls for endpoint in route("s.example.com:80/a", host).endpoints] == ["unverified", "none"]


def test_several_hosts_in_hosts_toml_count_alone() -> None:
    pull_route = route("r.example.com/a", with_hosts(SEVERAL))
    assert told(pull_route) == [
        ("http://m.example.com:5000", "a", "none", ANY_ERROR),
        ("https://n.example.com", "a", "verified", ANY_ERROR),
        ("https://r.example.com", "a", "verified", ""),
    ]
    assert pull_route.endpoints[1].trust == f"{SYSTEM} and /etc/docker/certs.d/r.example.com/n.crt"
    assert {endpoint.credentials for endpoint in pull_route.endpoints} == {"r.example.com's"}
    assert any("names several hosts" in note for note in pull_route.notes)


@pytest.mark.parametrize(
    ("text", "info", "note"),
    [
        (SEVERAL, {}, ""),
        ("[[", STORE, "does not count"),
        ('server = "https://r.example.com"\n', STORE, ""),
    ],
)
def test_otherwise_the_engines_own_settings_do(text: str, info: dict[str, Any], note: str) -> None:
    pull_route = route("r.example.com/a", with_hosts(text, info))
    assert [endpoint.tls for endpoint in pull_route.endpoints] == ["unverified", "none"]
    assert any("hosts.toml" in line and note in line for line in pull_route.notes) is bool(note)


def test_one_host_in_hosts_toml_gives_its_certificates_or_its_place() -> None:
    def one(text: str) -> list[tuple[str, str]]:
        certificates = {"r.example.com": ("hosts.toml", "other.crt")}
        host = docker(None, "28.5.2", certificates=certificates, info=STORE, files={PATH: text})
        return [(endpoint.url, endpoint.trust) for endpoint in route("r.example.com/a", host).endpoints]

    assert one('ca = "/own.crt"\n') == [("https://r.example.com", f"{SYSTEM} and /own.crt")]
    assert one('server = "https://other.example.com"\n') == [("https://other.example.com", SYSTEM)]


@pytest.mark.parametrize(
    "image",
    ["", " a", "http://a/b", "/a", "a/", "-a", "a//b", "A", "x.example.com/", "x.example.com/A", "a:b:c", "a:", "a___b",
     "a@sha256:12", "a@md5:" + 64 * "0", "a:" + 129 * "b", "a b", "a/../b", ".x/a", "a\n"],
)  # fmt: skip
def test_what_is_no_image(image: str) -> None:
    with pytest.raises(UsageError, match="is not an image"):
        split_image(image)


@pytest.mark.parametrize(
    ("image", "parts"),
    [
        ("a__b/c-d.e:V_1.0", ("", "a__b/c-d.e:V_1.0")),
        ("localhost/a", ("localhost", "a")),
        ("[::1]:5000/a:1", ("[::1]:5000", "a:1")),
        ("X.example.com:5000/a@sha256:" + 64 * "0", ("X.example.com:5000", "a@sha256:" + 64 * "0")),
        ("a:1@sha256:" + 64 * "f", ("", "a:1@sha256:" + 64 * "f")),
    ],
)
def test_an_images_name_and_its_registry(image: str, parts: tuple[str, str]) -> None:
    assert split_image(image) == parts


def info(mirrors: list[str], insecure: list[str], **more: Any) -> dict[str, Any]:
    indexes = {name: {"Secure": False} for name in insecure}
    networks = ["127.0.0.0/8", "::1/128"]
    return {"RegistryConfig": {"Mirrors": mirrors, "IndexConfigs": indexes, "InsecureRegistryCIDRs": networks}, **more}


def test_a_daemon_that_runs_as_its_files_say() -> None:
    argv = ("/usr/sbin/dockerd", "-H", "fd://", "--containerd=/run/containerd/containerd.sock")
    running = info(["http://m.example.com:5000/"], [], LiveRestoreEnabled=False)
    assert differences(docker(MIRROR, argv=argv, info=running)) == []
    assert differences(docker(MIRROR)) == []


def test_a_daemon_that_does_not() -> None:
    argv = ("/usr/bin/dockerd-current", "--add-registry", "old.example.com", "--debug")
    effective = redhat(ADD, '{"live-restore": true}', argv=argv, info=info([], ["r.example.com"]))
    by_key = {difference.key: difference for difference in differences(effective)}
    assert by_key["add-registry"] == Difference("add-registry", ("old.example.com",), ("r.example.com",))
    assert by_key["live-restore"] == Difference("live-restore", ("false",), ("true",))
    assert by_key["debug"] == Difference("debug", ("true",), ())
    assert "insecure-registries" not in by_key


def test_red_hats_api_tells_its_registries() -> None:
    listed = [{"Name": "a.example.com"}, {"Name": "docker.io"}]
    known = as_it_runs(redhat("", info=info([], [], Registries=listed)))
    assert known is not None
    assert known.added == ("a.example.com",)
