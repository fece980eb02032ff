"""Every rule about registries.conf. Whether podman works was asked of 4.3.1, 5.4.2 and 5.8.6 for
all of these."""

from __future__ import annotations

import pytest

from mooring.engines.docker.conflicts import Severity
from mooring.engines.docker.rules import will_start
from mooring.engines.podman.effective import Effective
from mooring.engines.podman.rules import find_conflicts
from tests.support.container_hosts import CONF, DROP_IN, ETC, POLICY, podman

STOPS, USELESS, SURPRISING = Severity.STOPS, Severity.USELESS, Severity.SURPRISING
ENDS_PULLS = Severity.ENDS_PULLS
SEARCH = '[registries.search]\nregistries = ["a.example.com"]\n'
B = '[[registry]]\nlocation = "b"\n'
MIRROR = B + '[[registry.mirror]]\nlocation = "c"\n'
FAILS = [
    ("[[", "bad-toml"),
    ("hello\n", "bad-toml"),
    ('[[registry]]\nlocation = "b"\nlocation = "c"\n', "bad-toml"),
    ('unqualified-search-registries = ["a"]\n[registries.insecure]\nregistries = ["b"]\n', "v1-and-v2"),
    ('credential-helpers = ["x"]\n' + SEARCH, "v1-and-v2"),
    ('[[registry]]\nlocation = "https://b"\n', "scheme"),
    ('[[registry]]\nprefix = "http://b"\nlocation = "b"\n', "scheme"),
    (B + '[[registry.mirror]]\nlocation = "http://c"\n', "scheme"),
    ('unqualified-search-registries = ["http://b"]\n', "scheme"),
    ('[[registry]]\nprefix = "b"\n', "no-location"),
    ("[[registry]]\n", "no-location"),
    (B + "[[registry.mirror]]\ninsecure = true\n", "no-location"),
    ('[[registry]]\nprefix = "*.b.com/x"\nlocation = "c"\n', "wildcard"),
    (B + 'pull-from-mirror = "all"\n', "pull-from-mirror"),
    (MIRROR + 'pull-from-mirror = "some"\n', "pull-from-mirror"),
    (B + 'mirror-by-digest-only = true\n[[registry.mirror]]\nlocation = "c"\npull-from-mirror = "all"\n',
     "pull-from-mirror"),
    (B + 'insecure = true\n[[registry]]\nprefix = "x"\nlocation = "b"\n', "contradiction"),
    ('[[registry]]\nprefix = "x"\nlocation = "b"\n' + B + "blocked = true\n", "contradiction"),
    ('unqualified-search-registries = ["b/c"]\n', "search"),
    ('unqualified-search-registries = [""]\n', "search"),
    ('unqualified-search-registries = ["a_b"]\n', "search"),
    ('unqualified-search-registries = ["[::1]:5000"]\n', "search"),
    ('short-name-mode = "x"\n', "short-name-mode"),
    ('[aliases]\n"x" = "y"\n', "alias"),
    ('[aliases]\n"x" = "lib/y"\n', "alias"),
    ('[aliases]\n"x" = "r.example.com/y:1"\n', "alias"),
    ('[aliases]\n"x:1" = "r.example.com/y"\n', "alias"),
    ('[aliases]\n"r.example.com/x" = "r.example.com/y"\n', "alias"),
    ('[aliases]\n"X" = "r.example.com/y"\n', "alias"),
    (B + 'insecure = "true"\n', "wrong-type"),
    (B + 'mirror = "c"\n', "wrong-type"),
    ('unqualified-search-registries = "a"\n', "wrong-type"),
    ('unqualified-search-registries = ["a", 1]\n', "wrong-type"),
    ('[registry]\nlocation = "a"\n', "wrong-type"),
    ('registries = ["a"]\n', "wrong-type"),
]  # fmt: skip
WORKS = [
    None,
    "",
    '[[registry]]\nprefix = "*.b.com"\n',
    'unqualified-search-registries = ["a:50"]\nshort-name-mode = "disabled"\n',
    'short-name-mode = ""\n',
    '[aliases]\n"x" = "r.example.com/y"\n"z" = "docker.io/y"\n"l" = "localhost/y"\n"off" = ""\n',
    '[[registry]]\nLocation = "b"\nInsecure = true\n',
    'unqualified-search-registries = ["a.example.com"]\n[registries.insecure]\n',
]


def found(effective: Effective) -> list[tuple[str, Severity]]:
    return [(conflict.rule, conflict.severity) for conflict in find_conflicts(effective)]


@pytest.mark.parametrize("version", ["4.3.1", "5.4.2", "5.8.6"])
@pytest.mark.parametrize(("conf", "rule"), FAILS)
def test_what_makes_every_command_fail(conf: str, rule: str, version: str) -> None:
    effective = podman(conf, version)
    assert found(effective) == [(rule, STOPS)]
    assert not will_start(find_conflicts(effective))


@pytest.mark.parametrize("version", ["4.3.1", "5.4.2", "5.8.6", "6.0.0", ""])
@pytest.mark.parametrize("conf", WORKS)
def test_what_is_right(conf: str | None, version: str) -> None:
    assert found(podman(conf, version)) == []


