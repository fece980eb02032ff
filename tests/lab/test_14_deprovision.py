"""Chapter 14: the clients are taken off the registry: every file is as it was before, to the byte,
and Docker stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from invocations import Run, invoke, provision, succeed
from lab_hosts import LookedAt

from mooring.engines.plan.record import PATH as RECORD

# What the operator has of his own, oddly written: it must come back to the byte.
DAEMON_JSON = '{"labels":["rack=7"],\n\t"insecure-registries" : [ "198.51.100.0/24" ]   }\n'
SYSCONFIG = "OPTIONS='--log-driver=journald --insecure-registry own.example.com'\nINSECURE_REGISTRY=\"\"\n# the end\n"
OWN_HOST = "192.0.2.77\tmine.example.com # mine\n"
PLACES = "/etc/docker /etc/sysconfig/docker /etc/hosts /etc/mooring /etc/containers /var/lib/mooring"

Bytes = dict[str, str]


@dataclass(frozen=True)
class Way:
    """The clients' files and engines on the way there and back, and the runs."""

    before: dict[str, Bytes]
    provisioned: dict[str, Bytes]
    after: dict[str, Bytes]
    checked: dict[str, Bytes]
    engines: dict[str, tuple[bool, bool]]
    foretold: Run
    off: Run
    again: Run
    on: Run


def deprovision(*words: str) -> Run:
    return succeed(invoke("deprovision-clients", "--json", *words))


def files(host: LookedAt) -> Bytes:
    """The digest of each file, and the folders."""
    lines = host.run(f"find {PLACES} -type f -exec sha1sum {{}} + 2>/dev/null || true").splitlines()
    folders = host.run(f"find {PLACES} -type d 2>/dev/null || true").splitlines()
    return {path: digest for digest, _, path in (line.partition("  ") for line in lines)} | dict.fromkeys(folders, "")


def is_well(host: LookedAt) -> tuple[bool, bool]:
    """(Docker runs, and asks the mirror)."""
    return host.succeeds("systemctl is-active docker"), "http://mirror.registry.example.com" in host.run("docker info")


def write(host: LookedAt, path: str, text: str) -> None:
    host.run(f"cat > {path} <<'END'\n{text}END\n")


@pytest.fixture(scope="module")
def way(client_el7: LookedAt, client_debian: LookedAt) -> Iterator[Way]:
    clients = [client_el7, client_debian]
    deprovision()
    kept = {client_el7: "/etc/sysconfig/docker", client_debian: "/etc/docker/daemon.json"}
    for host, path in kept.items():
        host.run(f"cp -p {path} /root/kept 2>/dev/null || true; cp -p /etc/hosts /root/hosts")
        host.run(f"printf '{OWN_HOST}' >> /etc/hosts")
    write(client_el7, kept[client_el7], SYSCONFIG)
    write(client_debian, kept[client_debian], DAEMON_JSON)
    try:
        for host in clients:
            host.run("systemctl restart docker")

        def look() -> dict[str, Bytes]:
            return {host.name: files(host) for host in clients}

        before = look()
        succeed(provision("clients"))
        provisioned = look()
        foretold = deprovision("--check", "--diff")
        checked = look()
        off = deprovision()
        after, engines = look(), {host.name: is_well(host) for host in clients}
        again = deprovision()
        yield Way(before, provisioned, after, checked, engines, foretold, off, again, provision("clients"))
    finally:
        for host, path in kept.items():
            host.run(f"if test -e /root/kept; then mv /root/kept {path}; else rm -f {path}; fi")
            host.run("cat /root/hosts > /etc/hosts; rm /root/hosts")
            host.run("systemctl restart docker")
        succeed(provision("clients"))


def test_every_file_is_as_it_was_before(way: Way) -> None:
    assert way.after == way.before
    for name, held in way.provisioned.items():
        assert held != way.before[name]
        assert RECORD in held


def test_docker_stays_and_asks_the_mirror_no_more(way: Way) -> None:
    assert set(way.engines.values()) == {(True, False)}


def test_check_foretells_and_changes_nothing(way: Way) -> None:
    assert way.checked == way.provisioned
    assert way.off.changes == way.foretold.changes
    assert {host for host, _, _ in way.off.changes} == {"client-el7", "client-debian"}


def test_a_second_run_changes_nothing(way: Way) -> None:
    assert set(way.again.count("changed").values()) == {0}


def test_the_way_back(way: Way) -> None:
    assert succeed(way.on).changes
