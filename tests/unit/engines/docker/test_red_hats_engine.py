"""Red Hat's docker 1.13.1, sentence by sentence: what was seen when the original ran, and what its
source says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mooring.engines.docker.conflicts import Severity
from mooring.engines.docker.effective import Effective
from mooring.engines.docker.endpoints import Host, explain
from mooring.engines.docker.registries import Registries, as_it_runs, by_files
from mooring.engines.docker.rules import find_conflicts, will_start
from tests.support.docker_hosts import REDHAT_UNIT, redhat

RUN = "/run/containers/registries.conf"
STOCK = """\
OPTIONS='--selinux-enabled --log-driver=journald --signature-verification=false'
if [ -z "${DOCKER_CERT_PATH}" ]; then
    DOCKER_CERT_PATH=/etc/docker
fi
"""
A_MIRROR = "REGISTRIES='--registry-mirror={}'\n"


def starts(effective: Effective) -> bool:
    return will_start(find_conflicts(effective))


def listed(sysconfig: str = "", file: Any = None, **more: Any) -> Registries:
    return by_files(redhat(sysconfig, json.dumps(file or {}), **more))


def info(mirrors: list[str], indexes: dict[str, bool], networks: list[str], listed: list[str]) -> dict[str, Any]:
    """The API's /info, as that engine gives it; `indexes` says which are secure."""
    return {
        "RegistryConfig": {
            "Mirrors": mirrors,
            "IndexConfigs": {name: {"Name": name, "Secure": secure} for name, secure in indexes.items()},
            "InsecureRegistryCIDRs": [*networks, "127.0.0.0/8"],
        },
        "Registries": [{"Name": name, "Secure": indexes.get(name, True)} for name in listed],
    }


def test_the_stock_files() -> None:
    effective = redhat(STOCK)
    assert starts(effective)
    assert [flag.name for flag in effective.command.flags] == [
        *("add-runtime", "default-runtime", "exec-opt", "userland-proxy-path", "init-path", "seccomp-profile"),
        *("selinux-enabled", "log-driver", "signature-verification"),
    ]
    assert [line.text.split()[0] for line in effective.ignored] == ["if", "fi"]


def test_an_older_builds_command() -> None:
    unit = REDHAT_UNIT.replace("/usr/bin/dockerd-current", "/usr/bin/docker-current daemon")
    effective = redhat("ADD_REGISTRY='--add-registry a'\n", unit=unit)
    assert effective.engine.is_redhat
    assert effective.command.strays == ()
    assert by_files(effective).added == ("a",)


@pytest.mark.parametrize("variable", ["ADD_REGISTRY", "BLOCK_REGISTRY", "INSECURE_REGISTRY", "REGISTRIES", "OPTIONS"])
def test_every_variable_is_expanded_and_must_hold_the_flag(variable: str) -> None:
    assert by_files(redhat(f"{variable}='--insecure-registry h:5000'\n")).insecure == ("h:5000",)
    assert not starts(redhat(f"{variable}='h:5000'\n"))
    assert starts(redhat(f"# {variable}='h:5000'\n"))


def test_registries_conf_counts_only_where_its_service_runs() -> None:
    toml = {"/etc/containers/registries.conf": "[registries.insecure]\nregistries = ['h:5000']\n"}
    assert listed(files=toml).insecure == ()
    made = {RUN: 'REGISTRIES="--add-registry a --insecure-registry h:5000 --block-registry b"\n'}
    entries = listed(files=made)
    assert (entries.added, entries.insecure, entries.blocked) == (("a",), ("h:5000",), ("b",))
    assert not starts(redhat("", '{"insecure-registries": []}', files=made))


@pytest.mark.parametrize("key", ["add-registry", "block-registry", "insecure-registries", "registry-mirrors"])
def test_keys_of_daemon_json(key: str) -> None:
    assert starts(redhat("", json.dumps({key: []})))
    flag = {"insecure-registries": "insecure-registry", "registry-mirrors": "registry-mirror"}.get(key, key)
    both = redhat(f"OPTIONS='--{flag}=http://m'\n", json.dumps({key: []}))
    assert [conflict.rule for conflict in find_conflicts(both) if conflict.severity is Severity.STOPS] == [
        "flag-and-key"
    ]
    assert not starts(redhat("", json.dumps({f"{key}s": []})))


