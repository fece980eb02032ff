"""Completion in real shells: a terminal in which somebody types, presses Tab and Enter."""

from __future__ import annotations

import os
import pty
import select
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.program import CHECKOUT

LONG, PROMPT = 60.0, "ready> "
RC = """PS1={prompt}
cd {place}
eval "$({invoke} --print-completion-script {shell})"
"""
# Answers completion as the product does, and writes down what it is called with otherwise.
INVOKE = """#!/bin/sh
case ${{1-}} in --complete | --print-completion-script) cd {checkout} && exec {python} -m mooring.cli "$@" ;; esac
printf '%s\\n' "$0" "$@" >>{typed}
"""


class Terminal:
    """An interactive shell, and what it shows."""

    def __init__(self, argv: list[str], environment: dict[str, str]) -> None:
        self._master, slave = pty.openpty()
        self._process = subprocess.Popen(
            argv, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
        )
        os.close(slave)
        self.shown = ""

    def wait_for(self, text: str) -> None:
        """Read until the text has come after all that was waited for before."""
        shown, end = "", time.monotonic() + LONG
        while text not in shown:
            ready, _, _ = select.select([self._master], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"no {text!r} in {self.shown + shown!r}"
            shown += os.read(self._master, 4096).decode(errors="replace")
        self.shown += shown

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_tab_completes_tasks_options_and_files(shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    typed, invoke = tmp_path / "typed", tmp_path / "invoke"
    words = {"checkout": CHECKOUT, "python": sys.executable, "typed": typed}
    invoke.write_text(INVOKE.format(**{name: shlex.quote(str(value)) for name, value in words.items()}))
    invoke.chmod(0o755)
    (tmp_path / "bin").mkdir()
    for name in ("invoke", "mooring"):
        (tmp_path / "bin" / name).symlink_to(invoke)
    (tmp_path / "site.yml").touch()
    rc = RC.format(prompt=shlex.quote(PROMPT), place=tmp_path, invoke=invoke, shell=shell)
    (tmp_path / ".zshrc").write_text(rc)
    (tmp_path / "bashrc").write_text(rc)
    environment = {
        **os.environ, "HOME": str(tmp_path), "ZDOTDIR": str(tmp_path), "TERM": "dumb",
        "PATH": f"{tmp_path}/bin:{os.environ['PATH']}",
    }  # fmt: skip
    argv = {"bash": ["bash", "--rcfile", str(tmp_path / "bashrc"), "-i"], "zsh": ["zsh", "-d", "-i"]}[shell]
    terminal = Terminal(argv, environment)
    try:
        terminal.wait_for(PROMPT)
        for keys in (
            "./invoke provision-c\t--ch\t",
            "~/invoke play sit\t",
            f"{invoke} sta\t",
            "mooring verify -i sit\t",
        ):
            terminal.type(f"{keys}\n")
            terminal.wait_for(PROMPT)
    finally:
        terminal.close()
    calls = [line for line in typed.read_text().splitlines() if not line.endswith(("/invoke", "/mooring"))]
    assert calls == [
        "provision-clients", "--check", "play", "site.yml", "status", "verify", "-i", "site.yml",
    ], terminal.shown  # fmt: skip
