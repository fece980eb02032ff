"""The proof carried out with a registry on loopback and hosts that answer from memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from mooring.errors import RegistryError
from mooring.registry.addresses import ServerAddresses
from mooring.templating.foreign_kinds import Foreign
from mooring.verification.access_log import Log, LoggedRequest, parse
from mooring.verification.engines.engine import Words
from mooring.verification.engines.podman import Podman
from mooring.verification.findings import HTTP, NAME, REGISTRY, SETTING, TCP, TLS
from mooring.verification.proof import Evidence, Proof, explain_failure, judge_pull
from mooring.verification.registry_side import RegistrySide
from mooring.verification.routes import FULL_NAME, MIRROR, Route
from mooring.verification.trial import Trial
from tests.support.verification_run import world
from tests.support.verification_world import ADDRESSES, NAMES, VARIABLES, World, log_line

__all__ = ["world"]


def carry_out(world: World) -> Trial:
    clients = [world.member("client1"), world.member("client2")]
    trial = Trial(RegistrySide(world.member("server"), ADDRESSES), clients)
    trial.plan(ADDRESSES)
    trial.run()
    return trial


def test_every_client_pulls_by_every_route_and_nothing_stays(world: World) -> None:
    trial = carry_out(world)
    assert [(pull.client, pull.route.kind) for pull in trial.findings] == [
        ("client1", FULL_NAME),
        ("client1", MIRROR),
        ("client2", FULL_NAME),
        ("client2", MIRROR),
    ]
    assert set(trial.findings.values()) == {None}
    assert set(trial.addresses.values()) == {"10.0.0.1", "10.0.0.2"}
    assert trial.remove() == []
    assert world.images == {"client1": {}, "client2": {}}
    assert world.registry.manifests == {}
    root = "/srv/registry/docker/registry/v2"
    for pull in trial.proof.pulls:
        assert f"{root}/repositories/{pull.repository}" in world.removed
        digits = pull.image.layers[0].digest[7:]
        assert f"{root}/blobs/sha256/{digits[:2]}/{digits}" in world.removed
    assert f"{root}/repositories/library" in world.removed[world.removed.index("rmdir") :]
    assert f"{root}/repositories" not in world.removed


def test_podman_is_given_docker_hubs_full_name_for_the_mirror(world: World) -> None:
    variables = {"registry_client_add_registries": []}
    client = world.member("client1", "podman")
    client.variables = {**client.variables, **variables}
    trial = Trial(RegistrySide(world.member("server"), ADDRESSES), [client])
    trial.plan(ADDRESSES)
    trial.run()
    assert [pull.route.kind for pull in trial.findings] == [FULL_NAME, MIRROR]
    assert set(trial.findings.values()) == {None}
    full, mirror = world.images["client1"]
    assert full.startswith("registry.example.com/proof-")
    assert mirror.startswith("docker.io/library/proof-")
    assert trial.remove() == []
    assert world.images == {"client1": {}}


def test_a_failed_pull_is_told_in_the_engines_words() -> None:
    finding = explain_failure(one_pull(MIRROR), "manifest unknown", Podman.words)
    assert finding.message.startswith("podman pull proof-")
    assert finding.remedy == f"{Podman.words.look} for why the engine passed {ROUTE.registry} over"


def test_a_pull_that_did_not_pass_through_nginx_does_not_count(world: World) -> None:
    world.passes_by = True
    trial = carry_out(world)
    findings = [finding for finding in trial.findings.values() if finding]
    assert {finding.layer for finding in findings} == {SETTING}
    assert "not through nginx by this host: the access log has nobody for it" in findings[0].message


def test_the_engines_settings_explain_a_pull_past_the_mirror(world: World) -> None:
    world.passes_by, world.mirrors = True, ()
    trial = carry_out(world)
    finding = next(finding for pull, finding in trial.findings.items() if pull.route.kind == MIRROR)
    assert finding is not None
    assert "mirrors lack http://mirror.registry.example.com" in finding.message


UNIT = "# /usr/lib/systemd/system/docker.service\n[Service]\nExecStart=/usr/bin/dockerd-current\n"
REDHAT: dict[str, Any] = {
    "unit": UNIT, "files": {}, "certificates": {}, "version": "1.13.1", "needs_reload": False,
    "argv": ["/usr/bin/dockerd-current", "--add-registry", NAMES[0]],
    "info": {"RegistryConfig": {"Mirrors": ["http://mirror.registry.example.com/"]}},
}  # fmt: skip


def test_verified_signatures_explain_a_mirror_that_is_passed_by(world: World) -> None:
    """Asked of 1.13.1, 7d71120: Docker Hub is asked for the manifest first."""
    world.passes_by, world.redhat = True, REDHAT
    findings = {pull.route.kind: finding for pull, finding in carry_out(world).findings.items()}
    assert "the mirror serves only what Docker Hub knows" in str(findings[MIRROR])
    assert "--signature-verification=false" in findings[MIRROR].remedy  # type: ignore[union-attr]
    world.redhat = {**REDHAT, "argv": [*REDHAT["argv"], "--signature-verification=false"]}
    findings = {pull.route.kind: finding for pull, finding in carry_out(world).findings.items()}
    assert "not through nginx by this host" in str(findings[MIRROR])


@pytest.mark.parametrize(("first", "is_explained"), [("bare", True), (NAMES[0], False)])
def test_an_unusable_first_registry_explains_short_names_that_nobody_is_asked_for(
    world: World, first: str, is_explained: bool
) -> None:
    world.redhat = {**REDHAT, "argv": ["/usr/bin/dockerd-current", "--add-registry", first, "--add-registry", NAMES[0]]}
    finding = world.member("client1").engine.explain_detour(is_mirror=False, is_short=True)
    assert (finding is not None) is is_explained
    if finding:
        assert 'the first added registry "bare" has no dot and no port' in finding.message
        assert "take it out of the added registries" in finding.remedy


def test_a_registry_that_is_down_fails_every_pull_with_what_the_clients_see(world: World) -> None:
    world.registry.gateway_error = 502
    trial = carry_out(world)
    assert {finding and finding.layer for finding in trial.findings.values()} == {REGISTRY}
    world.layer = TCP
    trial = carry_out(world)
    assert {finding and finding.layer for finding in trial.findings.values()} == {TCP}
    assert trial.remove() == []


def test_what_cannot_be_removed_is_told(world: World) -> None:
    trial = carry_out(world)
    world.registry.gateway_error = 503
    [line] = trial.remove()
    assert line.startswith(f"server: images {trial.proof.mark}-*: server: Status code was")
    assert "503" in line


def test_images_are_deleted_by_the_registrys_own_port(world: World) -> None:
    trial = carry_out(world)
    assert trial.remove() == []
    paths = [f"/v2/{pull.repository}/manifests/{pull.image.digest}" for pull in trial.proof.pulls]
    assert world.requests == [("DELETE", path, 202) for path in paths]
    assert world.registry.manifests == {}


def test_deleting_that_is_switched_off_is_no_fault(world: World) -> None:
    world.registry.allows_delete = False
    assert carry_out(world).remove() == []


def test_without_a_server_every_pull_has_failed(world: World) -> None:
    trial = Trial(None, [world.member("client1")])
    trial.plan(ADDRESSES)
    trial.run()
    assert {finding and finding.layer for finding in trial.findings.values()} == {REGISTRY}
    assert trial.remove() == []


def test_a_trial_that_never_ran_removes_nothing(world: World) -> None:
    trial = Trial(RegistrySide(world.member("server"), ADDRESSES), [world.member("client1")])
    trial.plan(ADDRESSES)
    assert trial.remove() == []
    assert world.removed == []


ROUTE = Route(FULL_NAME, "registry.example.com", ADDRESSES.endpoints()[0])


def one_pull(kind: str = FULL_NAME) -> Any:
    return Proof([("client1", Route(kind, ROUTE.registry, ROUTE.endpoint), "x86_64")]).pulls[0]


def test_another_digest_than_the_pushed_one_does_not_count() -> None:
    finding = judge_pull(one_pull(), Evidence("", True, ("sha256:0",), frozenset("a"), frozenset("a")))
    assert finding is not None
    assert finding.layer == REGISTRY
    assert "was pulled as sha256:0, pushed as sha256:" in finding.message


@pytest.mark.parametrize(
    ("kind", "output", "layer"),
    [
        (FULL_NAME, "dial tcp: lookup registry.example.com: no such host", NAME),
        (FULL_NAME, "dial tcp 192.0.2.10:80: connect: connection refused", TCP),
        (FULL_NAME, "x509: certificate signed by unknown authority", TLS),
        (FULL_NAME, "http: server gave HTTP response to HTTPS client", SETTING),
        (FULL_NAME, "manifest unknown: manifest unknown", REGISTRY),
        (FULL_NAME, "unexpected EOF", HTTP),
        (FULL_NAME, "", HTTP),
        (MIRROR, "dial tcp: lookup registry-1.docker.io: no such host", SETTING),
    ],
)
def test_the_engines_words_name_the_layer(kind: str, output: str, layer: str) -> None:
    assert explain_failure(one_pull(kind), output, Words()).layer == layer


def test_the_access_log_is_read_line_by_line() -> None:
    lines = [
        log_line("192.0.2.21", "GET", "/v2/library/proof-1/manifests/proof"),
        log_line("192.0.2.22", "HEAD", "/v2/proof-1/manifests/proof"),
        log_line("192.0.2.23", "PUT", "/v2/proof-1/manifests/proof"),
        log_line("2001:db8::1", "GET", "/v2/?proof-1"),
        "2026/11/23 18:00:00 [warn] 7#7: something of nginx's own",
        '192.0.2.24 - - [23/Nov/2026:18:00:00 +0000] "GET /v2/proof-1/manifests/proof HTTP/1.1" 200 2 "-" "-"',
        "{",
        "{}",
        log_line("192.0.2.25", "GET", "/").replace("200", '"200"'),
        log_line("192.0.2.25", "GET", "/").replace('"GET"', "[1]"),
        '{"address":' * 20_000,
    ]
    requests = parse(lines)
    assert requests[0] == LoggedRequest(
        address="192.0.2.21",
        method="GET",
        uri="/v2/library/proof-1/manifests/proof",
        status=200,
        host="registry.example.com",
        served_by="own",
    )
    assert len(requests) == 4
    log = Log(requests)
    assert log.fetchers("proof-1") == {"192.0.2.22"}
    assert log.askers("/v2/?proof-1") == {"2001:db8::1"}
    assert log.askers("/v2/?proof-11") == set()


def test_a_log_is_looked_through_once_however_many_pulls_ask() -> None:
    """A server may write hundreds of thousands of lines, and every client has several pulls."""
    looks = []

    def requests() -> Iterator[LoggedRequest]:
        looks.append(1)
        yield LoggedRequest(address="192.0.2.22", method="GET", uri="/v2/proof-1/manifests/x", status=200)

    log = Log(requests())
    assert [log.fetchers("proof-1") for _ in range(3)] == [{"192.0.2.22"}] * 3
    assert len(looks) == 1


def test_a_host_sends_nobody_here_to_an_address_of_its_choice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where sshd forbids tunnels the server is called straight from here, but not by
    its own facts' word."""
    called: list[Any] = []

    def call(address: Any, timeout: float) -> None:
        called.append(address)
        raise OSError("no way")

    def forbid(host: str, port: int) -> None:
        raise PermissionError("tunnels are forbidden")

    monkeypatch.setattr("socket.create_connection", call)
    server = replace(world.member("server"), open_tunnel=forbid)
    for address, is_called in (("192.0.2.10", True), (Foreign("127.0.0.1"), False)):
        server_addresses = ServerAddresses.of({**VARIABLES, "registry_server_address": address})
        route = Route(FULL_NAME, "r", server_addresses.own)
        with pytest.raises(RegistryError, match="no way" if is_called else "only the host's own word"):
            RegistrySide(server, server_addresses).push(Proof([("client1", route, "x86_64")]))
        assert bool(called) is is_called
        called.clear()
