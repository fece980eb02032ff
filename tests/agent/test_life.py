"""The agent's start and end: finding a Python, noise before the marker, odd descriptors, nothing
left behind."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from interpreters import find_interpreters
from processes import await_text, ends_within, runs

from mooring.agent import boot, wire
from mooring.deadline import Deadline
from mooring.errors import AgentError, ConnectionLost
from mooring.transport.agent_client import Remote
from mooring.transport.bundle import AGENT, TOO_OLD, Bundle
from mooring.transport.connection.local import LocalConnection
from mooring.transport.connection.process import Process


class Shell(LocalConnection):
    """A local connection whose login shell does something first; COMMAND stands for
    the command to run."""

    def __init__(self, script: str) -> None:
        super().__init__()
        self.script = script

    def start(self, command: str) -> Process:
        return super().start(self.script.replace("COMMAND", command))


def start(bundle: Bundle, interpreter: str | None, script: str = "COMMAND") -> Remote:
    return Remote.start(Shell(script), bundle, interpreter=interpreter, timeout=20)


def test_marker_is_one_for_both_sides() -> None:
    assert boot.MARKER == wire.MARKER


def test_agent_files_compile_everywhere(interpreter: str) -> None:
    files = [str(path) for path in sorted(AGENT.rglob("*.py"))]
    code = "import sys\nfor path in sys.argv[1:]: compile(open(path).read(), path, 'exec', 0, True)"
    subprocess.run([interpreter, "-W", "error", "-c", code, *files], check=True)


def test_agent_files_are_ascii_and_begin_alike() -> None:
    for path in AGENT.rglob("*.py"):
        source = path.read_bytes().decode("ascii")
        first = "from __future__ import absolute_import, division, print_function\n"
        assert not source or first in source, path


def test_closing_ends_agent_and_running_program(interpreter: str, bundle: Bundle, tmp_path: Path) -> None:
    remote = start(bundle, interpreter)
    script = f"echo $$ > {tmp_path}/pid; sleep 60 & wait"
    remote.send("t_program", {"argv": script, "shell": True})
    child = int(await_text(tmp_path / "pid"))
    remote.close()
    assert ends_within(remote.hello["pid"], 30)
    assert ends_within(child, 30)


def test_closing_ends_a_sleeping_module(interpreter: str, bundle: Bundle) -> None:
    remote = start(bundle, interpreter)
    remote.send("t_sleep", {"seconds": 60})
    remote.close()
    assert ends_within(remote.hello["pid"], 30)


def test_closing_from_another_thread_wakes_the_waiting_one(bundle: Bundle) -> None:
    remote = start(bundle, sys.executable)
    timer = threading.Timer(0.3, remote.close)
    timer.start()
    with pytest.raises((AgentError, ConnectionLost)):
        remote.call("t_sleep", {"seconds": 60}, timeout=30)
    timer.join()
    assert ends_within(remote.hello["pid"], 30)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signal_ends_agent_and_running_program(
    interpreter: str, bundle: Bundle, tmp_path: Path, number: signal.Signals
) -> None:
    with start(bundle, interpreter) as remote:
        sent = remote.send("t_program", {"argv": f"echo $$ > {tmp_path}/pid; exec sleep 60", "shell": True})
        child = int(await_text(tmp_path / "pid"))
        os.kill(remote.hello["pid"], number)
        assert ends_within(child, 30)
        with pytest.raises(AgentError, match="ended with exit status 0 while a task was running"):
            remote.receive(sent, Deadline(30))


def test_killed_agent_is_named(interpreter: str, bundle: Bundle) -> None:
    with start(bundle, interpreter) as remote:
        os.kill(remote.hello["pid"], signal.SIGKILL)
        with pytest.raises(AgentError, match="exit status 137"):
            remote.call("t_nothing", {}, timeout=30)


def test_time_limit_of_a_call(bundle: Bundle) -> None:
    remote = start(bundle, sys.executable)
    with pytest.raises(ConnectionLost, match="did not answer within 0 seconds"):
        remote.call("t_sleep", {"seconds": 30}, timeout=0.3)
    remote.close()
    assert not runs(remote.hello["pid"])


def test_login_noise_is_skipped(interpreter: str, bundle: Bundle) -> None:
    noise = r"printf 'Welcome!\n\000\000MOORING\n'; echo no tty >&2; COMMAND"
    with start(bundle, interpreter, noise) as remote:
        assert remote.call("t_nothing", {}) == {"changed": False, "got": {}}


def test_shell_that_refuses_shows_what_it_said(bundle: Bundle) -> None:
    with pytest.raises(AgentError) as caught:
        start(bundle, None, "echo This account is currently not available.; echo bye >&2; exit 1")
    assert caught.value.stage == "start"
    assert "exit status 1" in str(caught.value)
    assert caught.value.transcript == "This account is currently not available.\nbye"


def test_silent_host_is_given_up(bundle: Bundle) -> None:
    with pytest.raises(ConnectionLost, match="nothing answered"):
        Remote.start(Shell("exec sleep 60"), bundle, timeout=0.3)


def test_descriptors_that_do_not_block(interpreter: str, bundle: Bundle) -> None:
    """As sudo with I/O logging hands them over."""
    code = "import os,sys;[os.set_blocking(n,False) for n in (0,1,2)];os.execvp('sh',['sh','-c',sys.argv[1]])"
    script = f"exec {shlex.quote(sys.executable)} -c {shlex.quote(code)} "

    class NonBlocking(LocalConnection):
        def start(self, command: str) -> Process:
            return super().start(script + shlex.quote(command))

    with Remote.start(NonBlocking(), bundle, interpreter=interpreter, timeout=20) as remote:
        reply = remote.call("t_program", {"argv": "head -c 3000000 /dev/zero | tr '\\0' x", "shell": True})
        assert len(reply["stdout"]) == 3_000_000


def test_login_directory_does_not_win(interpreter: str, bundle: Bundle, tmp_path: Path) -> None:
    """A json.py in the login directory is not imported, and nothing is written there."""
    for name in ("json.py", "subprocess.py", "mooring.py"):
        (tmp_path / name).write_text("raise SystemExit('wrong module')\n")
    before = sorted(os.listdir(tmp_path))
    with start(bundle, interpreter, f"cd {tmp_path} && COMMAND") as remote:
        assert remote.call("t_environment", {"path": str(tmp_path)})["listing"] == before
    assert sorted(os.listdir(tmp_path)) == before


def test_paths_in_any_language(interpreter: str, bundle: Bundle, tmp_path: Path) -> None:
    """In the C locale as well, and the host's own LC_ALL comes through to programs."""
    for language in ("C", "POSIX", ""):
        with start(bundle, interpreter, f"export LC_ALL={language}; unset LANG LC_CTYPE; COMMAND") as remote:
            reply = remote.call("t_text_file", {"path": str(tmp_path / f"ü{language}"), "text": "ß"})
            assert reply["changed"]
            assert reply["path"].endswith(f"ü{language}")
            environment = remote.call("t_environment", {})["environment"]
            assert environment.get("LC_ALL", "") == language
    assert len(list(tmp_path.glob("ü*"))) == 3


