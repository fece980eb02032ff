"""Hosts drawn at random: a unit with drop-ins, an EnvironmentFile, daemon.json; with
values right and wrong."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import hypothesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from written import ODD, TEXTS, written

from mooring.engines import systemd
from mooring.engines.docker import sysconfig
from mooring.engines.docker.effective import Texts
from mooring.engines.systemd_words import expand

CONTAINERD = "--containerd=/run/containerd/containerd.sock"
UNIT = f"""\
# /lib/systemd/system/docker.service
[Service]
EnvironmentFile=-/etc/default/docker
ExecStart=/usr/sbin/dockerd {CONTAINERD} {{own}} $OPTIONS
"""
RUNNING = "--storage-driver=vfs --bridge=none --iptables=false"
DROP_IN = "\n# /etc/systemd/system/docker.service.d/10-own.conf\n[Service]\n"
JSON = "/etc/docker/daemon.json"
DEFAULTS = "/etc/default/docker"


@dataclass(frozen=True)
class Drawn:
    """One host's texts; {own} in the unit stands for what the asker adds to the
    daemon's command line."""

    unit: str
    defaults: str
    daemon_json: str | None

    def texts(self, own: str, version: str) -> Texts:
        """The host as the resolver takes it."""
        files = {DEFAULTS: self.defaults, JSON: self.daemon_json}
        return Texts(self.unit.replace("{own}", own), files, version=version)

    def argv(self, own: str) -> list[str]:
        """The daemon's command line, as systemd would make it (which
        test_systemd.py asks a real one)."""
        service = systemd.parse(self.unit.replace("{own}", own))
        variables = {**service.environment, **sysconfig.parse(self.defaults, DEFAULTS).values}
        return [word.text for word in expand(service.commands[-1], variables)]


def urls(schemes: list[str], hosts: list[str], tails: list[str]) -> st.SearchStrategy[str]:
    """Addresses put together from parts; the first of each kind is a good one,
    and comes more often."""

    def part(values: list[str]) -> st.SearchStrategy[str]:
        return st.just(values[0]) | st.just(values[0]) | st.sampled_from(values)

    names = part(["", "u@", "u:p@", "@"])
    ports = part(["", ":5000", ":", ":0", ":65536", ":x", ":-1", ":+1"])
    return st.tuples(part(schemes), names, part(hosts), ports, part(tails)).map("".join)


HOSTS = [
    "m.example.com",
    "m",
    "M.Example.COM",
    "127.0.0.1",
    "[::1]",
    "::1",
    "[::1",
    "",
    "a_b",
    "-m",
    "m-",
    "10.0.0.300",
]
MIRRORS = urls(
    ["http://", "https://", "HTTP://", "ftp://", "", "http:", "http:/", "//"],
    HOSTS,
    ["", "/", "//", "/p", "/p/", "?", "/?", "?x=1", "#", "/#", "#f", "/%zz", "/%2f", "/?/", "a,b"],
)
NETWORKS = ["10.0.0.0/8", "10.1.2.3/8", "10.0.0.0/33", "fd00::/8", "::1/128", "0.0.0.0/0", "127.0.0.0/8", "10.0.0.0/a"]
INSECURE = st.sampled_from(NETWORKS) | urls(
    ["", "http://", "https://", "HTTP://", "ftp://", "//"], HOSTS, ["", "/", "/p", "?x", ",b", "#f", "/8"]
)
LISTS = {"registry-mirrors": MIRRORS, "insecure-registries": INSECURE}
FLAGS = {"registry-mirrors": "registry-mirror", "insecure-registries": "insecure-registry"}
ANY = st.sampled_from(
    ["", "a", "1", 0, 1, -1, 1.5, True, False, None, [], ["a"], [1], [None], {}, {"a": "b"}, {"a": 1}]
)
# What no daemon minds; by key.
GOOD: dict[str, list[Any]] = {
    "debug": [True, False],
    "live-restore": [True, False],
    "log-level": ["info", "debug", "x", "warning", ""],
    "max-concurrent-downloads": [1, 5],
    "shutdown-timeout": [10],
    "experimental": [True, False],
    "exec-opts": [["native.cgroupdriver=cgroupfs"], ["a"], [" native.cgroupdriver = cgroupfs"]],
    "data-root": ["/var/lib/docker"],
    "graph": ["/var/lib/docker"],
    "icc": [True],
    "add-registry": [["a"]],
    "no-such-key": [1],
    "Debug": [True],
    "bip6": ["fd00::1/64"],
    "oom-score-adjust": [0],
    "userland-proxy": [False],
    "storage-driver": ["vfs"],
    # And what some do.
    "dns-opts": [["x"]],
    "exec-root": ["/run/docker"],
    "api-cors-header": ["", "*"],
    "validate": [True, False],
    "help": [True],
    "insecure-registries": [None],
    "min-api-version": ["1.24"],
    "deprecated-key-path": ["/x"],
    "host-gateway-ips": [["10.0.0.1"]],
    "log-format": ["text"],
    "raw-logs": [True],
    **ODD,
}


