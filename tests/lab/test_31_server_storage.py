"""Chapter 31: the server's containers are the roles' alone, its images are never hidden, and what
stops it is said."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from invocations import CHECKOUT, Run, invoke, provision, succeed
from lab_hosts import LookedAt, until

STORAGE, EMPTY, SMALL = "/var/lib/registry", "/srv/empty-registry", "/srv/small-registry"
REPOSITORIES = f"{STORAGE}/docker/registry/v2/repositories"
LEFT = "left.example.com"


def provision_server(*words: str | Path, **variables: Any) -> Run:
    return provision("server", "-e", json.dumps(variables), *words)


def message(run: Run) -> str:
    """What the run says of the task that failed last."""
    assert run.status == 2, run.transcript
    return str(run.finished("failed")[-1]["message"])


def inspect(server: LookedAt, name: str) -> dict[str, Any]:
    (container,) = json.loads(server.run(f"docker inspect {name}"))
    return dict(container)


@pytest.fixture(scope="module", autouse=True)
def filled(server: LookedAt) -> Iterator[None]:
    """A repository in the registry; afterwards all is as it was."""
    succeed(provision("server"))
    image = "127.0.0.1:5000/kept-here/one:1"
    server.run(f"docker tag registry:2.8.2 {image} && docker push {image} && docker rmi {image}")
    yield
    server.run(f"rm -rf {REPOSITORIES}/kept-here {EMPTY}")
    server.run("rm -f /etc/mooring/registry.json")
    succeed(provision("server"))


def test_verify_counts_pulls_and_ends_with_a_verdict() -> None:
    """As a terminal shows it, which a program of util-linux stands for."""
    done = subprocess.run(
        ["script", "--quiet", "--return", "--command", "./invoke verify", "/dev/null"],
        cwd=CHECKOUT, env={**os.environ, "TERM": "xterm"}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    screen = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", done.stdout)
    assert done.returncode == 0, screen
    assert re.search(r"pulls [0-6]/7", screen), screen  # the verdict has 7/7
    last = screen.split("\n")[-2] if screen.endswith("\n") else screen.split("\n")[-1]
    assert last.startswith("all is well: 3 hosts, "), screen
    assert last.rstrip().endswith("pulls 7/7"), screen


def test_environment_that_is_taken_out_goes(server: LookedAt) -> None:
    succeed(provision_server(registry_environment={"MOORING_LEFT": "1"}))
    assert "MOORING_LEFT=1" in inspect(server, "mooring-registry")["Config"]["Env"]
    succeed(provision_server())
    assert "MOORING_LEFT=1" not in inspect(server, "mooring-registry")["Config"]["Env"]
    assert succeed(provision_server()).count("changed") == {"server": 0}


# What somebody may add to a container: by the role's
# argument, where the engine has it, and what is added.
ADDED: dict[str, tuple[str, Any]] = {
    "env": ("Env", ["MOORING_LEFT=1"]),
    "labels": ("Labels", {LEFT: "1"}),
    "volumes": ("HostConfig.Binds", ["/srv:/left-bind:rw"]),
    "mounts": ("HostConfig.Mounts", [{"Type": "bind", "Source": "/srv", "Target": "/left-mount"}]),
    "tmpfs": ("HostConfig.Tmpfs", {"/left-tmpfs": ""}),
    "published_ports": ("HostConfig.PortBindings", {"9999/tcp": [{"HostIp": "127.0.0.1", "HostPort": "9999"}]}),
    "etc_hosts": ("HostConfig.ExtraHosts", [f"{LEFT}:192.0.2.1"]),
    "dns_servers": ("HostConfig.Dns", ["192.0.2.53"]),
    "dns_search_domains": ("HostConfig.DnsSearch", [LEFT]),
    "dns_opts": ("HostConfig.DnsOptions", ["ndots:3"]),
    "groups": ("HostConfig.GroupAdd", ["4242"]),
    "capabilities": ("HostConfig.CapAdd", ["NET_ADMIN"]),
    "security_opts": ("HostConfig.SecurityOpt", ["label=disable"]),
    "sysctls": ("HostConfig.Sysctls", {"net.ipv4.ip_default_ttl": "63"}),
}


def test_what_somebody_else_added_goes(server: LookedAt) -> None:
    """The very container with more of everything, as the engine's API makes it; the plan
    tells each of them."""
    container = inspect(server, "mooring-nginx")
    before = {**container["Config"], "HostConfig": container["HostConfig"]}
    body: dict[str, Any] = {**container["Config"], "HostConfig": dict(container["HostConfig"]), "Hostname": ""}
    for place, value in ADDED.values():
        part, key = (body["HostConfig"], place.removeprefix("HostConfig.")) if "." in place else (body, place)
        part[key] = [*(part.get(key) or []), *value] if isinstance(value, list) else {**(part.get(key) or {}), **value}
    server.run("docker rm --force mooring-nginx")
    server.run(
        "curl -fsS --unix-socket /var/run/docker.sock -H 'Content-Type: application/json' -X POST "
        f"'http://docker/containers/create?name=mooring-nginx' -d '{json.dumps(body)}'"
    )
    server.run("docker start mooring-nginx")
    (foretold,) = [
        event["diff"][0]["before"]
        for event in succeed(provision_server("--check", "--diff")).finished("changed")
        if event["task"] == "nginx : Run the nginx container"
    ]
    assert {line.partition(":")[0] for line in foretold.splitlines()} == set(ADDED)
    succeed(provision_server())
    now = inspect(server, "mooring-nginx")
    after = {**now["Config"], "HostConfig": now["HostConfig"]}
    for place, _ in ADDED.values():
        was, is_now = (part["HostConfig"] if "." in place else part for part in (before, after))
        key = place.removeprefix("HostConfig.")
        assert (is_now.get(key) or None) == (was.get(key) or None), place
    assert succeed(provision_server()).count("changed") == {"server": 0}


def test_a_network_that_somebody_joined_goes(server: LookedAt) -> None:
    server.run("docker network connect bridge mooring-registry")
    succeed(provision_server())
    assert set(inspect(server, "mooring-registry")["NetworkSettings"]["Networks"]) == {"mooring"}
    assert succeed(provision_server()).count("changed") == {"server": 0}


EMPTY_STORAGES: list[tuple[dict[str, Any], str]] = [
    ({"registry_storage_directory": EMPTY}, EMPTY),
    ({"registry_environment": {"REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": f"{STORAGE}/new"}}, f"{STORAGE}/new"),
    ({"registry_environment": {"REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": "/data"}}, "container:/data"),
    ({"registry_environment": {"REGISTRY_STORAGE": "s3", "REGISTRY_STORAGE_S3_BUCKET": "images"}}, "s3:images"),
    ({"registry_environment": {"REGISTRY_STORAGE": "inmemory"}}, "inmemory:"),
]
# In every run a directory, and one of the environment; --long tries all, in check mode too.
IN_EVERY_RUN = {(EMPTY, "check"), (EMPTY, "run"), (f"{STORAGE}/new", "run")}


@pytest.mark.parametrize(
    ("variables", "place", "words"),
    [
        pytest.param(
            variables,
            place,
            words,
            id=f"{place}-{mode}",
            marks=() if (place, mode) in IN_EVERY_RUN else pytest.mark.long,
        )
        for variables, place in EMPTY_STORAGES
        for mode, words in (("check", ["--check"]), ("run", []))
    ],
)
def test_an_empty_registry_in_place_of_a_full_one(
    server: LookedAt, words: list[str], variables: dict[str, Any], place: str
) -> None:
    before = server.state()
    count = len(server.lines(f"find {REPOSITORIES} -type d -name _manifests"))
    reason = message(provision_server(*words, **variables))
    assert f"the registry has {count} repositor{'y' if count == 1 else 'ies'} in {STORAGE}" in reason
    assert f"its new storage {place} " in reason
    assert f"registry_accept_empty_storage: {place}" in reason
    assert server.state() == before
    assert not server.succeeds(f"test -e {EMPTY}")


def test_an_empty_registry_that_is_meant(server: LookedAt) -> None:
    wanted = {"registry_storage_directory": EMPTY, "registry_accept_empty_storage": EMPTY}
    succeed(provision_server(**wanted))
    assert '"repositories":[]' in server.run("curl -fsS http://127.0.0.1:5000/v2/_catalog")
    succeed(provision_server())
    assert "kept-here/one" in server.run("curl -fsS http://127.0.0.1:5000/v2/_catalog")


def test_a_disk_that_is_missing(server: LookedAt) -> None:
    """The running registry holds on to its disk; its next start would find the empty folder
    below."""
    succeed(provision_server())  # which notes that there are images
    server.run(f"mount -t tmpfs -o size=1m tmpfs {STORAGE}")
    try:
        reason = message(provision_server("--check"))
        assert f"{STORAGE} has no repositories on the host, and the running registry still has" in reason
        server.run("docker rm --force mooring-registry")
        reason = message(provision_server())
        assert f"{STORAGE} had repositories when it was last provisioned and has none now" in reason
    finally:
        server.run(f"umount {STORAGE}")
        succeed(provision_server())


def test_a_disk_that_fstab_knows_and_nobody_mounted(server: LookedAt) -> None:
    server.run(f"cp -p /etc/fstab /root/fstab 2>/dev/null; echo 'LABEL=images {EMPTY} ext4 defaults 0 0' >> /etc/fstab")
    try:
        reason = message(provision_server("--check", registry_storage_directory=f"{EMPTY}/registry"))
        assert f"{EMPTY}, for which /etc/fstab has a file system, is not mounted" in reason
    finally:
        server.run("rm -f /etc/fstab; mv /root/fstab /etc/fstab 2>/dev/null || true")


def test_a_container_that_is_gone_with_its_directory(server: LookedAt) -> None:
    server.run("docker rm --force mooring-registry")
    assert f" in {STORAGE}, and its new storage {EMPTY} has none" in message(
        provision_server(registry_storage_directory=EMPTY)
    )
    succeed(provision_server())


@pytest.fixture
def small(server: LookedAt) -> Iterator[dict[str, Any]]:
    """The registry with a small disk of its own; the variables for that."""
    server.run(f"mkdir {SMALL} && mount -t tmpfs -o size=4m,mode=755 tmpfs {SMALL} && chown 65532:65532 {SMALL}")
    variables = {
        "registry_storage_directory": SMALL,
        "registry_accept_empty_storage": SMALL,
        "registry_healthcheck_interval": "1s",  # verify waits for the first one
    }
    try:
        succeed(provision_server(**variables))
        yield variables
    finally:
        succeed(provision_server())
        server.run(f"umount {SMALL} && rmdir {SMALL}")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        pytest.param(
            f"dd if=/dev/zero of={SMALL}/filler bs=64k 2>/dev/null; true", "is full: 0 B of 4.0 MiB are free", id="full"
        ),
        pytest.param(f"mount -o remount,ro {SMALL}", "is read-only", id="read-only", marks=pytest.mark.long),
    ],
)
def test_a_storage_that_takes_nothing(server: LookedAt, small: dict[str, Any], spoil: str, words: str) -> None:
    sentence = f"the registry's storage {SMALL} {words}"
    server.run(spoil)
    assert sentence in message(provision_server(**small))
    options = ("-e", json.dumps(small), "--json")
    doctor = invoke("doctor", "server", *options)
    assert doctor.status == 2, doctor.transcript
    (finding,) = [finding for finding in json.loads(doctor.out)["hosts"][0]["findings"] if finding["rule"] == "storage"]
    assert (finding["verdict"], finding["seen"]) == ("broken", sentence)
    status = invoke("status", "--limit", "server", "--detailed-exitcode", *options)
    assert status.status == 8, status.transcript
    (row,) = json.loads(status.out)["hosts"]
    assert (row["drift"], row["server"]["storage"]) == ("storage is in trouble", sentence)
    verify = invoke("verify", *options)
    assert verify.status == 2, verify.transcript
    summary = json.loads(verify.out)
    assert [cause["message"] for cause in summary["causes"]] == [sentence], verify.transcript
    assert summary["left_behind"] == []


def test_a_port_that_is_taken(server: LookedAt) -> None:
    before = {name: state[0] for name, state in server.containers().items()}
    reason = message(provision_server(registry_port=22))
    assert "port 22 of the host is taken by " in reason
    assert "(process " in reason
    assert "(the old container is back)" in reason
    reason = message(provision_server(nginx_publish_address="127.0.0.1", nginx_http_port=5000))
    assert "port 5000 of the host is taken by container mooring-registry (the old container is back)" in reason
    assert {name: state[0] for name, state in server.containers().items()} == before


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"REGISTRY_HTTP_ADDR": "192.0.2.1:5000"}, "listen tcp 192.0.2.1:5000: bind: cannot assign requested address"),
        ({"REGISTRY_LOG_LEVEL": "loud"}, "nvalid loglevel"),
        pytest.param({"REGISTRY_HTTP_TLS_CERTIFICATE": "/none.crt"}, "/none.crt", marks=pytest.mark.long),
    ],
)
def test_a_crash_is_one_line(environment: dict[str, str], words: str) -> None:
    reason = message(provision_server(registry_environment=environment))
    assert words in reason
    assert "\n" not in reason.strip()
    assert "Usage" not in reason
    assert "goroutine" not in reason


def test_verify_says_what_is_down_once(server: LookedAt) -> None:
    server.run("docker stop mooring-registry")
    try:
        run = invoke("verify")
    finally:
        server.run("docker start mooring-registry")
        until(lambda: server.succeeds("curl -fsS http://127.0.0.1/v2/"), "the registry answers again")
    assert run.status == 2, run.transcript
    lines = run.out.splitlines()
    assert len([line for line in lines if line.startswith("failed ")]) == 1, run.transcript
    assert run.out.count("container mooring-registry does not run") == 2, run.transcript  # the check, and the verdict
    assert lines[-1].startswith("FAILED: 1 cause"), run.transcript
    assert "pulls 0/7" in lines[-1]
