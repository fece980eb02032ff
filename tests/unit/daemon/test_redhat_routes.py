"""Which registries Red Hat's 1.13.1 knows, and where its pulls go: by its source, and what was seen when it ran."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hosts import redhat

from mooring.daemon.conflicts import Severity
from mooring.daemon.effective import Effective
from mooring.daemon.endpoints import SOME_ERRORS, Host, explain
from mooring.daemon.judge import judge, will_start
from mooring.daemon.registries import as_it_runs, by_files
from mooring.daemon.route import ANY_ERROR, Route

HUB = "https://registry-1.docker.io"
BLOCKED, NONE = "All endpoints blocked.", "No default registry configured."
MIRROR = {"registry-mirrors": ["http://m:5000"]}


def host(options: str, file: Any = None, **more: Any) -> Effective:
    return redhat(f"OPTIONS='--signature-verification=false {options}'\n", json.dumps(file or {}), **more)


def route(image: str, options: str, file: Any = None) -> Route:
    effective = host(options, file)
    return explain(image, Host(effective.engine, by_files(effective), {}))


def asked(image: str, options: str, file: Any = None) -> list[str]:
    return [f"{one.url} {one.repository}" for one in route(image, options, file).endpoints]


@pytest.mark.parametrize(
    ("options", "file", "added", "blocked"),
    [
        ("--add-registry a.io --add-registry=b.io", {}, ("a.io", "b.io"), ()),
        ("--add-registry a.io --add-registry a.io", {}, ("a.io", "a.io"), ()),
        ("--add-registry index.docker.io", {}, ("docker.io",), ()),
        ("", {"add-registry": ["index.docker.io"]}, ("index.docker.io",), ()),
        ("--add-registry a.io", {"block-registry": ["a.io"]}, (), ("a.io",)),
        ("--add-registry docker.io --block-registry public", {}, (), ("public",)),
        ("--add-registry docker.io --block-registry all", {}, ("docker.io",), ("all",)),
        ("--block-registry index.docker.io", {}, (), ("docker.io",)),
        ("", {"add-registry": ["b.io", "a.io"], "block-registry": []}, ("b.io", "a.io"), ()),
    ],
)
def test_added_and_blocked(options: str, file: Any, added: tuple[str, ...], blocked: tuple[str, ...]) -> None:
    found = by_files(host(options, file))
    assert (found.added, found.blocked) == (added, blocked)


@pytest.mark.parametrize("flag", ["add-registry", "block-registry"])
def test_a_hyphen_at_an_end_stops_it_as_a_flag(flag: str) -> None:
    assert not will_start(judge(host(f"--{flag} a-")))
    assert not will_start(judge(host(f"--{flag} --debug")))  # takes the next flag for its value
    assert will_start(judge(host("", {flag: ["a-"]})))


@pytest.mark.parametrize(
    ("image", "options", "file", "wanted"),
    [
        ("tiny:1", "", {}, [f"{HUB} library/tiny:1"]),
        ("library/tiny", "", {}, [f"{HUB} library/tiny"]),
        ("tiny", "--add-registry a.io --add-registry b:5000", {},
         ["https://a.io tiny", "https://b:5000 tiny", f"{HUB} library/tiny"]),
        ("team/tiny", "--add-registry a.io", {}, ["https://a.io team/tiny", f"{HUB} team/tiny"]),
        ("library/tiny", "--add-registry a.io", {}, ["https://a.io library/tiny", f"{HUB} library/tiny"]),
        ("tiny", "--add-registry localhost", {},
         ["https://localhost tiny", "http://localhost tiny", f"{HUB} library/tiny"]),
        ("tiny", "--add-registry a.io --add-registry docker.io --add-registry b.io", {},
         ["https://a.io tiny", f"{HUB} library/tiny", "https://b.io tiny"]),
        # No host can be put before the name: nobody is asked there.
        ("tiny", "--add-registry a", {}, [f"{HUB} library/tiny"]),
        ("tiny", "--add-registry=", {}, [f"{HUB} library/tiny"]),
        ("tiny", "--add-registry https://a.io", {}, [f"{HUB} library/tiny"]),
        ("tiny", "--add-registry a.io", MIRROR,
         ["https://a.io tiny", "http://m:5000 library/tiny", f"{HUB} library/tiny"]),
        ("a.io/tiny", "--add-registry b.io", MIRROR, ["https://a.io tiny"]),
        ("docker.io/tiny", "--add-registry a.io", MIRROR, ["http://m:5000 library/tiny", f"{HUB} library/tiny"]),
        ("index.docker.io/library/tiny", "", {}, [f"{HUB} library/tiny"]),
        ("docker.io/tiny", "--block-registry docker.io", MIRROR, ["http://m:5000 library/tiny"]),
        ("docker.io/tiny", "--block-registry public", MIRROR, ["http://m:5000 library/tiny"]),
        ("tiny", "--add-registry a.io --block-registry public", MIRROR, ["https://a.io tiny"]),
        # Mirrors are hosts like others: blocked by name, and with all unless they are added.
        ("docker.io/tiny", "--block-registry m:5000", MIRROR, [f"{HUB} library/tiny"]),
        ("docker.io/tiny", "--block-registry all --add-registry m:5000", MIRROR, ["http://m:5000 library/tiny"]),
        ("docker.io/tiny", "--block-registry all --add-registry docker.io", MIRROR, [f"{HUB} library/tiny"]),
        ("tiny", "--block-registry * --add-registry a.io", {}, ["https://a.io tiny"]),
        ("b.io/tiny", "--block-registry all --add-registry b.io", {}, ["https://b.io tiny"]),
        # Docker Hub's own host is known by the registry's name alone.
        ("docker.io/tiny", "--block-registry registry-1.docker.io", {}, [f"{HUB} library/tiny"]),
        ("registry-1.docker.io/a/b", "--block-registry registry-1.docker.io", {}, [f"{HUB} a/b"]),
        # Without the old protocol nobody looks at the block list, but for short names.
        ("b.io/tiny", "--block-registry b.io --disable-legacy-registry", {}, ["https://b.io tiny"]),
        ("r:5000/tiny", "--insecure-registry r:5000", {}, ["https://r:5000 tiny", "http://r:5000 tiny"]),
        ("10.1.2.3/tiny", "--insecure-registry 10.0.0.0/8", {}, ["https://10.1.2.3 tiny", "http://10.1.2.3 tiny"]),
        ("docker.io/tiny", "", {"registry-mirrors": ["m:5000", "n/"]},
         ["https://m:5000 library/tiny", "https://n library/tiny", f"{HUB} library/tiny"]),
    ],
)  # fmt: skip
def test_where_a_pull_goes(image: str, options: str, file: Any, wanted: list[str]) -> None:
    assert asked(image, options, file) == wanted


@pytest.mark.parametrize(
    ("image", "options", "file", "words"),
    [
        ("tiny", "--block-registry docker.io", MIRROR, NONE),
        ("tiny", "--block-registry all", {}, NONE),
        ("tiny", "--block-registry public --add-registry a", {}, NONE),
        ("tiny", "--block-registry docker.io --disable-legacy-registry", {}, NONE),
        ("docker.io/tiny", "--block-registry docker.io", {}, BLOCKED),
        ("registry-1.docker.io/a/b", "--block-registry docker.io", {}, BLOCKED),
        ("docker.io/tiny", "--block-registry all", MIRROR, BLOCKED),
        ("docker.io/tiny", "--block-registry docker.io --block-registry m:5000", MIRROR, BLOCKED),
        ("b.io/tiny", "--block-registry b.io --add-registry b.io", {}, BLOCKED),
        ("docker.io/tiny", "", {"registry-mirrors": ["http://m", "http://[::1"]}, "no URL"),
        ("docker.io/tiny", "", {"registry-mirrors": ["m n"]}, "no URL"),
    ],
)
def test_pulls_that_nobody_is_asked_for(image: str, options: str, file: Any, words: str) -> None:
    found = route(image, options, file)
    assert found.endpoints == ()
    assert words in found.refusal


@pytest.mark.parametrize(
    ("names", "options", "is_asked"),
    [
        (("ca.crt", "c.cert", "c.key"), "", True),
        (("c.cert",), "", False),
        (("ca.crt", "c.key"), "", False),
        (("c.cert",), "--insecure-registry a.io", True),
    ],
)
def test_half_of_a_client_certificate_ends_the_pull(names: tuple[str, ...], options: str, is_asked: bool) -> None:
    effective = host(options, certificates={"a.io": names})
    found = explain("a.io/tiny", Host(effective.engine, by_files(effective), {"a.io": names}))
    assert bool(found.endpoints) == is_asked
    assert ("lacks the other half" in found.refusal) != is_asked
    assert any(one.rule == "lone-certificate" for one in judge(effective)) != is_asked


def test_half_a_certificate_of_a_mirror_ends_pulls_from_docker_hub_alone() -> None:
    effective = host("--add-registry a.io", MIRROR)
    there = Host(effective.engine, by_files(effective), {"m:5000": ("c.key",)})
    assert explain("docker.io/tiny", there).endpoints == ()
    assert [one.url for one in explain("tiny", there).endpoints] == ["https://a.io"]


def test_what_falls_through() -> None:
    """Any error leads from one registry to the next, but few from a mirror to Docker Hub."""
    found = route("tiny", "--add-registry a.io", MIRROR)
    assert [one.next_on for one in found.endpoints] == [ANY_ERROR, SOME_ERRORS, ""]
    assert [(one.tls, one.credentials) for one in found.endpoints] == [
        ("verified", "a.io's"),
        ("none", "Docker Hub's"),
        ("verified", "Docker Hub's"),
    ]


@pytest.mark.parametrize("file", [{"registry-mirrors": ["http://["]}, {"registry-mirrors": ["m n"]}])
def test_one_bad_mirror_in_the_file_ends_all_pulls_from_docker_hub(file: Any) -> None:
    found = judge(host("", file))
    assert [one.severity for one in found] == [Severity.SURPRISING]
    assert "no pull from Docker Hub works" in found[0].message


@pytest.mark.parametrize(
    ("options", "listed"),
    [
        ("--add-registry a.io", ["a.io", "docker.io"]),
        ("--add-registry docker.io --add-registry a.io", ["docker.io", "a.io", "docker.io"]),
        ("--add-registry a.io --block-registry docker.io", ["a.io"]),
        ("--add-registry a.io --add-registry docker.io --block-registry all", ["a.io", "docker.io"]),
        ("--add-registry a.io --block-registry a.io", ["docker.io"]),
        ("--add-registry=", ["", "docker.io"]),
    ],
)
def test_what_the_running_engine_lists(options: str, listed: list[str]) -> None:
    """`docker info` has the added ones in their order, then Docker Hub; what is blocked is left out."""
    info = {
        "RegistryConfig": {"IndexConfigs": {name: {"Secure": True} for name in listed}},
        "Registries": [{"Name": name, "Secure": True} for name in listed],
    }
    argv = ("/usr/bin/dockerd-current", *options.split())
    effective = host(options, info=info, argv=argv)
    running = as_it_runs(effective)
    assert running is not None
    assert (running.added, running.blocked) == (by_files(effective).added, by_files(effective).blocked)


@pytest.mark.parametrize(
    ("entries", "insecure", "loopback"),
    [
        (["10.1.2.3/8", "r:5000", "10.0.0.0/8"], ("10.0.0.0/8", "r:5000"), ("127.0.0.0/8",)),
        (["127.0.0.0/8", "127.0.0.1"], ("127.0.0.1",), ("127.0.0.0/8",)),
        (
            ["HTTP://R:5000", " r ", "a,b", "[::1]:5000"],
            ("HTTP://R:5000", " r ", "a,b", "[::1]:5000"),
            ("127.0.0.0/8",),
        ),
        (["docker.io", "index.docker.io"], ("docker.io", "index.docker.io"), ("127.0.0.0/8",)),
    ],
)
def test_insecure_entries_are_taken_as_they_are(
    entries: list[str], insecure: tuple[str, ...], loopback: tuple[str, ...]
) -> None:
    found = by_files(host("", {"insecure-registries": entries}))
    assert (found.insecure, found.loopback) == (insecure, loopback)
