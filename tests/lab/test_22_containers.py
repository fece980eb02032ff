"""Chapter 22: a registry that an earlier version filled as root goes to an account of its own, and
every image pulls.

`earlier/` holds that version's roles as they were. The way there is told beforehand, goes on after
a break, leaves the old registry alone where it cannot be gone, and leads back.
"""

from __future__ import annotations

import json
import re
import secrets
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from invocations import CHECKOUT, Run, invoke, provision, succeed
from lab_hosts import LookedAt, until

from lab.places import BUNDLES

STORAGE = "/var/lib/registry"
ACCOUNT, NGINX = 65532, 65531
NAME = "registry.example.com"
CONTAINERS = ("registry", "nginx")
BEFORE = {"registry_image_archive": str(BUNDLES / "registry.tar"), "nginx_image_archive": str(BUNDLES / "nginx.tar")}
ROOT = json.dumps({"registry_user": "root", "nginx_user": "root"})


@dataclass(frozen=True)
class Filled:
    """The server with what was pushed to it: digests by repository."""

    server: LookedAt
    digests: dict[str, str]

    def push(self, repository: str) -> None:
        """Push a small image that nobody else has, by the registry's own port."""
        image = f"127.0.0.1:5000/{repository}:1"
        self.server.run(
            "place=$(mktemp -d) && head -c 200k /dev/urandom > $place/random && "
            f"tar -C $place -c random | docker import - {image} && rm -r $place"
        )
        pushed = re.search(r"digest: (sha256:[0-9a-f]{64})", self.server.run(f"docker push {image}"))
        assert pushed
        self.digests[repository] = pushed[1]
        self.server.run(f"docker rmi {image}")

    def pull(self, client: LookedAt) -> None:
        """Pull all of it by digest, through nginx by name, and nothing may come from the
        client's own store."""
        for repository, digest in self.digests.items():
            image = f"{NAME}/{repository}@{digest}"
            client.run(f"docker rmi --force {image} >/dev/null 2>&1 || true")
            client.run(f"docker pull {image} && docker rmi {image}")

    def owners(self) -> set[str]:
        return set(self.server.lines(f"find {STORAGE} -printf '%U\\n' | sort -u"))

    def count(self, owner: int) -> int:
        return len(self.server.lines(f"find {STORAGE} -uid {owner}"))

    def ids(self) -> dict[str, str]:
        return {name: state[0] for name, state in self.server.containers().items()}


def inspect(server: LookedAt, role: str) -> dict[str, Any]:
    (inspected,) = json.loads(server.run(f"docker inspect mooring-{role}"))
    return dict(inspected)


def statuses(server: LookedAt, role: str) -> list[dict[str, str]]:
    """/proc/PID/status of every process of the container."""
    pids = server.lines(f"docker top mooring-{role} -eo pid | tail -n +2")
    assert pids
    texts = [server.run(f"cat /proc/{pid.strip()}/status") for pid in pids]
    return [dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line) for text in texts]


def provision_server(*words: str | Path) -> Run:
    return provision("server", *words)


def message(run: Run) -> str:
    """What the run says of the task that failed."""
    return str(run.finished("failed")[-1]["message"])


@pytest.fixture(scope="module")
def filled(server: LookedAt) -> Iterator[Filled]:
    """The server as the earlier version leaves it, with four repositories and an upload under
    way."""
    server.run(f"docker rm --force mooring-registry mooring-nginx && chown -R 0:0 {STORAGE}")
    server.run("rm -rf /etc/mooring/nginx /etc/mooring/registry")
    succeed(invoke("play", CHECKOUT / "tests/lab/earlier/server.yml", "--json", "-e", json.dumps(BEFORE)))
    base = f"filled-{secrets.token_hex(4)}"
    filled = Filled(server, {})
    for name in ("one", "two", "deep/er/still", "three"):
        filled.push(f"{base}/{name}")
    server.run(f"curl -fsS -X POST http://127.0.0.1:5000/v2/{base}/upload/blobs/uploads/")
    assert (filled.owners(), inspect(server, "registry")["Config"]["User"]) == ({"0"}, "")
    yield filled
    server.run(f"rm -r {STORAGE}/docker/registry/v2/repositories/{base}")
    server.run("docker exec mooring-registry registry garbage-collect /etc/docker/registry/config.yml")
    succeed(provision_server())


