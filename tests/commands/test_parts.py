"""Parts of the tests side by side: whose line it is, how all ends, and what Ctrl-C stops."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Two parts with a script of commands each, separated by
# commas, as the task runs them.
PROGRAM = """
import os, sys
from tests.parts import Part, SideBySide
parts = [Part(name, [["sh", "-c", words] for words in script.split(",")], niceness)
         for name, script, niceness in zip(("one", "other"), sys.argv[1:], (5, 0))]
print("begun", flush=True)
raise SystemExit(SideBySide(parts, dict(os.environ)).run())
"""
# A part that says when it runs, puts something away when
# it is interrupted, and would go on for long.
SLOW = "trap 'echo put away; exit 3' INT; echo runs; i=0; while [ $i -lt 600 ]; do sleep 0.1; i=$((i+1)); done"
DEAF = "trap '' INT; echo runs; exec sleep 60"
LIMIT = 40


def start(*scripts: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *scripts], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def read_until(process: subprocess.Popen[str], *wanted: str) -> list[str]:
    """The lines up to the last one of those that are waited for."""
    assert process.stdout
    lines, left = [], set(wanted)
    while left and (line := process.stdout.readline()):
        lines.append(line.rstrip("\n"))
        left.discard(lines[-1])
    assert not left, lines
    return lines


def test_each_line_has_its_parts_name_and_an_end_is_told() -> None:
    process = start("echo a; echo b >&2,echo c", "echo d")
    lines = process.communicate(timeout=LIMIT)[0].splitlines()
    assert process.returncode == 0
    assert [line for line in lines if line.startswith("one   | ")] == ["one   | a", "one   | b", "one   | c"]
    assert "other | d" in lines
    assert lines[-2:] == ["one: done after 0 min 0 s", "other: done after 0 min 0 s"]


def test_what_pytest_counted_is_told_again_at_the_end() -> None:
    comma = "\\054"
    process = start(
        f"printf '= 1 failed{comma} 2 passed in 3.0s =\\n'; exit 1",
        f"printf '4 passed{comma} 1 skipped in 65.2s (0:01:05)\\n4 passed\\n'",
    )
    lines = process.communicate(timeout=LIMIT)[0].splitlines()
    assert lines[-4:] == [
        "= 1 failed, 2 passed in 3.0s =",
        "one: failed with status 1 after 0 min 0 s",
        "4 passed, 1 skipped in 65.2s (0:01:05)",
        "other: done after 0 min 0 s",
    ]


def test_parts_run_at_the_same_time(tmp_path: Path) -> None:
    """Each waits for what the other one makes."""
    scripts = [
        f"touch {tmp_path}/{own}; until [ -e {tmp_path}/{other} ]; do sleep 0.05; done" for own, other in ("ab", "ba")
    ]
    process = start(*scripts)
    process.communicate(timeout=LIMIT)
    assert process.returncode == 0


@pytest.mark.parametrize(("scripts", "status"), [(("exit 3", "exit 4"), 3), (("true", "exit 4"), 4)])
def test_the_first_status_that_is_bad_is_the_status(scripts: tuple[str, str], status: int) -> None:
    process = start(*scripts)
    lines = process.communicate(timeout=LIMIT)[0].splitlines()
    assert process.returncode == status
    assert "other: failed with status 4 after 0 min 0 s" in lines


def test_a_part_ends_with_its_first_failure_and_the_other_one_goes_on() -> None:
    process = start("exit 3,echo never", "sleep 0.3; echo on")
    output = process.communicate(timeout=LIMIT)[0]
    assert process.returncode == 3
    assert "never" not in output
    assert "other | on" in output


def test_a_command_that_a_signal_ended_has_failed() -> None:
    process = start("kill -KILL $$", "true")
    assert "one: failed with status 137" in process.communicate(timeout=LIMIT)[0]
    assert process.returncode == 137


def test_the_niceness_is_the_first_parts_alone() -> None:
    process = start("sleep 0.2; ps -o ni= -p $$", "sleep 0.2; ps -o ni= -p $$")
    lines = process.communicate(timeout=LIMIT)[0].splitlines()
    values = {line.split(" | ")[0].strip(): int(line.split(" | ")[1]) for line in lines if " | " in line}
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert values == {"one": min(own + 5, 19), "other": own}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_interrupts_every_part_once(number: int) -> None:
    """What they put away is put away, nothing new begins, and the end is told."""
    process = start(f"{SLOW},echo never", SLOW)
    read_until(process, "one   | runs", "other | runs")
    process.send_signal(number)
    output = process.communicate(timeout=LIMIT)[0]
    assert process.returncode == 128 + number
    assert (output.count("put away"), output.count("failed with status 3")) == (2, 2)
    assert "never" not in output


def test_a_second_one_kills() -> None:
    process = start(DEAF, DEAF)
    read_until(process, "one   | runs", "other | runs")
    process.send_signal(signal.SIGINT)
    read_until(process, "stopping; once more ends all at once")
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    output = process.communicate(timeout=LIMIT)[0]
    assert output.count("failed with status 137") == 2
    assert process.returncode == 128 + signal.SIGINT
    assert time.monotonic() - began < LIMIT
