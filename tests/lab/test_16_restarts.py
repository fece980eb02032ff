"""Chapter 16: a change that needs a restart: no container feels it, and a daemon that does not come
up comes back."""

from __future__ import annotations

from collections.abc import Iterator

import interruptions
import pytest
from drills import MIRRORS, NAME, Drill, drilling, mark_long, restart_points
from host_faults import DAEMON_JSON, DROP_IN, STARTS, edited, keep_daemon_from_starting, with_keys
from invocations import succeed
from lab_hosts import LookedAt

pytestmark = pytest.mark.usefixtures("old_settings")

LENT = "docker was reloaded, then restarted, then reloaded; 1 container kept running"
# The restart writes daemon.json and Mooring's record.
POINTS = restart_points(2)
# Where every run tries it; --long tries all points.
FEW = ("step1.seen", "step2.asked", "step3.asked", "undo.step1.asked", "undo.step2.asked", "committed")


@pytest.fixture(scope="module")
def drill(client_el7: LookedAt) -> Iterator[Drill]:
    """A mirror, which Red Hat's engine takes over by a restart alone."""
    with drilling(Drill(client_el7, {"registry_client_mirrors": MIRRORS})) as drill:
        yield drill


@pytest.mark.parametrize(
    "change",
    [{}, {"registry_client_mirrors": MIRRORS[:1], "registry_client_add_registries": ["registry.example.com", NAME]}],
    ids=["mirror", "added registry"],
)
def test_live_restore_is_lent(drill: Drill, change: dict[str, list[str]]) -> None:
    process = drill.client.engine_process()
    run = succeed(drill.attempt(**change))
    assert LENT in run.out
    assert drill.client.engine_process() != process
    assert "Live Restore Enabled: false" in drill.client.run("docker info")
    assert NAME in drill.client.run("docker info")
    assert drill.client.run(f"cat {DAEMON_JSON}").count("live-restore") == 0
    succeed(drill.provision())
    drill.assert_whole(drill.old)


def test_live_restore_that_is_on_stays_on(drill: Drill) -> None:
    """One restart, and no other step."""
    live, off = (with_keys(drill.client, **{"live-restore": value}) for value in (True, False))
    with edited(drill.client, DAEMON_JSON, f"{live} && systemctl reload docker"):
        try:
            run = succeed(drill.attempt())
            assert "docker was restarted; 1 container kept running" in run.out
            assert "Live Restore Enabled: true" in drill.client.run("docker info")
        finally:
            succeed(drill.provision())
            drill.client.run(f"{off} && systemctl reload docker")
    drill.assert_whole(drill.old)


@pytest.mark.parametrize("start", STARTS)
def test_a_daemon_that_does_not_come_up(drill: Drill, start: str) -> None:
    keep_daemon_from_starting(drill, *STARTS[start])


@pytest.mark.parametrize("accepted", [[], ["tlsverify"]], ids=["untried", "accepted"])
def test_a_key_that_no_daemon_has_started_with(drill: Drill, accepted: list[str]) -> None:
    """{"tlsverify": false} switches TLS on by being there: a restart would end without a daemon.
    This engine cannot judge its file (`--validate` came with 23.0), and what is known to stop it
    nobody can accept."""
    process = drill.client.engine_process()
    with edited(drill.client, DAEMON_JSON, with_keys(drill.client, tlsverify=False)):
        before = drill.digests()
        message = drill.fail("tlsverify", "X509 key pair", registry_client_accept_untried=accepted)
        assert ("registry_client_accept_untried" in message) == (not accepted)
        drill.assert_whole(before)
        assert drill.client.engine_process() == process
    drill.assert_whole(drill.old)


def test_these_are_all_points(drill: Drill) -> None:
    interruptions.assert_points(drill, POINTS)


@pytest.mark.parametrize("point", mark_long(POINTS, FEW))
def test_the_agent_is_killed(drill: Drill, point: str) -> None:
    """The way back from a restart is the longest; it is gone where a step behind the restart
    fails."""
    interruptions.kill_agent(drill, point, failing="step3.seen")


def test_without_live_restore_it_must_be_allowed(drill: Drill) -> None:
    """A flag that a reload cannot change stands in the way of lending it."""
    flags = "/etc/sysconfig/docker"
    with edited(drill.client, flags, f"sed -i \"s/^OPTIONS='/OPTIONS='--live-restore=false /\" {flags}"):
        drill.fail("would stop 1 container (mooring-drill", "registry_client_allow_restart: true")
    assert not drill.client.succeeds(f"ls {DROP_IN.rpartition('/')[0]}")
    drill.assert_whole(drill.old)
