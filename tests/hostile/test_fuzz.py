"""Frames that chance breaks, and hosts that die at any moment: the run ends as runs end, and tells
of each host."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import strategies as st

from tests.hostile.drawn import Yards, draw
from tests.hostile.host import Request
from tests.hostile.malice import Killed, Malice, Reply, answer
from tests.hostile.recorded import CLIENT
from tests.hostile.yard import AT_ONCE, TRACE, Yard, expect_honest

HEADER = 9
HOSTS = 12
PLAY = """
- hosts: all
  tasks:
    - {name: said, command: x, register: said}
    - {name: looked, stat: {path: /etc}, loop: [1, 2, 3]}
    - ping:
    - ping:
    - block:
        - command: "y {{ said.stdout }}"
      rescue:
        - ping:
      always:
        - ping:
"""


class Fuzz(Malice):
    """Leaves frames whole for a while, then breaks one, and then is gone or goes on as
    if nothing had been."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._whole = self._random.randint(0, 8)

    def hello(self, hello: dict[str, object]) -> Iterable[bytes]:
        return self._break(b"".join(super().hello(hello)))

    def reply(self, request: Request, reply: Reply) -> Iterable[bytes]:
        return self._break(answer(request, reply))

    def _break(self, frame: bytes) -> Iterator[bytes]:
        self._whole -= 1
        if self._whole >= 0:
            yield frame
            return
        kinds = (self._flip, self._cut, self._swap, self._repeat, self._insert)
        yield self._random.choice(kinds)(frame)
        # What is left out may be waited for as long as a task may run, so the end comes instead.
        raise EOFError if self._random.random() < 0.5 else Killed

    def _flip(self, frame: bytes) -> bytes:
        data = bytearray(frame)
        for _ in range(self._random.choice([1, 1, 3, 50])):
            data[self._random.randrange(len(data))] ^= 1 << self._random.randrange(8)
        return bytes(data)

    def _cut(self, frame: bytes) -> bytes:
        return frame[: self._random.randrange(len(frame))]

    def _swap(self, frame: bytes) -> bytes:
        at = self._random.randrange(len(frame))
        return frame[at:] + frame[:at]

    def _repeat(self, frame: bytes) -> bytes:
        return frame * self._random.randint(2, 5)

    def _insert(self, frame: bytes) -> bytes:
        at = self._random.choice([0, HEADER, self._random.randrange(len(frame))])
        return frame[:at] + self._random.randbytes(self._random.randint(1, 300)) + frame[at:]


def fuzzed(yard: Yard, seed: int) -> None:
    """An honest host, and those that break frames."""
    yard.add("honest", answers=CLIENT)
    for number in range(HOSTS):
        yard.add(f"fuzz{number}", Fuzz(seed + number), CLIENT)


def test_broken_frames_and_dying_hosts(yards: Yards, request: pytest.FixtureRequest) -> None:
    def check(seed: int) -> None:
        yard = yards.make()
        fuzzed(yard, seed)
        run = yard.play(PLAY)
        yard.close()
        assert run.status in (2, 4), run.transcript
        assert set(run.recap) == set(yard.hosts), run.transcript
        assert "mooring/" not in "".join(event.get("traceback", "") for event in run.events), run.transcript
        expect_honest(run)

    draw(request, st.integers(0, 2**32), check)


@pytest.mark.long
@pytest.mark.parametrize("command", ["provision-clients", "deprovision-clients"])
def test_the_shipped_playbooks_live_through_them(yards: Yards, request: pytest.FixtureRequest, command: str) -> None:
    def check(seed: int) -> None:
        yard = yards.make()
        fuzzed(yard, seed)
        run = yard.invoke(command, *AT_ONCE, timeout=240)
        yard.close()
        assert TRACE not in run.out, run.transcript
        assert run.status in (2, 4), run.transcript
        recap = run.out.rpartition("PLAY RECAP")[2]
        assert all(name in recap for name in yard.hosts), run.transcript
        honest = next(line for line in recap.splitlines() if line.startswith("honest"))
        assert "failed=0" in honest.replace(" ", ""), run.transcript

    draw(request, st.integers(0, 2**32), check)
