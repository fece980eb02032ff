"""Hosts that say nothing, or a little without an end: `timeout:` ends the task, and only theirs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from threading import Event
from typing import Any

import pytest

from mooring.agent import wire
from tests.hostile.honest_words import MODULES_OF_VERIFY, WELL
from tests.hostile.host import Request
from tests.hostile.kinds import text
from tests.hostile.malice import Reply, Say, answer
from tests.hostile.recorded import CLIENT, FACTS
from tests.hostile.yard import Watched, Yard, expect_honest
from tests.support.registry_server import serve_registry
from tests.support.verification_world import World

PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - {name: waited for, ping: , timeout: 2}
    - {name: after it, ping: }
"""
NEVER = Event()


def drip(request: Any, piece: bytes) -> Iterator[bytes]:
    """A piece now and then, for longer than any of these runs lasts."""
    for _ in range(600):
        yield piece
        NEVER.wait(0.1)


def drip_body(request: Any, reply: Reply) -> Iterable[bytes]:
    """A frame of which a byte comes at a time."""
    yield wire.HEADER.pack(wire.JSON, request.number, 10_000)
    yield from drip(request, b" ")


def drip_progress(request: Any, reply: Reply) -> Iterable[bytes]:
    """Progress without an end, each of it in order."""
    yield from drip(request, wire.pack(wire.JSON, request.number, {"progress": {"what": "x", "done": 1, "total": 2}}))


SAID = {
    "silent": lambda request, reply: [],
    "half": lambda request, reply: [answer(request, reply)[:-1]],
    "header": lambda request, reply: [answer(request, reply)[:5]],
    "drip-body": drip_body,
    "drip-progress": drip_progress,
    "empty": lambda request, reply: [text(request.number, '{"progress": {"what": "", "done": 0, "total": 0}}')],
}


def test_a_silent_or_dripping_host_is_given_up_at_its_tasks_timeout(yard: Yard) -> None:
    yard.add("honest", answers=CLIENT)
    for name, pieces in SAID.items():
        yard.add(name, Say(pieces, "ping"), CLIENT)
    run = yard.play(PLAY, timeout=60)
    assert run.status in (2, 4), run.transcript
    expect_honest(run)
    assert run.recap["honest"]["ok"] == 2
    for name in SAID:
        assert run.recap[name]["failed"] + run.recap[name]["unreachable"] == 1, (name, run.transcript)
        message = run.messages(name, "waited for")[0]
        assert "2 second" in message, message
        assert not run.messages(name, "after it"), name


def test_ctrl_c_ends_a_run_with_a_host_that_fell_silent(yard: Yard) -> None:
    """Without it, such a host holds its task for minutes."""
    is_asked = Event()

    def fall_silent(request: Any, reply: Reply) -> Iterable[bytes]:
        is_asked.set()
        return []

    yard.add("honest", answers=CLIENT)
    yard.add("silent", Say(fall_silent, "ping"), CLIENT)
    run = yard.play("- {hosts: all, gather_facts: false, tasks: [{ping: }]}", timeout=30, interrupt=is_asked)
    assert run.status == 130, run.transcript
    assert run.recap["honest"]["failed"] == 0
    expect_answer(run)


def expect_answer(run: Watched) -> None:
    """Ctrl-C is answered: within a second on a machine that has time, and always long before a host
    would be lost."""
    print(f"from Ctrl-C to the end of `{' '.join(run.words)}`: {run.ending:.2f} s")
    assert run.ending < 10, run.transcript


@pytest.mark.parametrize("module", ["setup", "registry_probe", "docker_host_info", "shell"])
def test_ctrl_c_ends_verify_with_a_host_that_fell_silent(yard: Yard, module: str) -> None:
    """When it connects, when it looks for routes, in a check, and in the proof."""
    is_asked = Event()

    def fall_silent(request: Any, reply: Reply) -> Iterable[bytes]:
        is_asked.set()
        return []

    with serve_registry() as registry:
        world = World(registry)
        for name in ("server", "client1", "client2"):

            def reply(request: Request, name: str = name) -> dict[str, Any]:
                return world.answer(name, request.module, request.args)

            answers = {"setup": {"ansible_facts": FACTS}, **dict.fromkeys(MODULES_OF_VERIFY, reply)}
            malice = Say(fall_silent, module) if name == "client2" else None
            yard.add(name, malice, answers, "server" if name == "server" else "clients")
        yard.tunnels_to = registry.server_address  # type: ignore[assignment]
        run = yard.invoke("verify", "--json", timeout=60, interrupt=is_asked)
    assert run.status == 130, run.transcript
    expect_answer(run)


@pytest.mark.parametrize("command", ["status", "doctor", "explain"])
def test_ctrl_c_ends_a_look_at_a_host_that_fell_silent(yard: Yard, command: str) -> None:
    is_asked = Event()

    def fall_silent(request: Any, reply: Reply) -> Iterable[bytes]:
        is_asked.set()
        return []

    yard.add("server", answers=WELL, group="server")
    yard.add("silent", Say(fall_silent, "docker_config"), WELL)
    words = ("silent", "busybox") if command == "explain" else ()
    run = yard.invoke(command, *words, timeout=60, interrupt=is_asked)
    assert run.status == 130, run.transcript
    expect_answer(run)
