"""Parts of the tests that run side by side: each line with its part's name, and one
end for all of them."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

# How long a child that a part has left behind may hold its output open (seconds).
PATIENCE = 10.0
# pytest's last line, which is told again at the end.
COUNTS = re.compile(r"^(=+ )?\d+ (passed|failed|skipped|error)\b.* in [\d.]+s\b")
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class Part:
    """Commands one after the other, to the first that fails; with a niceness they leave the
    machine to others."""

    name: str
    commands: Sequence[Sequence[str]]
    niceness: int = 0
    status: int = 0
    seconds: float = 0.0
    counts: list[str] = field(default_factory=list)
    process: subprocess.Popen[str] | None = field(default=None, repr=False)

    @property
    def end(self) -> str:
        how = f"failed with status {self.status}" if self.status else "done"
        return f"{self.name}: {how} after {int(self.seconds) // 60} min {int(self.seconds) % 60} s"


class SideBySide:
    """Runs parts at the same time, each command in a session of its own: a signal reaches it once,
    and from here."""

    def __init__(self, parts: Sequence[Part], environment: Mapping[str, str]) -> None:
        self.parts, self.environment = parts, environment
        self._width = max(len(part.name) for part in parts)
        self._is_stopping = False
        self._lock = threading.Lock()

    def run(self) -> int:
        """The first status that is not 0. Ctrl-C and the like interrupt all parts, a
        second one kills them."""
        threads = [threading.Thread(target=self._run_part, args=(part,), daemon=True) for part in self.parts]
        with noted(ENDING) as numbers:
            for thread in threads:
                thread.start()
            heard = 0
            while any(thread.is_alive() for thread in threads):
                for thread in threads:
                    thread.join(0.1)
                if len(numbers) > heard:
                    self._end(signal.SIGKILL if heard else signal.SIGINT)
                    heard = len(numbers)
        for part in self.parts:
            self._say("", "\n".join([*part.counts, part.end]))
        return 128 + numbers[0] if numbers else next((part.status for part in self.parts if part.status), 0)

    def _run_part(self, part: Part) -> None:
        began = time.monotonic()
        for command in part.commands:
            with self._lock:
                if self._is_stopping:
                    part.status = 128 + signal.SIGINT
                    break
                part.process = process = self._start(command, part.niceness)
            reader = threading.Thread(target=self._copy, args=(part, process), daemon=True)
            reader.start()
            status = process.wait()
            reader.join(PATIENCE)
            part.status = status if status >= 0 else 128 - status
            if part.status:
                break
        part.seconds = time.monotonic() - began

    def _start(self, command: Sequence[str], niceness: int) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            command, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", start_new_session=True,
        )  # fmt: skip
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, process.pid, os.getpriority(os.PRIO_PROCESS, 0) + niceness)
        return process

    def _copy(self, part: Part, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        for line in process.stdout:
            self._say(part.name, line.rstrip("\n"))
            if COUNTS.search(line):
                part.counts.append(line.rstrip("\n"))

    def _say(self, name: str, line: str) -> None:
        with self._lock:
            print(f"{name:{self._width}} | {line}".rstrip() if name else line, flush=True)

    def _end(self, number: int) -> None:
        self._say("", "all parts end now" if number == signal.SIGKILL else "stopping; once more ends all at once")
        with self._lock:
            self._is_stopping = True
            for part in self.parts:
                # Not yet waited for means that its number is still its own.
                if part.process and part.process.returncode is None:
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(part.process.pid, number)


@contextlib.contextmanager
def noted(numbers: Sequence[signal.Signals]) -> Iterator[list[int]]:
    """The signals of these numbers that come meanwhile; they do nothing else."""
    come: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        come.append(number)

    before = {number: signal.signal(number, note) for number in numbers}
    try:
        yield come
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
