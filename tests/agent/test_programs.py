"""host.run on every interpreter: texts, big outputs, environments, time limits,
background processes."""

from __future__ import annotations

import time
from pathlib import Path

from processes import ends_within

from mooring.transport.agent_client import Remote


def test_text_in_and_out(remote: Remote) -> None:
    reply = remote.call("t_program", {"argv": ["sh", "-c", 'cat; echo "$1" >&2; exit 3', "-", "ö"], "stdin": "ä\n"})
    assert (reply["rc"], reply["stdout"], reply["stderr"]) == (3, "ä\n", "ö\n")
    reply = remote.call("t_program", {"argv": "printf 'a\\377b'", "shell": True})
    assert reply["stdout"] == "a\ufffdb"


def test_outputs_larger_than_any_pipe(remote: Remote) -> None:
    script = "head -c 2000000 /dev/zero | tr '\\0' x; head -c 2000000 /dev/zero | tr '\\0' y >&2; wc -c"
    reply = remote.call("t_program", {"argv": script, "shell": True, "stdin": "z" * 1_000_000})
    assert reply["stdout"] == "x" * 2_000_000 + "1000000\n"
    assert reply["stderr"] == "y" * 2_000_000


def test_program_that_does_not_read_its_input(remote: Remote) -> None:
    assert remote.call("t_program", {"argv": ["true"], "stdin": "z" * 1_000_000})["rc"] == 0


def test_language_is_c_unless_told_otherwise(remote: Remote) -> None:
    argv = {"argv": "echo ${LC_ALL-unset} ${EXTRA-unset}", "shell": True}
    assert remote.call("t_program", argv)["stdout"] == "C unset\n"
    reply = remote.call("t_program", {**argv, "env": {"LC_ALL": None, "EXTRA": "é"}})
    assert reply["stdout"] == "unset é\n"
    assert remote.call("t_program", argv, environment={"EXTRA": "task's"})["stdout"] == "C task's\n"
    assert remote.call("t_program", argv)["stdout"] == "C unset\n"


def test_missing_program(remote: Remote) -> None:
    reply = remote.call("t_program", {"argv": ["/no/such/program", "x"]})
    assert reply["failed"]
    assert reply["msg"] == "cannot run /no/such/program x: No such file or directory"
    assert reply["rc"] == 2


def test_time_limit_ends_the_whole_group(remote: Remote, tmp_path: Path) -> None:
    script = f"(sleep 60 & echo $! > {tmp_path}/pid; wait)"
    start = time.monotonic()
    reply = remote.call("t_program", {"argv": script, "shell": True, "timeout": 0.3})
    assert "did not end within 0.3 seconds" in reply["msg"]
    assert time.monotonic() - start < 10
    assert ends_within(int((tmp_path / "pid").read_text()), 2)


def test_background_process_is_not_waited_for(remote: Remote) -> None:
    start = time.monotonic()
    reply = remote.call("t_program", {"argv": "sleep 20 & echo started $!", "shell": True})
    assert reply["stdout"].startswith("started")
    assert time.monotonic() - start < 10
    remote.call("t_program", {"argv": ["kill", reply["stdout"].split()[1]]})