@st.composite
def files(draw: st.DrawFn) -> str | None:
    """A daemon.json: mostly with one or two settings that concern registries, now and then
    broken."""
    kind = draw(st.sampled_from(["file"] * 12 + ["none", "odd"]))
    if kind == "none":
        return None
    if kind == "odd":
        return draw(st.sampled_from(TEXTS))
    settings_drawn: dict[str, Any] = {}
    for key, entries in LISTS.items():
        if draw(st.booleans()):
            settings_drawn[key] = draw(st.lists(entries, max_size=2))
    for key in draw(st.lists(st.sampled_from(sorted(GOOD)), max_size=2)):
        settings_drawn[key] = draw(st.sampled_from(GOOD[key]))
    if draw(st.integers(0, 5)) == 5:
        settings_drawn[draw(st.sampled_from([*LISTS, *GOOD]))] = draw(ANY)
    return draw(written(settings_drawn, ANY))


@st.composite
def flags(draw: st.DrawFn) -> str:
    """Words for the daemon's command line; without quotes and white space, which
    test_systemd.py is about."""
    words: list[str] = []
    for key, entries in LISTS.items():
        if draw(st.integers(0, 2)) == 2:
            words.append(f"--{FLAGS[key]}={draw(entries)}")
    words += draw(st.lists(st.sampled_from([*OTHER_FLAGS, *MORE_FLAGS.split()]), max_size=2))
    return " ".join(words)


OTHER_FLAGS = (
    "--debug",
    "-D",
    "--debug=false",
    "--debug=maybe",
    "-Dl=debug",
    "-l info",
    "--log-level=debug",
    "--live-restore",
    "--label=a=b",
    "--mtu=1400",
    "--mtu=x",
    "--no-such-flag",
    "-x",
    "stray",
    "--data-root=/var/lib/docker",
    "--max-concurrent-downloads=5",
    "--exec-opt=native.cgroupdriver=cgroupfs",
    "--host unix:///run/x",
    "--label a=b",
    "--log-opt=max-size=1m",
    "--experimental",
    "--add-registry=a",
    "--graph=/var/lib/docker",
    "--",
)
MORE_FLAGS = """
--label=a --label=a=c --dns=x --dns=10.0.0.1 --dns=::1 --mtu=0x10 --mtu=-1 --mtu=010 --mtu=1_0 --mtu=08 --bip6= --label
--max-concurrent-downloads=-1 --log-level=x --log-level=WARN --log-level=warning --version --validate --help=false
--default-runtime=x --ip=x --default-shm-size=x --dns= --mtu=9223372036854775808 -H=unix:///run/x --config-file=/nosuch
--config-file=/etc/docker/daemon.json --config-file= --http-proxy=http://p --feature=a=true --add-runtime=a=/x --icc=yes
--api-cors-header=* --exec-opt=a --features=a --shutdown-timeout=-1 -Hunix:///run/x --tlsverify=false --tls=false --tls
--default-ulimit=nofile=1:2 --default-ulimit=nofile=2:1 --default-ulimit=x=1 --default-ulimit=core=-1 --ip=
--ip=10.0.0.1
"""