def test_the_earlier_registry_serves(filled: Filled, client_debian: LookedAt) -> None:
    filled.pull(client_debian)
    assert "User" in inspect(filled.server, "registry")["Config"]
    assert filled.server.succeeds("test -e /etc/mooring/nginx/nginx.conf")


def test_check_tells_how_much_changes_hands(filled: Filled) -> None:
    before = filled.server.state()
    run = succeed(provision_server("--check"))
    assert filled.server.state() == before
    assert f"{filled.count(0)} files and directories below {STORAGE} go to {ACCOUNT}:{ACCOUNT}" in run.out
    assert f"(so far of user 0: {filled.count(0)})" in run.out
    tasks = {task for _, task, _ in run.changes}
    assert {
        "registry : Change the owner of the storage",
        "registry : Run the registry container",
        "nginx : Run the nginx container",
    } <= tasks


def test_storage_that_cannot_change_hands_leaves_the_registry_as_it_was(
    filled: Filled, client_debian: LookedAt
) -> None:
    """As on a network file system that does not let root be root."""
    before = filled.ids()
    filled.server.run(f"mount --bind {STORAGE} {STORAGE} && mount -o remount,bind,ro {STORAGE}")
    try:
        run = provision_server()
    finally:
        filled.server.run(f"umount {STORAGE}")
    assert run.status == 2, run.transcript
    assert "the registry keeps running as before (account 0:0)" in message(run)
    assert f"cannot give all of {STORAGE} to {ACCOUNT}:{ACCOUNT}" in message(run)
    assert "Read-only file system" in message(run)
    assert "change the owner where it is served" in message(run)
    assert (filled.ids(), filled.owners()) == (before, {"0"})
    filled.pull(client_debian)
    filled.push(f"{next(iter(filled.digests))}-meanwhile")


def test_a_container_that_does_not_start_leaves_the_registry_as_it_was(filled: Filled, client_debian: LookedAt) -> None:
    """The storage has changed hands by then, and goes back."""
    before = filled.ids()
    run = provision_server("-e", json.dumps({"registry_environment": {"REGISTRY_HTTP_ADDR": "192.0.2.1:5000"}}))
    assert run.status == 2, run.transcript
    assert "(the old container is back)" in message(run)
    assert (filled.ids(), filled.owners()) == (before, {"0"})
    filled.pull(client_debian)
    filled.push(f"{next(iter(filled.digests))}-again")


def test_the_registry_works_while_its_storage_changes_hands(filled: Filled, client_debian: LookedAt) -> None:
    """A run was cut short in the middle: half of the files are the new account's, the old
    registry is root's."""
    half = filled.count(0) // 2
    filled.server.run(f"find {STORAGE} -depth | head -n {half} | xargs chown -h {ACCOUNT}:{ACCOUNT}")
    assert filled.owners() == {"0", str(ACCOUNT)}
    filled.pull(client_debian)
    filled.push(f"{next(iter(filled.digests))}-half")
    assert f"{filled.count(0)} files and directories below" in succeed(provision_server("--check")).out


def test_the_next_run_takes_the_rest(filled: Filled, clients: list[LookedAt]) -> None:
    secret = filled.server.run("cat /etc/mooring/registry/http.secret")
    succeed(provision_server())
    assert filled.owners() == {str(ACCOUNT)}
    assert filled.server.run("cat /etc/mooring/registry/http.secret") == secret
    for client in clients:
        filled.pull(client)
    filled.push(f"{next(iter(filled.digests))}-after")
    filled.pull(clients[0])
    assert filled.server.run("ls /etc/mooring/nginx").split() == ["server.conf", "tls"]


def test_again_nothing_changes(filled: Filled) -> None:
    before = filled.server.state()
    run = succeed(provision_server())
    assert run.count("changed") == {"server": 0}, run.changes
    assert filled.server.state() == before


