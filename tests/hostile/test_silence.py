"""Hosts that say nothing, or a little without an end: `timeout:` ends the task, and only theirs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from threading import Event
from typing import Any

from mooring.agent import wire
from tests.hostile.kinds import text
from tests.hostile.malice import Reply, Say, answer
from tests.hostile.recorded import CLIENT
from tests.hostile.yard import Yard, expect_honest

PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - {name: waited for, ping: , timeout: 2}
    - {name: after it, ping: }
"""
NEVER = Event()


def drip(asked: Any, piece: bytes) -> Iterator[bytes]:
    """A piece now and then, for longer than any of these runs lasts."""
    for _ in range(600):
        yield piece
        NEVER.wait(0.1)


def drip_body(asked: Any, reply: Reply) -> Iterable[bytes]:
    """A frame of which a byte comes at a time."""
    yield wire.HEADER.pack(wire.JSON, asked.number, 10_000)
    yield from drip(asked, b" ")


def drip_progress(asked: Any, reply: Reply) -> Iterable[bytes]:
    """Progress without an end, each of it in order."""
    yield from drip(asked, wire.pack(wire.JSON, asked.number, {"progress": {"what": "x", "done": 1, "total": 2}}))


SAID = {
    "silent": lambda asked, reply: [],
    "half": lambda asked, reply: [answer(asked, reply)[:-1]],
    "header": lambda asked, reply: [answer(asked, reply)[:5]],
    "drip-body": drip_body,
    "drip-progress": drip_progress,
    "empty": lambda asked, reply: [text(asked.number, '{"progress": {"what": "", "done": 0, "total": 0}}')],
}


def test_a_silent_or_dripping_host_is_given_up_at_its_tasks_timeout(yard: Yard) -> None:
    yard.add("honest", answers=CLIENT)
    for name, pieces in SAID.items():
        yard.add(name, Say(pieces, "ping"), CLIENT)
    run = yard.play(PLAY, timeout=60)
    assert run.status in (2, 4), run.said
    expect_honest(run)
    assert run.recap["honest"]["ok"] == 2
    for name in SAID:
        assert run.recap[name]["failed"] + run.recap[name]["unreachable"] == 1, (name, run.said)
        message = run.messages(name, "waited for")[0]
        assert "2 second" in message, message
        assert not run.messages(name, "after it"), name


def test_ctrl_c_ends_a_run_with_a_host_that_fell_silent(yard: Yard) -> None:
    """Without it, such a host holds its task for minutes."""
    is_asked = Event()

    def fall_silent(asked: Any, reply: Reply) -> Iterable[bytes]:
        is_asked.set()
        return []

    yard.add("honest", answers=CLIENT)
    yard.add("silent", Say(fall_silent, "ping"), CLIENT)
    run = yard.play("- {hosts: all, gather_facts: false, tasks: [{ping: }]}", timeout=30, interrupt=is_asked)
    assert run.status == 130, run.said
    assert run.recap["honest"]["failed"] == 0
