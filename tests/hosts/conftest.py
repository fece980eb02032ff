"""Fixtures for the checks that `invoke verify` runs on every host of the inventory.

A module says with `hosts = "server"` or `hosts = "clients"` where its checks run. A check may ask for:
`host` (testinfra's, over the agent), `member` (the same host in Mooring's words: variables, probes, engine),
`endpoint` (once for each way into the server), `route` (once for each way that this client goes), `pull` (once
for each pull of the proof), `trial`. A check of hosts that may be down asks for `host_name` instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mooring.invocation import invocation
from mooring.verification.plugin import NAME, Verification

if TYPE_CHECKING:
    from testinfra.host import Host

    from mooring.registry.addresses import ServerAddresses
    from mooring.verification.member import Member
    from mooring.verification.trial import Trial


def pytest_collection(session: pytest.Session) -> None:
    if session.config.pluginmanager.get_plugin(NAME) is None:
        pytest.exit(f"these checks need connected hosts: run them by `{invocation('verify')}`", returncode=1)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    verification: Verification = metafunc.config.pluginmanager.get_plugin(NAME)
    if "host_name" in metafunc.fixturenames:
        metafunc.parametrize("host_name", verification.fleet.names_to_check())
        return
    members = verification.fleet.to_check(metafunc.module.hosts)
    for name, subjects in SUBJECTS.items():
        if name in metafunc.fixturenames:
            pairs = [(member, subject) for member in members for subject in subjects(verification, member)]
            ids = [f"{member.name}-{getattr(subject, 'label', subject)}" for member, subject in pairs]
            metafunc.parametrize(("member", name), pairs, ids=ids)
            return
    metafunc.parametrize("member", members, ids=[member.name for member in members])


def _endpoints(verification: Verification, member: Member) -> list[Any]:
    return verification.endpoints(member)


def _pulls(verification: Verification, member: Member) -> list[Any]:
    return verification.trial.proof.of(member.name) if verification.trial else []


def _routes(verification: Verification, member: Member) -> list[Any]:
    """One route for each endpoint: those that share one share its layers too."""
    found: dict[Any, Any] = {}
    for pull in _pulls(verification, member):
        found.setdefault(pull.route.endpoint, pull.route)
    return list(found.values())


SUBJECTS = {
    "endpoint": _endpoints,
    "route": _routes,
    "pull": _pulls,
}


@pytest.fixture
def host(member: Member) -> Host:
    return member.host


@pytest.fixture(scope="session")
def verification(pytestconfig: pytest.Config) -> Verification:
    plugin: Verification = pytestconfig.pluginmanager.get_plugin(NAME)
    return plugin


@pytest.fixture
def door(verification: Verification, member: Member) -> ServerAddresses:
    return verification.door(member)


@pytest.fixture(scope="session")
def trial(verification: Verification) -> Trial:
    """The proof, carried out; `invoke verify` removes it when all checks are done."""
    assert verification.trial is not None
    verification.trial.run()
    return verification.trial
