"""Chapter 15: what is wrong on a host while its engine is changed: disks, units, daemon.json. The
engine works on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from drills import INSECURE, Drill, drilling
from host_faults import FAULTS
from lab_hosts import LookedAt

pytestmark = pytest.mark.usefixtures("old_settings")


@pytest.fixture(scope="module")
def drill(client_debian: LookedAt) -> Iterator[Drill]:
    """A change that docker takes over by a reload."""
    with drilling(Drill(client_debian, INSECURE)) as drill:
        yield drill


@pytest.mark.parametrize("fault", FAULTS)
def test_the_engine_works_on_where(drill: Drill, fault: str) -> None:
    FAULTS[fault](drill)
