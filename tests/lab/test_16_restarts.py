"""Chapter 16: a change that needs a restart: no container feels it, and a daemon that does not come up comes back."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from drilled import DOCKER
from drills import Drill, at
from lab_hosts import LookedAt

from mooring.agent.transaction import faults

NAME = "drill.example.com"
DAEMON_JSON = DOCKER.files[0]
MIRRORS = ["http://registry.example.com", f"http://{NAME}"]
DROP_IN = "/etc/systemd/system/docker.service.d/drill.conf"
LENT = "docker was reloaded, then restarted, then reloaded; 1 container kept running"
# daemon.json, and with the restart Mooring's record too: live-restore is lent and taken back.
ONE, TWO = [{}], [{}, {}]
STEPS = [
    {"files": files, "then": then}
    for files, then in ((ONE, "reload"), (TWO, "restart"), (ONE, "reload"), (ONE, "nothing"))
]
BACK = [{"files": ONE, "then": then} for then in ("reload", "restart", "reload")]
POINTS = faults.points(STEPS, {"reload": BACK[:1], "restart": BACK})
# From here on the new settings hold.
SETTLED = ("committed", "tidied")
# Where every run tries it; --long tries all points.
FEW = ("step1.seen", "step2.asked", "step3.asked", "undo.step1.asked", "undo.step2.asked", "committed")
EVERY = [point if point in FEW else pytest.param(point, marks=pytest.mark.long) for point in POINTS]
OLD = "the host has brought the old configuration back by itself; docker answers"


@pytest.fixture(scope="module")
def drill(client_el7: LookedAt) -> Iterator[Drill]:
    """A mirror, which Red Hat's engine takes over by a restart alone."""
    drill = Drill(client_el7, {"registry_client_mirrors": MIRRORS}, NAME)
    drill.prepare()
    yield drill
    drill.finish()


@pytest.fixture(autouse=True)
def as_before(drill: Drill) -> None:
    drill.put_back()


@pytest.mark.parametrize(
    "change",
    [{}, {"registry_client_mirrors": MIRRORS[:1], "registry_client_add_registries": ["registry.example.com", NAME]}],
    ids=["mirror", "added registry"],
)
def test_live_restore_is_lent(drill: Drill, change: dict[str, list[str]]) -> None:
    process = drill.client.engine_process()
    run = drill.attempt(**change)
    assert run.status == 0, run.said
    assert LENT in run.out
    assert drill.client.engine_process() != process
    assert "Live Restore Enabled: false" in drill.client.run("docker info")
    assert NAME in drill.client.run("docker info")
    assert drill.client.run("cat /etc/docker/daemon.json").count("live-restore") == 0
    assert drill.provision().status == 0
    drill.is_whole(drill.old)


def test_live_restore_that_is_on_stays_on(drill: Drill) -> None:
    """One restart, and no other step."""
    kept = drill.client.run("cat /etc/docker/daemon.json")
    live = json.dumps({**json.loads(kept), "live-restore": True})
    drill.client.run(f"echo '{live}' > /etc/docker/daemon.json && systemctl reload docker")
    try:
        run = drill.attempt()
        assert run.status == 0, run.said
        assert "docker was restarted; 1 container kept running" in run.out
        assert "Live Restore Enabled: true" in drill.client.run("docker info")
    finally:
        assert drill.provision().status == 0
        off = json.dumps({**json.loads(kept), "live-restore": False})
        drill.client.run(f"echo '{off}' > /etc/docker/daemon.json && systemctl reload docker")
        drill.client.run(f"cat > /etc/docker/daemon.json <<'EOF'\n{kept}EOF")
    drill.is_whole(drill.old)


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (f"! grep -q {NAME} /etc/docker/daemon.json", "docker.service does not start"),
        (f"while grep -q {NAME} /etc/docker/daemon.json; do sleep 1; done", "docker.service is still activating"),
    ],
    ids=["fails", "hangs"],
)
def test_a_daemon_that_does_not_come_up(drill: Drill, start: str, said: str) -> None:
    folder = DROP_IN.rpartition("/")[0]
    drill.client.run(f"mkdir -p {folder} && printf '[Service]\\nExecStartPre=/bin/sh -c \"{start}\"\\n' > {DROP_IN}")
    drill.client.run("systemctl daemon-reload")
    try:
        run = drill.attempt(registry_client_deadline=20)
        assert run.status == 2, run.said
        assert said in drill.message(run)
        assert "the old configuration is in force again; 1 container kept running" in drill.message(run)
    finally:
        drill.client.run(f"rm -r {folder} && systemctl daemon-reload")
    drill.is_whole(drill.old)


@pytest.mark.parametrize("accepted", [[], ["tlsverify"]], ids=["untried", "accepted"])
def test_a_key_that_no_daemon_has_started_with(drill: Drill, accepted: list[str]) -> None:
    """{"tlsverify": false} switches TLS on by being there: a restart would end without a daemon. This engine cannot
    judge its file (`--validate` came with 23.0), and what is known to stop it nobody can accept."""
    process = drill.client.engine_process()
    kept = drill.client.run(f"cat {DAEMON_JSON}")
    spoiled = json.dumps({**json.loads(kept), "tlsverify": False})
    drill.client.run(f"cp -p {DAEMON_JSON} /root/drill.json && echo '{spoiled}' > {DAEMON_JSON}")
    before = drill.digests()
    try:
        run = drill.attempt(registry_client_accept_untried=accepted)
        assert run.status == 2, run.said
        assert "tlsverify" in drill.message(run)
        assert ("registry_client_accept_untried" in drill.message(run)) == (not accepted)
        assert "X509 key pair" in drill.message(run)
        drill.is_whole(before)
        assert drill.client.engine_process() == process
    finally:
        drill.client.run(f"mv /root/drill.json {DAEMON_JSON}")
    drill.is_whole(drill.old)


def test_these_are_all_points(drill: Drill) -> None:
    named = drill.message(drill.attempt("kill:nothing")).partition("with one of these names: ")[2]
    assert named.split(", ") == POINTS
    assert set(FEW) <= set(POINTS)
    drill.is_whole(drill.old)


@pytest.mark.parametrize("point", EVERY)
def test_the_agent_is_killed(drill: Drill, point: str) -> None:
    """The way back from a restart is the longest; it is gone where a step behind the restart fails."""
    run = drill.attempt(at("kill", point, failing="step3.seen"))
    if point in SETTLED:
        assert run.status == 0, run.said
        assert "the change was done: the new configuration is in force" in run.out
        drill.is_whole(drill.new)
    else:
        assert run.status == 2, run.said
        assert OLD in drill.message(run)
        drill.is_whole(drill.old)


def test_without_live_restore_it_must_be_allowed(drill: Drill) -> None:
    """A flag that a reload cannot change stands in the way of lending it."""
    folder = DROP_IN.rpartition("/")[0]
    sysconfig = drill.client.run("cat /etc/sysconfig/docker")
    drill.client.run("sed -i \"s/^OPTIONS='/OPTIONS='--live-restore=false /\" /etc/sysconfig/docker")
    try:
        run = drill.attempt()
        assert run.status == 2, run.said
        assert "would stop 1 container (mooring-drill" in drill.message(run)
        assert "registry_client_allow_restart: true" in drill.message(run)
    finally:
        drill.client.run(f"cat > /etc/sysconfig/docker <<'EOF'\n{sysconfig}EOF")
    assert not drill.client.succeeds(f"ls {folder}")
    drill.is_whole(drill.old)
