"""containerd's configuration. What starts, with which config_path, and whom it asks: as 1.6.20,
1.7.24 and 2.1.9 do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from mooring.engines.containerd.config import CERTIFICATES, PATH, Effective, resolve
from mooring.engines.containerd.endpoints import NO_TLS, explain
from mooring.engines.containerd.rules import find_conflicts
from mooring.engines.docker.conflicts import Severity
from mooring.engines.route import ANY_ERROR, SYSTEM
from mooring.engines.texts import ContainerTexts, Unit
from mooring.records.hub import HUB_URL

STOPS, USELESS, SURPRISING = Severity.STOPS, Severity.USELESS, Severity.SURPRISING
ALL = ("1.6.20", "1.7.24", "2.1.9")
V2 = 'version = 2\n[plugins."io.containerd.grpc.v1.cri".registry]\n'
V3 = "version = 3\n[plugins.'io.containerd.cri.v1.images'.registry]\n"
V1 = "[plugins.cri.registry]\n"
SET = f'config_path = "{CERTIFICATES}"\n'
MIRRORS = (
    '[plugins."io.containerd.grpc.v1.cri".registry.mirrors."docker.io"]\nendpoint = ["http://m.example.com:5000"]\n'
)
TLS = '[plugins."io.containerd.grpc.v1.cri".registry.configs."m.example.com:5000".tls]\nca_file = "/ca"\n'


def containerd(
    config: str | None, version: str = "1.7.24", hosts: Mapping[str, str] | None = None, **more: Any
) -> Effective:
    """containerd with this config.toml, and these files below its certificates."""
    certificates: dict[str, list[str]] = {}
    files: dict[str, str | None] = {PATH: config, **more.pop("files", {})}
    for path, text in (hosts or {}).items():
        folder, _, name = path.partition("/")
        certificates.setdefault(folder, []).append(name)
        files[f"{CERTIFICATES}/{path}"] = text
    there = {CERTIFICATES: {folder: tuple(names) for folder, names in certificates.items()}} if certificates else {}
    return resolve(ContainerTexts({"containerd": version}, files, there, **more))


def found(effective: Effective) -> list[tuple[str, Severity]]:
    return [(conflict.rule, conflict.severity) for conflict in find_conflicts(effective)]


def told(image: str, effective: Effective) -> list[tuple[str, str, str, str]]:
    return [
        (endpoint.url, endpoint.repository, endpoint.tls, endpoint.next_on)
        for endpoint in explain(image, effective).endpoints
    ]


@pytest.mark.parametrize(
    ("config", "old", "middle", "new"),
    [
        (None, "", "", ""),
        ("", "", "", ""),
        (V1 + 'config_path = "/a"\n', "/a", "/a", ""),
        (V2 + 'config_path = "/a"\n', "/a", "/a", "/a"),
        (V3 + 'config_path = "/a"\n', "", "", "/a"),
        (V3.replace("= 3", "= 2") + 'config_path = "/a"\n', "", "", "/a"),
        (V2.replace("= 2", "= 3") + 'config_path = "/a"\n', "/a", "/a", ""),
        (V2 + 'config_path = "/a"\n' + V3.split("\n", 1)[1] + 'config_path = "/b"\n', "/a", "/a", "/a"),
        ("version = 2\n" + V1 + 'config_path = "/a"\n', "", "", "/a"),
        (V3.split("\n", 1)[1] + 'config_path = "/a"\n', "", "", "/a"),
    ],
)
def test_where_the_section_stands(config: str | None, old: str, middle: str, new: str) -> None:
    for version, path in zip(ALL, (old, middle, new), strict=True):
        assert containerd(config, version).config_paths == tuple(filter(None, [path]))


@pytest.mark.parametrize(
    ("config", "old", "middle", "new"),
    [
        ("", [], [], []),
        ("[[", [("bad-toml", STOPS)], [("bad-toml", STOPS)], [("bad-toml", STOPS)]),
        ('version = "2"\n', [("config-version", STOPS)], [("config-version", STOPS)], [("config-version", STOPS)]),
        ("version = 3\n", [], [("config-version", STOPS)], []),
        ("version = 4\n", [], [("config-version", STOPS)], [("config-version", STOPS)]),
        (V2 + SET + MIRRORS, *[[("mirrors-and-config-path", STOPS), ("deprecated", SURPRISING)]] * 3),
        (V2 + SET + TLS, *[[("configs-and-config-path", STOPS), ("deprecated", SURPRISING)]] * 2,
         [("configs-tls", USELESS), ("deprecated", SURPRISING)]),
        (V2 + MIRRORS, *[[("deprecated", SURPRISING)]] * 3),
        (V2 + 'config_path = ""\n' + MIRRORS, *[[("deprecated", SURPRISING)]] * 3),
        ('version = 2\nimports = ["/etc/none.toml"]\n', *[[("missing-import", STOPS)]] * 3),
        ('version = 2\nimports = ["/etc/none*.toml"]\n', [], [], []),
        ('disabled_plugins = ["cri"]\n', *[[("cri-disabled", SURPRISING)]] * 3),
        ("version = 2\n" + V1 + SET, [("misplaced", STOPS)], [("misplaced", STOPS)], []),
        (V3.replace("= 3", "= 2") + SET, [("misplaced", USELESS)], [("misplaced", USELESS)], []),
        (V2 + 'config_path = "/a:/b"\n', [], [], [("several-paths", SURPRISING)]),
    ],
)  # fmt: skip
def test_rules(config: str, old: list[Any], middle: list[Any], new: list[Any]) -> None:
    for version, wanted in zip(ALL, (old, middle, new), strict=True):
        assert found(containerd(config, version)) == wanted, version


def test_2_2_has_a_config_path_by_itself() -> None:
    assert containerd("version = 3\n", "2.2.0").config_paths == (CERTIFICATES, "/etc/docker/certs.d")
    mirrors = V2 + 'config_path = ""\n' + MIRRORS
    assert ("mirrors-and-config-path", STOPS) in found(containerd(mirrors, "2.2.1"))
    assert found(containerd("version = 3\n", "2.2.0")) == [("several-paths", SURPRISING)]


IMPORTING = V2.replace("2\n", '2\nimports = ["more.toml"]\n', 1) + 'config_path = "/a"\n'
SECTION = 'version = 2\n[plugins."io.containerd.grpc.v1.cri"]\nsandbox_image = "x"\n'


def test_imports_replace_whole_sections_on_1_x() -> None:
    files = {"/etc/containerd/more.toml": SECTION}
    assert found(containerd(IMPORTING, "1.7.24", files=files)) == [("replaced", USELESS)]
    assert containerd(IMPORTING, "1.7.24", files=files).config_paths == ()
    assert containerd(IMPORTING, "2.1.9", files=files).config_paths == ("/a",)


def test_the_last_file_decides_the_version() -> None:
    config = 'version = 4\nimports = ["/etc/containerd/*.d.toml"]\n'
    assert found(containerd(config, "1.7.24", files={"/etc/containerd/a.d.toml": V2})) == []
    assert found(containerd(config, "1.7.24", files={"/etc/containerd/a.d.toml": ""})) == [("config-version", STOPS)]


def test_the_service_may_read_another_file() -> None:
    unit = Unit("x", {}, ("/usr/bin/containerd", "--config", "/etc/own.toml"))
    effective = containerd("[[", files={"/etc/own.toml": V2 + SET}, units={"containerd": unit})
    assert effective.config_paths == (CERTIFICATES,)
    assert found(effective) == []


@pytest.mark.parametrize(
    ("image", "hosts", "old", "new"),
    [
        ("docker.io/x:1", {}, [(HUB_URL, "library/x:1", "verified", "")], None),
        ("x", {}, [(HUB_URL, "library/x", "verified", "")], None),
        ("127.0.0.1:1/x", {}, [("http://127.0.0.1:1", "x", "none", "")], [
            ("https://127.0.0.1:1", "x", "unverified", NO_TLS), ("http://127.0.0.1:1", "x", "none", ""),
        ]),
        ("127.0.0.1:80/x", {}, [("http://127.0.0.1:80", "x", "none", "")], None),
        ("127.0.0.1:443/x", {}, [("http://127.0.0.1:443", "x", "none", "")],
         [("https://127.0.0.1:443", "x", "unverified", "")]),
        ("r.example.com/x", {"r.example.com/hosts.toml": '[host."http://m.example.com:2"]\n'
                             '[host."https://n.example.com/v2/pre"]\noverride_path = true\n'}, [
            ("http://m.example.com:2", "x", "none", ANY_ERROR),
            ("https://n.example.com/v2/pre", "x", "verified", ANY_ERROR),
            ("https://r.example.com", "x", "verified", ""),
        ], None),
        ("r.example.com/x", {"r.example.com/hosts.toml": 'server = "http://m.example.com:5/"\n'
                             '[host."http://m.example.com:3/a/v2"]\n'}, [
            ("http://m.example.com:3/a", "x", "none", ANY_ERROR), ("http://m.example.com:5", "x", "none", ""),
        ], None),
        ("r.example.com/x", {"_default/hosts.toml": '[host."http://m.example.com:2"]\nskip_verify = true\n'}, [
            ("http://m.example.com:2", "x", "none", ANY_ERROR), ("https://r.example.com", "x", "verified", ""),
        ], [
            ("https://m.example.com:2", "x", "unverified", NO_TLS), ("http://m.example.com:2", "x", "none", ANY_ERROR),
            ("https://r.example.com", "x", "verified", ""),
        ]),
        ("r.example.com:5/x", {"r.example.com_5_/hosts.toml": '[host."http://a"]\n',
                               "r.example.com:5/hosts.toml": '[host."http://b"]\n'}, [
            ("http://a", "x", "none", ANY_ERROR), ("https://r.example.com:5", "x", "verified", ""),
        ], None),
        ("r.example.com/x", {"_default/hosts.toml": '[host."http://a"]\ncapabilities = ["foo"]\n'},
         [("https://r.example.com", "x", "verified", "")], None),
        ("r.example.com/x", {"_default/hosts.toml": "[["}, [("https://r.example.com", "x", "verified", "")], None),
        ("r.example.com/x", {"_default/hosts.toml": '[host."http://a"]\ncapabilities = ["push"]\n'},
         [("https://r.example.com", "x", "verified", "")], None),
    ],
)  # fmt: skip
def test_routes(image: str, hosts: dict[str, str], old: list[Any], new: list[Any] | None) -> None:
    assert told(image, containerd(V2 + SET, "1.6.20", hosts)) == old
    for version in ALL[1:]:
        assert told(image, containerd(V2 + SET, version, hosts)) == (old if new is None else new)


def test_the_old_sections() -> None:
    effective = containerd(V2 + MIRRORS + TLS + "insecure_skip_verify = true\n")
    assert told("x", effective) == [
        ("https://m.example.com:5000", "library/x", "unverified", NO_TLS),
        ("http://m.example.com:5000", "library/x", "none", ANY_ERROR),
        (HUB_URL, "library/x", "verified", ""),
    ]
    every = MIRRORS.replace('"docker.io"', '"*"').replace("http:", "https:")
    mirror = explain("r.example.com/x", containerd(V2 + every + TLS)).endpoints[0]
    assert mirror.trust == f"{SYSTEM} and /ca"
    assert explain("r.example.com/x", containerd(V2 + every + TLS, "2.1.9")).endpoints[0].trust == SYSTEM
    own = MIRRORS.replace("http://m.example.com:5000", "docker.io")
    assert [endpoint[0] for endpoint in told("x", containerd(V2 + own))] == ["https://docker.io"]


def test_authorities_client_keys_and_capabilities() -> None:
    text = '[host."https://a"]\nca = "ca.crt"\nclient = [["me.cert", "me.key"]]\ncapabilities = ["pull"]\n'
    route = explain("r.example.com/x", containerd(V2 + SET, hosts={"r.example.com/hosts.toml": text}))
    own = f"{CERTIFICATES}/r.example.com"
    assert route.endpoints[0].trust == f"{SYSTEM} and {own}/ca.crt; shows {own}/me.cert"
    assert route.endpoints[0].kind == "mirror (content only)"
    assert any("resolve" in note for note in route.notes)
    docker = containerd(V2 + SET, hosts={"r.example.com/ca.crt": "", "r.example.com/hosts.toml": ""})
    assert explain("r.example.com/x", docker).endpoints[0].trust == f"{SYSTEM} and {own}/ca.crt"


@pytest.mark.parametrize(
    ("config", "hosts", "wanted"),
    [
        ("", {"r/hosts.toml": ""}, [("idle-folder", USELESS)]),
        (V2 + SET, {"r/host.toml": ""}, [("file-name", USELESS)]),
        (V2 + SET, {"r:5/hosts.toml": "", "r_5_/hosts.toml": ""}, [("hidden-folder", USELESS)]),
        (V2 + SET, {"r/hosts.toml": "[["}, [("bad-hosts", USELESS)]),
        (V2 + SET, {"r/hosts.toml": '[host."http://a"]\ncapabilities = ["foo"]\n'}, [("bad-hosts", USELESS)]),
        (V2 + SET, {"r/hosts.toml": "skip_verify = 1\n"}, [("bad-hosts", USELESS)]),
        (V2 + SET, {"r/hosts.toml": 'ca = [1]\nclient = [["a"]]\n'}, [("bad-hosts", USELESS)]),
        (V2 + SET, {"r/hosts.toml": '[host."http://a:b"]\n'}, [("bad-hosts", USELESS)]),
        (V2 + SET, {"r/hosts.toml": "[host]\na = 1\n"}, [("bad-hosts", USELESS)]),
        (V2 + SET, {"r/hosts.toml": 'mirror = 1\n[host."http://a"]\nskip-verify = true\n'},
         [("unknown-key", USELESS)] * 2),
    ],
)  # fmt: skip
def test_hosts_files(config: str, hosts: dict[str, str], wanted: list[Any]) -> None:
    assert found(containerd(config, hosts=hosts)) == wanted


def test_a_conflict_names_its_places() -> None:
    [both, _] = find_conflicts(containerd(V2 + SET + MIRRORS))
    assert [str(place) for place in both.places] == [f"{PATH}:4", f"{PATH}:3"]
    [unknown] = find_conflicts(containerd(V2 + SET, hosts={"r/hosts.toml": '[host."http://a"]\nskip-verify = true\n'}))
    assert str(unknown.places[0]) == f"{CERTIFICATES}/r/hosts.toml:2"
