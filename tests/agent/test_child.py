"""A program and the signals that end the agent: none comes between its start and the wait for
it."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import Any

import pytest
from processes import ends_within

from mooring.agent import child, host


class Ended(BaseException):
    """What the agent's handler raises."""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_at_the_start_of_a_program_ends_it(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[subprocess.Popen[bytes]] = []
    start = child.start

    def interrupted(*args: Any) -> subprocess.Popen[bytes]:
        begun.append(start(*args))
        os.kill(os.getpid(), number)
        return begun[0]

    def end(number: int, frame: object) -> None:
        raise Ended

    monkeypatch.setattr(child, "start", interrupted)
    earlier = signal.signal(number, end)
    try:
        with pytest.raises(Ended):
            host.run(["sleep", "60"])
        assert signal.getsignal(number) is end
    finally:
        signal.signal(number, earlier)
    assert ends_within(begun[0].pid, 30)


def test_a_program_that_is_not_there_gives_the_signals_back() -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    with pytest.raises(host.Failed, match="cannot run /no/such: No such file"):
        host.run(["/no/such"])
    assert before == (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT))
