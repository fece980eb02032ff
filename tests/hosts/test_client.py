"""A client: the way to the registry layer by layer, and the engine's own word on its settings."""

from __future__ import annotations

import pytest

from mooring.invocation import invocation
from mooring.registry.addresses import ServerAddresses
from mooring.registry.transport import Endpoint
from mooring.verification.backend import CheckFailed
from mooring.verification.checks import expected_address, probe_route
from mooring.verification.findings import (
    NAME,
    REGISTRY,
    SETTING,
    TCP,
    TLS,
    Finding,
    Wrong,
    expect,
    judge_answer,
    judge_name,
    judge_reach,
)
from mooring.verification.member import Member
from mooring.verification.routes import Route

hosts = "clients"
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def test_name_resolves(member: Member, route: Route) -> None:
    """The registry's name resolves to its address"""
    probe = probe_route(member, route)
    expect(judge_name(probe, route.endpoint, expected_address(member, route.endpoint)))


def test_port_is_reached(member: Member, route: Route) -> None:
    """nginx's port takes connections"""
    probe = probe_route(member, route)
    if probe["layer"] == NAME:
        pytest.skip("the name does not resolve")
    expect(judge_reach(probe, TCP))


def test_certificate_is_trusted(member: Member, route: Route) -> None:
    """TLS works with what the engine trusts"""
    probe = probe_route(member, route)
    if route.endpoint.scheme == "http":
        pytest.skip("the route has no TLS")
    if probe["layer"] in (NAME, TCP):
        pytest.skip("nginx is not reached")
    expect(judge_reach(probe, TLS))


def test_registry_answers(member: Member, route: Route) -> None:
    """/v2/ answers {} and names the API's version once"""
    probe = probe_route(member, route)
    if probe["layer"] in (NAME, TCP, TLS):
        pytest.skip("nginx is not reached")
    expect(judge_answer(probe, route.endpoint))


def test_registrys_own_port_is_closed(member: Member, server_addresses: ServerAddresses) -> None:
    """The registry's own port is not reached from outside, unless asked for"""
    if server_addresses.own_address not in LOOPBACK:
        pytest.skip("it is published on purpose")
    if not server_addresses.address:
        pytest.skip("registry_server_address is not set")
    own = Endpoint(server_addresses.address, server_addresses.own_port)
    probe = member.probe(own, connect_only=True)
    if not probe["layer"]:
        message = f"{server_addresses.address} port {own.port} takes connections from {member.name}, past nginx"
        raise Wrong(
            Finding(REGISTRY, message, f"run `{invocation('provision-server')}`, or see who publishes this port")
        )


def test_engine_answers(member: Member) -> None:
    """The engine answers"""
    try:
        member.engine.expect_answer()
    except CheckFailed as error:
        raise Wrong(Finding(SETTING, str(error), member.engine.words.start)) from None


def need_engine(member: Member) -> None:
    try:
        member.engine.expect_answer()
    except CheckFailed:
        pytest.skip("the engine does not answer")


def test_mirrors_are_in_effect(member: Member) -> None:
    """The engine has the mirrors, as it says itself"""
    need_engine(member)
    expect(member.engine.judge_mirrors(member.variables["registry_client_mirrors"]))


def test_insecure_registries_are_in_effect(member: Member) -> None:
    """The engine has the insecure registries, as it says itself"""
    need_engine(member)
    wanted = member.variables["registry_client_insecure_registries"]
    expect(member.engine.judge_insecure(wanted))


def test_added_registries_are_in_effect(member: Member) -> None:
    """The engine asks the added registries for short names, as it says itself"""
    need_engine(member)
    if not member.engine.takes_short_names:
        pytest.skip("this engine asks Docker Hub alone for short names")
    wanted = member.variables["registry_client_add_registries"]
    expect(member.engine.judge_added(wanted))