def make_path(directory: Path, **programs: str) -> str:
    """A directory with these programs, as PATH, besides a shell's own needs."""
    for name, text in programs.items():
        path = directory / name.replace("_", ".")
        path.write_text(text)
        path.chmod(0o755)
    return str(directory)


def test_interpreters_in_order(bundle: Bundle, tmp_path: Path) -> None:
    """One that is too old is passed over, and the next one gets the same input."""
    real = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n'
    old = f"#!/bin/sh\necho old >> {tmp_path}/log\nexit {TOO_OLD}\n"
    path = make_path(tmp_path, python3=old, python2_7=old, python=real)
    script = f"PATH={path}; export PATH; COMMAND"
    with start(bundle, None, script) as remote:
        assert remote.hello["python"].startswith("3.")
    if not os.path.exists("/usr/libexec/platform-python"):
        assert (tmp_path / "log").read_text() == "old\nold\n"


@pytest.mark.skipif(os.path.exists("/usr/libexec/platform-python"), reason="this machine has platform-python")
def test_no_interpreter(bundle: Bundle, tmp_path: Path) -> None:
    path = make_path(tmp_path, python=f"#!/bin/sh\nexit {TOO_OLD}\n")
    with pytest.raises(AgentError, match=r"no Python 2\.7 or 3\.6 and newer") as caught:
        start(bundle, None, f"PATH={path}; export PATH; COMMAND")
    assert caught.value.stage == "no python"
    with pytest.raises(AgentError, match="tried /opt/no/python"):
        start(bundle, "/opt/no/python")


def test_versions_that_do_not_suit(tmp_path: Path, bundle: Bundle) -> None:
    """The first thing that `python -c` gets refuses versions by number."""
    for version, suits in (("2, 6", False), ("2, 7", True), ("3, 5", False), ("3, 6", True), ("3, 14", True)):
        code = bundle.script("python").split("-c '", 1)[1].split("'", 1)[0]
        ahead = f"import sys; sys.version_info = ({version}, 0)\n"
        ran = subprocess.run([sys.executable, "-c", ahead + code], stdin=subprocess.DEVNULL, check=False)
        assert ran.returncode == (98 if suits else TOO_OLD), version


def test_every_interpreter_found_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f" [agent tested on Python {', '.join(find_interpreters())}]", end="")