@pytest.mark.parametrize(
    ("url", "as_flag", "as_key"),
    [
        ("http://m", True, "http://m"),
        ("http://m:5000", True, "http://m:5000"),
        ("https://[::1]:5000", True, "https://[::1]:5000"),
        ("http://m/", False, "http://m"),
        ("http://m/p", False, "http://m/p"),
        ("http://m?x=1", False, "http://m?x=1"),
        ("http://m#f", False, "http://m#f"),
        ("m:5000", False, "https://m:5000"),
        ("m", False, "https://m"),
        ("ftp://m", False, "https://ftp://m"),
        ("HTTP://m", True, "https://HTTP://m"),
        ("http://m:x", True, "http://m:x"),
        ("http://[::1]:x", False, "http://[::1]:x"),
        ("http://m n", False, "http://m n"),
    ],
)
def test_mirrors_are_looked_at_as_flags_only(url: str, as_flag: bool, as_key: str) -> None:
    assert starts(redhat(A_MIRROR.format(url))) == as_flag
    assert starts(redhat("", json.dumps({"registry-mirrors": [url]})))
    assert listed(file={"registry-mirrors": [url]}).mirrors == (as_key,)


def test_of_a_flag_scheme_and_host_are_taken() -> None:
    """Source: `ValidateMirror` of that engine does not look for a user name."""
    effective = redhat(f"{STOCK}{A_MIRROR.format('HTTP://u:p@m')}")
    assert [conflict.severity for conflict in find_conflicts(effective)] == [Severity.SURPRISING]
    assert by_files(effective).mirrors == ("http://m",)


@pytest.mark.parametrize(
    ("entry", "host", "is_insecure"),
    [
        ("r:5000", "r:5000", True),
        ("r:5000", "r", False),
        ("http://r", "r", False),
        ("a,b", "a", False),
        ("10.0.0.0/8", "10.1.2.3:5000", True),
        ("r/p", "r", False),
        ("", "r", False),
    ],
)
def test_any_insecure_entry_is_taken(entry: str, host: str, is_insecure: bool) -> None:
    assert starts(redhat(f"OPTIONS='--insecure-registry={entry}'\n"))
    entries = listed(file={"insecure-registries": [entry]})
    assert entries.insecure == (entry,)
    assert entries.is_insecure(host) == is_insecure
    assert entries.is_insecure("127.0.0.1:5000")


def test_but_one_with_a_hyphen_at_its_end() -> None:
    """Source: `ValidateIndexName` for the flag; `LoadInsecureRegistries`, whose error nobody looks
    at, for the file."""
    assert not starts(redhat("OPTIONS='--insecure-registry=r-'\n"))
    assert starts(redhat("", '{"insecure-registries": ["r-", "s"]}'))
    entries = listed(file={"insecure-registries": ["r-", "s", "10.0.0.0/8"]})
    assert entries.insecure == ()
    assert not any(entries.is_insecure(host) for host in ("s", "10.1.2.3", "127.0.0.1:5000", "localhost"))


@pytest.mark.parametrize("text", ["", " ", "{", "{,}", "[]", '{"data-root": "/x"}', '{"live-restore": 1}'])
def test_files_that_stop_it(text: str) -> None:
    assert not starts(redhat("", text))


def test_an_added_registry_without_a_name() -> None:
    effective = redhat("OPTIONS='--add-registry='\n")
    assert starts(effective)
    assert by_files(effective).added == ("",)
    assert not starts(redhat("REGISTRIES=--add-registry\n"))


