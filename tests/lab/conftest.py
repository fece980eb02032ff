"""The lab and the real `invoke`, for the story that the tests in this folder tell in the order of
their files.

The hosts are made anew, and `invoke demo` provisions them, before the first test that
needs them. With MOORING_LAB_AS_IS=1 the tests take a provisioned lab as they find it, for
working on a single file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from drills import Drill
from hub_host import HubHost
from invocations import Run, invoke
from lab_hosts import LookedAt
from opt_in import boot_opt_in

from lab.engine import find_engine
from lab.topology import PREFIX, SMALL_FLEET


@pytest.fixture(scope="session")
def demo() -> Iterator[Run]:
    """`invoke demo` from nothing: no host, no volume, no network, only images. The lab is left as
    it was found."""
    if os.environ.get("MOORING_LAB_AS_IS"):
        yield invoke("demo")
        return
    was_up = _is_up()
    assert invoke("lab.down").status == 0
    assert not _is_up()
    yield invoke("demo")
    if not was_up:
        invoke("lab.down")


@pytest.fixture(scope="session", autouse=True)
def provisioned(demo: Run) -> None:
    """The fleet, provisioned: what every test of this folder begins with."""
    assert demo.status == 0, demo.transcript


@pytest.fixture(scope="session")
def server(provisioned: None) -> LookedAt:
    return LookedAt.named("server")


@pytest.fixture
def docker_hub(provisioned: None) -> HubHost:
    """The lab's stand-in for it, with an empty log."""
    hub = HubHost.named("hub")
    hub.forget()
    return hub


@pytest.fixture(scope="session")
def client_el7(provisioned: None) -> LookedAt:
    return LookedAt.named("client-el7")


@pytest.fixture(scope="session")
def client_debian(provisioned: None) -> LookedAt:
    return LookedAt.named("client-debian")


@pytest.fixture(scope="session")
def clients(client_el7: LookedAt, client_debian: LookedAt) -> list[LookedAt]:
    return [client_el7, client_debian]


@pytest.fixture(scope="session")
def fleet(server: LookedAt, clients: list[LookedAt]) -> list[LookedAt]:
    """All hosts that the inventory's plays are about."""
    return [server, *clients]


@pytest.fixture(scope="session")
def opt_in(provisioned: None) -> Iterator[list[LookedAt]]:
    """The hosts that only --long boots."""
    yield from boot_opt_in()


@pytest.fixture
def old_settings(drill: Drill) -> None:
    """Each drill of a chapter begins with the old settings; the chapter defines `drill`."""
    drill.put_back()


def _is_up() -> bool:
    engine = find_engine()
    names = engine.run("ps", "--format={{.Names}}", f"--filter=name={PREFIX}").split() if engine else []
    return {host.container for host in SMALL_FLEET} <= set(names)