@st.composite
def hosts(draw: st.DrawFn) -> Drawn:
    """A host; the flags stand in the EnvironmentFile, in a drop-in's Environment=, or
    in its ExecStart=."""
    words, place = draw(flags()), draw(st.sampled_from(["defaults", "environment", "command"]))
    unit, defaults = UNIT, "# nothing\n"
    if place == "defaults":
        defaults = f'# set by hand\nOPTIONS="{words}"\n'
    elif place == "environment":
        unit += f'{DROP_IN}Environment="OPTIONS={words}"\n'
    else:
        unit += f"{DROP_IN}ExecStart=\nExecStart=/usr/sbin/dockerd {{own}} \\\n  {CONTAINERD} {words}\n"
    return Drawn(unit, defaults, draw(files()))


SANE_MIRRORS = """
http://m.example.com https://m.example.com/ http://m:5000 HTTP://M.Example.COM http://m/p http://m/p/ http://m//
http://[::1]:5000 http://127.0.0.1: http://m/? http://m# http:m http:/m http:// http:///p https://m?
"""
SANE_INSECURE = """
r.example.com r.example.com:5000 R.example.com localhost:5000 10.1.2.3 10.1.2.3:80 http://r.example.com HTTPS://r ::1
10.0.0.0/8 10.9.9.9/8 http://10.0.0.0/8 127.0.0.0/8 127.0.0.1/32 ::1/128 fd00::/8 fd00::1/8 [::1]:5000 [::1] 127.0.0.1:
docker.io index.docker.io 0.0.0.0/0
"""


def entries(key: str) -> st.SearchStrategy[list[str]]:
    """A list for a key, its entries mostly such as a daemon takes."""
    sane = st.sampled_from((SANE_MIRRORS if key == "registry-mirrors" else SANE_INSECURE).split())
    return st.lists(st.one_of(sane, sane, sane, sane, LISTS[key]), max_size=3)


@st.composite
def registry_files(draw: st.DrawFn, keys: Sequence[str] = (*LISTS, "live-restore")) -> str:
    """A daemon.json that is about registries and live-restore."""
    settings_drawn: dict[str, Any] = {}
    for key in keys:
        if draw(st.booleans()):
            settings_drawn[key] = draw(entries(key)) if key in LISTS else draw(st.booleans())
    return json.dumps(settings_drawn)


@st.composite
def registry_hosts(draw: st.DrawFn) -> Drawn:
    """A host whose daemon most likely starts: each key stands in the file, or as
    a flag, or nowhere."""
    flagged = draw(st.sampled_from([[], [], ["registry-mirrors"], ["insecure-registries"], list(LISTS)]))
    words = [f"--{FLAGS[key]}={entry}" for key in flagged for entry in draw(entries(key))]
    text = draw(registry_files([key for key in (*LISTS, "live-restore") if key not in flagged]))
    return Drawn(UNIT, f"OPTIONS={' '.join(words)}\n", draw(st.sampled_from([text, text, text, None])))


@st.composite
def changes(draw: st.DrawFn) -> tuple[Drawn, list[str | None]]:
    """A host, and what becomes of its daemon.json; now and then something that the daemon
    refuses."""
    odd = st.sampled_from([None, "", "{}", "null", "{,}", '{"no-such-key": 1}', '{"debug": "yes"}', *NULLS])
    later = st.one_of(registry_files(), registry_files(), registry_files(), odd)
    return draw(registry_hosts()), draw(st.lists(later, min_size=1, max_size=3))


NULLS = (
    '{"insecure-registries": null}',
    '{"registry-mirrors": null}',
    '{"live-restore": null}',
    '{"insecure-registries": "a"}',
    '{"x": {"insecure-registries": ["a"], "registry-mirrors": ["http://m"], "live-restore": true}}',
)


def show(case: Drawn) -> Mapping[str, Any]:
    """What the reader of a disagreement needs."""
    return {"argv": case.argv("{own}")[2:], "daemon.json": case.daemon_json}


def asks(many: int) -> Callable[..., Any]:
    """How a test draws: slow cases are no fault, and without a seed CI draws the
    same ones every time."""
    seed = os.environ.get("MOORING_SEED")
    drawn = settings(
        max_examples=many,
        deadline=None,
        derandomize=not seed,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    return drawn if not seed else lambda test: drawn(hypothesis.seed(int(seed))(test))