@pytest.mark.parametrize(
    ("sysconfig", "file", "printed"),
    [
        ("OPTIONS='--add-registry 127.0.0.1:5999'\n", {},
         info([], {"127.0.0.1:5999": False, "docker.io": True}, [], ["127.0.0.1:5999", "docker.io"])),
        ("OPTIONS='--add-registry a --insecure-registry a'\n", {"registry-mirrors": ["m"]},
         info(["m"], {"a": False, "docker.io": True}, [], ["a", "docker.io"])),
        ("OPTIONS='--add-registry a --block-registry docker.io'\n", {"insecure-registries": ["10.0.0.0/8", "b"]},
         info([], {"a": True, "b": False}, ["10.0.0.0/8"], ["a"])),
        ("OPTIONS='--registry-mirror http://m'\n", {"insecure-registries": ["docker.io"]},
         info(["http://m/"], {"docker.io": False}, [], ["docker.io"])),
    ],
)  # fmt: skip
def test_what_docker_info_prints(sysconfig: str, file: Any, printed: dict[str, Any]) -> None:
    """An added registry at a loopback address is printed as insecure; a blocked
    one is never printed."""
    effective = redhat(sysconfig, json.dumps(file), info=printed)
    running, files = as_it_runs(effective), by_files(effective)
    assert running is not None
    assert (running.mirrors, set(running.insecure), running.added) == (files.mirrors, set(files.insecure), files.added)


def asked(image: str, sysconfig: str, file: Any = None) -> tuple[list[str], str]:
    route = explain(image, Host(redhat().engine, listed(sysconfig, file), {}))
    # What follows in the old protocol: test_redhat_asked.py.
    endpoints = [endpoint for endpoint in route.endpoints if endpoint.kind != "old protocol"]
    return [f"{endpoint.url} {endpoint.repository}" for endpoint in endpoints], route.refusal


HUB = "https://registry-1.docker.io library/tiny:1"


@pytest.mark.parametrize(
    ("image", "options", "wanted"),
    [
        ("tiny:1", "", [HUB]),
        ("tiny:1", "--add-registry a.io", ["https://a.io tiny:1", HUB]),
        ("library/tiny:1", "--add-registry a.io", ["https://a.io library/tiny:1", HUB]),
        ("tiny:1", "--add-registry a.io --block-registry docker.io", ["https://a.io tiny:1"]),
        ("docker.io/tiny:1", "--add-registry a.io", [HUB]),
        ("b/tiny:1", "", ["https://registry-1.docker.io b/tiny:1"]),
    ],
)
def test_where_pulls_go(image: str, options: str, wanted: list[str]) -> None:
    assert asked(image, f"OPTIONS='{options}'\n")[0] == wanted


@pytest.mark.parametrize(
    ("image", "options", "words"),
    [
        ("tiny:1", "--block-registry docker.io", "No default registry configured"),
        ("tiny:1", "--block-registry public", "No default registry configured"),
        ("b.example.com/tiny:1", "--block-registry b.example.com", "All endpoints blocked"),
        ("b.example.com/tiny:1", "--block-registry all", "All endpoints blocked"),
    ],
)
def test_blocked_pulls(image: str, options: str, words: str) -> None:
    endpoints, refusal = asked(image, f"OPTIONS='{options}'\n")
    assert endpoints == []
    assert words in refusal


def test_a_mirror_serves_docker_hub_though_that_is_blocked() -> None:
    endpoints, _ = asked(
        "docker.io/tiny:1",
        "OPTIONS='--signature-verification=0 --block-registry docker.io'\n",
        {"registry-mirrors": ["http://m"]},
    )
    assert endpoints == ["http://m library/tiny:1"]


def test_the_running_engine_and_its_files() -> None:
    """What was changed and only reloaded: the file says one thing, the daemon has another."""
    info_printed = info([], {"old": False, "docker.io": True}, [], ["docker.io"])
    effective = redhat("", '{"insecure-registries": ["new"]}', info=info_printed, argv=("/usr/bin/dockerd-current",))
    running = as_it_runs(effective)
    assert running is not None
    assert (running.insecure, by_files(effective).insecure) == (("old",), ("new",))
    assert str(effective.values("insecure-registries")[0].origin) == "/etc/docker/daemon.json:1"