@pytest.mark.parametrize(("role", "uid"), [("registry", ACCOUNT), ("nginx", NGINX)])
def test_no_process_has_a_right_that_it_does_not_need(filled: Filled, role: str, uid: int) -> None:
    for status in statuses(filled.server, role):
        assert status["Uid"].split() == status["Gid"].split() == [str(uid)] * 4
        assert {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
        assert status["NoNewPrivs"] == "1"
    inspected = inspect(filled.server, role)["HostConfig"]
    assert (inspected["ReadonlyRootfs"], inspected["Privileged"], inspected["CapDrop"]) == (True, False, ["ALL"])
    assert not filled.server.succeeds(f"docker exec mooring-{role} touch /etc/x")


def test_only_nginx_is_published_and_where_it_was(filled: Filled) -> None:
    ports = {role: inspect(filled.server, role)["HostConfig"]["PortBindings"] for role in CONTAINERS}
    assert ports["nginx"] == {"8080/tcp": [{"HostIp": "0.0.0.0", "HostPort": "80"}]}
    assert ports["registry"] == {"5000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "5000"}]}


def test_what_root_puts_there_is_taken_over(filled: Filled) -> None:
    """A backup that was played back, say: the registry could not write there."""
    filled.server.run(f"mkdir -p {STORAGE}/docker/registry/v2/repositories/restored/_layers")
    run = succeed(provision_server())
    assert {task for _, task, _ in run.changes} == {"registry : Change the owner of the storage"}
    assert filled.owners() == {str(ACCOUNT)}
    filled.server.run(f"rm -r {STORAGE}/docker/registry/v2/repositories/restored")


def test_limits_are_in_force_and_go_again(filled: Filled) -> None:
    limits = {
        f"{role}_{what}": value for role in CONTAINERS for what, value in (("pids_limit", 60), ("memory", "300m"))
    }
    succeed(provision_server("-e", json.dumps(limits)))
    again = succeed(provision_server("-e", json.dumps(limits)))
    assert again.count("changed") == {"server": 0}, again.changes
    for role in CONTAINERS:
        identity = inspect(filled.server, role)["Id"]
        pids_max = filled.server.run(f"find /sys/fs/cgroup -path '*{identity}*' -name pids.max -exec cat {{}} +")
        assert set(pids_max.split()) == {"60"}
    succeed(provision_server())
    assert inspect(filled.server, "nginx")["HostConfig"]["PidsLimit"] == 512
    assert inspect(filled.server, "registry")["HostConfig"]["Memory"] == 0


@pytest.fixture
def certificate(tmp_path: Path) -> dict[str, str]:
    """A certificate and its key, of nobody's authority."""
    names = ("-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME},DNS:docker.{NAME}", "-days", "2")
    files = {"nginx_tls_certificate": str(tmp_path / "a.crt"), "nginx_tls_key": str(tmp_path / "a.key")}
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *names]
    command += ["-out", files["nginx_tls_certificate"], "-keyout", files["nginx_tls_key"]]
    subprocess.run(command, check=True, capture_output=True)
    return files


def test_the_key_is_for_nginx_alone(filled: Filled, certificate: dict[str, str]) -> None:
    server = filled.server
    succeed(provision_server("-e", json.dumps(certificate)))
    assert server.run("stat -c '%u %a' /etc/mooring/nginx/tls/server.key").split() == [str(NGINX), "400"]
    assert server.run("stat -c '%u %g %a' /etc/mooring/nginx/tls").split() == ["0", str(NGINX), "750"]
    assert server.run("stat -c '%u %a' /etc/mooring/registry/config.yml").split() == [str(ACCOUNT), "400"]
    assert not server.succeeds("setpriv --reuid 101 --regid 101 --clear-groups cat /etc/mooring/nginx/tls/server.key")
    assert inspect(server, "nginx")["HostConfig"]["PortBindings"]["8443/tcp"][0]["HostPort"] == "443"
    server.run(f"curl -fsSk --resolve {NAME}:443:127.0.0.1 https://{NAME}/v2/")
    server.run("docker exec mooring-nginx nginx -c /etc/nginx/mooring/server.conf -s reload")
    again = succeed(provision_server("-e", json.dumps(certificate)))
    assert again.count("changed") == {"server": 0}, again.changes
    succeed(provision_server())
    assert "8443/tcp" not in inspect(server, "nginx")["HostConfig"]["PortBindings"]


def test_from_one_account_to_another_that_fails(
    filled: Filled, certificate: dict[str, str], client_debian: LookedAt
) -> None:
    """The old containers could not even read their files any more; they get them back and serve."""
    server = filled.server
    succeed(provision_server("-e", json.dumps(certificate)))
    before = filled.ids()
    unreachable = {"registry_user": "1234", "registry_environment": {"REGISTRY_HTTP_ADDR": "192.0.2.1:5000"}}
    for more in (unreachable, {"nginx_user": "1234:99", "nginx_http_port": 22}):
        run = provision_server("-e", json.dumps({**certificate, **more}))
        assert run.status == 2, run.transcript
        assert "(the old container is back)" in message(run)
        assert (filled.ids(), filled.owners()) == (before, {str(ACCOUNT)})
        filled.pull(client_debian)
        server.run(f"curl -fsSk --resolve {NAME}:443:127.0.0.1 https://{NAME}/v2/")
    server.run("docker restart mooring-registry mooring-nginx")
    until(
        lambda: server.succeeds(f"curl -fsSk --resolve {NAME}:443:127.0.0.1 https://{NAME}/v2/"),
        "both read their files",
    )
    succeed(provision_server())


def test_storage_of_somebody_else_is_served_as_that_account(filled: Filled) -> None:
    """Its owner stays, and so does what the registry wrote as root: it becomes the owner's."""
    server, other = filled.server, "/srv/other-registry"
    server.run(f"cp -a {STORAGE} {other} && chown -R 0:0 {other} && chown 1234:4321 {other}")
    try:
        run = succeed(provision_server("-e", f"registry_storage_directory={other}"))
        assert f"below {other} go to 1234:4321" in run.out
        assert {status["Uid"].split()[0] for status in statuses(server, "registry")} == {"1234"}
        assert set(server.lines(f"find {other} -printf '%U:%G\\n' | sort -u")) == {"1234:4321"}
        digest = next(iter(filled.digests.items()))
        server.run(f"docker pull 127.0.0.1:5000/{digest[0]}@{digest[1]}")
        server.run(f"docker rmi 127.0.0.1:5000/{digest[0]}@{digest[1]}")
    finally:
        succeed(provision_server())
        server.run(f"rm -r {other}")


def test_the_way_back_to_root(filled: Filled, client_debian: LookedAt) -> None:
    succeed(provision_server("-e", ROOT))
    assert filled.owners() == {"0"}
    for role in CONTAINERS:
        assert {status["Uid"].split()[0] for status in statuses(filled.server, role)} == {"0"}
    filled.pull(client_debian)
    again = succeed(provision_server("-e", ROOT))
    assert again.count("changed") == {"server": 0}, again.changes


def test_and_on_to_the_version_before(filled: Filled, client_debian: LookedAt) -> None:
    """It knows nothing of accounts, so the containers must be root's before; the next upgrade is
    like the first."""
    succeed(provision_server("-e", ROOT))
    succeed(invoke("play", CHECKOUT / "tests/lab/earlier/server.yml", "--json", "-e", json.dumps(BEFORE)))
    filled.pull(client_debian)
    filled.push(f"{next(iter(filled.digests))}-before")
    succeed(provision_server())
    assert filled.owners() == {str(ACCOUNT)}
    filled.pull(client_debian)
    filled.push(f"{next(iter(filled.digests))}-now")


def test_an_earlier_version_that_came_over_it_is_mended(filled: Filled, client_debian: LookedAt) -> None:
    """It writes a configuration for root alone, and leaves the container its account: the registry
    cannot start."""
    configuration = "/etc/mooring/registry/config.yml"
    filled.server.run(f"chown 0 {configuration} && chmod 600 {configuration} && docker restart mooring-registry")
    assert not filled.server.succeeds("curl -fsS http://127.0.0.1:5000/v2/")
    succeed(provision_server())
    filled.pull(client_debian)
    assert filled.owners() == {str(ACCOUNT)}


@pytest.mark.parametrize(
    "value", ["nginx", *(pytest.param(value, marks=pytest.mark.long) for value in ("1000:", "-1"))]
)
def test_an_account_by_name_is_refused(server: LookedAt, value: str) -> None:
    before = server.containers()
    for role in CONTAINERS:
        run = provision_server("-e", json.dumps({f"{role}_user": value}), "--tags", role)
        assert run.status == 2, run.transcript
        assert f"{role}_user is {value}" in message(run)
    assert server.containers() == before
