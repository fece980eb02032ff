"""A plugin of pytest: what the checks that `invoke verify` runs on every host may ask for.

A module says with `hosts = "server"` or `hosts = "clients"` (or "all") where its checks run. A
check may ask for: `host` (testinfra's, over the agent), `member` (the same host in Mooring's words:
variables, probes, engine), `endpoint` (once for each way into the server), `route` (once for each
way that this client goes), `pull` (once for each pull of the proof), `trial`. A check of hosts that
may be down asks for `host_name` instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mooring.fleet.site import CLIENTS, SERVER
from mooring.verification.plugin import NAME, Verification

if TYPE_CHECKING:
    from testinfra.host import Host  # type: ignore[import-untyped]

    from mooring.registry.addresses import ServerAddresses
    from mooring.verification.member import Member
    from mooring.verification.trial import Trial


ALL = "all"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each check its hosts; one that asks for no host runs once."""
    verification = find_verification(metafunc.config)
    if getattr(metafunc.module, "hosts", None) not in (ALL, SERVER, CLIENTS):
        raise pytest.Collector.CollectError(f'hosts = "{CLIENTS}" or hosts = "{SERVER}" is missing at its top')
    if "host_name" in metafunc.fixturenames:
        metafunc.parametrize("host_name", verification.fleet.names_to_check())
        return
    kinds = [SERVER, CLIENTS] if metafunc.module.hosts == ALL else [metafunc.module.hosts]
    members = list({member.name: member for kind in kinds for member in verification.fleet.to_check(kind)}.values())
    for name, subjects in SUBJECTS.items():
        if name in metafunc.fixturenames:
            pairs = [(member, subject) for member in members for subject in subjects(verification, member)]
            ids = [f"{member.name}-{getattr(subject, 'label', subject)}" for member, subject in pairs]
            metafunc.parametrize(("member", name), pairs, ids=ids)
            return
    if "member" in metafunc.fixturenames:
        metafunc.parametrize("member", members, ids=[member.name for member in members])


def _endpoints(verification: Verification, member: Member) -> list[Any]:
    return verification.endpoints(member)


def _pulls(verification: Verification, member: Member) -> list[Any]:
    return verification.trial.proof.of(member.name) if verification.trial else []


def _routes(verification: Verification, member: Member) -> list[Any]:
    """One route for each endpoint: those that share one share its layers too."""
    routes: dict[Any, Any] = {}
    for pull in _pulls(verification, member):
        routes.setdefault(pull.route.endpoint, pull.route)
    return list(routes.values())


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
    return find_verification(pytestconfig)


def find_verification(config: pytest.Config) -> Verification:
    """The verification that these checks are a part of."""
    plugin = config.pluginmanager.get_plugin(NAME)
    assert isinstance(plugin, Verification)
    return plugin


@pytest.fixture
def server_addresses(verification: Verification, member: Member) -> ServerAddresses:
    return verification.server_addresses(member)


@pytest.fixture(scope="session")
def trial(verification: Verification) -> Trial:
    """The proof, carried out; `invoke verify` removes it when all checks are done."""
    assert verification.trial is not None
    verification.trial.run()
    return verification.trial