@pytest.mark.parametrize(
    ("version", "conf", "wanted"),
    [
        ("5.8.6", SEARCH, [("v1-syntax", SURPRISING)]),
        ("6.0.0", SEARCH, [("v1-syntax", STOPS)]),
        ("4.3.1", 'unqualified-search-registries = ["a"]\n[registries.insecure]\nregistries = []\n', []),
        ("5.4.2", 'unqualified-search-registries = ["a"]\n[registries.insecure]\nregistries = []\n',
         [("v1-and-v2", STOPS)]),
        ("4.3.1", "unqualified-search-registries = []\n" + SEARCH, [("v1-syntax", SURPRISING)]),
        ("5.4.2", "unqualified-search-registries = []\n" + SEARCH, [("v1-and-v2", STOPS)]),
        ("4.3.1", '\ufeffunqualified-search-registries = ["a"]\n', [("bad-toml", STOPS)]),
        ("5.4.2", '\ufeffunqualified-search-registries = ["a"]\n', []),
        ("4.2.0", MIRROR + 'pull-from-mirror = "some"\n', []),
        ("5.4.2", '[[registry]]\nlocation = "b"\n[[registry.mirror]]\nlocation = "c/"\n', [("slash", ENDS_PULLS)]),
        ("5.8.6", '[[registry]]\nlocation = "b"\n[[registry.mirror]]\nlocation = "c/"\n', []),
    ],
)  # fmt: skip
def test_what_the_version_decides(version: str, conf: str, wanted: list[tuple[str, Severity]]) -> None:
    assert found(podman(conf, version)) == wanted


@pytest.mark.parametrize(
    ("conf", "wanted"),
    [
        ("foo = 1\n" + B + 'mirrors = ["c"]\n', [("unknown-key", USELESS)] * 2),
        (MIRROR + "insecur = true\n", [("unknown-key", USELESS)]),
        (B + B, [("twice", USELESS)]),
        (B + 'insecure = true\n[[registry.mirror]]\nlocation = "c"\n', [("insecure-upstream", SURPRISING)]),
        (B + 'insecure = true\n[[registry.mirror]]\nlocation = "c"\ninsecure = true\n', []),
        ('[[registry]]\nprefix = "b"\nlocation = "c"\nblocked = true\n', [("idle-block", USELESS)]),
        (B + "blocked = true\n", []),
        ('[[registry]]\nprefix = "index.docker.io"\nlocation = "c"\n', [("hub-name", USELESS)]),
    ],
)
def test_what_does_not_what_it_says(conf: str, wanted: list[tuple[str, Severity]]) -> None:
    assert found(podman(conf)) == wanted


@pytest.mark.parametrize(
    ("conf", "drop_in", "wanted"),
    [
        (None, SEARCH, [("v1-drop-in", STOPS)]),
        (None, "x", [("bad-toml", STOPS)]),
        (SEARCH, B, [("v1-syntax", SURPRISING)]),
        (B, MIRROR, [("replaced", USELESS)]),
        (B + "insecure = true\n", '[[registry]]\nprefix = "x"\nlocation = "b"\n', []),
    ],
)
def test_drop_ins(conf: str | None, drop_in: str, wanted: list[tuple[str, Severity]]) -> None:
    assert found(podman(conf, files={DROP_IN: drop_in})) == wanted


def test_only_conf_files_are_drop_ins() -> None:
    assert (
        found(podman(files={f"{ETC}/registries.conf.d/a.ignore": "[[", f"{ETC}/registries.conf.d/b/c.conf": "["})) == []
    )


def test_a_file_that_a_variable_names_must_be_there() -> None:
    effective = podman(environment={"CONTAINERS_REGISTRIES_CONF": "/etc/own.conf"})
    assert found(effective) == [("missing-file", STOPS)]
    assert found(podman("[[", files={"/etc/own": ""}, environment={"REGISTRIES_CONFIG_PATH": "/etc/own"})) == []


def test_roots_own_file_replaces_the_systems() -> None:
    effective = podman("[[", files={DROP_IN: "[[", "/root/.config/containers/registries.conf": B})
    assert found(effective) == [("users-file", SURPRISING)]
    assert list(effective.registries) == ["b"]


def test_pulls_need_a_policy() -> None:
    assert found(podman(files={POLICY: None})) == [("policy", ENDS_PULLS)]
    assert found(podman(files={POLICY: None, "/root/.config/containers/policy.json": "{}"})) == []


def test_certificates() -> None:
    certificates = {
        f"{ETC}/certs.d": {"a": ("ca.crt", "me.cert"), "b": ("me.cert", "me.key")},
        "/etc/docker/certs.d": {"a": ("ca.crt",), "c": ("ca.crt",)},
    }
    conflicts = find_conflicts(podman(certificates=certificates))
    assert [(conflict.rule, [str(place) for place in conflict.places]) for conflict in conflicts] == [
        ("certificate-pair", [f"{ETC}/certs.d/a/me.cert"]),
        ("hidden-certificates", ["/etc/docker/certs.d/a", f"{ETC}/certs.d/a"]),
    ]
    assert conflicts[0].severity is ENDS_PULLS


def test_conflicts_name_all_their_places() -> None:
    [mixed] = find_conflicts(podman("# c\nunqualified-search-registries = []\n" + SEARCH))
    assert str(mixed).startswith(f"{CONF}:4, {CONF}:2: the old syntax")
    [twice] = find_conflicts(podman(B + "\n" + B))
    assert [str(place) for place in twice.places] == [f"{CONF}:4", f"{CONF}:1"]


def test_what_cri_o_adds() -> None:
    crio = '[crio.image]\nregistries = ["a"]\ninsecure_registries = ["b"]\n'
    drop_in = "/etc/crio/crio.conf.d/10-own.conf"
    effective = podman(engine="crio", files={"/etc/crio/crio.conf": crio})
    assert found(effective) == [("crio-registries", USELESS), ("crio-insecure", SURPRISING)]
    emptied = podman(engine="crio", files={"/etc/crio/crio.conf": crio, drop_in: "[crio.image]\nregistries = []\n"})
    assert found(emptied) == [("crio-insecure", SURPRISING)]
    assert found(podman(engine="crio", files={drop_in: "[["})) == [("bad-toml", STOPS)]
    assert found(podman(files={drop_in: "[["})) == []
