"""The registry's server: its two containers, and that the registry answers through nginx by
name."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest
from testinfra.host import Host

from mooring.doctor.storage import SPACE
from mooring.fleet.server_storage import arguments
from mooring.invocation import invocation
from mooring.registry.transport import Endpoint
from mooring.verification.checks import expected_address
from mooring.verification.findings import HTTP, REGISTRY, TCP, TLS, Finding, Wrong, expect, judge_probe
from mooring.verification.member import Member

hosts = "server"
CONTAINERS = ("registry", "nginx")
LAYERS = {"registry": REGISTRY, "nginx": HTTP}
# Where every check fails that needs a container which does not run.
EXPLAINS = {"registry": (HTTP, REGISTRY), "nginx": (TCP, TLS, HTTP, REGISTRY)}
PROVISION = f"run `{invocation('provision-server')}`"
HEALTH_SECONDS = 60


def inspect(host: Host, member: Member, role: str) -> dict[str, Any]:
    """What Docker says of a role's container; that it is missing is the first check's to report."""
    name = member.variables[f"{role}_container_name"]
    if not exists(host, name):
        pytest.skip(f"there is no container {name}")
    inspected: dict[str, Any] = host.docker(name).inspect()
    return inspected


def exists(host: Host, name: str) -> bool:
    return bool(host.run("docker inspect --type container %s", name).rc == 0)


def refuse(role: str, message: str, remedy: str = PROVISION, explains: tuple[str, ...] = ()) -> None:
    raise Wrong(Finding(LAYERS[role], message, remedy, explains))


def bindings(container: dict[str, Any], port: str) -> list[str]:
    """The addresses and ports of the host that a port of the container is published at."""
    published = (container["HostConfig"].get("PortBindings") or {}).get(port) or []
    return [f"{binding['HostIp'] or '0.0.0.0'}:{binding['HostPort']}" for binding in published]


@pytest.mark.parametrize("role", CONTAINERS)
def test_container_runs(host: Host, member: Member, role: str) -> None:
    """The container runs"""
    name = member.variables[f"{role}_container_name"]
    if not exists(host, name):
        refuse(role, f"there is no container {name}", explains=EXPLAINS[role])
    trouble = member.call("container_trouble", names=[name])["containers"][name]
    if not trouble["is_well"] and trouble["state"] != "unhealthy":
        remedy = PROVISION if trouble["cause"] else f"`docker logs {name}` says why, if anything does; then {PROVISION}"
        refuse(role, f"container {name} {trouble['words']}", remedy, EXPLAINS[role])


def test_storage_takes_images(member: Member) -> None:
    """The registry's storage takes images"""
    storage = member.call("registry_storage", **arguments(member.variables))
    trouble = (storage["earlier"] or storage["wanted"])["trouble"]
    if trouble:
        raise Wrong(Finding(REGISTRY, trouble, SPACE, (REGISTRY,)))


@pytest.mark.parametrize("role", CONTAINERS)
def test_container_comes_back(host: Host, member: Member, role: str) -> None:
    """The container has its restart policy"""
    policy = inspect(host, member, role)["HostConfig"]["RestartPolicy"]["Name"]
    wanted = member.variables[f"{role}_restart_policy"]
    if policy != wanted:
        refuse(role, f"the restart policy is {policy or 'no'}, not {wanted}")


@pytest.mark.parametrize("role", CONTAINERS)
def test_container_is_healthy(host: Host, member: Member, role: str) -> None:
    """The container is healthy, where it has a health check"""
    limit = time.monotonic() + HEALTH_SECONDS
    while (health := inspect(host, member, role)["State"].get("Health") or {}).get("Status") == "starting":
        if time.monotonic() > limit:
            break
        time.sleep(1)
    if not health:
        pytest.skip("it has no health check")
    if health["Status"] != "healthy":
        last = (health.get("Log") or [{}])[-1].get("Output", "").strip()
        name = member.variables[f"{role}_container_name"]
        message = f"container {name} is {health['Status']}: {last or 'its check says nothing'}"
        refuse(role, message, explains=EXPLAINS[role])


def test_containers_share_a_network(host: Host, member: Member) -> None:
    """Registry and nginx share a user-defined network, where Docker's DNS knows their names"""
    wanted = member.variables["registry_network"]
    for role in CONTAINERS:
        networks = inspect(host, member, role)["NetworkSettings"]["Networks"]
        if wanted not in networks:
            refuse(role, f"its networks are {', '.join(networks) or 'none'}; {wanted} is not among them")


def test_nginx_is_published(host: Host, member: Member) -> None:
    """nginx's ports are published where they should be"""
    container, variables = inspect(host, member, "nginx"), member.variables
    ports = {"8080/tcp": variables["nginx_http_port"]}
    if variables["nginx_tls_certificate"]:
        ports["8443/tcp"] = variables["nginx_https_port"]
    for inner, outer in ports.items():
        wanted, published = f"{variables['nginx_publish_address']}:{outer}", bindings(container, inner)
        if wanted not in published:
            message = f"nginx's {inner} is published at {', '.join(published) or 'no port'}, not at {wanted}"
            raise Wrong(Finding(TCP, message, PROVISION))


def test_registrys_own_port_is_where_it_should_be(host: Host, member: Member) -> None:
    """The registry's own port is published only where it was asked for"""
    variables = member.variables
    published = bindings(inspect(host, member, "registry"), "5000/tcp")
    wanted = [f"{variables['registry_publish_address'] or '0.0.0.0'}:{variables['registry_port']}"]
    if published != wanted:
        refuse("registry", f"the registry's own port is published at {published}, not at {wanted}")


def test_registry_answers_through_nginx(member: Member, endpoint: Endpoint) -> None:
    """/v2/ answers through nginx, by name"""
    probe = member.probe(endpoint, validate_certs=False)
    finding = judge_probe(probe, endpoint, expected_address(member, endpoint))
    # What the server itself sees behind its name, every client sees too.
    expect(finding and replace(finding, explains=(finding.layer,) if finding.layer in (TCP, HTTP, REGISTRY) else ()))
