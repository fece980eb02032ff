"""A host that speaks wrongly is its own failure: the run goes on, tells all of it,
and ends as runs end."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from mooring.agent import wire
from tests.hostile.kinds import WRONG, all_malices, deep, frame, text
from tests.hostile.malice import Begin
from tests.hostile.payloads import expect_law
from tests.hostile.recorded import CLIENT
from tests.hostile.yard import TRACE, Watched, Yard, expect_honest

PINGS = "\n".join("    - {ping: , register: answer, diff: true}" for _ in WRONG)
PLAY = f"""
- hosts: all
  gather_facts: false
  ignore_errors: true
  tasks:
{PINGS}
    - {{name: last, debug: {{var: answer}}}}
"""
# After these a host goes on as any other.
HARMLESS = {"deep-900", "want-none", "surrogate", "reply-empty", "progress-nan", "nan"}


def expect_whole(run: Watched, yard: Yard) -> None:
    """The run ended as runs do, with a row for each host and no trace of ours."""
    assert run.status in (0, 2, 4), run.transcript
    assert set(run.recap) == set(yard.hosts), run.transcript
    for event in run.events:
        assert "mooring/" not in event.get("traceback", ""), event
    expect_honest(run)
    expect_law(run, yard)


def test_replies_and_frames_of_wrong_kinds(yard: Yard) -> None:
    yard.add("honest", answers=CLIENT)
    malices = all_malices("ping")
    for name, malice in malices.items():
        yard.add(name, malice, CLIENT)
    run = yard.play(PLAY, "--forks", "100")
    expect_whole(run, yard)
    assert run.recap["honest"]["ok"] == len(WRONG) + 1
    for name in malices:
        row = run.recap[name]
        if not name.startswith("key-") and name not in HARMLESS:
            assert row["unreachable"] or row["failed"] or row["ignored"], (name, row)
        assert name == "key-unreachable" or row["ok"] or row["unreachable"] or row["failed"], (name, row)


def test_reporters_of_text_live_through_all_of_it(yard: Yard) -> None:
    yard.add("honest", answers=CLIENT)
    for name, malice in all_malices("ping").items():
        yard.add(name, malice, CLIENT)
    (yard.checkout / "playbooks" / "own.yml").write_text(PLAY)
    run = yard.invoke("play", "playbooks/own.yml", "--forks", "100", "--verbose", "--diff")
    assert run.status in (2, 4), run.transcript
    assert TRACE not in run.out, run.transcript
    recap = run.out.rpartition("PLAY RECAP")[2]
    for name in yard.hosts:
        assert sum(line.split()[:1] == [name] for line in recap.splitlines()) == 1, (name, recap)
    honest = next(line for line in recap.splitlines() if line.startswith("honest"))
    assert f"ok={len(WRONG) + 1}" in honest.replace(" ", ""), honest
    assert "failed=0" in honest.replace(" ", ""), honest


Pieces = Callable[[dict[str, Any]], Iterable[bytes]]
HELLOS: dict[str, Pieces] = {
    "empty": lambda hello: [text(0, "{}")],
    "no-object": lambda hello: [text(0, '{"hello": [1]}')],
    "bare": lambda hello: [text(0, '{"hello": {}}')],
    "other-number": lambda hello: [wire.pack(wire.JSON, 9, {"hello": hello})],
    "reply-first": lambda hello: [wire.pack(wire.JSON, 1, {"reply": {"ping": "pong"}})],
    "list": lambda hello: [text(0, "[]")],
    "deep": lambda hello: [text(0, f'{{"hello": {deep(100_000)}}}')],
    "no-json": lambda hello: [frame(wire.JSON, 0, b"\xff")],
    "data": lambda hello: [wire.pack(wire.DATA, 0, b"")],
    "strange-words": lambda hello: [wire.pack(wire.JSON, 0, {"hello": {"python": [1], "pid": "x", "uid": {}}})],
    "length-4g": lambda hello: [wire.HEADER.pack(wire.JSON, 0, 0xFFFFFFFF), *[b" " * 65536] * 2048],
    "twice": lambda hello: [wire.pack(wire.JSON, 0, {"hello": hello})] * 2,
}


def banners() -> dict[str, Callable[[], Iterable[bytes]]]:
    """What is said before the agent begins."""
    return {
        "long-banner": lambda: [b"welcome\n" * 8192] * 4096,
        "escapes": lambda: [b"\x1b]0;x\x07\x1b[2J\nPLAY RECAP *****\nhonest : ok=0 failed=9\n"],
        "half-markers": lambda: [wire.MARKER[:-1]] * 100,
        "zeros": lambda: [b"\0" * 65536],
    }


def test_beginnings(yard: Yard) -> None:
    yard.add("honest", answers=CLIENT)
    for name, pieces in HELLOS.items():
        yard.add(f"hello-{name}", Begin(greeting=pieces), CLIENT)
    for name, first in banners().items():
        yard.add(name, Begin(first=first), CLIENT)
    run = yard.play("- hosts: all\n  gather_facts: false\n  tasks:\n  - ping:\n  - ping:\n", "--forks", "60")
    expect_whole(run, yard)
    assert run.recap["honest"]["ok"] == 2
    for name in ("empty", "no-object", "list", "deep", "no-json", "data", "length-4g", "reply-first"):
        row = run.recap[f"hello-{name}"]
        assert row["failed"] + row["unreachable"] == 1, (name, row)
    for name in ("escapes", "half-markers", "zeros"):
        assert run.recap[name]["ok"] == 2, name
    assert run.recap["long-banner"]["failed"] + run.recap["long-banner"]["unreachable"] == 1
